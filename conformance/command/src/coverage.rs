use std::io::Write;

use super::error::CommandError;
use super::suite::Suite;
use vcc_conformance_core::spec::{Level, sentences};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Each sentence of the documentation with its clauses, too
    #[arg(long)]
    sentences: bool,
}

/// Lists each clause with its cases, or the reason why it has none.
pub(super) fn coverage(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let suite = Suite::embedded()?;
    let mut bare = 0;
    for clause in &suite.spec.clauses {
        let of_clause =
            |case: &&vcc_conformance_core::fixture::Case| case.clauses.contains(&clause.id);
        let cases: Vec<_> = suite.cases.iter().filter(of_clause).collect();
        let own = cases.iter().filter(|case| case.clauses[0] == clause.id).count();
        let what = if !cases.is_empty() {
            let first: Vec<_> = cases.iter().take(3).map(|case| case.id.as_str()).collect();
            let more = if cases.len() > 3 { ", …" } else { "" };
            format!(
                "{} of its own, {} in all: {}{more}",
                vcc_conformance_core::words::counted(own, "case"),
                cases.len(),
                first.join(", ")
            )
        } else if clause.tested.starts_with("http") {
            bare += 1;
            "NO CASE".into()
        } else {
            clause.tested.clone()
        };
        writeln!(out, "{:<10} {:<12} {what}", clause.id, clause.level)?;
    }
    if args.sentences {
        writeln!(out)?;
        for (sentence, clauses) in sentences() {
            writeln!(out, "{sentence}\n    {clauses}")?;
        }
    }
    let graded = |level| {
        let levels = suite.cases.iter().map(|case| suite.spec.level(&case.clauses[0]));
        levels.filter(|other| *other == level).count()
    };
    writeln!(
        out,
        "\n{} clauses, {} cases: {} must, {} should, {} probes, {} observations; {bare} clauses without a case",
        suite.spec.clauses.len(),
        suite.cases.len(),
        graded(Level::Must),
        graded(Level::Should),
        graded(Level::Probe),
        graded(Level::Observation),
    )?;
    Ok(if bare > 0 { 2 } else { 0 })
}
