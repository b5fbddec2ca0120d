//! The head of a request: its request line and its headers, as a client wrote them and as the HTTP
//! stack is to read them.
//!
//! The stack refuses some bytes in a target that clients send all the same: `curl` sends the stray
//! `"` of the documentation's own URL as it is (REQ-11). It also cuts a target at a raw `#`, which
//! would silently widen a query (REQ-14). Such bytes are percent-encoded here; a query means the same
//! before and after (REQ-5). What the stack would refuse without a reason is refused here with one. The
//! headers are read by the parser of the stack itself, so that the two cannot differ.

use std::ops::Range;

use axum::http::Uri;
use httparse::{EMPTY_HEADER, Header, Status};
use percent_encoding::percent_encode_byte;

use crate::error_response::ErrorResponse;

/// The longest target that is read, encoded, in bytes (REQ-13). The API, which is also served without a
/// socket, has the same limit.
pub(crate) const LONGEST_TARGET: usize = 16 * 1024;

/// The longest request line as it is sent, in bytes: a method, a target and a version.
const LONGEST_LINE: usize = LONGEST_TARGET + 64;

/// The longest head, in bytes (REQ-13). A head that has come in part takes up to this much memory.
/// Together with what the HTTP stack and TLS keep on a used connection, that is less than 64 KiB.
pub(crate) const LONGEST_HEAD: usize = 20 * 1024;

/// How many headers the stack reads.
const MOST_HEADERS: usize = 100;

/// A complete head.
#[derive(Debug)]
pub(crate) struct Head {
    /// How many of the received bytes belong to it.
    pub(crate) length: usize,
    /// What the stack is to read.
    pub(crate) bytes: Vec<u8>,
    /// Whether a body follows or could follow. Then nothing after the head is read as a request.
    pub(crate) has_body: bool,
    /// Whether the client says that it sends no other request.
    pub(crate) is_last: bool,
}

/// What is known of a head that has come in part. Each byte is looked at once.
#[derive(Debug, Default)]
pub(crate) struct PartialHead {
    /// Where the request line is, once it is whole and can be read, and where the headers begin.
    line: Option<(Range<usize>, usize)>,
    /// Where the unfinished line begins.
    start: usize,
    /// Up to here there is no other line end.
    seen: usize,
}

impl PartialHead {
    /// Reads all bytes that have come so far: those of the last call, and perhaps more. `None` if the
    /// head is not complete.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<Option<Head>, ErrorResponse> {
        // Made only once for a head that comes whole, and not kept for one that does not.
        let mut encoded = None;
        while let Some(length) = memchr::memchr(b'\n', &bytes[self.seen..]) {
            let (start, end) = (self.start, self.seen + length);
            let line = &bytes[start..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if end >= LONGEST_HEAD {
                break;
            }
            (self.start, self.seen) = (end + 1, end + 1);
            match &self.line {
                // Empty lines before a request are skipped (RFC 9112, 2.2).
                None if line.is_empty() => {}
                None => {
                    encoded = Some(request_line(line)?);
                    self.line = Some((start..start + line.len(), end + 1));
                }
                Some((request, headers)) if line.is_empty() => {
                    let mut head = match encoded {
                        Some(encoded) => encoded,
                        None => request_line(&bytes[request.clone()])?,
                    };
                    head.extend_from_slice(&bytes[*headers..=end]);
                    let Judged { has_body, is_last, upgrades } = judge(&head)?;
                    if upgrades {
                        head = without_upgrade(&head);
                    }
                    return Ok(Some(Head { length: end + 1, bytes: head, has_body, is_last }));
                }
                Some(_) => {}
            }
        }
        self.seen = bytes.len();
        match &self.line {
            None if bytes.len() - self.start > LONGEST_LINE => {
                Err(ErrorResponse::target_too_long())
            }
            _ if bytes.len() >= LONGEST_HEAD => Err(ErrorResponse::head_too_long(LONGEST_HEAD)),
            _ => Ok(None),
        }
    }

