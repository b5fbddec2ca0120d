//! Who is asking: HTTP Basic, the tenant's name and one of its tokens (AUTH-1).

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use vcc_store::{Credentials, Tenant, TokenHash};

/// What the `Authorization` header of a request says.
#[derive(Debug)]
pub(crate) enum Claim {
    /// There is none, or it is for another scheme.
    None,
    /// It is Basic, and cannot be read.
    Broken,
    /// A tenant's name and the hash of a token. The token itself is not kept.
    Basic { tenant: String, token: TokenHash },
}

/// Clients may leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Claim {
    /// Reads the header.
    pub(crate) fn read(headers: &HeaderMap) -> Claim {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Claim::None };
        if values.next().is_some() {
            return Claim::Broken;
        }
        let value = value.as_bytes().trim_ascii();
        let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
        let (scheme, rest) = value.split_at(end);
        // RFC 9110: the scheme is case-insensitive.
        if !scheme.eq_ignore_ascii_case(b"basic") {
            return Claim::None;
        }
        Self::decode(rest.trim_ascii()).unwrap_or(Claim::Broken)
    }

    fn decode(credentials: &[u8]) -> Option<Claim> {
        let decoded = BASE64.decode(credentials).ok()?;
        // AUTH-5: the first colon ends the tenant's name; a token may hold others.
        let colon = decoded.iter().position(|byte| *byte == b':')?;
        // No tenant has a name that is not UTF-8, so it is refused like an unknown one.
        let tenant = String::from_utf8_lossy(&decoded[..colon]).into_owned();
        Some(Claim::Basic { tenant, token: TokenHash::of(&decoded[colon + 1..]) })
    }
}

/// The tenant that a claim proves to be, and the number of the token that proves it; `None` for an
/// unknown tenant and for a wrong token, after the same work (AUTH-3).
pub(crate) fn tenant(credentials: Option<Credentials>, token: TokenHash) -> Option<(Tenant, i64)> {
    let known = credentials.as_ref().and_then(|credentials| credentials.token);
    let number = token.find_among(known.as_slice());
    credentials.zip(number).map(|(credentials, number)| (credentials.tenant, number))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    fn read(values: &[&[u8]]) -> Claim {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        Claim::read(&headers)
    }

    fn basic(scheme: &str, credentials: &[u8]) -> Vec<u8> {
        format!("{scheme} {}", BASE64_STANDARD.encode(credentials)).into_bytes()
    }

    #[test]
    fn credentials_that_are_read() {
        for (scheme, credentials, name, secret) in [
            ("Basic", &b"acme:secret"[..], "acme", &b"secret"[..]),
            ("basic", b"acme:secret", "acme", b"secret"),
            ("BASIC ", b"acme:a:b:c", "acme", b"a:b:c"),
            ("Basic", b":x", "", b"x"),
            ("Basic", b"acme:", "acme", b""),
            ("Basic", "büro:\u{20ac}".as_bytes(), "büro", "\u{20ac}".as_bytes()),
            ("Basic", b"\xff:x", "\u{fffd}", b"x"),
        ] {
            let Claim::Basic { tenant, token } = read(&[&basic(scheme, credentials)]) else {
                panic!("{scheme} {credentials:?} is not read");
            };
            assert_eq!(tenant, name);
            assert_eq!(token.as_bytes(), TokenHash::of(secret).as_bytes());
        }
        assert!(matches!(read(&[b"Basic YTpi"]), Claim::Basic { .. }));
        assert!(matches!(read(&[b"Basic YTo"]), Claim::Basic { .. }), "padding left out");
    }

    #[test]
    fn headers_that_are_broken_or_for_another_scheme() {
        for value in [
            &b"Basic"[..],
            b"Basic ",
            b"Basic :YWNtZTpzZWNyZXQ=",
            b"Basic YWNtZQ==",
            b"Basic YWNt*ZQ==",
            b"Basic YWNtZTpz ZWNyZXQ=",
            b"Basic \xff",
        ] {
            assert!(matches!(read(&[value]), Claim::Broken), "{:?}", value.escape_ascii());
        }
        let good = basic("Basic", b"acme:secret");
        assert!(matches!(read(&[&good, &good]), Claim::Broken));
        for value in [&b"Bearer abc"[..], b"Digest username=\"a\"", b"YWNtZTpzZWNyZXQ=", b""] {
            assert!(matches!(read(&[value]), Claim::None), "{:?}", value.escape_ascii());
        }
        assert!(matches!(read(&[]), Claim::None));
    }
}
