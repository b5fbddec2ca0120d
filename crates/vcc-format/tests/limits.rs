//! Inputs that break off, and inputs that would take all memory.

mod properties;

use std::io::{BufReader, Read};

use properties::read_all;
use vcc_format::{Error, ErrorKind, Limits, Options, csv, xml};
use vcc_types::{Field, Recording};

/// Every place at which a document can break off: the whole records, then an error that says
/// where, what was open, and what was whole of the last record (QUIRK-7).
#[test]
fn a_document_that_breaks_off_anywhere() {
    let document =
        b"<recordings>\n<file>\n<agentID>bill</agentID>\n<wrapUpCode />\n</file>\n<file>\n\
        <agentID>ann</agentID>\n<queueName>Sales &amp; Service</queueName>\n</file>\n</recordings>";
    let whole = read_all::<xml::Xml>(document, Options::strict());
    assert_eq!((whole.records.len(), &whole.error), (2, &None));
    for end in 0..document.len() {
        let outcome = read_all::<xml::Xml>(&document[..end], Options::tolerant());
        let count = document[..end].windows(7).filter(|window| *window == b"</file>").count();
        assert_eq!(outcome.records, whole.records[..count], "{end}");
        let (kind, offset, message, partial) = outcome.error.unwrap();
        assert!(end == 0 || kind == ErrorKind::Truncated, "{end}: {message}");
        assert_eq!(offset, end as u64);
        if let Some(partial) = partial {
            for (field, text) in partial.fields() {
                assert_eq!(whole.records[count].get(field), Some(text), "{end}");
            }
        }
    }
    let outcome = read_all::<xml::Xml>(&document[..110], Options::tolerant());
    insta::assert_debug_snapshot!(outcome);
}

/// Whether a document was whole is said the same in every way of reading; a page that is not is
/// not read at all.
#[test]
fn whole_or_not_at_all() {
    fn whole<F: vcc_format::Format>(input: &[u8]) -> bool {
        let mut reader = vcc_format::Reader::<F>::new(input);
        assert!(!reader.is_whole(), "not before it was read");
        while let Ok(Some(_)) = reader.read() {}
        let mut stream = vcc_format::StreamReader::<_, F>::new(BufReader::with_capacity(1, input));
        while let Ok(Some(_)) = stream.read() {}
        let mut decoder = vcc_format::Decoder::<F>::new();
        for piece in input.chunks(3) {
            decoder.feed(piece);
            while let Ok(Some(_)) = decoder.read() {}
        }
        decoder.finish();
        while let Ok(Some(_)) = decoder.read() {}
        let whole = reader.is_whole();
        assert_eq!((stream.is_whole(), decoder.is_whole()), (whole, whole));
        let page = vcc_format::read_page::<F>(input, Options::tolerant());
        assert_eq!(page.is_ok(), whole, "{page:?}");
        whole
    }
    let document = b"<recordings>\n<file><caseID>1</caseID></file></recordings>";
    assert!(whole::<xml::Xml>(document));
    for end in 0..document.len() {
        assert!(!whole::<xml::Xml>(&document[..end]), "{end}");
    }
    assert!(whole::<xml::Xml>(b"<recordings/>\n<!-- -->"));
    let rows = b"startDate,caseID\r\n,1\r\n";
    assert!(whole::<csv::Csv>(rows));
    assert!(!whole::<csv::Csv>(&rows[..rows.len() - 2]));
    let error = vcc_format::read_page::<csv::Csv>(b"startDate,caseID\r\n,1", Options::tolerant());
    assert_eq!(
        error.unwrap_err().to_string(),
        "line 2, column 3 (byte 20): expected a line end after the last row, which may be cut \
         (QUIRK-7)"
    );
    #[cfg(feature = "serde")]
    {
        use vcc_format::jsonl::JsonLines;
        assert!(whole::<JsonLines>(b"{}\n[{}]"));
        assert!(!whole::<JsonLines>(b"[{}"));
        assert!(!whole::<JsonLines>(b"{}\n{\"a\":"));
    }
}

/// A source that never ends.
struct Endless {
    head: &'static [u8],
    again: &'static [u8],
    at: usize,
    read: usize,
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        for byte in buf.iter_mut() {
            *byte = match self.head.get(self.at) {
                Some(byte) => *byte,
                None => self.again[(self.at - self.head.len()) % self.again.len()],
            };
            self.at += 1;
        }
        self.read += buf.len();
        assert!(self.read < 8 << 20, "it reads on and on");
        Ok(buf.len())
    }
}

fn endless(head: &'static [u8], again: &'static [u8]) -> BufReader<Endless> {
    BufReader::new(Endless { head, again, at: 0, read: 0 })
}