    /// Whether all of these bytes were looked at.
    pub(crate) fn has_seen(&self, bytes: &[u8]) -> bool {
        self.seen == bytes.len()
    }

    /// Whether more than empty lines has come, and perhaps the beginning of one.
    pub(crate) fn is_any(&self, bytes: &[u8]) -> bool {
        self.line.is_some() || !matches!(bytes[self.start..], [] | [b'\r'])
    }
}

/// A request line with its target percent-encoded, up to and with its end.
fn request_line(line: &[u8]) -> Result<Vec<u8>, ErrorResponse> {
    if line.len() > LONGEST_LINE {
        return Err(ErrorResponse::target_too_long());
    }
    let first = line.iter().position(|byte| *byte == b' ');
    let last = line.iter().rposition(|byte| *byte == b' ');
    // HTTP/0.9 has no version, and no headers that could say who asks.
    let (Some(first), Some(last)) = (first, last.filter(|last| Some(*last) != first)) else {
        return Err(ErrorResponse::request_line());
    };
    let (method, target, version) = (&line[..first], &line[first + 1..last], &line[last + 1..]);
    match version {
        b"HTTP/1.1" | b"HTTP/1.0" => {}
        _ if version.starts_with(b"HTTP/") => return Err(ErrorResponse::version()),
        _ => return Err(ErrorResponse::request_line()),
    }
    if method.is_empty() || target.is_empty() {
        return Err(ErrorResponse::request_line());
    }
    let mut encoded = Vec::with_capacity(line.len() + 2);
    encoded.extend_from_slice(method);
    encoded.push(b' ');
    for byte in target {
        match byte {
            // REQ-8
            0..=b' ' | 0x7f => return Err(ErrorResponse::raw_byte(*byte)),
            b'"' | b'#' | b'<' | b'>' | b'`' | 0x80.. => {
                encoded.extend_from_slice(percent_encode_byte(*byte).as_bytes());
            }
            byte => encoded.push(*byte),
        }
    }
    if encoded.len() - method.len() - 1 > LONGEST_TARGET {
        return Err(ErrorResponse::target_too_long());
    }
    encoded.push(b' ');
    encoded.extend_from_slice(version);
    encoded.extend_from_slice(b"\r\n");
    Ok(encoded)
}

/// What a head says about what follows it.
struct Judged {
    has_body: bool,
    is_last: bool,
    /// Whether the client would speak another protocol.
    upgrades: bool,
}

/// RFC 9110, 7.8: a server may ignore `Upgrade`. The stack would hand the connection over to a handler of the
/// other protocol.
fn without_upgrade(head: &[u8]) -> Vec<u8> {
    let is_upgrade =
        |line: &&[u8]| line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"upgrade:"));
    head.split_inclusive(|byte| *byte == b'\n')
        .filter(|line| !is_upgrade(line))
        .flatten()
        .copied()
        .collect()
}

/// Refuses what the stack would refuse, and says what comes after.
fn judge(head: &[u8]) -> Result<Judged, ErrorResponse> {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let outcome = request.parse(head);
    let (Some(_), Some(target), Some(version)) = (request.method, request.path, request.version)
    else {
        return Err(ErrorResponse::request_line());
    };
    match outcome {
        Ok(Status::Complete(length)) if length == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(ErrorResponse::too_many_headers()),
        _ => return Err(ErrorResponse::header_line()),
    }
    Uri::try_from(target).map_err(|_| ErrorResponse::target())?;
    let upgrades = request.headers.iter().any(|header| header.name.eq_ignore_ascii_case("upgrade"));
    let has_body = body(version, request.headers)?;
    Ok(Judged { has_body, is_last: is_last(version, request.headers), upgrades })
}

/// RFC 9112, 9.3: HTTP/1.0 ends with its answer, as a rule.
fn is_last(version: u8, headers: &[Header<'_>]) -> bool {
    let closes = |Header { name, value }: &Header<'_>| {
        let mut words = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        name.eq_ignore_ascii_case("connection")
            && words.any(|word| word.eq_ignore_ascii_case(b"close"))
    };
    version == 0 || headers.iter().any(closes)
}

