/// How many characters of one text a page shows.
const MOST: usize = 2_000;

/// Escapes a text for a page of HTML, in an element or in an attribute with double quotes.
/// Invisible characters, and those that change the direction of text, are shown by number: what
/// came must not look like something else.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            // Characters that HTML cannot carry.
            c if c.is_control() => out.push('\u{fffd}'),
            c if is_unseen(c) => out.push_str(&format!("[U+{:04X}]", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Escapes a text as [`escape`] does, and cuts it with its full length told if it is too long to
/// read.
pub(super) fn excerpt(text: &str) -> String {
    // Characters are counted only in texts that are cut.
    match text.char_indices().nth(MOST) {
        None => escape(text),
        Some((at, _)) => {
            let all = text.chars().count();
            format!("{}… ({all} characters, of which {MOST} are shown)", escape(&text[..at]))
        }
    }
}

/// Marks of direction, joiners and spaces without a width, and separators that browsers ignore.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup_or_hides() {
        for (text, escaped) in [
            ("<script>\"&", "&lt;script&gt;&quot;&amp;"),
            ("a\u{0}\u{1b}[31m\n\tb", "a\u{fffd}\u{fffd}[31m\n\tb"),
            ("gpj.\u{202e}exe", "gpj.[U+202E]exe"),
            ("a\u{200b}b\u{2066}c\u{feff}", "a[U+200B]b[U+2066]c[U+FEFF]"),
            ("שלום 😀", "שלום 😀"),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_counted() {
        assert_eq!(excerpt(&"é".repeat(MOST)), "é".repeat(MOST));
        let cut = excerpt(&"<".repeat(1 << 20));
        assert!(cut.ends_with("&lt;… (1048576 characters, of which 2000 are shown)"), "{cut}");
        assert!(cut.len() < 9_000);
    }
}
