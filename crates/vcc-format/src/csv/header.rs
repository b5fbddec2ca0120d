//! Which column is which field (QUIRK-9).

use std::collections::HashSet;

use vcc_types::{Field, StartDate};

use super::cell::without_line_end;
use super::forms::Forms;
use super::names;
use crate::check;

/// What the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Field(Field),
    /// An extra value of this name.
    Extra(String),
}

impl Column {
    pub(super) fn name(&self) -> String {
        match self {
            Column::Field(field) => field.wire_name().to_owned(),
            Column::Extra(name) => name.clone(),
        }
    }
}

/// The columns of a document.
#[derive(Debug, Default)]
pub(super) struct Header {
    columns: Vec<Column>,
    /// The keys of the names, which ignore spelling, if there is a header row.
    keys: Vec<String>,
    /// The same, to be looked up.
    known: HashSet<String>,
    /// The forms in which the header may come again.
    forms: Forms,
    /// Whether the columns are the fifteen in the documented order.
    documented: bool,
}

/// Why a row is no header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// It has as many values as a record.
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
        if !fields.contains(&Some(Field::StartDate))
            && (std::iter::zip(&fields, &keys)
                .all(|(field, key)| field.is_none() && !also.contains(key))
                || names.iter().any(|name| is_start(name)))
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

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether the columns are the fifteen in the documented order.
    #[inline]
    pub(super) fn is_documented(&self) -> bool {
        self.documented
    }

    /// How the header may stand in the input again.
    #[inline]
    pub(super) fn forms(&self) -> &Forms {
        &self.forms
    }

    /// Sets how the header is written: its row, its names and its delimiter. Call it again for a header with
    /// another delimiter.
    pub(super) fn stands(&mut self, row: &[u8], names: Vec<String>, delimiter: u8) {
        let documented = self.columns.iter().map(Column::name).collect();
        self.forms = Forms::new(without_line_end(row), delimiter, [names, documented]);
    }

    /// Whether these are the keys of the same names.
    pub(super) fn has_keys(&self, keys: &[String]) -> bool {
        keys == self.keys
    }

    /// Whether these names, with their keys, are the header of another page (QUIRK-17): what this
    /// header says, or nothing but names of fields and of its columns, `startDate` among them; or
    /// `least` names of fields, `startDate` among them, beside other names, none of which can be read
    /// as a start.
    pub(super) fn is_repeated_by(&self, names: &[String], keys: &[String], least: usize) -> bool {
        if self.has_keys(keys) {
            return true;
        }
        let fields = keys.iter().filter_map(|key| names::of_key(key));
        if keys.len() < 2 || !fields.clone().any(|field| field == Field::StartDate) {
            return false;
        }
        keys.iter().all(|key| self.is_known(key))
            || (fields.count() >= least
                && keys.iter().all(|key| !key.is_empty())
                && !names.iter().any(|name| is_start(name)))
    }

    /// The column of the starts, if there is one.
    pub(super) fn start_column(&self) -> Option<usize> {
        self.columns.iter().position(|column| *column == Column::Field(Field::StartDate))
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

/// Whether a text can be read as a start.
fn is_start(text: &str) -> bool {
    StartDate::parse(check::trim(text)).is_ok()
}

/// The name for a value that has no column, or whose column has no name.
pub(super) fn surplus(index: usize) -> String {
    format!("column{}", index + 1)
}
