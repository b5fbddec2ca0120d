//! One cause, one block: the failures of a run by what explains them, and the variants of a case that
//! fail alike as one.

use std::collections::BTreeSet;

use super::difference_lines;
use crate::nearest::{Kind, Match, nearest};
use crate::run::{Outcome, Problem, Report, Verdict};
use crate::setup::Setup;
use crate::signatures::{self, Signature};
use crate::words::counted;

/// Failures and warnings that have one cause, or for which none is known.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    /// The known defect that explains them.
    pub cause: Option<Match>,
    /// Other known defects that fit nearly as well.
    pub others: Vec<Match>,
    /// The cases, failures first, in the order of the suite.
    pub outcomes: Vec<&'a Outcome>,
}

impl Block<'_> {
    /// The failures and the warnings in it.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let failures = self.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Fail);
        let failures = failures.count();
        (failures, self.outcomes.len() - failures)
    }

    /// `100 failures and 2 warnings`.
    #[must_use]
    pub fn counted(&self) -> String {
        match self.counts() {
            (0, warnings) => counted(warnings, "warning"),
            (failures, 0) => counted(failures, "failure"),
            (failures, warnings) => {
                format!("{} and {}", counted(failures, "failure"), counted(warnings, "warning"))
            }
        }
    }

    /// The cause in a sentence, with the failures that it explains.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let cause = self.cause.as_ref()?;
        // A family or a trait says itself that no defect fits.
        let one = if cause.kind == Kind::Defect { ", one cause" } else { "" };
        Some(format!("{}{one}: {}", self.counted(), cause.sentence()))
    }
}

/// The failures and warnings of a run, without known failures: the best cause with what it
/// explains, then the next with what that leaves, and last what no known defect explains.
#[must_use]
pub fn blocks(report: &Report) -> Vec<Block<'_>> {
    let is_open = |outcome: &&Outcome| {
        outcome.known.is_none() && matches!(outcome.verdict, Verdict::Fail | Verdict::Warn)
    };
    let mut left: Vec<&Outcome> = report.outcomes.iter().filter(is_open).collect();
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for found in causes(report) {
        let its = |outcome: &&Outcome| found.explains.contains(&outcome.id);
        let all = report.outcomes.iter().filter(is_open).filter(its).count();
        let (new, others): (Vec<&Outcome>, Vec<&Outcome>) = left.iter().partition(|one| its(one));
        match blocks.first_mut() {
            // A cause that adds little to the earlier ones is another name for the same thing.
            Some(first) if new.len() * 2 <= all => first.others.push(found),
            _ if new.is_empty() => {}
            _ => {
                left = others;
                blocks.push(Block { cause: Some(found), others: Vec::new(), outcomes: new });
            }
        }
    }
    if !left.is_empty() {
        blocks.push(Block { cause: None, others: Vec::new(), outcomes: left });
    }
    for block in &mut blocks {
        block.outcomes.sort_by_key(|outcome| outcome.verdict != Verdict::Fail);
    }
    blocks
}

fn signature(defect: &str) -> Option<&'static Signature<'static>> {
    signatures::embedded().iter().find(|signature| signature.defect == defect)
}

/// The known defects that fit a run and that enough of its cases could tell. A known failure says
/// nothing about the rest: it counts as not judged.
fn causes(report: &Report) -> Vec<Match> {
    let partial = report.scope.is_partial();
    let judged: BTreeSet<&str> = report
        .outcomes
        .iter()
        .filter(|outcome| outcome.known.is_none() && outcome.verdict.is_judged())
        .map(|outcome| outcome.id.as_str())
        .collect();
    nearest(report).into_iter().filter(|found| told(found, &judged, partial)).collect()
}

/// Whether the judged cases could tell a defect: half of those that it fails are among them, and no
/// defect of another family fails exactly the same of them.
fn told(found: &Match, judged: &BTreeSet<&str>, partial: bool) -> bool {
    let Some(own) = signature(found.defect) else { return true };
    let ran = |signature: &'static Signature<'static>| -> Vec<&'static str> {
        signature.cases().filter(|case| judged.contains(case)).collect()
    };
    let here = ran(own);
    let twin = |other: &&'static Signature<'static>| {
        other.family != own.family && !other.cases().eq(own.cases()) && ran(other) == here
    };
    here.len() * 2 >= own.symptoms.len()
        && !(partial && signatures::embedded().iter().any(|other| twin(&other)))
}

/// Variants of a case that fail alike.
#[derive(Clone, Debug)]
pub struct Folded<'a> {
    /// The first of them.
    pub problem: &'a Problem,
    /// What it is, record by record.
    pub difference: Vec<String>,
    /// The names of the variants, that of the first too; empty for the case as it is written.
    pub variants: Vec<&'a str>,
}

impl Folded<'_> {
    /// The first of them in a line, after its place.
    #[must_use]
    pub fn text(&self) -> String {
        let text = &self.problem.finding.text;
        match self.problem.place() {
            Some(place) => format!("{place}: {text}"),
            None => text.clone(),
        }
    }

    /// `the same with .xml, .csv and 3 other variants`; `None` where there is one alone.
    #[must_use]
    pub fn same(&self) -> Option<String> {
        let others = &self.variants[1..];
        let shown = others.iter().take(2).copied().collect::<Vec<_>>().join(", ");
        match others.len() {
            0 => None,
            1 | 2 => Some(format!("the same with {shown}")),
            count => {
                let more = counted(count - 2, "other variant");
                Some(format!("the same with {shown} and {more}"))
            }
        }
    }
}

/// The problems of a case, each with the variants that have it too, in the order that they came.
#[must_use]
pub fn folded<'a>(outcome: &'a Outcome, setup: &Setup) -> Vec<Folded<'a>> {
    let mut all: Vec<Folded<'a>> = Vec::new();
    for problem in &outcome.problems {
        let planned = &problem.exchange.planned;
        let difference = problem.finding.difference.as_ref();
        let difference =
            difference.map_or_else(Vec::new, |each| difference_lines(each, planned, setup));
        let same = |folded: &&mut Folded<'_>| {
            folded.problem.clause == problem.clause
                && folded.problem.step == problem.step
                && folded.problem.finding.text == problem.finding.text
                && folded.difference == difference
        };
        match all.iter_mut().find(same) {
            Some(folded) if !folded.variants.contains(&problem.variant.as_str()) => {
                folded.variants.push(&problem.variant);
            }
            Some(_) => {}
            None => all.push(Folded { problem, difference, variants: vec![&problem.variant] }),
        }
    }
    all
}

/// Ids of cases with the chapter said once, `dates/{day,range}`, in lines of about this width.
#[must_use]
pub fn ids(outcomes: &[&Outcome], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut last = "";
    for outcome in outcomes {
        let chapter = outcome.chapter();
        let name = outcome.id.get(chapter.len() + 1..).unwrap_or(&outcome.id);
        match lines.last_mut() {
            Some(line) if chapter == last && line.len() + name.len() + 1 < width => {
                line.push(',');
                line.push_str(name);
            }
            _ => lines.push(format!("{chapter}/{{{name}")),
        }
        last = chapter;
    }
    for line in &mut lines {
        // One alone needs no braces.
        match line.contains(',') {
            true => line.push('}'),
            false => *line = line.replacen('{', "", 1),
        }
    }
    lines
}
