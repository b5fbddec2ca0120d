use super::*;

/// The result for a whole head: what the stack reads and whether a body follows, or the status and the
/// text of a refusal.
fn read(bytes: &[u8]) -> Result<(String, bool), (u16, String)> {
    let whole = PartialHead::default().read(bytes);
    // In pieces the result is the same, and an incomplete head gives none yet.
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
        ("GET /\u{7f} HTTP/1.1\r\n", 400, "The URL holds the control character U+007F: write %7F."),
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
        ("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "Transfer-Encoding: expected"),
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
            let after = if before.contains("HTTP") { ": y\r\n\r\n" } else { " HTTP/1.1\r\n\r\n" };
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
