use core::fmt;
use std::collections::{HashSet, VecDeque};
use std::error::Error as StdError;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use chrono::{DateTime, FixedOffset};
use foldhash::quality::FixedState;
use vcc_query::{Query, Selection};
use vcc_types::{Field, Recording};

use crate::Warning;

/// How many records a page holds by the rules (PAGE-1).
const PAGE: usize = Selection::PAGE_SIZE as usize;

/// A number that no list reaches: records there prove that `n` is not looked at.
const BEYOND: u64 = 2_147_483_648;

/// How many records of earlier pages are remembered, to see them when they come again.
const REMEMBERED: usize = 10 * PAGE;

/// The walk over a list, page by page, without any I/O: it says what to ask next, and is told what came.
///
/// It ends on any server. The end is an empty page; a page with fewer than 50 records ends it only
/// where the same walk has seen one with 50, for a server whose pages are shorter would lose the rest.
/// Where the same page comes twice, it asks for `n=2147483648`: records there prove that `n` is not
/// looked at, and that is an [error](WalkError::PageIgnored).
///
/// ```
/// use vcc_client::{Step, Walk};
/// use vcc_query::Query;
/// use vcc_types::{Field, Recording};
///
/// let call = |id: usize| Recording::new().with(Field::TransactionId, &id.to_string());
/// let list: Vec<_> = (0..51).map(call).collect();
/// let mut walk = Walk::new(&Query::parse("agentID=bill")?);
/// let mut seen = Vec::new();
/// while let Some(Step { query, .. }) = walk.next() {
///     let n = query.n().unwrap_or(1) as usize;
///     let page = list.iter().skip(n - 1).take(50).cloned().collect();
///     seen.extend(walk.take(page)?);
/// }
/// assert_eq!(seen, list);
/// assert!(walk.warnings().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Walk {
    query: Query,
    /// The first record that is asked for next.
    n: u64,
    state: State,
    /// Whether each page after the first is asked to begin with the last record of the one before.
    overlapping: bool,
    /// The last record, with its hash, where the next page is to begin with it.
    expected: Option<(u64, Recording)>,
    /// Hashes of the records of the page before, in its order.
    before: Vec<u64>,
    /// Hashes of records of earlier pages that can be known again, the oldest first, and the same to
    /// be looked up.
    known: VecDeque<u64>,
    known_set: HashSet<u64, FixedState>,
    /// The last start that was read, as an instant and as it was written.
    last_start: Option<(DateTime<FixedOffset>, String)>,
    direction: Option<Direction>,
    full_seen: bool,
    pages: u64,
    max_pages: u64,
    warnings: Vec<Warning>,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Page,
    /// The same page came twice. It is kept until it is known what that means.
    Proof(Vec<Recording>),
    /// The page before did not begin where it was to.
    Again,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Direction {
    Ascending,
    Descending,
}

/// What to ask next.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// The query, with its `n`.
    pub query: Query,
    /// Whether it is asked only to learn whether the server looks at `n`.
    pub is_proof: bool,
}

/// Why a walk cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WalkError {
    /// The same page came for two numbers, and records for a number beyond any list.
    PageIgnored {
        /// The number for which the page came again.
        n: u64,
        /// How many records it has.
        records: usize,
    },
    /// The limit on pages was reached.
    TooManyPages {
        /// The limit.
        limit: u64,
    },
}

impl fmt::Display for WalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WalkError::PageIgnored { n, records } => write!(
                f,
                "the server does not look at n: n={n} gave the same {records} records as the page before, \
                 and n={BEYOND} gave records too (PAGE-2, PAGE-3); what is behind the first page cannot be had"
            ),
            WalkError::TooManyPages { limit } => {
                write!(f, "the list goes on after {limit} pages, the limit")
            }
        }
    }
}

impl StdError for WalkError {}

impl Walk {
    /// A walk from the query's `n` on, or from 1.
    #[must_use]
    pub fn new(query: &Query) -> Self {
        Self {
            query: query.clone(),
            n: query.n().unwrap_or(1).max(1),
            state: State::Page,
            overlapping: false,
            expected: None,
            before: Vec::new(),
            known: VecDeque::new(),
            known_set: HashSet::default(),
            last_start: None,
            direction: None,
            full_seen: false,
            pages: 0,
            max_pages: u64::MAX,
            warnings: Vec::new(),
        }
    }

    /// Asks for each page from the last record of the one before on, so that a record which was removed
    /// in between is noticed: without it, removals lose records unseen. Costs a page in fifty.
    #[must_use]
    pub fn overlapping(mut self, overlapping: bool) -> Self {
        self.overlapping = overlapping;
        self
    }

