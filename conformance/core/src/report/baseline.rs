//! What changed since an earlier run, by its report in JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::fingerprint::Fingerprint;
use super::json::JSON_VERSION;
use crate::run::{Outcome, Report, Verdict};
use crate::words::counted;

/// An earlier run.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    edition: String,
    target: String,
    started: String,
    level: String,
    fingerprint: Points,
    cases: Vec<Case>,
}

#[derive(Clone, Debug, Deserialize)]
struct Points {
    points: Vec<Point>,
}

#[derive(Clone, Debug, Deserialize)]
struct Point {
    switch: String,
    value: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Case {
    id: String,
    verdict: String,
    evidence: Option<usize>,
}

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// When the earlier run was made, and its target if that was another one.
    pub since: String,
    /// Cases that fail or warn and did not.
    pub worse: Vec<String>,
    /// Cases that passed or warned and are no longer judged.
    pub open: Vec<String>,
    /// Cases that no longer fail or warn.
    pub better: Vec<String>,
    /// Switches that are read in another way.
    pub readings: Vec<String>,
    /// Laws that have less than half of the evidence.
    pub evidence: Vec<String>,
}

/// How bad a verdict is; `None` where nothing was judged.
fn rank(verdict: Verdict) -> Option<u8> {
    match verdict {
        Verdict::Pass => Some(0),
        Verdict::Warn => Some(1),
        Verdict::Fail => Some(2),
        _ => None,
    }
}

impl Baseline {
    /// Reads the report of an earlier run.
    ///
    /// # Errors
    ///
    /// The text is not such a report, or has another version.
    pub fn read(text: &str) -> Result<Self, String> {
        let value: serde_json::Value = serde_json::from_str(text)
            .map_err(|problem| format!("expected a report that --json wrote: {problem}"))?;
        let expected = format!("expected a report that --json wrote, of version {JSON_VERSION}");
        match value["report"].as_u64() {
            Some(version) if version == u64::from(JSON_VERSION) => {}
            Some(version) => return Err(format!("{expected}; found version {version}")),
            None => return Err(expected),
        }
        serde_json::from_value(value).map_err(|problem| format!("{expected}: {problem}"))
    }

    /// The level that the earlier run was judged at.
    #[must_use]
    pub fn level(&self) -> &str {
        &self.level
    }

    /// What changed from this run to a later one. A failing case that the earlier run does not have
    /// counts as worse.
    #[must_use]
    pub fn changes(&self, report: &Report) -> Changes {
        let before: BTreeMap<&str, &Case> =
            self.cases.iter().map(|case| (case.id.as_str(), case)).collect();
        let mut changes = Changes { since: self.since(report), ..Changes::default() };
        for outcome in &report.outcomes {
            match before.get(outcome.id.as_str()) {
                Some(was) => changes.compare(was, outcome),
                None if matches!(outcome.verdict, Verdict::Fail | Verdict::Warn) => {
                    let text = format!("{}: {}, and did not run", outcome.id, outcome.verdict);
                    changes.worse.push(text);
                }
                None => {}
            }
        }
        let ran: BTreeSet<&str> =
            report.outcomes.iter().map(|outcome| outcome.id.as_str()).collect();
        let judged = |case: &&Case| Verdict::named(&case.verdict).and_then(rank).is_some();
        let gone = self.cases.iter().filter(judged).filter(|case| !ran.contains(&*case.id));
        changes
            .open
            .extend(gone.map(|case| format!("{}: was {}, did not run", case.id, case.verdict)));
        let now = Fingerprint::of(report);
        for point in &now.points {
            let was = self.fingerprint.points.iter().find(|was| was.switch == point.switch);
            let (was, is) = (was.and_then(|was| was.value.as_deref()), point.value());
            let word =
                |value: Option<&str>| value.map_or("not told".into(), |value| format!("{value:?}"));
            if was != is {
                changes.readings.push(format!(
                    "{}: was {}, is {}",
                    point.switch,
                    word(was),
                    word(is)
                ));
            }
        }
        changes
    }

    fn since(&self, report: &Report) -> String {
        let mut words = vec![self.started.clone()];
        if self.target != report.target {
            words.push(format!("against {}", self.target));
        }
        if self.edition != crate::edition::EDITION {
            words.push(format!("with edition {}", self.edition));
        }
        words.join(", ")
    }
}

impl Changes {
    fn compare(&mut self, was: &Case, outcome: &Outcome) {
        let Outcome { id, verdict, .. } = outcome;
        let before = Verdict::named(&was.verdict).and_then(rank);
        let text = format!("{id}: was {}, is {verdict}", was.verdict);
        match (before, rank(*verdict)) {
            (Some(was), Some(is)) if is > was => self.worse.push(text),
            (Some(was), Some(is)) if is < was => self.better.push(text),
            (None, Some(1..)) => self.worse.push(text),
            (None, Some(_)) => self.better.push(text),
            (Some(_), None) => self.open.push(text),
            _ => {}
        }
        if let (Some(was), Some(is)) = (was.evidence, outcome.evidence)
            && is * 2 < was
        {
            self.evidence.push(format!("{id}: was {}, is {is}", counted(was, "record")));
        }
    }

    fn kinds(&self) -> [(&'static str, &Vec<String>); 5] {
        [
            ("worse", &self.worse),
            ("no longer judged", &self.open),
            ("better", &self.better),
            ("read in another way", &self.readings),
            ("with less evidence", &self.evidence),
        ]
    }

    /// The changes, at most this many lines of each kind, what got worse last.
    #[must_use]
    pub fn lines(&self, most: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for (word, texts) in self.kinds().iter().rev() {
            lines.extend(texts.iter().take(most).map(|text| format!("  {word}: {text}")));
            if texts.len() > most {
                lines.push(format!("  {word}: {} more", texts.len() - most));
            }
        }
        lines
    }

    /// The code that the command ends with: 1 if something got worse and 0 if not, where the run
    /// itself would end with either.
    #[must_use]
    pub fn exit_code(&self, report: &Report) -> u8 {
        match report.exit_code() {
            0 | 1 => u8::from(!self.worse.is_empty()),
            other => other,
        }
    }

    /// The conclusion of the run and what changed, with the exit code, in one sentence: a run may
    /// fail and be no worse than before.
    #[must_use]
    pub fn sentence(&self, report: &Report) -> String {
        let kinds = self.kinds().into_iter().filter(|(_, texts)| !texts.is_empty());
        let counts: Vec<_> = kinds.map(|(word, texts)| format!("{} {word}", texts.len())).collect();
        let changed = if counts.is_empty() { "nothing changed".into() } else { counts.join(", ") };
        let is_worse = !self.worse.is_empty();
        format!(
            "{}, {} {} than the baseline of {}: {changed} (exit code {})",
            report.conclusion(),
            if (report.exit_code() == 0) == is_worse { "but" } else { "and" },
            if is_worse { "worse" } else { "no worse" },
            self.since,
            self.exit_code(report),
        )
    }
}
