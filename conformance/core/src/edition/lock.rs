//! `ids.lock` makes sure that an id never changes its meaning and never comes back. It lists every
//! id that a case or a dataset has ever had: its first edition, the first edition without it, its
//! clause, and a digest of the whole case.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{EDITION, FROZEN, Locked, read};
use crate::fixture::FixtureError;

/// The header of a lock.
const HEAD: &str = "\
# Every id that there ever was: the edition it came with, the first one without it, id, clause, digest.
# `vcc-conformance update` adds new ones; those of a frozen edition stay as they are.
";

/// The cases and datasets as they are written now: each id with its own clause (`-` for a dataset)
/// and the digest of its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents(BTreeMap<String, (String, String)>);

impl Contents {
    /// Reads case files and datasets, each with its path. The content is what counts, however the
    /// file is laid out.
    ///
    /// # Errors
    ///
    /// A file is not TOML, or has a case without an id or a clause.
    pub fn of<'a>(
        suite: impl IntoIterator<Item = (&'a str, &'a str)>,
        dataset: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, FixtureError> {
        let table = |file: &str, text: &str| -> Result<Table, FixtureError> {
            text.parse().map_err(|problem: toml::de::Error| {
                FixtureError::new(file, None, problem.to_string())
            })
        };
        let mut contents = BTreeMap::new();
        for (file, text) in suite {
            let Some(Value::Array(cases)) = table(file, text)?.remove("case") else { continue };
            for case in cases {
                let id = case.get("id").and_then(Value::as_str);
                let clause = case.get("clauses").and_then(|all| all.get(0)?.as_str());
                let (Some(id), Some(clause)) = (id, clause) else {
                    let message = "a case without an id or without clauses";
                    return Err(FixtureError::new(file, id, message));
                };
                contents.insert(id.to_owned(), (clause.to_owned(), digest(&case)));
            }
        }
        for (file, text) in dataset {
            let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml");
            let digest = digest(&Value::Table(table(file, text)?));
            contents.insert(format!("dataset/{name}"), ("-".to_owned(), digest));
        }
        Ok(Self(contents))
    }

