//! JSON lines (QUIRK-19), each as a table: what is read, what is reported, what strict mode says.
#![cfg(feature = "serde")]

mod properties;

use properties::read_all;
use vcc_format::{ErrorKind, Limits, Options, jsonl::JsonLines};
use vcc_types::Recording;

fn short(recording: &Recording) -> String {
    let fields = recording.fields().map(|(field, text)| format!("{field}={text:?}"));
    let extra = recording.extra().iter().map(|(name, text)| format!("+{name}={text:?}"));
    fields.chain(extra).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(document: &[u8], records: &[&str], deviations: &[&str]) {
    let shown = String::from_utf8_lossy(document);
    let tolerant = read_all::<JsonLines>(document, Options::tolerant());
    assert_eq!(tolerant.error, None, "{shown}");
    assert_eq!(tolerant.records.iter().map(short).collect::<Vec<_>>(), records, "{shown}");
    let reported: Vec<String> = tolerant
        .deviations
        .iter()
        .map(|d| format!("{}..{} {} {:?}", d.span.start, d.span.end, d.kind, d.read_as))
        .collect();
    assert_eq!(reported, deviations, "{shown}");
    let strict = read_all::<JsonLines>(document, Options::strict());
    match tolerant.deviations.first() {
        None => assert_eq!(strict, tolerant, "{shown}"),
        Some(first) => {
            let (kind, offset, ..) = strict.error.expect("strict mode refuses it");
            assert_eq!((kind, offset), (ErrorKind::Deviation(first.kind), first.span.start));
        }
    }
}

#[test]
fn lines_of_objects_of_strings() {
    check(b"", &[], &[]);
    check(
        b"{\"agentID\":\"a \\\"b\\\" \\u00e9\",\"wrapUpCode\":\"\",\"caseID\":null}\n { } \n{\"duration\":\"27\"}",
        &["agentID=\"a \\\"b\\\" \u{e9}\" wrapUpCode=\"\"", "", "duration=\"27\""],
        &[],
    );
}

#[test]
fn quirk_19_marks_arrays_literals_and_lines() {
    check(
        b"\xEF\xBB\xBF{\"duration\":27,\"caseID\":-1.5e3,\"extVar1\":true}\r\n\r\n{}\r\n",
        &["caseID=\"-1.5e3\" duration=\"27\" extVar1=\"true\"", ""],
        &[
            "0..3 stray-byte-order-mark \"\"",
            "15..17 json-literal \"27\"",
            "27..33 json-literal \"-1.5e3\"",
            "44..48 json-literal \"true\"",
            "49..50 json-crlf \"\\n\"",
            "52..53 json-blank-line \"\"",
        ],
    );
    check(
        b"[\n  {\n    \"agentID\": \"a\"\n  },\n\n  {}\n]\n[{}][]",
        &["agentID=\"a\"", "", ""],
        &["0..1 json-array \"\"", "38..39 json-array \"\"", "42..43 json-array \"\""],
    );
    check(
        b"{\"agentID\":\n\"a\",\n},\n{\"agentID\":\"b\",\"agentID\":\"c\",\"tags\":[\"x]\",{}]}\x1A",
        &["agentID=\"a\"", "agentID=\"b\" +agentID=\"c\" +tags=\"[\\\"x]\\\",{}]\""],
        &[
            "11..12 json-lines \" \"",
            "15..16 stray-text \"\"",
            "18..19 stray-text \"\"",
            "36..43 repeated-field \"extra value agentID\"",
            "50..54 unknown-field \"extra value tags\"",
            "56..65 nested-element \"[\\\"x]\\\",{}]\"",
            "66..67 stray-text \"\"",
        ],
    );
    // UTF-16, white space, half a character, another encoding.
    check(b"\xFF\xFE{\0}\0", &[""], &["0..2 utf-16 \"UTF-16\""]);
    check(
        b"{\"duration\":\" 27\\n\",\"agentID\":\"\\ud83d\x01\",\"caseID\":\"\xE9\"}",
        &["agentID=\"\\\\ud83d\\u{1}\" caseID=\"\u{e9}\" duration=\"27\""],
        &[
            "13..18 space-around-value \"27\"",
            "31..37 unknown-reference \"\\\\ud83d\"",
            "37..38 control-character \"\\u{1}\"",
            "50..51 invalid-encoding \"\u{e9}\"",
        ],
    );
}

#[test]
fn what_is_no_line_of_a_recording() {
    for (input, expected) in [
        (
            "{\"agentID\":\"a\"}\n\n[1]\n",
            "line 3, column 2 (byte 18): expected a record in braces, found \"1]\"",
        ),
        (
            "{\"agentID\":",
            "line 1, column 12 (byte 11): expected a value, found the end of the input; \
             open: agentID (QUIRK-7)",
        ),
        (
            "{\"agentID\":\"a",
            "line 1, column 14 (byte 13): expected the quote that ends a value, \
             found the end of the input; open: agentID (QUIRK-7)",
        ),
        (
            "{\"agentID\":\"a\n{\"agentID\":\"b\"}",
            "line 1, column 14 (byte 13): expected the quote that ends a value, \
             found the end of the line; open: agentID",
        ),
        (
            "{\"agentID\":nil}",
            "line 1, column 12 (byte 11): expected a value in quotes, a number, true or false, \
             found \"nil}\"; open: agentID",
        ),
        (
            "{\"agentID\" \"a\"}",
            "line 1, column 12 (byte 11): expected a : after a name, \
             found \"\\\"a\\\"}\"; open: agentID",
        ),
        (
            "{\"agentID\":'a'}",
            "line 1, column 12 (byte 11): expected a value, found \"'a'}\"; \
             open: agentID",
        ),
        (
            "{agentID:1}",
            "line 1, column 2 (byte 1): expected a name in quotes or }, \
             found \"agentID:1}\"",
        ),
        ("{\"a\":1]", "line 1, column 7 (byte 6): expected a , or }, found \"]\""),
        (
            "[{}",
            "line 1, column 4 (byte 3): expected a record or ] at the end of the array, \
             found the end of the input (QUIRK-7)",
        ),
        ("{\0}\0", "line 1, column 1 (byte 0): the document is in UTF-16, not in UTF-8 (QUIRK-13)"),
        (
            "agentID,caseID\r\n",
            "line 1, column 1 (byte 0): expected a record in braces, \
             found \"agentID,caseID\"",
        ),
    ] {
        let outcome = read_all::<JsonLines>(input.as_bytes(), Options::tolerant());
        assert_eq!(outcome.error.unwrap().2, expected);
    }
}

#[test]
fn lines_have_limits() {
    let line = "{\"agentID\":\"xxxxxxxxxxxx\",\"a\":\"1\",\"b\":\"2\"}";
    let mut exact = Limits::default();
    (exact.record_bytes, exact.fields, exact.extra) = (line.len() as u32, 3, 2);
    let read = |change: fn(&mut Limits)| {
        let mut limits = exact;
        change(&mut limits);
        let options = Options::builder().limits(limits).build();
        let outcome = read_all::<JsonLines>(format!("{line}\n").as_bytes(), options);
        outcome.error.map(|error| error.0)
    };
    assert_eq!(read(|_| ()), None);
    assert_eq!(read(|limits| limits.record_bytes -= 1), Some(ErrorKind::RecordTooLong));
    assert_eq!(read(|limits| limits.fields -= 1), Some(ErrorKind::TooManyFields));
    assert_eq!(read(|limits| limits.extra -= 1), Some(ErrorKind::TooManyExtra));
    let deep = format!("{{\"a\":{}", "[".repeat(65));
    let outcome = read_all::<JsonLines>(deep.as_bytes(), Options::tolerant());
    assert_eq!(outcome.error.map(|error| error.0), Some(ErrorKind::TooDeep));
}
