//! Too much at once, a store that does not answer, and clients that do nothing.

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header;
use chrono::{DateTime, Utc};
use common::{FILES, get, store};
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use tracing_subscriber::fmt::MakeWriter;
use vcc_query::{Selection, Zone};
use vcc_server::{Api, Audit, AuditFailure, Limits, Server};
use vcc_store::{
    Batch, Credentials, Deletion, Imported, Page, Rest, Sqlite, Store, StoreError, StoreErrorKind,
    StoredRecord, Tenant, TenantId, TokenHash, TokenInfo,
};
use vcc_types::Field;

/// A store whose pages wait to be let through, or fail, and whose sign-ins may take long.
struct Gated {
    inner: Arc<Sqlite>,
    /// How many sign-ins are read beside each other.
    readers: Semaphore,
    sign_in: Duration,
    sign_ins: AtomicUsize,
    entered: Semaphore,
    through: Semaphore,
    failing: AtomicU8,
}

impl Gated {
    async fn new(through: usize) -> Arc<Self> {
        Self::slow(through, Duration::ZERO).await
    }

    /// Eight sign-ins at a time, each of which takes so long.
    async fn slow(through: usize, sign_in: Duration) -> Arc<Self> {
        Arc::new(Self {
            inner: store().await,
            readers: Semaphore::new(8),
            sign_in,
            sign_ins: AtomicUsize::new(0),
            entered: Semaphore::new(0),
            through: Semaphore::new(through),
            failing: AtomicU8::new(0),
        })
    }
}

#[async_trait]
impl Store for Gated {
    async fn page(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        self.inner.page(tenant, selection).await
    }

    async fn rest(
        &self,
        tenant: TenantId,
        selection: &Selection,
        rest: Rest,
    ) -> Result<Page, StoreError> {
        match self.failing.load(Ordering::Relaxed) {
            0 => self.inner.rest(tenant, selection, rest).await,
            _ => Err(StoreError::new(StoreErrorKind::Unavailable, "secret internals")),
        }
    }

    async fn begin(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        self.entered.add_permits(1);
        self.through.acquire().await.unwrap().forget();
        let failure = |kind| Err(StoreError::new(kind, "secret internals"));
        match self.failing.load(Ordering::Relaxed) {
            1 => failure(StoreErrorKind::Unavailable),
            2 => failure(StoreErrorKind::Deadline),
            3 => failure(StoreErrorKind::Internal),
            4 => failure(StoreErrorKind::Refused),
            _ => self.inner.begin(tenant, selection).await,
        }
    }

    async fn credentials(
        &self,
        tenant: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        if !self.sign_in.is_zero() {
            self.sign_ins.fetch_add(1, Ordering::Relaxed);
            let _reader = self.readers.acquire().await.unwrap();
            tokio::time::sleep(self.sign_in).await;
        }
        self.inner.credentials(tenant, token).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        match self.failing.load(Ordering::Relaxed) {
            0 => self.inner.ready().await,
            _ => Err(StoreError::new(StoreErrorKind::Unavailable, "secret internals")),
        }
    }

    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError> {
        self.inner.import(tenant, batch).await
    }

    async fn checkpoint(&self, tenant: TenantId, source: &str) -> Result<u64, StoreError> {
        self.inner.checkpoint(tenant, source).await
    }

    async fn count(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.inner.count(tenant).await
    }

    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError> {
        self.inner.delete(tenant, deletion).await
    }

    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError> {
        self.inner.add_tenant(name, zone, now).await
    }

    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError> {
        self.inner.set_zone(tenant, zone).await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        self.inner.tenants().await
    }

    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.inner.remove_tenant(tenant).await
    }

    async fn add_token(
        &self,
        tenant: TenantId,
        hash: TokenHash,
        label: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenInfo, StoreError> {
        self.inner.add_token(tenant, hash, label, now).await
    }

    async fn tokens(&self, tenant: TenantId) -> Result<Vec<TokenInfo>, StoreError> {
        self.inner.tokens(tenant).await
    }

    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError> {
        self.inner.revoke_token(tenant, token).await
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

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
        // Both wait in the store; a third is not kept waiting.
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

/// STATUS-1: whatever makes an answer a 503, it says when to ask again. Those of connections for which there
/// is no room are in tests/connections.rs.
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
        // One answer that nothing stands beside is sent however long it is: another one waits.
        let beside = if failing == 6 { Some(get_unread(&router).await) } else { None };
        let answer = send().await.unwrap();
        let said = answer.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), said), (503, Some("1")), "{way}");
        drop(beside);
    }
}

