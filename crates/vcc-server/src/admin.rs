//! The operators' paths. They need no credentials, so they have a listener of their own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use vcc_query::ZoneData;

use crate::readiness::Readiness;
use crate::{Api, Audit, Metrics};

#[derive(Clone)]
struct Admin {
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    zones: Arc<dyn ZoneData + Send + Sync>,
    audit: Option<Audit>,
}

/// `/healthz`: this process runs, even if its store does not. `/readyz`: whether a record can be read and
/// the audit log written, with the release of the zone data, or why not. `/metrics`: all counters.
pub(crate) fn router(api: &Api) -> Router {
    let readiness = Arc::new(Readiness::new(api.store().clone()));
    let (metrics, zones) = (api.metrics(), api.zones().clone());
    let audit = api.audit().cloned();
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metered))
        .with_state(Admin { readiness, metrics, zones, audit })
}

async fn ready(State(admin): State<Admin>) -> Response {
    // The audit log has logged the reason.
    if admin.audit.as_ref().is_some_and(Audit::is_failing) {
        return not_ready("the audit log cannot be written\n".to_owned());
    }
    match admin.readiness.ask().await {
        // DATE-13
        Ok(()) => {
            let zones = admin.zones.version().unwrap_or("of unknown release");
            format!("ready\nzone data {zones}\n").into_response()
        }
        // For operators: the reason may name files and hosts, but no store puts a password into it.
        Err(reason) => not_ready(format!("not ready: {reason}\n")),
    }
}

/// STATUS-1: like every 503, it says when to ask again.
fn not_ready(text: String) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], text).into_response()
}

async fn metered(State(admin): State<Admin>) -> impl IntoResponse {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], admin.metrics.render())
}
