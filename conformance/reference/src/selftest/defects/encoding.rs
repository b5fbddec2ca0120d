use vcc_types::Field;

use crate::selftest::defect::Hook::{Again, Answer, Ask, List, Refuse};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::{Incoming, decode};

pub(super) fn raw(incoming: &Incoming) -> &str {
    incoming.query.as_deref().unwrap_or_default()
}

/// Only the values of fields are changed.
fn fields(incoming: &mut Incoming, change: impl Fn(&str) -> Option<String>) {
    incoming.map(|name, value| Field::from_filter_name(name).and_then(|_| change(value)));
}

/// Broken escapes of a query, kept as text.
fn mended(query: &str) -> String {
    let bytes = query.as_bytes();
    let mut out = String::new();
    for (at, c) in query.char_indices() {
        let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
        if c == '%' && !(hex(at + 1) && hex(at + 2)) {
            out.push_str("%25");
        } else {
            out.push(c);
        }
    }
    out
}

/// The bytes that escapes stand for.
fn bytes(query: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let raw = query.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        let byte = (raw[at] == b'%').then(|| query.get(at + 1..at + 3)).flatten();
        match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(raw[at]);
                at += 1;
            }
        }
    }
    out
}

fn invalid(query: &str) -> bool {
    query.contains('%') && mended(query) == query && String::from_utf8(bytes(query)).is_err()
}

fn controls(incoming: &Incoming, which: impl Fn(u8) -> bool) -> bool {
    let bytes = bytes(raw(incoming));
    bytes.iter().any(|byte| *byte < 0x20 && which(*byte))
}

