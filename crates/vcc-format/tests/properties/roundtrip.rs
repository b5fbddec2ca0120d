//! What is written can be read again, and says what was written.

use arbitrary::Unstructured;
use vcc_format::{Options, csv, xml};
use vcc_types::{Field, Recording};

use super::oracle::{self, Oracle};
use super::{is_about_content, read_all, read_back, write_xml};

/// Recordings made of the bytes of a fuzzer.
fn recordings(data: &[u8]) -> Vec<Recording> {
    let mut source = Unstructured::new(data);
    let mut recordings = Vec::new();
    while !source.is_empty() && recordings.len() < 20 {
        let Ok(mut recording) = source.arbitrary::<Recording>() else { break };
        for _ in 0..source.int_in_range(0..=3).unwrap_or(0) {
            let name = source.choose(&["site", "x.y", "é", "agentID"]).copied().unwrap_or("site");
            recording.push_extra(name, source.arbitrary::<&str>().unwrap_or_default());
        }
        recordings.push(recording);
    }
    recordings
}

/// decode ∘ encode is the identity on every recording that XML can carry.
pub(crate) fn roundtrip_xml(data: &[u8]) {
    let recordings = recordings(data);
    let (document, written) = write_xml(&recordings);
    let whole = read_all::<xml::Xml>(&document, Options::tolerant());
    assert_eq!(whole.error, None);
    assert_eq!(whole.records, written.iter().map(read_back).collect::<Vec<_>>());
    for deviation in &whole.deviations {
        assert!(is_about_content(deviation.kind), "{deviation}");
    }
    // What is left out is left out for a reason.
    for recording in recordings.iter().filter(|recording| !written.contains(recording)) {
        let known = |name: &str| {
            Field::from_wire_name(name).is_some_and(|field| recording.get(field).is_none())
        };
        assert!(has_forbidden(recording) || recording.extra().iter().any(|(name, _)| known(name)));
    }
    // Another parser reads the same.
    match oracle::quick_xml(&document) {
        Oracle::Records(records) => assert_eq!(records, written),
        other => panic!("quick-xml does not read what was written: {other:?}"),
    }
    assert!(oracle::is_well_formed(&document));
}

fn has_forbidden(recording: &Recording) -> bool {
    let fields = recording.fields().map(|(_, text)| text);
    let mut texts = fields.chain(recording.extra().iter().map(|(_, text)| text.as_str()));
    texts.any(|text| {
        text.chars().any(|c| {
            (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
        })
    })
}

/// decode ∘ encode is the identity on every recording that CSV can carry, which does not tell
/// absent from empty; and CSV says what XML says.
pub(crate) fn roundtrip_csv(data: &[u8]) {
    let mut recordings = recordings(data);
    // One header for all: the extra values go under the same names.
    let names = ["site", "site", "x.y"];
    for recording in &mut recordings {
        let values: Vec<String> = recording
            .extra()
            .iter()
            .map(|(_, text)| text.clone())
            .chain(vec![String::new(); 3])
            .collect();
        let mut whole = Recording::new();
        for field in Field::ALL {
            whole.set(field, recording.text(field));
        }
        for (name, value) in names.into_iter().zip(values) {
            whole.push_extra(name, value);
        }
        *recording = whole;
    }
    recordings.retain(|recording| !has_forbidden(recording));
    let mut writer = csv::Writer::with_extra(Vec::new(), names).unwrap();
    for recording in &recordings {
        writer.write(recording).unwrap();
    }
    let document = writer.finish().unwrap();
    let whole = read_all::<csv::Csv>(&document, Options::builder().expect_extra(true).build());
    assert_eq!(whole.error, None);
    let read: Vec<Recording> = recordings.iter().map(read_back).collect();
    assert_eq!(whole.records, read);
    for deviation in &whole.deviations {
        assert!(is_about_content(deviation.kind), "{deviation}");
    }
    assert_eq!(oracle::csv(&document), recordings);
    let (document, _) = write_xml(&recordings);
    assert_eq!(read_all::<xml::Xml>(&document, Options::tolerant()).records, read);
}
