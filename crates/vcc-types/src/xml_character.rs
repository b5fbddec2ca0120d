/// Whether XML 1.0 can carry a character (its `Char`, for what a Rust `char` can be): values with others are
/// refused by writers and stores (OUT-6), and reported by readers (QUIRK-13).
///
/// ```
/// use vcc_types::is_xml_character;
///
/// assert!("a\t\r\n\u{7f}\u{fffd}\u{10ffff}".chars().all(is_xml_character));
/// assert!(!"\0\u{8}\u{b}\u{1f}\u{fffe}\u{ffff}".chars().any(is_xml_character));
/// ```
#[must_use]
#[inline]
pub const fn is_xml_character(character: char) -> bool {
    !matches!(character, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}
