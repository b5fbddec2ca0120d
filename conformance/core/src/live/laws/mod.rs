//! The laws, by subject.

mod calls;
mod days;
mod fields;
mod formats;
mod near;
mod paging;
mod probes;
mod ranges;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use vcc_types::Field;

use super::lab::{Lab, ListedRecording, gone};
use crate::PAGE;
use crate::dataset::first_instant;
use crate::judge::Finding;
use crate::judge::list::Record;
use crate::run::{Outcome, Verdict};

/// How many records the laws of dates use.
const SAMPLES: usize = 6;

/// Pages of the list as they were sent, each with its `n`.
type Pages = BTreeMap<usize, Vec<Record>>;

/// Tries every law.
pub(super) fn all(lab: &mut Lab<'_>) -> Vec<Outcome> {
    let Some(pages) = scan(lab) else { return std::mem::take(&mut lab.outcomes) };
    paging::paging(lab, &pages);
    formats::formats(lab, &pages);
    drop(pages);
    for field in Field::ALL.into_iter().skip(1) {
        fields::fields(lab, field);
    }
    fields::together(lab);
    fields::patterns(lab);
    ranges::ranges(lab);
    days::days(lab);
    days::constants(lab);
    near::near(lab);
    near::both(lab);
    calls::kinds(lab);
    calls::names(lab);
    probes::probes(lab);
    still(lab);
    std::mem::take(&mut lab.outcomes)
}

/// Reads the whole list, page by page, and keeps three pages as they came.
fn scan(lab: &mut Lab<'_>) -> Option<Pages> {
    let mut law =
        lab.law("scan", "PAGE-5a", "Walking n = 1, 51, 101 … yields every record exactly once");
    let mut kept = Pages::new();
    let mut keys = BTreeSet::new();
    for index in 0..lab.options.pages {
        if lab.over().is_some() {
            break;
        }
        let n = index * PAGE + 1;
        let (exchange, page) = lab.page("", Some(&format!("n={n}")));
        if index == 0
            && let Some(trouble) = gone(&exchange)
        {
            lab.unreachable = Some(trouble);
            return None;
        }
        law.tried += 1;
        let page = match page {
            Ok(page) => page,
            Err(finding) => {
                law.problem(lab.spec, finding, exchange);
                break;
            }
        };
        if page.is_empty() {
            break;
        }
        let mut twice = 0;
        for seen in &page {
            let Some(rec) = ListedRecording::of(seen) else {
                let text = format!("startDate: {:?}", seen.text(Field::StartDate));
                law.problem(lab.spec, Finding::of("OUT-3a", text), exchange.clone());
                continue;
            };
            // Some stores hold a record twice, but not a whole page of them.
            twice += usize::from(!keys.insert(rec.key));
            lab.records.push(rec);
        }
        if twice * 2 > page.len() || twice > 0 && page.len() < 3 && index > 0 {
            let text = format!(
                "n={n}: {twice} of {} came before",
                crate::words::counted(page.len(), "record")
            );
            law.problem(lab.spec, Finding::new(text), exchange);
            break;
        }
        if index < 2 {
            kept.insert(n, page);
        } else {
            kept.retain(|at, _| *at < 2 * PAGE + 1);
            kept.insert(n, page);
        }
    }
    law.evidence = lab.records.len();
    lab.end(law);
    Some(kept)
}

fn keys(page: &[Record]) -> Vec<Option<u64>> {
    page.iter().map(|seen| ListedRecording::of(seen).map(|rec| rec.key)).collect()
}

/// Some records, spread over the list.
fn samples(lab: &Lab<'_>, count: usize) -> Vec<usize> {
    let step = lab.records.len().div_ceil(count).max(1);
    (0..lab.records.len()).step_by(step).collect()
}

fn utc(at: Timestamp) -> String {
    jiff::tz::Offset::UTC.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn whole_second(at: Timestamp) -> bool {
    at.subsec_nanosecond() == 0
}

/// The instants of a local day.
fn day(date: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let next = date.checked_add(Span::new().days(1)).ok()?;
    let at = |date: Date| first_instant(date.to_datetime(jiff::civil::Time::midnight()), zone).ok();
    Some((at(date)?, at(next)?))
}

/// Reads the first page once more. If it differs from the beginning, the data changed, and differences
/// prove nothing.
fn still(lab: &mut Lab<'_>) {
    let (_, page) = lab.page("", Some("n=1"));
    let Ok(page) = page else { return };
    let before: BTreeSet<u64> = lab.records.iter().map(|rec| rec.key).collect();
    let strangers = page
        .iter()
        .filter_map(ListedRecording::of)
        .filter(|rec| !before.contains(&rec.key))
        .count();
    if strangers == 0 {
        return;
    }
    for outcome in &mut lab.outcomes {
        if matches!(outcome.verdict, Verdict::Fail | Verdict::Warn) {
            outcome.verdict = Verdict::Inconclusive;
            outcome.reason = Some(format!(
                "the data moved: {} on the first page",
                crate::words::counted(strangers, "new record")
            ));
        }
    }
}
