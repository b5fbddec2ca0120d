use core::fmt;

use unicode_width::UnicodeWidthStr;

use crate::QueryError;

/// How much of the raw query is shown on either side of the place, in bytes.
const AROUND: usize = 60;

/// A [`QueryError`] over the query it was found in.
pub(crate) struct Rendered<'a> {
    pub(crate) error: &'a QueryError,
    pub(crate) raw: &'a [u8],
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.error)?;
        let span = self.error.span();
        let end = span.end.min(self.raw.len());
        let start = span.start.min(end);
        let shown_from = char_edge(self.raw, start.saturating_sub(AROUND));
        let caret_end = end.min(start + AROUND);
        let shown_to = char_edge(self.raw, (caret_end + AROUND).min(self.raw.len())).max(caret_end);

        let before = shown(&self.raw[shown_from..start]);
        let within = shown(&self.raw[start..caret_end]);
        let after = shown(&self.raw[caret_end..shown_to]);
        let left = if shown_from > 0 { "…" } else { "" };
        let right = if shown_to < self.raw.len() { "…" } else { "" };
        writeln!(f, "  | {left}{before}{within}{after}{right}")?;
        // In columns: a terminal shows `日` in two, a combining accent in none.
        let indent = left.width() + before.width();
        let carets = within.width().max(1);
        writeln!(f, "  | {:indent$}{:^<carets$}", "", "")?;
        if let Some(hint) = self.error.hint() {
            writeln!(f, "  = hint: {hint}")?;
        }
        writeln!(f, "  = clause: {}", self.error.clause())
    }
}

/// The nearest edge between characters at or before `at`, where there is one: a character has at most
/// three bytes after its first.
fn char_edge(raw: &[u8], at: usize) -> usize {
    let is_edge = |at: &usize| raw.get(*at).is_none_or(|byte| byte & 0b1100_0000 != 0b1000_0000);
    (at.saturating_sub(3)..=at).rev().find(is_edge).unwrap_or(at)
}

/// The bytes as one line of text: what is no text, or would move the cursor, as `\u{fffd}`.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
