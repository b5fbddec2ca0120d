//! The properties of the fuzz targets, on inputs made of the pieces that matter.

mod properties;

use proptest::prelude::*;
use vcc_format::{DeviationKind, Options, csv, xml};
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

/// A page of CSV: what is before its header, the header in one of its forms, rows, line ends, and
/// what is behind.
#[derive(Clone, Debug)]
struct Page {
    before: &'static str,
    header: u8,
    rows: Vec<Vec<String>>,
    quoted: bool,
    line_end: &'static str,
    ended: bool,
}

impl Page {
    fn text(&self, delimiter: &str, ended: bool) -> String {
        let names = Field::ALL.map(Field::wire_name);
        let quotes = |texts: &[&str]| {
            let texts = texts.iter().map(|text| format!("\"{}\"", text.replace('"', "\"\"")));
            texts.collect::<Vec<_>>().join(delimiter)
        };
        let header = match self.header {
            0 => names.join(delimiter),
            1 => quotes(&names),
            2 => names.join(&format!("{delimiter} ")),
            _ => names.join(delimiter).to_uppercase(),
        };
        let mut rows: Vec<String> = vec![header];
        for row in &self.rows {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            let plain = !self.quoted && !row.concat().contains([',', ';', '"', '\r', '\n']);
            rows.push(if plain { cells.join(delimiter) } else { quotes(&cells) });
        }
        let end = if ended { self.line_end } else { "" };
        format!("{}{}{end}", self.before, rows.join(self.line_end))
    }
}

fn page() -> impl Strategy<Value = Page> {
    let text = proptest::prop_oneof![
        8 => "[0-9a-zé ]{0,5}".prop_map(String::from),
        1 => "[a-z,;\"\r\n]{0,5}".prop_map(String::from),
        1 => proptest::sample::select(vec!["startDate", "agentID", "\u{FEFF}x", "sep=;"]).prop_map(String::from),
    ];
    let row = (proptest::option::of(Just(())), proptest::collection::vec(text, 14)).prop_map(
        |(empty, rest)| {
            let start = if empty.is_some() { "" } else { "2008-02-14T10:12:13-08:00" };
            std::iter::once(start.to_owned()).chain(rest).collect::<Vec<String>>()
        },
    );
    let before = vec!["", "", "", "\u{FEFF}", "\r\n", "\u{FEFF}\u{FEFF}", " \n\u{FEFF}"];
    (
        proptest::sample::select(before),
        0..4_u8,
        proptest::collection::vec(row, 0..4),
        any::<bool>(),
        proptest::sample::select(vec!["\r\n", "\n"]),
        any::<bool>(),
    )
        .prop_map(|(before, header, rows, quoted, line_end, ended)| Page {
            before,
            header,
            rows,
            quoted,
            line_end,
            ended,
        })
}

proptest! {
    // Each is read some thirty times.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Pages that are joined, in whatever form, give their rows one after the other, however they
    /// are read; broken off anywhere, they mean one thing all the same.
    #[test]
    fn pages_joined_end_to_end(
        pages in proptest::collection::vec(page(), 1..4),
        delimiters in proptest::collection::vec(proptest::sample::select(vec![",", ",", ";", "\t", "|"]), 4),
        cut: u8,
        end: proptest::sample::Index,
    ) {
        let mut document = vec![cut];
        let mut ended = true;
        for (index, page) in pages.iter().enumerate() {
            let mut page = page.clone();
            // A header without a line end before it is found in one of its two usual forms.
            if !ended {
                (page.before, page.header) = ("", page.header.min(1));
            }
            let last = index + 1 == pages.len();
            ended = page.ended || page.header > 1;
            document.extend_from_slice(page.text(delimiters[index], last || ended).as_bytes());
        }
        let whole = properties::read_all::<csv::Csv>(&document[1..], Options::tolerant());
        prop_assert_eq!(&whole.error, &None);
        let rows: Vec<&Vec<String>> = pages.iter().flat_map(|page| &page.rows).collect();
        let values = |record: &Recording| Field::ALL.map(|field| record.text(field).to_owned());
        let read: Vec<_> = whole.records.iter().map(values).collect();
        let written: Vec<_> = rows
            .iter()
            .map(|row| Recording::from_values(&std::array::from_fn(|at| Some(row[at].as_str()))))
            .map(|recording| values(&properties::read_back(&recording)))
            .collect();
        prop_assert_eq!(read, written);
        properties::csv_decode(&document);
        properties::csv_decode(&document[1..]);
        let end = end.index(document.len());
        properties::csv_decode(&document[..end]);
        // In UTF-16 it says the same.
        let wide = properties::utf_16(&document[1..]);
        let wide_read = properties::read_all::<csv::Csv>(&wide, Options::tolerant());
        prop_assert_eq!(&wide_read.records, &whole.records);
        properties::csv_decode(&[&[cut.min(b'x')][..], &wide].concat());
    }
}

/// Texts of which few need quotes.
fn plain() -> impl Strategy<Value = Vec<String>> {
    let text = proptest::prop_oneof![
        20 => "[0-9a-z~.é]{0,12}",
        1 => "[,\"\n\u{1}]",
    ];
    proptest::collection::vec(text, Field::COUNT)
}