    /// The most pages that are asked for; no limit by default.
    #[must_use]
    pub fn max_pages(mut self, pages: u64) -> Self {
        self.max_pages = pages;
        self
    }

    /// Says that the server is known to send pages of 50, so that a shorter one is the last.
    #[must_use]
    pub fn full_pages(mut self, known: bool) -> Self {
        self.full_seen = known;
        self
    }

    /// Whether a page with 50 records has come.
    #[must_use]
    pub fn has_full_page(&self) -> bool {
        self.full_seen
    }

    /// Walks on with another query that means the same: that of the server's link, say.
    pub fn set_query(&mut self, query: &Query) {
        self.query = query.clone();
    }

    /// What was seen so far.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Whether the list was read in descending order of starts.
    #[must_use]
    pub fn is_descending(&self) -> bool {
        self.direction == Some(Direction::Descending)
    }

    /// What to ask next; `None` at the end.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<Step> {
        let (n, is_proof) = match self.state {
            State::Done => return None,
            State::Proof(_) => (BEYOND, true),
            // The first page is asked for as the query has it, without an n that it does not name.
            State::Page if self.pages == 0 => {
                return Some(Step { query: self.query.clone(), is_proof: false });
            }
            State::Page if self.expected.is_some() => (self.n - 1, false),
            State::Page | State::Again => (self.n, false),
        };
        Some(Step { query: self.query.clone().with_n(n), is_proof })
    }

    /// Takes what came for [`next`](Self::next), and gives the records that are new.
    ///
    /// # Errors
    ///
    /// [`WalkError`]; the walk is over then.
    pub fn take(&mut self, page: Vec<Recording>) -> Result<Vec<Recording>, WalkError> {
        match core::mem::replace(&mut self.state, State::Done) {
            State::Done => Ok(Vec::new()),
            State::Proof(kept) => {
                if !page.is_empty() {
                    return Err(WalkError::PageIgnored { n: self.n, records: kept.len() });
                }
                self.state = State::Page;
                // As far as a page goes: a server that rounds n down would give the same for ever.
                let next = self.n.saturating_add(PAGE as u64);
                let hashes = self.before.clone();
                let taken = self.accept(kept, hashes);
                self.n = self.n.max(next);
                self.expected = None;
                Ok(taken)
            }
            State::Again => {
                self.state = State::Page;
                self.page(page)
            }
            State::Page => {
                self.state = State::Page;
                if let Some((hash, expected)) = self.expected.take() {
                    return self.after_overlap(page, hash, &expected);
                }
                self.page(page)
            }
        }
    }

    /// A page that was to begin with the last record of the one before.
    fn after_overlap(
        &mut self,
        mut page: Vec<Recording>,
        hash: u64,
        expected: &Recording,
    ) -> Result<Vec<Recording>, WalkError> {
        if page.first().map(hash_of) == Some(hash) {
            let was_full = page.len() >= PAGE;
            page.remove(0);
            if page.is_empty() {
                // The end, or a server whose pages hold one record.
                self.state = if self.full_seen { State::Done } else { State::Again };
                return Ok(page);
            }
            self.full_seen |= was_full;
            return self.page_of(page, was_full);
        }
        let (expected, found) = (name_of(expected), page.first().map(name_of));
        self.warnings.push(Warning::Shifted { n: self.n - 1, expected, found });
        // It is not known where the list goes on: the page is asked for as any client does.
        self.state = State::Again;
        Ok(Vec::new())
    }

    fn page(&mut self, page: Vec<Recording>) -> Result<Vec<Recording>, WalkError> {
        let is_full = page.len() >= PAGE;
        self.page_of(page, is_full)
    }

    fn page_of(
        &mut self,
        page: Vec<Recording>,
        is_full: bool,
    ) -> Result<Vec<Recording>, WalkError> {
        self.pages += 1;
        if page.is_empty() {
            self.state = State::Done;
            return Ok(page);
        }
        if self.pages > self.max_pages {
            self.state = State::Done;
            return Err(WalkError::TooManyPages { limit: self.max_pages });
        }
        if page.len() > PAGE {
            let is_new =
                !self.warnings.iter().any(|warning| matches!(warning, Warning::LongPage { .. }));
            if is_new {
                self.warnings.push(Warning::LongPage { n: self.n, records: page.len() });
            }
        }
        let hashes: Vec<u64> = page.iter().map(hash_of).collect();
        if hashes == self.before {
            self.state = State::Proof(page);
            return Ok(Vec::new());
        }
        if is_full {
            self.full_seen = true;
        } else if self.full_seen {
            // PAGE-3: what follows a short page is empty.
            self.state = State::Done;
        }
        Ok(self.accept(page, hashes))
    }

    /// Takes the records of a page, but for those that came before.
    fn accept(&mut self, mut page: Vec<Recording>, hashes: Vec<u64>) -> Vec<Recording> {
        let n = self.n;
        self.n = self.n.saturating_add(page.len() as u64);
        self.look_at_order(n, &page);
        let keyed = page.iter().zip(&hashes).filter(|(recording, _)| has_key(recording));
        let keyed: Vec<u64> = keyed.map(|(_, hash)| *hash).collect();
        let mut again = 0;
        let mut example = None;
        // Only records that have a key are known, and an equal one has it as well.
        if hashes.iter().any(|hash| self.known_set.contains(hash)) {
            let mut hashes = hashes.iter();
            page.retain(|recording| {
                let is_new = hashes.next().is_none_or(|hash| !self.known_set.contains(hash));
                if !is_new {
                    again += 1;
                    example.get_or_insert_with(|| name_of(recording));
                }
                is_new
            });
        }
        if self.known_set.is_empty() && keyed.len() >= PAGE {
            // The list may be long: the set is not to grow again and again.
            self.known_set.reserve(REMEMBERED + PAGE);
        }
        // Not before the page is through: equal records within one page are records of their own.
        self.known.extend(keyed.into_iter().filter(|hash| self.known_set.insert(*hash)));
        if let Some(example) = example {
            self.warnings.push(Warning::Overlap { n, records: again, example });
        }
        while self.known.len() > REMEMBERED {
            if let Some(oldest) = self.known.pop_front() {
                self.known_set.remove(&oldest);
            }
        }
        if self.overlapping && self.state == State::Page && self.n > 1 {
            self.expected = page.last().map(|last| (hash_of(last), last.clone()));
        }
        self.before = hashes;
        page
    }

    fn look_at_order(&mut self, n: u64, page: &[Recording]) {
        let mut last: Option<(DateTime<FixedOffset>, &str)> = None;
        for recording in page {
            let Some(start) = recording.start() else { continue };
            let written = recording.text(Field::StartDate);
            let before = last.or(self.last_start.as_ref().map(|(at, text)| (*at, text.as_str())));
            if let Some((before, before_written)) = before {
                let goes = match start.cmp(&before) {
                    core::cmp::Ordering::Equal => self.direction,
                    core::cmp::Ordering::Greater => Some(Direction::Ascending),
                    core::cmp::Ordering::Less => Some(Direction::Descending),
                };
                if self.direction.is_none() {
                    self.direction = goes;
                } else if goes != self.direction {
                    let is_new = !self
                        .warnings
                        .iter()
                        .any(|warning| matches!(warning, Warning::Disordered { .. }));
                    if is_new {
                        let starts = (before_written.to_owned(), written.to_owned());
                        self.warnings.push(Warning::Disordered { n, starts });
                    }
                }
            }
            last = Some((start, written));
        }
        if let Some((start, written)) = last {
            self.last_start = Some((start, written.to_owned()));
        }
    }
}

