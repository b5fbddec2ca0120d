//! Which column is which field (QUIRK-9).

use std::collections::HashSet;

use vcc_types::{Field, StartDate};

use super::forms::Forms;
use super::machine::{Machine, State};
use super::names;
use crate::encoding::Encoding;
use crate::machine::{Step, Trouble};
use crate::xml::shorten;
use crate::{DeviationKind, ErrorKind, check};

/// What the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Field(Field),
    /// An extra value of this name.
    Extra(String),
}

/// The columns of a document.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) columns: Vec<Column>,
    /// What the names are whatever their spelling, where there is a header row.
    keys: Vec<String>,
    /// The same, to be looked up.
    known: HashSet<String>,
    /// How the header row may stand in the input again.
    pub(super) forms: Forms,
    /// Whether the columns are the fifteen in the documented order.
    pub(super) documented: bool,
}

/// Why a row is no header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// It is a record, by the number of its values.
    Record,
    /// It has two columns for one field, in different spellings.
    Twice(Field, usize, usize),
    /// It is something else.
    Other,
}

impl Header {
    /// The header that a row is.
    ///
    /// QUIRK-15: a row with the name `startDate` in any spelling is a header. A row without it is
    /// one if it has the name of another field, or a key of `also`, and no value that can be read as a
    /// start. Any other first row of fifteen values is a record of a document without a header.
    pub(super) fn read(names: &[String], also: &[String]) -> Result<Header, NoHeader> {
        let keys: Vec<String> = names.iter().map(|name| names::key(name)).collect();
        let fields: Vec<Option<Field>> = keys.iter().map(|key| names::of_key(key)).collect();
        let is_start = |name: &String| StartDate::parse(check::trim(name)).is_ok();
        if !fields.contains(&Some(Field::StartDate))
            && (std::iter::zip(&fields, &keys)
                .all(|(field, key)| field.is_none() && !also.contains(key))
                || names.iter().any(is_start))
        {
            let record = names.len() == Field::COUNT;
            return Err(if record { NoHeader::Record } else { NoHeader::Other });
        }
        let mut columns = Vec::with_capacity(names.len());
        let mut seen = [None; Field::COUNT];
        for (index, name) in names.iter().enumerate() {
            columns.push(match fields[index] {
                Some(field) => match seen[field.index()].replace(index) {
                    None => Column::Field(field),
                    // QUIRK-6: the same name twice.
                    Some(first)
                        if [first, index].map(|at| &names[at]) == [field.wire_name(); 2] =>
                    {
                        Column::Extra(name.clone())
                    }
                    Some(first) => return Err(NoHeader::Twice(field, first, index)),
                },
                None if name.is_empty() => Column::Extra(surplus(index)),
                None => Column::Extra(name.clone()),
            });
        }
        let all = Field::ALL.map(Column::Field);
        let documented = columns == all;
        let known = keys.iter().cloned().collect();
        Ok(Header { columns, keys, known, forms: Forms::default(), documented })
    }

    /// Whether these are the keys of the header of another page (QUIRK-17): what this header says,
    /// or nothing but names of fields and of its columns, `startDate` among them.
    pub(super) fn is_repeated_by(&self, keys: &[String]) -> bool {
        let start = || keys.iter().any(|key| names::of_key(key) == Some(Field::StartDate));
        *keys == self.keys || (keys.len() >= 2 && start() && keys.iter().all(|k| self.is_known(k)))
    }

    /// Whether it is the key of a field or of one of these columns.
    pub(super) fn is_known(&self, key: &str) -> bool {
        names::of_key(key).is_some() || self.known.contains(key)
    }

    /// The header of a document that has none.
    pub(super) fn documented() -> Header {
        let columns = Field::ALL.into_iter().map(Column::Field).collect();
        let names = || Field::ALL.map(|field| field.wire_name().to_owned()).to_vec();
        let forms = Forms::new(b"", b',', [names(), names()]);
        Header { columns, forms, documented: true, ..Header::default() }
    }

    /// The fields without a column.
    pub(super) fn missing(&self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(|field| !self.columns.contains(&Column::Field(*field)))
    }

    /// Whether the fields that have a column stand in the documented order, before any extra one.
    pub(super) fn is_in_order(&self) -> bool {
        let places = self.columns.iter().map(|column| match column {
            Column::Field(field) => field.index(),
            Column::Extra(_) => Field::COUNT,
        });
        places.is_sorted()
    }
}

/// The name of a value that has no column, or whose column has no name.
pub(super) fn surplus(index: usize) -> String {
    format!("column{}", index + 1)
}

