//! Which column is which field (QUIRK-9).

use vcc_types::Field;

use super::machine::{Machine, State};
use crate::machine::{Step, Trouble};
use crate::xml::shorten;
use crate::{DeviationKind, ErrorKind};

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
    /// The names as they were read, where there is a header row.
    pub(super) names: Vec<String>,
    /// Whether the columns are the fifteen in the documented order.
    pub(super) documented: bool,
}

/// What a first row is not.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// It is a record, by the number of its values.
    Record,
    /// It has a name in another case.
    Case(String),
    /// It is something else.
    Other,
}

impl Header {
    /// The header that a first row is: one that has at least one name of a field.
    pub(super) fn read(names: Vec<String>) -> Result<Header, NoHeader> {
        if !names.iter().any(|name| Field::from_wire_name(name).is_some()) {
            let is_field = |name: &&String| {
                Field::ALL.iter().any(|field| field.wire_name().eq_ignore_ascii_case(name))
            };
            return Err(match names.iter().find(is_field) {
                Some(name) => NoHeader::Case(name.clone()),
                None if names.len() == Field::COUNT => NoHeader::Record,
                None => NoHeader::Other,
            });
        }
        let mut seen = 0_u16;
        let columns: Vec<Column> = names
            .iter()
            .enumerate()
            .map(|(index, name)| match Field::from_wire_name(name) {
                Some(field) if seen & (1 << field.index()) == 0 => {
                    seen |= 1 << field.index();
                    Column::Field(field)
                }
                _ if name.is_empty() => Column::Extra(surplus(index)),
                _ => Column::Extra(name.clone()),
            })
            .collect();
        let documented = columns.len() == Field::COUNT
            && columns
                .iter()
                .zip(Field::ALL)
                .all(|(column, field)| *column == Column::Field(field));
        Ok(Header { columns, names, documented })
    }

    /// The header of a document that has none.
    pub(super) fn documented() -> Header {
        let columns = Field::ALL.into_iter().map(Column::Field).collect();
        Header { columns, names: Vec::new(), documented: true }
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
    pub(super) fn header_row(&mut self, view: &[u8]) -> Result<Step, Trouble> {
        if self.row.is_blank() {
            self.report(DeviationKind::BlankRow, (0, (self.pos - self.item) as u32), "");
            return Ok(Step::Other);
        }
        let names = self.names(view);
        let end = self.row.cells.last().map_or(0, |cell| cell.end);
        let refused = |at, message| Err(Trouble { kind: ErrorKind::NotRecordings, at, message });
        self.state = State::Rows;
        match Header::read(names) {
            Ok(header) => {
                if let Some((_, at)) = self.bare_carriage_return() {
                    let message = "expected CR LF at the end of a row, found CR alone".to_owned();
                    let at = self.item + at;
                    return Err(Trouble { kind: ErrorKind::Syntax, at, message });
                }
                self.header = header;
            }
            Err(NoHeader::Record) => {
                // QUIRK-9: the row is read again, as a record.
                self.report(DeviationKind::NoHeader, (0, end), "the documented columns");
                self.header = Header::documented();
                self.pos = self.item;
                return Ok(Step::Other);
            }
            Err(NoHeader::Case(name)) => {
                let message = format!("expected a header; the column {name:?} is in another case");
                return refused(self.item, message);
            }
            Err(NoHeader::Other) => {
                let first = self.name(view, self.row.cells[0]);
                let message = format!(
                    "expected a header or {} values, found {} beginning with {:?}",
                    Field::COUNT,
                    self.row.cells.len(),
                    shorten(&first)
                );
                return refused(self.item, message);
            }
        }
        self.describe_header(end)?;
        self.report_bare();
        Ok(Step::Other)
    }

    /// QUIRK-6, QUIRK-9: what is different from the documented header.
    fn describe_header(&mut self, end: u32) -> Result<(), Trouble> {
        let limit = self.options.limits.extra;
        let extra = self.header.columns.iter().filter(|c| matches!(c, Column::Extra(_)));
        if extra.count() > limit {
            let message = format!("the header has more than {limit} extra columns");
            return Err(Trouble { kind: ErrorKind::TooManyExtra, at: self.item, message });
        }
        for index in 0..self.header.columns.len() {
            let cell = self.row.cells[index];
            if let Column::Extra(name) = &self.header.columns[index] {
                let read_as = format!("extra value {name}");
                let span = (cell.start, cell.end);
                if Field::from_wire_name(name).is_some() {
                    self.report(DeviationKind::RepeatedField, span, read_as);
                } else if !self.options.expect_extra {
                    self.report(DeviationKind::UnknownField, span, read_as);
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
    fn bare_carriage_return(&self) -> Option<(DeviationKind, usize)> {
        let last = self.row.cells.last().map_or(0, |cell| cell.end as usize);
        let is = |bare: &&(DeviationKind, usize)| {
            bare.0 == DeviationKind::BareCarriageReturn && bare.1 < last
        };
        self.row.bare.iter().find(is).copied()
    }
}
