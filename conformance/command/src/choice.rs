use std::collections::BTreeMap;

use super::error::CommandError;
use super::suite::Suite;
use vcc_conformance_core::check;
use vcc_conformance_core::fixture::Case;
use vcc_conformance_core::run::wildcard;
use vcc_conformance_core::setup::Setup;

/// Which cases, and how strictly.
#[derive(clap::Args)]
pub(super) struct ChoiceArgs {
    /// Only cases whose id, clause, chapter or level fits: `dates/*`, `DATE-2a`, `dates`, `should`
    #[arg(long, value_name = "PATTERN")]
    pub(super) filter: Vec<String>,
    /// From which level on a difference is a failure
    #[arg(long, value_enum, default_value = "must")]
    level: LevelArg,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LevelArg {
    Must,
    Should,
}

impl ChoiceArgs {
    /// Whether breaking a should is a failure.
    pub(super) fn is_strict(&self) -> bool {
        self.level == LevelArg::Should
    }

    /// What was asked for, as a verdict says it: empty for all cases.
    pub(super) fn asked(&self, cases: &[Case], suite: &Suite) -> Vec<String> {
        if cases.len() == suite.cases.len() {
            return Vec::new();
        }
        self.filter.iter().map(|pattern| format!("--filter {pattern}")).collect()
    }
}

/// The cases that match any of the patterns; all of them if there is no pattern.
pub(super) fn filtered(suite: &Suite, patterns: &[String]) -> Result<Vec<Case>, CommandError> {
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
            return Err(CommandError::usage(message));
        }
    }
    let chosen = suite
        .cases
        .iter()
        .filter(|case| patterns.is_empty() || patterns.iter().any(|pattern| fits(case, pattern)));
    Ok(chosen.cloned().collect())
}

/// Faulty cases, with the reason.
pub(super) fn broken(cases: &[Case], setup: &Setup, suite: &Suite) -> BTreeMap<String, String> {
    let fault = |case: &Case| {
        let problems = check::case(case, setup, &suite.spec);
        Some((case.id.clone(), problems.first()?.to_string()))
    };
    cases.iter().filter_map(fault).collect()
}
