//! A store with two tenants, and ways to send requests to the API, with and without a socket.

#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod command;
pub(crate) mod zoneinfo;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use tower::ServiceExt as _;
use vcc_server::{Api, Clock};
use vcc_store::{Sqlite, Store, StoredRecord, Token};
use vcc_types::{Field, Recording};

/// A token with a colon in it (AUTH-5).
pub(crate) const TOKEN: &str = "ac12343934687a:839cf";
pub(crate) const FILES: &str = "/api/recordings/files";

pub(crate) fn now() -> DateTime<Utc> {
    "2007-12-20T04:00:00Z".parse().unwrap()
}

pub(crate) fn record(start: &str, transaction: &str) -> Recording {
    Recording::new()
        .with(Field::StartDate, start)
        .with(Field::AgentId, "bill")
        .with(Field::Duration, "27")
        .with(Field::TransactionId, transaction)
}

/// `acme` in Los Angeles with 52 records, and `globex` in UTC with one.
pub(crate) async fn store() -> Arc<Sqlite> {
    let store = Sqlite::in_memory().unwrap();
    let acme = store.add_tenant("acme", "America/Los_Angeles".parse().unwrap(), now()).await;
    let acme = acme.unwrap();
    store.add_token(acme.id, Token::from_secret(TOKEN).hash(), "", now()).await.unwrap();
    let mut records = vec![
        record("2007-12-19T19:16:36-08:00", "today"),
        record("2007-12-18T19:16:36-08:00", "yesterday").with(Field::QueueName, "a,\"b\" & <c>"),
    ];
    records.extend((0..50).map(|n| record("2007-01-01T00:00:00Z", &format!("old-{n:02}"))));
    let records: Vec<_> = records.iter().map(|record| StoredRecord::new(record).unwrap()).collect();
    store.import(acme.id, records.into()).await.unwrap();

    let globex = store.add_tenant("globex", "UTC".parse().unwrap(), now()).await.unwrap();
    store.add_token(globex.id, Token::from_secret("other").hash(), "", now()).await.unwrap();
    let theirs = StoredRecord::new(&record("2007-12-19T19:16:36-08:00", "theirs")).unwrap();
    store.import(globex.id, vec![theirs].into()).await.unwrap();
    Arc::new(store)
}

pub(crate) async fn router() -> Router {
    Api::builder(store().await).clock(Clock::fixed(now())).build().router()
}

pub(crate) fn basic(name: &str, token: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{token}")))
}

/// An answer: status, headers and body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The transactions of a CSV or XML body, in order.
    pub(crate) fn transactions(&self) -> Vec<String> {
        vcc_format::xml::Reader::new(self.body.as_bytes())
            .map(|record| record.unwrap().to_recording().text(Field::TransactionId).to_owned())
            .collect()
    }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response: Response<Body> = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// GET as the tenant `acme`.
pub(crate) async fn get(router: &Router, target: &str) -> Answer {
    let request = Request::get(target).header(header::AUTHORIZATION, basic("acme", TOKEN));
    send(router, request.body(Body::empty()).unwrap()).await
}
