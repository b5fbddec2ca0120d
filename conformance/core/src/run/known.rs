//! Failures that are known: they run, and must fail.

use jiff::civil::Date;

use super::report::Report;
use super::verdict::Verdict;

/// A line of a file of known failures: `PATTERN # reason`, or `PATTERN # until 2027-01-31: reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFailure {
    /// The cases: an id in which `*` is any text.
    pub pattern: String,
    /// The last day on which it may fail.
    pub until: Option<Date>,
    /// Why it fails.
    pub reason: String,
}

/// Reads a file of known failures. Empty lines, and lines that begin with `#`, say nothing.
///
/// # Errors
///
/// A line without a reason, or with a date that cannot be read.
pub fn known_failures(text: &str) -> Result<Vec<KnownFailure>, String> {
    let mut known = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let error = |what: &str| format!("line {}: {what}", number + 1);
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
        known.push(KnownFailure { pattern: pattern.into(), until, reason: reason.into() });
    }
    Ok(known)
}

/// Marks the known failures of a report, and lists those that do not fail any more.
pub fn apply(known: &[KnownFailure], report: &mut Report) {
    let today = report.started.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    for failure in known {
        let KnownFailure { pattern, until, reason } = failure;
        let mut matched = false;
        for outcome in &mut report.outcomes {
            if !wildcard(pattern, &outcome.id) {
                continue;
            }
            matched = true;
            match outcome.verdict {
                Verdict::Fail => outcome.known = Some(reason.clone()),
                Verdict::Pass | Verdict::Warn => {
                    report
                        .stale
                        .push(format!("{pattern}: {} does not fail ({reason})", outcome.id));
                }
                _ => {}
            }
        }
        if !matched {
            report.stale.push(format!("{pattern}: no case fits ({reason})"));
        }
        if until.is_some_and(|until| until < today) {
            report.stale.push(format!("{pattern}: its time is over ({reason})"));
        }
    }
}

/// Whether a text fits a pattern in which `*` is any text.
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
            "# ours\n\ndates/x* # issue 7\npage/y # until 2027-01-31: next release\n",
        )
        .unwrap();
        assert_eq!((known[0].pattern.as_str(), known[0].reason.as_str()), ("dates/x*", "issue 7"));
        assert_eq!(known[1].until, Some(jiff::civil::date(2027, 1, 31)));
        for (text, problem) in [
            ("a/b", "line 1: expected PATTERN # reason"),
            ("\na/b #", "line 2: expected PATTERN # reason"),
            ("a # until soon: x", "line 1: until: expected a date such as 2027-01-31"),
        ] {
            assert_eq!(known_failures(text).unwrap_err(), problem);
        }
    }
}
