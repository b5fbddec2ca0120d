//! How much of each chapter a live run could exercise, and which data would exercise more.

use std::collections::{BTreeMap, BTreeSet};

use vcc_types::{CallType, Field};

use crate::fixture::Case;
use crate::run::{Chapter, Outcome, Verdict};
use crate::spec::Spec;

/// The chapters of the cases, in their order, each with how much of it a live run could exercise.
pub(super) fn chapters(cases: &[Case], outcomes: &[Outcome], spec: &Spec) -> Vec<Chapter> {
    let mut clauses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    for case in cases {
        let own = case.clauses[0].as_str();
        if spec.level(own).is_graded() {
            clauses.entry(case.chapter()).or_default().insert(own);
            if !names.contains(&case.chapter()) {
                names.push(case.chapter());
            }
        }
    }
    let judged = |outcome: &&Outcome| outcome.verdict.is_judged();
    let of = |outcomes: Vec<&Outcome>| -> BTreeSet<String> {
        outcomes.into_iter().flat_map(|outcome| outcome.clauses.clone()).collect()
    };
    let exercised = of(outcomes.iter().filter(judged).collect());
    let idle: Vec<&Outcome> =
        outcomes.iter().filter(|outcome| outcome.verdict == Verdict::NotExercised).collect();
    let covered = of(idle.clone());
    names
        .into_iter()
        .map(|name| {
            let of_chapter = &clauses[name];
            let has = |set: &BTreeSet<String>, clause: &str| set.contains(clause);
            let open = of_chapter.iter().filter(|clause| !has(&exercised, clause));
            let mut wants: Vec<String> = Vec::new();
            for outcome in &idle {
                let here = outcome.clauses.iter().any(|one| of_chapter.contains(one.as_str()));
                let want = want(outcome);
                if here && !wants.contains(&want) {
                    wants.push(want);
                }
            }
            Chapter {
                name: name.to_owned(),
                clauses: of_chapter.len(),
                exercised: of_chapter.iter().filter(|clause| has(&exercised, clause)).count(),
                wants,
                dataset_only: open.filter(|clause| !has(&covered, clause)).count(),
            }
        })
        .collect()
}

/// The data that a law needs and did not find.
fn want(outcome: &Outcome) -> String {
    let id = outcome.id.strip_prefix("live/").unwrap_or(&outcome.id);
    let of_field = ["filter-", "whole-", "exact-", "text-"].iter().find_map(|law| {
        let name = id.strip_prefix(law)?;
        Field::ALL.into_iter().find(|field| field.wire_name().eq_ignore_ascii_case(name))
    });
    if let Some(field) = of_field {
        return format!("a recording with a value of {field}");
    }
    match id {
        "overlap" | "fifty" | "full-pages" => "more than 50 recordings".into(),
        "end" => "a list that is read to its end (--pages)".into(),
        "call-outbound" => format!("a call of channel {}", CallType::OUTBOUND_CHANNEL),
        "call-direct" => format!("a call of channel {}", CallType::DIRECT_AGENT_ACCESS_CHANNEL),
        "constants" => "a recording of the last 30 days".into(),
        "range" | "spellings" | "offsets" | "local-times" | "iso-8601" => {
            "recordings that start in two different seconds".into()
        }
        "file-names" => "a recording whose filename has the documented form".into(),
        "and" => "a recording with values of two fields".into(),
        "both" => "a recording that starts and ends on a whole second".into(),
        id if id.starts_with("near-finish") => "a recording with a duration in seconds".into(),
        id if id.starts_with("near-start") => "a recording that starts on a whole second".into(),
        _ => "a recording".into(),
    }
}
