//! Which column is which field (QUIRK-9).

use vcc_types::{Field, StartDate};

use super::cell::{Cell, without_line_end};
use super::forms::Forms;
use super::names;
use crate::check;
use crate::encoding::Encoding;

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
    /// Their places, by key.
    order: Vec<usize>,
    /// How long a name may be in the header of another page.
    longest: usize,
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
                None if name.is_empty() => {
                    let mut name = String::new();
                    surplus(index, &mut name);
                    Column::Extra(name)
                }
                None => Column::Extra(name.clone()),
            });
        }
        let all = Field::ALL.map(Column::Field);
        let documented = columns == all;
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_unstable_by_key(|place| &keys[*place]);
        let longest = longest(names.iter().map(String::len).max());
        Ok(Header { columns, keys, order, longest, forms: Forms::default(), documented })
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

    /// Whether the cells of a row are these names, in any spelling.
    pub(super) fn has_names(&self, row: &[u8], cells: &[Cell]) -> bool {
        let is = |(cell, key): (&Cell, &String)| {
            self.may_be_name(cell.bytes(row)) && names::key(&cell.name(row)) == *key
        };
        cells.len() == self.keys.len() && cells.iter().zip(&self.keys).all(is)
    }

    /// Whether a row may be the header of another page: it has as many cells, or one that says
    /// `startDate`. Most have not.
    pub(super) fn may_be_repeated_by(&self, row: &[u8], cells: &[Cell]) -> bool {
        cells.len() == self.keys.len()
            || cells.iter().any(|cell| names::may_be_start_date(cell.bytes(row)))
    }

    /// Whether the cells of a row are the header of another page (QUIRK-17): what this header says, or
    /// nothing but names of fields and of its columns, `startDate` among them; or, if there is a
    /// `least`, as many names of fields, `startDate` among them, beside other names, none of which can
    /// be read as a start.
    pub(super) fn is_repeated_by(&self, row: &[u8], cells: &[Cell], least: Option<usize>) -> bool {
        self.has_names(row, cells) || self.is_followed_by(row, cells, least)
    }

    fn is_followed_by(&self, row: &[u8], cells: &[Cell], least: Option<usize>) -> bool {
        // Most rows are told by this.
        if cells.len() < 2 || !cells.iter().any(|cell| names::may_be_start_date(cell.bytes(row))) {
            return false;
        }
        let (mut fields, mut has_start, mut all_known, mut has_value) = (0, false, true, false);
        for cell in cells {
            if !self.may_be_name(cell.bytes(row)) {
                return false;
            }
            let name = cell.name(row);
            let key = names::key(&name);
            let field = names::of_key(&key);
            fields += usize::from(field.is_some());
            has_start |= field == Some(Field::StartDate);
            all_known &= field.is_some() || self.has_key(&key);
            has_value |= key.is_empty() || is_start(&name);
            if !all_known && (has_value || least.is_none()) {
                return false;
            }
        }
        has_start && (all_known || least.is_some_and(|least| fields >= least && !has_value))
    }

    /// Whether it is not too long for a name.
    fn may_be_name(&self, cell: &[u8]) -> bool {
        cell.len() <= self.longest
    }

    /// Whether it is the name of a field or of one of these columns.
    pub(super) fn is_name(&self, cell: &[u8]) -> bool {
        self.may_be_name(cell) && {
            let key = names::key(&Encoding::Utf8.text(cell));
            names::of_key(&key).is_some() || self.has_key(&key)
        }
    }

    /// Whether it is the key of one of these columns.
    fn has_key(&self, key: &str) -> bool {
        self.order.binary_search_by(|place| self.keys[*place].as_str().cmp(key)).is_ok()
    }

    /// The column of the starts, if there is one.
    pub(super) fn start_column(&self) -> Option<usize> {
        self.columns.iter().position(|column| *column == Column::Field(Field::StartDate))
    }

    /// The header of a document that has none.
    pub(super) fn documented() -> Header {
        let columns = Field::ALL.into_iter().map(Column::Field).collect();
        let names = || Field::ALL.map(|field| field.wire_name().to_owned()).to_vec();
        let forms = Forms::new(b"", b',', [names(), names()]);
        Header { columns, forms, documented: true, longest: longest(None), ..Header::default() }
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

/// How long a name may be where the longest one so far has this length: with each quote in it doubled,
/// and with more white space than anybody writes. A longer cell need not be looked at.
fn longest(present: Option<usize>) -> usize {
    256 + 2 * present.unwrap_or(0)
}

/// Whether a text can be read as a start.
fn is_start(text: &str) -> bool {
    StartDate::parse(check::trim(text)).is_ok()
}

/// Appends the name for a value that has no column, or whose column has no name.
pub(super) fn surplus(index: usize, out: &mut String) {
    use core::fmt::Write;
    // A String takes everything.
    let _ = write!(out, "column{}", index + 1);
}
