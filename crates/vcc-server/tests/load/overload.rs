//! More requests than there is room for.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use vcc_server::{Api, Audit, AuditFailure, Limits};

use crate::common::{self, FILES, get};
use crate::gated::Gated;

fn limits(requests: usize, per_tenant: usize) -> Limits {
    let mut limits = Limits::default();
    limits.requests = requests;
    limits.requests_per_tenant = per_tenant;
    limits
}

fn asking(router: &Router) -> tokio::task::JoinHandle<u16> {
    let router = router.clone();
    tokio::spawn(async move { get(&router, FILES).await.status })
}

#[tokio::test]
async fn what_is_too_much_is_turned_away_at_once() {
    for (requests, per_tenant) in [(2, 9), (9, 2)] {
        let store = Gated::new(0).await;
        let router =
            Api::builder(store.clone()).limits(limits(requests, per_tenant)).build().router();
        let running = [asking(&router), asking(&router)];
        store.entered.acquire_many(2).await.unwrap().forget();
        // Both wait in the store; a third is refused at once.
        let third = get(&router, FILES).await;
        assert_eq!((third.status, third.header(header::RETRY_AFTER)), (503, Some("1")));
        store.through.add_permits(3);
        for asked in running {
            assert_eq!(asked.await.unwrap(), 200);
        }
        // It recovers by itself.
        assert_eq!(get(&router, FILES).await.status, 200);
    }
}

/// STATUS-1: every 503 says when to ask again, whatever its reason. `connections.rs` has those of connections
/// that there is no room for.
#[tokio::test(start_paused = true)]
async fn every_503_says_when_to_ask_again() {
    type Limit = fn(&mut Limits);
    let no: Limit = |_| {};
    let full = || Audit::append("/dev/full").unwrap().with_failure(AuditFailure::Refuse);
    let refuse = cfg!(target_os = "linux").then_some(full);
    for (way, limit, failing, token, audit) in [
        ("requests", (|limits| limits.requests = 0) as Limit, 0, common::TOKEN, None),
        ("no credentials", |limits| limits.requests = 0, 0, "", None),
        ("requests of a tenant", |limits| limits.requests_per_tenant = 0, 0, common::TOKEN, None),
        ("unproven requests", |limits| limits.unproven = 0, 0, common::TOKEN, None),
        ("wrong tokens", |limits| limits.unproven = 0, 0, "wrong", None),
        ("a store that is away", no, 1, common::TOKEN, None),
        ("a store that is late", no, 2, common::TOKEN, None),
        ("a store that refuses", no, 4, common::TOKEN, None),
        ("the deadline", |limits| limits.deadline = Duration::ZERO, 5, common::TOKEN, None),
        ("bytes that wait", |limits| limits.pending = 0, 6, common::TOKEN, None),
        ("the audit log", no, 0, common::TOKEN, refuse),
    ] {
        let store = Gated::new(if failing == 5 { 0 } else { Semaphore::MAX_PERMITS }).await;
        store.failing.store(if failing > 4 { 0 } else { failing }, Ordering::Relaxed);
        let mut limits = Limits::default();
        limit(&mut limits);
        let mut api = Api::builder(store).limits(limits);
        match audit {
            Some(audit) => api = api.audit(audit()),
            None if way == "the audit log" => continue,
            None => {}
        }
        let mut request = axum::http::Request::get(FILES);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, common::basic("acme", token));
        }
        let router = api.build().router();
        let send = || router.clone().oneshot(request.body(Body::empty()).unwrap());
        // A single answer is sent however long it is, so another one has to be waiting.
        let beside = if failing == 6 { Some(get_unread(&router).await) } else { None };
        let answer = send().await.unwrap();
        let said = answer.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), said), (503, Some("1")), "{way}");
        drop(beside);
    }
}

/// An answer whose body is not read.
async fn get_unread(router: &Router) -> axum::http::Response<Body> {
    let request = axum::http::Request::get(FILES)
        .header(header::AUTHORIZATION, common::basic("acme", common::TOKEN));
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_flood_of_one_tenant_leaves_room_for_another() {
    let store = Gated::new(0).await;
    let router = Api::builder(store.clone()).limits(limits(9, 2)).build().router();
    let running = [asking(&router), asking(&router)];
    store.entered.acquire_many(2).await.unwrap().forget();
    assert_eq!(get(&router, FILES).await.status, 503);
    let theirs = axum::http::Request::get(FILES)
        .header(header::AUTHORIZATION, common::basic("globex", "other"));
    let request = theirs.body(axum::body::Body::empty()).unwrap();
    store.through.add_permits(3);
    assert_eq!(common::send(&router, request).await.status, 200);
    for asked in running {
        assert_eq!(asked.await.unwrap(), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_has_a_deadline() {
    let store = Gated::new(0).await;
    let mut limits = Limits::default();
    limits.deadline = Duration::from_secs(15);
    let router = Api::builder(store).limits(limits).build().router();
    assert_eq!(get(&router, FILES).await.status, 503);
}
