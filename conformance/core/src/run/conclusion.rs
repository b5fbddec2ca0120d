//! The conclusion of a run: one line that says how much was judged, and what was set aside.

use super::report::Report;
use super::tally::Tally;
use crate::spec::Level;
use crate::words::counted;

/// The conclusion of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Every case of the suite was judged, except those that this target cannot be asked, and no
    /// clause of level must is broken.
    Conforms,
    /// The same, but only a part of the suite was asked for.
    AsAsked,
    /// The same for the cases that could be judged: some question of the suite was left open.
    AsJudged,
    /// Only known failures fail.
    KnownOnly,
    /// Nothing passes, but only clauses of level should are broken.
    WarningsOnly,
    /// A clause is broken.
    DoesNotConform,
    /// Known failures that no longer fail, or whose time is over.
    Stale,
    /// The target cannot be reached.
    Unreachable,
    /// The target does not hold what the suite needs.
    Precondition,
    /// No case was graded.
    NothingToJudge,
    /// The suite itself is at fault.
    Fault,
    /// The run ended before every case was judged.
    NotDecided,
}

/// The colour of a conclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well: for [`Conclusion::Conforms`] alone.
    Good,
    /// Nothing new is wrong, but not everything was judged or passes.
    Partial,
    /// Something is wrong.
    Bad,
    /// Nothing is known.
    Open,
}

impl Conclusion {
    /// The words that a line for it begins with.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Conclusion::Conforms => "conforms",
            Conclusion::AsAsked => "conforms so far as asked",
            Conclusion::AsJudged => "conforms so far as judged",
            Conclusion::KnownOnly => "known failures only",
            Conclusion::WarningsOnly => "nothing passes",
            Conclusion::DoesNotConform => "does not conform",
            Conclusion::Stale => "stale known failures",
            Conclusion::Unreachable => "unreachable",
            Conclusion::Precondition => "precondition",
            Conclusion::NothingToJudge => "nothing to judge",
            Conclusion::Fault => "the suite is at fault",
            Conclusion::NotDecided => "not decided",
        }
    }

    /// The code that the command ends with.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Conclusion::Conforms
            | Conclusion::AsAsked
            | Conclusion::AsJudged
            | Conclusion::KnownOnly
            | Conclusion::WarningsOnly => 0,
            Conclusion::DoesNotConform => 1,
            Conclusion::Unreachable | Conclusion::Precondition | Conclusion::NotDecided => 3,
            Conclusion::Stale => 4,
            Conclusion::NothingToJudge => 5,
            Conclusion::Fault => 6,
        }
    }

    /// Its colour.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Conclusion::Conforms => Tone::Good,
            Conclusion::AsAsked
            | Conclusion::AsJudged
            | Conclusion::KnownOnly
            | Conclusion::WarningsOnly => Tone::Partial,
            Conclusion::DoesNotConform | Conclusion::Stale | Conclusion::Fault => Tone::Bad,
            Conclusion::Unreachable
            | Conclusion::Precondition
            | Conclusion::NothingToJudge
            | Conclusion::NotDecided => Tone::Open,
        }
    }
}

/// A remark in brackets: its parts with commas between them, those of another kind behind a `;`.
fn bracket(parts: &[Vec<String>]) -> String {
    let parts: Vec<_> =
        parts.iter().filter(|part| !part.is_empty()).map(|part| part.join(", ")).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) }
}

impl Report {
    /// The level from which on a difference is a failure.
    #[must_use]
    pub fn level(&self) -> Level {
        if self.strict { Level::Should } else { Level::Must }
    }

