//! QUIRK-17: documents joined end to end.

use vcc_format::{Limits, Options, csv};
use vcc_types::{Field, Recording};

use super::{HEADER, check, properties::read_all};

const A: &str = ",a,,,,,,,,,,,,,";
const B: &str = ",b,,,,,,,,,,,,,";

fn quoted() -> String {
    format!("\"{}\"", HEADER.replace(',', "\",\""))
}

#[test]
fn headers_between_pages() {
    for (header, length) in [(HEADER.to_owned(), 147), (quoted(), 177)] {
        let end = 166 + length - usize::from(length > 147);
        check(
            format!("{HEADER}\r\n{A}\r\n{header}\r\n{B}\r\n"),
            &["agentID=\"a\"", "agentID=\"b\""],
            &[&format!("166..{end} repeated-header \"\"")],
        );
    }
    // In another spelling.
    check(
        format!("{HEADER}\r\n{A}\r\n{}\r\n{B}\r\n", HEADER.to_uppercase()),
        &["agentID=\"a\"", "agentID=\"b\""],
        &["166..313 repeated-header \"\""],
    );
    // With other columns: what follows goes by them.
    let missing = "phoneNumber, channel, caseID, duration, filename, queueID, queueName, \
                   accountNumber, transactionID, extVar1, extVar2, outDialCode, wrapUpCode";
    check(
        format!("{HEADER}\r\n{A}\r\nagentID,startDate\r\nb,\r\n{HEADER}\r\n{A}\r\n"),
        &["agentID=\"a\"", "agentID=\"b\"", "agentID=\"a\""],
        &[
            "166..183 repeated-header \"values by column name\"",
            &format!("166..183 missing-column \"absent: {missing}\""),
            "166..183 reordered-columns \"values by column name\"",
            "189..336 repeated-header \"values by column name\"",
        ],
    );
    // With a name that no page had before, wherever it stands.
    check(
        "startDate,agentID\r\n,a\r\nstartDate,colour,agentID\r\n,red,b\r\n",
        &["agentID=\"a\"", "agentID=\"b\" +colour=\"red\""],
        &[
            &format!("0..17 missing-column \"absent: {missing}\""),
            "23..47 repeated-header \"values by column name\"",
            &format!("23..47 missing-column \"absent: {missing}\""),
            "23..47 reordered-columns \"values by column name\"",
            "33..39 unknown-field \"extra value colour\"",
        ],
    );
    check(
        "startDate,agentID\r\n,a\r\ncolour,agentID,startDate\r\nred,b,\r\n",
        &["agentID=\"a\"", "agentID=\"b\" +colour=\"red\""],
        &[
            &format!("0..17 missing-column \"absent: {missing}\""),
            "23..29 unknown-field \"extra value colour\"",
            "23..47 repeated-header \"values by column name\"",
            &format!("23..47 missing-column \"absent: {missing}\""),
            "23..47 reordered-columns \"values by column name\"",
        ],
    );
    // Behind a document without a header.
    check(
        format!("{A}\r\n{HEADER}\r\n{B}\r\n"),
        &["agentID=\"a\"", "agentID=\"b\""],
        &[
            "0..15 no-header \"the documented columns\"",
            "17..164 repeated-header \"values by column name\"",
        ],
    );
    // A record whose values are names is none.
    check(
        "agentID,channel\r\nstartDate,x\r\n",
        &["agentID=\"startDate\" channel=\"x\""],
        &[
            "0..15 missing-column \"absent: startDate, phoneNumber, caseID, duration, filename, queueID, \
            queueName, accountNumber, transactionID, extVar1, extVar2, outDialCode, wrapUpCode\"",
        ],
    );
}

