//! The columns of the table of recordings, from the [`Field`] table. Both engines have the same.

use vcc_types::Field;

use super::text::{Written, each};
use crate::record::TEXTS;

/// The start and the fourteen texts, in the order of the documentation.
pub(crate) const COLUMNS: [&str; Field::COUNT] = {
    let mut columns = [""; Field::COUNT];
    let mut at = 0;
    while at < columns.len() {
        columns[at] = NAMES[at].as_text();
        at += 1;
    }
    columns
};

/// The columns of the texts: all but the start.
pub(crate) const TEXT_COLUMNS: [&str; TEXTS] = {
    let mut columns = [""; TEXTS];
    let mut at = 0;
    while at < TEXTS {
        columns[at] = COLUMNS[at + 1];
        at += 1;
    }
    columns
};

/// What is written of a record: its start, what is computed from it, and its texts.
pub(crate) const WRITTEN: [&str; TEXTS + 3] = {
    let mut columns = [""; TEXTS + 3];
    (columns[0], columns[1], columns[2]) = (COLUMNS[0], "finish", "seconds");
    let mut at = 0;
    while at < TEXTS {
        columns[at + 3] = TEXT_COLUMNS[at];
        at += 1;
    }
    columns
};

/// [`COLUMNS`], as a statement lists them.
pub(crate) const ALL: &str = each!(COLUMNS, "%");

/// [`WRITTEN`], as a statement lists them.
pub(crate) const ALL_WRITTEN: &str = each!(WRITTEN, "%");

/// How many bytes the texts of a record have. Neither engine reads a text to tell that.
pub(crate) const BYTES: &str = each!(TEXT_COLUMNS, "octet_length(%)", 0, " + ");

/// The column that holds a field: a text, except the start.
pub(crate) const fn column(field: Field) -> &'static str {
    COLUMNS[field.index()]
}

/// The names of the columns, before they are known to be texts.
const NAMES: &[Written<LONGEST>; Field::COUNT] = &{
    let mut names = [const { Written::new() }; Field::COUNT];
    let mut at = 0;
    while at < names.len() {
        names[at] = snake_case(Field::ALL[at]);
        at += 1;
    }
    names
};

/// No name of a column is longer.
const LONGEST: usize = 32;

/// The wire name of a field as SQL writes names, such as `agent_id` for `agentID`. The start is not the
/// text `startDate` but an instant.
const fn snake_case(field: Field) -> Written<LONGEST> {
    let mut name = Written::new();
    if let Field::StartDate = field {
        name.text("start");
        return name;
    }
    let wire = field.wire_name().as_bytes();
    let mut at = 0;
    while at < wire.len() {
        let byte = wire[at];
        if byte.is_ascii_uppercase() && !wire[at - 1].is_ascii_uppercase() {
            name.byte(b'_');
        }
        name.byte(byte.to_ascii_lowercase());
        at += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_of_the_fields() {
        let all = "start, agent_id, phone_number, channel, case_id, duration, filename, queue_id, \
                   queue_name, account_number, transaction_id, ext_var1, ext_var2, out_dial_code, \
                   wrap_up_code";
        assert_eq!(ALL, all);
        assert_eq!(ALL_WRITTEN, all.replace("start,", "start, finish, seconds,"));
        let bytes: Vec<_> =
            all.split(", ").skip(1).map(|column| format!("octet_length({column})")).collect();
        assert_eq!(BYTES, bytes.join(" + "));
        for (at, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(Some(column(field)), all.split(", ").nth(at), "{field}");
        }
    }
}
