//! The API as a tower service: statuses, headers and bodies, clause by clause.

mod common;

use axum::body::Body;
use axum::http::{Request, header};
use common::{FILES, TOKEN, basic, get, now, router, send, store};
use vcc_server::{Api, Clock};
use vcc_types::Dialect;

#[tokio::test]
async fn queries_are_answered_by_the_clock_and_the_tenants_zone() {
    let router = router().await;
    for (query, transactions) in [
        ("d=today-1d,today", &["yesterday"][..]),
        ("d=today-1d", &["yesterday"]),
        ("d=2007-12-20", &[]),
        ("d=2007-12-20&tz=UTC", &["today"]),
        ("start-date=2007-12-20T03:16:41Z", &["today"]),
        ("start-date=2007-12-20T03:16:42Z", &[]),
        ("finish-date=2007-12-20T03:17:03Z&agentID=bill", &["today"]),
        ("queueName=a,%22b%22%20%26%20%3Cc%3E", &["yesterday"]),
        ("transactionID=theirs", &[]),
    ] {
        let answer = get(&router, &format!("{FILES}?{query}")).await;
        assert_eq!((answer.status, answer.transactions()), (200, owned(transactions)), "{query}");
    }
    assert!(get(&router, &format!("{FILES}?d=today-1d")).await.body.contains("-08:00<"));
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn both_formats_are_there_by_name() {
    let router = router().await;
    for (path, kind) in [
        ("files", "application/xml; charset=utf-8"),
        ("files/", "application/xml; charset=utf-8"),
        ("files.xml", "application/xml; charset=utf-8"),
        ("files.csv", "text/csv; charset=utf-8"),
        ("files.csv/", "text/csv; charset=utf-8"),
    ] {
        let answer = get(&router, &format!("/api/recordings/{path}?transactionID=today")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), Some(kind), "{path}");
    }
}

#[tokio::test]
async fn a_record_in_xml_and_in_csv() {
    let router = router().await;
    let mut bodies = String::new();
    for format in ["xml", "csv"] {
        for query in ["transactionID=yesterday", "transactionID=none"] {
            bodies += &get(&router, &format!("{FILES}.{format}?{query}")).await.body;
            bodies += "----\n";
        }
    }
    insta::assert_snapshot!(bodies);
}

/// PAGE-6: a walk along links that begins before midnight and ends after it.
#[tokio::test]
async fn a_link_means_the_list_of_its_first_page() {
    let store = store().await;
    let router = |now: &str, dialect: &str| {
        let api = Api::builder(store.clone()).clock(Clock::fixed(now.parse().unwrap()));
        api.dialect(dialect.parse().unwrap()).build().router()
    };
    let days = "d=2006-12-19,2007-12-19&tz=America/Los_Angeles";
    let instants = "d=2006-12-19,2007-12-19T08:00:00Z&tz=America/Los_Angeles";
    for (dialect, query) in [("", days), ("range_end = \"whole-period\"", instants)] {
        let before = router("2007-12-20T07:59:59Z", dialect);
        let first = get(&before, &format!("{FILES}?d=today-365d,today")).await;
        let link = first.header(header::LINK).unwrap();
        assert_eq!(link, format!("<{FILES}?{query}&n=51>; rel=\"next\""), "{dialect}");
        // A record of the 19th is in the new day's list, and was not in the old one's.
        let after = router("2007-12-20T08:00:00Z", dialect);
        let second = get(&after, link.split(['<', '>']).nth(1).unwrap()).await;
        assert_eq!(second.transactions(), ["yesterday"], "{dialect}");
        let new_day = get(&after, &format!("{FILES}?d=today-365d,today&n=51")).await;
        assert_eq!(new_day.transactions(), ["yesterday", "today"], "{dialect}");
    }
    // This end cannot be written as a day or as an instant.
    let included = "range_end = \"whole-period\"\nrange_end_instant = \"included\"";
    let router = router("2007-12-20T07:59:59Z", included);
    let first = get(&router, &format!("{FILES}?d=today-365d,today")).await;
    assert_eq!((first.transactions().len(), first.header(header::LINK)), (50, None));
}

#[tokio::test]
async fn pages_are_linked_and_end() {
    let router = router().await;
    let first = get(&router, &format!("{FILES}?agentID=bill")).await;
    assert_eq!(first.transactions().len(), 50);
    let link = first.header(header::LINK).unwrap();
    assert_eq!(link, "</api/recordings/files?agentID=bill&n=51>; rel=\"next\"");
    let next = link.split(['<', '>']).nth(1).unwrap();
    let second = get(&router, next).await;
    assert_eq!(second.transactions(), ["yesterday", "today"]);
    assert_eq!(second.header(header::LINK), None);
    for n in ["53", "900001", "18446744073709551615"] {
        let beyond = get(&router, &format!("{FILES}?n={n}")).await;
        assert_eq!((beyond.status, beyond.transactions().len()), (200, 0), "{n}");
    }
    // A full last page is not followed by an empty one.
    let old = get(&router, &format!("{FILES}?d=2007-01-01&tz=UTC")).await;
    assert_eq!((old.transactions().len(), old.header(header::LINK)), (50, None));
}

#[tokio::test]
async fn without_credentials_there_is_a_challenge() {
    let router = router().await;
    for value in [None, Some("Bearer x"), Some("")] {
        let mut request = Request::get(FILES);
        if let Some(value) = value {
            request = request.header(header::AUTHORIZATION, value);
        }
        let answer = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 401, "{value:?}");
        let challenge = answer.header(header::WWW_AUTHENTICATE);
        assert_eq!(challenge, Some("Basic realm=\"recordings\", charset=\"UTF-8\""));
    }
}