/// Each page has a delimiter of its own, which its header tells.
#[test]
fn pages_with_other_delimiters() {
    let with = |delimiter: &str, text: &str| text.replace(',', delimiter);
    for (first, second, shown) in
        [(",", ";", ";"), (",", "\t", "\\t"), (",", "|", "|"), (";", ",", ","), ("|", "\t", "\\t")]
    {
        for (header, length) in [(HEADER.to_owned(), 147), (quoted(), 177)] {
            for mark in ["", "\u{FEFF}", "\r\n"] {
                let document = format!(
                    "{}\r\n{}\r\n{mark}{}\r\n{}\r\n{}\r\n{}\r\n",
                    with(first, HEADER),
                    with(first, A),
                    with(second, &header),
                    with(second, B),
                    with(first, HEADER),
                    with(first, A),
                );
                let from = 166 + mark.len();
                let end = from + length - usize::from(length > 147);
                let again = from + length + 19;
                let mut expected = Vec::new();
                if first != "," {
                    expected.push(format!("0..147 delimiter \"{first}\""));
                }
                match mark {
                    "" => {}
                    "\r\n" => expected.push("166..168 blank-row \"\"".to_owned()),
                    _ => expected.push("166..169 stray-byte-order-mark \"\"".to_owned()),
                }
                expected.extend([
                    format!("{}..{end} delimiter \"{shown}\"", from),
                    format!("{from}..{end} repeated-header \"\""),
                    format!("{again}..{} delimiter \"{first}\"", again + 147),
                    format!("{again}..{} repeated-header \"\"", again + 147),
                ]);
                let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
                check(document, &["agentID=\"a\"", "agentID=\"b\"", "agentID=\"a\""], &expected);
            }
        }
    }
    // With other columns, in another spelling.
    let missing = "phoneNumber, channel, caseID, duration, filename, queueID, queueName, \
                   accountNumber, transactionID, extVar1, extVar2, outDialCode, wrapUpCode";
    check(
        format!("{HEADER}\r\n{A}\r\nagent_id;startDate\r\nb,c;\r\n"),
        &["agentID=\"a\"", "agentID=\"b,c\""],
        &[
            "166..184 delimiter \";\"",
            "166..174 header-spelling \"agentID\"",
            "166..184 repeated-header \"values by column name\"",
            &format!("166..184 missing-column \"absent: {missing}\""),
            "166..184 reordered-columns \"values by column name\"",
        ],
    );
}

/// What is a plain row as it stands is one, whatever it says; and so is a row with a name that is
/// none, or without `startDate`.
/// A row that would be a header of more columns than there may be stays a record.
#[test]
fn a_page_with_another_delimiter_and_too_many_columns() {
    let page = format!("{};colour", HEADER.replace(',', ";"));
    let document = format!("{HEADER}\r\n{A}\r\n{page}\r\n");
    for (columns, records) in [(16, 1), (15, 2)] {
        let mut limits = Limits::default();
        limits.fields = columns;
        let options = Options::builder().limits(limits).build();
        let outcome = read_all::<csv::Csv>(document.as_bytes(), options);
        assert_eq!((outcome.records.len(), outcome.error), (records, None));
    }
}

#[test]
fn rows_that_say_names_are_no_page() {
    let absent = |from: usize| HEADER.split(',').skip(from).collect::<Vec<_>>().join(", ");
    check(
        format!("{HEADER}\r\nstartDate;agentID,,,,,,,,,,,,,,\r\n"),
        &["startDate=\"startDate;agentID\""],
        &["149..166 unreadable-start \"startDate;agentID\""],
    );
    for row in ["startDate;agentID;bill", "agentID;channel", "startDate;", "startDate"] {
        let end = 149 + row.len();
        check(
            format!("{HEADER}\r\n{row}\r\n"),
            &[&format!("{}={row:?}", "startDate")],
            &[
                &format!("149..{end} short-row \"absent: {}\"", absent(1)),
                &format!("149..{end} unreadable-start {row:?}"),
            ],
        );
    }
    let rest = absent(0).replace("agentID, ", "");
    check(
        "agentID\r\nstartDate;agentID\r\n",
        &["agentID=\"startDate;agentID\""],
        &[&format!("0..7 missing-column \"absent: {rest}\"")],
    );
}

#[test]
fn byte_order_marks_and_empty_lines() {
    check(
        format!("\u{FEFF}\u{FEFF}{HEADER}\r\n{A}\r\n\u{FEFF}{}\r\n\u{FEFF}{B}\r\n", quoted()),
        &["agentID=\"a\"", "agentID=\"b\""],
        &[
            "0..3 byte-order-mark \"\"",
            "3..6 stray-byte-order-mark \"\"",
            "172..175 stray-byte-order-mark \"\"",
            "175..351 repeated-header \"\"",
            "354..357 stray-byte-order-mark \"\"",
        ],
    );
    check(
        format!("\r\n\u{FEFF}{HEADER}\r\n{A}\r\n  \r\n\u{FEFF}\r\n{HEADER}\r\n{B}\r\n"),
        &["agentID=\"a\"", "agentID=\"b\""],
        &[
            "0..2 blank-row \"\"",
            "2..5 stray-byte-order-mark \"\"",
            "171..175 blank-row \"\"",
            "175..178 stray-byte-order-mark \"\"",
            "178..180 blank-row \"\"",
            "180..327 repeated-header \"\"",
        ],
    );
    // In a value it is one of its characters.
    check(format!("{HEADER}\r\n,\u{FEFF}a,,,,,,,,,,,,,\r\n"), &["agentID=\"\\u{feff}a\""], &[]);
}

