//! What a reader looks at in a value beside its text (QUIRK-13, QUIRK-14).

use std::borrow::Cow;

use vcc_types::{Field, StartDate};

use crate::record::seconds;
use crate::scan::word;
use crate::{DeviationKind, Options};

/// What is wrong with the value of a field, and the text that takes its place, if any.
pub(crate) struct Finding {
    pub(crate) kind: DeviationKind,
    pub(crate) replacement: Option<String>,
}

/// Looks at a start. An empty one says nothing, as an absent one does.
#[inline]
pub(crate) fn start(text: &str, options: &Options) -> Option<Finding> {
    if text.is_empty() || is_usual(text.as_bytes()) {
        return None;
    }
    start_slowly(text, options)
}

#[cold]
fn start_slowly(text: &str, options: &Options) -> Option<Finding> {
    match StartDate::parse(text) {
        Ok(StartDate::Instant(_)) => None,
        Ok(StartDate::Local(local)) => {
            // QUIRK-14: the zone is the caller's to give; without one the text stays as it is.
            let replacement = options.zone.as_ref().and_then(|zone| {
                let start = local.and_local_timezone(zone(local)?).single()?;
                Some(StartDate::Instant(start).to_string())
            });
            Some(Finding { kind: DeviationKind::LocalStart, replacement })
        }
        Err(_) => Some(Finding { kind: DeviationKind::UnreadableStart, replacement: None }),
    }
}

/// Whether a start has the response form and is beyond doubt: a day from 1 to 28. Others are
/// looked at more closely, not refused.
#[inline]
fn is_usual(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; 25]>::try_from(text) else { return false };
    let (Some(head), Some(tail)) = (word(text, 0), word(text, 9)) else { return false };
    HEAD.is_in(head)
        && TAIL.is_in(tail)
        && matches!(text[19], b'-' | b'+')
        && text[..4] != *b"0000"
        && pairs(head, [5, 8, 11, 14], [12, 28, 23, 59], 2)
        && pairs(tail, [5, 8, 11, 14], [59, 59, 23, 59], 0)
}

/// Whether the numbers of two digits that begin at these bytes are at most so much, and the first
/// `positive` of them at least 1.
#[inline(always)]
fn pairs(word: u128, places: [u32; 4], most: [u8; 4], positive: usize) -> bool {
    let digits = word & (u128::MAX / 0xFF * 0x0F);
    // In each byte ten times its digit and the next one: at most 165, so that nothing carries.
    let numbers = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let number = |place: u32| (numbers >> (8 * place)) as u8;
    let mut good = true;
    for (index, place) in places.into_iter().enumerate() {
        good &= number(place) <= most[index] && (index >= positive || number(place) > 0);
    }
    good
}

/// A form of 16 bytes: `0` is a digit, `?` anything, every other byte itself.
struct Form {
    bytes: u128,
    /// The bits that are not to differ: of a digit the upper four, of anything none.
    mask: u128,
    /// 6 where a digit is: it carries a digit above 9 into the upper four bits.
    six: u128,
}

impl Form {
    const fn new(form: &[u8; 16]) -> Form {
        let (mut mask, mut six, mut at) = (0, 0, 0);
        while at < form.len() {
            let (bits, carry) = match form[at] {
                b'0' => (0xF0, 6),
                b'?' => (0, 0),
                _ => (0xFF, 0),
            };
            mask |= bits << (8 * at);
            six |= carry << (8 * at);
            at += 1;
        }
        Form { bytes: u128::from_le_bytes(*form), mask, six }
    }

    #[inline(always)]
    fn is_in(&self, word: u128) -> bool {
        let difference = word ^ self.bytes;
        // A carry out of a byte comes from one that differs in its upper bits already.
        (difference | difference.wrapping_add(self.six)) & self.mask == 0
    }
}

const HEAD: Form = Form::new(b"0000-00-00T00:00");
const TAIL: Form = Form::new(b"0T00:00:00?00:00");

/// Looks at a duration. An empty one says nothing, as an absent one does (FIELD-7).
#[inline]
pub(crate) fn duration(text: &str) -> Option<Finding> {
    let usual = text.len() < 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    (!usual && seconds(text).is_none())
        .then_some(Finding { kind: DeviationKind::UnreadableDuration, replacement: None })
}

/// Looks at the value of a field.
#[inline]
pub(crate) fn value(field: Field, text: &str, options: &Options) -> Option<Finding> {
    match field {
        Field::StartDate => start(text, options),
        Field::Duration => duration(text),
        _ => None,
    }
}

/// What a kept value was read as: the replacement or the text.
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
        for text in ["", "0", "027", "18446744073709551615", "000000000000000000000000000007"] {
            assert!(duration(text).is_none(), "{text}");
        }
        for text in ["+1", "-1", "1.5", " 1", "abc", "18446744073709551616"] {
            assert!(duration(text).is_some(), "{text}");
        }
    }
}
