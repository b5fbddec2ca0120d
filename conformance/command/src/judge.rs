use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;

use super::baseline::{BaselineArgs, compare};
use super::choice::{ChoiceArgs, filtered};
use super::detail::DetailArgs;
use super::error::CommandError;
use super::known::KnownArgs;
use super::reports::ReportArgs;
use super::suite::Suite;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::embedded;
use vcc_conformance_core::edition::{self, EDITION};
use vcc_conformance_core::report::terminal_with;
use vcc_conformance_core::run::{Options, run as run_cases};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::transcript::{FirstLine, Replay};
use vcc_conformance_core::words::counted;

#[derive(clap::Args)]
pub(super) struct Args {
    /// A run saved with --transcript
    file: PathBuf,
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
}

/// Judges a saved run again.
pub(super) fn judge(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let suite = Suite::embedded()?;
    let known = args.known.read()?;
    let now = clock::now();
    let mut setup = Setup::new(embedded(now)?, now);
    let error = |problem: &dyn std::fmt::Display| {
        CommandError::usage(format!("{}: {problem}", args.file.display()))
    };
    let file = File::open(&args.file).map_err(|problem| error(&problem))?;
    let replay =
        Replay::read(BufReader::new(file), &mut setup).map_err(|problem| error(&problem))?;
    if replay.is_live() {
        return Err(error(&"a run with --live, which can only be judged as it is made"));
    }
    let mut cases = filtered(&suite, &args.choice.filter)?;
    let mut asked = args.choice.asked(&cases, &suite);
    let FirstLine { cases: ids, edition, .. } = &replay.head;
    if !ids.is_empty() {
        cases.retain(|case| ids.contains(&case.id));
        asked.push(format!("the run was asked for {}", counted(ids.len(), "case")));
    }
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
        asked.push(format!("edition {edition}"));
    }
    let strict = replay.head.strict || args.choice.is_strict();
    let baseline = args.baseline.read(strict)?;
    let options =
        Options { jobs: 2, strict, amplified: replay.head.amplified, ..Options::default() };
    let mut report = run_cases(&cases, &mut setup, &suite.spec, &replay, &options, &|_| {});
    report.scope.all = suite.cases.len();
    report.scope.asked = asked;
    known.apply(&mut report, &suite, out)?;
    args.reports.write(&report, &setup, &suite)?;
    terminal_with(out, &report, &setup, &suite.spec, args.detail.detail())?;
    compare(baseline.as_ref(), &report, out)
}
