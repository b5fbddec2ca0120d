use std::time::Duration;

/// How much a server does at once, and for how long. Anything beyond gets 503 at once (STATUS-1).
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
/// // 0 allows no request. It does not mean "no limit".
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
    /// Open connections: 4,096. For one more, the connection that has been idle longest is closed. Those
    /// that never proved a tenant come first; one second after they were accepted, even while they are
    /// being answered.
    pub connections: usize,
    /// Requests of proven tenants that are answered at the same time: 256.
    pub requests: usize,
    /// Requests of one tenant that are answered at the same time: 32, so that no tenant takes all of them.
    pub requests_per_tenant: usize,
    /// Requests that name a tenant and have not proven it yet, while they wait for their turn or are
    /// checked: 1,024, of which one address gets half of what is free. They count for no other limit,
    /// so that wrong tokens take nothing from the tenant that they name (AUTH-6). Beyond that, a client
    /// that does not wait for the `Retry-After` on its connection is made to wait.
    pub unproven: usize,
    /// How many of them are checked in a second: 500. A token that was right recently is checked without
    /// waiting.
    pub unproven_rate: u32,
    /// How many bytes of memory unread answers may hold: 64 MiB, of which one tenant gets a quarter. Half
    /// of each is for answers that are made at once (up to 128 KiB of text), and half for those that are
    /// made while they are sent. An answer that finds no room becomes 503. If nothing else is held, an
    /// answer of any length is sent.
    pub pending: usize,
    /// How long a request may take, until its answer begins: 15 seconds.
    pub deadline: Duration,
    /// How long a client may take to send the headers of a request, or leave an open connection idle: 30
    /// seconds.
    pub headers: Duration,
    /// How long a client may go without reading from a response: 30 seconds.
    pub stall: Duration,
    /// How long a shutdown waits for running requests and for their lines in the audit log: 10 seconds.
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