    /// The ids that are not in a lock, or whose content differs from it.
    #[must_use]
    pub fn changed(&self, lock: &[Locked<'_>]) -> Vec<&str> {
        let locked: BTreeMap<_, _> =
            lock.iter().map(|line| (line.id, (line.clause, line.digest))).collect();
        let differs = |(id, (clause, digest)): &(&String, &(String, String))| {
            locked.get(id.as_str()) != Some(&(clause.as_str(), digest.as_str()))
        };
        self.0.iter().filter(differs).map(|(id, _)| id.as_str()).collect()
    }
}

/// A text that depends only on the content, not on the layout of the file.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Table(table) => {
            text.push('{');
            for (key, value) in table.iter().collect::<BTreeMap<_, _>>() {
                text.push_str(&format!("{key:?}="));
                canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for value in values {
                canonical(value, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::String(string) => text.push_str(&format!("{string:?}")),
        other => text.push_str(&other.to_string()),
    }
}

/// A hash of the content (FNV-1a).
fn digest(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// A lock brought up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Its text.
    pub text: String,
    /// What breaks a frozen edition. If there is anything, the lock must not be written.
    pub problems: Vec<String>,
}

/// Brings a lock up to date with what is written now. Editing a case of a frozen edition, or using
/// a retired id again, is a problem.
///
/// # Errors
///
/// A line of the lock that cannot be read, as [`read`].
pub fn next<'a>(lock: &'a str, now: &Contents) -> Result<Next, &'a str> {
    let mut problems = Vec::new();
    let mut lines = BTreeMap::new();
    for line in read(lock)? {
        let frozen = FROZEN.contains(&line.came);
        let is = now.0.get(line.id).map(|(clause, digest)| (clause.as_str(), digest.as_str()));
        let (gone, clause, digest) = match (line.gone, is) {
            (Some(gone), None) => (gone, line.clause, line.digest),
            (Some(gone), Some(_)) => {
                problems.push(format!(
                    "{}: this id was retired in {gone} and cannot be used again",
                    line.id
                ));
                (gone, line.clause, line.digest)
            }
            // An id that was never published can be forgotten.
            (None, None) if !frozen => continue,
            (None, None) => (EDITION, line.clause, line.digest),
            (None, Some((clause, digest))) => {
                if frozen && (clause, digest) != (line.clause, line.digest) {
                    problems.push(format!(
                        "{}: edited, although edition {} is frozen: remove it, and give the edited case a new id",
                        line.id, line.came
                    ));
                }
                ("-", clause, digest)
            }
        };
        lines.insert(line.id, format!("{} {gone} {} {clause} {digest}", line.came, line.id));
    }
    for (id, (clause, digest)) in &now.0 {
        lines.entry(id).or_insert_with(|| format!("{EDITION} - {id} {clause} {digest}"));
    }
    let lines: Vec<_> = lines.into_values().map(|line| line + "\n").collect();
    Ok(Next { text: HEAD.to_owned() + &lines.concat(), problems })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_frozen_edition_is_said() {
        let now = |cases: &[(&str, &str)]| {
            let case = |(id, digest): &(&str, &str)| {
                ((*id).to_owned(), ("REQ-1a".to_owned(), (*digest).to_owned()))
            };
            Contents(cases.iter().map(case).collect())
        };
        let frozen = FROZEN[0];
        let lock = format!("{frozen} - a/one REQ-1a 11\n{frozen} - a/two REQ-1a 22\n");
        let lines =
            |text: &str| -> Vec<String> { text.lines().skip(2).map(str::to_owned).collect() };

        let Next { text: same, problems } =
            next(&lock, &now(&[("a/one", "11"), ("a/two", "22")])).unwrap();
        assert_eq!((lines(&same), problems), (lines(&format!("\n\n{lock}")), vec![]));
        let problems = next(&lock, &now(&[("a/one", "11"), ("a/two", "23")])).unwrap().problems;
        assert!(problems[0].starts_with("a/two: edited, although edition"), "{problems:?}");

        let Next { text: gone, problems } =
            next(&lock, &now(&[("a/one", "11"), ("a/three", "33")])).unwrap();
        let expected = [
            format!("{frozen} - a/one REQ-1a 11"),
            format!("{EDITION} - a/three REQ-1a 33"),
            format!("{frozen} {EDITION} a/two REQ-1a 22"),
        ];
        assert_eq!((&lines(&gone)[..], problems), (&expected[..], vec![]));
        // The current edition may change until it is frozen; what was retired stays retired.
        let Next { text, problems } =
            next(&gone, &now(&[("a/one", "11"), ("a/two", "22")])).unwrap();
        assert_eq!(lines(&text).len(), 2);
        assert!(problems[0].starts_with("a/two: this id was retired in"), "{problems:?}");
    }

    #[test]
    fn the_digest_is_that_of_the_content() {
        let of = |text: &str| digest(&Value::Table(text.parse().unwrap()));
        assert_eq!(of("a = 1\nb.c = \"x\""), of("# said\nb = { c = 'x' }\n\na   = 1"));
        assert_ne!(of("a = [1, 2]"), of("a = [2, 1]"));
        assert_ne!(of("a = \"1\""), of("a = 1"));
    }

    #[test]
    fn new_and_edited_cases_are_changed() {
        let case = |id: &str, n: u8| {
            format!("[[case]]\nid = \"a/{id}\"\nclauses = [\"REQ-1a\"]\nquery = \"n={n}\"\n")
        };
        let contents = |text: &str| {
            Contents::of([("suite/a/x.toml", text)], [("dataset/acme.toml", "tenant = 1\n")])
        };
        let before = contents(&(case("kept", 1) + &case("edited", 2))).unwrap();
        let lock = next("", &before).unwrap().text;
        let after = contents(&(case("kept", 1) + &case("edited", 3) + &case("new", 4))).unwrap();
        assert_eq!(after.changed(&read(&lock).unwrap()), ["a/edited", "a/new"]);
        assert_eq!(before.changed(&[]), ["a/edited", "a/kept", "dataset/acme"]);
        let nameless = contents("[[case]]\nid = \"a/b\"\n").unwrap_err().to_string();
        assert_eq!(nameless, "suite/a/x.toml: case `a/b`: a case without an id or without clauses");
    }
}
