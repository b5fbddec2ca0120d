use core::fmt;
use core::ops::Range;

use unicode_width::UnicodeWidthStr;

use crate::decode::{Bytes, Scratch, decode};
use crate::span::Span;
use crate::variable::Variable;
use crate::{QueryError, QueryErrorKind};

/// How many bytes of the raw query are shown on either side of the place.
const AROUND: usize = 60;

impl QueryError {
    /// The error with its place in the raw query, in several lines. They show the query around the
    /// place, values included, so they are meant for the author of the query.
    #[must_use]
    pub fn render<'a>(&'a self, raw: &'a (impl AsRef<[u8]> + ?Sized)) -> impl fmt::Display + 'a {
        Rendered::whole(self, raw.as_ref())
    }

    /// The error with the wrong variable and nothing else of the raw query. It is meant for a server's
    /// answer or a log: other values may be personal data or secrets (STATUS-2).
    ///
    /// If the documentation does not have the variable, only its name is shown. If the query is refused
    /// as a whole, nothing of it is shown. A long value is cut.
    ///
    /// ```
    /// use vcc_query::Query;
    ///
    /// let shown = |raw| Query::parse(raw).unwrap_err().render_redacted(raw).to_string();
    /// assert_eq!(
    ///     shown("phoneNumber=4155551234&tz=Denver"),
    ///     "tz: expected a zone of the tz database, such as America/New_York, found \"Denver\"\n\
    ///      \x20 | tz=Denver\n\
    ///      \x20 |    ^^^^^^\n\
    ///      \x20 = clause: DATE-3\n"
    /// );
    /// assert!(shown("token=secret").contains("\n  | token\n  | ^^^^^\n"));
    /// ```
    #[must_use]
    pub fn render_redacted<'a>(
        &'a self,
        raw: &'a (impl AsRef<[u8]> + ?Sized),
    ) -> impl fmt::Display + 'a {
        Rendered::redacted(self, raw.as_ref())
    }
}

/// A [`QueryError`] over the query it was found in.
pub(crate) struct Rendered<'a> {
    error: &'a QueryError,
    raw: &'a [u8],
    /// What may be shown of the raw query. `None` for nothing.
    visible: Option<Range<usize>>,
    /// Whether the text at the place may be shown.
    tells: bool,
}

impl<'a> Rendered<'a> {
    /// All of the query may be shown.
    pub(crate) fn whole(error: &'a QueryError, raw: &'a [u8]) -> Self {
        Rendered { error, raw, visible: Some(0..raw.len()), tells: true }
    }

    /// STATUS-2: only the wrong variable may be shown, and only its name if it is unknown.
    pub(crate) fn redacted(error: &'a QueryError, raw: &'a [u8]) -> Self {
        use QueryErrorKind::{Resource, TooLong, TooManyVariables};
        if matches!(error.kind(), Resource | TooLong | TooManyVariables) {
            return Rendered { error, raw, visible: None, tells: true };
        }
        let at = error.span().start.min(raw.len());
        let start = memchr::memrchr(b'&', &raw[..at]).map_or(0, |before| before + 1);
        let end = memchr::memchr(b'&', &raw[at..]).map_or(raw.len(), |length| at + length);
        let equals = memchr::memchr(b'=', &raw[start..end]).map(|length| start + length);
        let name = start..equals.unwrap_or(end);
        let value = equals.map_or(end, |equals| equals + 1);
        if is_known(&raw[name.clone()]) {
            return Rendered { error, raw, visible: Some(start..end), tells: true };
        }
        // If the query was encoded as a whole, what looks like a name contains values.
        if let Some(length) = encoded_separator(&raw[name.clone()]) {
            let visible = start..start + length;
            return Rendered { error, raw, visible: Some(visible), tells: false };
        }
        let tells = at <= name.end;
        // If there is no name, its place is before the `=`.
        let end = if tells && !name.is_empty() { name.end } else { value };
        Rendered { error, raw, visible: Some(start..end), tells }
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tells {
            return writeln!(f, "{}", self.error);
        }
        writeln!(f, "expected {}", self.error.expected())
    }

    /// What may be shown around the place, and the place marked below it.
    fn place(&self, visible: &Range<usize>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = self.error.span();
        let end = span.end.min(visible.end);
        let start = span.start.clamp(visible.start, visible.end).min(end.max(visible.start));
        let end = end.max(start);
        let shown_from = char_edge(self.raw, start.saturating_sub(AROUND)).max(visible.start);
        let caret_end = end.min(start + AROUND);
        let shown_to = char_edge(self.raw, (caret_end + AROUND).min(visible.end)).max(caret_end);

        let before = shown(&self.raw[shown_from..start]);
        let within = shown(&self.raw[start..caret_end]);
        let after = shown(&self.raw[caret_end..shown_to]);
        let left = if shown_from > visible.start { "…" } else { "" };
        let right = if shown_to < visible.end { "…" } else { "" };
        writeln!(f, "  | {left}{before}{within}{after}{right}")?;
        // In columns of a terminal: `日` takes two, a combining accent takes none.
        let indent = left.width() + before.width();
        let carets = within.width().max(1);
        writeln!(f, "  | {:indent$}{:^<carets$}", "", "")
    }
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message(f)?;
        if let Some(visible) = &self.visible {
            self.place(visible, f)?;
        }
        if let Some(hint) = self.error.hint() {
            writeln!(f, "  = hint: {hint}")?;
        }
        writeln!(f, "  = clause: {}", self.error.clause())
    }
}

/// The place of the first `=` or `&` in a raw name that is percent-encoded, once or several times.
fn encoded_separator(name: &[u8]) -> Option<usize> {
    let is_separator = |at: &usize| {
        let mut rest = &name[*at + 1..];
        while let Some(inner) = rest.strip_prefix(b"25") {
            rest = inner;
        }
        matches!(rest, [b'3', b'd' | b'D', ..] | [b'2', b'6', ..])
    };
    memchr::memchr_iter(b'%', name).find(is_separator)
}

/// Whether a raw name is that of a variable. No name has a `+`.
fn is_known(name: &[u8]) -> bool {
    let mut scratch = Scratch::new();
    let span = Span::new(0, name.len());
    let text = decode(name, span, Bytes::of(name), Default::default(), &mut scratch);
    text.is_ok_and(|(text, _)| Variable::from_name(text.as_bytes()).is_some())
}

/// The nearest boundary of a character at or before `at`, if there is one within three bytes.
fn char_edge(raw: &[u8], at: usize) -> usize {
    let is_edge = |at: &usize| raw.get(*at).is_none_or(|byte| byte & 0b1100_0000 != 0b1000_0000);
    (at.saturating_sub(3)..=at).rev().find(is_edge).unwrap_or(at)
}

/// The bytes as one line of text. What is not text, or would move the cursor, becomes `\u{fffd}`.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
