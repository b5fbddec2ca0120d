use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::defect::{Defect, Hook};
use super::faulty::Faulty;
use super::wire::Wire;
use vcc_conformance_core::dataset::{self, Tenant};
use vcc_conformance_core::fixture::Case;
use vcc_conformance_core::http::{Endpoint, Limits, TlsOptions};
use vcc_conformance_core::live::{LiveOptions, live};
use vcc_conformance_core::run::{HttpTarget, Options, Report, Verdict, run};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::{Level, Spec};

/// The time of every run: a few days after a change of the clocks in North America, so that a day of
/// 23 or 25 hours lies between it and its `today-7d`. A report of the same cases is the
/// same on every day.
const NOW: i64 = 1_794_000_000;

/// What became of one defect.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its name.
    pub defect: &'static str,
    /// The name of its family.
    pub family: &'static str,
    /// The cases that fail, each with the clause that is blamed.
    pub caught: BTreeMap<String, String>,
    /// Why no case was judged.
    pub precondition: Option<String>,
    /// Requests sent.
    pub requests: u64,
}

impl Measured {
    /// The cases that blame a clause which the defect breaks.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        let clauses = super::find(self.defect).map_or(&[][..], |(_, defect)| defect.clauses);
        self.caught
            .iter()
            .filter(|(_, blamed)| clauses.contains(&blamed.as_str()))
            .map(|(case, blamed)| (case.as_str(), blamed.as_str()))
    }
}

/// Cases against defects.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The cases that are graded and pass without a defect.
    pub graded: Vec<String>,
    /// What the reference itself fails, with the reason; empty unless something is wrong.
    pub unclean: Vec<String>,
    /// One a defect.
    pub rows: Vec<Measured>,
}

impl Matrix {
    /// Defects that no case catches by a clause which they break.
    #[must_use]
    pub fn escaped(&self) -> Vec<&Measured> {
        self.rows.iter().filter(|row| row.named().next().is_none()).collect()
    }

    /// Graded cases that catch nothing.
    #[must_use]
    pub fn idle(&self) -> Vec<&str> {
        let busy: BTreeSet<&str> =
            self.rows.iter().flat_map(|row| row.caught.keys().map(String::as_str)).collect();
        let graded = self.graded.iter().map(String::as_str);
        graded.filter(|case| !busy.contains(case)).collect()
    }
}

/// What all runs of a matrix share.
struct Bench<'a> {
    cases: Vec<Case>,
    spec: &'a Spec,
    now: Timestamp,
    tenants: Vec<Tenant>,
    /// Whether the laws of a live run are tried, and not the suite.
    live: bool,
    stop: Arc<AtomicBool>,
}

impl Bench<'_> {
    fn start(&self) -> Result<Faulty, String> {
        Faulty::start(&self.tenants, self.now).map_err(|problem| problem.to_string())
    }

    /// The suite against the server with a defect or without, at the level of should.
    fn report(&self, server: &Faulty, hook: Option<Hook>) -> Result<Report, String> {
        server.set(hook);
        let options = TlsOptions::default();
        let endpoint =
            Endpoint::parse(&server.url(), &options).map_err(|problem| problem.to_string())?;
        let mut setup = Setup::new(self.tenants.clone(), self.now);
        if self.live {
            setup.tenants.iter_mut().for_each(|access| access.tenant.records.clear());
        }
        setup.authority = endpoint.authority();
        let until = Instant::now() + Duration::from_secs(600);
        let limits = Limits { deadline: Duration::from_secs(30), ..Limits::default() };
        let shared = HttpTarget::new(endpoint, limits, self.stop.clone(), until);
        let options = Options { jobs: 1, strict: true, ..Options::default() };
        let target = Wire { shared: &shared, at: self.now, hook };
        if self.live {
            let laws = LiveOptions { zone_known: true, ..LiveOptions::default() };
            return Ok(live(&self.cases, &mut setup, self.spec, &target, &options, laws, &|_| {}));
        }
        Ok(run(&self.cases, &mut setup, self.spec, &target, &options, &|_| {}))
    }

    fn matrix(
        &self,
        defects: &[(&'static str, &'static Defect)],
        jobs: usize,
        done: &(dyn Fn(&Measured) + Sync),
    ) -> Result<Matrix, String> {
        let clean = self.report(&self.start()?, None)?;
        let graded = |id: &str| {
            let case = self.cases.iter().find(|case| case.id == id);
            case.is_some_and(|case| {
                matches!(self.spec.level(&case.clauses[0]), Level::Must | Level::Should)
            })
        };
        let passed = clean.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Pass);
        let graded = passed.map(|outcome| outcome.id.clone()).filter(|id| graded(id)).collect();
        let fine = |verdict| match verdict {
            Verdict::Pass | Verdict::Skipped => true,
            // A law may find nothing to be tried on.
            Verdict::NotExercised => self.live,
            _ => false,
        };
        let unclean = clean.outcomes.iter().filter(|outcome| !fine(outcome.verdict));
        let unclean = unclean.map(|outcome| {
            format!(
                "{}: {} {}",
                outcome.id,
                outcome.verdict,
                outcome.reason.as_deref().unwrap_or("")
            )
        });
        let unclean = clean.handshake.precondition.iter().cloned().chain(unclean).collect();

        let next = AtomicUsize::new(0);
        let rows: Mutex<Vec<(usize, Result<Measured, String>)>> = Mutex::default();
        let keep = |index, row| {
            if let Ok(mut rows) = rows.lock() {
                rows.push((index, row));
            }
        };
        thread::scope(|scope| {
            for _ in 0..jobs.clamp(1, 64) {
                scope.spawn(|| {
                    let server = match self.start() {
                        Ok(server) => server,
                        Err(problem) => return keep(usize::MAX, Err(problem)),
                    };
                    while !self.stop.load(Ordering::Relaxed) {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some((family, defect)) = defects.get(index) else { break };
                        let row = self.report(&server, Some(defect.hook)).map(|report| Measured {
                            defect: defect.name,
                            family,
                            caught: fails(&report),
                            precondition: report.handshake.precondition.clone(),
                            requests: report.requests,
                        });
                        if let Ok(row) = &row {
                            done(row);
                        }
                        keep(index, row);
                    }
                });
            }
        });
        if self.stop.load(Ordering::Relaxed) {
            return Err("the run was stopped".into());
        }
        let mut rows = rows.into_inner().unwrap_or_default();
        rows.sort_by_key(|(index, _)| *index);
        let rows = rows.into_iter().map(|(_, row)| row).collect::<Result<_, _>>()?;
        Ok(Matrix { graded, unclean, rows })
    }
}

