//! QUIRK-16: what stands between the cells.

use super::{HEADER, check, refused};

fn with(delimiter: &str, text: &str) -> String {
    text.replace(',', delimiter)
}

#[test]
fn other_delimiters() {
    for (delimiter, shown) in [(";", ";"), ("\t", "\\t"), ("|", "|")] {
        let reported = format!("delimiter \"{shown}\"");
        check(
            with(
                delimiter,
                &format!(
                    "{HEADER}\r\n,a,,,,27,,,\"x,\"\"y\",,,,,,\r\n,\"b\r\nc\",,,,,,,,,,,,,\r\n"
                ),
            ),
            &[
                &format!("agentID=\"a\" duration=\"27\" queueName=\"x{shown}\\\"y\""),
                "agentID=\"b\\r\\nc\"",
            ],
            &[&format!("0..147 {reported}")],
        );
        // A comma is text then.
        check(
            format!(
                "{}\r\n{}\r\n",
                with(delimiter, HEADER),
                with(delimiter, ",a,,,,,,,,,,,,,").replace('a', "a, b")
            ),
            &["agentID=\"a, b\""],
            &[&format!("0..147 {reported}")],
        );
        // In quotes, in other spellings, and without a header.
        check(
            format!("\"{}\"\r\n", HEADER.replace(',', &format!("\"{delimiter}\""))),
            &[],
            &[&format!("1..176 {reported}")]
                .map(|text| text.replace("1..176", "0..176"))
                .each_ref()
                .map(|text| text.as_str()),
        );
        check(
            with(delimiter, "2008-02-14T10:12:13-08:00,bill,,,,27,,,,,1,,,,\r\n"),
            &["startDate=\"2008-02-14T10:12:13-08:00\" agentID=\"bill\" duration=\"27\" \
               transactionID=\"1\""],
            &["0..46 no-header \"the documented columns\"", &format!("0..46 {reported}")],
        );
    }
    // The one that gives more names.
    check(
        format!("{HEADER},a;b|c\r\n,a;b,,,,,,,,,,,,,,x\r\n"),
        &["agentID=\"a;b\" +a;b|c=\"x\""],
        &["148..153 unknown-field \"extra value a;b|c\""],
    );
}

#[test]
fn a_line_that_names_it() {
    for (line, delimiter, shown) in [
        ("sep=;", ";", ";"),
        ("SEP=|", "|", "|"),
        ("\"sep=;\"", ";", ";"),
        ("sep=\t", "\t", "\\t"),
        ("sep=^", "^", "^"),
    ] {
        let from = line.len() + 2;
        check(
            format!("{line}\r\n{}", with(delimiter, &format!("{HEADER}\r\n,a,,,,,,,,,,,,,\r\n"))),
            &["agentID=\"a\""],
            &[
                &format!("0..{} separator-line \"{shown}\"", line.len()),
                &format!("{from}..{} delimiter \"{shown}\"", from + 147),
            ],
        );
    }
    check(
        format!("sep=,\r\n{HEADER}\r\n,a,,,,,,,,,,,,,\r\n"),
        &["agentID=\"a\""],
        &["0..5 separator-line \",\""],
    );
    // The header knows better.
    check(
        format!("sep=;\r\n{HEADER}\r\n,a,,,,,,,,,,,,,\r\n"),
        &["agentID=\"a\""],
        &["0..5 separator-line \";\""],
    );
    // Behind a byte order mark and an empty line, and again at a seam.
    let page = with(";", &format!("sep=,\r\n{HEADER}\r\n,a,,,,,,,,,,,,,\r\n"));
    check(
        format!("\u{FEFF}\r\n{page}{page}"),
        &["agentID=\"a\"", "agentID=\"a\""],
        &[
            "0..3 byte-order-mark \"\"",
            "3..5 blank-row \"\"",
            "5..10 separator-line \";\"",
            "12..159 delimiter \";\"",
            "178..183 separator-line \";\"",
            "185..332 repeated-header \"\"",
        ],
    );
    refused(
        "sep=a\r\n1,2\r\n",
        "line 1, column 1 (byte 0): expected a header or 15 values, found 1 beginning with \"sep=a\"",
    );
}
