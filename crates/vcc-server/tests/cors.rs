//! Which pages of other origins may read answers, and how they are told: headers in, headers out.

mod common;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use common::{FILES, TOKEN, basic, get, now, send, store};
use vcc_server::{Api, Clock};

const NAMED: &str = "https://explorer.example.com";
const ALSO: &str = "http://127.0.0.1:8081";

async fn router(origins: &[&str], explorer: bool) -> Router {
    let origins = origins.iter().map(|origin| origin.parse().unwrap());
    let api = Api::builder(store().await).clock(Clock::fixed(now())).explorer(explorer);
    api.allow_origins(origins).build().router()
}

/// The headers of an answer that concern origins, a line each.
fn told(headers: &HeaderMap) -> Vec<String> {
    let mut told: Vec<_> = headers
        .iter()
        .filter(|(name, _)| {
            name.as_str().starts_with("access-control-") || *name == "vary" || *name == "allow"
        })
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    told.sort();
    told
}

const VARY: &str = "vary: Origin";
const ENCODING: &str = "vary: Accept-Encoding";
const EXPOSED: &str = "access-control-expose-headers: Link, Retry-After, X-Vcc-Explain";
const LETS_IN: &str = "access-control-allow-origin: https://explorer.example.com";
const LETS_ALSO_IN: &str = "access-control-allow-origin: http://127.0.0.1:8081";
const HEADERS: &str = "access-control-allow-headers: Authorization";
const METHODS: &str = "access-control-allow-methods: GET, HEAD";
const AGE: &str = "access-control-max-age: 600";
const ALLOW: &str = "allow: GET, HEAD";