/// Whether a body follows these headers, or could by any reading of them. A length that is not plain is
/// refused, so that a proxy in front of this server cannot disagree with it about where a request
/// ends.
fn body(version: u8, headers: &[Header<'_>]) -> Result<bool, ErrorResponse> {
    let (mut length, mut chunked, mut follows) = (None, false, false);
    for Header { name, value } in headers {
        if name.eq_ignore_ascii_case("content-length") {
            let own = digits(value).ok_or_else(ErrorResponse::content_length)?;
            if length.is_some_and(|length| length != own) {
                return Err(ErrorResponse::content_length());
            }
            follows |= own != 0 || length.is_some();
            length = Some(own);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if version == 0 || chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(ErrorResponse::transfer_encoding());
            }
            (chunked, follows) = (true, true);
        } else if name.eq_ignore_ascii_case("expect") {
            follows = true;
        }
    }
    Ok(follows)
}

/// The number that decimal digits write, such as `0` or `00`. The largest numbers have meanings of
/// their own in the stack.
fn digits(value: &[u8]) -> Option<u64> {
    let text = str::from_utf8(value).ok().filter(|text| !text.is_empty())?;
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    i64::try_from(number).is_ok().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a whole head comes to: what the stack reads and whether a body follows, or the status and
    /// the text of a refusal.
    fn read(bytes: &[u8]) -> Result<(String, bool), (u16, String)> {
        let whole = PartialHead::default().read(bytes);
        // In pieces it is the same, and a head that goes on says nothing yet.
        let mut partial = PartialHead::default();
        let pieces = (0..=bytes.len()).map(|length| partial.read(&bytes[..length]));
        let pieces = pieces.map(Result::transpose).find_map(|outcome| outcome);
        let shown = |outcome: &Result<Head, ErrorResponse>| format!("{outcome:?}");
        let whole = whole.transpose().expect("a whole head");
        assert_eq!(shown(&whole), shown(&pieces.expect("a whole head in pieces")));
        match whole {
            Ok(Head { length, bytes: head, has_body, .. }) => {
                assert_eq!(length, bytes.len());
                Ok((String::from_utf8(head).unwrap(), has_body))
            }
            Err(refusal) => {
                let (status, text) = refusal.said();
                Err((status, text.to_owned()))
            }
        }
    }

    #[test]
    fn targets_are_encoded_and_nothing_else() {
        let headers = "Host: \"x\"#<>\u{e9}\r\nX: 1\r\n\r\n";
        for (written, expected) in [
            ("GET /a?b=\"#<>`\u{e9} HTTP/1.1\r\n", "GET /a?b=%22%23%3C%3E%60%C3%A9 HTTP/1.1\r\n"),
            ("GET /a?b={|}\\^'%20 HTTP/1.1\r\n", "GET /a?b={|}\\^'%20 HTTP/1.1\r\n"),
            ("\r\n\nGET /\" HTTP/1.0\n", "GET /%22 HTTP/1.0\r\n"),
            ("P http://x/# HTTP/1.1\r\n", "P http://x/%23 HTTP/1.1\r\n"),
        ] {
            let outcome = read(format!("{written}{headers}").as_bytes());
            assert_eq!(outcome, Ok((format!("{expected}{headers}"), false)), "{written}");
        }
    }

    #[test]
    fn another_protocol_is_not_spoken_of() {
        let head = "GET /upgrade: HTTP/1.1\r\nuPGRADE:h2c\r\nX: upgrade: y\r\nUpgrade: a, b\r\n\
                    Upgrade-Insecure-Requests: 1\r\n\r\n";
        let expected =
            "GET /upgrade: HTTP/1.1\r\nX: upgrade: y\r\nUpgrade-Insecure-Requests: 1\r\n\r\n";
        assert_eq!(read(head.as_bytes()), Ok((expected.to_owned(), false)));
    }

    #[test]
    fn a_body_is_told_from_none() {
        for (headers, has_body) in [
            ("", false),
            ("Content-Length: 0\r\n", false),
            ("cONTENT-lENGTH:\t 000 \t\r\n", false),
            ("Content-Length: 1\r\n", true),
            ("Content-Length: 0\r\nContent-Length: 0\r\n", true),
            ("Content-Length: 7\r\nTransfer-Encoding: chunked\r\n", true),
            ("Transfer-Encoding: Chunked\r\n", true),
            ("Expect: 100-continue\r\n", true),
            ("Content-Length2: 1\r\nX-Transfer-Encoding: chunked\r\n", false),
        ] {
            let head = format!("GET / HTTP/1.1\r\n{headers}\r\n");
            assert_eq!(read(head.as_bytes()), Ok((head.clone(), has_body)), "{headers:?}");
        }
    }

    #[test]
    fn what_the_stack_would_refuse_without_a_word() {
        let long = |bytes: usize| "x".repeat(bytes);
        for (head, status, said) in [
            ("GET /x\r\n", 400, "The request line: expected"),
            ("GET\r\n", 400, "The request line: expected"),
            ("GET  HTTP/1.1\r\n", 400, "The request line: expected"),
            (" /x HTTP/1.1\r\n", 400, "The request line: expected"),
            ("GET /x HTTP/1.1 \r\n", 400, "The request line: expected"),
            ("GET /x http/1.1\r\n", 400, "The request line: expected"),
            ("G\u{e9}T /x HTTP/1.1\r\n\r\n", 400, "The request line: expected"),
            ("GET /x HTTP/1.2\r\n", 400, "The version of HTTP: expected HTTP/1.1"),
            ("PRI * HTTP/2.0\r\n", 400, "The version of HTTP: expected HTTP/1.1"),
            ("GET  /x HTTP/1.1\r\n", 400, "The URL holds a space: write %20."),
            ("GET /x?d=2007-08-05 13 HTTP/1.1\r\n", 400, "The URL holds a space: write %20."),
            ("GET /x HTTP/1.1 HTTP/1.1\r\n", 400, "The URL holds a space: write %20."),
            ("GET /\t HTTP/1.1\r\n", 400, "The URL holds the control character U+0009: write %09."),
            ("GET /\0 HTTP/1.1\r\n", 400, "The URL holds the control character U+0000: write %00."),
            (
                "GET /\u{7f} HTTP/1.1\r\n",
                400,
                "The URL holds the control character U+007F: write %7F.",
            ),
            ("GET /\r HTTP/1.1\r\n", 400, "The URL holds the control character U+000D: write %0D."),
            ("GET api/recordings/files HTTP/1.1\r\n\r\n", 400, "The URL: expected a path"),
            ("GET ?d=today HTTP/1.1\r\n\r\n", 400, "The URL: expected a path"),
            ("GET http://x#/ HTTP/1.1\r\n\r\n", 400, "The URL: expected a path"),
            ("GET / HTTP/1.1\r\nX : y\r\n\r\n", 400, "A header cannot be read"),
            ("GET / HTTP/1.1\r\nX: y\r\n z\r\n\r\n", 400, "A header cannot be read"),
            ("GET / HTTP/1.1\r\nX: y\0\r\n\r\n", 400, "A header cannot be read"),
            ("GET / HTTP/1.1\r\nX: y\rZ: z\r\n\r\n", 400, "A header cannot be read"),
            ("GET / HTTP/1.1\r\nX\r\n\r\n", 400, "A header cannot be read"),
            ("GET / HTTP/1.1\r\nContent-Length: 0, 0\r\n\r\n", 400, "Content-Length: expected"),
            ("GET / HTTP/1.1\r\nContent-Length: +0\r\n\r\n", 400, "Content-Length: expected"),
            ("GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400, "Content-Length: expected"),
            (
                "GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n",
                400,
                "Content-Length: expected",
            ),
            (
                "GET / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n",
                400,
                "Content-Length: expected",
            ),
            (
                "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
                400,
                "Transfer-Encoding: expected",
            ),
            (
                "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                400,
                "Transfer-Encoding: expected",
            ),
            (&format!("GET /{} HTTP/1.1\r\n", long(LONGEST_TARGET)), 414, "The URL is longer"),
            (&format!("GET /{} HTTP/1.1\r\n", "#".repeat(6_000)), 414, "The URL is longer"),
            (&format!("{} / HTTP/1.1\r\n", long(LONGEST_LINE)), 414, "The URL is longer"),
            (&format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(101)), 431, "There are more"),
            (
                &format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", long(LONGEST_HEAD)),
                431,
                "The URL and the headers are longer than 20480 bytes together.",
            ),
        ] {
            let refused = read(head.as_bytes()).unwrap_err();
            let shown = head.get(..80).unwrap_or(head);
            assert_eq!(refused.0, status, "{shown:?}: {refused:?}");
            assert!(refused.1.starts_with(said), "{shown:?}: {refused:?}");
        }
    }

    #[test]
    fn the_longest_head() {
        let target = "x".repeat(LONGEST_TARGET - 1);
        for (missing, status) in [(1, None), (0, None), (-1, Some(431))] {
            let begin = format!("\r\nGET /{target} HTTP/1.1\r\nX: ");
            let value = LONGEST_HEAD.checked_add_signed(-missing).unwrap() - begin.len() - 4;
            let head = format!("{begin}{}\r\n\r\n", "y".repeat(value));
            assert_eq!(read(head.as_bytes()).err().map(|(status, _)| status), status, "{missing}");
        }
    }

    #[test]
    fn who_says_that_nothing_follows() {
        for (version, headers, expected) in [
            ("1.1", "", false),
            ("1.0", "", true),
            ("1.1", "Connection: keep-alive\r\n", false),
            ("1.1", "cONNECTION: Upgrade , CLOSE\r\n", true),
            ("1.1", "Connection: x\r\nConnection: close\r\n", true),
            ("1.1", "X-Connection: close\r\nConnection: closed\r\n", false),
        ] {
            let head = format!("GET / HTTP/{version}\r\n{headers}\r\n");
            let head = PartialHead::default().read(head.as_bytes()).unwrap().unwrap();
            assert_eq!(head.is_last, expected, "{version} {headers:?}");
        }
    }

    /// A head that never ends is refused while it is received.
    #[test]
    fn a_head_without_an_end() {
        for (begin, more, status) in [
            ("", "x", 414),
            ("GET /", "x", 414),
            ("GET / HTTP/1.1\r\nX: ", "y", 431),
            ("GET / HTTP/1.1\r\n", "X: y\r\n", 431),
            ("", "\r\n", 431),
        ] {
            let mut bytes = begin.as_bytes().to_vec();
            let mut partial = PartialHead::default();
            let refused = loop {
                bytes.extend(more.repeat(1_000).bytes());
                if let Err(refusal) = partial.read(&bytes) {
                    break refusal;
                }
                assert!(bytes.len() < LONGEST_HEAD, "{begin:?} {more:?}");
            };
            assert_eq!(refused.said().0, status, "{begin:?} {more:?}");
        }
    }

    /// The stack gets nothing that it would refuse, because it would refuse without a reason.
    #[test]
    fn what_is_handed_on_is_read_by_the_parser_to_its_end() {
        for byte in 0..=u8::MAX {
            for before in
                ["GET /x?", "GET http://x/", "GET /x HTTP/1.1\r\nX", "G", "GET /x HTTP/1.1\r\nX: "]
            {
                let after =
                    if before.contains("HTTP") { ": y\r\n\r\n" } else { " HTTP/1.1\r\n\r\n" };
                let bytes = [before.as_bytes(), &[byte], after.as_bytes()].concat();
                let Ok(Some(head)) = PartialHead::default().read(&bytes) else { continue };
                let mut headers = [EMPTY_HEADER; MOST_HEADERS];
                let mut request = httparse::Request::new(&mut headers);
                assert_eq!(request.parse(&head.bytes), Ok(Status::Complete(head.bytes.len())));
                let target: Uri = request.path.unwrap().parse().unwrap();
                let kept = target.to_string();
                assert!(request.path.unwrap().len() <= kept.len(), "{kept} is cut");
            }
        }
    }
}
