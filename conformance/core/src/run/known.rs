//! Failures that are known: they run, and must fail.

use jiff::civil::Date;

use super::outcome::Outcome;
use super::report::Report;
use super::verdict::Verdict;
use crate::words::counted;

/// A line of a file of known failures: `PATTERN # reason`, or `PATTERN # until 2027-01-31: reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFailure {
    /// The cases: an id in which `*` is any text.
    pub pattern: String,
    /// The last day on which it may fail.
    pub until: Option<Date>,
    /// Why it fails.
    pub reason: String,
    /// Where it stands: `known.txt:12`.
    pub place: String,
}

/// Reads a file of known failures of this name. Empty lines, and lines that begin with `#`, say
/// nothing.
///
/// # Errors
///
/// A line without a reason, or with a date that cannot be read.
pub fn known_failures(name: &str, text: &str) -> Result<Vec<KnownFailure>, String> {
    let mut known = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{name}:{}", number + 1);
        let error = |what: &str| format!("{place}: {what}");
        let (pattern, reason) =
            line.split_once('#').ok_or_else(|| error("expected PATTERN # reason"))?;
        let (pattern, mut reason) = (pattern.trim(), reason.trim());
        let mut until = None;
        if let Some(rest) = reason.strip_prefix("until ") {
            let (date, rest) =
                rest.split_once(':').ok_or_else(|| error("expected until DATE: reason"))?;
            until = Some(
                date.trim()
                    .parse()
                    .map_err(|_| error("until: expected a date such as 2027-01-31"))?,
            );
            reason = rest.trim();
        }
        if pattern.is_empty() || reason.is_empty() {
            return Err(error("expected PATTERN # reason"));
        }
        known.push(KnownFailure { pattern: pattern.into(), until, reason: reason.into(), place });
    }
    Ok(known)
}

/// What a run says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A case that it matches fails, or was not decided.
    Holds,
    /// Cases of the suite that it matches did not run.
    NotAsked,
    /// Every case that it matches passes.
    Passes,
    /// No case has such a name.
    FitsNothing,
    /// It has expired.
    Over,
}

fn state(failure: &KnownFailure, report: &Report, suite: &[&str]) -> State {
    let today = report.started.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let fits = |id: &str| wildcard(&failure.pattern, id);
    let ran: Vec<Verdict> = report
        .outcomes
        .iter()
        .filter(|outcome| fits(&outcome.id))
        .map(|outcome| outcome.verdict)
        .collect();
    let live = report.outcomes.iter().any(|outcome| outcome.id.starts_with("live/"));
    if failure.until.is_some_and(|until| until < today) {
        State::Over
    } else if ran.is_empty() {
        // The laws of a live run have ids of their own.
        let elsewhere = failure.pattern.starts_with("live/") && !live;
        let there = suite.iter().any(|id| fits(id));
        if there || elsewhere { State::NotAsked } else { State::FitsNothing }
    } else if ran.iter().all(|verdict| *verdict == Verdict::Pass) {
        // A case that it matches and that did not run may well fail.
        let ids: Vec<&str> = report.outcomes.iter().map(|outcome| outcome.id.as_str()).collect();
        let all = suite.iter().filter(|id| fits(id)).all(|id| ids.contains(id));
        if all { State::Passes } else { State::NotAsked }
    } else {
        State::Holds
    }
}

/// Marks the known failures of a report, and lists the lines that are out of date: no case that
/// they match fails any more, no case has such a name, or they have expired. `suite` has the ids of
/// all cases, including those that were not asked for.
pub fn apply(known: &[KnownFailure], report: &mut Report, suite: &[&str]) {
    for failure in known {
        let KnownFailure { pattern, until, reason, place } = failure;
        let said = match (state(failure, report, suite), until) {
            (State::Passes, _) => Some(format!("{pattern} passes")),
            (State::FitsNothing, _) => Some(format!("{pattern}: no case has this name")),
            (State::Over, Some(until)) => Some(format!("{pattern}: it expired on {until}")),
            _ => None,
        };
        report.stale.extend(said.map(|said| format!("{place}: {said} ({reason})")));
        let fits = |outcome: &&mut Outcome| {
            outcome.verdict == Verdict::Fail
                && outcome.known.is_none()
                && wildcard(pattern, &outcome.id)
        };
        for outcome in report.outcomes.iter_mut().filter(fits) {
            outcome.known = Some(reason.clone());
        }
    }
}

