//! Two servers on a primary and two standbys. One standby is killed, then the primary, and the other standby is
//! promoted, while clients send requests and others leave before they are answered. Every answer is either right
//! or 503.

mod common;
#[path = "../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{FILES, TOKEN, basic, now, record};
use vcc_server::{Api, Clock, Server};
use vcc_store::{Postgres, Sqlite, Store, StoreErrorKind, StoredRecord, Tenant, Token};

/// How long each step may take; far more than it needs.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many right answers in a row show that a server has survived a step.
const ROW: u64 = 100;
const CLIENTS: usize = 3;

/// Queries whose answers do not change during the test.
const QUERIES: [&str; 5] = [
    "?d=2007-03",
    "?d=2007-03&n=51",
    "?agentID=bill&d=2007-03-02",
    "?transactionID=t-077",
    "?start-date=2007-03-01T05:00:00Z",
];
/// What is imported after the failover.
const LATER: &str = "?d=2007-05";

/// What the clients of one server saw.
#[derive(Default)]
struct Seen {
    right: AtomicU64,
    unavailable: AtomicU64,
    /// Right answers since the last wrong or missing one.
    row: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Seen {
    /// Waits for this many more right answers in a row.
    fn wait_for_a_row(&self, after: &str) {
        self.row.store(0, Ordering::SeqCst);
        wait_until(after, || self.row.load(Ordering::SeqCst) >= ROW);
    }

    fn check(&self, after: &str) {
        let wrong = self.wrong.lock().unwrap();
        assert!(wrong.is_empty(), "{after}: {} wrong, first: {}", wrong.len(), wrong[0]);
    }
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a request.
fn send(address: SocketAddr, query: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let authorization = basic("acme", TOKEN);
    write!(
        stream,
        "GET {FILES}.csv{query} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\
         Connection: close\r\n\r\n"
    )
    .ok()?;
    Some(stream)
}

/// Status and body; `None` if there is no whole answer.
fn ask(address: SocketAddr, query: &str) -> Option<(u16, String)> {
    let mut stream = send(address, query)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (headers, body) = answer.split_once("\r\n\r\n")?;
    Some((headers.get(9..12)?.parse().ok()?, body.to_owned()))
}

/// Sends requests until it is told to stop.
fn client(address: SocketAddr, expected: &[String], seen: &Seen, stop: &AtomicBool) {
    for (query, expected) in QUERIES.iter().zip(expected).cycle() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        match ask(address, query) {
            Some((200, body)) if body == *expected => {
                seen.right.fetch_add(1, Ordering::SeqCst);
                seen.row.fetch_add(1, Ordering::SeqCst);
            }
            Some((503, _)) => {
                seen.unavailable.fetch_add(1, Ordering::SeqCst);
                seen.row.store(0, Ordering::SeqCst);
            }
            other => seen.wrong.lock().unwrap().push(format!("{query}: {other:?}")),
        }
        // Leaves time for the servers.
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Sends requests, and leaves before much of an answer has come.
fn leave(address: SocketAddr, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let stream = send(address, QUERIES[0]);
        // Gives the server time to begin.
        std::thread::sleep(Duration::from_millis(2));
        drop(stream);
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn records(month: u32, count: u32) -> Vec<StoredRecord> {
    (0..count)
        .map(|n| {
            let start = format!("2007-{month:02}-{:02}T{:02}:00:00Z", n / 24 + 1, n % 24);
            StoredRecord::new(&record(&start, &format!("t-{n:03}"))).unwrap()
        })
        .collect()
}

async fn fill(store: &dyn Store) -> Tenant {
    let tenant = store.add_tenant("acme", "UTC".parse().unwrap(), now()).await.unwrap();
    store.add_token(tenant.id, Token::from_secret(TOKEN).hash(), "", now()).await.unwrap();
    store.import(tenant.id, records(3, 120).into()).await.unwrap();
    tenant
}

/// The answers of another engine, without a server, to these queries.
async fn expected(queries: &[&str], later: bool) -> Vec<String> {
    let store = Arc::new(Sqlite::in_memory().unwrap());
    let tenant = fill(&*store).await;
    if later {
        store.import(tenant.id, later_records().into()).await.unwrap();
    }
    let router = Api::builder(store).clock(Clock::fixed(now())).build().router();
    let mut bodies = Vec::new();
    for query in queries {
        let answer = common::get(&router, &format!("{FILES}.csv{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        assert!(answer.body.lines().count() > 1, "{query} is answered by nothing");
        bodies.push(answer.body);
    }
    bodies
}

/// Keys that are not in use yet.
fn later_records() -> Vec<StoredRecord> {
    (0..30)
        .map(|n| record(&format!("2007-05-{:02}T00:00:00Z", n + 1), &format!("later-{n:02}")))
        .map(|record| StoredRecord::new(&record).unwrap())
        .collect()
}

/// Imports again and again until it succeeds. An attempt whose answer was lost may have succeeded too, which
/// does no harm: the records have keys.
async fn import_until_it_works(store: &Postgres, tenant: &Tenant) {
    let until = Instant::now() + PATIENCE;
    loop {
        match store.import(tenant.id, later_records().into()).await {
            Ok(_) => return,
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
                assert!(Instant::now() < until, "no import within {PATIENCE:?}: {error:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_are_right_or_503_while_servers_of_the_store_die() {
    let Some(mut primary) = postgres_server::Server::start("") else { return };
    let mut first = primary.standby("first").unwrap();
    let second = primary.standby("second").unwrap();
    let url = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{},127.0.0.1:{}/postgres?connections=4&max_lag=600",
        primary.port, first.port, second.port
    );
    // One server may read from any host, the other only from the primary.
    let primary_only = format!("{url}&target_session_attrs=primary");
    let stores = [
        Arc::new(Postgres::open(&url).await.unwrap()),
        Arc::new(Postgres::open(&primary_only).await.unwrap()),
    ];
    let tenant = fill(&*stores[0]).await;
    let caught_up = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' \
                     AND replay_lsn >= pg_current_wal_lsn()";
    wait_until("the standbys catch up", || {
        postgres_server::psql(&primary.url("postgres"), caught_up).is_ok_and(|count| count == "2")
    });

    let mut servers = Vec::new();
    for store in &stores {
        let server = Server::builder(store.clone()).clock(Clock::fixed(now()));
        servers.push(server.start("127.0.0.1:0").await.unwrap());
    }
    let addresses: Vec<_> = servers.iter().map(Server::local_addr).collect();
    let bodies = expected(&QUERIES, false).await;
    let with_later = expected(&[LATER], true).await.remove(0);
    let seen = [Seen::default(), Seen::default()];
    let stop = AtomicBool::new(false);
    let runtime = tokio::runtime::Handle::current();

    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            // Needed also when an assertion fails, because the scope waits for the clients.
            let _stop = StopOnDrop(&stop);
            for (address, seen) in addresses.iter().zip(&seen) {
                for _ in 0..CLIENTS {
                    scope.spawn(|| client(*address, &bodies, seen, &stop));
                }
                scope.spawn(|| leave(*address, &stop));
            }
            let survived = |what: &str| {
                for seen in &seen {
                    seen.wait_for_a_row(what);
                    seen.check(what);
                }
            };
            survived("the beginning");
            first.kill();
            assert!(postgres_server::psql(&first.url("postgres"), "SELECT 1").is_err());
            survived("a standby is killed");
            primary.kill();
            assert!(postgres_server::psql(&primary.url("postgres"), "SELECT 1").is_err());
            let before = seen[1].unavailable.load(Ordering::SeqCst);
            wait_until("without a primary, who reads from it alone is told 503", || {
                // Each health check takes a connection and gives it back.
                seen[1].unavailable.load(Ordering::SeqCst) > before + 10
            });
            seen[0].wait_for_a_row("without a primary, the standby answers");
            second.promote();
            survived("the primary is killed, and a standby promoted");
            for store in &stores {
                runtime.block_on(import_until_it_works(store, &tenant));
            }
            for address in &addresses {
                wait_until("what was imported is listed", || {
                    ask(*address, LATER) == Some((200, with_later.clone()))
                });
            }
            first.restart_following(&second);
            survived("the other standby is back");
        });
    });
    for seen in &seen {
        seen.check("the end");
        assert!(seen.right.load(Ordering::SeqCst) >= 4 * ROW);
    }
    for server in servers {
        server.shutdown().await;
    }
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
