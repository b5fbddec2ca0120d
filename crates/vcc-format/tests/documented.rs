//! The documentation's own sample, verbatim: it is not well-formed.

use vcc_format::{Deviation, DeviationKind, ErrorKind, Options, xml};
use vcc_types::{Field, Recording};

const SAMPLE: &[u8] = include_bytes!("data/documented.xml");

fn expected() -> Recording {
    Recording::new()
        .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
        .with(Field::AgentId, "bill")
        .with(Field::PhoneNumber, "bill")
        .with(Field::Channel, "5027780")
        .with(Field::CaseId, "0")
        .with(Field::Duration, "27")
        .with(Field::Filename, "S20071220/R2007122003163601000.wav")
        .with(Field::QueueId, "fernandez~~queue~~phone~~102")
        .with(Field::QueueName, "phoneq1")
        .with(Field::AccountNumber, "0")
        .with(Field::TransactionId, "1")
        .with(Field::ExtVar1, "0")
        .with(Field::ExtVar2, "0")
        .with(Field::OutDialCode, "")
        .with(Field::WrapUpCode, "")
}

#[test]
fn it_reads_to_the_right_record_with_exactly_two_deviations() {
    let mut deviations: Vec<Deviation> = Vec::new();
    let mut reader = xml::Reader::with(SAMPLE, Options::tolerant(), &mut deviations);
    let record = reader.read().unwrap().unwrap();
    assert_eq!(record, expected());
    assert_eq!(record.to_recording(), expected());
    assert!(reader.read().unwrap().is_none());
    let said: Vec<String> = deviations.iter().map(Deviation::to_string).collect();
    assert_eq!(
        said,
        [
            r#"line 12, column 19: empty-end-tag (QUIRK-1) read as "</queueName>""#,
            r#"line 20, column 1: percent-reference (QUIRK-2) read as "</recordings>""#,
        ]
    );
}

#[test]
fn it_reads_the_same_piece_by_piece() {
    for size in 1..=SAMPLE.len() {
        let mut decoder = xml::Decoder::with(Options::tolerant(), Vec::new());
        let mut records = Vec::new();
        for piece in SAMPLE.chunks(size) {
            decoder.feed(piece);
            while let Some(record) = decoder.read().unwrap() {
                records.push(record.to_recording());
            }
        }
        decoder.finish();
        assert!(decoder.read().unwrap().is_none());
        assert_eq!(records, [expected()]);
        assert_eq!(decoder.sink().len(), 2);
    }
}

#[test]
fn strict_mode_refuses_it_by_the_name_of_the_first() {
    let mut reader = xml::Reader::with(SAMPLE, Options::strict(), ());
    let error = reader.read().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deviation(DeviationKind::EmptyEndTag));
    assert_eq!((error.line(), error.column()), (12, 19));
    assert!(reader.read().unwrap().is_none());
}
