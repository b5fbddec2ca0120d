use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use chrono::DateTime;
use jiff::Timestamp;
use vcc_server::Clock;

use super::defect::{Defect, Hook};
use super::faulty::Faulty;
use super::shelf::Shelf;
use super::wire::Wire;
use crate::Reference;
use vcc_conformance_core::dataset::{self, Tenant};
use vcc_conformance_core::fixture::Case;
use vcc_conformance_core::http::{Endpoint, Limits};
use vcc_conformance_core::live::{LiveOptions, live};
use vcc_conformance_core::run::{
    HttpTarget, Options, Outcome, Rehearsal, Report, Verdict, rehearse, run,
};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::symptom::Symptom;

/// The time of every run: a few days after a clock change in North America, so that a day of 23 or
/// 25 hours lies between it and its `today-7d`. It makes the report of the same cases the same on
/// every day.
const NOW: i64 = 1_794_000_000;

/// The result of one defect.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its name.
    pub defect: &'static str,
    /// The name of its family.
    pub family: &'static str,
    /// The cases that fail, each with the clause that is blamed.
    pub caught: BTreeMap<String, String>,
    /// How each of them fails.
    pub symptoms: BTreeMap<String, Symptom>,
    /// Why no case was judged.
    pub precondition: Option<String>,
    /// Requests sent.
    pub requests: u64,
}

impl Measured {
    /// The failing cases that blame a clause which the defect breaks.
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
    /// Cases that the reference itself fails, with the reason; normally empty.
    pub unclean: Vec<String>,
    /// One a defect.
    pub rows: Vec<Measured>,
    /// Whether the whole suite ran behind every defect, so that a case that catches nothing can be
    /// found.
    pub whole: bool,
}

impl Matrix {
    /// Defects that no case catches by a clause which they break.
    #[must_use]
    pub fn escaped(&self) -> Vec<&Measured> {
        self.rows.iter().filter(|row| row.named().next().is_none()).collect()
    }

    /// Graded cases that caught nothing in what ran; that is only a fault if [`Matrix::whole`].
    #[must_use]
    pub fn idle(&self) -> Vec<&str> {
        let busy: BTreeSet<&str> =
            self.rows.iter().flat_map(|row| row.caught.keys().map(String::as_str)).collect();
        let graded = self.graded.iter().map(String::as_str);
        graded.filter(|case| !busy.contains(case)).collect()
    }
}

/// Shared by all runs of a matrix.
struct Bench<'a> {
    cases: Vec<Case>,
    spec: &'a Spec,
    now: Timestamp,
    tenants: Vec<Tenant>,
    shelf: Arc<Shelf>,
    /// Whether the laws of a live run are tried instead of the suite.
    live: bool,
    stop: Arc<AtomicBool>,
}

impl<'a> Bench<'a> {
    fn new(
        cases: &[Case],
        spec: &'a Spec,
        tenants: Vec<Tenant>,
        live: bool,
        stop: &Arc<AtomicBool>,
    ) -> Result<Self, String> {
        let shelf = Arc::new(Shelf::load(&tenants).map_err(text)?);
        let (cases, now) = (brief(cases), now()?);
        Ok(Self { cases, spec, now, tenants, shelf, live, stop: stop.clone() })
    }

    fn start(&self) -> Result<Faulty, String> {
        Faulty::start(&self.shelf, &self.tenants, self.now).map_err(text)
    }

    fn options(&self) -> Options {
        Options { jobs: 1, strict: true, ..Options::default() }
    }

    fn setup(&self, endpoint: &Endpoint) -> Setup {
        let mut setup = Setup::new(self.tenants.clone(), self.now);
        if self.live {
            setup.tenants.iter_mut().for_each(|access| access.tenant.records.clear());
        }
        // REQ-4: the connections in this process stand for HTTPS, so that no must is left out.
        setup.https = true;
        setup.authority = endpoint.authority();
        setup
    }

    fn target(&self, endpoint: Endpoint) -> HttpTarget {
        let until = Instant::now() + Duration::from_secs(600);
        let limits = Limits { deadline: Duration::from_secs(30), ..Limits::default() };
        HttpTarget::new(endpoint, limits, self.stop.clone(), until)
    }

