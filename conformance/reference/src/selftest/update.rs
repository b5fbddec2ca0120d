//! What a new case needs besides its text: its line in `ids.lock`, and its place in the signatures
//! of the defects that it catches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use vcc_conformance_core::check;
use vcc_conformance_core::edition::{self, Next};
use vcc_conformance_core::fixture::Case;
use vcc_conformance_core::folder::Folder;
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::signatures::{self, Signature};
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::symptom::Symptom;

use super::matrix::{Measured, matrix_on, now};
use super::{Defect, defects};

/// A row of the table of defects, with the name of its family.
type InFamily = (&'static str, &'static Defect);

/// `ids.lock` and `signatures.txt` brought up to date with the cases of a folder.
#[derive(Clone, Debug)]
pub struct Update {
    /// The text of `ids.lock`.
    pub lock: String,
    /// The text of `signatures.txt`.
    pub signatures: String,
    /// The cases that are new or edited, each with the defects that it catches and whether it is
    /// graded.
    pub cases: BTreeMap<String, Caught>,
    /// The ids that the lock had and that no case has any more.
    pub gone: Vec<String>,
    /// The defects that are new.
    pub defects: Vec<&'static str>,
}

/// What a case catches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caught {
    /// The defects behind which it fails.
    pub defects: Vec<&'static str>,
    /// Whether it has to catch one: it is graded, runs in `selftest`, and the reference passes it.
    pub must: bool,
}

impl Update {
    /// The new cases that have to catch a defect and catch none.
    #[must_use]
    pub fn idle(&self) -> Vec<&str> {
        let idle = self.cases.iter().filter(|(_, of)| of.must && of.defects.is_empty());
        idle.map(|(id, _)| id.as_str()).collect()
    }
}

/// Checks the cases of a folder, and measures which defects the new and edited ones catch; earlier
/// measurements of the others are kept. A new defect is measured with all cases, and so is every
/// defect after an edit of a dataset. `done` is called for every defect that was measured.
///
/// # Errors
///
/// What is wrong with the cases, a line each; or the reference fails one of them; or the run was
/// stopped.
pub fn update(
    folder: &Folder,
    jobs: usize,
    stop: &Arc<AtomicBool>,
    done: &(dyn Fn(&Measured) + Sync),
) -> Result<Update, String> {
    update_for(&defects().collect::<Vec<_>>(), folder, jobs, stop, done)
}

fn update_for(
    defects: &[InFamily],
    folder: &Folder,
    jobs: usize,
    stop: &Arc<AtomicBool>,
    done: &(dyn Fn(&Measured) + Sync),
) -> Result<Update, String> {
    let (cases, spec, now) = (folder.cases().map_err(text)?, folder.spec(), now()?);
    let tenants = folder.tenants(now).map_err(text)?;
    let contents = folder.contents().map_err(text)?;
    let wrong = |line: &str| format!("ids.lock: {line:?} is not a line of a lock");
    let Next { text: lock, mut problems } =
        edition::next(&folder.lock, &contents).map_err(wrong)?;
    let locked = edition::read(&folder.lock).map_err(wrong)?;
    let setup = Setup::new(tenants.clone(), now);
    problems.extend(check::suite(&cases, &setup, &spec).iter().map(ToString::to_string));
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }

    let old = signatures::read(&folder.signatures);
    let mut changed: BTreeSet<&str> = contents.changed(&locked).into_iter().collect();
    let data_changed = changed.iter().any(|id| id.starts_with("dataset/"));
    changed.retain(|id| !id.starts_with("dataset/"));
    // A case that was written before there was a defect for it.
    let in_one: BTreeSet<&str> = old.iter().flat_map(Signature::cases).collect();
    let idle = cases.iter().filter(|case| has_to_catch(case, &spec) && !in_one.contains(&*case.id));
    changed.extend(idle.map(|case| case.id.as_str()));
    let (known, new): (Vec<InFamily>, Vec<InFamily>) =
        defects.iter().partition(|(_, defect)| old.iter().any(|of| of.defect == defect.name));

    let mut caught: BTreeMap<&str, BTreeMap<String, Symptom>> = BTreeMap::new();
    let mut graded: BTreeSet<String> = BTreeSet::new();
    let some: Vec<Case> =
        cases.iter().filter(|case| changed.contains(&*case.id)).cloned().collect();
    let (of_known, of_new) = if data_changed { (&cases, Vec::new()) } else { (&some, new.clone()) };
    let of_known_defects = if data_changed { defects } else { &known[..] };
    for (cases, defects) in [(of_known, of_known_defects), (&cases, &of_new[..])] {
        if cases.is_empty() || defects.is_empty() {
            continue;
        }
        let found = matrix_on(tenants.clone(), cases, &spec, defects, jobs, stop, done)?;
        if !found.unclean.is_empty() {
            return Err(format!("the reference itself: {}", found.unclean.join("\n")));
        }
        graded.extend(found.graded);
        for row in found.rows {
            caught.entry(row.defect).or_default().extend(row.symptoms);
        }
    }

    let there: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let kept = |case: &String| {
        there.contains(case.as_str()) && !data_changed && !changed.contains(case.as_str())
    };
    let signature = |(family, defect): &InFamily| {
        let before = old.iter().find(|of| of.defect == defect.name);
        let kept = before.into_iter().flat_map(|of| of.symptoms.iter().filter(|(id, _)| kept(id)));
        let measured = caught.get(defect.name).into_iter().flatten();
        let symptoms = kept.chain(measured).map(|(id, symptom)| (id.clone(), *symptom)).collect();
        Signature { defect: defect.name, family, says: defect.says, symptoms }
    };
    let all: Vec<Signature<'_>> = defects.iter().map(signature).collect();
    let of_case = |id: &&str| {
        let defects = defects.iter().map(|(_, defect)| defect.name);
        let catches = |name: &&str| caught.get(name).is_some_and(|cases| cases.contains_key(*id));
        let of = Caught { defects: defects.filter(catches).collect(), must: graded.contains(*id) };
        ((*id).to_owned(), of)
    };
    let gone = locked.iter().filter(|line| line.gone.is_none() && line.clause != "-");
    let gone = gone.filter(|line| !there.contains(line.id)).map(|line| line.id.to_owned());
    Ok(Update {
        signatures: signatures::text(&all),
        cases: changed.iter().map(of_case).collect(),
        gone: gone.collect(),
        defects: new.iter().map(|(_, defect)| defect.name).collect(),
        lock,
    })
}

