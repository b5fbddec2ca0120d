//! PostgreSQL does what SQLite does, and what matching every record in memory would.

#![cfg(feature = "postgres")]

mod common;
mod postgres_server;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use vcc_store::{Deletion, Postgres, Store, StoreErrorKind, StoredRecord, TokenHash, Vacuum, laws};
use vcc_types::{Field, Recording};

use common::changes::{change, make};
use common::differential::differs;
use common::oracle::agrees;
use common::walks;
use postgres_server::{citus_database, database, psql};

/// An empty store in a database of its own.
async fn empty() -> Option<Postgres> {
    Some(Postgres::open(&database()?).await.unwrap())
}

laws::tests!(empty);

#[tokio::test]
async fn what_is_refused_is_said() {
    if let Some(store) = empty().await {
        common::messages::are_said(&store).await;
    }
}

#[tokio::test]
async fn zones_are_read_in_the_data_that_is_given() {
    let Some(url) = database() else { return };
    let with = Postgres::builder().zones(laws::company_zones()).open(&url).await.unwrap();
    let without = Postgres::open(&url).await.unwrap();
    laws::zones_are_read_in_the_data_that_is_given(&with, &without).await;
    common::messages::an_unknown_zone_is_said(&with, &without).await;
}

#[tokio::test]
async fn it_answers_as_matching_in_memory_does() {
    if let Some(store) = empty().await {
        differs(&store, 8, 500).await;
    }
}

#[tokio::test]
async fn it_agrees_with_an_oracle_that_shares_no_code() {
    if let Some(store) = empty().await {
        agrees(&store, &[0, 1, 51, 300, 900, 1_500], 700).await;
    }
}

#[tokio::test]
async fn walks_stay_right() {
    let Some(url) = database() else { return };
    let stores = [Postgres::open(&url).await.unwrap(), Postgres::open(&url).await.unwrap()];
    let [here, there] = &stores;
    walks::stay_right([here, there], 3, 160).await;
}

#[tokio::test]
async fn an_index_whose_making_was_broken_off_is_made_again() {
    let Some(url) = database() else { return };
    let store = Postgres::open(&url).await.unwrap();
    assert!(store.set_index(Field::QueueId, true).await.unwrap());
    let invalid = "UPDATE pg_index SET indisvalid = FALSE
        WHERE indexrelid = 'recordings_queue_id'::regclass";
    psql(&url, invalid).unwrap();
    assert_eq!(store.indexes().await.unwrap(), []);
    assert!(store.set_index(Field::QueueId, true).await.unwrap());
    assert_eq!(store.indexes().await.unwrap(), [Field::QueueId]);
    // One at a time.
    let key = i64::from(u32::from_be_bytes(*b"VCCR")) + 1;
    let (holder, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.query("SELECT pg_advisory_lock($1)", &[&key]).await.unwrap();
    let error = store.set_index(Field::QueueId, false).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let said = "cannot drop an index: another makes or drops one: try again later";
    assert!(error.to_string().ends_with(said), "{error}");
    holder.query("SELECT pg_advisory_unlock($1)", &[&key]).await.unwrap();
    assert!(store.set_index(Field::QueueId, false).await.unwrap());
    assert_eq!(psql(&url, "SELECT to_regclass('recordings_queue_id') IS NULL").unwrap(), "t");
}

#[tokio::test]
async fn counts_follow_imports_updates_and_deletions() {
    let Some(url) = database() else { return };
    let store = Postgres::open(&url).await.unwrap();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for case in 0..40 {
        let changes = proptest::collection::vec(change(), 1..8).new_tree(&mut runner);
        let changes = changes.unwrap().current();
        make(&store, &format!("case-{case}"), &changes).await;
    }
    let counted = "SELECT tenant, level, floor(start / 1000000::numeric)::bigint >> level::integer,
        count(*) FROM recordings, unnest('{10,16,22,28}'::bigint[]) AS level GROUP BY 1, 2, 3";
    let kept = "SELECT tenant, level, bucket, records FROM counts";
    let differ = format!(
        "SELECT (SELECT count(*) FROM ({counted} EXCEPT {kept}) AS a)
             + (SELECT count(*) FROM ({kept} EXCEPT {counted}) AS b)"
    );
    assert_eq!(psql(&url, &differ).unwrap(), "0");
}

#[tokio::test]
async fn a_store_is_opened_again() {
    let Some(url) = database() else { return };
    let now = chrono::DateTime::UNIX_EPOCH;
    let (one, other) = tokio::join!(Postgres::open(&url), Postgres::open(&url));
    let (one, other) = (one.unwrap(), other.unwrap());
    one.add_tenant("acme", "UTC".parse().unwrap(), now).await.unwrap();
    other.ready().await.unwrap();
    assert_eq!(other.tenants().await.unwrap().len(), 1);
    psql(&url, "UPDATE vcc_schema SET version = 99").unwrap();
    let error = Postgres::open(&url).await.err().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    let said = "cannot use the database: it has schema version 99, and this program knows the versions \
                up to 2: use the program that upgraded the store, or a later one";
    assert!(error.to_string().ends_with(said), "{error}");
}

#[tokio::test]
async fn what_is_no_store_is_left_alone() {
    let Some(url) = database() else { return };
    psql(&url, "CREATE TABLE recordings (name text)").unwrap();
    let error = Postgres::open(&url).await.err().unwrap();
    let said = ": cannot use the database: it is one of another program";
    assert!(error.to_string().ends_with(said), "{error}");
    let missing = Postgres::open(&format!("{}_missing", url.trim_end_matches('?'))).await;
    assert_eq!(missing.err().unwrap().kind(), StoreErrorKind::Refused);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let error = Postgres::open("postgres://nobody@127.0.0.1:1/none").await.err().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}

/// A server that accepts every connection and never answers, like a machine that has stalled.
#[tokio::test]
async fn a_server_that_hangs_is_passed_over() {
    let Some(url) = database() else { return };
    let hung = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = hung.local_addr().unwrap();
    let (say, mut taken) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(connection) = hung.accept().await {
            held.push(connection);
            let _ = say.send(());
        }
    });
    // Both orders: whichever host is tried first.
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(u, h)| (u, h));
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    let more = if path.ends_with('?') { "connect_timeout=1" } else { "&connect_timeout=1" };
    for hosts in [format!("{at},{host}"), format!("{host},{at}")] {
        let store =
            Postgres::open(&format!("{scheme}://{user}{hosts}/{path}{more}")).await.unwrap();
        let name = hosts.replace([':', ',', '.'], "-");
        let zone = "UTC".parse().unwrap();
        let tenant = store.add_tenant(&name, zone, chrono::DateTime::UNIX_EPOCH).await.unwrap();
        let page = store.page(tenant.id, &common::everything()).await.unwrap();
        assert!(page.records.is_empty());
        assert_eq!(
            store.credentials(&name, &TokenHash::of(b"x")).await.unwrap().unwrap().tenant.id,
            tenant.id
        );
    }
    assert!(taken.try_recv().is_ok(), "the hanging server was never tried");
}

