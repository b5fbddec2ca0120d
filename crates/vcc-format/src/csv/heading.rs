//! The rows that say what the columns are: the first of a document, and those of later pages.

use vcc_types::Field;

use super::delimiter;
use super::header::{Column, Header, NoHeader};
use super::names;
use super::report::Report;
use super::row::Row;
use crate::machine::Trouble;
use crate::xml::shorten;
use crate::{DeviationKind, ErrorKind, Options};

/// The header that holds, and how another is read. Troubles count from the start of the row.
#[derive(Debug)]
pub(super) struct Heading {
    header: Header,
    /// Further keys that mark a row as a header.
    also: Vec<String>,
    expect_extra: bool,
    /// How many columns there may be, and how many extra ones.
    fields: usize,
    extra: usize,
    /// The message about a header without `startDate`.
    lacks_start: Option<String>,
}

/// What the first row of a document turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Header,
    /// A record: the document has no header. Read the row again.
    Record,
    /// Read the row again, with another delimiter.
    Divided,
}

impl Heading {
    pub(super) fn new(options: &Options) -> Heading {
        Heading {
            header: Header::default(),
            also: options.columns.iter().map(|name| names::key(name)).collect(),
            expect_extra: options.expect_extra,
            fields: options.limits.fields,
            extra: options.limits.extra,
            lacks_start: None,
        }
    }

    #[inline]
    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn also(&self) -> &[String] {
        &self.also
    }

    pub(super) fn lacks_start(&self) -> Option<&str> {
        self.lacks_start.as_deref()
    }

    /// Uses the documented columns, for a document without a header.
    pub(super) fn is_missing(&mut self) {
        self.header = Header::documented();
    }

    /// Reads the first row, which begins `view`, `length` bytes with its end.
    pub(super) fn first(
        &mut self,
        row: &mut Row,
        view: &[u8],
        length: usize,
        report: &mut Report,
    ) -> Result<First, Trouble> {
        if let Some(delimiter) =
            delimiter::better(&view[..length], row.delimiter(), &self.also, self.fields)
        {
            row.set_delimiter(delimiter);
            return Ok(First::Divided);
        }
        let names = row.names(view);
        let first = match Header::read(&names, &self.also) {
            Ok(header) => {
                if let Some(at) = row.bare_carriage_return_in_cells() {
                    let message = "expected CR LF at the end of a row, found CR alone".to_owned();
                    return Err(Trouble { kind: ErrorKind::Syntax, at: at as usize, message });
                }
                let has_start = header.start_column().is_some();
                let lacks_start = (!has_start).then(|| names::without_start(&names));
                self.set(header, names, row, view, length, report)?;
                self.lacks_start = lacks_start;
                report.bare(row);
                First::Header
            }
            Err(NoHeader::Record) => {
                // QUIRK-9
                report.say(DeviationKind::NoHeader, (0, row.last()), "the documented columns");
                self.is_missing();
                First::Record
            }
            Err(NoHeader::Twice(field, first, second)) => {
                return Err(twice(row, &names, field, first, second));
            }
            Err(NoHeader::Other) => {
                let message = format!(
                    "expected a header or {} values, found {} beginning with {:?}",
                    Field::COUNT,
                    names.len(),
                    shorten(names.first().map_or("", String::as_str))
                );
                return Err(Trouble { kind: ErrorKind::NotRecordings, at: 0, message });
            }
        };
        if row.delimiter() != b',' {
            // QUIRK-16
            let read_as = char::from(row.delimiter()).to_string();
            report.say(DeviationKind::Delimiter, (0, row.last()), read_as);
        }
        Ok(first)
    }