/// The text of a file of known failures that covers every failure of this run. The lines of an
/// earlier text stay as they are, except those that are out of date. `causes` has the failures by
/// cause, including those without one.
#[must_use]
pub fn adopted(
    earlier: Option<(&str, &str)>,
    causes: &[(Option<String>, Vec<&Outcome>)],
    report: &Report,
    suite: &[&str],
) -> String {
    let (name, text) = earlier.unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    let mut kept: Vec<KnownFailure> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let read = known_failures(name, line).unwrap_or_default();
        let out_of_date = |failure: &KnownFailure| {
            matches!(
                state(failure, report, suite),
                State::Passes | State::FitsNothing | State::Over
            )
        };
        if read.iter().any(out_of_date) || number == 0 && line.starts_with(HEAD) {
            continue;
        }
        lines.push(line.to_owned());
        kept.extend(read);
    }
    let day = report.started.strftime("%Y-%m-%d").to_string();
    for (cause, outcomes) in causes {
        let new: Vec<&&Outcome> = outcomes
            .iter()
            .filter(|outcome| outcome.verdict == Verdict::Fail)
            .filter(|outcome| !kept.iter().any(|line| wildcard(&line.pattern, &outcome.id)))
            .collect();
        if new.is_empty() {
            continue;
        }
        if lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(String::new());
        }
        let target = one_line(&report.target);
        lines.push(format!("# {day}, {target}: {}", counted(new.len(), "failure")));
        if let Some(cause) = cause {
            lines.push(format!("# {}", one_line(cause)));
        }
        for outcome in new {
            let problem = outcome.problems.first().map(|problem| problem.finding.text.as_str());
            let why = problem.or(outcome.reason.as_deref()).unwrap_or(&outcome.title);
            let why: String = one_line(why).chars().take(100).collect();
            lines.push(format!("{:<44} # {}: {why}", outcome.id, outcome.blamed()));
        }
    }
    lines.insert(0, format!("{HEAD} PATTERN # reason, or PATTERN # until 2027-01-31: reason"));
    lines.join("\n") + "\n"
}

/// The beginning of the first line of a file written here.
const HEAD: &str = "# Known failures:";

/// A text without line ends or other control characters.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a text matches a pattern in which `*` is any text.
#[must_use]
pub fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, fits) in [
            ("dates/day", "dates/day", true),
            ("dates/*", "dates/day", true),
            ("*", "", true),
            ("*day*", "dates/a-day-in", true),
            ("*day", "dates/day-in", false),
            ("d*e*y", "dates/day", true),
            ("dates", "dates/day", false),
        ] {
            assert_eq!(wildcard(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn known_failures_have_a_reason() {
        let known = known_failures(
            "known.txt",
            "# ours\n\ndates/x* # issue 7\npage/y # until 2027-01-31: next release\n",
        )
        .unwrap();
        assert_eq!((known[0].pattern.as_str(), known[0].reason.as_str()), ("dates/x*", "issue 7"));
        assert_eq!(known[1].until, Some(jiff::civil::date(2027, 1, 31)));
        for (text, problem) in [
            ("a/b", "known.txt:1: expected PATTERN # reason"),
            ("\na/b #", "known.txt:2: expected PATTERN # reason"),
            ("a # until soon: x", "known.txt:1: until: expected a date such as 2027-01-31"),
        ] {
            assert_eq!(known_failures("known.txt", text).unwrap_err(), problem);
        }
    }
}
