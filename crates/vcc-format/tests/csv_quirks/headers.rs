//! QUIRK-15: headers in other spellings, and what is a header at all.

use super::{HEADER, check, properties::read_all, refused};
use vcc_format::{DeviationKind, ErrorKind, Options, csv};
use vcc_types::Field;

/// A record with a value of its own in every column.
const ROW: &str = "2008-02-14T10:12:13-08:00,v1,v2,v3,v4,5,v6,v7,v8,v9,v10,v11,v12,v13,v14\r\n";

/// Every value goes to its field, and each of these names is reported.
#[track_caller]
fn spelled(header: &str, spellings: usize) {
    let outcome =
        read_all::<csv::Csv>(format!("{header}\r\n{ROW}").as_bytes(), Options::tolerant());
    assert_eq!(outcome.error, None, "{header:?}");
    let values: Vec<_> = Field::ALL.iter().map(|field| outcome.records[0].text(*field)).collect();
    assert_eq!(values.join(","), ROW.trim_end(), "{header:?}");
    assert_eq!(outcome.records[0].extra(), []);
    let kind = DeviationKind::HeaderSpelling;
    let reported: Vec<_> = outcome.deviations.iter().filter(|seen| seen.kind == kind).collect();
    assert_eq!(reported.len(), spellings, "{header:?}");
    for deviation in reported {
        assert!(Field::from_wire_name(&deviation.read_as).is_some());
    }
    let strict = read_all::<csv::Csv>(header.as_bytes(), Options::strict());
    assert_eq!(strict.error.is_some(), spellings > 0, "{header:?}");
}

#[test]
fn other_spellings() {
    let each =
        |spell: &dyn Fn(&str) -> String| HEADER.split(',').map(spell).collect::<Vec<_>>().join(",");
    let words = |name: &str, between: &str| {
        let mut text = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() && !text.ends_with('I') {
                text.push_str(between);
            }
            text.push(letter);
        }
        text
    };
    spelled(HEADER, 0);
    spelled(&each(&|name| format!("\"{name}\"")), 0);
    spelled(&HEADER.to_lowercase(), 12);
    spelled(&HEADER.to_uppercase(), 15);
    for between in [" ", "_", "-", "\u{A0}"] {
        spelled(&each(&|name| words(name, between)), 12);
        spelled(&each(&|name| words(name, between).to_lowercase()), 12);
    }
    // A space after the comma, or anything of that sort around a name.
    spelled(&HEADER.replace(',', ", "), 14);
    for space in [" ", "\t", "\u{A0}", "\u{200B}", "\u{2003}"] {
        spelled(&each(&|name| format!("{space}{name}{space}")), 15);
        spelled(&each(&|name| format!("\"{space}{name}{space}\"")), 15);
        spelled(&each(&|name| format!("{space}\"{name}\"")), 15);
    }
    // The first one begins with what is taken for a byte order mark.
    spelled(&each(&|name| format!("\u{FEFF}{name}")), 14);
}

#[test]
fn what_is_reported_of_a_spelling() {
    let missing = "phoneNumber, channel, caseID, duration, filename, queueID, queueName, \
                   accountNumber, transactionID, extVar1, extVar2, outDialCode, wrapUpCode";
    check(
        "Start Date, agent_id,Site\r\n2008-02-14T10:12:13-08:00,bill,7\r\n",
        &["startDate=\"2008-02-14T10:12:13-08:00\" agentID=\"bill\" +Site=\"7\""],
        &[
            "0..10 header-spelling \"startDate\"",
            &format!("0..25 missing-column \"absent: {missing}\""),
            "11..20 header-spelling \"agentID\"",
            "21..25 unknown-field \"extra value Site\"",
        ],
    );
}

#[test]
fn two_columns_that_are_one() {
    refused(
        "startDate,agentID,agent_id\r\n",
        "line 1, column 19 (byte 18): expected one column for each field, \
         found \"agentID\" and \"agent_id\", which are both agentID",
    );
    refused(
        "DURATION,startDate,DURATION\r\n",
        "line 1, column 20 (byte 19): expected one column for each field, \
         found \"DURATION\" and \"DURATION\", which are both duration",
    );
    // In a header between two pages as well.
    refused(
        format!("{HEADER}\r\nstartDate,start_date\r\n"),
        "line 2, column 11 (byte 159): expected one column for each field, \
         found \"startDate\" and \"start_date\", which are both startDate",
    );
}

