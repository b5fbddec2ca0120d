use std::time::Duration;

/// How much a server takes on at once, and for how long. What is beyond is turned away at once
/// with 503 (STATUS-1).
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::http::Request;
/// use std::time::Duration;
/// use tower::ServiceExt as _;
/// use vcc_server::{Api, Limits};
/// # use axum::body::Body;
/// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
///
/// let mut limits = Limits::default();
/// assert_eq!(limits.deadline, Duration::from_secs(15));
/// // 0 is no request at all, not any number of them.
/// limits.requests = 0;
/// let router = Api::builder(store).limits(limits).build().router();
/// let response = router.oneshot(Request::new(Body::empty())).await?;
/// assert_eq!(response.status(), 503);
/// assert_eq!(response.headers()["retry-after"], "1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections that are open: 4,096. One more, and the one that has been idle longest is closed,
    /// those that never proved a tenant first; a second after they were accepted, also while they are
    /// being answered.
    pub connections: usize,
    /// Requests of proven tenants that are answered at the same time: 256.
    pub requests: usize,
    /// Requests of one tenant that are answered at the same time: 32, so that no tenant takes all
    /// there is.
    pub requests_per_tenant: usize,
    /// Requests that name a tenant and have not proven it yet, which wait for their turn or are being
    /// checked: 1,024, and half of what is free those of one address. They count for nothing else, so
    /// that wrong tokens take nothing from the tenant that they name (AUTH-6). Beyond, a client that
    /// does not wait for the `Retry-After` on its connection is kept waiting for it.
    pub unproven: usize,
    /// How many of them are checked a second: 500. A token that was right lately is checked without a
    /// turn.
    pub unproven_rate: u32,
    /// How many bytes of memory answers hold that their clients have not taken yet: 64 MiB, and a
    /// quarter of it those of one tenant. Half of either is for answers that are made whole, which
    /// have up to 128 KiB of text, and half for those that are made while they are sent. An answer
    /// for which there is no room is 503 instead; one that nothing stands beside is sent however long
    /// it is.
    pub pending: usize,
    /// How long a request may take, until its answer begins: 15 seconds.
    pub deadline: Duration,
    /// How long a client may take for the headers of a request, or do nothing on a connection that
    /// stays open: 30 seconds.
    pub headers: Duration,
    /// How long a client may take nothing of a response that waits for it: 30 seconds.
    pub stall: Duration,
    /// How long a shutdown waits for requests that run, and for what they leave in the audit log: 10
    /// seconds.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            requests: 256,
            requests_per_tenant: 32,
            unproven: 1_024,
            unproven_rate: 500,
            pending: 64 << 20,
            deadline: Duration::from_secs(15),
            headers: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}
