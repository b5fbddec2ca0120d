//! How long a page takes: deep in a list compared with its beginning and with a plain `OFFSET`, and
//! with bare SQL through the same driver. One million recordings, SQLite and PostgreSQL. The subjects take
//! turns in one run, and the figures are medians.
//!
//! `cargo bench -p vcc-store --bench pages`

mod bare;
#[path = "../tests/postgres_server/mod.rs"]
mod postgres_server;
mod subjects;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Runtime;
use vcc_query::Selection;
use vcc_store::{Postgres, Sqlite, Store, TenantId};
use vcc_types::{Field, Order};

use bare::{BarePostgres, BareSqlite, Lookup};
use subjects::{agent, everything, fill, filter, in_earnest, median, window};

const RECORDINGS: u64 = 1_000_000;
const DEEP: u64 = 900_001;

/// An engine's own way to a page, without the store.
trait Bare {
    fn page(&mut self, runtime: &Runtime, lookup: &Lookup<'_>) -> usize;
}

impl Bare for BareSqlite {
    fn page(&mut self, _: &Runtime, lookup: &Lookup<'_>) -> usize {
        Self::page(self, lookup)
    }
}

impl Bare for BarePostgres {
    fn page(&mut self, runtime: &Runtime, lookup: &Lookup<'_>) -> usize {
        runtime.block_on(Self::page(self, lookup))
    }
}

fn main() {
    if !in_earnest() {
        return;
    }
    let runtime = Runtime::new().unwrap();
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings.db");
        let store = Arc::new(Sqlite::create(&path).unwrap());
        let subject = Subject::new("SQLite", &runtime, store);
        subject.measure(&mut BareSqlite::open(&path));
    }
    let Some(url) = postgres_server::database() else { return };
    let store = Arc::new(runtime.block_on(Postgres::open(&url)).unwrap());
    let subject = Subject::new("PostgreSQL", &runtime, store);
    postgres_server::psql(&url, "VACUUM ANALYZE").unwrap();
    let mut bare = runtime.block_on(BarePostgres::open(&url));
    subject.measure(&mut bare);
}

struct Subject<'a> {
    engine: &'static str,
    runtime: &'a Runtime,
    store: Arc<dyn Store>,
    /// A tenant with all the recordings, and one with a tenth of them.
    large: TenantId,
    small: TenantId,
}

impl<'a> Subject<'a> {
    fn new(engine: &'static str, runtime: &'a Runtime, store: Arc<dyn Store>) -> Self {
        let started = Instant::now();
        let large = runtime.block_on(fill(&*store, "large", RECORDINGS));
        let rate = RECORDINGS as f64 / started.elapsed().as_secs_f64();
        say(format_args!("{engine}: {rate:.0} records a second imported by the store"));
        let small = runtime.block_on(fill(&*store, "small", RECORDINGS / 10));
        Self { engine, runtime, store, large, small }
    }

    fn measure(&self, bare: &mut dyn Bare) {
        self.deep(bare);
        self.indexed();
        self.beside_the_bare_sql(bare);
    }

    fn page(&self, tenant: TenantId, selection: &Selection) -> usize {
        self.runtime.block_on(self.store.page(tenant, selection)).unwrap().records.len()
    }

