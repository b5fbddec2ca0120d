use core::fmt;
use core::ops::Range;
use std::borrow::Cow;

/// A query that cannot be read or has no meaning. It is always the client's mistake (HTTP 400).
///
/// [`Display`](fmt::Display) is one line; [`render`](QueryError::render) shows the place, and
/// [`render_redacted`](QueryError::render_redacted) does so without showing the rest of the query.
///
/// ```
/// use vcc_query::{Query, QueryErrorKind};
///
/// let raw = "agentID=bill&d=yesterday";
/// let error = Query::parse(raw).unwrap_err();
/// assert_eq!(error.kind(), QueryErrorKind::Date);
/// assert_eq!(error.variable(), Some("d"));
/// assert_eq!(&raw[error.span()], "yesterday");
/// assert_eq!(error.clause(), "DATE-11");
/// assert_eq!(
///     error.render(raw).to_string(),
///     "d: expected a date such as 2007-08-05 or a constant such as today-1d, found \"yesterday\"\n\
///      \x20 | agentID=bill&d=yesterday\n\
///      \x20 |                ^^^^^^^^^\n\
///      \x20 = hint: yesterday is today-1d\n\
///      \x20 = clause: DATE-11\n"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct QueryError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: QueryErrorKind,
    span: Range<usize>,
    variable: Option<Cow<'static, str>>,
    clause: &'static str,
    expected: Cow<'static, str>,
    found: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
}

/// What is wrong with a query.
///
/// ```
/// use vcc_query::{Query, QueryErrorKind};
///
/// let kind = |raw| Query::parse(raw).unwrap_err().kind();
/// assert_eq!(kind("d=2007-02-30"), QueryErrorKind::ImpossibleDate);
/// assert_eq!(kind("tz=Denver"), QueryErrorKind::Zone);
/// assert_eq!(kind("agent=bill"), QueryErrorKind::UnknownVariable);
/// assert_eq!(kind("agentID=%zz"), QueryErrorKind::Escape);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueryErrorKind {
    /// The path names no resource: HTTP 404 (REQ-3).
    Resource,
    /// Longer than the limit.
    TooLong,
    /// More variables than the limit.
    TooManyVariables,
    /// A `%` that is not followed by two hexadecimal digits (REQ-8).
    Escape,
    /// Bytes that are not UTF-8 once decoded (REQ-8).
    Utf8,
    /// A control character where none is allowed (REQ-8).
    ControlCharacter,
    /// A variable without `=` (REQ-8).
    MissingEquals,
    /// A variable that the documentation does not name (REQ-9).
    UnknownVariable,
    /// A variable given twice (REQ-10).
    RepeatedVariable,
    /// A text that is not a date (DATE-5, DATE-6).
    Date,
    /// A date, time or offset that does not exist (DATE-6b).
    ImpossibleDate,
    /// A date outside the years 0001 to 9999.
    Calendar,
    /// A date in a form that the dialect does not read.
    Dialect,
    /// A range that is malformed, or where no range is allowed (DATE-11, NEAR-5).
    Range,
    /// A range whose end is before its start (DATE-10).
    ReversedRange,
    /// A name that is not a zone (DATE-3).
    Zone,
    /// An `n` or a `duration` that is not a number, or is too large (PAGE-4, FIELD-4).
    Number,
}

impl QueryError {
    pub(crate) fn new(
        kind: QueryErrorKind,
        span: Range<usize>,
        clause: &'static str,
        expected: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
    ) -> QueryError {
        let (expected, found) = (expected.into(), found.into());
        QueryError(Box::new(Inner {
            kind,
            span,
            variable: None,
            clause,
            expected,
            found,
            hint: None,
        }))
    }

    pub(crate) fn of(mut self, variable: impl Into<Cow<'static, str>>) -> QueryError {
        self.0.variable = Some(variable.into());
        self
    }

    /// The same error with its span translated, such as into a longer text.
    pub(crate) fn map_span(mut self, to: impl FnOnce(Range<usize>) -> Range<usize>) -> QueryError {
        self.0.span = to(self.0.span);
        self
    }

    pub(crate) fn hinting(mut self, hint: Option<impl Into<Cow<'static, str>>>) -> QueryError {
        self.0.hint = hint.map(Into::into);
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> QueryErrorKind {
        self.0.kind
    }

    /// The wrong bytes of the raw query, before percent-decoding. The span is empty where something is
    /// missing.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.0.span.clone()
    }

    /// The name of the wrong variable, if the error concerns one.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        self.0.variable.as_deref()
    }

    /// The clause of the specification that decides, such as `DATE-6`.
    #[must_use]
    pub fn clause(&self) -> &'static str {
        self.0.clause
    }

    /// What would be accepted.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.0.expected
    }

    /// What was found instead.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.0.found
    }

    /// What was probably meant, where that is clear.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for QueryError {
    /// One line: the variable, what was expected, what was found.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variable) = self.variable() {
            write!(f, "{variable}: ")?;
        }
        write!(f, "expected {}, found {}", self.0.expected, self.0.found)
    }
}

impl fmt::Debug for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryError")
            .field("kind", &self.0.kind)
            .field("span", &self.0.span)
            .field("clause", &self.0.clause)
            .field("message", &format_args!("{self}"))
            .field("hint", &self.0.hint)
            .finish()
    }
}

impl core::error::Error for QueryError {}

/// A text for a message: quoted, at most 40 characters of it.
pub(crate) fn found(text: &str) -> Cow<'static, str> {
    match text.char_indices().nth(40) {
        _ if text.is_empty() => "nothing".into(),
        None => format!("{text:?}").into(),
        Some((at, _)) => format!("{:?}…", &text[..at]).into(),
    }
}
