//! QUIRK-15: the names of columns, and in which other spellings they are the same names.

use vcc_types::Field;

use crate::check;

/// What two spellings of one name have in common: its letters and digits. White space (no-break and
/// zero-width included), quotes around it, `_`, `-` and case make no difference.
pub(super) fn key(name: &str) -> String {
    let name = check::trim(name);
    let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let letters = inner.unwrap_or(name).chars();
    let letters = letters.filter(|letter| !check::is_space(*letter) && !"_-".contains(*letter));
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The field whose name it is, in any spelling.
pub(super) fn field(name: &str) -> Option<Field> {
    // No spelling is shorter than the shortest name, or much longer than one.
    if !(6..=256).contains(&name.len()) {
        return None;
    }
    of_key(&key(name))
}

/// The field whose name has this key.
pub(super) fn of_key(key: &str) -> Option<Field> {
    Field::ALL.into_iter().find(|field| field.wire_name().eq_ignore_ascii_case(key))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for name in ["", "start", "startDate2", "start.date", "stårtDate", "agent", "ID"] {
            assert_eq!(field(name), None, "{name:?}");
        }
        for known in Field::ALL {
            assert!(known.wire_name().len() >= 6);
            assert_eq!(field(known.wire_name()), Some(known));
        }
    }
}