    /// QUIRK-17: whether a row is the header of another page.
    pub(super) fn again(
        &mut self,
        row: &Row,
        view: &[u8],
        length: usize,
        report: &mut Report,
    ) -> Result<bool, Trouble> {
        if !self.header.may_be_repeated_by(view, row.cells()) {
            return Ok(false);
        }
        // The first cell decides for most of the others.
        let Some(first) = row.cells().first().map(|cell| cell.bytes(view)) else {
            return Ok(false);
        };
        if first.len() > 256 {
            return Ok(false);
        }
        if !self.header.is_name(first) && !self.may_say_names(row, view) {
            return Ok(false);
        }
        if self.header.has_names(view, row.cells()) {
            if self.header.forms().delimiter() != row.delimiter() {
                self.header.stands(&view[..length], row.names(view), row.delimiter());
            }
            report.say(DeviationKind::RepeatedHeader, (0, row.last()), "");
            return Ok(true);
        }
        if !self.header.is_repeated_by(view, row.cells(), Some(2)) {
            return Ok(false);
        }
        let names = row.names(view);
        match Header::read(&names, &self.also) {
            Ok(header) => {
                let read_as = "values by column name";
                report.say(DeviationKind::RepeatedHeader, (0, row.last()), read_as);
                self.set(header, names, row, view, length, report)?;
                Ok(true)
            }
            Err(NoHeader::Twice(field, first, second)) => {
                Err(twice(row, &names, field, first, second))
            }
            Err(_) => Ok(false),
        }
    }

    /// Whether a row has something else where its start should stand.
    fn may_say_names(&self, row: &Row, view: &[u8]) -> bool {
        let cell = self.header.start_column().and_then(|column| row.cells().get(column));
        let first = cell.and_then(|cell| cell.bytes(view).first());
        first.is_some_and(|first| !first.is_ascii_digit())
    }

    fn set(
        &mut self,
        header: Header,
        names: Vec<String>,
        row: &Row,
        view: &[u8],
        length: usize,
        report: &mut Report,
    ) -> Result<(), Trouble> {
        self.header = header;
        self.header.stands(&view[..length], names, row.delimiter());
        self.describe(row, view, report)
    }

    /// QUIRK-6, QUIRK-9, QUIRK-15: what is different from the documented header.
    fn describe(&self, row: &Row, view: &[u8], report: &mut Report) -> Result<(), Trouble> {
        let (limit, columns) = (self.extra, self.header.columns());
        let extra = columns.iter().filter(|column| matches!(column, Column::Extra(_)));
        if extra.count() > limit {
            let message = format!("the header has more than {limit} extra columns");
            return Err(Trouble { kind: ErrorKind::TooManyExtra, at: 0, message });
        }
        for (column, cell) in columns.iter().zip(row.cells()) {
            match column {
                Column::Field(field) => {
                    if cell.name(view) != field.wire_name() {
                        let read_as = field.wire_name();
                        report.say(DeviationKind::HeaderSpelling, cell.span(), read_as);
                    }
                }
                Column::Extra(name) => {
                    let kind = match Field::from_wire_name(name) {
                        Some(_) => Some(DeviationKind::RepeatedField),
                        None => (!self.expect_extra).then_some(DeviationKind::UnknownField),
                    };
                    if let Some(kind) = kind.filter(|_| !report.is_silent()) {
                        report.say(kind, cell.span(), format!("extra value {name}"));
                    }
                }
            }
        }
        let missing: Vec<&str> = self.header.missing().map(Field::wire_name).collect();
        if !missing.is_empty() {
            let read_as = format!("absent: {}", missing.join(", "));
            report.say(DeviationKind::MissingColumn, (0, row.last()), read_as);
        }
        if !self.header.is_in_order() {
            let read_as = "values by column name";
            report.say(DeviationKind::ReorderedColumns, (0, row.last()), read_as);
        }
        Ok(())
    }
}

/// QUIRK-15: two columns that are one field.
fn twice(row: &Row, names: &[String], field: Field, first: usize, second: usize) -> Trouble {
    let at = row.cells().get(second).map_or(0, |cell| cell.start as usize);
    let message = format!(
        "expected one column for each field, found {:?} and {:?}, which are both {field}",
        shorten(&names[first]),
        shorten(&names[second]),
    );
    Trouble { kind: ErrorKind::Syntax, at, message }
}
