//! The order of the causes.

use std::collections::{BTreeMap, BTreeSet};

use super::likelihood::{Fit, TOLD, fit, surprises};
use super::observed::{Fate, Observed};
use super::table::Table;
use super::{Kind, Match, NAMED};
use crate::signatures::Signature;

/// How many defects are tried with a second one beside them.
const TRIED: usize = 25;

/// What a second defect costs, in nats: it must explain at least that much more.
const SECOND: f64 = 5.0;

/// A defect has to explain this share of the failures, or show this share of its signature.
const FITS: f64 = 0.4;

/// The causes of a run, the likeliest first; empty where nothing fits.
pub(super) fn ranked(observed: &Observed) -> Vec<Match> {
    let surprises = surprises(observed);
    let defects = &Table::embedded().defects;
    let mut fits: Vec<Fit> =
        defects.iter().filter_map(|defect| fit(defect, observed, &surprises)).collect();
    fits.retain(|fit| fit.score > 0.0);
    fits.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut order: Vec<(f64, usize, Option<usize>)> = (0..fits.len().min(TRIED))
        .map(|first| {
            let (worth, second) = beside(&fits, first);
            (fits[first].score + worth, first, second)
        })
        .collect();
    // A defect that explains every failure, and whose whole signature fails, comes first and needs
    // no second one.
    let whole =
        |index: usize| fits[index].passed == 0 && fits[index].explains.len() == observed.failures;
    order.sort_by(|a, b| whole(b.1).cmp(&whole(a.1)).then(b.0.total_cmp(&a.0)));
    // The first with the one beside it, then the others.
    let beside = order.first().and_then(|(_, _, second)| *second);
    let mut named: Vec<usize> = order.iter().map(|(_, first, _)| *first).collect();
    if let Some(second) = beside {
        named.retain(|index| *index != second);
        named.insert(1, second);
    }
    let found = named.iter().map(|index| defect(&fits[*index], observed));
    let mut found: Vec<Match> = found.filter(plausible).take(NAMED).collect();
    if found.is_empty() {
        found.extend(family(observed));
    }
    found
}

/// The defect that explains most of what this one leaves, with the worth of that.
fn beside(fits: &[Fit], first: usize) -> (f64, Option<usize>) {
    let mut explained = vec![0.0; Table::embedded().cases.len()];
    fits[first].explains.iter().for_each(|(case, worth)| explained[*case] = *worth);
    let mut best = (0.0, None);
    for (index, fit) in fits.iter().enumerate().filter(|(index, _)| *index != first) {
        // They are sorted, and none is worth more as a second one than alone.
        if fit.score - SECOND <= best.0 {
            break;
        }
        let more = |(case, worth): &(usize, f64)| (worth - explained[*case]).max(0.0);
        let worth = fit.explains.iter().map(more).sum::<f64>() - fit.cost - SECOND;
        if worth > best.0 {
            best = (worth, Some(index));
        }
    }
    best
}

fn plausible(found: &Match) -> bool {
    let share = |whole: usize| found.agree as f64 >= FITS * whole as f64;
    share(found.agree + found.others) || share(found.signature)
}

fn defect(fit: &Fit, observed: &Observed) -> Match {
    let Signature { defect, family, says, .. } = fit.signature;
    let agree = fit.explains.len();
    let cases = &Table::embedded().cases;
    Match {
        kind: Kind::Defect,
        defect,
        family,
        says: (*says).into(),
        agree,
        signature: agree + fit.passed,
        others: observed.failures - agree,
        likeness: agree as f64 / (observed.failures + fit.passed) as f64,
        explains: fit.explains.iter().map(|(number, _)| cases[*number].id.into()).collect(),
    }
}

/// The family that makes the run likeliest, if any one of its defects may be there.
fn family(observed: &Observed) -> Option<Match> {
    let table = Table::embedded();
    let mut families: BTreeMap<&str, (f64, Vec<f64>)> = BTreeMap::new();
    for (signature, cases) in &table.defects {
        let (defects, fail) = families.entry(signature.family).or_default();
        *defects += 1.0;
        fail.resize(table.cases.len(), 0.0);
        cases.iter().for_each(|(number, _)| fail[*number] += 1.0);
    }
    let mut best: Option<(f64, Match)> = None;
    for (family, (defects, fail)) in families {
        let (mut explains, mut passed, mut whole, mut worth) = (BTreeSet::new(), 0, 0, 0.0);
        for (number, fate) in observed.fates.iter().enumerate() {
            // The share of the family that fails the case.
            let share = (fail[number] + 0.1) / (defects + 1.0);
            let own = fail[number] > 0.0;
            whole += usize::from(own);
            match fate {
                Fate::Unknown => {}
                Fate::Passed => {
                    passed += usize::from(own);
                    worth += (1.0 - share).ln();
                }
                Fate::Failed(_) => {
                    worth += share.ln();
                    explains.extend(own.then(|| table.cases[number].id.to_owned()));
                }
            }
        }
        let (agree, signature) = (explains.len(), explains.len() + passed);
        // It must explain most failures, and enough of its cases must have been judged to tell.
        let told = agree * 5 >= observed.failures * 3 && signature * TOLD >= whole;
        if agree == 0 || !told || best.as_ref().is_some_and(|(of, _)| *of >= worth) {
            continue;
        }
        let found = Match {
            kind: Kind::Family,
            defect: family,
            family,
            says: format!("with a defect of this kind: {family}"),
            agree,
            signature,
            others: observed.failures - agree,
            likeness: agree as f64 / (observed.failures + passed) as f64,
            explains,
        };
        best = Some((worth, found));
    }
    best.map(|(_, found)| found)
}
