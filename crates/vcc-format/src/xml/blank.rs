//! Characters that show nothing, where nothing but tags should stand.

pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What stands where nothing but tags should, although it shows nothing.
pub(crate) enum Blank {
    More,
    None,
    ByteOrderMark,
    /// Another character without a look, so many bytes long.
    Is(usize),
}

/// Looks for what shows nothing: control characters (a NUL, the SUB that ended files once, a form
/// feed), the white space of Unicode, marks without width. XML has none of it between tags.
pub(crate) fn blank(view: &[u8], at: usize, all: bool) -> Blank {
    match view.get(at..).unwrap_or_default() {
        [0xEF, 0xBB, 0xBF, ..] => Blank::ByteOrderMark,
        [0..=8 | 0x0B | 0x0C | 0x0E..=0x1F | 0x7F, ..] => Blank::Is(1),
        [0xC2, 0x85 | 0xA0, ..] => Blank::Is(2),
        [0xE2, 0x80, 0x80..=0x8B | 0xA8 | 0xA9, ..] => Blank::Is(3),
        [0xE2, 0x81, 0xA0, ..] | [0xE3, 0x80, 0x80, ..] => Blank::Is(3),
        [0xC2] | [0xE2 | 0xE3 | 0xEF] | [0xE2, 0x80 | 0x81] | [0xE3, 0x80] | [0xEF, 0xBB]
            if !all =>
        {
            Blank::More
        }
        _ => Blank::None,
    }
}
