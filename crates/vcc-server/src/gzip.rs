//! Responses are compressed if the client asks for it.

use std::io::Write as _;

use axum::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Smaller bodies are not compressed, in bytes.
const SMALLEST: usize = 1_024;

/// Whether a client accepts gzip, and a body of this many bytes is worth compressing.
pub(crate) fn is_wanted(headers: &HeaderMap, length: usize) -> bool {
    length >= SMALLEST && headers.contains_key(header::ACCEPT_ENCODING) && is_preferred(headers)
}

/// RFC 9110, 12.5.3: gzip by its name or by `*`, with at least the weight of `identity`.
fn is_preferred(headers: &HeaderMap) -> bool {
    let (mut gzip, mut any, mut identity) = (None, None, None);
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    for part in values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')) {
        let (coding, parameters) = part.split_once(';').unwrap_or((part, ""));
        let coding = coding.trim();
        let place = match () {
            () if coding.eq_ignore_ascii_case("gzip") => &mut gzip,
            () if coding.eq_ignore_ascii_case("identity") => &mut identity,
            () if coding == "*" => &mut any,
            () => continue,
        };
        place.get_or_insert_with(|| quality(parameters));
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

/// The weight of a coding: 1 if none is given, and 0 if it cannot be read, so that no client gets a
/// coding that it may not have asked for.
fn quality(parameters: &str) -> f32 {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return 1.0;
    }
    let value = parameters.strip_prefix("q=").or_else(|| parameters.strip_prefix("Q="));
    let value = value.and_then(|value| value.trim().parse().ok());
    value.filter(|value| (0.0..=1.0).contains(value)).unwrap_or(0.0)
}

/// Compresses into memory, at the cheapest level.
pub(crate) fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::fast())
}

/// Compresses a whole body.
pub(crate) fn compress(body: &[u8]) -> Vec<u8> {
    let mut encoder = encoder();
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
        for (value, wanted) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("identity", false),
            ("*", true),
            ("*;q=0", false),
            ("gzip;q=0, *", false),
            ("*;q=0, gzip", true),
            ("identity, gzip", true),
            ("identity;q=1, gzip;q=0.5", false),
            ("identity;q=0", false),
            ("deflate, br", false),
            ("gzip;q=high", false),
            ("gzip;q=NaN", false),
            ("gzip;level=9", false),
            ("gzip ; q=1", true),
            ("x-gzip", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(is_wanted(&headers, SMALLEST), wanted, "{value}");
            assert!(!is_wanted(&headers, SMALLEST - 1), "{value}");
        }
        assert!(!is_wanted(&HeaderMap::new(), SMALLEST));
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
