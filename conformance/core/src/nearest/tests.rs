use std::collections::BTreeMap;

use super::observed::{Fate, Observed};
use super::rank::ranked;
use super::table::Table;
use super::{Kind, Match};
use crate::signatures::{self, Signature};
use crate::symptom::Symptom;

/// What a defect fails, and how.
type Failures = BTreeMap<&'static str, Symptom>;

fn failures(signature: &'static Signature<'static>) -> Failures {
    signature.symptoms.iter().map(|(id, symptom)| (id.as_str(), *symptom)).collect()
}

/// A run that judged the cases which `judged` says, and failed these of them.
fn seen(failed: &Failures, judged: impl Fn(&str) -> bool) -> Observed {
    let fate = |id: &str| match failed.get(id) {
        _ if !judged(id) => Fate::Unknown,
        Some(symptom) => Fate::Failed(*symptom),
        None => Fate::Passed,
    };
    Observed::new(Table::embedded().cases.iter().map(|case| (case.id, fate(case.id))))
}

/// A number from 0 up to `below` that is the same on each run.
fn random(seed: u64, text: &str, below: u64) -> u64 {
    let mix = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9), mix);
    ((hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20) % below
}

fn find(defect: &str) -> &'static Signature<'static> {
    signatures::embedded().iter().find(|of| of.defect == defect).unwrap()
}

/// Whether the cause is this defect, or one that no case tells from it.
fn names(found: &Match, signature: &Signature<'_>) -> bool {
    found.kind == Kind::Defect
        && (found.defect == signature.defect || find(found.defect).symptoms == signature.symptoms)
}

/// A server that fails just what a defect fails, in its way, is told to have it.
#[test]
fn a_signature_that_agrees_whole_is_named_first() {
    for signature in signatures::embedded() {
        let found = ranked(&seen(&failures(signature), |_| true));
        let first = found.first().unwrap_or_else(|| panic!("{}: nothing", signature.defect));
        assert!(names(first, signature), "{}: {first:?}", signature.defect);
        assert_eq!(
            (first.agree, first.others),
            (signature.symptoms.len(), 0),
            "{}",
            signature.defect
        );
        assert!(first.likeness > 0.999 && first.explains.len() == first.agree);
    }
}

/// With one case in ten withheld, the defect or one of its family is named first for at least 98 in
/// 100.
#[test]
fn a_defect_is_named_with_a_tenth_of_the_cases_withheld() {
    let (mut right, mut exact, mut tried) = (0, 0, 0);
    for seed in 1..=2 {
        for signature in signatures::embedded().iter().skip(seed % 2).step_by(4) {
            let seed = seed as u64;
            let judged = |id: &str| random(seed, &format!("{} {id}", signature.defect), 10) != 0;
            let failed = failures(signature);
            if !failed.keys().any(|id| judged(id)) {
                continue;
            }
            let found = ranked(&seen(&failed, judged));
            tried += 1;
            let first = found.first();
            exact += usize::from(first.is_some_and(|first| names(first, signature)));
            right += usize::from(first.is_some_and(|first| first.family == signature.family));
        }
    }
    assert!(right * 100 >= tried * 98, "{exact} exact, {right} of the family, of {tried}");
}

/// Of two defects at once one is named first, and the other beside it mostly.
#[test]
fn one_of_two_defects_is_named_first() {
    let all = signatures::embedded();
    let (mut first_right, mut both, mut tried) = (0, 0, 0);
    for number in 0..100 {
        let pick = |salt: &str| {
            let index = random(number, salt, all.len() as u64);
            &all[usize::try_from(index).unwrap()]
        };
        let (one, other) = (pick("one"), pick("other"));
        let mut failed = failures(one);
        failed.extend(failures(other));
        let found = ranked(&seen(&failed, |_| true));
        let is =
            |at: usize, of: &Signature<'_>| found.get(at).is_some_and(|found| names(found, of));
        tried += 1;
        first_right += usize::from(is(0, one) || is(0, other));
        both += usize::from(is(0, one) && is(1, other) || is(0, other) && is(1, one));
    }
    assert!(first_right * 100 >= tried * 97, "{first_right} of {tried}");
    assert!(both * 100 >= tried * 85, "{both} of {tried}");
}
