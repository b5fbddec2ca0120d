//! What operators ask, on a listener of its own: it needs no credentials, so it is kept apart.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use vcc_store::Store;

use crate::Metrics;

#[derive(Clone)]
struct Admin {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
}

/// `/healthz`: this process runs. `/readyz`: its store answers. `/metrics`: what it has counted.
pub(crate) fn router(store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metered))
        .with_state(Admin { store, metrics })
}

async fn ready(State(admin): State<Admin>) -> impl IntoResponse {
    match admin.store.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "the store is not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n")
        }
    }
}

async fn metered(State(admin): State<Admin>) -> impl IntoResponse {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], admin.metrics.render())
}