/// Whether a record can be known again: it has a transactionID or a filename.
fn has_key(recording: &Recording) -> bool {
    [Field::TransactionId, Field::Filename]
        .iter()
        .any(|field| recording.get(*field).is_some_and(|value| !value.is_empty()))
}

/// A record as a number: of all its values, so that a changed one is another.
fn hash_of(recording: &Recording) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    // An absent value is as good as an empty one.
    let joined = recording.joined();
    joined.hash(&mut hasher);
    // The lengths tell commas in values from those between them, where there are any.
    let commas: usize = joined.as_bytes().chunks(u8::MAX.into()).map(commas).sum();
    if commas >= Field::COUNT {
        Field::ALL.map(|field| recording.text(field).len()).hash(&mut hasher);
    }
    hasher.finish()
}

/// How many commas there are in at most 255 bytes: a count of one byte is as fast as the machine compares.
fn commas(piece: &[u8]) -> usize {
    piece.iter().map(|byte| u8::from(*byte == b',')).sum::<u8>().into()
}

/// A record in an error or a warning.
fn name_of(recording: &Recording) -> String {
    let value = |field| recording.get(field).filter(|value| !value.is_empty());
    let cut = |text: &str| text.chars().take(80).collect::<String>();
    let key = [Field::TransactionId, Field::Filename, Field::StartDate]
        .into_iter()
        .filter_map(|field| Some(format!("{} {}", field.wire_name(), cut(value(field)?))));
    let key = key.collect::<Vec<_>>().join(", ");
    if key.is_empty() {
        "a record without transactionID, filename and startDate".to_owned()
    } else {
        key
    }
}

#[cfg(test)]
mod tests;
