//! QUIRK-9, and what the other quirks are in CSV: what is read, what is reported, what is refused.

mod delimiters;
mod headers;
#[path = "../properties/mod.rs"]
mod properties;
mod seams;

use properties::read_all;
use vcc_format::{ErrorKind, Options, csv};
use vcc_types::{Field, Recording};

const HEADER: &str = "startDate,agentID,phoneNumber,channel,caseID,duration,filename,queueID,\
                      queueName,accountNumber,transactionID,extVar1,extVar2,outDialCode,wrapUpCode";

/// What is present and not empty, and the extra values.
fn short(recording: &Recording) -> String {
    let fields = recording.fields().filter(|(_, text)| !text.is_empty());
    let fields = fields.map(|(field, text)| format!("{field}={text:?}"));
    let extra = recording.extra().iter().map(|(name, text)| format!("+{name}={text:?}"));
    fields.chain(extra).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(document: impl AsRef<[u8]>, records: &[&str], deviations: &[&str]) {
    let document = document.as_ref();
    let tolerant = read_all::<csv::Csv>(document, Options::tolerant());
    assert_eq!(tolerant.error, None);
    assert_eq!(tolerant.records.iter().map(short).collect::<Vec<_>>(), records);
    let reported = tolerant
        .deviations
        .iter()
        .map(|d| format!("{}..{} {} {:?}", d.span.start, d.span.end, d.kind, d.read_as));
    assert_eq!(reported.collect::<Vec<_>>(), deviations);
    let strict = read_all::<csv::Csv>(document, Options::strict());
    match tolerant.deviations.first() {
        None => assert_eq!(strict, tolerant),
        Some(first) => {
            let (kind, offset, ..) = strict.error.expect("strict mode refuses it");
            assert_eq!((kind, offset), (ErrorKind::Deviation(first.kind), first.span.start));
        }
    }
}

#[track_caller]
fn refused(document: impl AsRef<[u8]>, expected: &str) {
    let tolerant = read_all::<csv::Csv>(document.as_ref(), Options::tolerant());
    assert_eq!(tolerant.error.expect("it is refused").2, expected);
    assert!(read_all::<csv::Csv>(document.as_ref(), Options::strict()).error.is_some());
}

#[test]
fn rfc_4180_is_no_deviation() {
    check(format!("{HEADER}\r\n"), &[], &[]);
    check(HEADER, &[], &[]);
    check(
        format!("{HEADER}\r\n,bill,,,,27,,,\"a, \"\"b\"\"\r\nc\",,,,,,\r\n,,,,,,,,,,1,,,,"),
        &[
            "agentID=\"bill\" duration=\"27\" queueName=\"a, \\\"b\\\"\\r\\nc\"",
            "transactionID=\"1\"",
        ],
        &[],
    );
    check(format!("{HEADER}\r\n,,,,,,,,,,,,,,\"\""), &[""], &[]);
    check(
        format!("\"startDate\",{}\r\n,a,,,,,,,,,,,,,\r\n", &HEADER[10..]),
        &["agentID=\"a\""],
        &[],
    );
    // As in XML, a value is carried as it is.
    check(
        format!("{HEADER}\r\n,=1+1,+49 30, a ,\t,,,,@x,-1,,,,é😀,'\r\n"),
        &["agentID=\"=1+1\" phoneNumber=\"+49 30\" channel=\" a \" caseID=\"\\t\" \
           queueName=\"@x\" accountNumber=\"-1\" outDialCode=\"é😀\" wrapUpCode=\"'\""],
        &[],
    );
}

#[test]
fn empty_and_absent() {
    let whole = read_all::<csv::Csv>(
        format!("{HEADER}\r\n,,,,,,,,,,,,,,\r\n").as_bytes(),
        Options::strict(),
    );
    assert_eq!(whole.records[0].get(Field::WrapUpCode), Some(""));
    let part = read_all::<csv::Csv>(b"agentID\r\n\"\"\r\n", Options::tolerant());
    assert_eq!(part.records[0].get(Field::AgentId), Some(""));
    assert_eq!(part.records[0].get(Field::WrapUpCode), None);
}

#[test]
fn headers() {
    let missing = "startDate, phoneNumber, channel, caseID, filename, queueID, queueName, \
                   accountNumber, transactionID, extVar1, extVar2, outDialCode, wrapUpCode";
    check(
        "duration,agentID\r\n27,bill\r\n",
        &["agentID=\"bill\" duration=\"27\""],
        &[
            &format!("0..16 missing-column \"absent: {missing}\""),
            "0..16 reordered-columns \"values by column name\"",
        ],
    );
    check(
        format!("site,{HEADER},agentID,\r\n1,,a,,,,,,,,,,,,,,b,c\r\n"),
        &["agentID=\"a\" +site=\"1\" +agentID=\"b\" +column18=\"c\""],
        &[
            "0..4 unknown-field \"extra value site\"",
            "0..161 reordered-columns \"values by column name\"",
            "153..160 repeated-field \"extra value agentID\"",
            "161..161 unknown-field \"extra value column18\"",
        ],
    );
    check(
        "2008-02-14T10:12:13-08:00,bill,,,,27,,,,,1,,,,\r\n",
        &["startDate=\"2008-02-14T10:12:13-08:00\" agentID=\"bill\" duration=\"27\" \
           transactionID=\"1\""],
        &["0..46 no-header \"the documented columns\""],
    );
    check(
        format!("{HEADER}\r\n,a,,,,,,,,,,,,,\r\n{HEADER}\r\n,b,,,,,,,,,,,,,\r\n"),
        &["agentID=\"a\"", "agentID=\"b\""],
        &["166..313 repeated-header \"\""],
    );
    check(b"", &[], &["0..0 no-header \"no records\""]);
    check(
        [b"\xEF\xBB\xBF", HEADER.as_bytes(), b"\r\n"].concat(),
        &[],
        &["0..3 byte-order-mark \"\""],
    );
    refused(
        "a,b\r\n1,2\r\n",
        "line 1, column 1 (byte 0): expected a header or 15 values, found 2 beginning with \"a\"",
    );
    // All of them, also where a row that is no header repeats itself.
    for (row, cells) in [("a,b,a,b", 4), ("a,b,a,b,", 5), ("a,ba,b", 3)] {
        let message = "line 1, column 1 (byte 0): expected a header or 15 values, found";
        for end in ["", "\r\n", "\r\n1,2\r\n"] {
            refused(format!("{row}{end}"), &format!("{message} {cells} beginning with \"a\""));
        }
    }
    refused(
        "<!DOCTYPE html>\n<html>",
        "line 1, column 1 (byte 0): expected a header or 15 values, \
         found 1 beginning with \"<!DOCTYPE html>\"",
    );
    for (first, second) in [("", "\0"), ("\0", "")] {
        let wide: String = HEADER.chars().map(|c| format!("{first}{c}{second}")).collect();
        refused(
            wide,
            "line 1, column 1 (byte 0): the document is in UTF-16, not in UTF-8 (QUIRK-13)",
        );
    }
    refused(
        b"\xFF\xFE\0\0s\0\0\0",
        "line 1, column 1 (byte 0): the document is in UTF-32, not in UTF-8 (QUIRK-13)",
    );
}

#[test]
fn line_ends() {
    check(
        format!("{HEADER}\n,a,,,,,,,,,,,,,\n,b,,,,,,,,,,,,,\r\n"),
        &["agentID=\"a\"", "agentID=\"b\""],
        &["147..148 line-feed \"\\r\\n\""],
    );
    check(
        format!("{HEADER}\r\n,a\rb,,,,,,,,,,,,,\r\n\r\n,c,,,,,,,,,,,,,\r\n\r\n"),
        &["agentID=\"a\\rb\"", "agentID=\"c\""],
        &[
            "151..152 bare-carriage-return \"\\r\"",
            "168..170 blank-row \"\"",
            "187..189 blank-row \"\"",
        ],
    );
    // CR LF that was written as text once more, and a CR whose LF is cut off.
    check(
        format!("{HEADER}\r\r\n,a,,,,,,,,,,,,,\r\r\n,b,,,,,,,,,,,,,\"c\"\r\r\n,d,,,,,,,,,,,,,\r"),
        &["agentID=\"a\"", "agentID=\"b\" wrapUpCode=\"c\"", "agentID=\"d\""],
        &[
            "147..148 bare-carriage-return \"\"",
            "165..166 bare-carriage-return \"\"",
            "186..187 bare-carriage-return \"\"",
            "204..205 bare-carriage-return \"\"",
        ],
    );
    // Rows that end in CR alone would be one long header.
    refused(
        format!("{HEADER}\r,a,,,,,,,,,,,,,\r"),
        "line 1, column 148 (byte 147): expected CR LF at the end of a row, found CR alone",
    );
}

#[test]
fn quotes_where_none_belong() {
    let row = |cells: &str| format!("{HEADER}\r\n,{cells},,,,,,,,,,,,,\r\n");
    check(
        row("a\"b\""),
        &["agentID=\"a\\\"b\\\"\""],
        &["151..152 bare-quote \"\\\"\"", "153..154 bare-quote \"\\\"\""],
    );
    // A later quote of the line ends the cell: those before it are text.
    check(
        row("\"say \"hi\" now\""),
        &["agentID=\"say \\\"hi\\\" now\""],
        &["155..156 bare-quote \"\\\"\"", "158..159 bare-quote \"\\\"\""],
    );
    // None does: the cell was not meant to be quoted.
    check(
        row("\"5\" disk"),
        &["agentID=\"\\\"5\\\" disk\""],
        &["150..151 bare-quote \"\\\"\"", "152..153 bare-quote \"\\\"\""],
    );
    check(
        row("\"a\nb\"c"),
        &["agentID=\"\\\"a\\nb\\\"c\""],
        &["150..151 bare-quote \"\\\"\"", "154..155 bare-quote \"\\\"\""],
    );
    check(row("\"a\"b\"\"c\""), &["agentID=\"a\\\"b\\\"c\""], &["152..153 bare-quote \"\\\"\""]);
    check(
        row(" \"a\""),
        &["agentID=\" \\\"a\\\"\""],
        &["151..152 bare-quote \"\\\"\"", "153..154 bare-quote \"\\\"\""],
    );
}

/// Where quotes can be read in more than one way, the number of columns decides.
#[test]
fn quotes_that_the_columns_explain() {
    let row = |agent: &str, queue: &str| format!(",{agent},,,,,,,{queue},,,,,,\r\n");
    check(
        format!("{HEADER}\r\n{}", row("\"5\" disk", "\"a, b\"")),
        &["agentID=\"\\\"5\\\" disk\" queueName=\"a, b\""],
        &["150..151 bare-quote \"\\\"\"", "152..153 bare-quote \"\\\"\""],
    );
    check(
        format!("{HEADER}\r\n{}", row("\"say \"hi\", she said\"", "\"a, b\"")),
        &["agentID=\"say \\\"hi\\\", she said\" queueName=\"a, b\""],
        &["155..156 bare-quote \"\\\"\"", "158..159 bare-quote \"\\\"\""],
    );
    // A quote that nothing closes does not take the next row with it, whatever stands there.
    for queue in ["", "\"a, b\"", "\"c\"\"d\""] {
        let value = match queue {
            "" => String::new(),
            "\"a, b\"" => " queueName=\"a, b\"".to_owned(),
            _ => " queueName=\"c\\\"d\"".to_owned(),
        };
        check(
            format!("{HEADER}\r\n{}{}", row("\"5 disk", queue), row("b", queue)),
            &[&format!("agentID=\"\\\"5 disk\"{value}"), &format!("agentID=\"b\"{value}")],
            &["150..151 bare-quote \"\\\"\""],
        );
    }
    check(
        format!("{HEADER}\r\n{}{}", row("\"5 disk", ""), row("\"6 disk", "")),
        &["agentID=\"\\\"5 disk\"", "agentID=\"\\\"6 disk\""],
        &["150..151 bare-quote \"\\\"\"", "173..174 bare-quote \"\\\"\""],
    );
    check(
        format!("{HEADER}\r\n,,,,,,,,,,,,,,\"\r\n{}", row("b", "")),
        &["wrapUpCode=\"\\\"\"", "agentID=\"b\""],
        &["163..164 bare-quote \"\\\"\""],
    );
    // It may be a value of several lines that broke off, if no comma says otherwise.
    refused(
        format!("{HEADER}\r\n,,,,,,,,,,,,,,\"a\r\nb"),
        "line 3, column 2 (byte 168): expected a whole row, \
         found the end of the input inside quotes; open: wrapUpCode (QUIRK-7)",
    );
    // Nothing of it depends on the size of the document: the limit counts as an end.
    let rows = row("b", "").repeat(40_000);
    let document = format!("{HEADER}\r\n{}{rows}", row("\"5 disk", ""));
    let outcome = read_all::<csv::Csv>(document.as_bytes(), Options::tolerant());
    assert_eq!((outcome.error, outcome.records.len()), (None, 40_001));
    assert_eq!(outcome.deviations.len(), 1);
}

#[test]
fn rows_too_short_or_too_long() {
    check(
        format!("{HEADER}\r\n,a,b\r\n,c,,,,,,,,,,,,,,x,y\r\n"),
        &["agentID=\"a\" phoneNumber=\"b\"", "agentID=\"c\" +column16=\"x\" +column17=\"y\""],
        &[
            "149..153 short-row \"absent: channel, caseID, duration, filename, queueID, queueName, \
             accountNumber, transactionID, extVar1, extVar2, outDialCode, wrapUpCode\"",
            "171..174 long-row \"2 extra values\"",
        ],
    );
    // A last row that is short and not ended is read: who wants to know whether it is whole is told.
    check(
        format!("{HEADER}\r\n,a,,,,,,,,,,,,,\r\n,b,55"),
        &["agentID=\"a\"", "agentID=\"b\" phoneNumber=\"55\""],
        &[
            "166..171 short-row \"absent: channel, caseID, duration, filename, queueID, queueName, \
             accountNumber, transactionID, extVar1, extVar2, outDialCode, wrapUpCode\"",
            "171..171 unended-row \"\\r\\n\"",
        ],
    );
    // QUIRK-7
    refused(
        format!("{HEADER}\r\n,\"a,\r\nb"),
        "line 3, column 2 (byte 156): expected a whole row, \
         found the end of the input inside quotes; open: agentID (QUIRK-7)",
    );
}

#[test]
fn values() {
    // QUIRK-8
    check(
        [
            HEADER.as_bytes(),
            b"\r\n,caf\xE9 \xC3\xA9,\xC3\xA9,,,,,,,,,,,\x80\"\"\x80,\"\x80\"\"\"\r\n",
        ]
        .concat(),
        &["agentID=\"café Ã©\" phoneNumber=\"é\" outDialCode=\"€\\\"\\\"€\" wrapUpCode=\"€\\\"\""],
        &[
            "150..157 invalid-encoding \"café Ã©\"",
            "171..175 invalid-encoding \"€\\\"\\\"€\"",
            "172..173 bare-quote \"\\\"\"",
            "173..174 bare-quote \"\\\"\"",
            "177..180 invalid-encoding \"€\\\"\"",
        ],
    );
    // QUIRK-13
    check(
        [HEADER.as_bytes(), b"\r\n,a\x01\xEF\xBF\xBF,,,,,,,,,,,,,\r\n"].concat(),
        &["agentID=\"a\\u{1}\\u{ffff}\""],
        &["151..152 control-character \"\\u{1}\"", "152..155 control-character \"\\u{ffff}\""],
    );
    // QUIRK-14
    check(
        format!(
            "{HEADER}\r\nsoon,,,,,\"a \"\"while\"\"\",,,,,,,,,\r\n2008-02-14 10:12:13,,,,,,,,,,,,,,\r\n"
        ),
        &["startDate=\"soon\" duration=\"a \\\"while\\\"\"", "startDate=\"2008-02-14 10:12:13\""],
        &[
            "149..153 unreadable-start \"soon\"",
            "159..170 unreadable-duration \"a \\\"while\\\"\"",
            "182..201 local-start \"2008-02-14 10:12:13\"",
        ],
    );
    // White space around a start or a duration, and only there.
    check(
        format!(
            "{HEADER}\r\n 2008-02-14T10:12:13-08:00 , a ,,,,\"\r\n  27\r\n\",,,,,,,,,\r\n\u{A0}2008-02-14 10:12:13,\
             ,,,, ,,,,,,,,,\r\n soon,,,,, 1 2,,,,,,,,,\r\n"
        ),
        &[
            "startDate=\"2008-02-14T10:12:13-08:00\" agentID=\" a \" duration=\"27\"",
            "startDate=\"2008-02-14 10:12:13\"",
            "startDate=\" soon\" duration=\" 1 2\"",
        ],
        &[
            "149..176 space-around-value \"2008-02-14T10:12:13-08:00\"",
            "185..193 space-around-value \"27\"",
            "205..226 local-start \"2008-02-14 10:12:13\"",
            "231..232 space-around-value \"\"",
            "243..248 unreadable-start \" soon\"",
            "253..257 unreadable-duration \" 1 2\"",
        ],
    );
}

/// QUIRK-9: RFC 4180 outranks the number of columns.
#[test]
fn what_is_well_quoted_stays_whole() {
    // Before a delimiter too many.
    check(
        format!("{HEADER}\r\n,a,,,,,,,,,,,,,\"l1\r\nl2\",\r\n"),
        &["agentID=\"a\" wrapUpCode=\"l1\\r\\nl2\" +column16=\"\""],
        &["173..173 long-row \"1 extra values\""],
    );
    // In a row that is short.
    check(
        format!("{HEADER}\r\n,\"l1\r\nl2\",b\r\n,c,,,,,,,,,,,,,\r\n"),
        &["agentID=\"l1\\r\\nl2\" phoneNumber=\"b\"", "agentID=\"c\""],
        &["149..160 short-row \"absent: channel, caseID, duration, filename, queueID, queueName, \
             accountNumber, transactionID, extVar1, extVar2, outDialCode, wrapUpCode\""],
    );
    // Where a line on its own has the right number.
    let missing = "startDate, agentID, phoneNumber, channel, caseID, filename, queueID, \
                   accountNumber, transactionID, extVar1, extVar2, outDialCode, wrapUpCode";
    check(
        "queueName,duration\r\n\"a,b\r\nc,\"\"d\"\",e\r\n\"\r\n\"x\r\n,y\",1,2\r\n",
        &[
            "queueName=\"a,b\\r\\nc,\\\"d\\\",e\\r\\n\"",
            "duration=\"1\" queueName=\"x\\r\\n,y\" +column3=\"2\"",
        ],
        &[
            &format!("0..18 missing-column \"absent: {missing}\""),
            "0..18 reordered-columns \"values by column name\"",
            "20..37 short-row \"absent: duration\"",
            "50..51 long-row \"1 extra values\"",
        ],
    );
}

/// What stands behind the last row, or in place of a row.
#[test]
fn padding() {
    for row in [",a,,,,,,,,,,,,,x", ",a,,,,,,,,,,,,,\"x\"", ",a,,,,,,,,,,,,,\"x\"\r\n"] {
        for padding in ["\u{1A}", "\0\0\0", "\u{1A}\0"] {
            let whole = 149 + row.len();
            check(
                format!("{HEADER}\r\n{row}{padding}"),
                &["agentID=\"a\" wrapUpCode=\"x\""],
                &[&format!("{whole}..{} padding \"\"", whole + padding.len())],
            );
        }
    }
    check(
        format!("{HEADER}\r\n\0\0\r\n,a,,,,,,,,,,,,,\r\n\u{1A}\r\n"),
        &["agentID=\"a\""],
        &[
            "149..151 padding \"\"",
            "151..153 blank-row \"\"",
            "170..171 padding \"\"",
            "171..173 blank-row \"\"",
        ],
    );
    // Before a value it is part of it (QUIRK-13).
    check(
        format!("{HEADER}\r\n\0,a,,,,,,,,,,,,,\r\n"),
        &["startDate=\"\\0\" agentID=\"a\""],
        &["149..150 control-character \"\\0\"", "149..150 unreadable-start \"\\0\""],
    );
    // However much of it.
    let document = format!("{HEADER}\r\n,a,,,,,,,,,,,,,\r\n{}", "\0".repeat(2 << 20));
    let outcome = read_all::<csv::Csv>(document.as_bytes(), Options::tolerant());
    assert_eq!((outcome.error, outcome.records.len()), (None, 1));
}
