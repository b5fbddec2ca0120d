//! Every way to be wrong, with the exact message: `messages.tsv` has a line for each query, with tabs between
//! the raw query (`\xNN` for a byte that is not UTF-8), the span, the clause, the message, and the hint if
//! there is one.

use std::fmt::Write;

use vcc_query::{Context, Dialect, Query, QueryError, QueryErrorKind};

fn error(raw: &[u8]) -> QueryError {
    let context = Context {
        now: "2007-12-19T20:00:00Z".parse().unwrap(),
        tenant_tz: "America/Los_Angeles".parse().unwrap(),
        dialect: Dialect::default(),
    };
    match Query::parse(raw).and_then(|query| query.resolve(&context)) {
        Ok(selection) => panic!("{:?} means {selection:?}", String::from_utf8_lossy(raw)),
        Err(error) => error,
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut raw = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        raw.push(u8::from_str_radix(&part[..2], 16).unwrap());
        raw.extend_from_slice(&part.as_bytes()[2..]);
    }
    raw
}

#[test]
fn every_message() {
    let table = include_str!("messages.tsv");
    let mut actual = String::new();
    for line in table.lines() {
        let raw = line.split('\t').next().unwrap();
        let error = error(&unescaped(raw));
        let span = error.span();
        write!(actual, "{raw}\t{}..{}\t{}\t{error}", span.start, span.end, error.clause()).unwrap();
        if let Some(hint) = error.hint() {
            write!(actual, "\t{hint}").unwrap();
        }
        actual.push('\n');
    }
    for (expected, actual) in table.lines().zip(actual.lines()) {
        assert_eq!(actual, expected);
    }
    assert!(table.lines().count() >= 315);
}

#[test]
fn every_message_is_one_line_and_names_a_clause() {
    for line in include_str!("messages.tsv").lines() {
        let raw = unescaped(line.split('\t').next().unwrap());
        let error = error(&raw);
        assert!(!error.to_string().contains('\n'));
        assert!(error.span().end <= raw.len() && error.span().start <= error.span().end);
        assert!(error.clause().contains('-'));
        assert!(error.to_string().ends_with(&format!("found {}", error.found())));
        assert!(error.to_string().contains(error.expected()));
        assert_eq!(error.status(), 400);
    }
}

#[test]
fn the_caret_points_at_the_raw_bytes() {
    let rendered = |raw: &[u8]| error(raw).render(raw).to_string();
    assert_eq!(
        rendered(b"tz=UTC&d=2007-08-05%2013%3A99"),
        "d: expected a minute from 00 to 59, found \"99\"\n\
         \x20 | tz=UTC&d=2007-08-05%2013%3A99\n\
         \x20 |                            ^^\n\
         \x20 = clause: DATE-6b\n"
    );
    // Something is missing at the end.
    assert_eq!(
        rendered(b"agentID=bill&d="),
        "d: expected a date such as 2007-08-05 or a constant such as today-1d, found nothing\n\
         \x20 | agentID=bill&d=\n\
         \x20 |                ^\n\
         \x20 = clause: REQ-8\n"
    );
    // A character that would move the cursor is shown as one replacement character.
    assert_eq!(
        rendered("agentID=Jürgen\u{7}&channel=%G0".as_bytes()),
        "agentID: expected no control character, found U+0007\n\
         \x20 | agentID=Jürgen\u{fffd}&channel=%G0\n\
         \x20 |               ^\n\
         \x20 = clause: REQ-8\n"
    );
}

/// The caret stands below the place in columns of a terminal, not in characters.
#[test]
fn the_caret_is_placed_in_columns() {
    for (name, columns) in
        [("bill", 4), ("Jürgen", 6), ("Ju\u{308}rgen", 6), ("山田", 4), ("🙂", 2), ("\u{ff0d}", 2)]
    {
        let raw = format!("agentID={name}&d=soon");
        let rendered = error(raw.as_bytes()).render(&raw).to_string();
        let lines: Vec<_> = rendered.lines().collect();
        assert_eq!(lines[1], format!("  | {raw}"));
        assert_eq!(lines[2], format!("  | {:indent$}^^^^", "", indent = 11 + columns), "{name}");
    }
    // The wrong part itself is wide.
    let rendered = error("d=昨日".as_bytes()).render("d=昨日").to_string();
    assert!(rendered.contains("\n  |   ^^^^\n"), "{rendered}");
}

#[test]
fn a_long_query_is_shown_in_part() {
    let raw = format!("agentID={}&d=soon&caseID={}", "ä".repeat(100), "9".repeat(100));
    let rendered = error(raw.as_bytes()).render(&raw).to_string();
    let lines: Vec<_> = rendered.lines().collect();
    assert!(lines[1].starts_with("  | …ä") && lines[1].ends_with("9…"), "{rendered}");
    let column = lines[2].chars().position(|c| c == '^').unwrap();
    assert_eq!(lines[1].chars().skip(column).take(4).collect::<String>(), "soon");
    assert_eq!(lines[2].trim_start_matches([' ', '|']), "^^^^");
}

/// Found by fuzzing: bytes that only continue a character have no edge to stop at.
#[test]
fn a_long_run_of_half_characters_is_shown() {
    let mut raw = b"agentID=bill".to_vec();
    raw.extend([0xbd; 200]);
    let error = error(&raw);
    assert_eq!(error.span(), 12..13);
    let rendered = error.render(&raw).to_string();
    let lines: Vec<_> = rendered.lines().collect();
    assert!(lines[1].starts_with("  | agentID=bill\u{fffd}\u{fffd}"), "{rendered}");
    assert_eq!(lines[2], "  |             ^");
}

