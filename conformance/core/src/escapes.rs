//! Percent-escapes of a query.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Decodes percent-escapes; `None` if one is broken, which the library would keep as text. A `+` stays a
/// `+`.
pub(crate) fn decode(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let is_whole = |after: &[u8]| after.len() >= 2 && after[..2].iter().all(u8::is_ascii_hexdigit);
    let mut escapes = text.split(|byte| *byte == b'%').skip(1);
    escapes.all(is_whole).then(|| percent_decode(text).into())
}

/// A text as a value of a query, with every byte but letters and digits as `%hh`.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_escape_is_no_text() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("a+b%2B%c3%A9", Some("a+b+é".as_bytes())),
            ("%2541", Some(b"%41")),
            ("%", None),
            ("%2", None),
            ("%2g", None),
            ("%+5", None),
            ("%%41", None),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), bytes, "{text}");
        }
    }

    #[test]
    fn a_value_comes_back() {
        let text = "a-b_c~d e+f%é#";
        assert_eq!(encode(text), "a%2Db%5Fc%7Ed%20e%2Bf%25%C3%A9%23");
        assert_eq!(decode(encode(text).as_bytes()).as_deref(), Some(text.as_bytes()));
    }
}