#[test]
fn a_page_without_a_last_line_end() {
    for cell in ["x", "", "\"x\"", "\"x, \"\"y\""] {
        let value = match cell {
            "x" | "\"x\"" => " wrapUpCode=\"x\"",
            "" => "",
            _ => " wrapUpCode=\"x, \\\"y\"",
        };
        for header in [HEADER.to_owned(), quoted()] {
            for mark in ["", "\u{FEFF}"] {
                let document = format!("{HEADER}\r\n{A}{cell}{mark}{header}\r\n{B}\r\n");
                let seam = 164 + cell.len();
                let from = seam + mark.len();
                let (start, end) = match header.len() {
                    147 => (from, from + 147),
                    // Of the quotes around the last name one is no part of it.
                    length => (from, from + length - 1),
                };
                let mut expected = vec![format!("{seam}..{seam} missing-line-end \"\\r\\n\"")];
                if !mark.is_empty() {
                    expected.push(format!("{seam}..{from} stray-byte-order-mark \"\""));
                }
                expected.push(format!("{start}..{end} repeated-header \"\""));
                let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
                check(document, &[&format!("agentID=\"a\"{value}"), "agentID=\"b\""], &expected);
            }
        }
    }
    // Pages without a record.
    check(
        format!("{HEADER}{HEADER}\u{FEFF}{HEADER}\r\n{B}\r\n"),
        &["agentID=\"b\""],
        &[
            "147..147 missing-line-end \"\\r\\n\"",
            "147..294 repeated-header \"\"",
            "294..294 missing-line-end \"\\r\\n\"",
            "294..297 stray-byte-order-mark \"\"",
            "297..444 repeated-header \"\"",
        ],
    );
}

/// The header of the next page tells its delimiter, also where no line end is before it.
#[test]
fn a_page_without_a_last_line_end_before_one_with_another_delimiter() {
    let with = |delimiter: &str, text: &str| text.replace(',', delimiter);
    for (first, second, shown) in
        [(",", ";", ";"), (",", "\t", "\\t"), (";", ",", ","), ("|", ";", ";"), ("\t", "|", "|")]
    {
        for (cell, value) in [("x", "x"), ("", ""), ("\"x\"", "x"), ("\"x, ;y\"", "x, ;y")] {
            for header in [HEADER.to_owned(), quoted()] {
                for mark in ["", "\u{FEFF}"] {
                    let (head, row) = (with(first, HEADER), with(first, A));
                    let (header, other) = (with(second, &header), with(second, B));
                    let document = format!("{head}\r\n{row}{cell}{mark}{header}\r\n{other}\r\n");
                    let mut expected = Vec::new();
                    if first != "," {
                        expected.push(format!("0..147 delimiter \"{first}\"").replace('\t', "\\t"));
                    }
                    let seam = 164 + cell.len();
                    expected.push(format!("{seam}..{seam} missing-line-end \"\\r\\n\""));
                    let from = seam + mark.len();
                    if !mark.is_empty() {
                        expected.push(format!("{seam}..{from} stray-byte-order-mark \"\""));
                    }
                    let end = from + header.len() - usize::from(header.len() > 147);
                    expected.push(format!("{from}..{end} delimiter \"{shown}\""));
                    expected.push(format!("{from}..{end} repeated-header \"\""));
                    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
                    let value = match value {
                        "" => String::new(),
                        text => format!(" wrapUpCode={text:?}"),
                    };
                    let records = [&format!("agentID=\"a\"{value}"), "agentID=\"b\""];
                    check(document, &records, &expected);
                }
            }
        }
    }
    // Headers alone, each with a delimiter of its own.
    let (semicolons, bars) = (with(";", HEADER), with("|", HEADER));
    check(
        format!("{semicolons}{HEADER}{bars}\r\n{}\r\n", with("|", B)),
        &["agentID=\"b\""],
        &[
            "0..147 delimiter \";\"",
            "147..147 missing-line-end \"\\r\\n\"",
            "147..294 delimiter \",\"",
            "147..294 repeated-header \"\"",
            "294..294 missing-line-end \"\\r\\n\"",
            "294..441 delimiter \"|\"",
            "294..441 repeated-header \"\"",
        ],
    );
    // And behind a record.
    check(
        format!("{HEADER}\r\n{A}{semicolons}{bars}\r\n{}{HEADER}\r\n{B}", with("|", A)),
        &["agentID=\"a\"", "agentID=\"a\"", "agentID=\"b\""],
        &[
            "164..164 missing-line-end \"\\r\\n\"",
            "164..311 delimiter \";\"",
            "164..311 repeated-header \"\"",
            "311..311 missing-line-end \"\\r\\n\"",
            "311..458 delimiter \"|\"",
            "311..458 repeated-header \"\"",
            "475..475 missing-line-end \"\\r\\n\"",
            "475..622 delimiter \",\"",
            "475..622 repeated-header \"\"",
        ],
    );
    // With other columns, and in another spelling, as the first page has them.
    check(
        "start_date|site\r\n|astart_date,site\r\n,b\r\n",
        &["+site=\"a\"", "+site=\"b\""],
        &[
            "0..10 header-spelling \"startDate\"",
            &format!("0..15 missing-column \"absent: {}\"", &HEADER[10..].replace(',', ", ")),
            "0..15 delimiter \"|\"",
            "11..15 unknown-field \"extra value site\"",
            "19..19 missing-line-end \"\\r\\n\"",
            "19..34 delimiter \",\"",
            "19..34 repeated-header \"\"",
        ],
    );
}

