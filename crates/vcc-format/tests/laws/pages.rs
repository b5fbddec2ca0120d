//! Pages of CSV joined end to end, and rows beside what other writers make of them.

use proptest::prelude::*;
use vcc_format::{Options, csv};
use vcc_types::{Field, Recording};

use super::properties;

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
