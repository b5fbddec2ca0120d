//! The encodings of documents, and of values that are not in the declared one.

use std::borrow::Cow;

/// An encoding of one byte per character, or UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    #[default]
    Utf8,
    /// The part of UTF-8 with one byte per character.
    Ascii,
    /// ISO-8859-1: a byte is the character with that number.
    Latin1,
    /// Like Latin-1, except for 0x80–0x9F.
    Windows1252,
}

/// The characters of 0x80–0x9F. The five bytes that windows-1252 does not define are the C1 controls of
/// that number, as in browsers.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

impl Encoding {
    /// The encoding of this name, in any case; `None` if it is not supported.
    pub(crate) fn from_label(label: &str) -> Option<Encoding> {
        let label = label.to_ascii_lowercase();
        Some(match label.as_str() {
            "utf-8" | "utf8" => Encoding::Utf8,
            "us-ascii" | "ascii" => Encoding::Ascii,
            "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "l1" => Encoding::Latin1,
            "windows-1252" | "cp1252" | "cp-1252" | "x-cp1252" => Encoding::Windows1252,
            _ => return None,
        })
    }

    /// The character of one byte in Latin-1 or windows-1252.
    pub(crate) fn character(self, byte: u8) -> char {
        match byte {
            0x80..=0x9F if self == Encoding::Windows1252 => HIGH[usize::from(byte - 0x80)],
            _ => char::from(byte),
        }
    }

    /// Appends bytes that are valid in this encoding.
    pub(crate) fn decode(self, bytes: &[u8], out: &mut String) {
        match self {
            Encoding::Utf8 | Encoding::Ascii => match core::str::from_utf8(bytes) {
                Ok(text) => out.push_str(text),
                Err(_) => out.push_str(&String::from_utf8_lossy(bytes)),
            },
            _ => out.extend(bytes.iter().map(|byte| self.character(*byte))),
        }
    }

    /// The encoding in which a value is read, and whether that is not this one, because the value is not
    /// valid in it (QUIRK-8).
    pub(crate) fn of_value(self, bytes: &[u8]) -> (Encoding, bool) {
        let utf_8 = || core::str::from_utf8(bytes).is_ok();
        match self {
            Encoding::Utf8 if !utf_8() => (Encoding::Windows1252, true),
            Encoding::Ascii if bytes.is_ascii() => (self, false),
            Encoding::Ascii if utf_8() => (Encoding::Utf8, true),
            Encoding::Ascii => (Encoding::Windows1252, true),
            _ => (self, false),
        }
    }

    /// The text of some bytes, for names and messages.
    pub(crate) fn text(self, bytes: &[u8]) -> Cow<'_, str> {
        if bytes.is_ascii()
            && let Ok(text) = core::str::from_utf8(bytes)
        {
            return Cow::Borrowed(text);
        }
        if self == Encoding::Utf8
            && let Ok(text) = core::str::from_utf8(bytes)
        {
            return Cow::Borrowed(text);
        }
        let (encoding, _) = self.of_value(bytes);
        let mut text = String::with_capacity(bytes.len() * 2);
        encoding.decode(bytes, &mut text);
        Cow::Owned(text)
    }
}

/// Writes text in windows-1252; `None` if it lacks one of the characters.
pub(crate) fn to_windows_1252(text: &str) -> Option<Vec<u8>> {
    let byte = |character: char| match u8::try_from(character) {
        Ok(byte) if !(0x80..=0x9F).contains(&byte) => Some(byte),
        // There are 32, so that the sum stays a byte.
        _ => HIGH.iter().position(|high| *high == character).map(|place| 0x80 + place as u8),
    };
    text.chars().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_1252_is_a_bijection_on_bytes() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut text = String::new();
        Encoding::Windows1252.decode(&bytes, &mut text);
        assert_eq!(text.chars().count(), 256);
        assert_eq!(to_windows_1252(&text), Some(bytes));
        assert_eq!(to_windows_1252("Ω"), None);
        assert_eq!(text.chars().nth(0x80), Some('€'));
        assert_eq!(text.chars().nth(0x99), Some('™'));
        assert_eq!(text.chars().nth(0xE9), Some('é'));
    }

    #[test]
    fn labels() {
        assert_eq!(Encoding::from_label("UTF-8"), Some(Encoding::Utf8));
        assert_eq!(Encoding::from_label("US-ASCII"), Some(Encoding::Ascii));
        assert_eq!(Encoding::from_label("Iso-8859-1"), Some(Encoding::Latin1));
        assert_eq!(Encoding::from_label("Windows-1252"), Some(Encoding::Windows1252));
        assert_eq!(Encoding::from_label("UTF-16"), None);
        assert_eq!(Encoding::from_label("Shift_JIS"), None);
    }
}
