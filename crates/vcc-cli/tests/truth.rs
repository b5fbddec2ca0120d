//! `vcc export` compared with the truth, byte by byte: with what the store itself exports, while the server is
//! killed, records are added, and over clock changes.
//!
//! `VCC_TEST_RECORDINGS` makes the lists longer than in ordinary test runs.

mod common;
#[path = "../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::{Folder, TENANT, TOKEN, run, vcc};
use tokio::runtime::Runtime;
use vcc_query::{Context, Query};
use vcc_server::{Document, DocumentFormat, Server};
use vcc_store::{Postgres, Sqlite, Store, StoredRecord, Token};
use vcc_types::{Dialect, Field, Recording};

const ZONE: &str = "America/New_York";
/// It includes both days of the year with a clock change.
const RANGE: [&str; 2] = ["2007-03-01", "2007-12-01"];

/// A store, a runtime to query it, and a server for it in a process of its own.
struct Truth {
    url: String,
    store: Arc<dyn Store>,
    runtime: Runtime,
    address: String,
    server: Option<Child>,
}

async fn open(url: &str) -> Arc<dyn Store> {
    match url.strip_prefix("sqlite:") {
        Some(path) if Path::new(path).exists() => Arc::new(Sqlite::open(path).unwrap()),
        Some(path) => Arc::new(Sqlite::create(path).unwrap()),
        None => Arc::new(Postgres::open(url).await.unwrap()),
    }
}

