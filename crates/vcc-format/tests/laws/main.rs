//! The properties of the fuzz targets, on inputs made of the pieces that matter.

#[cfg(feature = "serde")]
mod json;
mod lengths;
mod pages;
#[path = "../properties/mod.rs"]
mod properties;

use proptest::prelude::*;
use vcc_format::{csv, xml};
use vcc_types::{Field, Recording};

const PIECES: [&str; 82] = [
    "<recordings>",
    "</recordings>",
    "<recordings/>",
    "<file>",
    "</file>",
    "<file/>",
    "<file a='1'>",
    "<agentID>",
    "</agentID>",
    "<agentID/>",
    "<duration>",
    "</duration>",
    "<startDate>",
    "</startDate>",
    "<site>",
    "</site>",
    "<b>",
    "</b>",
    "</>",
    "</x>",
    "%lt;",
    "%gt;",
    "&amp;",
    "&",
    "&nbsp;",
    "&#65;",
    "&#1;",
    "<",
    ">",
    "\"",
    "'",
    " ",
    "\n",
    "\r\n",
    "\r",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "--",
    "<?pi",
    "?>",
    "<?xml version='1.0'?>",
    "<!DOCTYPE recordings [",
    "]>",
    "text",
    "5",
    "2008-02-14T10:12:13-08:00",
    "2008-02-14 10:12:13",
    "é",
    "\u{1}",
    "\u{FFFE}",
    ",",
    ",,,,,,,,,,,,,,",
    "agentID",
    "duration",
    "\"\"",
    "\",",
    "startDate,agentID",
    "%amp;lt;",
    "<file id=1>",
    "<file a='",
    "<caseID x=\u{201C}1 2\u{201D}>",
    "<b x>",
    " x='1' x='2'",
    "<agentID/",
    "</b x>",
    "<i>",
    "</i>",
    "&#xD83D;",
    "&#xDE00;",
    "\u{FEFF}",
    "\u{C}",
    "\u{1A}\0",
    "\u{A0}",
    "<?xml version='1.0' encoding='utf-16'?>",
    "<?xml version='1.0' encoding='latin1'?>",
    "<?xml ",
    "<!DOCTYPE recordings>",
    "</recordings><recordings>",
    " 27 ",
    "<other>",
];

/// A document of pieces, some of them inside a record so that more than the start is reached.
fn document() -> impl Strategy<Value = Vec<u8>> {
    let pieces = proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40);
    (pieces, any::<bool>(), any::<bool>()).prop_map(|(pieces, inside, latin)| {
        let mut document = pieces.concat().into_bytes();
        if latin {
            document.iter_mut().filter(|byte| **byte == 0xC3).for_each(|byte| *byte = b'x');
        }
        match inside {
            true => [b"<recordings><file>", &document[..], b"</file></recordings>"].concat(),
            false => document,
        }
    })
}

/// Whole documents, as they are joined.
fn whole() -> impl Strategy<Value = Vec<u8>> {
    let before = proptest::sample::select(vec![
        "",
        "\u{FEFF}",
        "\n",
        "\n\u{FEFF}<?xml version='1.0'?>",
        "<?xml version='1.0' encoding='utf-16'?>\n",
        "<?xml version='1.0' encoding='ISO-8859-1'?>",
        "<!DOCTYPE recordings [<!-- > -->]>",
        "\u{C}",
    ]);
    let inside = proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..12);
    (before, proptest::collection::vec(inside, 0..4)).prop_map(|(before, records)| {
        let records = records.iter().map(|pieces| format!("<file>{}</file>\n", pieces.concat()));
        format!("{before}<recordings>{}</recordings>", records.collect::<String>()).into_bytes()
    })
}

fn rows() -> impl Strategy<Value = Vec<u8>> {
    (document(), 0..3_u8).prop_map(|(rows, header)| match header {
        0 => rows,
        1 => [b"agentID,duration\r\n", &rows[..]].concat(),
        _ => {
            let documented = csv::Writer::new(Vec::new()).finish().unwrap();
            [&documented[..], &rows[..]].concat()
        }
    })
}

