//! Pages of one field out of ten million recordings: deep pages, walks, and the benefit and the cost of an
//! index. SQLite, and PostgreSQL with a million; each agent has 25,000 of them.
//!
//! `cargo bench -p vcc-store --bench fields`
//!
//! `VCC_BENCH_RECORDINGS` and `VCC_BENCH_POSTGRES_RECORDINGS` set how many there are, and
//! `VCC_BENCH_FOLDER` keeps SQLite's file (some 4 GB, made in two minutes) for the next run.

mod bare;
#[path = "../tests/postgres_server/mod.rs"]
mod postgres_server;
mod subjects;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chrono::DateTime;
use tokio::runtime::Runtime;
use vcc_query::Selection;
use vcc_store::{OnConflict, Postgres, Sqlite, Store, StoreErrorKind, StoredRecord, TenantId};
use vcc_types::{Field, Order};

use bare::{BarePostgres, BareSqlite, Lookup};
use subjects::{agent, everything, fill, filter, in_earnest, median, recording_of, window};

/// How many recordings an agent has, approximately.
const OF_AGENT: u64 = 25_000;
const DEEP: u64 = 20_001;

fn main() {
    if !in_earnest() {
        return;
    }
    let runtime = Runtime::new().unwrap();
    let count = number("VCC_BENCH_RECORDINGS", 10_000_000);
    {
        let temporary = tempfile::tempdir().unwrap();
        let folder = std::env::var_os("VCC_BENCH_FOLDER")
            .map_or_else(|| temporary.path().to_owned(), PathBuf::from);
        let path = folder.join(format!("fields-{count}.db"));
        let store = Arc::new(Sqlite::create(&path).unwrap());
        let tenant = runtime.block_on(bulk(&store, count));
        let subject = Subject { engine: "SQLite", runtime: &runtime, store, tenant, count };
        let bare = BareSqlite::open(&path);
        subject.deep(|lookup| bare.page(lookup), |agent| bare.list(tenant, agent));
        // The space of an index that was dropped is not a part of it.
        let bytes = || {
            let sql = "SELECT (page_count - freelist_count) * page_size
                FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
            let connection = rusqlite::Connection::open(&path).unwrap();
            connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
        };
        subject.given(bytes);
    }
    ingest(&runtime);
    let count = number("VCC_BENCH_POSTGRES_RECORDINGS", 1_000_000);
    let Some(url) = postgres_server::database() else { return };
    let store = Arc::new(runtime.block_on(Postgres::open(&url)).unwrap());
    let tenant = runtime.block_on(import(&*store, count));
    postgres_server::psql(&url, "VACUUM ANALYZE").unwrap();
    let subject = Subject { engine: "PostgreSQL", runtime: &runtime, store, tenant, count };
    let bare = runtime.block_on(BarePostgres::open(&url));
    subject.deep(
        |lookup| runtime.block_on(bare.page(lookup)),
        |agent| runtime.block_on(bare.list(tenant, agent)),
    );
    let bytes = || {
        let size = "SELECT pg_total_relation_size('recordings')";
        postgres_server::psql(&url, size).unwrap().parse().unwrap()
    };
    subject.given(bytes);
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

fn records(
    numbers: std::ops::Range<u64>,
    agents: u64,
) -> impl Iterator<Item = (u64, StoredRecord)> {
    numbers
        .map(move |number| (number + 1, StoredRecord::new(&recording_of(number, agents)).unwrap()))
}

/// The tenant with this many recordings, made if it is not there yet.
async fn bulk(store: &Sqlite, count: u64) -> TenantId {
    if let Some(tenant) = store.tenants().await.unwrap().first() {
        return tenant.id;
    }
    let now = DateTime::UNIX_EPOCH;
    let tenant = store.add_tenant("large", "UTC".parse().unwrap(), now).await.unwrap().id;
    let mut load = store.bulk(tenant, "fields").await.unwrap();
    let mut done = load.done();
    while done < count {
        let until = (done + 50_000).min(count);
        load.load(records(done..until, count / OF_AGENT).collect(), until).await.unwrap();
        done = until;
    }
    load.finish(OnConflict::Reject, |_, _| ()).await.unwrap();
    tenant
}

async fn import(store: &dyn Store, count: u64) -> TenantId {
    let now = DateTime::UNIX_EPOCH;
    let tenant = store.add_tenant("large", "UTC".parse().unwrap(), now).await.unwrap().id;
    let mut done = 0;
    while done < count {
        let until = (done + 10_000).min(count);
        let batch: Vec<_> =
            records(done..until, count / OF_AGENT).map(|(_, record)| record).collect();
        store.import(tenant, batch.into()).await.unwrap();
        done = until;
    }
    tenant
}

struct Subject<'a> {
    engine: &'static str,
    runtime: &'a Runtime,
    store: Arc<dyn Store>,
    tenant: TenantId,
    count: u64,
}