    /// How many cases got which result, of all that there are.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let tally = Tally::of(&self.outcomes);
        Tally { all: tally.ran.max(self.scope.all), ..tally }
    }

    /// The conclusion of the run.
    #[must_use]
    pub fn ends_in(&self) -> Conclusion {
        let tally = self.tally();
        let graded = self
            .outcomes
            .iter()
            .any(|outcome| outcome.level.is_graded() && outcome.verdict.is_judged());
        if tally.fail > 0 {
            Conclusion::DoesNotConform
        } else if !self.stale.is_empty() {
            Conclusion::Stale
        } else if self.handshake.unreachable {
            Conclusion::Unreachable
        } else if self.handshake.precondition.is_some() {
            Conclusion::Precondition
        } else if tally.error > 0 {
            Conclusion::Fault
        } else if tally.inconclusive > 0 || !graded && tally.precondition > 0 {
            Conclusion::NotDecided
        } else if !graded || self.scope.nothing.is_some() {
            Conclusion::NothingToJudge
        } else if tally.known > 0 {
            Conclusion::KnownOnly
        } else if tally.pass == 0 {
            Conclusion::WarningsOnly
        } else if self.scope.is_partial() || tally.ran < tally.all {
            Conclusion::AsAsked
        } else if tally.not_exercised + tally.precondition > 0 {
            Conclusion::AsJudged
        } else {
            Conclusion::Conforms
        }
    }

    /// The code that the command ends with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.ends_in().exit_code()
    }

    /// The conclusion in a word or two.
    #[must_use]
    pub fn conclusion(&self) -> &'static str {
        self.ends_in().as_str()
    }

    /// The verdict: the conclusion, with how much was judged and what was set aside.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{}: {}", self.conclusion(), self.rest())
    }

    /// The verdict without the conclusion that it begins with.
    #[must_use]
    pub fn rest(&self) -> String {
        let tally = self.tally();
        let conclusion = self.ends_in();
        let asked = self.scope.asked.clone();
        let of = |count: usize| format!("{count} of {}", counted(tally.all, "case"));
        let others = |but: &[&str]| tally.others(but);
        let early = self.ended.iter().map(|reason| format!("the run ended early: {reason}"));
        let early: Vec<String> = early.collect();
        match conclusion {
            Conclusion::Conforms | Conclusion::AsAsked | Conclusion::AsJudged => {
                format!("{}{}", of(tally.pass), bracket(&[asked, others(&["pass"])]))
            }
            Conclusion::KnownOnly => {
                let mut parts = vec![
                    format!("{} pass", tally.pass),
                    format!("{} known", tally.known),
                    "0 new".to_owned(),
                ];
                parts.extend(others(&["pass", "known"]));
                let asked = if asked.is_empty() { asked } else { part(asked, &of(tally.ran)) };
                format!("{}{}", parts.join(", "), bracket(&[asked]))
            }
            Conclusion::WarningsOnly => {
                format!("{}{}", of(0), bracket(&[asked, others(&["pass"])]))
            }
            Conclusion::DoesNotConform => {
                let fail = match tally.fail {
                    1 => format!("{} fails", of(1)),
                    count => format!("{} fail", of(count)),
                };
                let new = match (tally.known, tally.fail) {
                    (0, _) => "",
                    (_, 1) => " and is not known",
                    _ => " and are not known",
                };
                let mut others = others(&["fail"]);
                if tally.pass == 0 {
                    others.insert(0, "0 pass".into());
                }
                format!("{fail}{new}{}", bracket(&[asked, others, early]))
            }
            Conclusion::Stale => {
                format!("{}{}", counted(self.stale.len(), "line"), bracket(&[asked, others(&[])]))
            }
            Conclusion::Unreachable | Conclusion::Precondition => {
                self.handshake.precondition.clone().unwrap_or_default()
            }
            Conclusion::NothingToJudge => match &self.scope.nothing {
                Some(reason) => format!("{reason}{}", bracket(&[asked, others(&[])])),
                None if tally.pass > 0 => {
                    let what = "only observed, and none is graded";
                    let verb = if tally.pass == 1 { "is" } else { "are" };
                    format!(
                        "{} {verb} {what}{}",
                        of(tally.pass),
                        bracket(&[asked, others(&["pass"])])
                    )
                }
                None => {
                    format!("{} could be judged{}", of(0), bracket(&[asked, others(&[])]))
                }
            },
            Conclusion::Fault => {
                let fault = format!("{} cannot be judged", of(tally.error));
                format!("{fault}{}", bracket(&[asked, others(&["error"]), early]))
            }
            Conclusion::NotDecided => {
                let open = tally.inconclusive + tally.precondition;
                let mut others = others(&["inconclusive", "precondition"]);
                if tally.precondition > 0 && tally.inconclusive > 0 {
                    others.push(format!("{} precondition", tally.precondition));
                }
                let open = match open {
                    1 => format!("{} is open", of(1)),
                    open => format!("{} are open", of(open)),
                };
                format!("{open}{}", bracket(&[asked, others, early]))
            }
        }
    }
}

/// What was asked for, with the number of cases that it came to.
fn part(mut asked: Vec<String>, of: &str) -> Vec<String> {
    if let Some(last) = asked.last_mut() {
        *last = format!("{last}; {of}");
    }
    asked
}
