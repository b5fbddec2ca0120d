//! An export has the records that the API lists.

use axum::body::Body;
use axum::http::{Request, header};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use vcc_format::{Deviation, DeviationKind, Error, Options, Record, csv, jsonl, xml};
use vcc_server::{Api, Clock};
use vcc_store::{Postgres, Token};
use vcc_types::Recording;

use crate::common::command::Folder;
use crate::common::{self, TOKEN, basic, send};
use crate::postgres_server;
use crate::records::record;
use crate::{add_tenant, exported, open};

/// A page of the API without its beginning and its end, of which an export has only one each.
fn body(page: &str, format: &str) -> String {
    match format {
        "csv" => page.split_once("\r\n").unwrap().1.to_owned(),
        _ => page.split_once("<recordings>\n").unwrap().1.replace("</recordings>\n", ""),
    }
}

/// The records of a document, which must need no repair.
fn read(document: &str) -> Vec<Recording> {
    let mut deviations = Vec::new();
    let (bytes, tolerant) = (document.as_bytes(), Options::tolerant());
    let records: Result<Vec<_>, _> = match bytes.first() {
        Some(b'<') => owned(xml::Reader::with(bytes, tolerant, &mut deviations)),
        Some(b's') => owned(csv::Reader::with(bytes, tolerant, &mut deviations)),
        _ => owned(jsonl::Reader::with(bytes, tolerant, &mut deviations)),
    };
    // The store may hold durations that are not numbers.
    let is_kept = |of: &Deviation| of.kind == DeviationKind::UnreadableDuration;
    assert!(deviations.iter().all(is_kept), "{deviations:?}");
    records.unwrap()
}

fn owned<'a>(
    records: impl Iterator<Item = Result<Record<'a>, Error>>,
) -> Result<Vec<Recording>, Error> {
    records.map(|record| Ok(record?.to_recording())).collect()
}

/// An export is the pages of the API joined, byte for byte.
async fn as_the_api_lists(url: &str) {
    let store = open(url).await;
    add_tenant(&*store, "listed", "America/Los_Angeles").await;
    let tenant = store.tenant("listed").await.unwrap().unwrap().id;
    let now: DateTime<Utc> = Clock::system().now();
    store.add_token(tenant, Token::from_secret(TOKEN).hash(), "", now).await.unwrap();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let records = proptest::collection::vec(record(), 330).new_tree(&mut runner).unwrap().current();
    store.import(tenant, records.into()).await.unwrap();
    let router = Api::builder(store).clock(Clock::fixed(now)).build().router();
    for query in [
        "",
        "tz=Asia/Kolkata",
        "d=2007-12-19",
        "d=2007-12-20&tz=UTC&duration=27",
        "d=2000,2100&outDialCode=",
        "start-date=2007-12-19T19:16:36-08:00",
        "finish-date=2007-12-19T19:17:03-08:00",
        "wrapUpCode=%22&duration=27",
        "queueName=a%0D%0Ab",
        "d=1999-01-01",
    ] {
        for format in ["csv", "xml"] {
            let mut pages = String::new();
            for page in 0.. {
                let n = page * 50 + 1;
                let target = format!("{}.{format}?n={n}&{query}", common::FILES);
                let authorization = basic("listed", TOKEN);
                let request = Request::get(target).header(header::AUTHORIZATION, authorization);
                let answer = send(&router, request.body(Body::empty()).unwrap()).await;
                assert_eq!(answer.status, 200, "{query}: {}", answer.body);
                let body = body(&answer.body, format);
                if body.is_empty() {
                    break;
                }
                pages += &body;
            }
            let whole = exported(url, "listed", &["--format", format, "--query", query]);
            assert_eq!(body(&whole, format), pages, "{query} {format}");
        }
        let lines = exported(url, "listed", &["--format", "jsonl", "--query", query]);
        let rows = exported(url, "listed", &["--query", query]);
        let document = exported(url, "listed", &["--format", "xml", "--query", query]);
        let records = read(&rows);
        assert_eq!(read(&document), records, "{query}");
        assert_eq!(read(&lines), records, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_the_api_lists_it_from_sqlite() {
    as_the_api_lists(&Folder::new().store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_the_api_lists_it_from_postgres() {
    let Some(url) = postgres_server::database() else { return };
    drop(Postgres::open(&url).await.unwrap());
    as_the_api_lists(&url).await;
}
