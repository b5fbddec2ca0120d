//! The deviations that readers report: *repaired*, *kept as it is* or *left out*, counted and shown in the
//! order of the file's lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use vcc_format::{Deviation, DeviationKind};
use vcc_types::Field;

use crate::commands::words::grouped;

/// How many lines of the file are shown for each kind, and for each word.
const OF_A_KIND: usize = 3;
const SHOWN: usize = 10;

/// What became of irregular input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    /// Its meaning was clear.
    Repaired,
    /// It cannot be read, and is stored unchanged.
    Kept,
    /// It is not stored.
    LeftOut,
    /// Not worth a line: nothing changes, or it is reported elsewhere.
    Nothing,
}

impl Word {
    fn of(deviation: &Deviation, zone: bool) -> Self {
        use DeviationKind as K;
        match deviation.kind {
            K::LineFeed | K::JsonCrLf | K::ReorderedColumns => Self::Nothing,
            // Unknown names are checked before anything is stored. A record without a usable start, or
            // with a character that no format can carry, is left out with a reason of its own.
            K::UnknownField | K::RepeatedField | K::MissingColumn => Self::Nothing,
            K::UnreadableStart | K::ControlCharacter => Self::Nothing,
            K::LocalStart if zone => Self::Repaired,
            K::LocalStart => Self::Nothing,
            K::UnreadableDuration | K::UnknownReference | K::NestedElement => Self::Kept,
            K::EndTagAsText | K::ShortRow | K::UnendedRow => Self::Kept,
            K::StrayText => Self::LeftOut,
            _ => Self::Repaired,
        }
    }
}

/// A report about one place.
struct Said {
    line: u64,
    found: String,
    read_as: String,
}

#[derive(Default)]
struct Kind {
    count: u64,
    first: Vec<Said>,
}

/// How many characters are shown of what was found, or of what it was read as.
const LETTERS: usize = 250;

