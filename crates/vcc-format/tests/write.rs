//! The writers: whole documents, what they refuse, and the mistakes made on request.

mod properties;

use properties::{read_all, read_back};
use proptest::prelude::*;
use vcc_format::{DeviationKind, ErrorKind, Options, WriteError, csv, xml};
use vcc_types::{Field, Recording};

fn sample() -> Vec<Recording> {
    let mut first = Recording::new()
        .with(Field::StartDate, "2008-02-14T10:12:13-08:00")
        .with(Field::AgentId, "bill & ann")
        .with(Field::Channel, "#virtual_outbound#")
        .with(Field::Duration, "027")
        .with(Field::QueueName, "müller, \"€5\"")
        .with(Field::ExtVar1, "a < b ]]> c &copy=2 &nbsp; 'x'")
        .with(Field::OutDialCode, "")
        .with(Field::WrapUpCode, " cr\r lf\n tab\t ");
    first.push_extra("site", "Zürich");
    vec![first, Recording::new(), Recording::new().with(Field::WrapUpCode, "7")]
}

#[test]
fn a_document_in_xml() {
    let mut writer = xml::Writer::new(Vec::new());
    for recording in sample() {
        writer.write(&recording).unwrap();
    }
    insta::assert_snapshot!(String::from_utf8(writer.finish().unwrap()).unwrap());
}

#[test]
fn a_document_in_csv() {
    let mut writer = csv::Writer::with_extra(Vec::new(), ["site", "a,b"]).unwrap();
    for recording in sample() {
        writer.write(&recording).unwrap();
    }
    insta::assert_snapshot!(
        String::from_utf8(writer.finish().unwrap()).unwrap().replace('\r', "␍").replace('\t', "␉")
    );
}

#[test]
fn a_list_without_records() {
    let document = xml::Writer::new(Vec::new()).finish().unwrap();
    assert_eq!(
        document,
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<recordings>\n</recordings>\n"
    );
    let document = csv::Writer::new(Vec::new()).finish().unwrap();
    assert!(document.ends_with(b",outDialCode,wrapUpCode\r\n"));
    assert_eq!(document.iter().filter(|byte| **byte == b'\n').count(), 1);
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let mut named = Recording::new();
    named.push_extra("a b", "1");
    let mut field = Recording::new();
    field.push_extra("agentID", "1");
    let mut list = Recording::new();
    list.push_extra("file", "1");
    let rows: [(Recording, &str, &str); 5] = [
        (
            Recording::new().with(Field::AgentId, "é\u{0}"),
            "record 1, agentID: U+0000 at byte 2 of the value cannot be written: \
             XML 1.0 has no such character (OUT-6)",
            "record 1, agentID: U+0000 at byte 2 of the value cannot be written: \
             XML 1.0 has no such character (OUT-6)",
        ),
        (
            Recording::new().with(Field::WrapUpCode, "\u{ffff}"),
            "record 2, wrapUpCode: U+FFFF at byte 0 of the value cannot be written: \
             XML 1.0 has no such character (OUT-6)",
            "record 2, wrapUpCode: U+FFFF at byte 0 of the value cannot be written: \
             XML 1.0 has no such character (OUT-6)",
        ),
        (
            named,
            "record 3: the extra value \"a b\" cannot be written: \
             an XML element cannot have that name",
            "record 3: the extra value \"a b\" cannot be written: the header has no column for it",
        ),
        (
            field,
            "record 4: the extra value \"agentID\" cannot be written: it is the name of a field",
            "record 4: the extra value \"agentID\" cannot be written: \
             the header has no column for it",
        ),
        (
            list,
            "record 5: the extra value \"file\" cannot be written: the list itself uses that name",
            "record 5: the extra value \"file\" cannot be written: the header has no column for it",
        ),
    ];
    let (mut as_xml, mut as_csv) = (xml::Writer::new(Vec::new()), csv::Writer::new(Vec::new()));
    for (recording, in_xml, in_csv) in rows {
        assert_eq!(as_xml.write(&recording).unwrap_err().to_string(), in_xml);
        assert_eq!(as_csv.write(&recording).unwrap_err().to_string(), in_csv);
    }
    assert_eq!(as_xml.finish().unwrap(), xml::Writer::new(Vec::new()).finish().unwrap());
    assert_eq!(as_csv.finish().unwrap(), csv::Writer::new(Vec::new()).finish().unwrap());
    assert!(csv::Writer::with_extra(Vec::new(), [""]).is_err());
}

