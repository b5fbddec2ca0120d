//! The client against a server that plays a script, one answer for each request.
#![cfg(all(feature = "http", feature = "blocking"))]

mod script;

use std::io::Write as _;
use std::time::{Duration, Instant};

use script::{Answer, Server, list, xml};
use vcc_client::{
    Client, ClientBuilder, Credentials, ErrorKind, Retry, TransportErrorKind, blocking,
};
use vcc_query::{Query, ResponseFormat};
use vcc_types::Field;

fn builder(url: &str) -> ClientBuilder {
    let mut retry = Retry::default();
    retry.attempts = 3;
    (retry.first, retry.longest) = (Duration::from_millis(1), Duration::from_millis(5));
    Client::builder(url)
        .credentials(Credentials::new("acme", "s3cret", "the test"))
        .plain_http(true)
        .retry(retry)
}

fn client(server: &Server) -> blocking::Client {
    blocking::Client::new(builder(&server.url())).unwrap()
}

fn query(text: &str) -> Query {
    Query::parse(text).unwrap()
}

#[test]
fn a_list_is_walked_with_credentials_and_encoded() {
    let server = Server::start(vec![xml(&list(1, 50)), xml(&list(51, 7))]);
    let got = client(&server).recordings(&query("channel=#a b+c#")).collect::<Result<Vec<_>, _>>();
    assert_eq!(got.unwrap().len(), 57);
    let asked = server.requests();
    assert_eq!(asked.len(), 2);
    assert!(
        asked[0].starts_with("GET /api/recordings/files?channel=%23a%20b%20c%23 HTTP/1.1\r\n"),
        "{}",
        asked[0]
    );
    assert!(
        asked[1].starts_with("GET /api/recordings/files?channel=%23a%20b%20c%23&n=51 "),
        "{}",
        asked[1]
    );
    assert!(asked[0].contains("authorization: Basic YWNtZTpzM2NyZXQ="), "{}", asked[0]);
}

#[test]
fn compressed_bodies_are_asked_for_but_of_this_machine() {
    for (gzip, asked) in [(None, "identity"), (Some(true), "gzip"), (Some(false), "identity")] {
        let server = Server::start(vec![xml(&list(1, 3))]);
        let mut builder = builder(&server.url());
        if let Some(gzip) = gzip {
            builder = builder.gzip(gzip);
        }
        blocking::Client::new(builder).unwrap().page(&query("")).unwrap();
        let head = &server.requests()[0];
        assert!(head.contains(&format!("accept-encoding: {asked}\r\n")), "{head}");
    }
}

#[test]
fn what_is_asked_again_is_told() {
    let server = Server::start(vec![Answer::status(503), Answer::Close, xml(&list(1, 3))]);
    let (told, tells) = std::sync::mpsc::channel();
    let builder = builder(&server.url()).on_retry(move |error, wait| {
        assert!(wait > Duration::ZERO);
        told.send(error.kind()).unwrap();
    });
    blocking::Client::new(builder).unwrap().page(&query("")).unwrap();
    let kinds: Vec<_> = tells.try_iter().collect();
    let broken = ErrorKind::Transport(TransportErrorKind::Broken);
    assert_eq!(kinds, [ErrorKind::Busy, broken]);
}

#[test]
fn a_token_that_a_server_says_back_is_not_shown() {
    let said = "no: s3cret, Basic YWNtZTpzM2NyZXQ=";
    for status in [400, 403, 404, 418, 500, 503] {
        let answers = vec![Answer::status(status).body(said); 3];
        let server = Server::start(answers);
        let error = client(&server).page(&query("")).unwrap_err().to_string();
        assert!(error.contains("no: [the token], Basic [the token]"), "{error}");
    }
    let away = Answer::status(302).header("Location", "http://a.example/?token=s3cret");
    let error = client(&Server::start(vec![away])).page(&query("")).unwrap_err().to_string();
    assert!(error.contains("http://a.example/?token=[the token]"), "{error}");
}

