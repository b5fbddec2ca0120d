//! What the next few bytes begin, where the buffer may end among them.

/// Whether `wanted` stands at `at`; `None` where the buffer ends before that is known.
pub(super) fn starts_with(view: &[u8], at: usize, wanted: &[u8]) -> Option<bool> {
    let there = &view[at.min(view.len())..];
    let length = there.len().min(wanted.len());
    if there[..length] != wanted[..length] {
        Some(false)
    } else {
        (length == wanted.len()).then_some(true)
    }
}

/// What a `%` begins.
pub(super) enum Lead {
    More,
    None,
    /// A `<`, written with so many bytes.
    Is(usize),
}

/// `%lt;`, or with its ampersand written that way too, `%amp;lt;`.
#[inline]
pub(super) fn percent(view: &[u8], at: usize) -> Lead {
    match view.get(at + 1..).unwrap_or_default() {
        [b'l', b't', b';', ..] => Lead::Is(b"%lt;".len()),
        [b'l', b't'] | [b'l' | b'a'] | [] => Lead::More,
        [b'a', b'm', rest @ ..] => match starts_with(rest, 0, b"p;lt;") {
            None => Lead::More,
            Some(false) => Lead::None,
            Some(true) => Lead::Is(b"%amp;lt;".len()),
        },
        _ => Lead::None,
    }
}
