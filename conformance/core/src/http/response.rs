use super::Response;
use super::body::Body;

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    ToTheEnd,
}

#[derive(Debug)]
pub(super) struct Head {
    pub(super) response: Response,
    pub(super) framing: Framing,
    pub(super) keep: bool,
}

/// Where the head ends, its empty line included.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let crlf = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
    // Only the head is searched for it: a long body may hold empty lines too.
    let head = &bytes[..crlf.unwrap_or(bytes.len())];
    let lf = head.windows(2).position(|window| window == b"\n\n").map(|at| at + 2);
    lf.or(crlf)
}

/// Whether these bytes can begin an answer.
pub(super) fn may_be_http(bytes: &[u8]) -> bool {
    let start = b"HTTP/1.";
    let length = bytes.len().min(start.len());
    bytes[..length] == start[..length]
}

/// Reads a head.
pub(super) fn head(bytes: &[u8], body: Body) -> Result<Head, String> {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let mut words = first.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().unwrap_or_default();
    if !matches!(version, "HTTP/1.0" | "HTTP/1.1") || status.len() != 3 {
        return Err(format!("its first line is {first:?}"));
    }
    let status: u16 = status.parse().map_err(|_| format!("its first line is {first:?}"))?;
    if !(100..600).contains(&status) {
        return Err(format!("its status is {status}"));
    }
    let mut headers = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("header line {line:?}"))?;
        if name.is_empty() || name.contains(|c: char| c.is_ascii_whitespace() || c.is_control()) {
            return Err(format!("header line {line:?}"));
        }
        headers.push((name.to_owned(), decode(value.trim())));
    }
    let response = Response { status, headers, ..Response::default() };
    let has = |name: &str, token: &str| {
        response.headers.iter().any(|(other, value)| {
            other.eq_ignore_ascii_case(name)
                && value.split(',').any(|word| word.trim().eq_ignore_ascii_case(token))
        })
    };
    let framing = if body == Body::NoneToTheEnd {
        Framing::ToTheEnd
    } else if body == Body::None || status < 200 || status == 204 || status == 304 {
        Framing::Length(0)
    } else if has("transfer-encoding", "chunked") {
        Framing::Chunked
    } else if let Some(length) = length(&response)? {
        Framing::Length(length)
    } else {
        Framing::ToTheEnd
    };
    let keep = match version {
        "HTTP/1.1" => !has("connection", "close"),
        _ => has("connection", "keep-alive"),
    };
    Ok(Head { response, framing, keep })
}

/// The value of `Content-Length`. If there are several, all must be equal (RFC 9112, section 6.3).
fn length(response: &Response) -> Result<Option<u64>, String> {
    let fields = response.headers.iter();
    let lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut found = None;
    for text in lengths.flat_map(|(_, value)| value.split(',').map(str::trim)) {
        let length: u64 = text.parse().map_err(|_| format!("Content-Length: {text:?}"))?;
        if found.replace(length).is_some_and(|other| other != length) {
            return Err("two Content-Lengths that differ".into());
        }
    }
    Ok(found)
}

/// Header values were read as Latin-1; those that are UTF-8 are decoded here.
fn decode(value: &str) -> String {
    let bytes: Vec<u8> = value.chars().map(|c| c as u8).collect();
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

/// Moves whole chunks from `buffer` to `body`; `true` once the last one was read. `Err(None)`: more
/// than `limit` bytes.
pub(super) fn chunks(
    buffer: &mut Vec<u8>,
    body: &mut Vec<u8>,
    limit: usize,
) -> Result<bool, Option<String>> {
    let mut at = 0;
    let done = loop {
        let rest = &buffer[at..];
        let Some(line) = rest.windows(2).position(|window| window == b"\r\n") else {
            if rest.len() > 1024 {
                return Err(Some("a chunk without a length".into()));
            }
            break false;
        };
        let text = String::from_utf8_lossy(&rest[..line]);
        let digits = text.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(digits, 16)
            .map_err(|_| Some(format!("a chunk of length {digits:?}")))?;
        if length > limit || body.len() + length > limit {
            return Err(None);
        }
        if length == 0 {
            // Trailers, then an empty line.
            let trailers = &rest[line..];
            let Some(end) = trailers.windows(4).position(|window| window == b"\r\n\r\n") else {
                break false;
            };
            at += line + end + 4;
            break true;
        }
        let from = line + 2;
        let Some(end) = rest.get(from + length..from + length + 2) else {
            break false;
        };
        if end != b"\r\n" {
            return Err(Some("a chunk that is longer than it says".into()));
        }
        body.extend_from_slice(&rest[from..from + length]);
        at += from + length + 2;
    };
    buffer.drain(..at);
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Head, String> {
        head(text.as_bytes(), Body::AsSaid)
    }

    #[test]
    fn heads_and_how_their_bodies_end() {
        for (text, framing, keep) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Framing::Length(5), true),
            ("HTTP/1.1 200\r\ntransfer-encoding: Chunked\r\n\r\n", Framing::Chunked, true),
            ("HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\n\r\n", Framing::ToTheEnd, false),
            ("HTTP/1.0 204 x\nA: b\n\n", Framing::Length(0), false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", Framing::Length(5), true),
        ] {
            let head = parsed(text).unwrap();
            assert_eq!((head.framing, head.keep), (framing, keep), "{text}");
        }
        for text in [
            "HTTP/2 200 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 999 x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
        for (text, end) in [
            ("HTTP/1.1 200\r\nA: b\r\n\r\n\n\n", Some(22)),
            ("HTTP/1.1 200\nA: b\n\n\r\n\r\n", Some(19)),
            ("HTTP/1.1 200\r\nA: b\n\n", Some(20)),
            ("HTTP/1.1 200\r\nA: b\r\n", None),
            ("", None),
        ] {
            assert_eq!(end_of_head(text.as_bytes()), end, "{text:?}");
        }
        assert!(may_be_http(b"HTT") && may_be_http(b"") && !may_be_http(b"SSH-2"));
    }

    #[test]
    fn chunks_arrive_in_any_pieces() {
        let whole = b"4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\nT: v\r\n\r\n";
        for cut in 0..whole.len() {
            let (mut buffer, mut body) = (whole[..cut].to_vec(), Vec::new());
            assert_eq!(chunks(&mut buffer, &mut body, 9), Ok(false), "{cut}");
            buffer.extend_from_slice(&whole[cut..]);
            assert_eq!(chunks(&mut buffer, &mut body, 9), Ok(true), "{cut}");
            assert_eq!((body.as_slice(), buffer.len()), (&b"Wikipedia"[..], 0));
        }
        assert_eq!(chunks(&mut whole.to_vec(), &mut Vec::new(), 8), Err(None));
        assert!(matches!(chunks(&mut b"x\r\n".to_vec(), &mut Vec::new(), 8), Err(Some(_))));
        assert!(matches!(chunks(&mut b"1\r\nabc\r\n".to_vec(), &mut Vec::new(), 8), Err(Some(_))));
    }
}
