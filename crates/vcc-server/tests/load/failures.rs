//! A store that fails, before an answer has begun and after.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::header;
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use vcc_server::Api;
use vcc_store::StoredRecord;
use vcc_types::Field;

use crate::common::{self, FILES, get};
use crate::gated::Gated;
use crate::log::Log;
use vcc_store::Store as _;

#[tokio::test]
async fn a_store_that_fails_is_503_or_500_without_internals() {
    let store = Gated::new(Semaphore::MAX_PERMITS).await;
    let router = Api::new(store.clone()).router();
    for (failing, status) in [(1, 503), (2, 503), (3, 500), (0, 200)] {
        store.failing.store(failing, Ordering::Relaxed);
        let answer = get(&router, FILES).await;
        assert_eq!(answer.status, status);
        assert!(!answer.body.contains("secret"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_page_whose_rest_cannot_be_read_does_not_end_as_a_document() {
    let store = Gated::new(Semaphore::MAX_PERMITS).await;
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    let record = |number: u32| {
        let record = common::record("2008-01-01T00:00:00Z", &format!("long-{number}"))
            .with(Field::CaseId, "long")
            .with(Field::ExtVar1, &"x".repeat(100_000));
        StoredRecord::new(&record).unwrap()
    };
    store.import(acme, (0..20).map(record).collect::<Vec<_>>().into()).await.unwrap();
    let api = Api::new(store.clone());
    let metrics = api.metrics();
    let router = api.router();
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let broken =
        " WARN vcc_server::body: an answer broke off, and its client has to ask again error=";
    let missing = "records of the page were deleted or changed while it was read in pieces: ask for it again\n";
    // In the second round the store works, but one of the records is gone.
    for (failing, deleted, said) in
        [(0, false, None), (0, true, Some(missing)), (1, false, Some("secret internals\n"))]
    {
        let request = axum::http::Request::get(format!("{FILES}?caseID=long"))
            .header(header::AUTHORIZATION, common::basic("acme", common::TOKEN))
            .body(Body::empty())
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        // The answer has begun; now the store fails.
        assert_eq!(response.status(), 200);
        store.failing.store(failing, Ordering::Relaxed);
        if deleted {
            let one = vcc_store::Deletion::Field(Field::TransactionId, "long-11".into());
            assert_eq!(store.delete(acme, &one).await.unwrap(), 1);
        }
        let mut body = response.into_body().into_data_stream();
        let (mut text, mut failed) = (Vec::new(), 0);
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => text.extend_from_slice(&piece),
                Err(_) => failed += 1,
            }
        }
        let text = String::from_utf8(text).unwrap();
        let whole = failing == 0 && !deleted;
        assert_eq!(failed, usize::from(!whole));
        assert_eq!(text.ends_with("</recordings>\n"), whole);
        let sent = text.matches("<file>").count();
        assert!(if whole { sent == 20 } else { (2..11).contains(&sent) }, "{sent}");
        drop(body);
        assert!(metrics.render().contains("\nvcc_pending_bytes 0\n"));
        let logged = std::mem::take(&mut *log.0.lock().unwrap());
        let logged = String::from_utf8(logged).unwrap();
        let lines: Vec<_> =
            logged.split_inclusive('\n').filter(|line| !line.contains(" INFO ")).collect();
        assert_eq!(lines.len(), said.iter().count(), "{logged}");
        if let Some(said) = said {
            assert!(lines[0].ends_with(&format!("{broken}{said}")), "{logged}");
        }
    }
}
