//! What goes wrong in a store.

use std::error::Error;
use std::fmt;

/// What went wrong in a store.
///
/// `Display` is one line for an operator. It may name tables, paths and hosts, so it belongs in a
/// log and never in a response (STATUS-1).
///
/// ```
/// use vcc_store::{StoreError, StoreErrorKind};
///
/// let error = StoreError::new(StoreErrorKind::Unavailable, "cannot connect to db1")
///     .with_source("connection refused\nIs the server running?");
/// // The causes come after the message. Their lines become one.
/// let line = "cannot connect to db1: connection refused; Is the server running?";
/// assert_eq!(error.to_string(), line);
/// ```
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    /// The file or the host that a cause is about.
    place: Option<String>,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`StoreError`], by what the caller can do about them.
///
/// ```
/// use vcc_store::{StoreError, StoreErrorKind};
///
/// /// Whether the same call may succeed later.
/// fn passes(error: &StoreError) -> bool {
///     // Kinds may be added: treat an unknown one as permanent.
///     matches!(error.kind(), StoreErrorKind::Unavailable | StoreErrorKind::Deadline)
/// }
///
/// assert!(passes(&StoreError::new(StoreErrorKind::Deadline, "the page took too long")));
/// assert!(!passes(&StoreError::new(StoreErrorKind::Refused, "a schema of a later version")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store cannot be reached or is busy: the same call may succeed later.
    Unavailable,
    /// The call took longer than allowed.
    Deadline,
    /// What was to be made exists already.
    Exists,
    /// What the call names does not exist.
    NotFound,
    /// The call asks for something that the store does not do.
    Refused,
    /// A tenant has a zone that the zone data does not have (DATE-13). Newer data helps, or
    /// [`set_zone`](crate::Store::set_zone).
    UnknownZone,
    /// Anything else: a damaged file, a schema of another program, a defect.
    Internal,
}

impl StoreError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, place: None, message: message.into(), source: None }
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error with the file or the host that it is about, if a database has failed. An
    /// error without a cause says in its message what it is about.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        if self.source.is_some() && self.place.is_none() {
            self.place = Some(place.to_string());
        }
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

/// The errors that every engine has in the same words.
impl StoreError {
    pub(crate) fn no_such_tenant() -> Self {
        Self::new(StoreErrorKind::NotFound, "there is no such tenant")
    }

    pub(crate) fn no_such_token(token: i64) -> Self {
        Self::new(StoreErrorKind::NotFound, format!("the tenant has no token {token}"))
    }

    /// A task of the store panicked, or its runtime ended.
    pub(crate) fn task(ended: tokio::task::JoinError) -> Self {
        Self::new(StoreErrorKind::Internal, "a task of the store ended early").with_source(ended)
    }

    /// The store is being dropped.
    pub(crate) fn closed() -> Self {
        Self::new(StoreErrorKind::Unavailable, "the store is closed")
    }

    /// A bulk load into a store that has recordings.
    pub(crate) fn not_the_first_load() -> Self {
        let message = "the store holds recordings, and a bulk load is the first of all";
        Self::new(StoreErrorKind::Refused, message)
    }

    /// The bulk load is no longer the current one.
    pub(crate) fn another_load() -> Self {
        let message = "another bulk load has begun or ended meanwhile";
        Self::new(StoreErrorKind::Refused, message)
    }

    /// The message for a store that a later version of this program has made or upgraded. `store`
    /// is how it names the store.
    pub(crate) fn later_schema(store: &str, version: i64, known: usize) -> String {
        format!(
            "{store} has schema version {version}, and this program knows the versions up to \
             {known}: use the program that upgraded the store, or a later one"
        )
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.iter().map(String::as_str);
        let mut said = place.chain([&*self.message]).map(one_line).collect::<Vec<_>>().join(": ");
        let mut cause = self.source.as_deref().map(|source| source as &dyn Error);
        while let Some(error) = cause {
            let line = one_line(&error.to_string());
            // Some errors print their causes as well.
            if !line.is_empty() && !said.ends_with(&line) {
                said = said + ": " + &line;
            }
            cause = error.source();
        }
        f.write_str(&said)
    }
}

/// The messages of databases have several lines, and so may the data that they quote.
fn one_line(text: &str) -> String {
    let lines = text.split(|at: char| at.is_control() && at != '\t').map(str::trim);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_with_its_causes() {
        let error = StoreError::new(StoreErrorKind::Internal, "cannot import")
            .with_source("deadlock\r\nDETAIL:\ta\n\nHINT: b\u{1b}[31m");
        assert_eq!(error.to_string(), "cannot import: deadlock; DETAIL:\ta; HINT: b; [31m");
    }

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let inner = StoreError::new(StoreErrorKind::Internal, "cannot connect")
            .with_source(std::io::Error::other("refused"));
        let error = StoreError::new(StoreErrorKind::Internal, "cannot list").with_source(inner);
        assert_eq!(error.to_string(), "cannot list: cannot connect: refused");
    }

    #[test]
    fn a_place_is_named_once_and_only_where_something_failed_there() {
        let error = || StoreError::new(StoreErrorKind::Internal, "cannot list");
        let failed = error().with_source("refused").at("db1:5432").at("db2:5432");
        assert_eq!(failed.to_string(), "db1:5432: cannot list: refused");
        assert_eq!(error().at("db1:5432").to_string(), "cannot list");
    }
}