/// The same tests on a Citus cluster, where there is one to test on.
mod citus {
    use super::*;

    async fn empty() -> Option<Postgres> {
        Some(Postgres::open(&citus_database()?).await.unwrap())
    }

    laws::tests!(empty);

    #[tokio::test]
    async fn it_answers_as_matching_in_memory_does() {
        if let Some(store) = empty().await {
            differs(&store, 3, 160).await;
            agrees(&store, &[51, 1_000], 500).await;
        }
    }
}

/// Functions with the names of those of Citus, which record their calls.
const CITUS: &str = "CREATE TABLE told (what text);
    CREATE FUNCTION create_reference_table(t regclass) RETURNS void LANGUAGE sql
    AS $$ INSERT INTO told VALUES (t::text) $$;
    CREATE FUNCTION create_distributed_table(t regclass, c text, colocate_with text) RETURNS void
    LANGUAGE sql AS $$ INSERT INTO told VALUES (t::text || ' by ' || c || ' with ' || colocate_with) $$;
    CREATE FUNCTION citus_version() RETURNS text LANGUAGE sql
    AS $$ SELECT 'Citus 12.1.6 on x86_64'::text $$;
    CREATE FUNCTION run_command_on_workers(command text, OUT success boolean) RETURNS SETOF boolean
    LANGUAGE sql AS $$ INSERT INTO told VALUES (replace(command, current_database(), 'here'));
    SELECT TRUE $$;";

#[tokio::test]
async fn citus_is_told_how_the_tables_are_spread() {
    let Some(url) = database() else { return };
    psql(&url, CITUS).unwrap();
    Postgres::open(&url).await.unwrap();
    assert_eq!(
        psql(&url, "SELECT * FROM told").unwrap().lines().collect::<Vec<_>>(),
        [
            "tenants",
            "tokens",
            "recordings by tenant with none",
            "counts by tenant with recordings",
            "imports by tenant with recordings",
            "ALTER DATABASE here SET enable_seqscan = off",
            "ALTER DATABASE here SET enable_bitmapscan = off",
            "ALTER DATABASE here SET enable_sort = off",
            "ALTER DATABASE here SET enable_hashjoin = off",
            "ALTER DATABASE here SET enable_mergejoin = off",
            "ALTER DATABASE here SET jit = off",
        ]
    );
    // Here too, because a coordinator may hold shards.
    assert_eq!(psql(&url, "SHOW enable_seqscan").unwrap(), "off");
    // Only once: the second time the schema is there.
    Postgres::open(&url).await.unwrap();
    assert_eq!(psql(&url, "SELECT count(*) FROM told").unwrap(), "11");
}