fn recording() -> impl Strategy<Value = Recording> {
    let text =
        proptest::option::of("([ -~]|[\t\r\n<>&\"',;=é€😀\u{7F}\u{85}]|\\]\\]>|&amp;){0,12}");
    proptest::collection::vec(text, Field::COUNT).prop_map(|values| {
        let values = std::array::from_fn(|index| values[index].as_deref());
        properties::read_back(&Recording::from_values(&values))
    })
}

proptest! {
    #[test]
    fn any_document_is_read_and_located(input in document()) {
        properties::xml_decode(&input);
    }

    #[test]
    fn pieces_do_not_matter(mut input in document(), cut: u8) {
        input.insert(0, cut);
        properties::xml_push(&input);
    }

    /// Joined, damaged, cut, in UTF-16: what comes of it does not depend on the pieces.
    #[test]
    fn pieces_of_joined_documents_do_not_matter(
        documents in proptest::collection::vec((whole(), 0..200_usize, 0..400_usize, any::<u8>()), 1..4),
        wide: bool,
        cut: u8,
    ) {
        let mut input = Vec::new();
        for (mut document, at, keep, byte) in documents {
            // Most are left as they are.
            if let Some(place) = document.get_mut(at * 3) {
                *place = byte;
            }
            document.truncate(keep * 4);
            input.append(&mut document);
        }
        if wide {
            input = properties::utf_16(&input);
        }
        input.insert(0, cut);
        properties::xml_push(&input);
    }

    #[test]
    fn strict_mode_agrees_with_quick_xml(input in document()) {
        properties::xml_vs_quick_xml(&input);
    }

    #[test]
    fn tolerant_mode_takes_what_strict_mode_takes(input in document(), rows in rows()) {
        properties::tolerant_superset(&input);
        properties::tolerant_superset(&rows);
    }

    #[test]
    fn any_table_is_read_and_located(mut input in rows(), cut: u8) {
        input.insert(0, cut);
        properties::csv_decode(&input[1..]);
        properties::csv_decode(&input);
    }

    #[test]
    fn decode_after_encode_is_the_identity(recordings in proptest::collection::vec(recording(), 0..4)) {
        let (mut as_xml, mut as_csv) = (xml::Writer::new(Vec::new()), csv::Writer::new(Vec::new()));
        for recording in &recordings {
            as_xml.write(recording).unwrap();
            as_csv.write(recording).unwrap();
        }
        let (as_xml, as_csv) = (as_xml.finish().unwrap(), as_csv.finish().unwrap());
        let from_xml: Result<Vec<_>, _> = xml::Reader::new(&as_xml).recordings().collect();
        let recordings: Vec<_> = recordings.iter().map(properties::read_back).collect();
        prop_assert_eq!(from_xml.unwrap(), recordings.clone());
        // CSV says the same, but that what is absent is empty.
        let from_csv: Result<Vec<_>, _> = csv::Reader::new(&as_csv).recordings().collect();
        let from_csv = from_csv.unwrap();
        prop_assert_eq!(from_csv.len(), recordings.len());
        for (read, written) in from_csv.iter().zip(&recordings) {
            for field in Field::ALL {
                prop_assert_eq!(read.get(field), Some(written.text(field)));
            }
        }
    }
}

/// A record that is read again, since nothing closes an unknown element, loses no report of what is
/// no UTF-16: that is made once, by whoever decodes it.
#[test]
fn what_is_no_utf_16_is_reported_in_a_record_that_is_read_again() {
    let document = b"<recordings><file><i>a\xFF<caseID>b\xFFc</caseID>\xFF</file></recordings>";
    for cut in 0..=255 {
        properties::xml_push(&[&[cut], &properties::utf_16(document)[..]].concat());
    }
}
