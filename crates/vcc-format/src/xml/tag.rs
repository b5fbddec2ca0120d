//! A tag: where it stands and what it is called, not what it means.

use core::ops::Range;

/// What stands at a `<`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// The buffer ends before that is known.
    More,
    /// No tag.
    None,
    Tag(Tag),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `<name>`
    Start,
    /// `<name/>`
    Empty,
    /// `</name>`; also `</>`, whose name is empty.
    End,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) kind: Kind,
    /// The tag begins here,
    pub(super) start: usize,
    /// its name is this,
    pub(super) name: Range<usize>,
    /// and it ends before this.
    pub(super) end: usize,
    /// What stands between the name and the end.
    pub(super) rest: Range<usize>,
    /// `%gt;` for `>`.
    pub(super) percent_gt: bool,
}

impl Tag {
    /// The buffer lost its first bytes.
    pub(super) fn discarded(&mut self, bytes: usize) {
        let moved = |place: usize| place.saturating_sub(bytes);
        self.name = moved(self.name.start)..moved(self.name.end);
        self.rest = moved(self.rest.start)..moved(self.rest.end);
        (self.start, self.end) = (moved(self.start), moved(self.end));
    }
}
