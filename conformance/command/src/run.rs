use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Failure, Suite, stop::stop};
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::{Tenant, embedded};
use vcc_conformance_core::edition::{self, EDITION};
use vcc_conformance_core::fixture::{Case, Request};
use vcc_conformance_core::http::{Endpoint, Limits, TlsOptions};
use vcc_conformance_core::live::{LiveOptions, live};
use vcc_conformance_core::report::{Report, badge, html, json, junit, markdown, terminal};
use vcc_conformance_core::run::{
    Exported, KnownFailure, Launched, Options, Outcome, Shared, Target, Verdict, apply,
    known_failures, merge, run as run_cases, seed, wildcard,
};
use vcc_conformance_core::transcript::{Head, Replay, Writer};
use vcc_conformance_core::world::World;
use vcc_conformance_reference::Reference;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) choice: ChoiceArgs,
    #[command(flatten)]
    pub(super) reports: ReportArgs,
    /// Assume nothing about the target's data: check laws on what is there, with GET only
    #[arg(long)]
    live: bool,
    /// With --live: pages of the list that are read at most
    #[arg(long, default_value_t = 600, value_name = "N", requires = "live")]
    pages: u16,
    /// Start the target with this shell command; its environment has VCC_DATA (the folder with the
    /// dataset), VCC_PORT (where to listen on 127.0.0.1), VCC_TENANT, VCC_TOKEN and VCC_TZ
    #[arg(long, value_name = "CMD", conflicts_with = "url")]
    server_cmd: Option<String>,
    /// Load the dataset with this shell command first; its environment has VCC_DATA, VCC_URL,
    /// VCC_TENANT, VCC_TOKEN and VCC_TZ
    #[arg(long, value_name = "CMD", requires = "url")]
    seed_cmd: Option<String>,
    /// Connections at a time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Run everything so often, and say what was not always the same
    #[arg(long, default_value_t = 1, value_name = "K", value_parser = clap::value_parser!(u8).range(1..))]
    repeat: u8,
    /// Save every exchange, without secrets, for `judge`
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
}

/// Where the target is, and who asks.
#[derive(clap::Args)]
pub(super) struct TargetArgs {
    /// The target, such as https://na1.mycontactual.com; without it the reference server runs in
    /// this process
    #[arg(long)]
    pub(super) url: Option<String>,
    /// The tenant at the target; one of the dataset, or the name that its `acme` has there
    #[arg(long, requires = "url")]
    pub(super) tenant: Option<String>,
    /// That tenant's token
    #[arg(long, env = "VCC_TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
    /// That tenant's zone at the target, where it is not that of the dataset
    #[arg(long, value_name = "ZONE", requires = "url")]
    tenant_tz: Option<String>,
    /// Seconds that one request may take
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    timeout: f64,
    /// Seconds that the whole run may take
    #[arg(long, default_value_t = 600.0, value_name = "SECONDS")]
    deadline: f64,
    /// Requests a second at most
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// Requests at most
    #[arg(long, value_name = "N")]
    max_requests: Option<u64>,
    /// Certificates that may sign the target's, in PEM
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Take any certificate
    #[arg(long)]
    insecure: bool,
    /// A header that goes with every request
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
}

/// Which cases, and how strictly.
#[derive(clap::Args)]
pub(super) struct ChoiceArgs {
    /// Only cases whose id, clause, chapter or level fits: `dates/*`, `DATE-2a`, `dates`, `should`
    #[arg(long, value_name = "PATTERN")]
    pub(super) filter: Vec<String>,
    /// From which level on a difference is a failure
    #[arg(long, value_enum, default_value = "must")]
    level: LevelArg,
    /// Failures that are known, a line each: `PATTERN # reason`
    #[arg(long, value_name = "FILE")]
    known_failing: Option<PathBuf>,
}

/// Where reports go, beside the terminal.
#[derive(clap::Args)]
pub(super) struct ReportArgs {
    /// A report in JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// A report in JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A report in Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// A report for people, in one HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// A badge in SVG
    #[arg(long, value_name = "FILE")]
    badge: Option<PathBuf>,
    /// The fingerprint, as a dialect that the reference reads
    #[arg(long, value_name = "FILE")]
    fingerprint: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LevelArg {
    Must,
    Should,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| "expected a number of requests above 0".into())
}

