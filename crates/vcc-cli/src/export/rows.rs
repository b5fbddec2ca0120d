use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use vcc_types::{Field, Recording};

use crate::document::{Document, ends, spreadsheet_safe};
use crate::document_format::DocumentFormat;
use crate::left_out::{self, LeftOut};

/// How rows are written.
#[derive(Clone)]
pub(crate) struct Layout {
    pub(crate) format: DocumentFormat,
    /// Columns beside those of the fifteen fields.
    pub(crate) columns: Vec<String>,
    pub(crate) spreadsheet_safe: bool,
    pub(crate) buffers: Buffers,
}

/// The records of a window, each written as soon as it comes: what is known of a window is its rows, and
/// not thousands of records.
pub(crate) struct Rows<'l> {
    layout: &'l Layout,
    document: Document<Vec<u8>>,
    rows: Vec<Row>,
    odd: Vec<Odd>,
}

struct Row {
    start: DateTime<Utc>,
    /// Where it ends in the document; a record that was refused has no length.
    end: usize,
}

/// What is to be said of a record that is more, or less, than a row.
struct Odd {
    /// The number of its row, from 0.
    row: usize,
    /// The names of its values beside the fifteen fields.
    names: Vec<String>,
    left_out: LeftOut,
    /// Why the format cannot carry it (OUT-6), and all of it as JSON.
    refused: Option<(String, Vec<u8>)>,
    /// Of what two readings compare beside the row.
    hash: u64,
}

/// The rows of a window as they stand in the file.
pub(crate) struct Encoded {
    document: Vec<u8>,
    /// Each row that is there, in its order.
    rows: Vec<Range<usize>>,
    /// Where rows begin.
    begin: usize,
    /// Records that the format cannot carry, a line of JSON each, and why not the first of them.
    pub(crate) refused: Vec<Vec<u8>>,
    pub(crate) why: Option<String>,
    /// The names of values beside the fifteen fields, and how often they came.
    pub(crate) extra: BTreeMap<String, u64>,
    /// Those of them for which the format has no place.
    pub(crate) left_out: LeftOut,
    /// For all that is not in the rows.
    odd: Multiset,
}

impl<'l> Rows<'l> {
    pub(crate) fn new(layout: &'l Layout) -> Self {
        let made = Document::new(layout.buffers.take(), layout.format, &layout.columns);
        let document = made.expect("the columns were looked at when the export began");
        Self { layout, document, rows: Vec::new(), odd: Vec::new() }
    }

    /// Takes a record with its start.
    pub(crate) fn add(&mut self, start: DateTime<Utc>, recording: &Recording) {
        let safe = self.layout.spreadsheet_safe.then(|| spreadsheet_safe(recording));
        let written = self.document.write(safe.as_ref().unwrap_or(recording));
        if written.is_err() || !recording.extra().is_empty() {
            let mut hasher = DefaultHasher::new();
            recording.extra().hash(&mut hasher);
            let refused = written.err().map(|error| {
                recording.hash(&mut hasher);
                let id = recording.text(Field::TransactionId);
                let why = format!("a record cannot be in the file (transactionID {id:?}): {error}");
                (why, serde_json::to_vec(recording).unwrap_or_default())
            });
            self.odd.push(Odd {
                row: self.rows.len(),
                names: recording.extra().iter().map(|(name, _)| name.clone()).collect(),
                left_out: self.document.take_left_out(),
                refused,
                hash: hasher.finish(),
            });
        }
        let end = self.document.length().expect("a document is written to memory");
        self.rows.push(Row { start, end });
    }

    /// The rows of the records that started before an instant, from the last to the first where they came
    /// in descending order.
    pub(crate) fn finish(self, until: DateTime<Utc>, is_descending: bool) -> Encoded {
        let (head, tail) = ends(self.layout.format, &self.layout.columns)
            .expect("an empty document is written to memory");
        let begin = head.len();
        let mut document = self.document.finish().expect("a document is written to memory");
        document.truncate(document.len() - tail.len());
        let mut from = begin;
        let mut rows = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            if row.start < until && from < row.end {
                rows.push(from..row.end);
            }
            from = row.end;
        }
        let kept: usize = rows.iter().map(Range::len).sum();
        if is_descending {
            rows.reverse();
        }
        if is_descending || begin + kept < document.len() {
            let mut ordered = self.layout.buffers.take();
            ordered.reserve(begin + kept);
            ordered.extend_from_slice(&head);
            for row in &mut rows {
                let at = ordered.len();
                ordered.extend_from_slice(&document[row.clone()]);
                *row = at..ordered.len();
            }
            self.layout.buffers.give(std::mem::replace(&mut document, ordered));
        }
        let mut encoded = Encoded {
            document,
            rows,
            begin,
            refused: Vec::new(),
            why: None,
            extra: BTreeMap::new(),
            left_out: LeftOut::default(),
            odd: Multiset::default(),
        };
        let mut odd: Vec<_> =
            self.odd.into_iter().filter(|odd| self.rows[odd.row].start < until).collect();
        if is_descending {
            odd.reverse();
        }
        odd.into_iter().for_each(|odd| encoded.count(odd));
        encoded
    }
}

impl Encoded {
    /// The rows as they stand in the file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.document[self.begin..]
    }

    /// Its buffer, for another window.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.document
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A number for all of it in any order: two readings that agree have the same.
    pub(crate) fn sum(&self) -> Multiset {
        let mut sum = self.odd.clone();
        self.rows.iter().for_each(|row| sum.add(hash_of(&self.document[row.clone()])));
        sum
    }

    fn count(&mut self, odd: Odd) {
        self.odd.add(odd.hash);
        self.left_out.extend(&odd.left_out);
        for name in odd.names {
            left_out::count(&mut self.extra, &name);
        }
        if let Some((why, line)) = odd.refused {
            self.why.get_or_insert(why);
            self.refused.push(line);
        }
    }
}

/// Buffers of windows that are written, for windows to come: memory that is new costs more than what is
/// written to it.
#[derive(Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// The largest buffer that is kept.
const LARGEST: usize = 2 << 20;

impl Buffers {
    fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(crate) fn give(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= LARGEST {
            buffer.clear();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        }
    }
}

/// A number for a multiset: the same members in any order give the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Multiset {
    members: u64,
    sum: u64,
    mixed: u64,
}

impl Multiset {
    fn add(&mut self, hash: u64) {
        self.members += 1;
        self.sum = self.sum.wrapping_add(hash);
        self.mixed = self.mixed.wrapping_add(hash.wrapping_mul(hash | 1).rotate_left(29));
    }
}

fn hash_of(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
