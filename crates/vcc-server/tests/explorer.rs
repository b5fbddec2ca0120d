//! The explorer page: its paths, their headers, and that all other paths answer as before.

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Method, Request, header};
use common::command::{Folder, Serving};
use common::{FILES, TOKEN, basic, get, now, send, store};
use vcc_server::{Api, Clock};

/// Every path that needs no credentials, with its media type.
const OWN: [(&str, &str); 15] = [
    ("/", "text/html; charset=utf-8"),
    ("/explorer/style.css", "text/css; charset=utf-8"),
    ("/explorer/icon.svg", "image/svg+xml"),
    ("/explorer/main.js", "text/javascript; charset=utf-8"),
    ("/explorer/composer.js", "text/javascript; charset=utf-8"),
    ("/explorer/query.js", "text/javascript; charset=utf-8"),
    ("/explorer/service.js", "text/javascript; charset=utf-8"),
    ("/explorer/csv.js", "text/javascript; charset=utf-8"),
    ("/explorer/meaning.js", "text/javascript; charset=utf-8"),
    ("/explorer/drawing.js", "text/javascript; charset=utf-8"),
    ("/explorer/result.js", "text/javascript; charset=utf-8"),
    ("/explorer/download.js", "text/javascript; charset=utf-8"),
    ("/explorer/dom.js", "text/javascript; charset=utf-8"),
    ("/openapi.yaml", "application/yaml"),
    ("/explorer/explain", "application/json"),
];

const TENANT: &str = "/explorer/tenant";

async fn router(explorer: bool, dialect: &str) -> Router {
    let api = Api::builder(store().await).clock(Clock::fixed(now())).explorer(explorer);
    api.dialect(dialect.parse().unwrap()).build().router()
}

