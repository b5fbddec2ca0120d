//! What is learned about servers, also from questions whose caller does not wait for the answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::super::pool::Pool;
use super::super::postgres_server::{database, with};
use super::*;
use crate::StoreErrorKind;

/// A generous limit for each step.
const PATIENCE: Duration = Duration::from_secs(60);

async fn wait_until(what: &str, done: impl Fn() -> bool) {
    let all = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, all).await.expect(what);
}

/// The URL with this host in front of its own.
fn before(url: &str, host: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let (user, own) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    format!("{scheme}://{user}{host},{own}/{path}")
}

fn address(url: &str) -> String {
    let authority = url.split_once("://").unwrap().1.split_once('/').unwrap().0;
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
}

fn hosts(url: &str) -> Arc<Hosts> {
    Arc::new(Hosts::new(Settings::parse(url).unwrap()).unwrap())
}

/// A proxy to a server that can be made to hang: then it passes nothing on, and closes nothing.
async fn hanging(server: String) -> (String, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let (hang, hangs) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (server, mut hangs) = (server.clone(), hangs.clone());
            tokio::spawn(async move {
                let copied = async {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        biased;
                        _ = hangs.wait_for(|hangs| *hangs) => Some(server),
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => None,
                    }
                };
                if let Some(_held) = copied.await {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    (at, hang)
}

/// Begins something, and drops it.
async fn leave<T>(mut what: Pin<Box<dyn Future<Output = T> + Send + '_>>, when: impl Fn() -> bool) {
    let begun = async {
        loop {
            let ended = std::future::poll_fn(|cx| Poll::Ready(what.as_mut().poll(cx).is_ready()));
            assert!(!ended.await, "it has ended already");
            if when() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, begun).await.unwrap();
}

#[tokio::test]
async fn a_server_that_hangs_is_learned_of_though_nobody_waits() {
    let Some(url) = database() else { return };
    let (at, hang) = hanging(address(&url)).await;
    let hosts = hosts(&before(&url, &at));
    // An existing connection, with a question on it.
    let session = hosts.open(0).await.unwrap();
    hang.send(true).unwrap();
    hosts.know(0, |known| (known.asked, known.hung) = (None, None));
    leave(Box::pin(hosts.check(&session, Purpose::Read)), || true).await;
    wait_until("a question is asked", || hosts.known(0).hung.is_some()).await;
    assert!(!hosts.check(&session, Purpose::Read).await.unwrap());

    // A new connection.
    hosts.know(0, |known| *known = Standing::default());
    hosts.next.store(0, Ordering::Relaxed);
    leave(Box::pin(hosts.connect(Purpose::Read)), || true).await;
    wait_until("a connection is opened", || hosts.known(0).hung.is_some()).await;
    assert!(hosts.known(1).hung.is_none() && hosts.known(1).failed.is_none());
    assert_eq!(hosts.connect(Purpose::Read).await.unwrap().host, 1);
}

/// Both hosts are the same server, so that it is asked where it stands.
fn twice(url: &str) -> String {
    with(&before(url, &address(url)), "connections=1")
}

/// Asks on a connection of the pool.
async fn ask(pool: &Pool) {
    pool.read("cannot ask", &(), |session, ()| {
        Box::pin(async { session.client.batch_execute("SELECT 1").await })
    })
    .await
    .unwrap();
}

fn assert_healthy(hosts: &Hosts) {
    for host in 0..hosts.hosts.len() {
        let known = hosts.known(host);
        assert!(known.hung.is_none() && known.failed.is_none(), "{host}: {known:?}");
    }
}

#[tokio::test]
async fn a_server_is_not_to_blame_for_what_is_left() {
    let Some(url) = database() else { return };
    let hosts = hosts(&twice(&url));
    let pool = Pool::new(hosts.clone(), Purpose::Read, 1, PATIENCE, PATIENCE).unwrap();
    let holder = hosts.open(0).await.unwrap();
    holder.client.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(1)").await.unwrap();
    ask(&pool).await;
    let asked = std::sync::atomic::AtomicBool::new(false);
    let read = pool.read("cannot wait", &asked, |session, asked| {
        asked.store(true, Ordering::Relaxed);
        let wait = "SELECT pg_advisory_xact_lock(1)";
        Box::pin(async move { session.client.batch_execute(wait).await })
    });
    leave(Box::pin(read), || asked.load(Ordering::Relaxed)).await;
    // The next caller asks where the server stands.
    for host in 0..hosts.hosts.len() {
        hosts.know(host, |known| known.asked = None);
    }
    ask(&pool).await;
    assert_healthy(&hosts);
}

#[tokio::test]
async fn a_server_is_not_to_blame_for_a_read_that_is_late() {
    let Some(url) = database() else { return };
    let hosts = hosts(&twice(&url));
    let pool =
        Pool::new(hosts.clone(), Purpose::Read, 1, Duration::from_secs(2), PATIENCE).unwrap();
    ask(&pool).await;
    let never: Result<(), _> =
        pool.read("cannot wait", &(), |_, ()| Box::pin(std::future::pending())).await;
    assert_eq!(never.unwrap_err().kind(), StoreErrorKind::Deadline);
    ask(&pool).await;
    assert_healthy(&hosts);
}

/// Three hosts, of which the second was promoted; with times before and after that.
fn promoted() -> (Arc<Hosts>, Instant, Instant) {
    let hosts = hosts("postgres://a,b,c/recordings");
    let before = Instant::now();
    for (host, timeline) in [(0, 1), (1, 1), (2, 1), (1, 2)] {
        hosts.place(host, before, timeline);
    }
    hosts.know(0, |known| known.is_primary = true);
    assert!(!hosts.may_answer(0, Purpose::Write));
    (hosts, before, before + Duration::from_secs(3_600))
}

#[test]
fn a_promotion_that_is_undone_everywhere_is_forgotten() {
    let (hosts, _, after) = promoted();
    for host in [1, 0] {
        hosts.place(host, after, 1);
        assert!(!hosts.may_answer(0, Purpose::Write));
    }
    hosts.place(2, after, 1);
    assert!(hosts.may_answer(0, Purpose::Write));
    hosts.place(2, after, 2);
    assert!(!hosts.may_answer(0, Purpose::Write));
}

#[test]
fn a_promotion_stands_while_the_new_primary_cannot_be_reached() {
    let (hosts, before, after) = promoted();
    for host in [0, 2] {
        hosts.place(host, after, 1);
        assert!(!hosts.may_answer(0, Purpose::Write));
    }
    // An answer that was under way for long.
    hosts.place(1, before, 1);
    hosts.place(0, after, 1);
    assert!(!hosts.may_answer(0, Purpose::Write));
}
