use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::{StoreError, StoreErrorKind};

/// Says what was being done when PostgreSQL refused, and sorts its reasons by what a caller can do.
pub(super) fn error(doing: &'static str) -> impl Fn(Error) -> StoreError {
    move |error| StoreError::new(kind(&error), doing).with_source(error)
}

/// Whether the same statement may succeed on another connection, or on this one later.
pub(super) fn is_passing(error: &Error) -> bool {
    kind(error) == StoreErrorKind::Unavailable
}

fn kind(error: &Error) -> StoreErrorKind {
    let Some(code) = error.code() else {
        // Not an answer of the server: the connection failed, unless a value did not fit its type.
        let local = std::error::Error::source(error).is_some_and(|source| {
            source.downcast_ref::<tokio_postgres::types::WrongType>().is_some()
        });
        return if local { StoreErrorKind::Internal } else { StoreErrorKind::Unavailable };
    };
    if *code == SqlState::QUERY_CANCELED {
        return StoreErrorKind::Deadline;
    }
    // A standby that was asked to write: the primary is elsewhere by now.
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return StoreErrorKind::Unavailable;
    }
    match code.code().get(..2) {
        // No connection, rolled back (deadlocks, conflicts with a standby's replay), out of
        // resources, or stopped by an operator.
        Some("08" | "40" | "53" | "57" | "58") => StoreErrorKind::Unavailable,
        // No such database, or no such role or password: the store is set up otherwise.
        Some("28" | "3D") => StoreErrorKind::Refused,
        _ => StoreErrorKind::Internal,
    }
}
