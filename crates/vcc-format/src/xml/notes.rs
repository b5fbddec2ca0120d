//! What is to be said about the item that is read.

use std::borrow::Cow;

use vcc_types::Field;

use crate::machine::{Pending, Raw};
use crate::parts::Span;
use crate::{DeviationKind, Options};

/// Deviations before they are located, in the order in which they are found.
#[derive(Debug)]
pub(super) struct Notes {
    silent: bool,
    raw: Pending,
}

impl Notes {
    pub(super) fn new(options: &Options) -> Self {
        Self { silent: false, raw: Pending::new(options) }
    }

    /// Says whether anybody listens. If nobody does, nothing is kept.
    pub(super) fn listening(&mut self, listening: bool) {
        self.silent = !listening;
    }

    /// Whether nobody listens, so that there is no need to find words.
    #[inline(always)]
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    pub(super) fn add(
        &mut self,
        kind: DeviationKind,
        span: Span,
        field: Option<Field>,
        read_as: impl Into<Cow<'static, str>>,
    ) {
        if !self.silent {
            self.raw.push(Raw { kind, span, field, read_as: read_as.into() });
        }
    }

    pub(super) fn len(&self) -> usize {
        self.raw.len()
    }

    /// Takes back all but the first so many: what they are about is read again. What is no UTF-16 is
    /// noted by whoever decodes it, and once: with `transcoded`, that stays.
    pub(super) fn take_back(&mut self, left: usize, transcoded: bool) {
        let mut index = 0;
        self.raw.retain(|raw| {
            index += 1;
            index <= left || (transcoded && raw.kind == DeviationKind::InvalidEncoding)
        });
    }

    /// All of them, for who reports them.
    pub(super) fn all(&mut self) -> &mut Pending {
        &mut self.raw
    }
}
