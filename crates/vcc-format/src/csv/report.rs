//! The reports about the current row.

use std::borrow::Cow;

use vcc_types::Field;

use super::row::Row;
use crate::machine::{Pending, Raw};
use crate::parts::Span;
use crate::{DeviationKind, Options};

/// The deviations of a row, if somebody uses them. Spans count from the start of the row.
#[derive(Debug)]
pub(super) struct Report {
    pending: Pending,
    silent: bool,
    /// Whether an LF alone was reported.
    line_feed: bool,
}

impl Report {
    pub(super) fn new(options: &Options) -> Self {
        Self { pending: Pending::new(options), silent: false, line_feed: false }
    }

    /// Turns reports off.
    #[inline]
    pub(super) fn silence(&mut self, silent: bool) {
        self.silent = silent;
    }

    #[inline]
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// The reports that were not taken yet.
    #[inline]
    pub(super) fn pending(&mut self) -> &mut Pending {
        &mut self.pending
    }

    pub(super) fn say(
        &mut self,
        kind: DeviationKind,
        span: Span,
        read_as: impl Into<Cow<'static, str>>,
    ) {
        self.say_of(None, kind, span, read_as);
    }

    /// Reports something about the value of a field.
    pub(super) fn say_of(
        &mut self,
        field: Option<Field>,
        kind: DeviationKind,
        span: Span,
        read_as: impl Into<Cow<'static, str>>,
    ) {
        if !self.silent {
            self.pending.push(Raw { kind, span, field, read_as: read_as.into() });
        }
    }

    /// Reports the quotes and CRs of a row that are text.
    pub(super) fn bare(&mut self, row: &mut Row) {
        if self.silent {
            return;
        }
        for ((kind, at), read_as) in row.take_bare() {
            self.say(kind, (at, at + 1), read_as);
        }
    }

    /// Reports, the first time, that a row of this length ends in LF alone.
    pub(super) fn line_feed(&mut self, length: usize) {
        if !self.line_feed {
            self.line_feed = true;
            let length = length as u32;
            self.say(DeviationKind::LineFeed, (length - 1, length), "\r\n");
        }
    }
}