proptest! {
    /// Cells of every length, so that quotes and commas stand at every place of a block.
    #[test]
    fn rows_are_written_as_another_writer_writes_them(
        rows in proptest::collection::vec(
            proptest::collection::vec("[a-zé]{0,60}|[a-z,\"\r\n]{0,3}|[a-z]{0,20}[,\"\n]{0,2}", Field::COUNT),
            0..4,
        )
    ) {
        let mut writer = csv::Writer::new(Vec::new());
        let mut builder = ::csv::WriterBuilder::new();
        let mut other = builder.terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
        other.write_record(Field::ALL.map(Field::wire_name)).unwrap();
        for row in &rows {
            writer.write_values(&std::array::from_fn(|index| Some(row[index].as_str()))).unwrap();
            other.write_record(row).unwrap();
        }
        let (ours, theirs) = (writer.finish().unwrap(), other.into_inner().unwrap());
        prop_assert_eq!(String::from_utf8(ours), String::from_utf8(theirs));
    }

    #[test]
    fn joined_values_are_written_as_values(rows in proptest::collection::vec(plain(), 0..9)) {
        for extra in [false, true] {
            let new = || csv::Writer::with_extra(Vec::new(), extra.then_some("more")).unwrap();
            let (mut joined, mut apart) = (new(), new());
            for row in &rows {
                let values = std::array::from_fn(|index| Some(row[index].as_str()));
                let others = row[1..].join(",");
                let one = joined.write_joined(&row[0], &others, || values);
                let other = apart.write_values(&values);
                prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
            }
            prop_assert_eq!(joined.finish().unwrap(), apart.finish().unwrap());
        }
    }
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

#[cfg(feature = "serde")]
const JSON: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    "{\"agentID\":\"a\"}",
    "\"agentID\":",
    "\"duration\":",
    "\"site\":",
    "\"a\"",
    "\"",
    "\\",
    "\\u00e9",
    "\\ud83d",
    "\\ude00",
    "\\n",
    ":",
    ",",
    "27",
    "-1.5",
    "true",
    "null",
    "nul",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\u{FEFF}",
    "\u{1}",
    "\0",
    "é",
    "text",
    "{}",
    "\u{A0}",
];

#[cfg(feature = "serde")]
proptest! {
    #[test]
    fn pieces_of_json_do_not_matter(
        pieces in proptest::collection::vec(proptest::sample::select(&JSON[..]), 0..30),
        cut: u8,
        wide: bool,
    ) {
        let mut input = pieces.concat().into_bytes();
        if wide {
            input = properties::utf_16(&input);
        }
        input.insert(0, cut);
        properties::jsonl_push(&input);
    }

    #[test]
    fn json_lines_say_the_same(recordings in proptest::collection::vec(recording(), 0..4)) {
        let mut writer = vcc_format::jsonl::Writer::new(Vec::new());
        for recording in &recordings {
            writer.write(recording).unwrap();
        }
        let lines = writer.finish().unwrap();
        let read: Result<Vec<_>, _> = vcc_format::jsonl::Reader::new(&lines[..]).recordings().collect();
        prop_assert_eq!(read.unwrap(), recordings);
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

/// White space before a declaration is reported, however much there is.
#[test]
fn white_space_before_a_declaration() {
    for length in [1, 2, 4095, 4096, 4097, 8192, 10_000] {
        let document = format!("{}<?xml version='1.0'?><recordings/>", " ".repeat(length));
        let read = properties::read_all::<xml::Xml>(document.as_bytes(), Options::tolerant());
        let kinds: Vec<_> = read.deviations.iter().map(|deviation| deviation.kind).collect();
        assert_eq!(kinds, [DeviationKind::SpaceBeforeDeclaration], "{length}");
        properties::xml_push(&[b"5", document.as_bytes()].concat());
    }
}

/// Whatever is about as long as a record may be, and wherever it stands: it is too long for all who read it
/// or for none.
#[test]
fn what_is_as_long_as_the_limit_is_so_for_everybody() {
    let frames = [
        ("", "<recordings/>"),
        ("", "x"),
        ("", "<?xml version='1.0'?><recordings/>"),
        ("<?xml version='1.0'?>", "<recordings/>"),
        ("<recordings>", "<file/></recordings>"),
        ("<recordings><file>", "</file></recordings>"),
        ("<recordings><file><agentID>", "</agentID></file></recordings>"),
        ("<recordings/>", ""),
        ("<recordings/>", "<recordings/>"),
    ];
    let units = [
        " ",
        "\n",
        "\u{C}",
        "\u{A0}",
        "\u{FEFF}",
        "x",
        "&",
        "<",
        "%",
        "<a>",
        "</a>",
        "<a/>",
        "</>",
        "<a>x</a>",
        "<!---->",
        "<?a?>",
        "<!-- ",
        "<![CDATA[",
        "]]>",
        "\0",
        "é",
        "%lt;",
        "<a ",
    ];
    let mut wrong = Vec::new();
    for (before, after) in frames {
        for unit in units {
            for (spaces, length) in [
                (0, 97),
                (0, 98),
                (0, 99),
                (0, 100),
                (0, 101),
                (0, 106),
                (0, 205),
                (60, 60),
                (94, 6),
                (97, 110),
                (99, 3),
            ] {
                let fill = unit.repeat(length / unit.len());
                let document = format!("5{before}{:spaces$}{fill}{after}", "");
                let result = std::panic::catch_unwind(|| properties::xml_push(document.as_bytes()));
                if result.is_err() {
                    wrong.push(format!("{before:?} {spaces} {unit:?} {length} {after:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
