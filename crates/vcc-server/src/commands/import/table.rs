//! The fifteen fields, as `import --help` shows them, and the first records as they were understood.

use std::fmt::Write as _;

use vcc_store::StoredRecord;
use vcc_types::{Field, Row as _, StartDate};

use super::read::Event;

/// The fields with their types, their names in queries, their columns and what they mean.
pub(super) fn help() -> String {
    let mut text = "Fields (in CSV a column, in XML an element, in JSON lines a key):\n".to_owned();
    let _ = writeln!(text, "  {:<15}{:<15}{:<9}meaning", "column", "in a query", "type");
    for field in Field::ALL {
        let kind = match field {
            Field::StartDate => "instant",
            Field::Duration => "seconds",
            _ => "text",
        };
        let (column, query) = (field.wire_name(), field.query_name());
        let _ = writeln!(text, "  {column:<15}{query:<15}{kind:<9}{}", field.doc());
    }
    text += "startDate must be there. A record that has a transactionID or a filename is known again by \
             the two; import --again is for files with others.";
    text
}

/// A batch as a table: each record with its fields that are not empty.
pub(super) fn sample(event: &Event) -> String {
    let mut rows: Vec<(u64, String)> = Vec::new();
    for (number, record) in std::iter::zip(&event.numbers, &event.records) {
        rows.push((*number, understood(*number, record)));
    }
    for refused in &event.refused {
        let mut text = format!("record {}, left out: {}\n", refused.number, refused.reason);
        for (name, value) in refused.recording.fields() {
            let _ = writeln!(text, "  {:<15}{value}", name.wire_name());
        }
        rows.push((refused.number, text));
    }
    rows.sort_by_key(|(number, _)| *number);
    let text: String = rows.into_iter().map(|(_, text)| text).collect();
    // A value must not control the terminal.
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c }).collect()
}

fn understood(number: u64, record: &StoredRecord) -> String {
    let mut text = format!("record {number}\n");
    if let Some(start) = record.start() {
        let start = StartDate::Instant(start.fixed_offset());
        let _ = writeln!(text, "  {:<15}{start}", Field::StartDate.wire_name());
    }
    for field in StoredRecord::text_fields() {
        let value = record.text(field);
        if !value.is_empty() {
            let _ = writeln!(text, "  {:<15}{}", field.wire_name(), value.replace('\n', "\\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_the_table() {
        let text = help();
        for field in Field::ALL {
            let row = text.lines().find(|line| line.starts_with(&format!("  {field} ")));
            assert!(
                row.is_some_and(
                    |row| row.contains(field.query_name()) && row.ends_with(field.doc())
                )
            );
        }
        assert!(
            text.contains("  startDate      start-date     instant  When the recording started")
        );
    }
}