/// The cases without those that take long.
fn brief(cases: &[Case]) -> Vec<Case> {
    let long = |case: &&Case| !case.tags.iter().any(|tag| tag == "long");
    cases.iter().filter(long).cloned().collect()
}

fn fails(report: &Report) -> BTreeMap<String, String> {
    let failed = report
        .outcomes
        .iter()
        .filter(|outcome| matches!(outcome.verdict, Verdict::Fail | Verdict::Warn));
    failed.map(|outcome| (outcome.id.clone(), outcome.blamed().to_owned())).collect()
}

/// The time that every run is made at.
pub(super) fn now() -> Result<Timestamp, String> {
    Timestamp::from_second(NOW).map_err(|problem| problem.to_string())
}

/// Runs the cases against the reference, then behind each of the defects, `jobs` at a time. `done`
/// is told of every row as it comes.
///
/// # Errors
///
/// The reference does not start, or the run was stopped.
pub fn matrix(
    cases: &[Case],
    spec: &Spec,
    defects: &[(&'static str, &'static Defect)],
    jobs: usize,
    stop: &Arc<AtomicBool>,
    done: &(dyn Fn(&Measured) + Sync),
) -> Result<Matrix, String> {
    let tenants = dataset::embedded(now()?).map_err(|problem| problem.to_string())?;
    matrix_on(tenants, cases, spec, defects, jobs, stop, done)
}

/// [`matrix`] on these tenants, stamped with [`now`].
pub(super) fn matrix_on(
    tenants: Vec<Tenant>,
    cases: &[Case],
    spec: &Spec,
    defects: &[(&'static str, &'static Defect)],
    jobs: usize,
    stop: &Arc<AtomicBool>,
    done: &(dyn Fn(&Measured) + Sync),
) -> Result<Matrix, String> {
    let now = now()?;
    let bench = Bench { cases: brief(cases), spec, now, tenants, live: false, stop: stop.clone() };
    bench.matrix(defects, jobs, done)
}

/// [`matrix`] of what a live run finds, which is told nothing of the data: so many recordings that
/// it has never seen.
///
/// # Errors
///
/// As [`matrix`].
pub fn live_matrix(
    cases: &[Case],
    spec: &Spec,
    defects: &[(&'static str, &'static Defect)],
    records: u32,
    jobs: usize,
    stop: &Arc<AtomicBool>,
    done: &(dyn Fn(&Measured) + Sync),
) -> Result<Matrix, String> {
    let now = now()?;
    let tenants = vec![super::unseen(records, now).map_err(|problem| problem.to_string())?];
    let bench = Bench { cases: brief(cases), spec, now, tenants, live: true, stop: stop.clone() };
    bench.matrix(defects, jobs, done)
}