#[test]
fn what_is_no_list_is_said_and_asked_for_once() {
    let of = |kind: &str, body: &str| Answer::status(200).header("Content-Type", kind).body(body);
    let table = [
        (
            of("application/xml", "\n<!DOCTYPE HTML><html>"),
            ErrorKind::Body,
            "the answer is a page of HTML",
        ),
        (
            of("application/json; charset=utf-8", "{}"),
            ErrorKind::Body,
            "the answer is application/json, no list of recordings: {}",
        ),
        (
            Answer::Raw(b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()),
            ErrorKind::Transport(TransportErrorKind::Other),
            "what came is no HTTP from http://127.0.0.1:",
        ),
        (
            of("application/xml", "none").header("Content-Encoding", "gzip"),
            ErrorKind::Transport(TransportErrorKind::Other),
            "the answer cannot be unpacked from http://127.0.0.1:",
        ),
        (
            Answer::status(302).header("Location", "/again"),
            ErrorKind::Transport(TransportErrorKind::Redirect),
            "the server redirects (302 Found) for the 6th time, now to /again: it may go on for ever",
        ),
    ];
    for (answer, kind, message) in table {
        let asked = if message.contains("6th") { 6 } else { 1 };
        let server = Server::start(vec![answer; 8]);
        let error = client(&server).page(&query("")).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!((server.requests().len(), error.attempts()), (asked, 1), "{error}");
    }
}