impl Machine {
    pub(super) fn header_row(&mut self, view: &[u8], length: usize) -> Result<Step, Trouble> {
        if self.is_blank(view) {
            self.report(DeviationKind::BlankRow, (0, (self.pos - self.item) as u32), "");
            return Ok(Step::Other);
        }
        if let Some(delimiter) = self.better_delimiter(view, length) {
            // The row is read again.
            self.row.delimiter = delimiter;
            self.pos = self.item;
            return Ok(Step::Other);
        }
        let names = self.names(view);
        let end = self.row.cells.last().map_or(0, |cell| cell.end);
        let other = self.row.delimiter;
        match Header::read(&names, &self.options.columns) {
            Ok(header) => {
                if let Some((_, at)) = self.bare_carriage_return() {
                    let message = "expected CR LF at the end of a row, found CR alone".to_owned();
                    let at = self.item + at as usize;
                    return Err(Trouble { kind: ErrorKind::Syntax, at, message });
                }
                self.set_header(header, view, length)?;
                if self.header.missing().any(|field| field == Field::StartDate) {
                    self.lacks_start = Some(names::without_start(&names));
                }
                self.report_bare();
            }
            Err(NoHeader::Record) => {
                // QUIRK-9: the row is read again, as a record.
                self.report(DeviationKind::NoHeader, (0, end), "the documented columns");
                self.header = Header::documented();
                self.pos = self.item;
            }
            Err(NoHeader::Twice(field, first, second)) => {
                return Err(self.twice(&names, field, first, second));
            }
            Err(NoHeader::Other) => {
                let first = self.name(view, self.row.cells[0]);
                let message = format!(
                    "expected a header or {} values, found {} beginning with {:?}",
                    Field::COUNT,
                    self.row.cells.len(),
                    shorten(&first)
                );
                let (kind, at) = (ErrorKind::NotRecordings, self.item);
                return Err(Trouble { kind, at, message });
            }
        }
        self.state = State::Rows;
        if other != b',' {
            // QUIRK-16
            let read_as = char::from(other).to_string();
            self.report(DeviationKind::Delimiter, (0, end), read_as);
        }
        Ok(Step::Other)
    }

    /// QUIRK-15: two columns that are one field.
    fn twice(&self, names: &[String], field: Field, first: usize, second: usize) -> Trouble {
        let (kind, at) = (ErrorKind::Syntax, self.item + self.row.cells[second].start as usize);
        let message = format!(
            "expected one column for each field, found {:?} and {:?}, which are both {field}",
            shorten(&names[first]),
            shorten(&names[second]),
        );
        Trouble { kind, at, message }
    }

    fn set_header(&mut self, header: Header, view: &[u8], length: usize) -> Result<(), Trouble> {
        let forms = self.forms(view, length, &header.columns);
        self.header = Header { forms, ..header };
        self.describe_header(view)
    }

    /// QUIRK-17: a row that says what the header says, or that has nothing but names of fields,
    /// `startDate` among them: the header of another page.
    pub(super) fn repeated_header(
        &mut self,
        view: &[u8],
        length: usize,
    ) -> Result<Option<Step>, Trouble> {
        let cells = &self.row.cells;
        // Most rows are told by what stands first.
        let first = &view[cells[0].start as usize..cells[0].end as usize];
        if first.len() > 256 {
            return Ok(None);
        }
        if !self.header.is_known(&names::key(&Encoding::Utf8.text(first))) {
            return Ok(None);
        }
        let names = self.names(view);
        let keys: Vec<String> = names.iter().map(|name| names::key(name)).collect();
        let end = cells.last().map_or(0, |cell| cell.end);
        if keys == self.header.keys {
            if self.header.forms.delimiter != self.row.delimiter {
                self.header.forms = self.forms(view, length, &self.header.columns);
            }
            self.report(DeviationKind::RepeatedHeader, (0, end), "");
            return Ok(Some(Step::Other));
        }
        if !self.header.is_repeated_by(&keys) {
            return Ok(None);
        }
        match Header::read(&names, &self.options.columns) {
            Ok(header) => {
                self.report(DeviationKind::RepeatedHeader, (0, end), "values by column name");
                self.set_header(header, view, length)?;
                Ok(Some(Step::Other))
            }
            Err(NoHeader::Twice(field, first, second)) => {
                Err(self.twice(&names, field, first, second))
            }
            Err(_) => Ok(None),
        }
    }

    /// QUIRK-6, QUIRK-9, QUIRK-15: what is different from the documented header.
    fn describe_header(&mut self, view: &[u8]) -> Result<(), Trouble> {
        let end = self.row.cells.last().map_or(0, |cell| cell.end);
        let limit = self.options.limits.extra;
        let extra = self.header.columns.iter().filter(|c| matches!(c, Column::Extra(_)));
        if extra.count() > limit {
            let message = format!("the header has more than {limit} extra columns");
            return Err(Trouble { kind: ErrorKind::TooManyExtra, at: self.item, message });
        }
        for index in 0..self.header.columns.len() {
            let cell = self.row.cells[index];
            let span = (cell.start, cell.end);
            match &self.header.columns[index] {
                Column::Field(field) => {
                    let field = *field;
                    if self.name(view, cell) != field.wire_name() {
                        self.report(DeviationKind::HeaderSpelling, span, field.wire_name());
                    }
                }
                Column::Extra(name) => {
                    let read_as = format!("extra value {name}");
                    if Field::from_wire_name(name).is_some() {
                        self.report(DeviationKind::RepeatedField, span, read_as);
                    } else if !self.options.expect_extra {
                        self.report(DeviationKind::UnknownField, span, read_as);
                    }
                }
            }
        }
        let missing: Vec<&str> = self.header.missing().map(Field::wire_name).collect();
        if !missing.is_empty() {
            let read_as = format!("absent: {}", missing.join(", "));
            self.report(DeviationKind::MissingColumn, (0, end), read_as);
        }
        if !self.header.is_in_order() {
            let read_as = "values by column name";
            self.report(DeviationKind::ReorderedColumns, (0, end), read_as);
        }
        Ok(())
    }

    /// A CR in the row that is text.
    fn bare_carriage_return(&self) -> Option<(DeviationKind, u32)> {
        let last = self.row.cells.last().map_or(0, |cell| cell.end);
        let is = |bare: &&(DeviationKind, u32)| {
            bare.0 == DeviationKind::BareCarriageReturn && bare.1 < last
        };
        self.row.bare.iter().find(is).copied()
    }
}
