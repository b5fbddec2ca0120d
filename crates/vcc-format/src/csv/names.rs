//! QUIRK-15: the names of columns, and which spellings are the same name.

use vcc_types::Field;

use crate::check;
use crate::xml::shorten;

/// No name has so much white space that it is longer, without what is around it.
const LONGEST: usize = 256;

/// The key of a name, equal for all its spellings: its letters and digits. White space (including no-break and
/// zero-width), quotes around it, `_`, `-` and case make no difference. A name of more than [`LONGEST`] bytes is
/// none of a field; of its spellings only case and what is around it make no difference.
pub(super) fn key(name: &str) -> String {
    let name = check::trim(name);
    let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let mut key = inner.unwrap_or(name).to_ascii_lowercase();
    if key.len() <= LONGEST {
        key.retain(|letter| !check::is_space(letter) && !matches!(letter, '_' | '-'));
    }
    key
}

/// Whether it may be `startDate` in some spelling: it has no other letters and digits of ASCII. Most
/// values are told by their first.
pub(super) fn may_be_start_date(name: &[u8]) -> bool {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    letters.map(u8::to_ascii_lowercase).eq(*b"startdate")
}

/// The field whose name it is, in any spelling.
pub(super) fn field(name: &str) -> Option<Field> {
    // No spelling is shorter than the shortest name, or much longer than one.
    if !(6..=LONGEST).contains(&name.len()) {
        return None;
    }
    of_key(&key(name))
}

/// The field whose name has this key.
pub(super) fn of_key(key: &str) -> Option<Field> {
    Field::ALL.into_iter().find(|field| field.wire_name().eq_ignore_ascii_case(key))
}

/// The message about a header without `startDate`, with the name that may be meant for it.
pub(super) fn without_start(names: &[String]) -> String {
    let wanted = key(Field::StartDate.wire_name());
    let others = names.iter().map(|name| (name, key(name)));
    let others = others.filter(|(_, key)| key.len() < 40 && of_key(key).is_none());
    // A written-out part of the name counts like two typing errors.
    let rank = |key: &str| match ["start", "date", "time", "begin"].iter().any(|w| key.contains(w))
    {
        true => distance(key, &wanted).min(3),
        false => distance(key, &wanted),
    };
    let ranked = others.map(|(name, key)| (rank(&key), name)).filter(|(rank, _)| *rank <= 3);
    match ranked.min_by_key(|(rank, _)| *rank) {
        Some((_, name)) => format!(
            "expected a column startDate in the header; the nearest name is {:?}",
            check::trim(name)
        ),
        None => {
            let all = names.iter().map(|name| check::trim(name)).collect::<Vec<_>>().join(", ");
            format!("expected a column startDate in the header, found {}", shorten(&all))
        }
    }
}

/// The edit distance: how many letters to insert, delete or change.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, byte) in one.bytes().enumerate() {
        let mut before = at;
        row[0] = at + 1;
        for (index, wanted) in other.bytes().enumerate() {
            let changed = before + usize::from(byte != wanted);
            before = row[index + 1];
            row[index + 1] = changed.min(before + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 2),
            ("xabc", "abd", 2),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_start_may_be_told_by_its_letters() {
        for letter in char::MIN..=char::MAX {
            let name = format!("{letter}start{letter}Date{letter}");
            let is = field(&name) == Some(Field::StartDate);
            assert!(!is || may_be_start_date(name.as_bytes()), "{name:?}");
        }
        for name in ["startDate", "START_DATE", "\" start date \"", "\u{A0}start-Date"] {
            assert!(may_be_start_date(name.as_bytes()), "{name}");
        }
        for name in ["", "start", "startDates", "2startDate", "xstartDate", "startDateZ"] {
            assert!(!may_be_start_date(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn spellings() {
        for name in [
            "startDate",
            "startdate",
            "STARTDATE",
            "start-date",
            "Start Date",
            "start_date",
            " startDate ",
            "\u{A0}startDate\u{A0}",
            "\u{FEFF}\u{200B}startDate",
            "start\u{A0}date",
            " \"startDate\"\t",
            "\" Start Date \"",
        ] {
            assert_eq!(field(name), Some(Field::StartDate), "{name:?}");
        }
        for (name, expected) in [
            ("agent_i_d", Field::AgentId),
            ("ext_var_1", Field::ExtVar1),
            ("Wrap-up code", Field::WrapUpCode),
        ] {
            assert_eq!(field(name), Some(expected), "{name:?}");
        }
        let spaces = " ".repeat(LONGEST - "startDate".len());
        assert_eq!(key(&format!(" start{spaces}Date\t")), "startdate");
        assert_eq!(key(&format!("\"start{spaces} Date\"")), format!("start{spaces} date"));
        for name in ["", "start", "startDate2", "start.date", "stårtDate", "agent", "ID"] {
            assert_eq!(field(name), None, "{name:?}");
        }
        for known in Field::ALL {
            assert!(known.wire_name().len() >= 6);
            assert_eq!(field(known.wire_name()), Some(known));
        }
    }
}
