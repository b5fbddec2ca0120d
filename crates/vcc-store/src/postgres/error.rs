use std::error::Error as _;
use std::fmt;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::{StoreError, StoreErrorKind};

/// Describes what failed, and sorts PostgreSQL's reasons by what a caller can do.
pub(super) fn error(doing: &'static str) -> impl Fn(Error) -> StoreError {
    move |error| StoreError::new(kind(&error), doing).with_source(Reason(error))
}

/// What the server or the system says, without the driver's prefix.
#[derive(Debug)]
pub(super) struct Reason(pub(super) Error);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_db_error(), self.0.source()) {
            (Some(answer), _) => {
                f.write_str(answer.message())?;
                for (name, text) in [("detail", answer.detail()), ("hint", answer.hint())] {
                    if let Some(text) = text {
                        write!(f, "; {name}: {text}")?;
                    }
                }
                Ok(())
            }
            // The causes of the cause: there are never more than a few.
            (None, Some(cause)) => {
                write!(f, "{cause}")?;
                let mut deeper = cause.source();
                let mut said = cause.to_string();
                while let Some(cause) = deeper {
                    let text = cause.to_string();
                    if !said.ends_with(&text) {
                        write!(f, ": {text}")?;
                    }
                    (said, deeper) = (text, cause.source());
                }
                Ok(())
            }
            (None, None) => self.0.fmt(f),
        }
    }
}

impl std::error::Error for Reason {}

/// Whether another transaction held a lock for too long.
pub(super) fn is_held(error: &StoreError) -> bool {
    let reason = error.source().and_then(<dyn std::error::Error>::downcast_ref::<Reason>);
    reason.is_some_and(|reason| reason.0.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
}

/// Whether the same statement may succeed on another connection, or on this one later.
pub(super) fn is_passing(error: &Error) -> bool {
    kind(error) == StoreErrorKind::Unavailable
}

pub(super) fn kind(error: &Error) -> StoreErrorKind {
    let Some(code) = error.code() else {
        // Not an answer of the server: the connection has failed, or a value does not fit its type.
        let local = std::error::Error::source(error).is_some_and(|source| {
            source.downcast_ref::<tokio_postgres::types::WrongType>().is_some()
        });
        return if local { StoreErrorKind::Internal } else { StoreErrorKind::Unavailable };
    };
    if *code == SqlState::QUERY_CANCELED {
        return StoreErrorKind::Deadline;
    }
    // The other transaction ends at some time.
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return StoreErrorKind::Unavailable;
    }
    // A standby was asked to write: by now the primary is another server.
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return StoreErrorKind::Unavailable;
    }
    // A right that was revoked is like a login that was: the store is configured wrongly.
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return StoreErrorKind::Refused;
    }
    match code.code().get(..2) {
        // No connection, rolled back (deadlocks, conflicts with a standby's replay), out of
        // resources, or stopped by an operator.
        Some("08" | "40" | "53" | "57" | "58") => StoreErrorKind::Unavailable,
        // No such database, role or password: the store is configured wrongly.
        Some("28" | "3D") => StoreErrorKind::Refused,
        _ => StoreErrorKind::Internal,
    }
}
