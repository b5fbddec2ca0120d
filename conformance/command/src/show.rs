use std::io::Write;

use super::demands::demands;
use super::error::CommandError;
use super::suite::Suite;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::embedded;
use vcc_conformance_core::fixture::{Case, Expect};
use vcc_conformance_core::mock::Scenario;
use vcc_conformance_core::report::curl;
use vcc_conformance_core::run::plan;
use vcc_conformance_core::setup::Setup;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The id of a case, or of a clause, or the name of a scenario of mock
    what: String,
}

pub(super) fn show(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let suite = Suite::embedded()?;
    if let Some(case) = suite.cases.iter().find(|case| case.id == args.what) {
        one(case, &suite, out)?;
        return Ok(0);
    }
    if let Some(scenario) = Scenario::named(&args.what) {
        let (served, why) = scenario.words();
        writeln!(out, "{}: a scenario of mock", args.what)?;
        writeln!(out, "  served: {served}")?;
        writeln!(out, "  expected: {}", super::mock::expected(scenario))?;
        writeln!(out, "  why: {why}")?;
        for (name, value) in scenario.filters() {
            writeln!(out, "  ask with {name}={value}")?;
        }
        return Ok(0);
    }
    let belongs = |id: &str| {
        id.strip_prefix(args.what.as_str()).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_lowercase())
        })
    };
    let clauses: Vec<_> = suite.spec.clauses.iter().filter(|clause| belongs(&clause.id)).collect();
    if clauses.is_empty() {
        return Err(CommandError::usage(format!(
            "{:?} is neither a case, nor a clause, nor a scenario of mock",
            args.what
        )));
    }
    for clause in clauses {
        writeln!(out, "{} ({}): {}", clause.id, clause.level, clause.sentence)?;
        writeln!(out, "  documentation: {}", clause.documentation)?;
        writeln!(out, "  tested: {}", clause.tested)?;
        for case in suite.cases.iter().filter(|case| case.clauses.contains(&clause.id)) {
            writeln!(out, "  {:<44} {}", case.id, case.title)?;
        }
    }
    Ok(0)
}

fn one(case: &Case, suite: &Suite, out: &mut dyn Write) -> Result<(), CommandError> {
    writeln!(out, "{}: {}", case.id, case.title)?;
    for id in &case.clauses {
        if let Some(clause) = suite.spec.find(id) {
            writeln!(out, "  {} ({}): {}", clause.id, clause.level, clause.sentence)?;
        }
    }
    for (name, text) in [("note", &case.note), ("quote", &case.quote), ("catches", &case.catches)] {
        if let Some(text) = text {
            writeln!(out, "  {name}: {text}")?;
        }
    }
    for tag in &case.tags {
        let means = match tag.as_str() {
            "zone-data" => "needs recent rules of time zones: a failure is a warning",
            "today" => "needs the recordings that are relative to today",
            "long" => "left out of selftest",
            other => other,
        };
        writeln!(out, "  {tag}: {means}")?;
    }
    writeln!(out, "  file: {}", case.file)?;
    let now = clock::now();
    let setup = Setup::new(embedded(now)?, now);
    for (index, variant) in
        plan(case, &setup, true).map_err(CommandError::usage)?.iter().enumerate()
    {
        if index == 1 {
            writeln!(out, "  the same is expected of these:")?;
        }
        if !variant.name.is_empty() {
            writeln!(out, "  {}:", variant.name)?;
        }
        for (number, step) in variant.steps.iter().enumerate() {
            if variant.steps.len() > 1 {
                writeln!(out, "  step {}:", number + 1)?;
            }
            writeln!(out, "    {}", curl::line(step, &setup))?;
            let expect = match case.step.get(number) {
                Some(step) => step.expect.as_ref(),
                None => case.expect.as_ref(),
            };
            // A variant has the expectation of its case.
            if let Some(expect) = expect.filter(|_| index == 0) {
                expected(out, "expected", expect)?;
            }
        }
    }
    if case.walk {
        writeln!(
            out,
            "  asked for n = 1, 51, 101 … until a page is empty; expected of all pages together"
        )?;
    }
    for or in &case.or {
        let switches: Vec<_> =
            or.switches.iter().map(|(switch, value)| format!("{switch} = {value}")).collect();
        let when = match switches.is_empty() {
            true => String::new(),
            false => format!(" ({})", switches.join(", ")),
        };
        expected(out, &format!("or as well{when}"), &or.expect)?;
    }
    if let Some(switch) = &case.switch {
        writeln!(out, "  observes the switch {switch}, and is not graded:")?;
        for reading in &case.reading {
            expected(out, &format!("{} where it is", reading.value), &reading.expect)?;
        }
    }
    Ok(())
}

/// What must come back, a line for each demand.
fn expected(out: &mut dyn Write, word: &str, expect: &Expect) -> std::io::Result<()> {
    for line in demands(expect) {
        writeln!(out, "    {word}: {line}")?;
    }
    Ok(())
}
