use std::io::Write;

use super::choice::{ChoiceArgs, broken, filtered};
use super::error::CommandError;
use super::suite::Suite;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::embedded;
use vcc_conformance_core::http::TlsOptions;
use vcc_conformance_core::report::Fingerprint;
use vcc_conformance_core::run::{Conclusion, Options, Outcome, Report, run};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::words::counted;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The first server; both hold the dataset
    url_a: String,
    /// The second server
    url_b: String,
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Take any certificate
    #[arg(long)]
    insecure: bool,
}

/// Compares two servers: the cases that they do not pass alike, by clause, and their fingerprints.
pub(super) fn diff(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let suite = Suite::embedded()?;
    let cases = filtered(&suite, &args.choice.filter)?;
    let mut reports: Vec<Report> = Vec::new();
    for url in [&args.url_a, &args.url_b] {
        let now = clock::now();
        let mut setup = Setup::new(embedded(now)?, now);
        let options = Options { broken: broken(&cases, &setup, &suite), ..Options::default() };
        let tls = TlsOptions { cacert: None, insecure: args.insecure };
        let shared = super::target::plain(url, &tls, &mut setup)?;
        let report = run(&cases, &mut setup, &suite.spec, &shared, &options, &|_| {});
        if let Some(reason) = &report.handshake.precondition {
            return Err(CommandError { code: 3, message: format!("{url}: {reason}") });
        }
        reports.push(report);
    }
    let [a, b] = &reports[..] else { return Err(CommandError::usage("expected two servers")) };
    let mut differences = 0;
    let mut last = "";
    let mut pairs: Vec<(&Outcome, &Outcome)> =
        a.outcomes.iter().zip(&b.outcomes).filter(|(a, b)| a.verdict != b.verdict).collect();
    pairs.sort_by_key(|(a, _)| &a.clauses[0]);
    for (one, other) in pairs {
        if one.clauses[0] != last {
            last = &one.clauses[0];
            let sentence = suite.spec.sentence(last);
            writeln!(out, "{last}: {sentence}")?;
        }
        differences += 1;
        writeln!(out, "  {:<44} A {:<14} B {}", one.id, one.verdict, other.verdict)?;
        for (name, outcome) in [("A", one), ("B", other)] {
            if let Some(problem) = outcome.problems.first() {
                writeln!(out, "    {name}: {}", problem.finding.text)?;
            }
        }
    }
    let (left, right) = (Fingerprint::of(a), Fingerprint::of(b));
    for (one, other) in left.points.iter().zip(&right.points) {
        if one.values != other.values || one.other != other.other {
            differences += 1;
            let text = |point: &vcc_conformance_core::report::Point| {
                [&point.values[..], &point.other[..]].concat().join(" / ")
            };
            writeln!(out, "{:<10} {}: A {}, B {}", one.clause, one.switch, text(one), text(other))?;
        }
    }
    let judged = |outcome: &Outcome| outcome.verdict.is_judged();
    let both = a.outcomes.iter().zip(&b.outcomes).filter(|(a, b)| judged(a) && judged(b)).count();
    writeln!(
        out,
        "{} between A {} and B {}, with {both} of {} that both were judged on",
        counted(differences, "difference"),
        a.target,
        b.target,
        counted(suite.cases.len(), "case"),
    )?;
    for (name, report) in [("A", a), ("B", b)] {
        if report.ends_in() == Conclusion::NotDecided {
            writeln!(out, "{name}: {}", report.sentence())?;
        }
    }
    let open = [a, b].iter().any(|report| report.ends_in() == Conclusion::NotDecided);
    Ok(match differences {
        // Two servers that gave no answer cannot be compared.
        0 if open => 3,
        differences => u8::from(differences > 0),
    })
}
