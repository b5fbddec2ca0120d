use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The origin of a page or of a service: a scheme, a host, and a port where it is not that of the scheme.
/// It is written as browsers write it in the header `Origin` (RFC 6454, 6.2), so that two are equal if
/// their texts are.
///
/// ```
/// use vcc_server::WebOrigin;
///
/// let origin: WebOrigin = "https://calls.example.com".parse()?;
/// assert_eq!(origin.as_str(), "https://calls.example.com");
/// let error = "https://calls.example.com/".parse::<WebOrigin>().unwrap_err();
/// assert!(error.to_string().starts_with("an origin ends with its host or port"));
/// # Ok::<(), vcc_server::WebOriginError>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebOrigin(String);

impl WebOrigin {
    /// As in the header `Origin`: ASCII, in lower case, without a `/` at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a `Content-Security-Policy` can name it. Browsers ignore IPv6 addresses and names with `_`
    /// there, so that a page cannot connect to them.
    #[must_use]
    pub fn is_for_policies(&self) -> bool {
        !self.0.contains(['[', '_'])
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no [`WebOrigin`], and what would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebOriginError(&'static str);

impl fmt::Display for WebOriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(reason) = self;
        write!(f, "{reason}; expected such as https://calls.example.com or http://127.0.0.1:8080")
    }
}

impl std::error::Error for WebOriginError {}

impl FromStr for WebOrigin {
    type Err = WebOriginError;

    /// Reads an origin.
    ///
    /// # Errors
    ///
    /// The text is no origin, or is not written as browsers write it: with a path, in upper case, with
    /// the port that the scheme has anyway. A `*` names none: each origin is named.
    fn from_str(text: &str) -> Result<Self, WebOriginError> {
        check(text).map_err(WebOriginError).map(|()| Self(text.to_owned()))
    }
}

impl TryFrom<String> for WebOrigin {
    type Error = WebOriginError;

