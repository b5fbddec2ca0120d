//! The resource of the API, and the format that its name asks for (REQ-2).

use vcc_query::Format;

/// The format that a path asks for; `None` for any other resource (REQ-3).
///
/// Percent-escapes mean the characters they stand for (RFC 3986), but `%2F` separates nothing.
pub(crate) fn format(path: &str) -> Option<Format> {
    let mut segments = path.strip_prefix('/')?.split('/');
    for expected in ["api", "recordings"] {
        if decode(segments.next()?)? != expected.as_bytes() {
            return None;
        }
    }
    let format = match &decode(segments.next()?)?[..] {
        b"files" | b"files.xml" => Format::Xml,
        b"files.csv" => Format::Csv,
        _ => return None,
    };
    // REQ-2: also with a trailing slash.
    match (segments.next(), segments.next()) {
        (None | Some(""), None) => Some(format),
        _ => None,
    }
}

fn decode(segment: &str) -> Option<Vec<u8>> {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::with_capacity(segment.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? << 4 | digit()?).ok()?
            }
            byte => byte,
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_formats() {
        for path in
            ["/api/recordings/files", "/api/recordings/files.xml", "/%61pi/recordings/files%2Exml"]
        {
            assert_eq!(format(path), Some(Format::Xml), "{path}");
            assert_eq!(format(&format!("{path}/")), Some(Format::Xml), "{path}/");
        }
        for path in [
            "/api/recordings/files.csv",
            "/api/recordings/files.csv/",
            "/api/recordings/file%73.csv",
        ] {
            assert_eq!(format(path), Some(Format::Csv), "{path}");
        }
        for path in [
            "",
            "*",
            "/",
            "/api",
            "/api/recordings",
            "/api/recordings/",
            "/api/recordings/calls",
            "/api/recordings/files.json",
            "/api/recordings/files.XML",
            "/api/recordings/files.",
            "/api/recordings/files//",
            "/api/recordings/files/1",
            "/api/recordings//files",
            "/api%2Frecordings/files",
            "/api/recordings/files%2",
            "/api/recordings/files%zz",
            "/api/recordings/files;v=1",
            "/API/recordings/files",
            "//api/recordings/files",
            "/x/../api/recordings/files",
        ] {
            assert_eq!(format(path), None, "{path}");
        }
    }
}