#[track_caller]
fn stops(head: &'static [u8], again: &'static [u8], expected: &str) {
    let mut reader = xml::StreamReader::new(endless(head, again));
    let error: Error = loop {
        match reader.read() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ends"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.to_string(), expected);
    assert!(reader.read().unwrap().is_none());
}

#[test]
fn what_never_ends_is_stopped() {
    stops(
        b"<recordings><file><agentID>",
        b"x",
        "line 1, column 13 (byte 12): a record is longer than the limit of 524288 bytes; \
         open: recordings > file > agentID",
    );
    stops(
        b"<recordings><file>",
        b"<!-- x -->",
        "line 1, column 13 (byte 12): a record is longer than the limit of 524288 bytes; \
         open: recordings > file",
    );
    stops(
        b"<recordings><!--",
        b"x",
        "line 1, column 13 (byte 12): a piece of markup or text is longer than the limit of \
         524288 bytes; open: recordings",
    );
    stops(
        b"<recordings><?p ",
        b"x",
        "line 1, column 13 (byte 12): a piece of markup or text is longer than the limit of \
         524288 bytes; open: recordings",
    );
    stops(
        b"<recordings>",
        b"x",
        "line 1, column 13 (byte 12): a piece of markup or text is longer than the limit of \
         524288 bytes; open: recordings",
    );
    stops(
        b"<!DOCTYPE recordings [",
        b"<!ENTITY a '&a;&a;'>",
        "line 1, column 1 (byte 0): a piece of markup or text is longer than the limit of \
         524288 bytes",
    );
    stops(
        b"<recordings ",
        b"a",
        "line 1, column 1 (byte 0): a piece of markup or text is longer than the limit of \
         524288 bytes",
    );
    stops(
        b"<recordings>",
        b"<a>",
        "line 1, column 202 (byte 201): more than 64 elements are open; \
         open: recordings > a > a > … > a > a",
    );
    stops(
        b"<recordings><file><site>",
        b"<a>",
        "line 1, column 208 (byte 207): more than 64 elements are open; \
         open: recordings > file > site",
    );
    stops(
        b"<recordings><file>",
        b"<a/>",
        "line 1, column 1044 (byte 1043): the record has more than 256 extra values; \
         open: recordings > file",
    );
}

/// In a known field there are no elements, and so none that are open: `<br>` a hundred times is
/// text.
#[test]
fn what_looks_like_elements_in_a_field_is_not_deep() {
    let text = "<br>".repeat(100);
    let document = format!("<recordings><file><agentID>{text}</agentID></file></recordings>");
    let outcome = read_all::<xml::Xml>(document.as_bytes(), Options::tolerant());
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.records[0].get(Field::AgentId), Some(&*text));
    assert_eq!(outcome.deviations.len(), 100);
}

#[test]
fn white_space_comments_and_records_may_go_on() {
    // Far more than the limit of a record; nothing of it is kept.
    for again in [&b" "[..], b"<!-- x -->\n", b"<file><agentID>a</agentID></file>\n"] {
        let source = endless(b"<recordings>", again).take(2 << 20);
        let mut reader = xml::StreamReader::new(source);
        let error = loop {
            match reader.read() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it is whole"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Truncated);
    }
}

#[test]
fn limits_are_inclusive() {
    let record = "<file><agentID>bill</agentID><site>1</site><site>2</site></file>";
    let document = format!("<recordings>{record}</recordings>");
    let mut exact = Limits::default();
    (exact.record_bytes, exact.fields, exact.extra, exact.depth) = (record.len() as u32, 3, 2, 3);
    let read = |change: fn(&mut Limits)| {
        let mut limits = exact;
        change(&mut limits);
        let options = Options::builder().limits(limits).build();
        let outcome = read_all::<xml::Xml>(document.as_bytes(), options);
        outcome.error.map(|error| error.0)
    };
    assert_eq!(read(|_| ()), None);
    assert_eq!(read(|limits| limits.record_bytes -= 1), Some(ErrorKind::RecordTooLong));
    assert_eq!(read(|limits| limits.fields -= 1), Some(ErrorKind::TooManyFields));
    assert_eq!(read(|limits| limits.extra -= 1), Some(ErrorKind::TooManyExtra));
    assert_eq!(read(|limits| limits.depth -= 1), Some(ErrorKind::TooDeep));
}

#[test]
fn limits_of_csv() {
    let row = "bill,1,2\r\n";
    let document = format!("agentID,a,b\r\n{row}");
    let read = |document: &str, change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        (limits.record_bytes, limits.fields, limits.extra) = (13, 3, 2);
        change(&mut limits);
        let options = Options::builder().limits(limits).build();
        let outcome = read_all::<csv::Csv>(document.as_bytes(), options);
        outcome.error.map(|error| error.0)
    };
    assert_eq!(read(&document, |_| ()), None);
    let too_long = Some(ErrorKind::RecordTooLong);
    assert_eq!(read(&document, |limits| limits.record_bytes -= 1), too_long);
    assert_eq!(read(&document, |limits| limits.fields -= 1), Some(ErrorKind::TooManyFields));
    assert_eq!(read(&document, |limits| limits.extra -= 1), Some(ErrorKind::TooManyExtra));
    let wide = format!("{document}a,b,c,d");
    assert_eq!(read(&wide, |_| ()), Some(ErrorKind::TooManyFields));
    assert_eq!(read(&wide, |limits| limits.fields += 1), Some(ErrorKind::TooManyExtra));
    // As soon as there are too many, not at the end of the row.
    let mut reader = csv::StreamReader::new(endless(b"agentID\na", b","));
    assert_eq!(
        reader.read().unwrap_err().to_string(),
        "line 2, column 1 (byte 8): the record has more than 1024 values"
    );
    let mut reader = csv::StreamReader::new(endless(b"agentID", b","));
    assert_eq!(
        reader.read().unwrap_err().to_string(),
        "line 1, column 1 (byte 0): the header has more than 1024 columns"
    );
    let mut reader = csv::StreamReader::new(endless(b"agentID\n\"", b"x"));
    assert_eq!(
        reader.read().unwrap_err().to_string(),
        "line 2, column 1 (byte 8): a row is longer than the limit of 524288 bytes; open: agentID"
    );
}