    fn try_from(text: String) -> Result<Self, WebOriginError> {
        check(&text).map_err(WebOriginError).map(|()| Self(text))
    }
}

impl From<WebOrigin> for String {
    fn from(origin: WebOrigin) -> Self {
        origin.0
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    match text {
        "" => return Err("an origin is not empty"),
        "*" => return Err("`*` is no origin: each is named"),
        "null" => return Err("`null` is what any page without an origin sends"),
        _ => {}
    }
    if !text.is_ascii() {
        return Err("an origin is ASCII: a name in other letters is written with xn--");
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("an origin is in lower case");
    }
    let (default, rest) = if let Some(rest) = text.strip_prefix("https://") {
        (443, rest)
    } else if let Some(rest) = text.strip_prefix("http://") {
        (80, rest)
    } else {
        return Err("an origin begins with https:// or http://");
    };
    if rest.contains('@') {
        return Err("an origin has no user name");
    }
    if rest.contains(['/', '?', '#']) {
        return Err("an origin ends with its host or port, without a `/`");
    }
    let end = rest.find(']').map_or(0, |end| end + 1);
    let (host, port) = match rest[end..].split_once(':') {
        Some((_, port)) => (&rest[..rest.len() - port.len() - 1], Some(port)),
        None => (rest, None),
    };
    check_host(host)?;
    let Some(port) = port else { return Ok(()) };
    match port.parse::<u16>() {
        Ok(number) if number == default => {
            Err("the port of https is 443 and that of http 80 anyway: it is left out")
        }
        // No sign and no zero in front.
        Ok(number) if number > 0 && number.to_string() == port => Ok(()),
        _ => Err("a port is a number from 1 to 65535"),
    }
}

fn check_host(host: &str) -> Result<(), &'static str> {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let is_shortest = |found: Ipv6Addr| found.to_string() == address;
        let is_address = address.parse().is_ok_and(is_shortest);
        return if is_address {
            Ok(())
        } else {
            Err("this is no IPv6 address in its shortest form")
        };
    }
    let mut labels = host.split('.');
    let is_label = |label: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !label.is_empty() && label.bytes().all(is_part)
    };
    if host.len() > 253 || !labels.clone().all(is_label) {
        return Err("this is no name of a host");
    }
    // Browsers read a host that ends in a number as an IPv4 address.
    let is_numeric = labels.next_back().is_some_and(|last| {
        last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x")
    });
    if is_numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err("this is no IPv4 address");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_origin() {
        let expected = "; expected such as https://calls.example.com or http://127.0.0.1:8080";
        let long = format!("https://{}x", "abcdefg.".repeat(32));
        for origin in [
            "https://calls.example.com",
            "http://localhost:8080",
            "http://127.0.0.1:1",
            "https://a_b-c.example:65535",
            "https://xn--bcher-kva.example",
            "http://[::1]:8080",
            "https://[2001:db8::1]",
            "http://example.com:443",
        ] {
            assert_eq!(origin.parse::<WebOrigin>().unwrap().as_str(), origin);
            assert!(axum::http::HeaderValue::from_str(origin).is_ok());
            let is_ignored =
                ["http://[::1]:8080", "https://[2001:db8::1]", "https://a_b-c.example:65535"];
            let origin = origin.parse::<WebOrigin>().unwrap();
            assert_eq!(
                origin.is_for_policies(),
                !is_ignored.contains(&origin.as_str()),
                "{origin}"
            );
        }
        for (text, reason) in [
            ("", "an origin is not empty"),
            ("*", "`*` is no origin: each is named"),
            ("null", "`null` is what any page without an origin sends"),
            (
                "https://b\u{fc}cher.example",
                "an origin is ASCII: a name in other letters is written with xn--",
            ),
            ("https://Calls.example.com", "an origin is in lower case"),
            ("HTTPS://calls.example.com", "an origin is in lower case"),
            ("calls.example.com", "an origin begins with https:// or http://"),
            ("ws://calls.example.com", "an origin begins with https:// or http://"),
            ("https:calls.example.com", "an origin begins with https:// or http://"),
            ("https://", "this is no name of a host"),
            ("https://u:p@calls.example.com", "an origin has no user name"),
            ("https://calls.example.com/", "an origin ends with its host or port, without a `/`"),
            ("https://calls.example.com?", "an origin ends with its host or port, without a `/`"),
            ("https://calls.example.com#x", "an origin ends with its host or port, without a `/`"),
            ("https://*.example.com", "this is no name of a host"),
            ("https://calls.example.com.", "this is no name of a host"),
            ("https://a..b", "this is no name of a host"),
            ("https://a b", "this is no name of a host"),
            ("https://a;script-src", "this is no name of a host"),
            ("https://a'b", "this is no name of a host"),
            ("https://a\r\nb", "this is no name of a host"),
            ("https://a<b>\"&", "this is no name of a host"),
            ("https://a, https://b", "an origin ends with its host or port, without a `/`"),
            (&*long, "this is no name of a host"),
            ("http://1.2.3", "this is no IPv4 address"),
            ("http://1.2.3.256", "this is no IPv4 address"),
            ("http://1.2.3.04", "this is no IPv4 address"),
            ("http://0x7f", "this is no IPv4 address"),
            ("http://[::1", "this is no name of a host"),
            ("http://[0:0::1]", "this is no IPv6 address in its shortest form"),
            ("http://::1", "this is no name of a host"),
            ("http://[::1]x:80", "this is no name of a host"),
            (
                "https://a:443",
                "the port of https is 443 and that of http 80 anyway: it is left out",
            ),
            ("http://a:80", "the port of https is 443 and that of http 80 anyway: it is left out"),
            ("https://a:", "a port is a number from 1 to 65535"),
            ("https://a:0", "a port is a number from 1 to 65535"),
            ("https://a:065", "a port is a number from 1 to 65535"),
            ("https://a:+65", "a port is a number from 1 to 65535"),
            ("https://a:65536", "a port is a number from 1 to 65535"),
            ("https://a:1:2", "a port is a number from 1 to 65535"),
        ] {
            let error = text.parse::<WebOrigin>().unwrap_err();
            assert_eq!(error.to_string(), format!("{reason}{expected}"), "{text:?}");
        }
    }
}