    /// Deep pages of a selection by start alone.
    fn deep(&self, bare: &mut dyn Bare) {
        let window = Some(window(10_017, 990_003));
        for (list, window, order) in [
            ("the whole list", None, Order::StartAscending),
            ("the whole list, descending", None, Order::StartDescending),
            ("a window of 980,000", window, Order::StartAscending),
            ("a window, descending", window, Order::StartDescending),
        ] {
            let first = Selection { window, order, ..everything() };
            let deep = Selection { first: DEEP, ..first.clone() };
            let descending = order == Order::StartDescending;
            let offset = Lookup { skip: DEEP - 1, window, descending, ..Lookup::of(self.large) };
            let mut times = [vec![], vec![], vec![]];
            for round in 0..201 {
                times[0].push(timed(|| self.page(self.large, &first), 50));
                times[1].push(timed(|| self.page(self.large, &deep), 50));
                if round % 20 == 0 {
                    times[2].push(timed(|| bare.page(self.runtime, &offset), 51));
                }
            }
            let [first, deep, offset] = times.map(|times| median(&times));
            let engine = self.engine;
            say(format_args!(
                "{engine}: {list}: n=1 {first:.0} µs, n=900,001 {deep:.0} µs ({:.2} times; goal: 5), \
                 a plain OFFSET {offset:.0} µs ({:.0} times)",
                deep / first,
                offset / deep
            ));
        }
    }

    /// The cost of a deep page of an indexed field depends on the matches, not on all recordings: it looks for
    /// the same number of matches in all the recordings and in a tenth of them.
    fn indexed(&self) {
        let most = [self.large, self.small].map(|tenant| {
            let filters = vec![filter(Field::AgentId, &agent(7))];
            let selection = Selection { filters, first: 301, ..everything() };
            (tenant, selection)
        });
        let all = Selection { first: 4_701, ..most[0].1.clone() };
        let mut times = [vec![], vec![], vec![], vec![]];
        for _ in 0..201 {
            let first = Selection { first: 1, ..most[0].1.clone() };
            times[0].push(timed(|| self.page(self.large, &first), 50));
            for (times, (tenant, selection)) in times[1..3].iter_mut().zip(&most) {
                times.push(timed(|| self.page(*tenant, selection), 50));
            }
            times[3].push(timed(|| self.page(self.large, &all), 50));
        }
        let [first, large, small, all] = times.map(|times| median(&times));
        say(format_args!(
            "{}: one agent of 200: n=1 {first:.0} µs, n=301 of 1,000,000 {large:.0} µs and of 100,000 \
             {small:.0} µs ({:.2} times), n=4,701 {all:.0} µs",
            self.engine,
            large / small
        ));
    }

    /// A page of 50 beside the bare SQL, at many places in turn.
    fn beside_the_bare_sql(&self, bare: &mut dyn Bare) {
        let agents: Vec<_> = (0..64).map(agent).collect();
        for (what, by_agent) in [("a page of a day", false), ("a page of an agent's month", true)] {
            let mut times = [vec![], vec![]];
            for round in 0..1_001_usize {
                let from = (round as u64 * 7_919) % 900_000;
                let length = if by_agent { 86_000 } else { 2_787 };
                let window = Some(window(from, from + length));
                let agent = by_agent.then_some(&*agents[round % agents.len()]);
                let filters =
                    agent.map(|agent| filter(Field::AgentId, agent)).into_iter().collect();
                let selection = Selection { window, filters, ..everything() };
                let lookup = Lookup { window, agent, ..Lookup::of(self.large) };
                let mut each = [0.0, 0.0];
                // In turns, so that neither always reads what the other has just cached.
                for turn in [round % 2, 1 - round % 2] {
                    each[turn] = match turn {
                        0 => timed(|| self.page(self.large, &selection), 50),
                        _ => timed(|| bare.page(self.runtime, &lookup), 51),
                    };
                }
                times[0].push(each[0]);
                times[1].push(each[1]);
            }
            let [store, bare] = times.map(|times| median(&times));
            say(format_args!(
                "{}: {what}: the store {store:.0} µs, the bare SQL {bare:.0} µs ({:.2} times; goal for \
                 PostgreSQL: 1.3)",
                self.engine,
                store / bare
            ));
        }
    }
}

fn timed(work: impl FnOnce() -> usize, expected: usize) -> f64 {
    let started = Instant::now();
    let found = work();
    let took = started.elapsed().as_secs_f64() * 1e6;
    assert_eq!(found, expected);
    took
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").unwrap();
}