/// The three ways to write say the same.
#[test]
fn values_records_and_recordings() {
    let recording = Recording::new().with(Field::AgentId, "a&b").with(Field::WrapUpCode, "");
    let mut documents = Vec::new();
    for way in 0..3 {
        let mut as_xml = xml::Writer::new(Vec::new());
        let mut as_csv = csv::Writer::new(Vec::new());
        let input =
            b"<recordings><file><agentID>a&amp;b</agentID><wrapUpCode/></file></recordings>";
        let record = xml::Reader::new(input).next().unwrap().unwrap();
        match way {
            0 => {
                as_xml.write(&recording).unwrap();
                as_csv.write(&recording).unwrap();
            }
            1 => {
                as_xml.write_record(&record).unwrap();
                as_csv.write_record(&record).unwrap();
            }
            _ => {
                as_xml.write_values(&record.values()).unwrap();
                as_csv.write_values(&record.values()).unwrap();
            }
        }
        documents.push((as_xml.finish().unwrap(), as_csv.finish().unwrap()));
    }
    assert!(documents.windows(2).all(|pair| pair[0] == pair[1]));
}

/// A destination that takes a little and then fails.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_destination_that_fails() {
    let recording = Recording::new().with(Field::AgentId, &"x".repeat(1000));
    let mut writer = xml::Writer::new(Full(50_000));
    let error = (0..100).find_map(|_| writer.write(&recording).err()).unwrap();
    assert!(matches!(error, WriteError::Io(_)), "{error}");
    let mut writer = csv::Writer::new(Full(50_000));
    let error = (0..100).find_map(|_| writer.write(&recording).err()).unwrap();
    assert!(matches!(error, WriteError::Io(_)), "{error}");
}

#[test]
fn each_mistake_on_request() {
    let mut recordings = sample();
    for recording in &mut recordings {
        recording.set(Field::AgentId, "bill");
        recording.set(Field::ExtVar2, "a\u{1}b");
        let values = Field::ALL.map(|field| recording.get(field));
        // Extra values are deviations of their own.
        *recording = Recording::from_values(&values);
    }
    for kind in xml::QuirkWriter::<Vec<u8>>::KINDS {
        let mut expected = recordings.clone();
        if *kind != DeviationKind::ControlCharacter {
            expected.iter_mut().for_each(|recording| recording.set(Field::ExtVar2, "ab"));
        }
        let mut writer = xml::QuirkWriter::new(Vec::new(), [*kind]);
        for recording in &expected {
            writer.write(recording).unwrap();
        }
        let document = writer.finish().unwrap();
        let outcome = read_all::<xml::Xml>(&document, Options::tolerant());
        assert_eq!(outcome.error, None, "{kind}");
        assert_eq!(outcome.records, expected, "{kind}");
        assert!(!outcome.deviations.is_empty(), "{kind}");
        for deviation in outcome.deviations {
            assert_eq!(deviation.kind, *kind);
        }
        let strict = read_all::<xml::Xml>(&document, Options::strict());
        assert_eq!(strict.error.unwrap().0, ErrorKind::Deviation(*kind));
    }
    // Without any, the document is well-formed.
    let mut writer = xml::QuirkWriter::new(Vec::new(), []);
    assert!(writer.write(&recordings[0]).is_err());
    writer.write(&sample()[2]).unwrap();
    let outcome = read_all::<xml::Xml>(&writer.finish().unwrap(), Options::strict());
    assert_eq!((outcome.records, outcome.error), (sample()[2..].to_vec(), None));
    let mut writer = xml::QuirkWriter::new(Vec::new(), []);
    writer.write(&sample()[2]).unwrap();
    let outcome = read_all::<xml::Xml>(&writer.break_off().unwrap(), Options::tolerant());
    assert_eq!(outcome.error.unwrap().0, ErrorKind::Truncated);
}

