//! `<?xml version='1.0' encoding='UTF-8' ?>`, in any quotes (QUIRK-3).

use core::ops::Range;

use super::name::{is_name_byte, is_space};

/// What a declaration says; the error is where and what is wrong with it.
pub(super) struct Declaration {
    pub(super) encoding: Option<Range<usize>>,
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

#[derive(Debug, PartialEq, Eq)]
enum Attribute {
    More,
    None,
    Is { name: Range<usize>, value: Range<usize>, end: usize },
}

/// `Name Eq AttValue` of XML 1.0. The value is not looked into but for `<`, which ends everything.
fn attribute(view: &[u8], at: usize) -> Attribute {
    let skip = |mut pos: usize, wanted: fn(u8) -> bool| {
        while view.get(pos).is_some_and(|byte| wanted(*byte)) {
            pos += 1;
        }
        pos
    };
    let name_end = skip(at, is_name_byte);
    let equals = skip(name_end, is_space);
    match view.get(equals) {
        None => return Attribute::More,
        Some(b'=') => {}
        Some(_) => return Attribute::None,
    }
    let open = skip(equals + 1, is_space);
    let quote = match view.get(open) {
        None => return Attribute::More,
        Some(quote @ (b'"' | b'\'')) => *quote,
        Some(_) => return Attribute::None,
    };
    match memchr::memchr2(quote, b'<', &view[open + 1..]) {
        None => Attribute::More,
        Some(length) if view[open + 1 + length] == quote => {
            let value = open + 1..open + 1 + length;
            Attribute::Is { name: at..name_end, end: value.end + 1, value }
        }
        Some(_) => Attribute::None,
    }
}
