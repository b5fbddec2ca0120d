//! What holds for every input. The fuzz targets call these functions, and so does the replay of
//! the committed inputs: nothing is written twice.
#![allow(dead_code, unused_imports, reason = "each fuzz target uses one of them")]

mod oracle;
mod roundtrip;

use std::io::{BufReader, Cursor, Read};

use oracle::Oracle;
pub(crate) use roundtrip::{roundtrip_csv, roundtrip_xml};
use vcc_format::{
    Decoder, Deviation, DeviationKind, Error, ErrorKind, Format, Mode, Options, Reader, Sink,
    StreamReader, csv, xml,
};
use vcc_types::{Field, Recording, StartDate, parse_duration};

/// Everything that reading a document gives.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) records: Vec<Recording>,
    pub(crate) deviations: Vec<Deviation>,
    /// What the error says, and what was whole of the last record.
    pub(crate) error: Option<(ErrorKind, u64, String, Option<Recording>)>,
}

impl Outcome {
    fn new() -> Self {
        Self { records: Vec::new(), deviations: Vec::new(), error: None }
    }

    fn set_error(&mut self, error: &Error) {
        let partial = error.partial().cloned();
        self.error = Some((error.kind(), error.offset(), error.to_string(), partial));
    }
}

/// Reads all of a document that is in memory.
pub(crate) fn read_all<F: Format>(input: &[u8], options: Options) -> Outcome {
    let mut outcome = Outcome::new();
    let mut reader = Reader::<F, _>::with(input, options, Vec::new());
    loop {
        match reader.read() {
            Ok(Some(record)) => {
                let owned = record.to_recording();
                assert!(record == owned);
                outcome.records.push(owned);
            }
            Ok(None) => break,
            Err(error) => {
                outcome.set_error(&error);
                break;
            }
        }
    }
    assert!(reader.read().unwrap().is_none(), "a reader that is done stays done");
    outcome.deviations = reader.into_sink();
    outcome
}

/// Reads all of a document from a source.
fn stream_all<F: Format>(source: impl Read, capacity: usize, options: Options) -> Outcome {
    let mut outcome = Outcome::new();
    let source = BufReader::with_capacity(capacity, source);
    let mut reader = StreamReader::<_, F, _>::with(source, options, Vec::new());
    loop {
        match reader.read() {
            Ok(Some(record)) => outcome.records.push(record.to_recording()),
            Ok(None) => break,
            Err(error) => {
                outcome.set_error(&error);
                break;
            }
        }
    }
    outcome.deviations = reader.into_sink();
    outcome
}

/// Feeds a document in pieces of the given sizes, over and over.
fn push_all<F: Format>(input: &[u8], sizes: &[usize], options: Options) -> Outcome {
    let (mut outcome, deviations) = push_to::<F, _>(input, sizes, options, Vec::new());
    outcome.deviations = deviations;
    outcome
}

/// What is read is the same when nobody is told what is reported, which takes shorter roads.
fn check_silent<F: Format>(input: &[u8], sizes: &[usize], options: Options, whole: &Outcome) {
    let mut silent = Outcome::new();
    let mut reader = Reader::<F, ()>::with(input, options.clone(), ());
    loop {
        match reader.read() {
            Ok(Some(record)) => silent.records.push(record.to_recording()),
            Ok(None) => break,
            Err(error) => {
                silent.set_error(&error);
                break;
            }
        }
    }
    let pushed = push_to::<F, _>(input, sizes, options, ()).0;
    for silent in [silent, pushed] {
        assert_eq!((silent.records, silent.error), (whole.records.clone(), whole.error.clone()));
    }
}

fn push_to<F: Format, S: Sink>(
    mut input: &[u8],
    sizes: &[usize],
    options: Options,
    sink: S,
) -> (Outcome, S) {
    let mut outcome = Outcome::new();
    let mut decoder = Decoder::<F, _>::with(options, sink);
    let mut sizes = sizes.iter().cycle();
    'input: loop {
        let size = sizes.next().map_or(1, |size| (*size).max(1)).min(input.len());
        let (piece, rest) = input.split_at(size);
        decoder.feed(piece);
        input = rest;
        if input.is_empty() {
            decoder.finish();
        }
        loop {
            match decoder.read() {
                Ok(Some(record)) => outcome.records.push(record.to_recording()),
                Ok(None) => break,
                Err(error) => {
                    outcome.set_error(&error);
                    break 'input;
                }
            }
        }
        if input.is_empty() {
            break;
        }
    }
    (outcome, decoder.into_sink())
}

