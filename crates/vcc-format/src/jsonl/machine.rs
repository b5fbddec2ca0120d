//! The state of the reader of JSON lines.

use std::borrow::Cow;
use std::ops::Range;

use super::draft::{Draft, Part};
use crate::machine::{Pending, Raw, Step, Trouble};
use crate::parts::Span;
use crate::xml::shorten;
use crate::{DeviationKind, ErrorKind, Options};

#[derive(Debug)]
pub(crate) struct Machine {
    pub(super) options: Options,
    /// Where the item begins: a record, or what is between two.
    pub(super) item: usize,
    /// Everything before this was read.
    pub(super) pos: usize,
    /// How far an unfinished part was looked at.
    pub(super) seen: usize,
    /// Where the machine stands in a record, if it is in one.
    pub(super) part: Option<Part>,
    pub(super) draft: Draft,
    pub(super) started: bool,
    pub(super) in_array: bool,
    /// Whether anything stands in the line.
    pub(super) in_line: bool,
    /// Whether CR LF was reported.
    pub(super) cr_lf: bool,
    /// Whether the item is a record.
    pub(super) in_record: bool,
    pub(super) number: u64,
    /// Whether nobody uses the reports.
    pub(super) silent: bool,
    pub(super) pending: Pending,
}

/// What a step looks at: see the reader of XML.
#[derive(Clone, Copy)]
pub(super) struct Input<'b> {
    pub(super) view: &'b [u8],
    pub(super) cut: bool,
    pub(super) ended: bool,
}

impl Machine {
    /// The error about what stands at the position. `None`: more input is needed to show it.
    pub(super) fn refuse<T>(&self, input: Input<'_>, expected: &str) -> Result<Option<T>, Trouble> {
        let rest = &input.view[self.pos..];
        if rest.len() < 40 && !rest.contains(&b'\n') && !input.ended && !input.cut {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&rest[..rest.len().min(40)]);
        let line = text.lines().next().unwrap_or_default();
        let found = shorten(line.trim_end_matches('\u{FFFD}'));
        let kind = match self.part {
            None => ErrorKind::NotRecordings,
            Some(_) => ErrorKind::Syntax,
        };
        let message = format!("expected {expected}, found {found:?}");
        Err(Trouble { kind, at: self.pos, message })
    }

    pub(super) fn report(
        &mut self,
        kind: DeviationKind,
        range: Range<usize>,
        read_as: impl Into<Cow<'static, str>>,
    ) {
        if !self.silent {
            let span = self.span(range);
            self.pending.push(Raw { kind, span, field: None, read_as: read_as.into() });
        }
    }

    /// Counts from the start of the item, which is no longer than `Limits::record_bytes`.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        ((range.start - self.item) as u32, (range.end - self.item) as u32)
    }

    pub(super) fn end_record(&mut self, end: usize) -> Step {
        self.pos = end;
        self.part = None;
        Step::Record
    }
}