pub(super) const ENCODING: Family = Family {
    name: "encoding of requests",
    defects: &[
        defect(
            "not-decoded",
            &["REQ-5", "FIELD-5", "FIELD-1a"],
            "that does not decode values of fields",
            Ask(|incoming, _| {
                let query = raw(incoming).to_owned();
                let parts = query.split('&').map(|part| match part.split_once('=') {
                    Some((name, value)) if Field::from_filter_name(name).is_some() => {
                        format!("{name}={}", value.replace('%', "%25"))
                    }
                    _ => part.to_owned(),
                });
                let query = parts.collect::<Vec<_>>().join("&");
                incoming.query = incoming.query.is_some().then_some(query);
            }),
        ),
        defect(
            "names-not-decoded",
            &["REQ-5"],
            "that does not decode the names of variables",
            Refuse(400, "unknown variable", |outgoing, incoming, _| {
                let mut names = raw(incoming).split('&').filter_map(|part| part.split_once('='));
                names.any(|(name, _)| name.contains('%')) && outgoing.status == 200
            }),
        ),
        defect(
            "decoded-before-split",
            &["REQ-5", "FIELD-5"],
            "that decodes before it splits",
            Ask(|incoming, _| {
                let query = raw(incoming).to_owned();
                if query.contains("%26") || query.contains("%3D") || query.contains("%3d") {
                    let query = query.replace("%26", "&").replace("%3D", "=").replace("%3d", "=");
                    incoming.query = Some(query);
                }
            }),
        ),
        defect(
            "decoded-twice",
            &["REQ-5", "FIELD-6", "FIELD-1a"],
            "that decodes values twice",
            Ask(|incoming, _| {
                fields(incoming, |value| (decode(value) != value).then(|| decode(value)));
            }),
        ),
        defect(
            "encoded-plus-is-a-space",
            &["REQ-5", "FIELD-5", "FIELD-1a"],
            "that decodes %2B in values to a space",
            Ask(|incoming, _| {
                fields(incoming, |value| value.contains('+').then(|| value.replace('+', " ")));
            }),
        ),
        defect(
            "lower-case-escapes-refused",
            &["REQ-5"],
            "that refuses escapes in lower case",
            Refuse(400, "malformed escape", |outgoing, incoming, _| {
                let lower = raw(incoming).split('%').skip(1).any(|rest| {
                    rest.get(..2).is_some_and(|hex| {
                        hex.bytes().any(|byte| byte.is_ascii_lowercase())
                            && u8::from_str_radix(hex, 16).is_ok()
                    })
                });
                lower && outgoing.status == 200
            }),
        ),
        defect(
            "latin-1",
            &["REQ-5", "FIELD-1a"],
            "that decodes bytes as Latin-1",
            Ask(|incoming, _| {
                fields(incoming, |value| {
                    (!value.is_ascii()).then(|| value.bytes().map(char::from).collect())
                });
            }),
        ),
        defect(
            "ascii-only",
            &["REQ-5", "FIELD-1a"],
            "that refuses characters beyond ASCII",
            Refuse(400, "not ASCII", |outgoing, incoming, _| {
                !bytes(raw(incoming)).is_ascii() && outgoing.status == 200
            }),
        ),
        defect(
            "beyond-the-plane-lost",
            &["REQ-5", "FIELD-1a"],
            "that loses characters beyond U+FFFF",
            Ask(|incoming, _| {
                fields(incoming, |value| {
                    let kept: String = value.chars().filter(|c| *c < '\u{10000}').collect();
                    (kept != value).then_some(kept)
                });
            }),
        ),
        defect(
            "beyond-the-plane-refused",
            &["REQ-5", "FIELD-1a"],
            "that refuses characters beyond U+FFFF",
            Refuse(400, "not in the basic plane", |_, incoming, _| {
                decode(raw(incoming)).contains(|c| c > '\u{ffff}')
            }),
        ),
        defect(
            "beyond-the-plane-alike",
            &["REQ-5", "FIELD-1a"],
            "that takes all characters beyond U+FFFF for one",
            List(|s, incoming, site| {
                let folded = |text: &str| -> String {
                    text.chars().map(|c| if c > '\u{ffff}' { '\u{fffd}' } else { c }).collect()
                };
                site.page(s, incoming, |row| {
                    crate::selftest::site::in_time(s, row)
                        && s.filters.iter().all(|filter| match &filter.wanted {
                            vcc_query::Wanted::Text(text) => {
                                folded(vcc_types::Row::text(row, filter.field))
                                    == folded(text.as_str())
                            }
                            _ => filter.matches(row),
                        })
                })
            }),
        ),
        defect(
            "replacement-refused",
            &["REQ-5", "FIELD-1a"],
            "that takes U+FFFD for an error of decoding",
            Refuse(400, "not UTF-8", |_, incoming, _| {
                raw(incoming).to_uppercase().contains("%EF%BF%BD")
            }),
        ),
        defect(
            "line-separators-refused",
            &["REQ-5", "REQ-8c", "FIELD-1a"],
            "that takes U+2028 for a control character",
            Refuse(400, "a control character", |_, incoming, _| {
                raw(incoming).to_uppercase().contains("%E2%80%A8")
            }),
        ),
        defect(
            "broken-escapes-kept",
            &["REQ-8b"],
            "that keeps broken escapes as text",
            Ask(|incoming, _| {
                let query = mended(raw(incoming));
                incoming.query = incoming.query.is_some().then_some(query);
            }),
        ),
        defect(
            "broken-escapes-dropped",
            &["REQ-8b"],
            "that drops variables with broken escapes",
            Again(|outgoing, incoming, _| {
                let query = raw(incoming);
                let kept: Vec<_> = query.split('&').filter(|part| mended(part) == *part).collect();
                let kept = kept.join("&");
                (outgoing.status == 400 && kept != query)
                    .then(|| Incoming { query: Some(kept), ..incoming.clone() })
            }),
        ),
        defect(
            "broken-escapes-500",
            &["REQ-8b", "STATUS-1a"],
            "that answers 500 to a broken escape",
            Refuse(500, "internal error", |_, incoming, _| mended(raw(incoming)) != raw(incoming)),
        ),
        defect(
            "invalid-utf-8-replaced",
            &["REQ-8b"],
            "that replaces what is no UTF-8",
            Again(|outgoing, incoming, _| {
                let query = raw(incoming);
                (outgoing.status == 400 && invalid(query)).then(|| {
                    let mut other = incoming.clone();
                    other.map(|_, value| value.contains('\u{fffd}').then(|| value.to_owned()));
                    other
                })
            }),
        ),
        defect(
            "invalid-utf-8-500",
            &["REQ-8b", "STATUS-1a"],
            "that answers 500 to what is no UTF-8",
            Refuse(500, "internal error", |_, incoming, _| invalid(raw(incoming))),
        ),
        defect(
            "names-alone-ignored",
            &["REQ-8b", "REQ-8a"],
            "that ignores a variable without =",
            Again(|outgoing, incoming, _| {
                let kept: Vec<_> =
                    raw(incoming).split('&').filter(|part| part.contains('=')).collect();
                let kept = kept.join("&");
                (outgoing.status == 400 && kept != raw(incoming))
                    .then(|| Incoming { query: Some(kept), ..incoming.clone() })
            }),
        ),
        defect(
            "controls-accepted",
            &["REQ-8c"],
            "that takes control characters in values",
            Answer(|outgoing, incoming, _| {
                if outgoing.status == 400 && controls(incoming, |byte| !b"\t\r\n".contains(&byte)) {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "cut-at-a-control",
            &["REQ-8c"],
            "that cuts values at a control character",
            Ask(|incoming, _| {
                fields(incoming, |value| {
                    let at = value.find(|c: char| c < ' ' && !"\t\r\n".contains(c))?;
                    Some(value[..at].to_owned())
                });
            }),
        ),
        defect(
            "line-ends-refused",
            &["REQ-8c"],
            "that refuses tab, CR and LF in values",
            Refuse(400, "a control character", |_, incoming, _| {
                controls(incoming, |byte| b"\t\r\n".contains(&byte))
            }),
        ),
        defect(
            "tabs-refused",
            &["REQ-8c"],
            "that refuses tabs in values",
            Refuse(400, "a control character", |_, incoming, _| {
                controls(incoming, |byte| byte == b'\t')
            }),
        ),
        defect(
            "line-ends-folded",
            &["REQ-8c", "REQ-5"],
            "that turns CR and CR LF in values into LF",
            Ask(|incoming, _| {
                fields(incoming, |value| {
                    let folded = value.replace("\r\n", "\n").replace('\r', "\n");
                    (folded != value).then_some(folded)
                });
            }),
        ),
        defect(
            "line-feeds-unfolded",
            &["REQ-8c", "REQ-5"],
            "that turns LF in values into CR LF",
            Ask(|incoming, _| {
                fields(incoming, |value| {
                    let other = value.replace("\r\n", "\n").replace('\n', "\r\n");
                    (other != value).then_some(other)
                });
            }),
        ),
        defect(
            "hash-cuts",
            &["FIELD-5", "FIELD-1a", "CALL-1", "CALL-2"],
            "that cuts values at #",
            Ask(|incoming, _| {
                fields(incoming, |value| {
                    value.split_once('#').map(|(before, _)| before.to_owned())
                });
            }),
        ),
        defect(
            "semicolons-separate",
            &["FIELD-5", "REQ-5", "FIELD-1a"],
            "that cuts values at ;",
            Ask(|incoming, _| {
                fields(incoming, |value| {
                    value.split_once(';').map(|(before, _)| before.to_owned())
                });
            }),
        ),
        defect(
            "tildes-refused",
            &["FIELD-5", "FIELD-1a"],
            "that refuses ~ in values",
            Refuse(400, "a reserved character", |outgoing, incoming, _| {
                decode(raw(incoming)).contains('~') && outgoing.status == 200
            }),
        ),
    ],
};