/// Where deviations are, and that they come in order.
fn check_places(input: &[u8], outcome: &Outcome) {
    let mut last = 0;
    for deviation in &outcome.deviations {
        let span = &deviation.span;
        assert!(last <= span.start && span.start <= span.end, "{deviation:?}");
        assert!(span.end <= input.len() as u64, "{deviation:?}");
        last = span.start;
        check_place(input, span.start, deviation.line, deviation.column);
    }
}

fn check_place(input: &[u8], offset: u64, line: u64, column: u64) {
    let before = &input[..usize::try_from(offset).unwrap()];
    let unit: Option<fn([u8; 2]) -> u16> = match input {
        [0xFF, 0xFE, 0, 0, ..] => None,
        [0xFF, 0xFE, ..] => Some(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => Some(u16::from_be_bytes),
        _ => None,
    };
    // Of an odd number of bytes, the last one is half of a unit.
    let units = before.chunks(2).map(|u| unit.map_or(0, |unit| unit([u[0], u[u.len() - 1]])));
    let units: Vec<u16> = units.collect();
    let text = String::from_utf16_lossy(&units).into_bytes();
    let before = if unit.is_some() { &text[..] } else { before };
    let lines = before.iter().filter(|byte| **byte == b'\n').count() as u64;
    assert_eq!(line, lines + 1);
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |lf| lf + 1);
    let characters = before[start..].iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u64;
    assert_eq!(column, characters + 1);
}

/// Writes recordings; those that cannot be written are left out, and so from what is given back.
fn write_xml(recordings: &[Recording]) -> (Vec<u8>, Vec<Recording>) {
    let mut writer = xml::Writer::new(Vec::new());
    let written = recordings.iter().filter(|recording| writer.write(recording).is_ok());
    let written = written.cloned().collect();
    (writer.finish().unwrap(), written)
}

/// The XML reader takes anything, says where, and what it read can be written and read again.
pub(crate) fn xml_decode(data: &[u8]) {
    let tolerant = read_all::<xml::Xml>(data, Options::tolerant());
    check_places(data, &tolerant);
    let strict = read_all::<xml::Xml>(data, Options::strict());
    assert!(strict.deviations.is_empty());
    let (document, written) = write_xml(&tolerant.records);
    let again = read_all::<xml::Xml>(&document, Options::tolerant());
    assert_eq!(again.error, None);
    assert_eq!(again.records, written);
    // encode ∘ decode is the canonical form.
    assert_eq!(write_xml(&again.records).0, document);
}

/// How the input is cut into pieces does not matter. The first byte says how.
pub(crate) fn xml_push(data: &[u8]) {
    push::<xml::Xml>(data);
}

fn push<F: Format>(data: &[u8]) {
    let Some((cut, input)) = data.split_first() else { return };
    let sizes = [1 + usize::from(cut & 0x0F), 1 + usize::from(cut >> 4) * 3];
    for options in [Options::tolerant(), Options::strict(), small()] {
        let whole = read_all::<F>(input, options.clone());
        assert_eq!(push_all::<F>(input, &sizes, options.clone()), whole);
        assert_eq!(push_all::<F>(input, &[1], options.clone()), whole);
        check_silent::<F>(input, &sizes, options.clone(), &whole);
        check_silent::<F>(input, &[1], options.clone(), &whole);
        assert_eq!(stream_all::<F>(Cursor::new(input), sizes[1], options), whole);
    }
}

/// As [`xml_push`], for JSON lines.
#[cfg(feature = "serde")]
pub(crate) fn jsonl_push(data: &[u8]) {
    push::<vcc_format::jsonl::JsonLines>(data);
    let Some((_, input)) = data.split_first() else { return };
    let options = Options::tolerant();
    check_places(input, &read_all::<vcc_format::jsonl::JsonLines>(input, options));
}

/// Text in UTF-16 with a byte order mark; what is no UTF-8 is half a character there.
pub(crate) fn utf_16(text: &[u8]) -> Vec<u8> {
    let units = text.utf8_chunks().flat_map(|chunk| {
        let half = (!chunk.invalid().is_empty()).then_some(0xD83D_u16);
        chunk.valid().encode_utf16().chain(half).collect::<Vec<_>>()
    });
    std::iter::once(0xFEFF).chain(units).flat_map(u16::to_le_bytes).collect()
}

/// Limits that inputs of a fuzzer reach.
fn small() -> Options {
    let mut limits = vcc_format::Limits::default();
    (limits.record_bytes, limits.fields, limits.extra, limits.depth) = (100, 6, 2, 5);
    Options::builder().limits(limits).build()
}