#[tokio::test]
async fn what_keeps_it_from_connecting_is_said_once_with_the_host() {
    let Some(server) = postgres_server::Server::start("") else { return };
    let host = format!("127.0.0.1:{}", server.port);
    let url = |who: &str, database: &str| format!("postgres://{who}@{host}/{database}");
    let error = async |url: &str| Postgres::open(url).await.err().unwrap().to_string();
    let said = error(&url("postgres:sesame", "nosuch")).await;
    assert_eq!(said, format!("{host}: cannot connect: database \"nosuch\" does not exist"));
    let said = error(&url("nobody:sesame", "postgres")).await;
    assert_eq!(said, format!("{host}: cannot connect: role \"nobody\" does not exist"));
    drop(server);
    let said = error(&url("postgres:sesame", "postgres")).await;
    assert!(said.starts_with(&format!("{host}: cannot connect: Connection refused")), "{said}");
    assert_eq!(said.matches("refused").count(), 1);
}

#[tokio::test]
async fn a_store_that_is_written_anew_has_nothing_of_what_was_deleted_in_its_tables() {
    let Some(server) = postgres_server::Server::start("") else { return };
    let host = format!("127.0.0.1:{}", server.port);
    let url = format!("postgres://postgres:sesame@{host}/postgres");
    let store = Postgres::open(&url).await.unwrap();
    let utc = "UTC".parse().unwrap();
    let acme = store.add_tenant("acme", utc, chrono::DateTime::UNIX_EPOCH).await.unwrap().id;
    let record = |agent: &str| {
        let recording = Recording::new().with(Field::AgentId, agent);
        StoredRecord::with_start(&recording, chrono::DateTime::UNIX_EPOCH).unwrap()
    };
    let records = (0..2_000).map(|at| record(if at % 10 == 0 { "ghost-agent" } else { "bill" }));
    store.import(acme, records.collect::<Vec<_>>().into()).await.unwrap();
    let copies = |text: &str| {
        psql(&url, "CHECKPOINT").unwrap();
        let files = "SELECT count(*) FROM pg_class WHERE relname ~ '^recordings'
            AND relkind IN ('r', 'i') AND position($$TEXT$$::bytea IN
            pg_read_binary_file(pg_relation_filepath(oid))) > 0";
        psql(&url, &files.replace("TEXT", text)).unwrap()
    };
    assert_eq!(copies("ghost-agent"), "2");
    let ghost = Deletion::Field(Field::AgentId, "ghost-agent".into());
    assert_eq!(store.delete(acme, &ghost).await.unwrap(), 200);
    assert!(store.vacuum(Vacuum::default()).await.unwrap().log_is_clean);
    let dead = "SELECT count(*) FROM pg_stat_all_tables WHERE relname = 'recordings'
        AND last_vacuum IS NULL";
    assert_eq!(psql(&url, dead).unwrap(), "0");
    let full = Vacuum { full: true };
    store.vacuum(full).await.unwrap();
    assert_eq!((copies("ghost-agent"), copies("bill")), ("0".to_owned(), "2".to_owned()));
    assert_eq!(store.count(acme).await.unwrap(), 1_800);

    // It waits for others who use a table, and does not skip a table of another role.
    let (holder, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN; LOCK recordings IN ACCESS SHARE MODE").await.unwrap();
    let hasty = Postgres::builder().wait(std::time::Duration::ZERO).open(&url).await.unwrap();
    let error = hasty.vacuum(full).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let said = "cannot vacuum the store: another writer holds it";
    assert_eq!(error.to_string(), format!("{host}: {said}"));
    holder.batch_execute("COMMIT").await.unwrap();
    store.vacuum(full).await.unwrap();
    let other = "CREATE ROLE other LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO other";
    psql(&url, other).unwrap();
    let other = Postgres::open(&format!("postgres://other@{host}/postgres")).await.unwrap();
    let error = other.vacuum(Vacuum::default()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    let (said, why) =
        ("cannot vacuum the store: the table ", "belongs to another role, which alone");
    let text = error.to_string();
    assert!(text.starts_with(&format!("{host}: {said}")) && text.contains(why), "{text}");
}
