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
mod tests;
