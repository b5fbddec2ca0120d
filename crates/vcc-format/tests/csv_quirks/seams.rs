//! QUIRK-17: documents joined end to end.

use super::{HEADER, check};

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
