//! The indexes of the recordings: those that every store has, and those that fields are given.

use vcc_types::Field;

use crate::{StoreError, StoreErrorKind};

/// An index of the recordings, led by the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    Start,
    Finish,
    /// By a field, and what has the same text by start; that of the transactionID by filename.
    Of(Field),
}

/// The fields that may be given an index, with its name in both schemas, its column, and what it
/// takes. The others have one in every store.
macro_rules! given {
    ($($field:ident $column:literal $in_postgres:literal)+) => {
        impl Index {
            /// What the index is called in both schemas.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    Self::Start | Self::Of(Field::StartDate) => "recordings_start",
                    Self::Finish => "recordings_finish",
                    Self::Of(Field::AgentId) => "recordings_agent",
                    Self::Of(Field::PhoneNumber) => "recordings_phone",
                    Self::Of(Field::TransactionId) => "recordings_transaction",
                    $(Self::Of(Field::$field) => concat!("recordings_", $column),)+
                }
            }
        }

        /// The fields that [`Store::set_index`](crate::Store::set_index) may give an index, in the
        /// documented order. The others have one in every store.
        ///
        /// ```
        /// use vcc_types::Field;
        ///
        /// assert!(vcc_store::INDEXABLE.contains(&Field::CaseId));
        /// assert!(!vcc_store::INDEXABLE.contains(&Field::AgentId));
        /// ```
        pub const INDEXABLE: &[Field] = &[$(Field::$field),+];

        /// What makes and what drops the index of a field in SQLite; `None` for a field that is given
        /// none.
        #[cfg(feature = "sqlite")]
        pub(crate) const fn in_sqlite(field: Field) -> Option<[&'static str; 2]> {
            match field {
                $(Field::$field => Some([
                    concat!(
                        "CREATE INDEX IF NOT EXISTS recordings_", $column,
                        " ON recordings (tenant, ", $column, ", start)",
                    ),
                    concat!("DROP INDEX IF EXISTS recordings_", $column),
                ]),)+
                _ => None,
            }
        }

        /// The same in PostgreSQL, beside whoever writes.
        #[cfg(feature = "postgres")]
        pub(crate) const fn in_postgres(field: Field) -> Option<[&'static str; 2]> {
            match field {
                $(Field::$field => Some([
                    concat!(
                        "CREATE INDEX CONCURRENTLY IF NOT EXISTS recordings_", $column,
                        " ON recordings (tenant, ", $column, ", start)", $in_postgres,
                    ),
                    concat!("DROP INDEX CONCURRENTLY IF EXISTS recordings_", $column),
                ]),)+
                _ => None,
            }
        }

        /// What a statement says so that PostgreSQL may read the index of a field, where the field's
        /// value is short: an entry of its indexes has at most a third of 8 KiB, and texts may be longer.
        #[cfg(feature = "postgres")]
        pub(crate) const fn is_short(field: Field) -> Option<&'static str> {
            let condition = match field {
                $(Field::$field => $in_postgres,)+
                _ => "",
            };
            match condition.split_at_checked(" WHERE".len()) {
                Some((_, condition)) => Some(condition),
                None => None,
            }
        }
    };
}

given! {
    Channel "channel" " WHERE octet_length(channel) <= 1000"
    CaseId "case_id" " WHERE octet_length(case_id) <= 1000"
    Duration "seconds" ""
    Filename "filename" " WHERE octet_length(filename) <= 1000"
    QueueId "queue_id" " WHERE octet_length(queue_id) <= 1000"
    QueueName "queue_name" " WHERE octet_length(queue_name) <= 1000"
    AccountNumber "account_number" " WHERE octet_length(account_number) <= 1000"
    ExtVar1 "ext_var1" " WHERE octet_length(ext_var1) <= 1000"
    ExtVar2 "ext_var2" " WHERE octet_length(ext_var2) <= 1000"
    OutDialCode "out_dial_code" " WHERE octet_length(out_dial_code) <= 1000"
    WrapUpCode "wrap_up_code" " WHERE octet_length(wrap_up_code) <= 1000"
}

/// How many bytes a text has at most that [`is_short`].
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

/// Says why a field is not given an index.
pub(crate) fn refused(field: Field) -> StoreError {
    let names: Vec<_> = INDEXABLE.iter().map(|field| field.wire_name()).collect();
    let message =
        format!("{field} has an index in every store: expected one of {}", names.join(", "));
    StoreError::new(StoreErrorKind::Refused, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::column;

    #[test]
    fn a_field_is_given_the_index_of_its_column() {
        for field in Field::ALL {
            let column = if field == Field::Duration { "seconds" } else { column(field) };
            let name = Index::Of(field).name();
            let everywhere = ["start", "agent", "phone", "transaction"];
            let is_everywhere = everywhere.iter().any(|end| name == format!("recordings_{end}"));
            assert_eq!(INDEXABLE.contains(&field), !is_everywhere, "{field}");
            let on = format!("{name} ON recordings (tenant, {column}, start)");
            #[cfg(feature = "sqlite")]
            assert_eq!(
                in_sqlite(field).map(|[make, drop]| [make.to_owned(), drop.to_owned()]),
                INDEXABLE.contains(&field).then(|| [
                    format!("CREATE INDEX IF NOT EXISTS {on}"),
                    format!("DROP INDEX IF EXISTS {name}"),
                ])
            );
            #[cfg(feature = "postgres")]
            {
                let is_text = INDEXABLE.contains(&field) && field != Field::Duration;
                let condition = is_text.then(|| format!(" octet_length({column}) <= {SHORT}"));
                assert_eq!(is_short(field), condition.as_deref(), "{field}");
                let only = condition.map(|only| format!(" WHERE{only}")).unwrap_or_default();
                assert_eq!(
                    in_postgres(field).map(|[make, drop]| [make.to_owned(), drop.to_owned()]),
                    INDEXABLE.contains(&field).then(|| [
                        format!("CREATE INDEX CONCURRENTLY IF NOT EXISTS {on}{only}"),
                        format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"),
                    ])
                );
            }
        }
    }

    #[test]
    fn indexes_are_known_by_their_names() {
        let given =
            Given::named(["recordings_start", "recordings_seconds", "x", "recordings_channel"]);
        assert!(given.fields().eq([Field::Channel, Field::Duration]));
        assert!(Given::default().fields().eq([]));
    }
}