fn short(text: &str) -> String {
    match text.char_indices().nth(LETTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Counts of each word and kind, and the first places of each.
#[derive(Default)]
pub(super) struct Report(BTreeMap<(Word, DeviationKind), Kind>);

impl Report {
    fn add(&mut self, word: Word, deviation: Deviation) {
        let kind = self.0.entry((word, deviation.kind)).or_default();
        kind.count += 1;
        if kind.first.len() < OF_A_KIND {
            let Deviation { line, found, read_as, .. } = deviation;
            kind.first.push(Said { line, found: short(&found), read_as: short(&read_as) });
        }
    }

    fn append(&mut self, other: &mut Self) {
        for (key, more) in std::mem::take(&mut other.0) {
            let kind = self.0.entry(key).or_default();
            kind.count += more.count;
            let room = OF_A_KIND.saturating_sub(kind.first.len());
            kind.first.extend(more.first.into_iter().take(room));
        }
    }

    /// How many texts that are not records were left out.
    pub(super) fn left_out(&self) -> u64 {
        self.kinds(Word::LeftOut).map(|(_, kind)| kind.count).sum()
    }

    fn kinds(&self, word: Word) -> impl Iterator<Item = (DeviationKind, &Kind)> {
        let of = move |entry: &(&(Word, DeviationKind), &Kind)| entry.0.0 == word;
        self.0.iter().filter(of).map(|((_, kind), said)| (*kind, said))
    }

    /// The summary at the end, line by line.
    pub(super) fn describe(&self) -> String {
        let mut text = String::new();
        for (word, name) in [
            (Word::Repaired, "repaired"),
            (Word::Kept, "kept as it is"),
            (Word::LeftOut, "left out"),
        ] {
            let count: u64 = self.kinds(word).map(|(_, kind)| kind.count).sum();
            if count == 0 {
                continue;
            }
            let kinds = self.kinds(word).map(|(kind, said)| {
                format!("{} × {kind} ({})", grouped(said.count), kind.clause())
            });
            let kinds: Vec<_> = kinds.collect();
            let _ = write!(text, "\n{name}: {}: {}", grouped(count), kinds.join(", "));
            let mut first: Vec<_> = self
                .kinds(word)
                .flat_map(|(kind, said)| said.first.iter().map(move |said| (said, kind)))
                .collect();
            first.sort_by_key(|(said, _)| said.line);
            let shown = first.len().min(SHOWN) as u64;
            for (said, kind) in first.into_iter().take(SHOWN) {
                let _ = write!(text, "\n  line {}: ", grouped(said.line));
                let _ = match (&*said.found, &*said.read_as) {
                    ("", "") => Ok(()),
                    ("", read_as) => write!(text, "read as {read_as:?}: "),
                    (found, "") => write!(text, "{found:?}: "),
                    (found, read_as) if found == read_as => write!(text, "{found:?}: "),
                    (found, read_as) => write!(text, "{found:?} read as {read_as:?}: "),
                };
                text.push_str(kind.doc());
            }
            if count > shown {
                let _ = write!(text, "\n  and {} more", grouped(count - shown));
            }
        }
        text
    }
}

/// The header of a CSV document.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) line: u64,
    /// The names of columns other than the fifteen fields, as they are written.
    pub(super) unknown: Vec<String>,
    /// The fields that have no column.
    pub(super) missing: Vec<Field>,
    /// Whether the first row was taken to be a record.
    pub(super) no_header: bool,
}

/// What a file's reader has reported so far.
#[derive(Default)]
pub(super) struct Noted {
    zone: bool,
    pub(super) report: Report,
    /// Reports about the record that comes next.
    record: Report,
    /// How many of its cells have no column.
    pub(super) surplus: usize,
    /// Whether quotes in it are not where they belong, and whether cells are missing.
    pub(super) bare: bool,
    pub(super) short: bool,
    /// A header that was not checked yet.
    pub(super) header: Option<Columns>,
    /// Names for columns that have none.
    pub(super) nameless: Vec<String>,
    /// The first thing that `--strict` does not accept.
    pub(super) fault: Option<String>,
}

impl Noted {
    /// `zone`: whether there is a zone for starts without an offset.
    pub(super) fn new(zone: bool) -> Self {
        Self { zone, ..Self::default() }
    }

    pub(super) fn take(&mut self, deviation: Deviation) {
        use DeviationKind as K;
        let Deviation { kind, line, record, ref found, ref read_as, .. } = deviation;
        match kind {
            K::LongRow => {
                let count = read_as.split(' ').next().and_then(|count| count.parse().ok());
                self.surplus = count.unwrap_or(1);
            }
            K::BareQuote => self.bare = true,
            K::ShortRow => self.short = true,
            K::UnknownField | K::RepeatedField if record.is_none() => {
                let header = self.header.get_or_insert_default();
                header.line = line;
                match read_as.strip_prefix("extra value ") {
                    Some(name) if found.is_empty() => self.nameless.push(name.to_owned()),
                    Some(name) => header.unknown.push(name.to_owned()),
                    None => {}
                }
            }
            K::MissingColumn => {
                let header = self.header.get_or_insert_default();
                header.line = line;
                let missing = read_as.strip_prefix("absent: ").unwrap_or_default();
                header.missing = missing.split(", ").filter_map(Field::from_wire_name).collect();
            }
            K::NoHeader => {
                let header = self.header.get_or_insert_default();
                (header.line, header.no_header) = (line, true);
            }
            _ => {}
        }
        let word = Word::of(&deviation, self.zone);
        if word == Word::Nothing {
            return;
        }
        if self.fault.is_none() {
            self.fault = Some(deviation.to_string());
        }
        match record {
            None => self.report.add(word, deviation),
            Some(_) => self.record.add(word, deviation),
        }
    }

    /// The record is done. Reports about it count if it is stored.
    pub(super) fn dealt_with(&mut self, stored: bool) {
        if stored {
            self.report.append(&mut self.record);
        } else {
            self.record.0.clear();
        }
        (self.surplus, self.bare, self.short) = (0, false, false);
    }

    /// Whether there is no report about the record.
    pub(super) fn is_plain(&self) -> bool {
        self.record.0.is_empty() && self.surplus == 0 && !self.bare && self.header.is_none()
    }
}
