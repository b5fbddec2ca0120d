//! A request as a defect sees and changes it.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::texts::{Parts, parts};
use vcc_conformance_core::fixture::{base64, unbase64};

/// A request before the server reads it.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
}

/// The variables whose values are dates.
const DATES: [&str; 3] = ["d", "start-date", "finish-date"];

/// What is escaped in a value.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b',')
    .remove(b'/');

impl Incoming {
    pub(super) fn is_csv(&self) -> bool {
        self.path.trim_end_matches('/').ends_with(".csv")
    }

    /// The variables in their order, as they are sent.
    fn pairs(&self) -> Vec<(&str, Option<&str>)> {
        let query = self.query.as_deref().unwrap_or_default();
        query
            .split('&')
            .map(|segment| match segment.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (segment, None),
            })
            .collect()
    }

    /// The value of a variable, decoded.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let found = self.pairs().into_iter().find(|(other, _)| decode(other) == name);
        found.and_then(|(_, value)| value).map(|value| decode_value(name, value))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether the request has a date.
    pub(super) fn has_date(&self) -> bool {
        DATES.iter().any(|name| self.has(name))
    }

    /// Whether the request has a date for which this is true; both ends of a range are tried.
    pub(super) fn has_date_like(&self, fits: fn(&Parts<'_>) -> bool) -> bool {
        DATES.iter().any(|name| {
            let value = self.get(name).unwrap_or_default();
            value.split(',').any(|end| fits(&parts(end)))
        })
    }

    /// Changes the values of variables; `None` keeps one byte for byte.
    pub(super) fn map(&mut self, change: impl Fn(&str, &str) -> Option<String>) {
        if self.query.is_none() {
            return;
        }
        let changed = self.pairs().into_iter().map(|(raw, value)| {
            let Some(value) = value else { return raw.to_owned() };
            let name = decode(raw);
            match change(&name, &decode_value(&name, value)) {
                Some(other) => format!("{raw}={}", encode(&other)),
                None => format!("{raw}={value}"),
            }
        });
        self.query = Some(changed.collect::<Vec<_>>().join("&"));
    }

    /// Changes the value of one variable.
    pub(super) fn map_one(&mut self, name: &str, change: impl Fn(&str) -> Option<String>) {
        self.map(|other, value| (other == name).then(|| change(value)).flatten());
    }

    /// Changes the text of each date, at both ends of a range.
    pub(super) fn dates(&mut self, change: impl Fn(&str) -> Option<String>) {
        self.map(|name, value| {
            if !DATES.contains(&name) {
                return None;
            }
            let ends: Vec<_> = value.split(',').map(|end| (end, change(end))).collect();
            if ends.iter().all(|(_, other)| other.is_none()) {
                return None;
            }
            let ends = ends.into_iter().map(|(end, other)| other.unwrap_or_else(|| end.into()));
            Some(ends.collect::<Vec<_>>().join(","))
        });
    }

    /// Leaves variables out.
    pub(super) fn retain(&mut self, keep: impl Fn(&str, &str) -> bool) {
        if self.query.is_none() {
            return;
        }
        let kept = self.pairs().into_iter().filter(|(raw, value)| {
            let name = decode(raw);
            keep(&name, &decode_value(&name, value.unwrap_or_default()))
        });
        let kept = kept.map(|(raw, value)| match value {
            Some(value) => format!("{raw}={value}"),
            None => raw.to_owned(),
        });
        self.query = Some(kept.collect::<Vec<_>>().join("&"));
    }

    pub(super) fn without(&self, names: &[&str]) -> Incoming {
        let mut incoming = self.clone();
        incoming.retain(|name, _| !names.contains(&name));
        incoming
    }

    /// Adds a variable at the end.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        let query = self.query.take().unwrap_or_default();
        let joint = if query.is_empty() { "" } else { "&" };
        self.query = Some(format!("{query}{joint}{name}={}", encode(value)));
    }

    /// The value of `Authorization`.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok())
    }

    /// The tenant's name and the token of Basic credentials.
    pub(super) fn credentials(&self) -> Option<(String, String)> {
        let (scheme, coded) = self.authorization()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(unbase64(coded.trim())?).ok()?;
        let (name, token) = text.split_once(':')?;
        Some((name.into(), token.into()))
    }

    /// Asks with other credentials.
    pub(super) fn sign(&mut self, name: &str, token: &str) {
        let coded = base64(format!("{name}:{token}").as_bytes());
        if let Ok(value) = HeaderValue::from_str(&format!("Basic {coded}")) {
            self.headers.insert(AUTHORIZATION, value);
        }
    }
}

fn decode_value(name: &str, value: &str) -> String {
    // In a date a `+` can only be a sign, elsewhere it is a space (REQ-6).
    if DATES.contains(&name) || name == "tz" {
        decode(value)
    } else {
        decode(&value.replace('+', " "))
    }
}

/// Decodes percent-escapes; a broken one stays as it is.
pub(super) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A text as a value of a query. Only characters that no reader treats specially are left unescaped.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}