impl Subject<'_> {
    fn page(&self, selection: &Selection) -> usize {
        self.runtime.block_on(self.store.page(self.tenant, selection)).unwrap().records.len()
    }

    /// Deep pages of one agent, and walks over all of its pages.
    fn deep(
        &self,
        mut offset: impl FnMut(&Lookup<'_>) -> usize,
        mut list: impl FnMut(&str) -> usize,
    ) {
        let (engine, count) = (self.engine, self.count);
        let window = window(7, count - 1_007);
        for (what, window, order) in [
            ("all", None, Order::StartAscending),
            ("all, descending", None, Order::StartDescending),
            ("in a window", Some(window), Order::StartAscending),
            ("in a window, descending", Some(window), Order::StartDescending),
        ] {
            let mut times = [vec![], vec![], vec![]];
            // Another agent in each round.
            for round in 0..31 {
                let filters = vec![filter(Field::AgentId, &agent(round % (count / OF_AGENT)))];
                let first = Selection { filters, window, order, ..everything() };
                let deep = Selection { first: DEEP, ..first.clone() };
                // Measure the work, not the disk.
                for _ in 0..2 {
                    self.page(&first);
                    self.page(&deep);
                }
                times[0].push(timed(|| self.page(&first)).0);
                times[1].push(timed(|| self.page(&deep)).0);
                // A write: another zone each time.
                let zone = ["UTC", "America/Denver"][round as usize % 2].parse().unwrap();
                self.runtime.block_on(self.store.set_zone("large", zone)).unwrap();
                self.page(&first);
                times[2].push(timed(|| self.page(&deep)).0);
            }
            let [first, deep, afresh] = times.map(|times| median(&times));
            say(format_args!(
                "{engine}, {count}: one agent's, {what}: n=1 {first:.0} µs, n=20,001 {deep:.0} µs \
                 ({:.1} times; goal: 10), or {afresh:.0} µs where nothing is remembered",
                deep / first
            ));
        }
        let mut times = [vec![], vec![], vec![]];
        for round in 0..5 {
            let agent = agent(round % (count / OF_AGENT));
            let lookup = Lookup { skip: DEEP - 1, agent: Some(&agent), ..Lookup::of(self.tenant) };
            times[0].push(timed(|| offset(&lookup)).0);
            // Measure the work, not the disk.
            list(&agent);
            let (walk, walked) = timed(|| self.walk(Field::AgentId, &agent));
            let (once, records) = timed(|| list(&agent));
            assert_eq!(records, walked);
            times[1].push(once);
            times[2].push(walk);
        }
        let [offset, once, walk] = times.map(|times| median(&times));
        say(format_args!(
            "{engine}, {count}: one agent's: a plain OFFSET {offset:.0} µs; the rows once {:.0} ms, the \
             walk over 500 pages {:.0} ms ({:.1} times; goal: 3, or the deep page)",
            once / 1e3,
            walk / 1e3,
            walk / once
        ));
    }

    fn walk(&self, field: Field, text: &str) -> usize {
        let mut selection = Selection { filters: vec![filter(field, text)], ..everything() };
        let mut walked = 0;
        loop {
            let page = self.runtime.block_on(self.store.page(self.tenant, &selection)).unwrap();
            walked += page.records.len();
            if !page.more {
                return walked;
            }
            selection.first += 50;
        }
    }

    /// A field without an index, and with one.
    fn given(&self, bytes: impl Fn() -> u64) {
        let (engine, count) = (self.engine, self.count);
        let set =
            |wanted| self.runtime.block_on(self.store.set_index(Field::CaseId, wanted)).unwrap();
        set(false);
        let vain = Selection { filters: vec![filter(Field::CaseId, "x")], ..everything() };
        let case = Selection { filters: vec![filter(Field::CaseId, "77")], ..everything() };
        let scan = |selection: &Selection| {
            let times: Vec<_> = (0..3)
                .map(|_| {
                    let started = Instant::now();
                    let page = self.runtime.block_on(self.store.page(self.tenant, selection));
                    if let Err(error) = page {
                        assert_eq!(error.kind(), StoreErrorKind::Deadline);
                    }
                    started.elapsed().as_secs_f64() * 1e3
                })
                .collect();
            median(&times)
        };
        let (all, some) = (scan(&vain), scan(&case));
        self.beside_scans(&vain);
        let before = bytes();
        let (made, _) = timed(|| usize::from(set(true)));
        let grown = bytes().saturating_sub(before);
        say(format_args!(
            "{engine}, {count}: a caseID without an index: none found {all:.0} ms, a page of 50 {some:.0} \
             ms; with one {:.3} and {:.3} ms; made in {:.1} s, {:.0} bytes a recording",
            scan(&vain),
            scan(&case),
            made / 1e6,
            grown as f64 / count as f64
        ));
        set(false);
    }
}

