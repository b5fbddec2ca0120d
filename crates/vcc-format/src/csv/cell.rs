//! The cells and the end of a row.

use crate::DeviationKind;
use crate::encoding::Encoding;
use crate::parts::Span;
use crate::scan::undoubled;

/// One cell. Spans count from the start of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Its text, without the quotes around it.
    pub(super) start: u32,
    pub(super) end: u32,
    /// Whether `""` in it stands for `"`.
    pub(super) doubled: bool,
}

impl Cell {
    pub(super) fn span(self) -> Span {
        (self.start, self.end)
    }

    /// Its raw bytes.
    pub(super) fn bytes(self, row: &[u8]) -> &[u8] {
        &row[self.start as usize..self.end as usize]
    }

    /// Its text, for names.
    pub(super) fn name(self, row: &[u8]) -> String {
        let bytes = self.bytes(row);
        match self.doubled {
            true => Encoding::Utf8.text(&undoubled(bytes)).into_owned(),
            false => Encoding::Utf8.text(bytes).into_owned(),
        }
    }
}

/// A quote or a CR that is text, and where it stands.
pub(super) type Bare = (DeviationKind, u32);

/// How a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The buffer ends inside it.
    More,
    /// With CR LF.
    CrLf(usize),
    /// With LF alone.
    Lf(usize),
    /// With the input.
    Input(usize),
}

impl End {
    /// How long the row is, with its end.
    pub(super) fn length(self) -> Option<usize> {
        match self {
            End::More => None,
            End::CrLf(length) | End::Lf(length) | End::Input(length) => Some(length),
        }
    }
}

/// A row without its line end, of whatever bytes.
pub(super) fn without_line_end(row: &[u8]) -> &[u8] {
    without_suffix(row, |byte| matches!(byte, b'\r' | b'\n'))
}

/// The bytes before a trailing run of one kind.
pub(super) fn without_suffix(text: &[u8], is: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().rposition(|byte| !is(*byte)).map_or(0, |last| last + 1);
    &text[..end]
}