/// A recording as it is read back: without white space around a start or a duration that can be
/// read (QUIRK-14).
pub(crate) fn read_back(recording: &Recording) -> Recording {
    let mut read = recording.clone();
    for field in [Field::StartDate, Field::Duration] {
        let Some(text) = recording.get(field) else { continue };
        let is_space =
            |c: char| c.is_whitespace() || "\u{200B}\u{200C}\u{200D}\u{2060}\u{FEFF}".contains(c);
        let inner = text.trim_matches(is_space);
        let readable = match field {
            Field::StartDate => StartDate::parse(inner).is_ok(),
            _ => parse_duration(inner).is_ok(),
        };
        if inner.is_empty() || readable {
            read.set(field, inner);
        }
    }
    read
}

/// Kinds that say nothing about well-formedness.
fn is_about_content(kind: DeviationKind) -> bool {
    matches!(
        kind,
        DeviationKind::UnknownField
            | DeviationKind::RepeatedField
            | DeviationKind::UnreadableStart
            | DeviationKind::LocalStart
            | DeviationKind::UnreadableDuration
            | DeviationKind::SpaceAroundValue
            // Text like any other to a parser of XML, which quick-xml leaves out.
            | DeviationKind::StrayByteOrderMark
    )
}

fn is_limit(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TooDeep
            | ErrorKind::TooManyExtra
            | ErrorKind::TooManyFields
            | ErrorKind::RecordTooLong
    )
}

/// Strict mode refuses what quick-xml refuses, and reads every document that is well-formed and
/// a list of recordings as quick-xml does.
pub(crate) fn xml_vs_quick_xml(data: &[u8]) {
    let strict = read_all::<xml::Xml>(
        data,
        Options::builder().mode(Mode::Strict).expect_extra(true).build(),
    );
    if strict.error.as_ref().is_some_and(|error| is_limit(error.0)) {
        return;
    }
    let oracle = oracle::quick_xml(data);
    if let Oracle::Refused(reason) = &oracle {
        assert!(strict.error.is_some(), "quick-xml refuses it: {reason}");
        return;
    }
    match &strict.error {
        None => match oracle {
            Oracle::Records(records) => assert_eq!(strict.records, records),
            Oracle::Encoding => {}
            other => panic!("strict mode takes what is {other:?}"),
        },
        Some((_, offset, message, _)) => {
            let Oracle::Records(records) = oracle else { return };
            if !oracle::is_well_formed(data) || oracle::is_in_declaration(data, *offset) {
                return;
            }
            // Whatever is repaired in a well-formed document is about what values mean.
            let tolerant = read_all::<xml::Xml>(data, Options::tolerant());
            assert_eq!(tolerant.error, None, "well-formed, but: {message}");
            for deviation in &tolerant.deviations {
                assert!(is_about_content(deviation.kind), "well-formed, but: {deviation}");
            }
            assert_eq!(tolerant.records, records.iter().map(read_back).collect::<Vec<_>>());
        }
    }
}

/// What strict mode takes, tolerant mode takes too, the same and without a deviation; what strict
/// mode refuses by the name of a deviation, tolerant mode reports first of all.
pub(crate) fn tolerant_superset(data: &[u8]) {
    superset::<xml::Xml>(data);
    superset::<csv::Csv>(data);
}

fn superset<F: Format>(data: &[u8]) {
    let strict = read_all::<F>(data, Options::strict());
    let tolerant = read_all::<F>(data, Options::tolerant());
    match strict.error {
        None => {
            assert_eq!(tolerant.records, strict.records);
            assert_eq!(tolerant.deviations, []);
            assert_eq!(tolerant.error, None);
        }
        Some((ErrorKind::Deviation(kind), offset, ..)) => {
            let first = tolerant.deviations.first().map(|first| (first.kind, first.span.start));
            assert_eq!(first, Some((kind, offset)));
            assert!(tolerant.records.starts_with(&strict.records));
        }
        Some(_) => {
            assert_eq!(tolerant.error, strict.error);
            assert_eq!(tolerant.deviations, []);
        }
    }
}

/// The CSV reader takes anything, says where, does not care how the input is cut up, and agrees
/// with the `csv` crate on what it takes strictly.
pub(crate) fn csv_decode(data: &[u8]) {
    let tolerant = read_all::<csv::Csv>(data, Options::tolerant());
    check_places(data, &tolerant);
    push::<csv::Csv>(data);
    // What is read does not depend on whether somebody listens.
    let mut silent = csv::Reader::new(data);
    let records: Vec<Recording> =
        silent.by_ref().map_while(Result::ok).map(|r| r.to_recording()).collect();
    assert_eq!(records, tolerant.records);
    let strict = read_all::<csv::Csv>(
        data,
        Options::builder().mode(Mode::Strict).expect_extra(true).build(),
    );
    if strict.error.is_none() {
        assert_eq!(oracle::csv(data), strict.records);
    }
}
