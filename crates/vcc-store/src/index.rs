//! The indexes of the recordings: those that every store has, and those that fields are given.

use vcc_types::Field;

use crate::sql::columns::column;
use crate::sql::text::Written;
use crate::{StoreError, StoreErrorKind};

/// An index of the recordings, led by the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    Start,
    Finish,
    /// By a field, and records with the same text by start; the one of the transactionID by filename.
    Of(Field),
}

impl Index {
    /// What the index is called in both schemas.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Start => NAMES[Field::StartDate.index()].as_text(),
            Self::Finish => "recordings_finish",
            Self::Of(field) => NAMES[field.index()].as_text(),
        }
    }
}

/// The fields that have an index in every store.
pub(crate) const EVERYWHERE: [Field; 3] =
    [Field::AgentId, Field::PhoneNumber, Field::TransactionId];

/// The fields that [`Store::set_index`](crate::Store::set_index) may give an index, in the documented
/// order. The others have one in every store.
///
/// ```
/// use vcc_types::Field;
///
/// assert!(vcc_store::INDEXABLE.contains(&Field::CaseId));
/// assert!(!vcc_store::INDEXABLE.contains(&Field::AgentId));
/// ```
pub const INDEXABLE: &[Field] = &{
    let mut fields = [Field::StartDate; Field::COUNT - 1 - EVERYWHERE.len()];
    let (mut at, mut count) = (1, 0);
    while at < Field::COUNT {
        if !is_everywhere(Field::ALL[at]) {
            fields[count] = Field::ALL[at];
            count += 1;
        }
        at += 1;
    }
    fields
};

const fn is_everywhere(field: Field) -> bool {
    let mut at = 0;
    while at < EVERYWHERE.len() {
        if EVERYWHERE[at].index() == field.index() {
            return true;
        }
        at += 1;
    }
    false
}

/// The column by which a field is searched. A duration is a number.
pub(crate) const fn searched(field: Field) -> &'static str {
    match field {
        Field::Duration => "seconds",
        _ => column(field),
    }
}

/// The names of the indexes by field.
const NAMES: &[Written<LONGEST>; Field::COUNT] = &{
    let mut names = [const { Written::new() }; Field::COUNT];
    let mut at = 0;
    while at < names.len() {
        names[at].text("recordings_");
        names[at].text(match Field::ALL[at] {
            Field::AgentId => "agent",
            Field::PhoneNumber => "phone",
            Field::TransactionId => "transaction",
            field => searched(field),
        });
        at += 1;
    }
    names
};

/// No name of an index is longer.
const LONGEST: usize = 48;

/// Whether the index of a field has all its values in PostgreSQL. An entry of its indexes has at most a
/// third of 8 KiB, and texts may be longer: an index that a field is given has only the [`SHORT`] ones, and
/// a statement must say that it asks for one of these.
#[cfg(feature = "postgres")]
pub(crate) fn has_short_texts_only(field: Field) -> bool {
    field != Field::Duration && INDEXABLE.contains(&field)
}

/// How many bytes a short text has at most.
#[cfg(feature = "postgres")]
pub(crate) const SHORT: usize = 1_000;

/// The fields that a store has given an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Given(u16);

impl Given {
    pub(crate) fn has(self, field: Field) -> bool {
        self.0 & (1 << field.index()) != 0
    }

    /// The fields whose indexes are among those of these names.
    pub(crate) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut given = Self::default();
        for name in names {
            let field = INDEXABLE.iter().find(|field| Index::Of(**field).name() == name);
            given.0 |= field.map_or(0, |field| 1 << field.index());
        }
        given
    }

    pub(crate) fn fields(self) -> impl Iterator<Item = Field> {
        INDEXABLE.iter().copied().filter(move |field| self.has(*field))
    }
}

/// The error for a field that is not given an index, nor has one taken away.
pub(crate) fn refused(field: Field) -> StoreError {
    let names: Vec<_> = INDEXABLE.iter().map(|field| field.wire_name()).collect();
    let message =
        format!("{field} has an index in every store: expected one of {}", names.join(", "));
    StoreError::new(StoreErrorKind::Refused, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_called_by_its_column() {
        let names: Vec<_> = INDEXABLE.iter().map(|field| Index::Of(*field).name()).collect();
        assert_eq!(
            names,
            [
                "recordings_channel",
                "recordings_case_id",
                "recordings_seconds",
                "recordings_filename",
                "recordings_queue_id",
                "recordings_queue_name",
                "recordings_account_number",
                "recordings_ext_var1",
                "recordings_ext_var2",
                "recordings_out_dial_code",
                "recordings_wrap_up_code",
            ]
        );
        let everywhere = EVERYWHERE.map(|field| Index::Of(field).name());
        assert_eq!(everywhere, ["recordings_agent", "recordings_phone", "recordings_transaction"]);
        assert_eq!(Index::Start.name(), "recordings_start");
    }

    #[test]
    fn indexes_are_known_by_their_names() {
        let given =
            Given::named(["recordings_start", "recordings_seconds", "x", "recordings_channel"]);
        assert!(given.fields().eq([Field::Channel, Field::Duration]));
        assert!(Given::default().fields().eq([]));
    }
}