#[test]
fn what_can_pass_is_asked_again_within_one_budget() {
    let page = || xml(&list(1, 3));
    let table: Vec<(&str, Vec<Answer>)> = vec![
        ("closed at once", vec![Answer::Close, page()]),
        ("cut by its length", vec![Answer::Cut(page_bytes(), 40), page()]),
        ("cut without a length", vec![Answer::Unsized(b"<recordings><file>".to_vec()), page()]),
        (
            "cut between records",
            vec![Answer::Unsized(b"<recordings><file></file>".to_vec()), page()],
        ),
        ("busy", vec![Answer::status(503), page()]),
        ("too many", vec![Answer::status(429).header("Retry-After", "0"), page()]),
        ("failed once", vec![Answer::status(500), page()]),
        ("busy, then cut", vec![Answer::status(503), Answer::Close, page()]),
    ];
    for (name, answers) in table {
        let count = answers.len();
        let server = Server::start(answers);
        let page =
            client(&server).page(&query("")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(page.recordings.len(), 3, "{name}");
        assert_eq!(
            (server.requests().len(), page.evidence.attempts as usize),
            (count, count),
            "{name}"
        );
    }
}

fn page_bytes() -> Vec<u8> {
    let Answer::Whole { body, .. } = xml(&list(1, 3)) else { unreachable!() };
    body
}

#[test]
fn what_cannot_pass_is_asked_once_and_the_error_says_what_was_answered() {
    let page = || xml(&list(1, 3));
    let html = || Answer::status(200).header("Content-Type", "text/html").body("<html>\nlog in");
    let table: Vec<(Vec<Answer>, ErrorKind, &str, usize)> = vec![
        (
            vec![Answer::status(400).body("d: 'x' is no date"), page()],
            ErrorKind::Query,
            "the server refused the query (400): d: 'x' is no date; asked for /api/recordings/files",
            1,
        ),
        (
            vec![Answer::status(403).body("no"), page()],
            ErrorKind::Credentials,
            "the server refused the credentials (403): no; the tenant is \"acme\", its token came from the test; \
             asked for /api/recordings/files",
            1,
        ),
        (
            vec![Answer::status(404), page()],
            ErrorKind::NotFound,
            "the server has no such resource (404); is the URL the root of the service?; asked for \
             /api/recordings/files",
            1,
        ),
        (
            vec![Answer::status(502), page()],
            ErrorKind::Status(502),
            "the server answered with status 502; asked for /api/recordings/files",
            1,
        ),
        (
            vec![html(), page()],
            ErrorKind::Body,
            "the answer is a page of HTML, no list of recordings; a proxy or a login may stand in between: <html>",
            1,
        ),
        (
            vec![Answer::status(503).header("Retry-After", "61"), page()],
            ErrorKind::Busy,
            "the server is busy (503, Retry-After: 61)",
            1,
        ),
        (
            vec![Answer::status(500), Answer::status(500), page()],
            ErrorKind::Internal,
            "the server failed (500); asked 2 times in ",
            2,
        ),
        (
            vec![Answer::status(503), Answer::status(503), Answer::status(503), page()],
            ErrorKind::Busy,
            "the server is busy (503); asked 3 times in ",
            3,
        ),
        (
            vec![Answer::Close, Answer::Close, Answer::Close, page()],
            ErrorKind::Transport(TransportErrorKind::Broken),
            "the answer broke off from http://127.0.0.1:",
            3,
        ),
    ];
    for (answers, kind, message, asked) in table {
        let server = Server::start(answers);
        let error = client(&server).page(&query("")).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(message), "{error}\nexpected {message}");
        assert_eq!((server.requests().len(), error.attempts() as usize), (asked, asked), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"));
    }
}

#[test]
fn a_wait_that_was_asked_for_is_kept() {
    let busy = Answer::status(503).header("Retry-After", "1");
    let server = Server::start(vec![busy, xml(&list(1, 3))]);
    let began = Instant::now();
    client(&server).page(&query("")).unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    let date = Answer::status(503)
        .header("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .header("Retry-After", "Sun, 06 Nov 1994 08:49:38 GMT");
    let server = Server::start(vec![date, xml(&list(1, 3))]);
    let began = Instant::now();
    client(&server).page(&query("")).unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[test]
fn no_other_origin_gets_the_token() {
    let other = Server::start(vec![xml(&list(1, 3))]);
    let there = other.url().replace("127.0.0.1", "localhost");
    let away = Answer::status(302).header("Location", &format!("{there}/api/recordings/files"));
    let server = Server::start(vec![away, xml(&list(1, 3))]);
    let error = client(&server).page(&query("")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport(TransportErrorKind::Redirect));
    assert!(error.to_string().contains("it is not followed"), "{error}");
    assert_eq!((other.requests().len(), server.requests().len()), (0, 1));
    // A redirect within the origin is followed, with the token.
    let within = Answer::status(302).header("Location", "/elsewhere");
    let server = Server::start(vec![within, xml(&list(1, 3))]);
    assert_eq!(client(&server).page(&query("")).unwrap().recordings.len(), 3);
    let asked = server.requests();
    assert!(asked[1].starts_with("GET /elsewhere ") && asked[1].contains("authorization: Basic "));
}

#[test]
fn compressed_bodies_are_unpacked_and_bounded() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&page_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let answer = || {
        Answer::status(200)
            .header("Content-Type", "application/xml")
            .header("Content-Encoding", "gzip")
            .bytes(packed.clone())
    };
    let server = Server::start(vec![answer()]);
    assert_eq!(client(&server).page(&query("")).unwrap().recordings.len(), 3);
    let server = Server::start(vec![answer()]);
    let small = blocking::Client::new(builder(&server.url()).max_body(100)).unwrap();
    let error = small.page(&query("")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport(TransportErrorKind::TooLong));
}

#[test]
fn broken_markup_is_repaired_and_reported_and_unknown_fields_are_kept() {
    let body = "<recordings><file><agentID>AT&T</agentID><mood>good</mood></file>%lt;/recordings>";
    let answer = Answer::status(200).header("Content-Type", "application/xml").body(body);
    let server = Server::start(vec![answer]);
    let page = client(&server).page(&query("")).unwrap();
    assert_eq!(page.recordings[0].get(Field::AgentId), Some("AT&T"));
    assert!(page.recordings[0].extra() == [("mood".to_owned(), "good".to_owned())]);
    let kinds: Vec<_> = page.deviations.iter().map(|deviation| deviation.kind.name()).collect();
    assert_eq!(kinds, ["bare-ampersand", "unknown-field", "percent-reference"]);
}

#[test]
fn csv_is_read_where_it_is_asked_for_or_sent() {
    let csv = || Answer::status(200).header("Content-Type", "text/csv").body("agentID\r\nbill\r\n");
    let server = Server::start(vec![csv(), csv()]);
    let page = client(&server).page(&query("")).unwrap();
    assert_eq!((page.recordings.len(), page.evidence.format), (1, ResponseFormat::Csv));
    let asks = blocking::Client::new(builder(&server.url()).format(ResponseFormat::Csv)).unwrap();
    asks.page(&query("n=51")).unwrap();
    assert!(server.requests()[1].starts_with("GET /api/recordings/files.csv?n=51 "));
}

#[test]
fn a_walk_sees_one_list_also_where_constants_are_asked_for() {
    // The zone is known: the constants are replaced before the first request.
    let server = Server::start(vec![xml(&list(1, 3)), xml(&[])]);
    client(&server).recordings(&query("d=today&tz=UTC")).for_each(drop);
    let asked = server.requests();
    assert!(asked[0].contains("?d=2") && asked[0].contains("&tz=UTC"), "{}", asked[0]);
    // The zone is unknown: the server's link says what the constants mean.
    let linked = xml(&list(1, 50)).header(
        "Link",
        "</api/recordings/files?d=2007-12-18&tz=America/Denver&n=51>; rel=\"next\"",
    );
    let server = Server::start(vec![linked, xml(&list(51, 3))]);
    client(&server).recordings(&query("d=today")).for_each(drop);
    let asked = server.requests();
    assert!(asked[0].contains("?d=today "), "{}", asked[0]);
    assert!(asked[1].contains("?d=2007-12-18&tz=America/Denver&n=51 "), "{}", asked[1]);
    // Nothing says it, so there is a warning.
    let server = Server::start(vec![xml(&list(1, 50)), xml(&list(51, 3))]);
    let client = client(&server);
    let mut pages = client.pages(&query("d=today"));
    pages.by_ref().for_each(drop);
    assert!(pages.warnings()[0].to_string().starts_with("d=today: the tenant's zone is not known"));
}

#[test]
fn plain_http_is_refused_unless_it_is_allowed() {
    let error = Client::builder("http://127.0.0.1:1").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Settings);
    assert!(error.to_string().starts_with("http://127.0.0.1:1/ is plain HTTP"), "{error}");
}

#[test]
fn a_refused_connection_says_what_was_not_reached() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = blocking::Client::new(builder(&format!("http://127.0.0.1:{port}"))).unwrap();
    let error = client.page(&query("")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport(TransportErrorKind::Connect));
    let text = error.to_string();
    assert!(text.starts_with(&format!("no connection to http://127.0.0.1:{port}/: ")), "{text}");
    assert!(text.contains("; asked 3 times in "), "{text}");
}

#[tokio::test]
async fn the_blocking_client_works_inside_a_runtime() {
    let server = Server::start(vec![xml(&list(1, 3)), xml(&[])]);
    let client = client(&server);
    assert_eq!(client.recordings(&query("")).count(), 3);
}

#[test]
fn a_server_that_ignores_n_is_an_error_and_not_a_walk_for_ever() {
    let server = Server::start(vec![xml(&list(1, 50)), xml(&list(1, 50)), xml(&list(1, 50))]);
    let got: Result<Vec<_>, _> = client(&server).recordings(&query("")).collect();
    assert_eq!(got.unwrap_err().kind(), ErrorKind::PageIgnored);
    assert!(server.requests()[2].contains("?n=2147483648 "));
}