/// Not a test: the server of the tests, in a process that can be killed.
#[test]
#[ignore = "the server of the other tests, in a process of its own"]
fn serve() {
    let (Ok(store), Ok(address)) = (std::env::var("TRUTH_STORE"), std::env::var("TRUTH_ADDRESS"))
    else {
        return;
    };
    Runtime::new().unwrap().block_on(async {
        let store = open(&store).await;
        // It reuses the address of the server before, whose connections may still be closing.
        let server = loop {
            match Server::builder(Arc::clone(&store)).start(&*address).await {
                Ok(server) => break server,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        std::future::pending::<()>().await;
        drop(server);
    });
}

impl Truth {
    fn new(url: String, records: Vec<Recording>) -> Self {
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(async {
            let store = open(&url).await;
            let epoch = DateTime::UNIX_EPOCH;
            let tenant = store.add_tenant(TENANT, ZONE.parse().unwrap(), epoch).await.unwrap();
            store.add_token(tenant.id, Token::from_secret(TOKEN).hash(), "", epoch).await.unwrap();
            store
        });
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut truth = Self { url, store, runtime, address, server: None };
        truth.import(records);
        truth.start();
        truth
    }

    fn sqlite(folder: &Folder, records: Vec<Recording>) -> Self {
        Self::new(format!("sqlite:{}", folder.join("store.db").display()), records)
    }

    fn import(&self, records: Vec<Recording>) {
        let records: Vec<_> = records.iter().map(|one| StoredRecord::new(one).unwrap()).collect();
        self.runtime.block_on(async {
            let tenant = self.store.tenant(TENANT).await.unwrap().unwrap();
            for batch in records.chunks(5_000) {
                self.store.import(tenant.id, batch.to_vec().into()).await.unwrap();
            }
        });
    }

    fn start(&mut self) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--ignored", "--exact", "serve", "--nocapture"])
            .env("TRUTH_STORE", &self.url)
            .env("TRUTH_ADDRESS", &self.address)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.server = Some(command.spawn().unwrap());
        while TcpStream::connect(&self.address).is_err() {
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// The store's own export of a query.
    fn document(&self, query: &str, format: DocumentFormat) -> Vec<u8> {
        self.runtime.block_on(async {
            let tenant = self.store.tenant(TENANT).await.unwrap().unwrap();
            let dialect = Dialect::default();
            let (now, tenant_tz) = (DateTime::UNIX_EPOCH, tenant.zone);
            let context = Context { now, tenant_tz, dialect };
            let selection = Query::parse(query).unwrap().resolve(&context).unwrap();
            let mut export = self.store.export(tenant.id, &selection).await.unwrap();
            let zone = selection.response_zone;
            let mut document = Document::new(Vec::new(), format, zone, &dialect);
            while let Some(piece) = export.next().await.unwrap() {
                document.write(&piece).unwrap();
            }
            document.finish().unwrap()
        })
    }

    fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Truth {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Recordings from an instant on, this many seconds apart, with every kind of value that CSV and XML escape.
fn calls(from: &str, count: usize, apart: i64) -> Vec<Recording> {
    let begin: DateTime<Utc> = from.parse().unwrap();
    let call = |number: usize| {
        let start = begin + TimeDelta::seconds(apart * number as i64);
        Recording::new()
            .with(Field::StartDate, &start.to_rfc3339())
            .with(Field::AgentId, ["bill", "Smith, \"Ann\"", "", "Zoë <x> & co"][number % 4])
            .with(Field::Channel, "#virtual_outbound#")
            .with(Field::CaseId, "007")
            .with(Field::Duration, "27")
            .with(Field::TransactionId, &format!("{from}-{number}"))
    };
    (0..count).map(call).collect()
}

/// Enough to fill the range, with several in one second on both days with a clock change.
fn year() -> Vec<Recording> {
    let count = std::env::var("VCC_TEST_RECORDINGS")
        .map_or(6_000, |count| count.parse::<usize>().expect("a number of recordings"));
    let seconds = 300 * 86_400 / count as i64;
    let mut list = calls("2007-02-20T00:00:00Z", count, seconds);
    // The hours around both changes of the clock in New York, several records a second.
    for begin in ["2007-03-11T06:30:00Z", "2007-11-04T04:30:00Z"] {
        let dense = calls(begin, 400, 40);
        list.extend(
            dense
                .iter()
                .enumerate()
                .map(|(number, call)| call.clone().with(Field::Filename, &format!("{number}.wav"))),
        );
        list.extend(dense.into_iter().take(120));
        list.extend(calls(begin, 130, 0));
    }
    list
}

fn export(folder: &Folder, base: &str, out: &str) -> Command {
    let mut command = vcc(folder, base);
    let [from, to] = RANGE;
    command.args(["export", "--from", from, "--to", to, "--tz", ZONE, "--out", out]);
    command.args(["--window-pages", "5", "--concurrency", "3", "--attempts", "40"]);
    command
}

/// Compares the file with the store's own in all formats.
fn is_the_truth(truth: &Truth, folder: &Folder, out: &str, format: DocumentFormat) {
    let [from, to] = RANGE;
    let expected = truth.document(&format!("d={from},{to}&tz={ZONE}"), format);
    let got = std::fs::read(folder.join(out)).unwrap();
    assert!(expected.len() > 100_000);
    assert!(got == expected, "{out}: {} bytes, {} expected", got.len(), expected.len());
}

/// Kills the server and starts it again until the export has ended.
fn killed_again_and_again(truth: &mut Truth, folder: &Folder, out: &str) -> usize {
    let mut child = export(folder, &truth.base(), out).stderr(Stdio::piped()).spawn().unwrap();
    let mut kills = 0;
    while child.try_wait().unwrap().is_none() {
        // Any moment will do. Each pause is longer than the last, so that the export gets to its end.
        thread::sleep(Duration::from_millis(40 + (kills * 37) % 90 + 10 * kills));
        truth.kill();
        truth.start();
        kills += 1;
    }
    let ended = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{stderr}");
    kills as usize
}

#[test]
fn a_server_that_is_killed_and_started_again_loses_and_doubles_nothing() {
    let folder = Folder::new("truth-killed");
    let mut truth = Truth::sqlite(&folder, year());
    let formats = [
        ("a.csv", DocumentFormat::Csv),
        ("a.xml", DocumentFormat::Xml),
        ("a.jsonl", DocumentFormat::JsonLines),
    ];
    for (out, format) in formats {
        let kills = killed_again_and_again(&mut truth, &folder, out);
        assert!(kills > 0);
        is_the_truth(&truth, &folder, out, format);
    }
}

#[test]
fn imports_outside_of_the_range_change_nothing() {
    let folder = Folder::new("truth-imports");
    let truth = Truth::sqlite(&folder, year());
    let (is_over, imported) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let number = imported.fetch_add(1, Ordering::Relaxed);
                // Up to the last second before the range, and from the first one after it.
                let day = format!("{}-01-0{}T00:00:00Z", 1990 + number % 9, 1 + number % 8);
                let mut records = calls(&day, 200, 60);
                records.extend(calls("2007-03-01T04:59:59Z", 3, 0));
                records.extend(calls("2007-12-01T05:00:00Z", 3, 0));
                let tagged = records
                    .into_iter()
                    .map(|record| record.with(Field::CaseId, &number.to_string()));
                truth.import(tagged.collect());
            }
        });
        while imported.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        let (code, _, stderr) = run(&mut export(&folder, &truth.base(), "a.csv"));
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(code, 0, "{stderr}");
    });
    is_the_truth(&truth, &folder, "a.csv", DocumentFormat::Csv);
}

#[test]
fn the_same_on_postgresql() {
    let Some(url) = postgres_server::database() else { return };
    let folder = Folder::new("truth-postgres");
    let mut truth = Truth::new(url, year());
    killed_again_and_again(&mut truth, &folder, "a.csv");
    is_the_truth(&truth, &folder, "a.csv", DocumentFormat::Csv);
    let (code, _, stderr) = run(&mut export(&folder, &truth.base(), "a.xml"));
    assert_eq!(code, 0, "{stderr}");
    is_the_truth(&truth, &folder, "a.xml", DocumentFormat::Xml);
}