impl Subject<'_> {
    /// Many scans of one tenant at once, and its pages meanwhile.
    fn beside_scans(&self, vain: &Selection) {
        const SCANS: usize = 8;
        let first = everything();
        let quiet = median(&(0..201).map(|_| timed(|| self.page(&first)).0).collect::<Vec<_>>());
        let started = Instant::now();
        let scans: Vec<_> = (0..SCANS)
            .map(|_| {
                let (store, tenant, vain) = (self.store.clone(), self.tenant, vain.clone());
                self.runtime.spawn(async move { store.page(tenant, &vain).await.is_ok() })
            })
            .collect();
        let mut times = Vec::new();
        while !scans.iter().all(tokio::task::JoinHandle::is_finished) {
            times.push(timed(|| self.page(&first)).0);
        }
        let took = started.elapsed().as_secs_f64();
        let done = scans.into_iter().filter_map(|scan| self.runtime.block_on(scan).ok());
        let done = done.filter(|done| *done).count();
        times.sort_by(f64::total_cmp);
        say(format_args!(
            "{}, {}: {SCANS} scans of one tenant at once: {done} in time, all ended after {took:.1} s; its \
             first page {quiet:.0} µs before, meanwhile {:.0} µs (99 of 100: {:.0} µs)",
            self.engine,
            self.count,
            median(&times),
            times[times.len() * 99 / 100]
        ));
    }
}

/// What an import loses to one more index: with it and without, in turns.
fn ingest(runtime: &Runtime) {
    const COUNT: u64 = 300_000;
    for field in [Field::CaseId, Field::QueueName] {
        let mut times = [vec![], vec![]];
        for round in 0..5 {
            for turn in [round % 2, 1 - round % 2] {
                let folder = tempfile::tempdir().unwrap();
                let store = Sqlite::create(folder.path().join("recordings.db")).unwrap();
                if turn == 1 {
                    runtime.block_on(store.set_index(field, true)).unwrap();
                }
                let before = processor_time();
                runtime.block_on(fill(&store, "large", COUNT));
                times[turn].push(processor_time() - before);
            }
        }
        let [without, with] = times.map(|times| median(&times));
        say(format_args!(
            "SQLite: an import of {COUNT}, the records made: {without:.2} s of the processor, {with:.2} s with \
             an index by {field} ({:.1} % more)",
            (with / without - 1.0) * 100.0
        ));
    }
}

/// CPU seconds of this process. Other processes affect them less than the elapsed time.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // After the name of the program: the 12th and the 13th, in hundredths.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

/// How many microseconds it takes, and its result.
fn timed(work: impl FnOnce() -> usize) -> (f64, usize) {
    let started = Instant::now();
    let found = work();
    (started.elapsed().as_secs_f64() * 1e6, found)
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").unwrap();
}
