//! `/readyz` is red when the store is gone, replaced, damaged, silent, or refuses the server, and green again
//! when it is repaired. `/healthz` is green throughout.

mod common;
#[path = "../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{FILES, TOKEN, basic, now, record};
use postgres_server::psql;
use vcc_server::{Clock, Server};
use vcc_store::{Postgres, Sqlite, Store, StoredRecord, Token};

/// How long to wait for a change to be seen; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A whole answer.
fn ask(address: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let authorization = basic("acme", TOKEN);
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\
         Connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn wait_until(what: &str, mut done: impl FnMut() -> Result<(), String>) {
    let until = Instant::now() + PATIENCE;
    while let Err(last) = done() {
        assert!(Instant::now() < until, "not within {PATIENCE:?}: {what}; last: {last}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A server with its operators' listener.
struct Serving {
    server: Server,
    api: SocketAddr,
    admin: SocketAddr,
}

impl Serving {
    async fn start(store: Arc<dyn Store>) -> Self {
        let server = Server::builder(store)
            .clock(Clock::fixed(now()))
            .admin("127.0.0.1:0".parse().unwrap())
            .start("127.0.0.1:0")
            .await
            .unwrap();
        let (api, admin) = (server.local_addr(), server.admin_addr().unwrap());
        let serving = Self { server, api, admin };
        serving.is_green("the beginning");
        serving.is_answered("the beginning", 200);
        serving
    }

    /// Waits until a change is seen. For a moment, the answer of an earlier check may be reused.
    fn is_green(&self, after: &str) {
        wait_until(after, || match ask(self.admin, "/readyz") {
            green if green.starts_with("HTTP/1.1 200") => {
                assert!(green.contains("\r\n\r\nready\n"), "{green}");
                Ok(())
            }
            red => Err(red),
        });
    }

    fn is_red(&self, after: &str, reason: &str) {
        wait_until(after, || match ask(self.admin, "/readyz") {
            red if red.starts_with("HTTP/1.1 503") => {
                let (head, body) = red.split_once("\r\n\r\nnot ready: ").unwrap();
                assert!(head.contains("\r\nretry-after: 1\r\n"), "{after}: {head}");
                assert!(body.contains(reason) && body.lines().count() == 1, "{after}: {body}");
                assert!(!body.contains("sesame"), "{after}: {body}");
                Ok(())
            }
            green => Err(green),
        });
        assert!(ask(self.admin, "/healthz").ends_with("\r\n\r\nok\n"), "{after}");
    }

    fn is_answered(&self, after: &str, status: u16) {
        wait_until(after, || {
            let answer = ask(self.api, FILES);
            assert!(!answer.starts_with("HTTP/1.1 500"), "{after}: {answer}");
            match answer.starts_with(&format!("HTTP/1.1 {status}")) {
                true if status == 503 && !answer.to_lowercase().contains("\r\nretry-after: ") => {
                    panic!("{after}: no Retry-After: {answer}")
                }
                true => Ok(()),
                false => Err(answer),
            }
        });
    }
}

/// More records than fit on one page of the file.
async fn fill(store: &dyn Store) {
    let tenant = store.add_tenant("acme", "UTC".parse().unwrap(), now()).await.unwrap();
    store.add_token(tenant.id, Token::from_secret(TOKEN).hash(), "", now()).await.unwrap();
    let records = (0..2_000).map(|n| {
        let start = format!("2007-03-01T{:02}:{:02}:00Z", n / 60 % 24, n % 60);
        StoredRecord::new(&record(&start, &format!("t-{n:04}"))).unwrap()
    });
    store.import(tenant.id, records.collect::<Vec<_>>().into()).await.unwrap();
}

/// Bytes that do not belong to a database.
fn rubbish(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n * 7_919 % 251) as u8).collect()
}

/// Writes into a file from an offset on.
fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

/// Damage to a file, and what is said of it.
type Case = (&'static str, fn(&Path), &'static str);

const CASES: [Case; 9] = [
    ("it is removed", |path| std::fs::remove_file(path).unwrap(), "recordings.db is gone"),
    (
        "its log is removed",
        |path| std::fs::remove_file(path.with_extension("db-wal")).unwrap(),
        "recordings.db-wal is gone",
    ),
    (
        "it is replaced by a store",
        |path| std::fs::rename(path.with_extension("other"), path).unwrap(),
        "recordings.db was replaced",
    ),
    (
        "it is overwritten with another database",
        |path| {
            std::fs::copy(path.with_extension("foreign"), path).unwrap();
        },
        "is not a store",
    ),
    (
        "it is overwritten with rubbish",
        |path| overwrite(path, 0, &rubbish(path.metadata().unwrap().len() as usize)),
        "is not a SQLite database",
    ),
    (
        "it is overwritten with something short",
        |path| std::fs::write(path, rubbish(4_096)).unwrap(),
        "is not a SQLite database",
    ),
    (
        "all but its beginning is overwritten",
        |path| overwrite(path, 8_192, &rubbish(path.metadata().unwrap().len() as usize - 8_192)),
        "is damaged",
    ),
    (
        "it is truncated to its first page",
        |path| {
            let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(8_192).unwrap();
        },
        "is damaged",
    ),
    (
        "it is truncated to nothing",
        |path| {
            let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(0).unwrap();
        },
        "is empty",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_what_was_opened() {
    for (what, befall, reason) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings.db");
        for name in [path.clone(), path.with_extension("other")] {
            fill(&Sqlite::create(name).unwrap()).await;
        }
        let foreign = rusqlite::Connection::open(path.with_extension("foreign")).unwrap();
        foreign.execute_batch("CREATE TABLE tenants (name); PRAGMA user_version = 1").unwrap();
        drop(foreign);
        let serving = Serving::start(Arc::new(Sqlite::open(&path).unwrap())).await;
        tokio::task::block_in_place(|| {
            befall(&path);
            serving.is_red(what, reason);
        });
        serving.server.shutdown().await;
    }
}

/// The newest records are in the log, so SQLite hardly reads the file itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_what_was_opened_though_its_log_is() {
    for (what, befall, reason) in CASES {
        // Here everything is in the log.
        if reason == "is damaged" {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings.db");
        drop(Sqlite::create(&path).unwrap());
        fill(&Sqlite::create(path.with_extension("other")).unwrap()).await;
        let foreign = rusqlite::Connection::open(path.with_extension("foreign")).unwrap();
        foreign.execute_batch("CREATE TABLE tenants (name); PRAGMA user_version = 1").unwrap();
        drop(foreign);
        let store = Arc::new(Sqlite::open(&path).unwrap());
        fill(&*store).await;
        let serving = Serving::start(store).await;
        tokio::task::block_in_place(|| {
            befall(&path);
            serving.is_red(what, reason);
        });
        serving.server.shutdown().await;
    }
}

/// `/readyz` itself reads only one record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_damaged_where_a_request_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    fill(&Sqlite::create(&path).unwrap()).await;
    // The pages with the last records.
    let sql = "SELECT pgoffset FROM dbstat WHERE name = 'recordings' AND pagetype = 'leaf'
        ORDER BY path DESC LIMIT 1";
    let reader = rusqlite::Connection::open(&path).unwrap();
    let at: i64 = reader.query_row(sql, [], |row| row.get(0)).unwrap();
    drop(reader);
    let serving = Serving::start(Arc::new(Sqlite::open(&path).unwrap())).await;
    tokio::task::block_in_place(|| {
        overwrite(&path, at.unsigned_abs(), &rubbish(8_192));
        let pages = (0..40).map(|page| ask(serving.api, &format!("{FILES}?n={}", page * 50 + 1)));
        let failed = pages.filter(|answer| answer.starts_with("HTTP/1.1 500")).count();
        assert!(failed > 0);
        serving.is_red("a page cannot be read", "an earlier call has found damage: ");
    });
    serving.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_back_is_ready_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("what? 100% #1.db");
    fill(&Sqlite::create(&path).unwrap()).await;
    let serving = Serving::start(Arc::new(Sqlite::open(&path).unwrap())).await;
    tokio::task::block_in_place(|| {
        let away = path.with_extension("away");
        std::fs::rename(&path, &away).unwrap();
        serving.is_red("it is away", " is gone");
        std::fs::rename(&away, &path).unwrap();
        serving.is_green("it is back");
    });
    // Writes of other processes are seen, and the check does not disturb them.
    let other = Sqlite::open(&path).unwrap();
    other.add_tenant("globex", "UTC".parse().unwrap(), now()).await.unwrap();
    drop(other);
    tokio::task::block_in_place(|| serving.is_green("another has written"));
    serving.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_does_not_let_us_in() {
    let folder = tempfile::tempdir().unwrap();
    let hba = folder.path().join("hba.conf");
    let rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    std::fs::write(&hba, rules).unwrap();
    // PostgreSQL runs as another user.
    #[cfg(unix)]
    for (path, mode) in [(folder.path(), 0o755), (&*hba, 0o644)] {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let settings = format!("hba_file = '{}'", hba.display());
    let Some(postgres) = postgres_server::Server::start(&settings) else { return };
    let root = |database: &str, statement: &str| {
        psql(&postgres.url(database), statement)
            .unwrap_or_else(|said| panic!("{statement}: {said}"))
    };
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vcc'";
    let make_role = "CREATE ROLE vcc LOGIN PASSWORD 'sesame'";
    root("postgres", make_role);
    root("postgres", "CREATE DATABASE calls OWNER vcc");
    let url = format!("postgres://vcc:sesame@127.0.0.1:{}/calls?connections=2", postgres.port);
    let store = Arc::new(Postgres::open(&url).await.unwrap());
    fill(&*store).await;
    let serving = Serving::start(store).await;

    tokio::task::block_in_place(|| {
        for (what, change, reason, mend) in [
            (
                "the password is another",
                "ALTER ROLE vcc PASSWORD 'other'",
                "password authentication failed",
                "ALTER ROLE vcc PASSWORD 'sesame'",
            ),
            (
                "the role may not log in",
                "ALTER ROLE vcc NOLOGIN",
                "is not permitted to log in",
                "ALTER ROLE vcc LOGIN",
            ),
            (
                "the role may not connect to the database",
                "REVOKE CONNECT ON DATABASE calls FROM public; REVOKE ALL ON DATABASE calls FROM vcc",
                "permission denied for database",
                "GRANT ALL ON DATABASE calls TO vcc",
            ),
            (
                "the role may not read",
                "ALTER TABLE recordings OWNER TO postgres; REVOKE ALL ON recordings FROM vcc",
                "permission denied for table recordings",
                "ALTER TABLE recordings OWNER TO vcc",
            ),
            (
                "the role is gone",
                "REASSIGN OWNED BY vcc TO postgres; DROP OWNED BY vcc; DROP ROLE vcc",
                // PostgreSQL does not say which of the two was wrong.
                "password authentication failed",
                "CREATE ROLE vcc LOGIN PASSWORD 'sesame' SUPERUSER",
            ),
        ] {
            root("calls", change);
            // Connections from before may still be used.
            serving.is_red(what, reason);
            root("postgres", cut);
            serving.is_answered(what, 503);
            root("calls", mend);
            serving.is_green(mend);
            serving.is_answered(mend, 200);
        }

        std::thread::scope(|scope| {
            let holding = "BEGIN; LOCK TABLE recordings, tenants; SELECT pg_sleep(600)";
            scope.spawn(|| psql(&postgres.url("calls"), holding));
            serving.is_red("it hangs", "no answer within 2 s");
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";
            root("postgres", end);
        });
        serving.is_green("it answers again");

        root("postgres", "DROP DATABASE calls WITH (FORCE)");
        serving.is_red("the database is gone", "database \"calls\" does not exist");
        serving.is_answered("the database is gone", 503);
    });
    serving.server.shutdown().await;
}