fn request(method: Method, target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn status(router: &Router, target: &str, headers: &[(&str, &str)]) -> u16 {
    send(router, request(Method::GET, target, headers)).await.status
}

#[tokio::test]
async fn its_own_paths_need_no_credentials() {
    let router = router(true, "").await;
    let wrong = basic("acme", "wrong");
    for (path, kind) in OWN {
        for target in [path.to_owned(), format!("{path}?d=today")] {
            for method in [Method::GET, Method::HEAD] {
                let answer = send(&router, request(method, &target, &[])).await;
                assert_eq!((answer.status, answer.header(header::CONTENT_TYPE)), (200, Some(kind)));
                let own = |name| answer.header(HeaderName::from_static(name)).unwrap();
                assert_eq!(own("x-content-type-options"), "nosniff", "{path}");
                assert_eq!(own("referrer-policy"), "no-referrer");
                let policy = own("content-security-policy");
                assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
                assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
                let cached =
                    if path == "/explorer/explain" { "private, no-store" } else { "no-cache" };
                assert_eq!(own("cache-control"), cached, "{path}");
            }
        }
        assert_eq!(status(&router, path, &[("authorization", &wrong)]).await, 200, "{path}");
        let answer = send(&router, request(Method::POST, path, &[])).await;
        assert_eq!(
            (answer.status, answer.header(header::ALLOW)),
            (405, Some("GET, HEAD")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn all_other_paths_need_credentials_and_do_not_exist() {
    let router = router(true, "").await;
    for path in [
        "//",
        "/index.html",
        "/explorer",
        "/explorer/",
        "/explorer/main.js/",
        "/explorer//main.js",
        "/explorer/Main.js",
        "/explorer/../api/recordings/files",
        "/explorer/%6dain.js",
        "/openapi.yaml/",
        "/openapi.json",
        "/favicon.ico",
        "/api",
        "/healthz",
        "/explorer/index.html",
    ] {
        assert_eq!(status(&router, path, &[]).await, 401, "{path}");
        assert_eq!(get(&router, path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn without_it_its_paths_are_like_any_other() {
    let router = router(false, "").await;
    for path in OWN.map(|(path, _)| path).into_iter().chain([TENANT]) {
        assert_eq!(status(&router, path, &[]).await, 401, "{path}");
        assert_eq!(get(&router, path).await.status, 404, "{path}");
    }
    let wrong = [("authorization", &*basic("acme", "wrong")), ("sec-fetch-mode", "navigate")];
    assert_eq!(status(&router, FILES, &wrong).await, 403);
}

#[tokio::test]
async fn the_api_answers_beside_it_as_without_it() {
    let (with, without) = (router(true, "").await, router(false, "").await);
    for path in ["", ".csv", "/calls"] {
        for query in ["d=today", "n=2", "foo=1", "transactionID=none"] {
            let target = format!("{FILES}{path}?{query}");
            let (one, other) = (get(&with, &target).await, get(&without, &target).await);
            assert_eq!((one.status, one.body), (other.status, other.body), "{target}");
            assert_eq!(one.headers, other.headers, "{target}");
        }
    }
}

#[tokio::test]
async fn a_file_that_a_browser_has_is_not_sent_again() {
    let router = router(true, "").await;
    let whole = send(&router, request(Method::GET, "/", &[])).await;
    let etag = whole.header(header::ETAG).unwrap().to_owned();
    assert!(whole.body.starts_with("<!doctype html>"));
    let weak = format!("W/{etag}, \"x\"");
    for (tag, status) in [(&*etag, 304), (&weak, 304), ("*", 304), ("\"x\"", 200), ("x", 200)] {
        let answer = send(&router, request(Method::GET, "/", &[("if-none-match", tag)])).await;
        assert_eq!(answer.status, status, "{tag}");
        assert_eq!(answer.body.is_empty(), status == 304);
        assert_eq!(answer.header(header::ETAG), Some(&*etag));
    }
    let other = send(&router, request(Method::GET, "/explorer/main.js", &[])).await;
    assert_ne!(other.header(header::ETAG), Some(&*etag));
}

/// AUTH-3 allows both. A browser prompts again only after a 401.
#[tokio::test]
async fn wrong_credentials_of_a_navigation_are_asked_for_again() {
    let router = router(true, "").await;
    let wrong = basic("acme", "wrong");
    let challenge = "Basic realm=\"recordings\", charset=\"UTF-8\"";
    for (mode, status) in
        [("navigate", 401), ("cors", 403), ("no-cors", 403), ("Navigate", 403), ("", 403)]
    {
        let headers = [("authorization", &*wrong), ("sec-fetch-mode", mode)];
        let answer = send(&router, request(Method::GET, FILES, &headers)).await;
        assert_eq!(answer.status, status, "{mode}");
        let is_asked = answer.header(header::WWW_AUTHENTICATE) == Some(challenge);
        assert_eq!(is_asked, status == 401, "{mode}");
    }
    let headers = [("authorization", &*wrong)];
    assert_eq!(status(&router, FILES, &headers).await, 403);
    // Right credentials get no challenge.
    let right = basic("acme", TOKEN);
    let headers = [("authorization", &*right), ("sec-fetch-mode", "navigate")];
    assert_eq!(status(&router, FILES, &headers).await, 200);
}

#[tokio::test]
async fn a_tenant_that_proves_itself_learns_its_zone() {
    for dialect in ["", "equal_ends = \"empty\"\nunknown_variable = \"ignored\""] {
        let router = router(true, dialect).await;
        let answer = get(&router, TENANT).await;
        assert_eq!(answer.header(header::CONTENT_TYPE), Some("application/json"));
        assert_eq!(answer.header(header::CACHE_CONTROL), Some("private, no-store"));
        assert!(answer.body.contains("\"tenant\":\"acme\",\"zone\":\"America/Los_Angeles\""));
        assert_eq!(status(&router, TENANT, &[]).await, 401);
        for (tenant, token) in [("acme", "wrong"), ("acme", "other"), ("nobody", TOKEN)] {
            let claim = basic(tenant, token);
            assert_eq!(status(&router, TENANT, &[("authorization", &claim)]).await, 403);
        }
        let theirs = basic("globex", "other");
        let answer =
            send(&router, request(Method::GET, TENANT, &[("authorization", &theirs)])).await;
        assert!(answer.body.contains("\"tenant\":\"globex\",\"zone\":\"UTC\""), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_query_is_explained_without_a_look_at_any_recording() {
    let router = router(true, "range_end = \"whole-period\"").await;
    let target = "/explorer/explain?zone=America/Los_Angeles&q=d%3D2007-12-18,2007-12-19";
    let answer = send(&router, request(Method::GET, target, &[])).await;
    // It explains in the dialect of this server.
    assert!(answer.body.contains("\"utc\":\"2007-12-20T08:00:00Z\""), "{}", answer.body);
    let long = format!("/explorer/explain?q=agentID%3D{}", "x".repeat(9_000));
    let answer = send(&router, request(Method::GET, &long, &[])).await;
    assert!(answer.body.contains("at most 8192 bytes"), "{}", answer.body);
}

/// Other origins are connected to, and offered, only if they are named; nothing else of the page changes.
#[tokio::test]
async fn other_servers_are_in_the_policy_and_in_the_form_if_they_are_named() {
    let named = ["https://calls.example.com", "http://127.0.0.1:8081"];
    let origins = named.map(|origin| origin.parse().unwrap());
    let api = Api::builder(store().await).explorer(true).explorer_origins(origins);
    let (with, without) = (api.build().router(), router(true, "").await);
    for (path, _) in OWN {
        let one = send(&with, request(Method::GET, path, &[])).await;
        let other = send(&without, request(Method::GET, path, &[])).await;
        let own = "connect-src 'self'";
        let policy = other.header(header::CONTENT_SECURITY_POLICY).unwrap();
        assert!(policy.ends_with(own), "{policy}");
        let policy = format!("{policy} {}", named.join(" "));
        assert_eq!(one.header(header::CONTENT_SECURITY_POLICY), Some(&*policy), "{path}");
        if path == "/" {
            assert_ne!(one.header(header::ETAG), other.header(header::ETAG));
            let form = "<label>Server <select name=\"server\"><option value=\"\">this one</option>\
                        <option>https://calls.example.com</option>\
                        <option>http://127.0.0.1:8081</option></select></label>";
            assert!(one.body.contains(form), "{}", one.body);
            assert_eq!(one.body.replace(form, "<!-- other servers -->"), other.body);
        } else if path != "/explorer/explain" {
            assert_eq!(one.body, other.body, "{path}");
        }
    }
}

/// It is on in the demo, and off elsewhere unless it is switched on. HEAD has no body.
#[test]
fn the_command_has_it_where_it_is_asked_for() {
    let folder = Folder::new();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store", &folder.store];
    let with = [&serve[..], &["--explorer"]].concat();
    let demo = ["demo", "--port", "0"];
    for (arguments, status) in [(&demo[..], "200 OK"), (&serve, "401"), (&with, "200 OK")] {
        let server = Serving::start(arguments);
        for method in ["GET", "HEAD"] {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            let request = format!("{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{arguments:?}: {answer}");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert_eq!(body.is_empty(), method == "HEAD", "{arguments:?}: {head}");
            assert_eq!(body.starts_with("<!doctype html>"), method == "GET" && status == "200 OK");
            assert!(!head.contains("content-length: 0"), "{head}");
        }
    }
}