/// An answer that nobody takes.
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
    // In the second turn the store goes on, but without one of the records.
    for (failing, deleted, said) in
        [(0, false, None), (0, true, Some(missing)), (1, false, Some("secret internals\n"))]
    {
        let request = axum::http::Request::get(format!("{FILES}?caseID=long"))
            .header(header::AUTHORIZATION, common::basic("acme", common::TOKEN))
            .body(Body::empty())
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        // It has begun, and then the store fails.
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

#[tokio::test(start_paused = true)]
async fn a_request_has_a_deadline() {
    let store = Gated::new(0).await;
    let mut limits = Limits::default();
    limits.deadline = Duration::from_secs(15);
    let router = Api::builder(store).limits(limits).build().router();
    assert_eq!(get(&router, FILES).await.status, 503);
}

#[tokio::test]
async fn a_client_that_left_is_counted_and_logged() {
    let log = Log::default();
    // Of all threads: what a thread without a log registers is off for the others too. The other
    // tests log their requests to it.
    tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).init();
    // Also what another thread registered just before the log was that of all.
    tracing::callsite::rebuild_interest_cache();
    let store = Gated::new(0).await;
    let api = Api::new(store.clone());
    let metrics = api.metrics();
    let router = api.router();
    // As a server does that drops what nobody waits for; this one knows it when it answers.
    let asked = tokio::spawn(async move { get(&router, &format!("{FILES}?extVar2=here")).await });
    store.entered.acquire().await.unwrap().forget();
    asked.abort();
    assert!(asked.await.is_err_and(|ended| ended.is_cancelled()));
    let said = metrics.render();
    for line in ["vcc_requests_total{status=\"499\"} 1", "vcc_requests_running 0"] {
        assert!(said.lines().any(|other| other == line), "{line}\n{said}");
    }
    let said = log.text();
    let said: Vec<_> = said.lines().filter(|line| line.contains("extVar2")).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    let line = "tenant=\"acme\" asked=\"extVar2\" status=499 records=0 micros=";
    assert!(said[0].contains(line), "{said:?}");
}

#[tokio::test]
async fn a_shutdown_finishes_what_runs() {
    let store = Gated::new(0).await;
    let server = Server::builder(store.clone()).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let authorization = common::basic("acme", common::TOKEN);
        write!(stream, "GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    store.entered.acquire().await.unwrap().forget();
    let shutdown = tokio::spawn(server.shutdown());
    store.through.add_permits(1);
    shutdown.await.unwrap();
    let answer = asked.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("</recordings>\n"), "{answer}");
}

/// When the time for a shutdown is over, what is still being answered is not answered: the audit log ends
/// then, and its line would be missing.
#[tokio::test]
async fn nothing_is_answered_after_a_shutdown() {
    let store = Gated::new(0).await;
    let mut limits = Limits::default();
    limits.grace = Duration::ZERO;
    let server = Server::builder(store.clone()).limits(limits).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let authorization = common::basic("acme", common::TOKEN);
        write!(stream, "GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    });
    store.entered.acquire().await.unwrap().forget();
    server.shutdown().await;
    store.through.add_permits(1);
    assert_eq!(asked.await.unwrap(), "");
}

#[tokio::test]
async fn clients_that_do_nothing_are_let_go() {
    let mut limits = Limits::default();
    limits.headers = Duration::from_millis(50);
    let server = Server::builder(store().await).limits(limits).start("127.0.0.1:0").await.unwrap();
    for begun in [
        "",
        "PRI * HT",
        "GET ",
        "GET / HTTP/1.1\r\nHost: x\r\nX",
        // Answered, and then nothing.
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let address = server.local_addr();
        let closed = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(begun.as_bytes()).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            // Ends when the server closes; otherwise it is the client that gives up.
            let closed = stream.read_to_end(&mut Vec::new());
            closed.map_err(|error| error.kind())
        });
        let closed = closed.await.unwrap();
        let closed = closed.is_ok() || closed == Err(std::io::ErrorKind::ConnectionReset);
        assert!(closed, "still open after {begun:?}");
    }
    server.shutdown().await;
}

fn asks(tenant: &str, token: &str, peer: [u8; 4]) -> axum::http::Request<Body> {
    axum::http::Request::get(FILES)
        .header(header::AUTHORIZATION, common::basic(tenant, token))
        .extension(ConnectInfo(SocketAddr::from((peer, 1))))
        .body(Body::empty())
        .unwrap()
}

/// So many clients that name `acme` with wrong tokens, again and again.
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

/// AUTH-6: whoever names a tenant without proving it takes nothing from it, however long sign-ins take.
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
            // Several at once, as a client of many connections asks.
            let mut own = JoinSet::new();
            for _ in 0..4 {
                let router = router.clone();
                let request = asks("acme", common::TOKEN, [127, 0, 0, 1]);
                own.spawn(async move { common::send(&router, request).await.status });
            }
            answered += own.join_all().await.iter().filter(|status| **status == 200).count();
            // The clock is that of the test: a sign-in takes 20 ms by it, and the first waits for a turn.
            let took = began.elapsed().as_millis();
            assert!(took <= if round == 0 { 5_000 } else { 100 }, "{took} ms in round {round}");
        }
        assert!(answered >= 99, "{answered} of 100 beside {clients} from {peer:?}");
        drop(flood);
    }
}

/// AUTH-6: what is beyond is turned away without a question to the store, and one address leaves room for
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
    // Now that the token was right, it is asked about beside them too.
    let router = &router;
    let many = (0..30).map(|_| common::send(router, asks("acme", common::TOKEN, theirs)));
    let answers = futures_util::future::join_all(many).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}

/// AUTH-5: that a token was right lately opens nothing.
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