/// The cases that fit any of the patterns; all without one.
pub(super) fn filtered(suite: &Suite, patterns: &[String]) -> Result<Vec<Case>, Failure> {
    let fits = |case: &Case, pattern: &str| {
        let level = suite.spec.level(&case.clauses[0]).to_string();
        case.chapter() == pattern
            || level == pattern
            || case.clauses.iter().any(|clause| {
                clause.strip_prefix(pattern).is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_lowercase())
                })
            })
            || wildcard(pattern, &case.id)
    };
    for pattern in patterns {
        if !suite.cases.iter().any(|case| fits(case, pattern)) {
            let message = format!("--filter {pattern}: no case, clause, chapter or level fits");
            return Err(Failure::usage(message));
        }
    }
    let chosen = suite
        .cases
        .iter()
        .filter(|case| patterns.is_empty() || patterns.iter().any(|pattern| fits(case, pattern)));
    Ok(chosen.cloned().collect())
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<u8, Failure> {
    let suite = Suite::embedded()?;
    let cases = filtered(&suite, &args.choice.filter)?;
    let known = args.choice.known()?;
    let now = clock::now();
    let tenants = embedded(now)?;
    let mut world = World::new(tenants.clone(), now);
    let faults = faults(&cases, &world, &suite);
    // What was started stops when this is dropped.
    let started = Started::of(args, &tenants)?;
    let url = started.url.clone();
    let mut shared = args.target.connect(&url, &mut world)?;
    let strict = args.choice.level == LevelArg::Should;
    let options = Options { jobs: args.jobs.into(), strict, faults, ..Options::default() };
    let writer = match &args.transcript {
        Some(file) => {
            let ids = if args.choice.filter.is_empty() {
                Vec::new()
            } else {
                cases.iter().map(|case| case.id.clone()).collect()
            };
            let head = Head::new(&world, &shared.base(), strict, options.amplified, ids);
            let out = BufWriter::new(create(file)?);
            Some(Arc::new(Writer::new(out, &head, &world)?))
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
        args.target.only_tenant(&mut world);
    }
    let laws = LiveOptions { pages: args.pages.into(), zone_known: args.target.zone_is_known() };
    for _ in 0..args.repeat {
        if args.live {
            let report = live(&cases, &mut world, &suite.spec, &shared, &options, laws, &done);
            reports.push(report);
            continue;
        }
        reports.push(run_cases(&cases, &mut world, &suite.spec, &shared, &options, &done));
    }
    bar.finish_and_clear();
    if let Some(writer) = writer {
        writer.finish()?;
    }
    let mut report = merge(reports).ok_or_else(|| Failure::usage("--repeat: nothing to run"))?;
    apply(&known, &mut report);
    args.reports.write(&report, &world, &suite)?;
    terminal(out, &report, &world, &suite.spec)?;
    Ok(report.exit_code())
}

#[derive(clap::Args)]
pub(super) struct JudgeArgs {
    /// A run saved with --transcript
    file: PathBuf,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    reports: ReportArgs,
}

/// Judges a saved run again.
pub(super) fn judge(args: &JudgeArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let suite = Suite::embedded()?;
    let known = args.choice.known()?;
    let now = clock::now();
    let mut world = World::new(embedded(now)?, now);
    let error = |problem: &dyn std::fmt::Display| {
        Failure::usage(format!("{}: {problem}", args.file.display()))
    };
    let file = File::open(&args.file).map_err(|problem| error(&problem))?;
    let replay =
        Replay::read(BufReader::new(file), &mut world).map_err(|problem| error(&problem))?;
    let mut cases = filtered(&suite, &args.choice.filter)?;
    let Head { cases: ids, edition, .. } = &replay.head;
    cases.retain(|case| ids.is_empty() || ids.contains(&case.id));
    if *edition != EDITION {
        let all = cases.len();
        cases.retain(|case| edition::has(edition, &case.id));
        writeln!(
            out,
            "The run was made with edition {edition}, and this is {EDITION}: cases that both have are \
             judged ({}), and those that came later are not ({}).",
            cases.len(),
            all - cases.len()
        )?;
    }
    let options = Options {
        jobs: 2,
        strict: replay.head.strict || args.choice.level == LevelArg::Should,
        amplified: replay.head.amplified,
        ..Options::default()
    };
    let mut report = run_cases(&cases, &mut world, &suite.spec, &replay, &options, &|_| {});
    apply(&known, &mut report);
    args.reports.write(&report, &world, &suite)?;
    terminal(out, &report, &world, &suite.spec)?;
    Ok(report.exit_code())
}

/// What a run starts, and where the target then is.
struct Started {
    url: String,
    _reference: Option<Reference>,
    _launched: Option<Launched>,
    _data: Option<Exported>,
}

impl Started {
    fn of(args: &Args, tenants: &[Tenant]) -> Result<Self, Failure> {
        let unreachable = |message: String| Failure { code: 3, message };
        let stop = stop();
        let mut started =
            Self { url: String::new(), _reference: None, _launched: None, _data: None };
        if args.server_cmd.is_some() || args.seed_cmd.is_some() {
            started._data = Some(Exported::new(tenants)?);
        }
        let data = started._data.as_ref().map(Exported::folder).unwrap_or(Path::new("."));
        if let Some(line) = &args.server_cmd {
            let wait = Duration::from_secs(30);
            let launched =
                Launched::start(line, data, tenants, wait, &stop).map_err(unreachable)?;
            started.url = launched.url().to_owned();
            started._launched = Some(launched);
        } else if let Some(url) = &args.target.url {
            if let Some(line) = &args.seed_cmd {
                seed(line, data, tenants, url, &stop).map_err(unreachable)?;
            }
            started.url.clone_from(url);
        } else {
            let reference = start(tenants)?;
            started.url = reference.url();
            started._reference = Some(reference);
        }
        Ok(started)
    }
}

pub(super) fn start(tenants: &[Tenant]) -> Result<Reference, Failure> {
    Reference::start(tenants).map_err(|problem| Failure { code: 6, message: problem.to_string() })
}

/// The cases that are wrong themselves, with the reason.
pub(super) fn faults(cases: &[Case], world: &World, suite: &Suite) -> BTreeMap<String, String> {
    let fault = |case: &Case| {
        let problems = vcc_conformance_core::check::case(case, world, &suite.spec);
        Some((case.id.clone(), problems.first()?.to_string()))
    };
    cases.iter().filter_map(fault).collect()
}

impl TargetArgs {
    /// Leaves the one tenant that was named, without the records of the dataset.
    pub(super) fn only_tenant(&self, world: &mut World) {
        let name = self.tenant.as_deref().unwrap_or(Request::TENANT);
        world.tenants.retain(|access| access.user == name);
        for access in &mut world.tenants {
            access.tenant.name = Request::TENANT.into();
            access.tenant.records.clear();
        }
    }

    /// Whether the zone of the tenant is that of the target.
    fn zone_is_known(&self) -> bool {
        self.url.is_none() || self.tenant_tz.is_some()
    }

    pub(super) fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// The way to the target; `world` becomes what is there.
    pub(super) fn connect(&self, url: &str, world: &mut World) -> Result<Shared, Failure> {
        for header in &self.header {
            let (name, value) = header.split_once(':').ok_or_else(|| {
                Failure::usage(format!("--header {header}: expected NAME: VALUE"))
            })?;
            world.headers.push((name.trim().into(), value.trim().into()));
        }
        if self.url.is_some() {
            self.rename(world)?;
        }
        let tls = TlsOptions { cacert: self.cacert.clone(), insecure: self.insecure };
        let endpoint = endpoint(url, &tls, world)?;
        let seconds = |name: &str, seconds: f64| {
            Duration::try_from_secs_f64(seconds)
                .map_err(|_| Failure::usage(format!("{name}: expected seconds, found {seconds}")))
        };
        let limits = Limits { deadline: seconds("--timeout", self.timeout)?, ..Limits::default() };
        let until = clock::after(Instant::now(), seconds("--deadline", self.deadline)?);
        let mut shared = Shared::new(endpoint, limits, stop(), until);
        shared.rate = self.rate;
        shared.max_requests = self.max_requests;
        Ok(shared)
    }

    /// Gives the tenant of the dataset that the target knows by another name or token what the
    /// target has.
    fn rename(&self, world: &mut World) -> Result<(), Failure> {
        let name = self.tenant.as_deref().unwrap_or(Request::TENANT);
        let at = world.find(name).or_else(|| world.find(Request::TENANT));
        let Some(access) = at.and_then(|at| world.tenants.get_mut(at)) else {
            return Err(Failure::usage("the dataset has no tenant"));
        };
        access.user = name.to_owned();
        if let Some(token) = &self.token {
            access.token.clone_from(token);
        }
        if let Some(tz) = &self.tenant_tz {
            let zone = vcc_conformance_core::zone::named(tz)
                .map_err(|_| Failure::usage(format!("--tenant-tz {tz}: no such zone")))?;
            access.tenant.tz.clone_from(tz);
            access.tenant.zone = zone;
            let now = world.now;
            for access in &mut world.tenants {
                access.tenant.stamp(now);
            }
        }
        Ok(())
    }
}

fn endpoint(url: &str, tls: &TlsOptions, world: &mut World) -> Result<Endpoint, Failure> {
    let endpoint = Endpoint::parse(url, tls)
        .map_err(|problem| Failure { code: 3, message: problem.to_string() })?;
    (world.https, world.authority, world.prefix) =
        (endpoint.https, endpoint.authority(), endpoint.prefix.clone());
    Ok(endpoint)
}

/// The way to a target with the usual limits.
pub(super) fn shared(url: &str, tls: &TlsOptions, world: &mut World) -> Result<Shared, Failure> {
    let endpoint = endpoint(url, tls, world)?;
    let until = Instant::now() + Duration::from_secs(600);
    Ok(Shared::new(endpoint, Limits::default(), stop(), until))
}

impl ChoiceArgs {
    fn known(&self) -> Result<Vec<KnownFailure>, Failure> {
        let Some(file) = &self.known_failing else { return Ok(Vec::new()) };
        let error = |problem: &dyn std::fmt::Display| {
            Failure::usage(format!("{}: {problem}", file.display()))
        };
        let text = std::fs::read_to_string(file).map_err(|problem| error(&problem))?;
        known_failures(&text).map_err(|problem| error(&problem))
    }
}

impl ReportArgs {
    /// Writes the reports that were asked for.
    pub(super) fn write(
        &self,
        report: &Report,
        world: &World,
        suite: &Suite,
    ) -> Result<(), Failure> {
        let write = |file: &Option<PathBuf>, text: &dyn Fn() -> Result<String, Failure>| match file
        {
            Some(file) => {
                let text = text()?;
                create(file)?.write_all(text.as_bytes()).map_err(Failure::from)
            }
            None => Ok(()),
        };
        write(&self.junit, &|| junit(report, world, &suite.spec).map_err(Failure::usage))?;
        write(&self.json, &|| {
            let value = json(report, world, &suite.spec);
            serde_json::to_string_pretty(&value).map(|text| text + "\n").map_err(Failure::usage)
        })?;
        write(&self.markdown, &|| Ok(markdown(report, world, &suite.spec)))?;
        write(&self.html, &|| Ok(html(report, world, &suite.spec)))?;
        write(&self.badge, &|| Ok(badge(report)))?;
        write(&self.fingerprint, &|| {
            Ok(vcc_conformance_core::report::Fingerprint::of(report).dialect().to_string())
        })
    }
}

fn create(file: &Path) -> Result<File, Failure> {
    File::create(file).map_err(|problem| Failure::usage(format!("{}: {problem}", file.display())))
}

/// A bar on a terminal, nothing in a pipe.
pub(super) fn progress(length: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let bar = ProgressBar::new(length as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar
}