/// A header that ends as the one before is all of a row, with whatever delimiter.
#[test]
fn a_header_with_more_columns() {
    let absent = |from: usize| HEADER.split(',').skip(from).collect::<Vec<_>>().join(", ");
    for delimiter in [",", ";"] {
        let header = format!("channel,{}", &HEADER[..17]).replace(',', delimiter);
        let mut expected = vec![format!("0..17 missing-column \"absent: {}\"", absent(2))];
        if delimiter != "," {
            expected.push(format!("23..48 delimiter \"{delimiter}\""));
        }
        let missing = absent(2).replace("channel, ", "");
        expected.extend([
            "23..48 repeated-header \"values by column name\"".to_owned(),
            format!("23..48 missing-column \"absent: {missing}\""),
            "23..48 reordered-columns \"values by column name\"".to_owned(),
        ]);
        check(
            format!(
                "{}\r\n,a\r\n{header}\r\n{}\r\n",
                &HEADER[..17],
                "x,,b".replace(',', delimiter)
            ),
            &["agentID=\"a\"", "agentID=\"b\" channel=\"x\""],
            &expected.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
}

/// A first page may have no header; what follows it has the documented one.
#[test]
fn a_page_without_header_and_last_line_end() {
    for delimiter in [",", ";"] {
        let header = HEADER.replace(',', delimiter);
        let mut expected = vec![
            "0..15 no-header \"the documented columns\"".to_owned(),
            "33..33 missing-line-end \"\\r\\n\"".to_owned(),
        ];
        if delimiter != "," {
            expected.push(format!("33..180 delimiter \"{delimiter}\""));
        }
        expected.push("33..180 repeated-header \"values by column name\"".to_owned());
        check(
            format!("{A}\r\n{A}x{header}\r\n{}\r\n", B.replace(',', delimiter)),
            &["agentID=\"a\"", "agentID=\"a\" wrapUpCode=\"x\"", "agentID=\"b\""],
            &expected.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
}

/// In quotes a value may say what a header says, and it is written so. Names alone are no header.
#[test]
fn a_last_value_that_ends_as_a_header_does() {
    for delimiter in [";", "\t", "|", ",", "/"] {
        let header = HEADER.replace(',', delimiter);
        for text in [header.clone(), format!("x{header}"), format!("{header}{header}")] {
            let recording =
                Recording::new().with(Field::AgentId, "a").with(Field::WrapUpCode, &text);
            let mut writer = csv::Writer::new(Vec::new());
            writer.write(&recording).unwrap();
            let values = Field::ALL.map(|field| recording.get(field));
            writer.write_values(&values).unwrap();
            let joined = format!("a,,,,,,,,,,,,,{text}");
            writer.write_joined("", &joined, || values).unwrap();
            let document = String::from_utf8(writer.finish().unwrap()).unwrap();
            let quote = if delimiter == "/" { "" } else { "\"" };
            let row = format!(",a,,,,,,,,,,,,,{quote}{text}{quote}\r\n");
            assert_eq!(document, format!("{HEADER}\r\n{row}{row}{row}"));
            let expected = format!("agentID=\"a\" wrapUpCode={text:?}");
            check(document, &[&expected, &expected, &expected], &[]);
        }
        let text = format!("outDialCode{delimiter}wrapUpCode");
        if delimiter != "," {
            let expected = format!("agentID=\"a\" wrapUpCode={text:?}");
            check(format!("{HEADER}\r\n{A}{text}\r\n"), &[&expected], &[]);
        }
    }
    // The last column may be one beside the fifteen.
    let text = format!("x{};site", HEADER.replace(',', ";"));
    let mut recording = Recording::new();
    recording.push_extra("site", &text);
    let mut writer = csv::Writer::with_extra(Vec::new(), ["site"]).unwrap();
    writer.write(&recording).unwrap();
    let document = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert!(document.ends_with(&format!(",\"{text}\"\r\n")), "{document:?}");
    let unknown = "148..152 unknown-field \"extra value site\"";
    check(document, &[&format!("+site={text:?}")], &[unknown]);
}
