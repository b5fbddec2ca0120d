use std::io::Write;
use std::path::PathBuf;

use super::error::CommandError;
use super::suite::Suite;
use super::target::TargetArgs;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::{ExportFormat, embedded, export};
use vcc_conformance_core::fixture::Request;
use vcc_conformance_core::judge::list::{self, Format, Record};
use vcc_conformance_core::live::{LiveOptions, live};
use vcc_conformance_core::pseudonyms::pseudonymous;
use vcc_conformance_core::run::{Key, Options, Target, Verdict, build};
use vcc_conformance_core::setup::Setup;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// The folder for the dataset; it is made if it does not exist
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Weeks that are added to every date
    #[arg(long, default_value_t = -52, allow_hyphen_values = true)]
    weeks: i64,
    /// Pages of the list that are read at most
    #[arg(long, default_value_t = 200, value_name = "N")]
    pages: usize,
}

/// Makes a dataset with pseudonyms of what a server lists, and checks that the laws hold on it.
pub(super) fn record(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let url = args.target.url.clone().ok_or_else(|| CommandError::usage("--url: missing"))?;
    let suite = Suite::embedded()?;
    let now = clock::now();
    let mut setup = Setup::new(embedded(now)?, now);
    let shared = args.target.connect(&url, &mut setup, args.target.until()?)?;
    args.target.only_tenant(&mut setup);
    let mut seen: Vec<Record> = Vec::new();
    let mut transport = shared.worker();
    for index in 0..args.pages {
        let query = Some(format!("n={}", seen.len() + 1));
        let planned =
            build(&Request { query, ..Request::default() }, &setup).map_err(CommandError::usage)?;
        let exchange = transport.exchange(Key { case: "record", variant: "", index }, &planned);
        let unreachable =
            |message: String| CommandError { code: 3, message: format!("{url}: {message}") };
        let response = exchange.answer.map_err(|trouble| unreachable(trouble.to_string()))?;
        if response.status != 200 {
            return Err(unreachable(format!("status {}", response.status)));
        }
        let list = list::read(Format::Xml, &response)
            .map_err(|problem| unreachable(problem.to_string()))?;
        if list.records.is_empty() {
            break;
        }
        seen.extend(list.records);
    }
    drop(transport);
    let data = &setup.tenants[0].tenant;
    // A token of the dataset's own: the target's is not written anywhere.
    let token = "0000000000000000000000000000feed";
    let tenant =
        pseudonymous(&seen, Request::TENANT, token, &data.tz, data.zone.clone(), args.weeks);
    export(std::slice::from_ref(&tenant), ExportFormat::Csv, &args.dir)?;
    let reference = super::started::reference(std::slice::from_ref(&tenant))?;
    let count = tenant.records.len();
    let mut own = Setup::new(vec![tenant], now);
    own.tenants[0].tenant.records.clear();
    let shared = super::target::plain(
        &reference.url(),
        &vcc_conformance_core::http::TlsOptions::default(),
        &mut own,
    )?;
    let options = LiveOptions { zone_known: true, ..LiveOptions::default() };
    let report = live(&[], &mut own, &suite.spec, &shared, &Options::default(), options, &|_| {});
    let broken: Vec<_> = report
        .outcomes
        .iter()
        .filter(|outcome| outcome.verdict == Verdict::Fail)
        .map(|outcome| outcome.id.as_str())
        .collect();
    writeln!(
        out,
        "{}: {count} of {} with pseudonyms, dates moved by {}",
        args.dir.display(),
        vcc_conformance_core::words::counted(seen.len(), "record"),
        vcc_conformance_core::words::counted(args.weeks, "week")
    )?;
    if broken.is_empty() {
        writeln!(out, "{} laws hold on it", report.count(Verdict::Pass))?;
        return Ok(0);
    }
    writeln!(out, "laws that do not hold on it: {}", broken.join(", "))?;
    Ok(1)
}