    /// The suite against a server with or without a defect, at the level of should.
    fn report(&self, endpoint: Endpoint, hook: Option<Hook>, options: &Options) -> Report {
        self.report_with(&mut self.setup(&endpoint), endpoint, hook, options)
    }

    /// The same, with what it is judged against.
    fn report_with(
        &self,
        setup: &mut Setup,
        endpoint: Endpoint,
        hook: Option<Hook>,
        options: &Options,
    ) -> Report {
        let shared = self.target(endpoint);
        let target = Wire { shared: &shared, at: self.now, hook };
        if self.live {
            let laws = LiveOptions { zone_known: true, ..LiveOptions::default() };
            return live(&self.cases, setup, self.spec, &target, options, laws, &|_| {});
        }
        run(&self.cases, setup, self.spec, &target, options, &|_| {})
    }

    /// The suite against the reference as users run it, over a socket.
    fn on_a_socket(&self) -> Result<Report, String> {
        let clock = DateTime::from_timestamp(self.now.as_second(), 0).unwrap_or_default();
        let clock = Clock::fixed(clock);
        let started = Reference::start_https_with(&self.tenants, |builder| builder.clock(clock));
        let reference = started.map_err(text)?;
        let endpoint = reference.endpoint().map_err(text)?;
        Ok(self.report(endpoint, None, &self.options()))
    }

    /// How a server without a defect answers the suite.
    fn rehearsal(&self, server: &Faulty) -> Rehearsal {
        let setup = self.setup(&server.endpoint());
        let shared = self.target(server.endpoint());
        let target = Wire { shared: &shared, at: self.now, hook: None };
        rehearse(&self.cases, &setup, self.spec, &target, &self.options())
    }

    fn matrix(
        &self,
        defects: &[(&'static str, &'static Defect)],
        jobs: usize,
        done: &(dyn Fn(&Measured) + Sync),
    ) -> Result<Matrix, String> {
        let clean = self.on_a_socket()?;
        let graded = |id: &str| {
            let case = self.cases.iter().find(|case| case.id == id);
            case.is_some_and(|case| self.spec.level(&case.clauses[0]).is_graded())
        };
        let passed = clean.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Pass);
        let graded = passed.map(|outcome| outcome.id.clone()).filter(|id| graded(id)).collect();
        let fine = |verdict| match verdict {
            Verdict::Pass | Verdict::Skipped => true,
            // A law may find no data to test with.
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
        let mut unclean: Vec<_> =
            clean.handshake.precondition.iter().cloned().chain(unclean).collect();

        // The defects act in a server in this process: to the suite it must look the same.
        let server = self.start()?;
        let here = self.report(server.endpoint(), None, &self.options());
        let other = clean.outcomes.iter().zip(&here.outcomes);
        let other =
            other.filter(|(there, here)| (&there.id, there.verdict) != (&here.id, here.verdict));
        unclean.extend(other.map(|(there, here)| {
            format!("{}: {} on a socket, {} without", there.id, there.verdict, here.verdict)
        }));
        if clean.outcomes.len() != here.outcomes.len() {
            unclean.push("the cases judged on a socket are not those judged without".into());
        }
        let rehearsal = (!self.live).then(|| Arc::new(self.rehearsal(&server)));
        let options = Options { rehearsal, ..self.options() };

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
                        server.set(Some(defect.hook));
                        let report = self.report(server.endpoint(), Some(defect.hook), &options);
                        let row = Measured {
                            defect: defect.name,
                            family,
                            caught: fails(&report, |outcome| outcome.blamed().to_owned()),
                            symptoms: fails(&report, Symptom::of),
                            precondition: report.handshake.precondition,
                            requests: report.requests,
                        };
                        done(&row);
                        keep(index, Ok(row));
                    }
                });
            }
        });
        if self.stop.load(Ordering::Relaxed) {
            return Err("the run was stopped".into());
        }
        let mut rows = rows.into_inner().unwrap_or_default();
        rows.sort_by_key(|(index, _)| *index);
        let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect::<Result<_, _>>()?;
        let whole = !self.live && rows.len() == super::defects().count();
        Ok(Matrix { graded, unclean, rows, whole })
    }
}

/// The cases without those that take long.
fn brief(cases: &[Case]) -> Vec<Case> {
    let long = |case: &&Case| !case.tags.iter().any(|tag| tag == "long");
    cases.iter().filter(long).cloned().collect()
}

