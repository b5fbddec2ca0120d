//! The clauses of `SPEC.md`, with level and sentence.

use std::fmt;

/// How binding a clause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The documentation says it: a server that differs fails.
    Must,
    /// The documentation implies it, or a standard that it names requires it: a warning.
    Should,
    /// The documentation leaves it open: reported as a switch, never graded.
    Probe,
    /// Reported, without a switch.
    Observation,
}

impl Level {
    /// Whether a clause of this level can pass or fail.
    #[must_use]
    pub fn is_graded(self) -> bool {
        matches!(self, Level::Must | Level::Should)
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "must" => Level::Must,
            "should" => Level::Should,
            "probe" => Level::Probe,
            "observation" => Level::Observation,
            _ => return None,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Must => "must",
            Level::Should => "should",
            Level::Probe => "probe",
            Level::Observation => "observation",
        })
    }
}

/// One clause of the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// `DATE-2a`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// What it says.
    pub sentence: String,
    /// The words of the documentation it rests on.
    pub documentation: String,
    /// `http`, or where else it is tested, or why not.
    pub tested: String,
}

/// The specification: all clauses.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// The clauses in the order of the page.
    pub clauses: Vec<Clause>,
}

impl Spec {
    /// The specification that the binary carries.
    #[must_use]
    pub fn embedded() -> Self {
        Self { clauses: read(crate::embedded::SPEC) }
    }

    /// The clause of this id, or the first of its parts: `OUT-4` finds `OUT-4a`.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Clause> {
        let part = |clause: &&Clause| {
            clause
                .id
                .strip_prefix(id)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
        };
        self.clauses
            .iter()
            .find(|clause| clause.id == id)
            .or_else(|| self.clauses.iter().find(part))
    }

    /// The sentence of a clause; empty for an unknown one.
    #[must_use]
    pub fn sentence(&self, id: &str) -> &str {
        self.find(id).map_or("", |clause| &clause.sentence)
    }

    /// The id that the specification has for this one.
    #[must_use]
    pub fn resolve(&self, id: &str) -> String {
        self.find(id).map_or(id, |clause| clause.id.as_str()).to_owned()
    }

    /// The level of a clause; `must` for an unknown one.
    #[must_use]
    pub fn level(&self, id: &str) -> Level {
        self.find(id).map_or(Level::Must, |clause| clause.level)
    }
}

/// The clauses in a Markdown text: the rows of tables whose first cell is an id and whose second is
/// a level.
#[must_use]
pub fn read(text: &str) -> Vec<Clause> {
    text.lines().filter_map(clause).collect()
}

/// Every sentence of the documentation with the clauses that come from it, or the reason why none
/// does: the rows below the head `| sentence | clauses |`.
#[must_use]
pub fn sentences() -> Vec<(String, String)> {
    let mut lines = crate::embedded::SPEC.lines();
    lines.by_ref().find(|line| line.trim() == "| sentence | clauses |");
    lines
        .skip(1)
        .map_while(|line| {
            let row = line.trim().strip_prefix('|')?.strip_suffix('|')?.replace("\\|", "\u{0}");
            let (sentence, clauses) = row.split_once('|')?;
            Some((sentence.trim().replace('\u{0}', "|"), clauses.trim().replace('\u{0}', "|")))
        })
        .collect()
}

fn clause(line: &str) -> Option<Clause> {
    let row = line.trim().strip_prefix('|')?.strip_suffix('|')?.replace("\\|", "\u{0}");
    let mut cells = row.split('|').map(|cell| cell.trim().replace('\u{0}', "|"));
    let mut next = || cells.next().unwrap_or_default();
    let id = next().trim_matches('`').to_owned();
    let (letters, number) = id.split_once('-')?;
    let fits = !letters.is_empty()
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && number.starts_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let level = Level::parse(&next())?;
    fits.then(|| Clause { id, level, sentence: next(), documentation: next(), tested: next() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_tables_are_clauses() {
        let text = "# x\n| id | level | clause | documentation | tested |\n|---|---|---|---|---|\n\
                    | `DATE-2a` | must | `a\\|b` means. | \"a\" | http |\n| REQ-6b | probe | Open. | — | http |\n| no | row |\n";
        let [first, second] = &read(text)[..] else { panic!("two clauses") };
        assert_eq!((first.id.as_str(), first.level), ("DATE-2a", Level::Must));
        assert_eq!((first.sentence.as_str(), first.tested.as_str()), ("`a|b` means.", "http"));
        assert_eq!(second.level, Level::Probe);
    }
}