#[test]
fn values_that_do_not_stand_joined_are_written_all_the_same() {
    let mut values = [Some(""); Field::COUNT];
    (values[1], values[2], values[14]) = (Some("a,b"), Some("c"), Some("d\"e"));
    let mut apart = csv::Writer::new(Vec::new());
    apart.write_values(&values).unwrap();
    let expected = apart.finish().unwrap();
    for joined in [
        "a,b,c,,,,,,,,,,,,d\"e",
        "a,b,c,,,,,,,,,,,,",
        "a,b,c",
        "a,b,c,,,,,,,,,,,,d\"e,",
        "a,b,c,,,,,,,,,,,,d\"ef",
        "\"",
        "",
    ] {
        let mut writer = csv::Writer::new(Vec::new());
        writer.write_joined("", joined, || values).unwrap();
        assert_eq!(writer.finish().unwrap(), expected, "{joined}");
    }
}

/// QUIRK-17: without quotes, a mark at the begin of a row would be taken for one between documents.
#[test]
fn a_byte_order_mark_at_the_begin_of_a_row_is_of_the_value() {
    for first in
        ["\u{FEFF}", "\u{FEFF}1", "\u{FEFF}\u{FEFF}a,b", "\u{FEFF}2008-02-14T10:12:13-08:00"]
    {
        let mut values = [Some(""); Field::COUNT];
        (values[0], values[1]) = (Some(first), Some("\u{FEFF}bill"));
        let mut apart = csv::Writer::new(Vec::new());
        let mut joined = csv::Writer::new(Vec::new());
        let mut owned = csv::Writer::new(Vec::new());
        for _ in 0..2 {
            apart.write_values(&values).unwrap();
            owned.write(&Recording::from_values(&values)).unwrap();
            joined.write_joined(first, "\u{FEFF}bill,,,,,,,,,,,,,", || values).unwrap();
        }
        let (apart, joined) = (apart.finish().unwrap(), joined.finish().unwrap());
        assert_eq!(String::from_utf8(apart.clone()), String::from_utf8(joined));
        assert_eq!(String::from_utf8(apart.clone()), String::from_utf8(owned.finish().unwrap()));
        let row = format!("\r\n\"{first}\",\u{FEFF}bill,,,,,,,,,,,,,\r\n");
        let document = String::from_utf8_lossy(&apart);
        assert!(document.contains(&row), "{document:?} {row:?}");
        let read = read_all::<csv::Csv>(&apart, Options::tolerant());
        assert_eq!(read.records.len(), 2);
        for record in read.records {
            // QUIRK-14: white space around a start, and a mark is some, is no part of it.
            let written = Recording::new().with(Field::StartDate, first);
            let start = read_back(&written);
            assert_eq!(record.text(Field::StartDate), start.text(Field::StartDate));
            assert_eq!(record.text(Field::AgentId), "\u{FEFF}bill");
        }
    }
}

type Write<'a> = &'a dyn Fn(&mut csv::Writer<Vec<u8>>) -> Result<(), WriteError>;

proptest! {
    /// Whether a row is copied whole, in parts or value by value: the same bytes, the same refusals.
    #[test]
    fn the_ways_to_write_a_row_agree(
        values in proptest::collection::vec(
            proptest::option::of(prop_oneof![
                3 => "[a-zé]{0,30}",
                1 => "[,\"\r\n]{0,3}",
                1 => "[a,\"\r\u{FEFF}\u{FF5E}]{0,90}",
                1 => "(a|\u{FFFF}|\u{1}){0,2}",
            ]),
            Field::COUNT,
        )
    ) {
        let values: [Option<&str>; Field::COUNT] = std::array::from_fn(|at| values[at].as_deref());
        let texts = values.map(Option::unwrap_or_default);
        let written = |write: Write<'_>| {
            let mut writer = csv::Writer::new(Vec::new());
            let error = write(&mut writer).err().map(|error| error.to_string());
            (String::from_utf8(writer.finish().unwrap()).unwrap(), error)
        };
        let apart = written(&|writer| writer.write_values(&values));
        let recording = Recording::from_values(&values);
        prop_assert_eq!(&written(&|writer| writer.write(&recording)), &apart);
        let others = texts[1..].join(",");
        let joined = |writer: &mut csv::Writer<_>| writer.write_joined(texts[0], &others, || values);
        prop_assert_eq!(&written(&joined), &apart);
    }
}