/// A header without `startDate` is one clear mistake, known before anything is stored, in every way
/// of reading.
#[test]
fn what_a_header_without_a_start_is_said_to_lack() {
    for (header, said) in [
        ("startDate,agentID", None),
        ("Start Date,agentID", None),
        ("agentID;start_date", None),
        ("start,agentID", Some("; the nearest name is \"start\"")),
        ("agentID, startDte ,time", Some("; the nearest name is \"startDte\"")),
        ("agentID,Call time,site", Some("; the nearest name is \"Call time\"")),
        ("agentID;begin;duration", Some("; the nearest name is \"begin\"")),
        ("agentID,duration,site", Some(", found agentID, duration, site")),
        (
            "agentID,phoneNumber,channel,caseID,duration",
            Some(", found agentID, phoneNumber, channel, caseID, d…"),
        ),
    ] {
        for rows in ["", "\r\n", "\r\na,b\r\n", "\r\na,b\r\nstartDate,agentID\r\nc,d\r\n"] {
            let document = format!("\r\n{header}{rows}");
            let said = said.map(|said| format!("expected a column startDate in the header{said}"));
            let mut reader = csv::Reader::new(document.as_bytes());
            assert_eq!(reader.lacks_start(), None, "not before it was read");
            let _ = reader.read().unwrap();
            assert_eq!(reader.lacks_start(), said.as_deref(), "{document:?}");
            let mut stream = csv::StreamReader::new(document.as_bytes());
            let _ = stream.read().unwrap();
            assert_eq!(stream.lacks_start(), said.as_deref());
            let mut decoder = csv::Decoder::new();
            decoder.feed(document.as_bytes());
            decoder.finish();
            let _ = decoder.read().unwrap();
            assert_eq!(decoder.lacks_start(), said.as_deref());
        }
    }
    // A document without a header lacks none.
    let mut reader = csv::Reader::new(b"2008-02-14T10:12:13-08:00,,,,,,,,,,,,,,\r\n");
    assert!(reader.read().unwrap().is_some() && reader.lacks_start().is_none());
}

/// The rule: a row with `startDate` in any spelling is a header; without it, a row is one that has
/// another name and no value that can be read as a start; fifteen values are a record.
#[test]
fn a_header_without_a_start_and_no_header() {
    let kinds = |document: &str| {
        let outcome = read_all::<csv::Csv>(document.as_bytes(), Options::tolerant());
        let kinds: Vec<_> = outcome.deviations.iter().map(|seen| seen.kind.name()).collect();
        (outcome.records.len(), outcome.error.map(|error| error.0), kinds.join(" "))
    };
    let rest = &HEADER["startDate,".len()..];
    let missing = "missing-column".to_owned();
    assert_eq!(kinds(&format!("{rest}\r\n")), (0, None, missing));
    // Even where something else stands in its place.
    let other = kinds(&format!("begin,{rest}\r\n,,,,,,,,,,,,,,\r\n"));
    assert_eq!(other, (1, None, "unknown-field missing-column reordered-columns".to_owned()));
    // A record whose values are names of fields.
    let record = "2008-02-14 10:12:13,agentID,channel,,,,filename,,,,,,,,\r\n";
    assert_eq!(kinds(record), (1, None, "no-header local-start".to_owned()));
    let (records, error, _) = kinds("2008-02-14 10:12:13,agentID\r\n");
    assert_eq!((records, error), (0, Some(ErrorKind::NotRecordings)));
    assert_eq!(kinds(&",".repeat(14)), (1, None, "no-header".to_owned()));
}

/// A column may have a long name, which is the same in every page; a value that is longer than any is
/// no name.
#[test]
fn names_of_many_bytes() {
    let long = format!("remarks {}{}", "é x ".repeat(1000), "\"\"".repeat(1000));
    let header = format!("startDate,agentID,\"{long}\"\r\n");
    let document =
        format!("{header},a,1\r\n{}\r\n,b,2\r\n", header.trim_end().to_ascii_uppercase());
    let outcome = read_all::<csv::Csv>(document.as_bytes(), Options::tolerant());
    assert_eq!((outcome.records.len(), outcome.error), (2, None));
    let kinds: Vec<_> = outcome.deviations.iter().map(|seen| seen.kind).collect();
    assert!(kinds.contains(&DeviationKind::RepeatedHeader), "{kinds:?}");
    let name = long.replace("\"\"", "\"");
    assert_eq!(outcome.records[1].extra(), [(name, "2".to_owned())]);
    let value = "x".repeat(3000);
    let document =
        format!("startDate,agentID\r\nstartDate,{value}\r\nagentID;startDate;{value}\r\n");
    let outcome = read_all::<csv::Csv>(document.as_bytes(), Options::tolerant());
    assert_eq!(outcome.records.len(), 2);
    assert_eq!(outcome.records[0].text(Field::AgentId), value);
}
