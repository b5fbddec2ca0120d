//! Names, and the white space around them.

/// Whether a byte can stand in a name. Of the bytes beyond ASCII all can: [`is_name`] decides.
pub(super) const fn is_name_byte(byte: u8) -> bool {
    NAME[byte as usize] & OTHER != 0
}

/// Whether a byte can begin a name.
pub(super) const fn is_name_start_byte(byte: u8) -> bool {
    NAME[byte as usize] & FIRST != 0
}

const NAME: [u8; 256] = {
    let mut name = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        name[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | 0x80.. => FIRST | OTHER,
            b'0'..=b'9' | b'-' | b'.' => OTHER,
            _ => 0,
        };
        byte += 1;
    }
    name
};
const FIRST: u8 = 1;
const OTHER: u8 = 2;

pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// `Name` of XML 1.0.
pub(super) fn is_name(text: &str) -> bool {
    if text.is_ascii() {
        let bytes = text.as_bytes();
        return bytes.first().is_some_and(|byte| is_name_start_byte(*byte))
            && bytes.iter().all(|byte| is_name_byte(*byte));
    }
    let start = |c: char| {
        matches!(c, ':' | 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
            | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
            | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}')
    };
    let other = |c: char| matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}');
    let mut characters = text.chars();
    characters.next().is_some_and(start) && characters.all(|c| start(c) || other(c))
}
