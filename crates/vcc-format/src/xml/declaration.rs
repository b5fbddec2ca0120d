//! `<?xml version='1.0' encoding='UTF-8' ?>`, in any quotes (QUIRK-3).

use super::tag::{Attribute, attribute, is_space};

/// What a declaration says; the error is where and what is wrong with it.
pub(super) struct Declaration {
    pub(super) encoding: Option<core::ops::Range<usize>>,
}

/// Reads a declaration: `view[..end]` is `<?xml` to `?>`, beginning at `at`.
pub(super) fn read(
    view: &[u8],
    at: usize,
    end: usize,
) -> Result<Declaration, (usize, &'static str)> {
    let inner = &view[..end - 2];
    let mut pos = at + b"<?xml".len();
    let mut expected: &[(&[u8], &'static str)] = &[
        (b"version", "expected version=\"1.0\" in the XML declaration"),
        (b"encoding", "expected encoding or standalone in the XML declaration"),
        (b"standalone", "expected standalone or the end of the XML declaration"),
    ];
    let mut declaration = Declaration { encoding: None };
    loop {
        let spaces = pos;
        while inner.get(pos).is_some_and(|byte| is_space(*byte)) {
            pos += 1;
        }
        if pos == inner.len() {
            return match expected {
                [(b"version", message), ..] => Err((pos, message)),
                _ => Ok(declaration),
            };
        }
        let message = expected.first().map_or("expected the end of the XML declaration", |e| e.1);
        let Attribute::Is { name, value, end } = attribute(inner, pos) else {
            return Err((pos, message));
        };
        let place = expected.iter().position(|(wanted, _)| *wanted == &inner[name.clone()]);
        let (Some(place), true) = (place, pos > spaces) else { return Err((pos, message)) };
        // The version cannot be left out.
        if expected.len() == 3 && place != 0 {
            return Err((pos, message));
        }
        let text = &inner[value.clone()];
        match &inner[name] {
            b"version" => match text.strip_prefix(b"1.") {
                Some(minor) if !minor.is_empty() && minor.iter().all(u8::is_ascii_digit) => {}
                _ => return Err((value.start, message)),
            },
            b"encoding" => {
                let rest = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
                if !text.first().is_some_and(u8::is_ascii_alphabetic) || !text.iter().all(rest) {
                    return Err((value.start, "expected the name of an encoding"));
                }
                declaration.encoding = Some(value);
            }
            _ if matches!(text, b"yes" | b"no") => {}
            _ => return Err((value.start, "expected standalone=\"yes\" or \"no\"")),
        }
        expected = &expected[place + 1..];
        pos = end;
    }
}
