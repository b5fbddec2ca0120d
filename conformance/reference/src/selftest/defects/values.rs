use vcc_types::Field;

use crate::selftest::defect::Hook::{Answer, Write};
use crate::selftest::defect::{Family, defect};
use crate::selftest::outgoing::Outgoing;

fn both(outgoing: &mut Outgoing, change: impl Fn(&str) -> String) {
    outgoing.body = change(&outgoing.text()).into_bytes();
}

pub(super) const VALUES: Family = Family {
    name: "values",
    defects: &[
        defect(
            "values-trimmed-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that trims the values it writes",
            Write(|_, value| value.trim().into()),
        ),
        defect(
            "spaces-are-nothing",
            &["OUT-1a", "OUT-4a"],
            "that writes nothing for a value of spaces",
            Write(|_, value| if value.trim().is_empty() { String::new() } else { value.into() }),
        ),
        defect(
            "line-ends-normalised",
            &["OUT-6a", "OUT-4a"],
            "that writes LF for every line end in a value",
            Write(|_, value| value.replace("\r\n", "\n").replace('\r', "\n")),
        ),
        defect(
            "line-ends-as-spaces",
            &["OUT-6a", "OUT-4a", "OUT-1a"],
            "that writes a space for line ends and tabs in values",
            Write(|_, value| value.replace(['\r', '\n', '\t'], " ")),
        ),
        defect(
            "tabs-as-spaces",
            &["OUT-6a", "OUT-4a", "OUT-1a"],
            "that writes a space for a tab in a value",
            Write(|_, value| value.replace('\t', " ")),
        ),
        defect(
            "line-feeds-doubled",
            &["OUT-6a", "OUT-4a"],
            "that writes CR LF for LF in values",
            Write(|_, value| value.replace("\r\n", "\n").replace('\n', "\r\n")),
        ),
        defect(
            "ascii-in-answers",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that writes ? for characters beyond ASCII",
            Write(|_, value| value.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()),
        ),
        defect(
            "basic-plane-in-answers",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that writes U+FFFD for characters beyond U+FFFF",
            Write(|_, value| {
                value.chars().map(|c| if c > '\u{ffff}' { '\u{fffd}' } else { c }).collect()
            }),
        ),
        defect(
            "decoded-twice-in-answers",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that writes UTF-8 taken for Latin-1",
            Write(|_, value| {
                value
                    .bytes()
                    .map(char::from)
                    .filter(|c| !('\u{80}'..'\u{a0}').contains(c))
                    .collect()
            }),
        ),
        defect(
            "numbers-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that writes values of digits as numbers",
            Write(|_, value| value.parse::<u64>().map_or_else(|_| value.into(), |n| n.to_string())),
        ),
        defect(
            "absent-is-zero-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that writes 0 for empty values",
            Write(|_, value| if value.is_empty() { "0".into() } else { value.into() }),
        ),
        defect(
            "absent-is-none-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that writes None for empty values",
            Write(|_, value| if value.is_empty() { "None".into() } else { value.into() }),
        ),
        defect(
            "values-cut-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that cuts values at 32 characters",
            Write(|_, value| value.chars().take(32).collect()),
        ),
        defect(
            "markup-stripped",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that strips < and & from values",
            Write(|_, value| value.replace(['<', '>', '&'], "")),
        ),
        defect(
            "quotes-curled",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that writes other quotes than there are",
            Write(|_, value| value.replace('"', "'")),
        ),
        defect(
            "hashes-stripped",
            &["CALL-1", "CALL-2", "OUT-1a"],
            "that strips # from channels",
            Write(
                |field, value| {
                    if field == Field::Channel { value.replace('#', "") } else { value.into() }
                },
            ),
        ),
        defect(
            "unknown-kinds-hidden",
            &["CALL-3", "OUT-1a"],
            "that hides kinds of call that it does not know",
            Write(|field, value| {
                let known = ["#virtual_outbound#", "#virtual_daa#"].contains(&value);
                if field == Field::Channel && value.starts_with('#') && !known {
                    String::new()
                } else {
                    value.into()
                }
            }),
        ),
        defect(
            "outbound-queues-hidden",
            &["CALL-1", "OUT-1a"],
            "that hides the queue of outbound calls",
            Write(|_, value| if value == "QUEUE_OUTBOUND" { String::new() } else { value.into() }),
        ),
        defect(
            "direct-queues-hidden",
            &["CALL-2", "OUT-1a"],
            "that hides the queue of direct calls",
            Write(
                |_, value| {
                    if value == "QUEUE_DIRECT_AGENT_ACCESS" { String::new() } else { value.into() }
                },
            ),
        ),
        defect(
            "words-in-lower-case",
            &["OUT-1a", "OUT-4a"],
            "that writes external values in lower case",
            Write(
                |field, value| {
                    if field == Field::ExtVar1 { value.to_lowercase() } else { value.into() }
                },
            ),
        ),
        defect(
            "numbers-formatted",
            &["OUT-1a", "OUT-4a", "CALL-1", "CALL-2", "CALL-3"],
            "that writes phone numbers with a +1",
            Write(|field, value| {
                let digits = value.len() == 10 && value.bytes().all(|byte| byte.is_ascii_digit());
                if field == Field::PhoneNumber && digits {
                    format!("+1{value}")
                } else {
                    value.into()
                }
            }),
        ),
        defect(
            "folders-cut",
            &["OUT-1a", "OUT-4a", "CALL-4"],
            "that writes file names without their folder",
            Write(|field, value| match (field, value.rsplit_once('/')) {
                (Field::Filename, Some((_, name))) => name.into(),
                _ => value.into(),
            }),
        ),
        defect(
            "sequences-of-tilde-cut",
            &["OUT-1a", "FIELD-5"],
            "that cuts queue ids at ~~",
            Write(|field, value| match (field, value.split_once("~~")) {
                (Field::QueueId, Some((name, _))) => name.into(),
                _ => value.into(),
            }),
        ),
        defect(
            "unescaped-in-answers",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that decodes percent-escapes in values",
            Write(|_, value| crate::selftest::incoming::decode(value)),
        ),
        defect(
            "entities-decoded",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that decodes entities in values",
            Write(|_, value| {
                value.replace("&lt;", "<").replace("&copy", "©").replace("&amp;", "&")
            }),
        ),
        defect(
            "durations-in-minutes",
            &["OUT-1a", "OUT-4a"],
            "that writes durations as minutes and seconds",
            Write(|field, value| match (field, value.parse::<u64>()) {
                (Field::Duration, Ok(seconds)) => {
                    format!("{:02}:{:02}", seconds / 60, seconds % 60)
                }
                _ => value.into(),
            }),
        ),
        defect(
            "answers-cut",
            &["OUT-2", "OUT-4a", "PAGE-5a", "OUT-1a"],
            "whose answers end after 4,096 bytes",
            Answer(|outgoing, _, _| {
                if outgoing.status == 200 {
                    outgoing.body.truncate(4_096);
                }
            }),
        ),
        defect(
            "warnings-before-answers",
            &["OUT-2", "OUT-4a", "OUT-4b"],
            "that writes a warning before its answers",
            Answer(|outgoing, _, _| {
                if outgoing.status == 200 {
                    both(outgoing, |text| format!("Warning: deprecated\n{text}"));
                }
            }),
        ),
    ],
};
