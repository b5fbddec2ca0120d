//! The properties of JSON lines.

use proptest::prelude::*;

use super::{properties, recording};

const JSON: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    "{\"agentID\":\"a\"}",
    "\"agentID\":",
    "\"duration\":",
    "\"site\":",
    "\"a\"",
    "\"",
    "\\",
    "\\u00e9",
    "\\ud83d",
    "\\ude00",
    "\\n",
    ":",
    ",",
    "27",
    "-1.5",
    "true",
    "null",
    "nul",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\u{FEFF}",
    "\u{1}",
    "\0",
    "é",
    "text",
    "{}",
    "\u{A0}",
];

proptest! {
    #[test]
    fn pieces_of_json_do_not_matter(
        pieces in proptest::collection::vec(proptest::sample::select(&JSON[..]), 0..30),
        cut: u8,
        wide: bool,
    ) {
        let mut input = pieces.concat().into_bytes();
        if wide {
            input = properties::utf_16(&input);
        }
        input.insert(0, cut);
        properties::jsonl_push(&input);
    }

    #[test]
    fn json_lines_say_the_same(recordings in proptest::collection::vec(recording(), 0..4)) {
        let mut writer = vcc_format::jsonl::Writer::new(Vec::new());
        for recording in &recordings {
            writer.write(recording).unwrap();
        }
        let lines = writer.finish().unwrap();
        let read: Result<Vec<_>, _> = vcc_format::jsonl::Reader::new(&lines[..]).recordings().collect();
        prop_assert_eq!(read.unwrap(), recordings);
    }
}
