//! What a document says, for messages.

/// The first characters from `at` on, quoted. `None`: more is needed to say as much.
pub(super) fn excerpt(view: &[u8], at: usize, all: bool) -> Option<String> {
    let rest = &view[at..];
    if rest.len() < EXCERPT && !all {
        return None;
    }
    let text = String::from_utf8_lossy(&rest[..rest.len().min(EXCERPT)]);
    Some(format!("{:?}", text.trim_end_matches('\u{FFFD}')))
}

const EXCERPT: usize = 40;

/// Text for a message, cut where it becomes long.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
