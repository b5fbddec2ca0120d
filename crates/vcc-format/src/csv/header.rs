//! Which column is which field (QUIRK-9).

use vcc_types::Field;

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