/// STATUS-2: the wrong variable is shown, with its value only if the documentation names the variable.
#[test]
fn redacted_messages_show_one_variable() {
    let long = format!("caseID=1&agentID={}%zz{}&n=1", "a".repeat(200), "b".repeat(200));
    let around = format!("…{}%zz{}…", "a".repeat(60), "b".repeat(60));
    let wide = format!("agentID={}%zz", "山".repeat(30));
    for (raw, place, column) in [
        ("token=s3cret&d=soon&accountNumber=4111", "token", 0),
        ("accountNumber=4111&d=soon&caseID=1", "d=soon", 2),
        ("d=soon", "d=soon", 2),
        ("d=", "d=", 2),
        ("d=&caseID=1", "d=", 2),
        ("caseID=1&%64=soon", "%64=soon", 4),
        ("caseID=1&d=2007-08-05&d=2007-08-06&n=1", "d=2007-08-06", 0),
        ("caseID=1&d=2007-08-07,2007-08-05&tz=UTC", "d=2007-08-07,2007-08-05", 13),
        ("caseID=1&start-date=2007,2008&n=2", "start-date=2007,2008", 15),
        ("caseID=1&secret&n=1", "secret", 0),
        ("caseID=1&agentID&n=1", "agentID", 0),
        ("caseID=1&=secret", "=", 0),
        ("caseID=1&to%zzken=secret", "to%zzken", 2),
        ("caseID=1&Start-Date=2007-08-05", "Start-Date", 0),
        ("caseID=1&start+date=2007-08-05", "start+date", 0),
        // Encoded as a whole, once or twice.
        ("caseID=1&token%3Ds3cret", "token", 0),
        ("d%3d2007-08-05%26accountNumber%3D4111", "d", 0),
        ("agentID%253Ds3cret", "agentID", 0),
        ("token%3Ds3cret=1", "token", 0),
        ("%3Ds3cret", "", 0),
        // Columns of the terminal.
        ("caseID=山田&agentID=山田%zz&n=1", "agentID=山田%zz", 12),
        (&wide, &format!("…{}%zz", "山".repeat(20)), 41),
        (&long, &around, 61),
    ] {
        let shown = error(raw.as_bytes()).render_redacted(raw).to_string();
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[1], format!("  | {place}"), "{raw}");
        assert!(lines[2].starts_with(&format!("  | {:column$}^", "")), "{raw}: {shown}");
        assert!(lines[3].starts_with("  = "), "{raw}: {shown}");
        let secrets = ["s3cret", "4111", "2007-08-05%26"];
        assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{raw}: {shown}");
    }
    // A query that is refused as a whole is not shown, nor is a path.
    let many = "accountNumber=4111&".repeat(2_000);
    let rendered = error(many.as_bytes()).render_redacted(&many).to_string();
    assert!(!rendered.contains("4111") && !rendered.contains('^'), "{rendered}");
    let path = "/api/recordings/calls";
    let rendered = vcc_query::Resource::parse(path).unwrap_err().render_redacted(path).to_string();
    assert_eq!(rendered.lines().count(), 2, "{rendered}");
    // Nor is the value of a variable that a dialect ignores.
    let dialect =
        Dialect { unknown_variable: vcc_types::UnknownVariable::Ignored, ..Dialect::default() };
    let raw = "caseID=1&token=%zs3cret&n=1";
    let error = Query::parse_with(raw, &dialect).unwrap_err();
    assert_eq!(
        error.render_redacted(raw).to_string(),
        "expected two hexadecimal digits after %\n\
         \x20 | token=\n\
         \x20 |       ^\n\
         \x20 = hint: a % itself is written %25\n\
         \x20 = clause: REQ-8\n"
    );
}

#[test]
fn redacted_messages_never_show_another_value() {
    for line in include_str!("messages.tsv").lines() {
        let raw = unescaped(line.split('\t').next().unwrap());
        for around in [&b"&"[..], b"&&"] {
            let raw = [b"accountNumber=s3cret", around, &raw, around, b"extVar1=s3cret"].concat();
            let shown = error(&raw).render_redacted(&raw).to_string();
            assert!(!shown.contains("s3cret"), "{shown}");
            let place = shown.lines().nth(1).unwrap();
            assert!(!place.contains('&') && shown.contains('^'), "{shown}");
        }
    }
}

#[test]
fn kinds() {
    for (raw, kind) in [
        ("agentID=%", QueryErrorKind::Escape),
        ("agentID=%FF", QueryErrorKind::Utf8),
        ("agentID=%00", QueryErrorKind::ControlCharacter),
        ("agentID", QueryErrorKind::MissingEquals),
        ("agent=1", QueryErrorKind::UnknownVariable),
        ("n=1&n=1", QueryErrorKind::RepeatedVariable),
        ("d=soon", QueryErrorKind::Date),
        ("d=2007-02-29", QueryErrorKind::ImpossibleDate),
        ("d=0000", QueryErrorKind::Calendar),
        ("d=today-9999999d", QueryErrorKind::Calendar),
        ("d=,today", QueryErrorKind::Range),
        ("start-date=today,today", QueryErrorKind::Range),
        ("d=today,today-1d", QueryErrorKind::ReversedRange),
        ("tz=Nowhere", QueryErrorKind::Zone),
        ("n=x", QueryErrorKind::Number),
        ("duration=x", QueryErrorKind::Number),
    ] {
        assert_eq!(error(raw.as_bytes()).kind(), kind, "{raw}");
    }
}
