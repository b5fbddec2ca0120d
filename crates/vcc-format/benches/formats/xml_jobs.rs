//! XML, in and out.

use std::hint::black_box;
use std::io::BufReader;

use vcc_format::{Options, xml};
use vcc_types::{Field, Recording};

use crate::data::{File, Recordings};
use crate::measure::{compare, count, destination};

macro_rules! raw_loop {
    ($quick:ident, $document:expr) => {{
        let mut reader = $quick::Reader::from_str($document);
        let mut events = 0;
        loop {
            match reader.read_event().unwrap() {
                $quick::events::Event::Eof => break,
                event => {
                    black_box(&event);
                    events += 1;
                }
            }
        }
        events
    }};
}

pub(crate) fn read_xml(document: &str) {
    let bytes = document.as_bytes();
    compare(
        "XML to borrowed records",
        bytes.len(),
        vec![
            ("vcc-format, tolerant", Box::new(move || count(xml::Reader::new(bytes)))),
            (
                "vcc-format, strict",
                Box::new(move || {
                    let reader = xml::Reader::with(bytes, Options::strict(), ());
                    count(reader)
                }),
            ),
            ("quick-xml 0.42, raw events", Box::new(move || raw_loop!(quick_xml, document))),
            ("quick-xml 0.38, raw events", Box::new(move || raw_loop!(quick_xml_038, document))),
            (
                "quick-xml 0.42, serde",
                Box::new(move || {
                    let list: Recordings = quick_xml::de::from_str(document).unwrap();
                    list.file.len()
                }),
            ),
        ],
        &[0.95, 3.9, 0.0, 8.0],
    );
    compare(
        "XML to owned records",
        bytes.len(),
        vec![
            (
                "vcc-format",
                Box::new(move || {
                    let reader = xml::Reader::new(bytes);
                    let list: Vec<Recording> = reader.map(|r| r.unwrap().to_recording()).collect();
                    list.len()
                }),
            ),
            (
                "quick-xml 0.42, serde",
                Box::new(move || {
                    let list: Recordings = quick_xml::de::from_str(document).unwrap();
                    list.file.len()
                }),
            ),
            ("quick-xml 0.42, by hand over events", Box::new(move || by_hand(document).len())),
        ],
        &[8.6],
    );
    compare(
        "XML from a BufRead",
        bytes.len(),
        vec![
            (
                "vcc-format",
                Box::new(move || {
                    let mut reader = xml::StreamReader::new(BufReader::new(bytes));
                    let mut sum = 0;
                    while let Some(record) = reader.read().unwrap() {
                        black_box(&record);
                        sum += 1;
                    }
                    sum
                }),
            ),
            (
                "quick-xml 0.42, raw events",
                Box::new(move || {
                    let mut reader = quick_xml::Reader::from_reader(BufReader::new(bytes));
                    let (mut buf, mut events) = (Vec::new(), 0);
                    while !matches!(
                        black_box(reader.read_event_into(&mut buf).unwrap()),
                        quick_xml::events::Event::Eof
                    ) {
                        events += 1;
                        buf.clear();
                    }
                    events
                }),
            ),
        ],
        &[4.0],
    );
}

/// What somebody writes who uses events and unescapes: into recordings.
fn by_hand(document: &str) -> Vec<Recording> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(document);
    let (mut list, mut record, mut field) = (Vec::new(), Recording::new(), None);
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                field = Field::from_wire_name(tag.name().as_ref());
                text.clear();
            }
            Event::Empty(tag) => {
                if let Some(field) = Field::from_wire_name(tag.name().as_ref()) {
                    record.set(field, "");
                }
            }
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(part) => match part.resolve_char_ref().unwrap() {
                Some(character) => text.push(character),
                None => {
                    text.push_str(quick_xml::escape::resolve_predefined_entity(&part).unwrap());
                }
            },
            Event::End(tag) => {
                if let Some(field) = field.take() {
                    record.set(field, &text);
                } else if tag.name().as_ref() == "file" {
                    list.push(std::mem::take(&mut record));
                }
            }
            Event::Eof => return list,
            _ => {}
        }
    }
}

pub(crate) fn write_xml(recordings: &[Recording], size: usize) {
    let files: Vec<File> = recordings.iter().map(File::from).collect();
    let files = &files[..];
    compare(
        "records to XML",
        size,
        vec![
            (
                "vcc-format, write",
                Box::new(destination(size, move |out| {
                    let mut writer = xml::Writer::new(out);
                    for recording in recordings {
                        writer.write(recording).unwrap();
                    }
                    writer.finish().unwrap().len()
                })),
            ),
            (
                "quick-xml 0.42, Writer",
                Box::new(destination(size, move |out| quick_writer(recordings, out))),
            ),
            (
                "quick-xml 0.42, serde",
                Box::new(destination(size, move |out| {
                    let mut text = String::new();
                    for file in files {
                        text.clear();
                        quick_xml::se::to_writer(&mut text, file).unwrap();
                        out.extend_from_slice(text.as_bytes());
                    }
                    out.len()
                })),
            ),
            (
                "vcc-format, write_values",
                Box::new(destination(size, move |out| {
                    let mut writer = xml::Writer::new(out);
                    for recording in recordings {
                        let values = Field::ALL.map(|field| recording.get(field));
                        writer.write_values(&values).unwrap();
                    }
                    writer.finish().unwrap().len()
                })),
            ),
        ],
        &[3.5, 2.5],
    );
}

fn quick_writer(recordings: &[Recording], out: &mut Vec<u8>) -> usize {
    use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
    let mut writer = quick_xml::Writer::new(out);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None))).unwrap();
    writer.write_event(Event::Start(BytesStart::new("recordings"))).unwrap();
    for recording in recordings {
        writer.write_event(Event::Start(BytesStart::new("file"))).unwrap();
        for (field, text) in recording.fields() {
            let name = field.wire_name();
            if text.is_empty() {
                writer.write_event(Event::Empty(BytesStart::new(name))).unwrap();
            } else {
                writer.write_event(Event::Start(BytesStart::new(name))).unwrap();
                writer.write_event(Event::Text(BytesText::new(text))).unwrap();
                writer.write_event(Event::End(BytesEnd::new(name))).unwrap();
            }
        }
        writer.write_event(Event::End(BytesEnd::new("file"))).unwrap();
    }
    writer.write_event(Event::End(BytesEnd::new("recordings"))).unwrap();
    writer.into_inner().len()
}
