//! Responses that are compressed where the client asks for it.

use std::io::Write as _;

use axum::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// What is smaller is not worth it, in bytes.
const SMALLEST: usize = 1_024;

/// Whether a client takes gzip, and the body is worth it.
pub(crate) fn is_wanted(headers: &HeaderMap, body: &[u8]) -> bool {
    body.len() >= SMALLEST
        && headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(accepts)
}

/// Whether one part of `Accept-Encoding` names gzip, and not with a quality of zero.
fn accepts(part: &str) -> bool {
    let mut parameters = part.split(';').map(str::trim);
    let named = parameters.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
    let refused = parameters
        .filter_map(|parameter| parameter.strip_prefix("q=").or(parameter.strip_prefix("Q=")))
        .any(|quality| quality.trim().parse() == Ok(0.0));
    named && !refused
}

/// The body compressed, at the level that costs least.
pub(crate) fn compress(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn who_wants_gzip() {
        let body = [b'x'; SMALLEST];
        for (value, wanted) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("identity", false),
            ("x-gzip", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(is_wanted(&headers, &body), wanted, "{value}");
            assert!(!is_wanted(&headers, &body[1..]), "{value}");
        }
        assert!(!is_wanted(&HeaderMap::new(), &body));
    }

    #[test]
    fn what_is_compressed_is_the_body() {
        let body = b"recordings ".repeat(200);
        let mut read = Vec::new();
        let zipped = compress(&body);
        assert!(zipped.len() < body.len() / 10);
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&zipped[..]), &mut read)
            .unwrap();
        assert_eq!(read, body);
    }
}
