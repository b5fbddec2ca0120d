//! Random records, with values that are hard to write and to read.

use chrono::DateTime;
use proptest::prelude::*;
use vcc_store::StoredRecord;
use vcc_types::{Field, Recording};

/// Values that a format, or a reader that is too helpful, might misread.
const ODD: [&str; 44] = [
    "",
    " ",
    "  a  ",
    "\"",
    "\"\"",
    "a\"b",
    "\"a\"",
    "'",
    ",",
    "a,b",
    ";",
    "\t",
    "a\tb",
    "|",
    "\n",
    "\r",
    "\r\n",
    "a\r\nb",
    "a\n",
    "\na",
    "&",
    "&amp;",
    "&#13;",
    "<",
    ">",
    "]]>",
    "<file>",
    "</agentID>",
    "<a/>",
    "%lt;/recordings>",
    "%41",
    "\\",
    "\\n",
    "\\\"",
    "\\u0041",
    "null",
    "{\"a\":1}",
    "sep=;",
    "\u{7f}\u{80}\u{85}\u{9f}",
    "\u{feff}",
    "\u{2028}\u{200b}\u{a0}",
    "\u{1f600}e\u{301}",
    "\u{fffd}",
    "startDate",
];

fn text() -> impl Strategy<Value = String> {
    let odd = || proptest::sample::select(&ODD[..]);
    prop_oneof![
        3 => odd().prop_map(str::to_owned),
        2 => proptest::collection::vec(odd(), 0..4).prop_map(|parts| parts.concat()),
        1 => "[a-c\u{e9}\u{4e2d}]{0,3}",
    ]
}

/// Any record that a store may hold: with or without keys, at the same instant as others or not, with a
/// duration that cannot be read.
pub(crate) fn record() -> impl Strategy<Value = StoredRecord> {
    let start = prop_oneof![
        4 => Just(1_198_120_596_000_000_i64),
        2 => (0_i64..3).prop_map(|micros| 1_198_120_596_000_000 + micros * 1_001),
        1 => -62_135_510_400_000_000_i64..253_402_214_400_000_000,
    ];
    let duration = proptest::sample::select(&["", "27", "027", "0", "abc", "-5", "1e9", "2 7"][..]);
    let keyed = prop_oneof![Just(None), any::<u32>().prop_map(Some)];
    (start, duration, proptest::collection::vec(text(), 13), keyed).prop_map(
        |(start, duration, texts, keyed)| {
            let mut recording = Recording::new().with(Field::Duration, duration);
            let others = StoredRecord::text_fields().filter(|field| *field != Field::Duration);
            for (field, text) in others.zip(&texts) {
                recording.set(field, text);
            }
            let key = keyed.map_or_else(String::new, |key| key.to_string());
            recording.set(Field::TransactionId, &key);
            if keyed.is_none() {
                recording.set(Field::Filename, "");
            }
            let start = DateTime::from_timestamp_micros(start).unwrap();
            StoredRecord::with_start(&recording, start).unwrap()
        },
    )
}
