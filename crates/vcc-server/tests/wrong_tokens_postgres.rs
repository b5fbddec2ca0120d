//! AUTH-6: wrong tokens for a tenant, on PostgreSQL, where every sign-in waits for the database.

mod common;
#[path = "../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::{FILES, TOKEN, basic, now};
use vcc_server::Server;
use vcc_store::{Postgres, Store as _, Token};

/// Sends requests on one connection until it is told to stop, and counts the answers by status.
fn ask(address: std::net::SocketAddr, token: &str, goes_on: impl Fn() -> bool) -> [usize; 3] {
    let mut stream = TcpStream::connect(address).unwrap();
    let authorization = basic("acme", token);
    let request =
        format!("GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n");
    let mut counts = [0; 3];
    while goes_on() {
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let head = loop {
            let mut piece = [0; 2_048];
            let length = stream.read(&mut piece).unwrap();
            assert!(length > 0, "{}", answer.escape_ascii());
            answer.extend_from_slice(&piece[..length]);
            if let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = String::from_utf8_lossy(&answer[..head]).to_lowercase();
        let length = text.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
        let mut rest = vec![0; length.parse::<usize>().unwrap() - (answer.len() - head)];
        stream.read_exact(&mut rest).unwrap();
        let known = ["200", "403", "503"].iter().position(|status| text[9..12] == **status);
        counts[known.unwrap_or_else(|| panic!("{text}"))] += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_tokens_take_nothing_from_the_tenant_that_they_name() {
    let Some(url) = postgres_server::database() else { return };
    let store = Arc::new(Postgres::open(&url).await.unwrap());
    let acme = store.add_tenant("acme", "UTC".parse().unwrap(), now()).await.unwrap();
    store.add_token(acme.id, Token::from_secret(TOKEN).hash(), "", now()).await.unwrap();
    let server = Server::builder(store).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let (is_over, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
    let counts = std::thread::scope(|scope| {
        for client in 0..200 {
            let (is_over, begun) = (&is_over, &begun);
            scope.spawn(move || {
                let token = format!("wrong {client}");
                let counts = ask(address, &token, || {
                    begun.fetch_add(1, Ordering::Relaxed);
                    !is_over.load(Ordering::Relaxed)
                });
                assert_eq!(counts[0], 0);
            });
        }
        while begun.load(Ordering::Relaxed) < 400 {
            std::thread::yield_now();
        }
        let own: Vec<_> = (0..4)
            .map(|_| {
                let asked = AtomicUsize::new(0);
                scope.spawn(move || {
                    ask(address, TOKEN, || asked.fetch_add(1, Ordering::Relaxed) < 250)
                })
            })
            .collect();
        let counts: Vec<_> = own.into_iter().map(|own| own.join().unwrap()).collect();
        is_over.store(true, Ordering::Relaxed);
        counts
    });
    let sum = |status: usize| counts.iter().map(|counts| counts[status]).sum::<usize>();
    assert!(sum(1) == 0 && sum(0) >= 990, "{counts:?}");
    server.shutdown().await;
}