/// Whether a case has to catch a defect, by its text.
fn has_to_catch(case: &Case, spec: &Spec) -> bool {
    spec.level(&case.clauses[0]).is_graded() && !case.tags.iter().any(|tag| tag == "long")
}

fn text(problem: vcc_conformance_core::fixture::FixtureError) -> String {
    problem.to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const NEW: &str = "request/path-with-an-escaped-suffix";

    fn folder() -> Folder {
        Folder::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../core"))).unwrap()
    }

    /// The folder as it was before the case was written.
    fn before() -> Folder {
        let mut folder = folder();
        let old = |line: &&str| !line.contains(NEW);
        folder.lock = folder.lock.lines().filter(old).map(|line| format!("{line}\n")).collect();
        folder.signatures = folder.signatures.replace(" path-with-an-escaped-suffix", "");
        folder
    }

    /// The update, if only these defects exist.
    fn updated(names: &[&str], folder: &Folder) -> Result<Update, String> {
        let some: Vec<InFamily> = defects().filter(|(_, of)| names.contains(&of.name)).collect();
        update_for(&some, folder, 2, &Arc::default(), &|_| {})
    }

    fn signature(text: &str, name: &str) -> Option<BTreeMap<String, Symptom>> {
        let all = signatures::read(text);
        all.into_iter().find(|of| of.defect == name).map(|of| of.symptoms)
    }

    #[test]
    fn a_new_case_comes_into_the_lock_and_the_signatures() {
        let (folder, mut before) = (folder(), before());
        assert!(before.signatures != folder.signatures && before.lock != folder.lock);
        let names = ["exactly", "other-root", "fields-ignored"];
        let after = updated(&names, &before).unwrap();
        assert!(after.lock == folder.lock);
        for name in names {
            let measured = signature(&after.signatures, name).unwrap();
            assert_eq!(Some(measured), signature(&folder.signatures, name), "{name}");
        }
        let caught = Caught { defects: vec!["fields-ignored", "other-root"], must: true };
        assert_eq!(after.cases, [(NEW.to_owned(), caught)].into());
        assert!(after.idle().is_empty() && after.gone.is_empty() && after.defects.is_empty());
        // Without a defect that it catches it is reported as idle, and again the next time.
        let after = updated(&["exactly"], &before).unwrap();
        assert_eq!(after.idle(), [NEW]);
        before.lock = after.lock;
        let after = updated(&["exactly"], &before).unwrap();
        assert_eq!(after.idle(), [NEW]);
    }

    #[test]
    fn what_has_not_changed_is_not_measured() {
        let folder = folder();
        let all: Vec<InFamily> = defects().collect();
        let none = |row: &Measured| panic!("{} was measured", row.defect);
        let after = update_for(&all, &folder, 2, &Arc::default(), &none).unwrap();
        assert!(after.lock == folder.lock && after.signatures == folder.signatures);
        assert!(after.cases.is_empty());
    }

    #[test]
    fn an_id_that_no_case_has_any_more_is_forgotten() {
        let mut folder = folder();
        folder.lock.push_str("2026.2 - paging/forgotten PAGE-1 0\n");
        folder.signatures =
            folder.signatures.replacen("  paging/ fifty ", "  paging/ fifty forgotten ", 1);
        let after = updated(&["page-of-49"], &folder).unwrap();
        assert_eq!(after.gone, ["paging/forgotten"]);
        assert!(!after.lock.contains("forgotten") && !after.signatures.contains("forgotten"));
    }

    #[test]
    fn what_is_wrong_with_the_lock_is_said() {
        let mut folder = folder();
        folder.lock.push_str("2026.2 - paging/forgotten\n");
        let problem = updated(&["exactly"], &folder).unwrap_err();
        assert_eq!(problem, "ids.lock: \"2026.2 - paging/forgotten\" is not a line of a lock");
        folder.lock = folder.lock.replace("2026.2 - paging/forgotten\n", "");
        folder.lock = folder.lock.replace(" PAGE-1 ", " PAGE-2 ");
        let problem = updated(&["exactly"], &folder).unwrap_err();
        assert!(problem.contains(": edited, although edition 2026.1 is frozen"), "{problem}");
    }
}
