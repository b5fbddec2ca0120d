use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;

use super::choice::{ChoiceArgs, filtered};
use super::error::CommandError;
use super::reports::ReportArgs;
use super::suite::Suite;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::embedded;
use vcc_conformance_core::edition::{self, EDITION};
use vcc_conformance_core::report::terminal;
use vcc_conformance_core::run::{Options, apply, run as run_cases};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::transcript::{FirstLine, Replay};

#[derive(clap::Args)]
pub(super) struct Args {
    /// A run saved with --transcript
    file: PathBuf,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    reports: ReportArgs,
}

/// Judges a saved run again.
pub(super) fn judge(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let suite = Suite::embedded()?;
    let known = args.choice.known()?;
    let now = clock::now();
    let mut setup = Setup::new(embedded(now)?, now);
    let error = |problem: &dyn std::fmt::Display| {
        CommandError::usage(format!("{}: {problem}", args.file.display()))
    };
    let file = File::open(&args.file).map_err(|problem| error(&problem))?;
    let replay =
        Replay::read(BufReader::new(file), &mut setup).map_err(|problem| error(&problem))?;
    let mut cases = filtered(&suite, &args.choice.filter)?;
    let FirstLine { cases: ids, edition, .. } = &replay.head;
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
        strict: replay.head.strict || args.choice.is_strict(),
        amplified: replay.head.amplified,
        ..Options::default()
    };
    let mut report = run_cases(&cases, &mut setup, &suite.spec, &replay, &options, &|_| {});
    apply(&known, &mut report);
    args.reports.write(&report, &setup, &suite)?;
    terminal(out, &report, &setup, &suite.spec)?;
    Ok(report.exit_code())
}
