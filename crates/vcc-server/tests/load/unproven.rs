//! AUTH-5, AUTH-6: requests that name a tenant and do not prove it.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use vcc_server::{Api, Limits};
use vcc_store::TokenHash;

use crate::common::{self, FILES, get, store};
use crate::gated::Gated;
use vcc_store::Store as _;

fn asks(tenant: &str, token: &str, peer: [u8; 4]) -> axum::http::Request<Body> {
    axum::http::Request::get(FILES)
        .header(header::AUTHORIZATION, common::basic(tenant, token))
        .extension(ConnectInfo(SocketAddr::from((peer, 1))))
        .body(Body::empty())
        .unwrap()
}

/// This many clients that send wrong tokens for `acme`, again and again.
fn flood(router: &Router, clients: usize, peer: [u8; 4]) -> JoinSet<()> {
    let mut flood = JoinSet::new();
    for client in 0..clients {
        let router = router.clone();
        flood.spawn(async move {
            for number in 0_u64.. {
                let token = format!("wrong {client} {number}");
                let status = common::send(&router, asks("acme", &token, peer)).await.status;
                assert!([403, 503].contains(&status), "{status}");
                if status == 503 {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        });
    }
    flood
}

/// AUTH-6: wrong tokens take nothing from the tenant that they name, however long sign-ins take.
#[tokio::test(start_paused = true)]
async fn wrong_tokens_take_nothing_from_the_tenant_that_they_name() {
    for (clients, peer) in [(400, [192, 0, 2, 1]), (400, [127, 0, 0, 1]), (1_500, [192, 0, 2, 1])] {
        let store = Gated::slow(Semaphore::MAX_PERMITS, Duration::from_millis(20)).await;
        let router = Api::new(store).router();
        let flood = flood(&router, clients, peer);
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut answered = 0;
        for round in 0..25 {
            let began = tokio::time::Instant::now();
            // Several at once, like a client with many connections.
            let mut own = JoinSet::new();
            for _ in 0..4 {
                let router = router.clone();
                let request = asks("acme", common::TOKEN, [127, 0, 0, 1]);
                own.spawn(async move { common::send(&router, request).await.status });
            }
            answered += own.join_all().await.iter().filter(|status| **status == 200).count();
            // Time is simulated: a sign-in takes 20 ms, and the first one waits for its turn.
            let took = began.elapsed().as_millis();
            assert!(took <= if round == 0 { 5_000 } else { 100 }, "{took} ms in round {round}");
        }
        assert!(answered >= 99, "{answered} of 100 beside {clients} from {peer:?}");
        drop(flood);
    }
}

/// AUTH-6: requests beyond the limit are refused without asking the store, and one address leaves room for
/// another.
#[tokio::test(start_paused = true)]
async fn unproven_requests_beyond_their_places_do_not_reach_the_store() {
    let store = Gated::slow(Semaphore::MAX_PERMITS, Duration::from_secs(1)).await;
    let mut limits = Limits::default();
    limits.unproven = 16;
    let router = Api::builder(store.clone()).limits(limits).build().router();
    let (theirs, ours) = ([192, 0, 2, 1], [127, 0, 0, 1]);
    let mut waiting = JoinSet::new();
    for _ in 0..8 {
        let router = router.clone();
        let request = asks("acme", "wrong", theirs);
        waiting.spawn(async move { common::send(&router, request).await.status });
    }
    while store.sign_ins.load(Ordering::Relaxed) < 8 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for (tenant, token) in [("acme", "wrong"), ("nobody", "wrong"), ("acme", common::TOKEN)] {
        let refused = common::send(&router, asks(tenant, token, theirs)).await;
        assert_eq!((refused.status, refused.header(header::RETRY_AFTER)), (503, Some("1")));
    }
    assert_eq!(store.sign_ins.load(Ordering::Relaxed), 8);
    assert_eq!(common::send(&router, asks("acme", common::TOKEN, ours)).await.status, 200);
    assert_eq!(waiting.join_all().await, [403; 8]);
    // Since its token was right, this tenant is no longer limited like unproven requests.
    let router = &router;
    let many = (0..30).map(|_| common::send(router, asks("acme", common::TOKEN, theirs)));
    let answers = futures_util::future::join_all(many).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}

/// AUTH-5: that a token was right a moment ago does not matter.
#[tokio::test]
async fn a_revoked_token_is_refused_from_the_next_request_on() {
    let store = store().await;
    let router = Api::new(store.clone()).router();
    assert_eq!(get(&router, FILES).await.status, 200);
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    store.revoke_token(acme, 1).await.unwrap();
    for _ in 0..3 {
        assert_eq!(get(&router, FILES).await.status, 403);
    }
    let again = TokenHash::of(common::TOKEN.as_bytes());
    store.add_token(acme, again, "", common::now()).await.unwrap();
    assert_eq!(get(&router, FILES).await.status, 200);
}
