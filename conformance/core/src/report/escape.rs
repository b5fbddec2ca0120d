/// A text as it stands in a page of HTML, in an element or in an attribute with double quotes.
#[must_use]
pub fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' => "&quot;".into(),
            // Characters that no page can carry.
            c if c.is_control() && !matches!(c, '\n' | '\t') => "\u{fffd}".into(),
            c => c.to_string(),
        })
        .collect()
}
