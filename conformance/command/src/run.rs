use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::baseline::{BaselineArgs, compare};
use super::choice::{ChoiceArgs, broken, filtered};
use super::detail::DetailArgs;
use super::error::CommandError;
use super::known::KnownArgs;
use super::progress::progress;
use super::reports::{ReportArgs, create};
use super::started::{StartArgs, Started};
use super::suite::Suite;
use super::target::TargetArgs;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::embedded;
use vcc_conformance_core::http::{Endpoint, other_scheme};
use vcc_conformance_core::live::{LiveOptions, live, without_data};
use vcc_conformance_core::report::terminal_with;
use vcc_conformance_core::run::{
    Handshake, Options, Outcome, Report, Scope, Target, Verdict, merge, run as run_cases,
};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::transcript::{FirstLine, Writer};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    known: KnownArgs,
    #[command(flatten)]
    baseline: BaselineArgs,
    #[command(flatten)]
    reports: ReportArgs,
    #[command(flatten)]
    detail: DetailArgs,
    /// Assume nothing about the target's data: check laws on what is there, with GET only
    #[arg(long)]
    live: bool,
    /// With --live: pages of the list that are read at most
    #[arg(long, default_value_t = 600, value_name = "N", requires = "live")]
    pages: u16,
    #[command(flatten)]
    start: StartArgs,
    /// Connections at a time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Run everything this many times, and say what was not the same each time
    #[arg(long, default_value_t = 1, value_name = "K", value_parser = clap::value_parser!(u8).range(1..))]
    repeat: u8,
    /// Save every exchange, without secrets, for `judge`
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let until = args.target.until()?;
    let suite = Suite::embedded()?;
    let cases = filtered(&suite, &args.choice.filter)?;
    let known = args.known.read()?;
    let strict = args.choice.is_strict();
    let baseline = args.baseline.read(strict)?;
    let now = clock::now();
    let tenants = embedded(now)?;
    let mut setup = Setup::new(tenants.clone(), now);
    let broken = broken(&cases, &setup, &suite);
    let asked = args.choice.asked(&cases, &suite);
    // What was started stops when this is dropped.
    let url = args.target.url.as_deref();
    let started = match Started::of(&args.start, url, &tenants, until) {
        Ok(started) => started,
        Err(failure) => {
            // A report is always written.
            let report = unreachable(url.unwrap_or_default(), now, strict, &failure.message);
            args.reports.write(&report, &setup, &suite)?;
            return Err(failure);
        }
    };
    let mut shared = match started.endpoint() {
        Some(endpoint) => args.target.connect_to(endpoint, &mut setup, until)?,
        None => args.target.connect(started.url(), &mut setup, until)?,
    };
    let options = Options { jobs: args.jobs.into(), strict, broken, ..Options::default() };
    let writer = match &args.transcript {
        Some(file) => {
            let ids = if args.choice.filter.is_empty() {
                Vec::new()
            } else {
                cases.iter().map(|case| case.id.clone()).collect()
            };
            let head = FirstLine::new(&setup, &shared.base(), strict, options.amplified, ids);
            let out = BufWriter::new(create(file)?);
            Some(Arc::new(Writer::new(out, &head, &setup)?))
        }
        None => None,
    };
    if let Some(writer) = writer.clone() {
        shared.watch = Some(Box::new(move |key, exchange| writer.write(key, exchange)));
    }
    let bar = progress(cases.len() * usize::from(args.repeat));
    let done = |outcome: &Outcome| {
        bar.inc(1);
        if outcome.verdict == Verdict::Fail {
            bar.set_message(format!("failed: {}", outcome.id));
        }
    };
    let mut reports = Vec::new();
    if args.live {
        args.target.only_tenant(&mut setup);
    }
    let laws = LiveOptions { pages: args.pages.into(), zone_known: args.target.zone_is_known() };
    for _ in 0..args.repeat {
        if args.live {
            let report = live(&cases, &mut setup, &suite.spec, &shared, &options, laws, &done);
            reports.push(report);
            continue;
        }
        reports.push(run_cases(&cases, &mut setup, &suite.spec, &shared, &options, &done));
    }
    bar.finish_and_clear();
    if let Some(writer) = writer {
        writer.finish()?;
    }
    let mut report =
        merge(reports).ok_or_else(|| CommandError::usage("--repeat: nothing to run"))?;
    report.scope.all = if args.live {
        // The laws, and the cases that need no data.
        let left_out = without_data(&suite.cases).len() - without_data(&cases).len();
        report.outcomes.len() + left_out
    } else {
        suite.cases.len()
    };
    report.scope.asked.extend(asked);
    wrong_scheme(&mut report, &shared.endpoint);
    known.apply(&mut report, &suite, out)?;
    args.reports.write(&report, &setup, &suite)?;
    terminal_with(out, &report, &setup, &suite.spec, args.detail.detail())?;
    compare(baseline.as_ref(), &report, out)
}

/// The report of a run whose target could not be started.
fn unreachable(target: &str, now: Timestamp, strict: bool, why: &str) -> Report {
    Report {
        target: target.into(),
        started: now,
        elapsed: Duration::ZERO,
        requests: 0,
        handshake: Handshake {
            precondition: Some(why.into()),
            unreachable: true,
            ..Handshake::default()
        },
        outcomes: Vec::new(),
        ended: None,
        strict,
        stale: Vec::new(),
        scope: Scope::default(),
    }
}

/// Says so if the port speaks the other scheme than the URL.
fn wrong_scheme(report: &mut Report, endpoint: &Endpoint) {
    let Some(reason) = &mut report.handshake.precondition else { return };
    // A server of HTTPS may answer plain HTTP with a refusal.
    if endpoint.https && !reason.contains("corrupt message") {
        return;
    }
    if let Some(scheme) = other_scheme(endpoint) {
        let base = report.target.split_once("://").map_or("", |(_, rest)| rest);
        reason.push_str(&format!("; the port speaks {}", scheme.to_uppercase()));
        report.handshake.ways_out = vec![format!("--url {scheme}://{base}")];
        report.handshake.unreachable = true;
    }
}
