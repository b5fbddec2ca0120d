//! An answer as a defect changes it.

use axum::http::header::{CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, HeaderValue};
use vcc_types::Field;

use super::incoming::Incoming;

/// An answer on its way to the client.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Outgoing {
    pub(super) fn is_xml(&self) -> bool {
        self.status == 200 && self.body.starts_with(b"<?xml")
    }

    pub(super) fn is_csv(&self) -> bool {
        self.status == 200 && !self.is_xml()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Writes the body in Latin-1, with `?` for characters that it lacks.
    pub(super) fn in_latin_1(&mut self) {
        let text = self.text();
        self.body = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    }

    /// Whether it is a list without a record.
    pub(super) fn is_empty(&self) -> bool {
        let text = self.text();
        self.status == 200 && !text.contains("<file>") && text.lines().count() < 4
    }

    /// Another body for XML.
    pub(super) fn xml(&mut self, change: impl Fn(&str) -> String) {
        if self.is_xml() {
            self.body = change(&self.text()).into_bytes();
        }
    }

    /// Another body for CSV.
    pub(super) fn csv(&mut self, change: impl Fn(&str) -> String) {
        if self.is_csv() {
            self.body = change(&self.text()).into_bytes();
        }
    }

    /// Another text for every `startDate`.
    pub(super) fn starts(&mut self, change: impl Fn(&str) -> String) {
        self.xml(|text| {
            let mut parts = text.split("<startDate>");
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (start, rest) = part.split_once('<').unwrap_or((part, ""));
                out.push_str(&format!("<startDate>{}<{rest}", change(start)));
            }
            out
        });
        self.rows(|row| {
            let mut row = row.to_vec();
            row[0] = change(&row[0]);
            Some(row)
        });
    }

    /// Other rows below the header of CSV, written as they should be.
    pub(super) fn rows(&mut self, change: impl Fn(&[String]) -> Option<Vec<String>>) {
        if !self.is_csv() {
            return;
        }
        let mut reader = csv::ReaderBuilder::new().from_reader(&self.body[..]);
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let header = reader.byte_headers().cloned().unwrap_or_default();
        // The reference wrote the rows, and a Vec takes everything.
        let _ = writer.write_byte_record(&header);
        for row in reader.records().map_while(Result::ok) {
            let row: Vec<String> = row.iter().map(str::to_owned).collect();
            if let Some(row) = change(&row) {
                let _ = writer.write_record(&row);
            }
        }
        if let Ok(body) = writer.into_inner() {
            self.body = body;
        }
    }

    /// The values of CSV as they are, row after row.
    pub(super) fn cells(&self) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&self.body[..]);
        let rows = reader.records().map_while(Result::ok);
        rows.map(|row| row.iter().map(str::to_owned).collect()).collect()
    }

    pub(super) fn header(&mut self, name: &'static str, value: &'static str) {
        self.headers.insert(name, HeaderValue::from_static(value));
    }

    /// Removes every header but `Date`.
    fn bare(&mut self) {
        let date = self.headers.remove(DATE);
        self.headers.clear();
        if let Some(date) = date {
            self.headers.insert(DATE, date);
        }
    }

    /// A refusal in place of the answer.
    pub(super) fn refuse(&mut self, status: u16, text: &str) {
        self.status = status;
        self.bare();
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        self.body = text.as_bytes().to_vec();
    }

    /// 200 with an empty list.
    pub(super) fn nothing(&mut self, incoming: &Incoming) {
        self.status = 200;
        self.bare();
        let (kind, body) = if incoming.is_csv() {
            ("text/csv; charset=utf-8", Field::ALL.map(Field::wire_name).join(",") + "\r\n")
        } else {
            let list = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<recordings></recordings>\n";
            ("application/xml; charset=utf-8", list.to_owned())
        };
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        self.body = body.into_bytes();
    }
}
