//! Reads the list of records in a body: XML with quick-xml, CSV with the csv crate, never with the
//! code of the reference.

mod csv;
#[cfg(test)]
mod tests;
mod xml;

use std::fmt;

use percent_encoding::percent_decode_str;
use vcc_types::Field;

use crate::http::Response;

/// The two forms of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `files`, `files.xml`.
    Xml,
    /// `files.csv`.
    Csv,
}

impl Format {
    /// The form that a path asks for.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        // REQ-2b: escapes in a path are the characters that they stand for.
        let path: Vec<u8> = percent_decode_str(path.trim_end_matches('/')).collect();
        if path.ends_with(b".csv") { Format::Csv } else { Format::Xml }
    }
}

/// Why a body is not a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The clause that it breaks.
    pub clause: &'static str,
    /// What is wrong, with the place.
    pub problem: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for Unreadable {}

/// A record as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The values in the order of [`Field::ALL`]; `None` where there was no element or column.
    pub values: [Option<String>; Field::COUNT],
    /// The names of its elements or columns in the order they came.
    pub names: Vec<String>,
}

impl Record {
    /// The value of a field; empty where it is absent.
    #[must_use]
    pub fn text(&self, field: Field) -> &str {
        self.values[field.index()].as_deref().unwrap_or_default()
    }
}

/// A list as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Its records.
    pub records: Vec<Record>,
    /// XML: whether it begins with a declaration of version 1.0.
    pub declared: bool,
    /// CSV: the first row, where it is a header.
    pub header: Option<Vec<String>>,
    /// CSV: the rows below the header.
    pub rows: usize,
}

/// Reads a list.
///
/// # Errors
///
/// Why the body is not a list.
pub fn read(format: Format, response: &Response) -> Result<List, Unreadable> {
    let (malformed, what) = match format {
        Format::Xml => ("OUT-2", "not well-formed XML"),
        Format::Csv => ("OUT-4a", "no CSV"),
    };
    if let Some(coding) = response.header("content-encoding").filter(|coding| *coding != "identity")
    {
        let problem = format!("the body is coded as {coding}, which was not asked for");
        return Err(Unreadable { clause: malformed, problem });
    }
    let text = std::str::from_utf8(&response.body).map_err(|problem| Unreadable {
        clause: malformed,
        problem: format!("the body is {what}: byte {} is not UTF-8", problem.valid_up_to()),
    })?;
    // REQ-2: a list in the other form was not asked for.
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let other = |problem: &str| Unreadable { clause: "REQ-2", problem: problem.into() };
    match format {
        Format::Xml
            if !start.starts_with('<')
                && csv::read(start).is_ok_and(|list| list.header.is_some()) =>
        {
            Err(other("the body is a list in CSV, expected XML"))
        }
        Format::Csv if start.starts_with("<?xml") || start.starts_with("<recordings") => {
            Err(other("the body is a list in XML, expected CSV"))
        }
        Format::Xml => xml::read(text).map_err(|xml::Broken { names, problem }| match names {
            true => Unreadable {
                clause: "OUT-1a",
                problem: format!("the body is not a list: {problem}"),
            },
            false => {
                Unreadable { clause: malformed, problem: format!("the body is {what}: {problem}") }
            }
        }),
        Format::Csv => csv::read(text).map_err(|problem| Unreadable {
            clause: malformed,
            problem: format!("the body is {what}: {problem}"),
        }),
    }
}

/// The records that can be found in any kind of body: for answers that must not hold any.
#[must_use]
pub fn any_records(response: &Response) -> usize {
    let text = String::from_utf8_lossy(&response.body);
    let files = text.matches("<file>").count();
    let rows = csv::read(&text).map_or(0, |list| if list.header.is_some() { list.rows } else { 0 });
    files.max(rows)
}