#[tokio::test]
async fn a_wrong_token_and_an_unknown_tenant_look_the_same() {
    let router = router().await;
    let mut answers = Vec::new();
    for (name, token) in [
        ("acme", "wrong"),
        ("acme", ""),
        ("acme", "other"),
        ("acme", "ac12343934687a"),
        ("Acme", TOKEN),
        ("globex", TOKEN),
        ("nobody", "wrong"),
        ("", ""),
    ] {
        let request = Request::get(FILES).header(header::AUTHORIZATION, basic(name, token));
        let answer = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 403, "{name}:{token}");
        answers.push((format!("{:?}", answer.headers), answer.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[tokio::test]
async fn broken_credentials_are_no_defect() {
    let router = router().await;
    for value in ["Basic", "Basic :YWNtZTp4", "Basic YWNtZQ==", "Basic ***"] {
        let request = Request::get(FILES).header(header::AUTHORIZATION, value);
        let answer = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 400, "{value}");
        assert!(!answer.body.contains("YWNt"), "{}", answer.body);
    }
}

#[tokio::test]
async fn who_asks_comes_before_what_is_asked() {
    let router = router().await;
    for (method, target) in [
        ("GET", "/"),
        ("POST", FILES),
        ("GET", "/api/recordings/files?d=yesterday"),
        ("DELETE", "/x?d=1"),
    ] {
        let request = Request::builder().method(method).uri(target);
        let answer = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 401, "{method} {target}");
    }
}

#[tokio::test]
async fn other_methods_change_nothing() {
    let router = router().await;
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        let request = Request::builder()
            .method(method)
            .uri(FILES)
            .header(header::AUTHORIZATION, basic("acme", TOKEN));
        let answer = send(&router, request.body(Body::from("x")).unwrap()).await;
        assert_eq!((answer.status, answer.header(header::ALLOW)), (405, Some("GET, HEAD")));
    }
    let elsewhere = Request::post("/x").header(header::AUTHORIZATION, basic("acme", TOKEN));
    assert_eq!(send(&router, elsewhere.body(Body::empty()).unwrap()).await.status, 404);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let router = router().await;
    // STATUS-2: the variable at fault is shown, and no other value.
    for (query, variable, shown, clause) in [
        ("d=2007-02-29", "d: ", "d=2007-02-29", "DATE-6b"),
        ("agentID=s3cret&tz=America/New_Yorc", "tz: ", "tz=America/New_Yorc", "DATE-3"),
        ("Start-Date=s3cret", "Start-Date: ", "Start-Date", "REQ-7"),
        ("n=-1&token=s3cret", "token: ", "token", "REQ-9"),
        ("caseID=s3cret&channel=%2&extVar1=s3cret", "channel: ", "channel=%2", "REQ-8"),
        ("d=2007-08-07,2007-08-05", "d: ", "d=2007-08-07,2007-08-05", "DATE-10"),
    ] {
        let answer = get(&router, &format!("{FILES}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.header(header::CONTENT_TYPE), Some("text/plain; charset=utf-8"));
        let said = &answer.body;
        assert!(said.starts_with(variable) && said.contains(clause), "{said}");
        // The offending character is pointed at.
        assert!(said.contains(&format!("\n  | {shown}\n")) && said.contains('^'), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    let elsewhere = get(&router, "/api/recordings/calls").await;
    assert_eq!(elsewhere.status, 404);
    assert!(elsewhere.body.contains("/api/recordings/files"));
    let long = get(&router, &format!("{FILES}?channel={}", "1".repeat(20_000))).await;
    assert_eq!((long.status, &*long.body), (414, "The URL is longer than 16384 bytes.\n"));
}

#[tokio::test]
async fn responses_are_dated_by_the_clock() {
    let answer = get(&router().await, FILES).await;
    assert_eq!(answer.header(header::DATE), Some("Thu, 20 Dec 2007 04:00:00 GMT"));
}

#[tokio::test]
async fn a_dialect_changes_what_it_says() {
    let with = |switches: &str| -> Dialect { switches.parse().unwrap() };
    let store = store().await;
    let router = |dialect| {
        Api::builder(store.clone()).clock(Clock::fixed(now())).dialect(dialect).build().router()
    };
    let forbidden = router(with("no_credentials = \"403\"\nbad_credentials = \"401\"\n"));
    let none = send(&forbidden, Request::get(FILES).body(Body::empty()).unwrap()).await;
    assert_eq!((none.status, none.header(header::WWW_AUTHENTICATE)), (403, None));
    let bad = Request::get(FILES).header(header::AUTHORIZATION, basic("acme", "x"));
    let bad = send(&forbidden, bad.body(Body::empty()).unwrap()).await;
    assert!(bad.status == 401 && bad.header(header::WWW_AUTHENTICATE).is_some());

    let utc = router(with("response_zone = \"utc\"\nutc_offset = \"Z\"\n"));
    let answer = get(&utc, &format!("{FILES}?transactionID=today")).await;
    assert!(answer.body.contains(">2007-12-20T03:16:36Z<"), "{}", answer.body);
    let descending = router(with("order = \"start-descending\"\n"));
    let answer = get(&descending, FILES).await;
    assert_eq!(answer.transactions()[..3], ["today", "yesterday", "old-49"]);
}
