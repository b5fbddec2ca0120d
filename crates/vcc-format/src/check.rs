//! Checks of single values (QUIRK-13, QUIRK-14).

use std::borrow::Cow;

use vcc_types::{Field, StartDate, parse_duration};

use crate::scan::is_between;
use crate::{DeviationKind, Options};

/// What is wrong with the value of a field, and the text that takes its place, if any.
pub(crate) struct Finding {
    pub(crate) kind: DeviationKind,
    pub(crate) replacement: Option<String>,
}

/// Checks a start. An empty one is as good as an absent one.
#[inline(always)]
pub(crate) fn start(text: &str, options: &Options) -> Option<Finding> {
    if text.is_empty() || is_usual(text.as_bytes()) {
        return None;
    }
    start_slowly(text, options)
}

/// White space as formatters or copied texts have it: all of Unicode's, and the characters without
/// width (QUIRK-14, QUIRK-15).
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// A text without the white space around it.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Checks a value without the white space around it. The finding is what is wrong with the rest, or else
/// the white space. A value that cannot be read keeps its white space.
fn around(text: &str, look: impl Fn(&str) -> Option<Finding>) -> Option<Finding> {
    let inner = trim(text);
    let found = if inner.is_empty() { None } else { look(inner) };
    let inner = (inner.len() < text.len()).then(|| inner.to_owned());
    match found {
        Some(finding) if finding.kind == DeviationKind::LocalStart => {
            Some(Finding { replacement: finding.replacement.or(inner), ..finding })
        }
        Some(finding) => Some(finding),
        None => {
            let kind = DeviationKind::SpaceAroundValue;
            inner.map(|inner| Finding { kind, replacement: Some(inner) })
        }
    }
}

#[cold]
fn start_slowly(text: &str, options: &Options) -> Option<Finding> {
    around(text, |text| start_alone(text, options))
}

fn start_alone(text: &str, options: &Options) -> Option<Finding> {
    match StartDate::parse(text) {
        Ok(StartDate::Instant(_)) => None,
        Ok(StartDate::Local(local)) => {
            // QUIRK-14: the caller may give a zone. Without one, the text stays as it is.
            let replacement = options.zone.as_ref().and_then(|zone| {
                let start = local.and_local_timezone(zone(local)?).single()?;
                Some(StartDate::Instant(start).to_string())
            });
            Some(Finding { kind: DeviationKind::LocalStart, replacement })
        }
        Err(_) => Some(Finding { kind: DeviationKind::UnreadableStart, replacement: None }),
    }
}

/// Whether a start has the response form and is certainly valid, with a day from 1 to 28. Others are
/// checked more closely, not refused.
#[inline(always)]
fn is_usual(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; 25]>::try_from(text) else { return false };
    // Two ASCII digits compare like their number.
    let two = |at: usize| u16::from_be_bytes([text[at], text[at + 1]]);
    let upto = |at, least: &[u8; 2], most: &[u8; 2]| {
        let (least, most) = (u16::from_be_bytes(*least), u16::from_be_bytes(*most));
        two(at).wrapping_sub(least) <= most - least
    };
    is_between(text, 0, b"0000-00-00T00:00", b"9999-19-29T29:59")
        && is_between(text, 9, b"0T00:00:00+00:00", b"9T29:59:59-29:59")
        && text[19] != b','
        && text[..4] != *b"0000"
        && upto(5, b"01", b"12")
        && upto(8, b"01", b"28")
        && upto(11, b"00", b"23")
        && upto(20, b"00", b"23")
}

/// Checks a duration. An empty one is as good as an absent one (FIELD-7).
#[inline(always)]
pub(crate) fn duration(text: &str) -> Option<Finding> {
    // A number of 18 digits is less than the longest.
    let usual = text.len() < 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    if usual { None } else { duration_slowly(text) }
}

#[cold]
fn duration_slowly(text: &str) -> Option<Finding> {
    around(text, |text| {
        parse_duration(text)
            .is_err()
            .then_some(Finding { kind: DeviationKind::UnreadableDuration, replacement: None })
    })
}

/// Checks the value of a field.
#[inline]
pub(crate) fn value(field: Field, text: &str, options: &Options) -> Option<Finding> {
    match field {
        Field::StartDate => start(text, options),
        Field::Duration => duration(text),
        _ => None,
    }
}

/// What the value was read as: the replacement, or its text.
pub(crate) fn read_as(finding: &Finding, text: &str) -> Cow<'static, str> {
    Cow::Owned(finding.replacement.clone().unwrap_or_else(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_form_is_a_date() {
        let usual = "2007-12-19T19:16:36-08:00";
        assert!(is_usual(usual.as_bytes()));
        for at in 0..usual.len() {
            for byte in 0..=127 {
                let mut text = usual.as_bytes().to_vec();
                text[at] = byte;
                if is_usual(&text) {
                    let text = String::from_utf8(text).unwrap();
                    let date = StartDate::parse(&text);
                    assert!(matches!(date, Ok(StartDate::Instant(_))), "{text}");
                }
            }
        }
        assert!(!is_usual(b"0000-12-19T19:16:36-08:00"));
        assert!(!is_usual(b"2007-12-19T19:16:36-08:0"));
    }

    #[test]
    fn durations_that_are_numbers() {
        for text in ["", "0", "027", "9223372036854775807", "000000000000000000000000000007"] {
            assert!(duration(text).is_none(), "{text}");
        }
        for text in ["+1", "-1", "1.5", "abc", "9223372036854775808", "18446744073709551616"] {
            assert!(duration(text).is_some(), "{text}");
        }
    }

    #[test]
    fn white_space_around_a_value_is_passed_over() {
        let said = |finding: Option<Finding>| finding.map(|f| (f.kind.name(), f.replacement));
        let options = Options::tolerant();
        let inner = "2007-12-19T19:16:36-08:00";
        for space in [" ", "\n\t", "\u{A0}", "\u{200B}", "\u{FEFF}", "\u{C}"] {
            for text in [format!("{space}{inner}"), format!("{inner}{space}")] {
                let expected = Some(("space-around-value", Some(inner.to_owned())));
                assert_eq!(said(start(&text, &options)), expected, "{text:?}");
            }
            let expected = Some(("space-around-value", Some("27".to_owned())));
            assert_eq!(said(duration(&format!("{space}27{space}"))), expected);
            let expected = Some(("space-around-value", Some(String::new())));
            assert_eq!(said(duration(space)), expected);
        }
        // What cannot be read stays as it is.
        let expected = Some(("unreadable-duration", None));
        assert_eq!(said(duration(" a while ")), expected);
        let expected = Some(("local-start", Some("2007-12-19T19:16:36".to_owned())));
        assert_eq!(said(start("2007-12-19T19:16:36\n", &options)), expected);
    }
}