/// The failing cases, each with what `of` says about it.
fn fails<T>(report: &Report, of: impl Fn(&Outcome) -> T) -> BTreeMap<String, T> {
    let failed = report
        .outcomes
        .iter()
        .filter(|outcome| matches!(outcome.verdict, Verdict::Fail | Verdict::Warn));
    failed.map(|outcome| (outcome.id.clone(), of(outcome))).collect()
}

fn text(problem: impl std::fmt::Display) -> String {
    problem.to_string()
}

/// The time that every run is made at.
pub(super) fn now() -> Result<Timestamp, String> {
    Timestamp::from_second(NOW).map_err(|problem| problem.to_string())
}

/// Runs the cases against the reference, then behind each of the defects, `jobs` at a time. `done` is
/// called for every row.
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
    let tenants = dataset::embedded(now()?).map_err(text)?;
    matrix_on(tenants, cases, spec, defects, jobs, stop, done)
}

/// Makes the report on the cases behind each of the defects, as if a server with that defect had
/// been judged. `done` is given each report with what it was judged against; its error ends the
/// work.
///
/// # Errors
///
/// As [`matrix`], and those of `done`.
pub fn reports(
    cases: &[Case],
    spec: &Spec,
    defects: &[(&'static str, &'static Defect)],
    stop: &Arc<AtomicBool>,
    done: &mut dyn FnMut(&Defect, &Report, &Setup) -> Result<(), String>,
) -> Result<(), String> {
    let tenants = dataset::embedded(now()?).map_err(text)?;
    let bench = Bench::new(cases, spec, tenants, false, stop)?;
    let server = bench.start()?;
    // For a single report a rehearsal would only be a second run.
    let rehearsal = (defects.len() > 1).then(|| Arc::new(bench.rehearsal(&server)));
    let options = Options { rehearsal, ..bench.options() };
    for (_, defect) in defects {
        server.set(Some(defect.hook));
        let mut setup = bench.setup(&server.endpoint());
        let report = bench.report_with(&mut setup, server.endpoint(), Some(defect.hook), &options);
        if stop.load(Ordering::Relaxed) {
            return Err("the run was stopped".into());
        }
        done(defect, &report, &setup)?;
    }
    Ok(())
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
    Bench::new(cases, spec, tenants, false, stop)?.matrix(defects, jobs, done)
}

/// [`matrix`] for live runs, which know nothing about the data: this many unknown recordings.
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
    let tenants = vec![super::unseen(records, now()?).map_err(text)?];
    Bench::new(cases, spec, tenants, true, stop)?.matrix(defects, jobs, done)
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;
    use vcc_conformance_core::fixture;

    /// What an earlier run prepared judges a run as it would be judged without.
    #[test]
    fn a_rehearsal_changes_no_outcome() {
        let (mut cases, spec) = (fixture::embedded().unwrap(), Spec::embedded());
        cases.retain(|case| case.id.starts_with("paging/"));
        let tenants = dataset::embedded(now().unwrap()).unwrap();
        let bench = Bench::new(&cases, &spec, tenants, false, &Arc::default()).unwrap();
        let server = bench.start().unwrap();
        let rehearsal = Some(Arc::new(bench.rehearsal(&server)));
        let options = Options { rehearsal, ..bench.options() };
        let said = |report: &Report| -> Vec<_> {
            let of = |outcome: &vcc_conformance_core::run::Outcome| {
                let texts = outcome.problems.iter().map(|problem| problem.finding.text.clone());
                let problems: Vec<_> = texts.collect();
                (outcome.id.clone(), outcome.verdict, outcome.requests, outcome.variants, problems)
            };
            report.outcomes.iter().map(of).collect()
        };
        for name in [Some("page-of-49"), None] {
            let hook = name.map(|name| find(name).unwrap().1.hook);
            server.set(hook);
            let anew = bench.report(server.endpoint(), hook, &bench.options());
            let rehearsed = bench.report(server.endpoint(), hook, &options);
            assert_eq!(said(&rehearsed), said(&anew), "{name:?}");
            assert_eq!(fails(&anew, |_| ()).is_empty(), name.is_none(), "{name:?}");
        }
    }
}