/// A request, and the status and the headers of its answer.
#[tokio::test]
async fn who_may_read_an_answer() {
    let router = router(&[NAMED, ALSO, NAMED], true).await;
    let (right, wrong) = (basic("acme", TOKEN), basic("acme", "wrong"));
    let (right, wrong) = (("authorization", &*right), ("authorization", &*wrong));
    let asked = ("access-control-request-method", "GET");
    let asked_headers = ("access-control-request-headers", "authorization");
    let from = |origin| ("origin", origin);
    let page = format!("{FILES}?d=2007");
    let explain = "/explorer/explain?q=d%3Dtoday";
    for (line, headers, status, wanted) in [
        // A preflight request of a named origin, for whatever path: it has no credentials.
        (
            format!("OPTIONS {FILES}"),
            vec![from(NAMED), asked, asked_headers],
            204,
            vec![HEADERS, METHODS, LETS_IN, EXPOSED, AGE, VARY],
        ),
        (
            "OPTIONS /nowhere".into(),
            vec![from(ALSO), asked],
            204,
            vec![HEADERS, METHODS, LETS_ALSO_IN, EXPOSED, AGE, VARY],
        ),
        (
            "OPTIONS /".into(),
            vec![from(NAMED), ("access-control-request-method", "DELETE")],
            204,
            vec![HEADERS, METHODS, LETS_IN, EXPOSED, AGE, VARY],
        ),
        // Of any other origin, or of none, OPTIONS is answered as ever.
        (format!("OPTIONS {FILES}"), vec![from("https://evil.example"), asked], 401, vec![VARY]),
        (format!("OPTIONS {FILES}"), vec![asked, asked_headers], 401, vec![VARY]),
        (format!("OPTIONS {FILES}"), vec![right], 405, vec![ALLOW, VARY]),
        (format!("OPTIONS {FILES}"), vec![right, from("null"), asked], 405, vec![ALLOW, VARY]),
        ("OPTIONS /".into(), vec![asked], 405, vec![ALLOW, VARY]),
        // OPTIONS that is no preflight request: a page may read what it gets.
        (format!("OPTIONS {FILES}"), vec![from(NAMED)], 401, vec![LETS_IN, EXPOSED, VARY]),
        // A page reads whatever the status is.
        (page.clone(), vec![right, from(NAMED)], 200, vec![LETS_IN, EXPOSED, ENCODING, VARY]),
        (page.clone(), vec![right, from(ALSO)], 200, vec![LETS_ALSO_IN, EXPOSED, ENCODING, VARY]),
        (page.clone(), vec![wrong, from(NAMED)], 403, vec![LETS_IN, EXPOSED, VARY]),
        (page.clone(), vec![from(NAMED)], 401, vec![LETS_IN, EXPOSED, VARY]),
        (format!("{FILES}?d=x"), vec![right, from(NAMED)], 400, vec![LETS_IN, EXPOSED, VARY]),
        ("/nowhere".into(), vec![right, from(NAMED)], 404, vec![LETS_IN, EXPOSED, VARY]),
        (
            format!("POST {FILES}"),
            vec![right, from(NAMED)],
            405,
            vec![LETS_IN, EXPOSED, ALLOW, VARY],
        ),
        (explain.into(), vec![from(NAMED)], 200, vec![LETS_IN, EXPOSED, VARY]),
        ("/explorer/tenant".into(), vec![right, from(NAMED)], 200, vec![LETS_IN, EXPOSED, VARY]),
        ("/explorer/main.js".into(), vec![from(NAMED)], 200, vec![LETS_IN, EXPOSED, VARY]),
        // No other origin is let in, however near it is.
        (page.clone(), vec![right], 200, vec![ENCODING, VARY]),
        (page.clone(), vec![right, from("null")], 200, vec![ENCODING, VARY]),
        (page.clone(), vec![right, from("*")], 200, vec![ENCODING, VARY]),
        (page.clone(), vec![right, from("")], 200, vec![ENCODING, VARY]),
        (page.clone(), vec![right, from("http://explorer.example.com")], 200, vec![ENCODING, VARY]),
        (
            page.clone(),
            vec![right, from("https://explorer.example.com:443")],
            200,
            vec![ENCODING, VARY],
        ),
        (
            page.clone(),
            vec![right, from("https://explorer.example.com/")],
            200,
            vec![ENCODING, VARY],
        ),
        (
            page.clone(),
            vec![right, from("https://explorer.example.com.evil.example")],
            200,
            vec![ENCODING, VARY],
        ),
        (
            page.clone(),
            vec![right, from("https://a.explorer.example.com")],
            200,
            vec![ENCODING, VARY],
        ),
        (
            page.clone(),
            vec![right, from("HTTPS://EXPLORER.EXAMPLE.COM")],
            200,
            vec![ENCODING, VARY],
        ),
        (page.clone(), vec![right, from(NAMED), from(ALSO)], 200, vec![ENCODING, VARY]),
        (page.clone(), vec![right, from(NAMED), from(NAMED)], 200, vec![ENCODING, VARY]),
        (
            page.clone(),
            vec![right, from("https://explorer.example.com http://127.0.0.1:8081")],
            200,
            vec![ENCODING, VARY],
        ),
    ] {
        let (method, target) = line.split_once(' ').unwrap_or(("GET", &line));
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = send(&router, request.body(Body::empty()).unwrap()).await;
        let told = told(&answer.headers);
        let mut wanted = wanted;
        wanted.sort_unstable();
        assert_eq!(
            (answer.status, told),
            (status, wanted.iter().map(|&line| line.to_owned()).collect()),
            "{line} {headers:?}"
        );
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
        assert_eq!(answer.body.is_empty(), status == 204, "{line}");
    }
}

/// Where no origin is named, no answer says anything of origins.
#[tokio::test]
async fn without_a_name_nothing_is_said() {
    let without = router(&[], true).await;
    for (method, status) in [("GET", 401), ("OPTIONS", 401)] {
        let request = Request::builder().method(method).uri(FILES).header("origin", NAMED);
        let request = request.header("access-control-request-method", "GET");
        let answer = send(&without, request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, told(&answer.headers)), (status, Vec::new()));
    }
}

/// What a program gets is the same, `Vary` aside.
#[tokio::test]
async fn programs_are_answered_as_without_it() {
    let (with, without) = (router(&[NAMED], true).await, router(&[], true).await);
    for path in ["", ".csv", "/calls"] {
        for query in ["d=today", "n=2", "foo=1", "transactionID=none", "d=2007"] {
            let target = format!("{FILES}{path}?{query}");
            let (mut one, other) = (get(&with, &target).await, get(&without, &target).await);
            assert_eq!((one.status, one.body), (other.status, other.body), "{target}");
            let vary: Vec<_> = one.headers.get_all("vary").iter().cloned().collect();
            assert_eq!(vary.last().unwrap(), "Origin");
            one.headers.remove("vary");
            vary.split_last().unwrap().1.iter().for_each(|value| {
                one.headers.append("vary", value.clone());
            });
            assert_eq!(one.headers, other.headers, "{target}");
        }
    }
}