/// Feeds `head` and then `again` over and over, a few bytes at a time, up to the limit of a record.
fn drip<F: vcc_format::Format>(head: &str, again: &str) -> String {
    let text = head.to_owned() + &again.repeat((600 << 10) / again.len());
    let mut decoder = vcc_format::Decoder::<F, _>::with(Options::tolerant(), ());
    for piece in text.as_bytes().chunks(7) {
        decoder.feed(piece);
        if let Err(error) = decoder.read() {
            return error.to_string();
        }
    }
    panic!("it is not stopped");
}

/// Small pieces of what is long: without care, looking at it again with each of them takes minutes.
#[test]
fn long_markup_in_small_pieces() {
    for (head, again) in [
        ("<recordings><file ", "a='1' "),
        ("<recordings>%lt;file ", "a='1' "),
        ("<recordings><file><agentID><b ", "c='1' "),
        ("<recordings><file><agentID", "a"),
        ("<!DOCTYPE recordings [", "<!--x-->"),
    ] {
        let said = drip::<xml::Xml>(head, again);
        assert!(said.contains("is longer than the limit"), "{said}");
    }
    let said = drip::<csv::Csv>("agentID\n\"", "x\"y");
    assert!(said.contains("is longer than the limit"), "{said}");
}

/// A source that fails after a while, and is interrupted now and then.
struct Failing<'a>(&'a [u8], usize);

impl Read for Failing<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.1 += 1;
        if self.1 % 2 == 1 {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        if self.0.is_empty() {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        self.0.read(&mut buf[..10])
    }
}

#[test]
fn a_source_that_fails() {
    let input = b"<recordings><file><agentID>a</agentID></file><file><agentID>b";
    let mut reader = xml::StreamReader::new(BufReader::new(Failing(input, 0)));
    assert_eq!(reader.read().unwrap().unwrap().get(Field::AgentId), Some("a"));
    let error = reader.read().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Io, input.len() as u64));
    assert!(std::error::Error::source(&error).is_some());
    assert!(reader.read().unwrap().is_none());
    let reader = xml::StreamReader::new(&input[..]);
    let records: Vec<Result<Recording, Error>> = reader.recordings().collect();
    assert!(records[0].is_ok() && records[1].is_err() && records.len() == 2);
}

/// Of one record no more are reported, and all are repaired; the next record has as many again.
#[test]
fn deviations_of_one_record_are_bounded() {
    fn check<F: vcc_format::Format>(document: &str, value: &str) {
        for (most, seen) in [(0, 0), (3, 6), (100, 40)] {
            let mut limits = Limits::default();
            limits.deviations = most;
            let options = Options::builder().limits(limits).build();
            let mut deviations: Vec<vcc_format::Deviation> = Vec::new();
            let mut reader =
                vcc_format::Reader::<F, _>::with(document.as_bytes(), options, &mut deviations);
            for _ in 0..2 {
                let record = reader.read().unwrap().unwrap();
                assert_eq!(record.get(vcc_types::Field::AgentId), Some(value), "{document}");
            }
            let of_records = deviations.iter().filter(|deviation| deviation.record.is_some());
            assert_eq!(of_records.count(), seen, "{document}");
        }
    }
    let references = format!("<file><agentID>{}</agentID></file>", "&a;".repeat(20));
    check::<vcc_format::xml::Xml>(
        &format!("<recordings>{references}{references}</recordings>"),
        &"&a;".repeat(20),
    );
    let row = format!("x{}\r\n", "\"".repeat(20));
    let value = format!("x{}", "\"".repeat(20));
    check::<vcc_format::csv::Csv>(&format!("agentID\r\n{row}{row}"), &value);
}
