use std::time::Duration;

use super::{Received, Scenario};
use crate::escapes;

/// One rule, and whether the client kept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade {
    /// The clause that it rests on.
    pub clause: &'static str,
    /// What a client does.
    pub rule: &'static str,
    /// What this one did instead; `None` if it kept the rule.
    pub problem: Option<String>,
}

/// Grades what a client sent while a scenario was played.
#[must_use]
pub fn grade(scenario: Scenario, received: &[Received]) -> Vec<Grade> {
    let mut grades = Vec::new();
    let mut rule =
        |clause, rule, problem: Option<String>| grades.push(Grade { clause, rule, problem });
    if received.is_empty() {
        rule("REQ-1a", "asks at all", Some("no request came".into()));
        return grades;
    }
    let here: Vec<&Received> = received.iter().filter(|request| !request.elsewhere).collect();
    let authorized: Vec<&&Received> =
        here.iter().filter(|request| request.header("authorization").is_some()).collect();
    let other = here.iter().find(|request| request.method != "GET");
    rule("REQ-1a", "asks with GET", other.map(|request| format!("it sent {}", request.method)));
    let basic = here.iter().filter_map(|request| request.header("authorization"));
    let wrong = basic.into_iter().find(|value| !value.starts_with("Basic ") || value.contains(':'));
    rule(
        "AUTH-1",
        "sends Basic credentials",
        match wrong {
            Some(value) => {
                Some(format!("it sent {:?}", value.split(' ').next().unwrap_or_default()))
            }
            None if authorized.is_empty() => Some("it sent none, also after a 401".into()),
            None => None,
        },
    );
    match scenario {
        Scenario::Busy | Scenario::TooMany | Scenario::RetryDate => {
            let again = authorized.get(1);
            rule(
                "STATUS-1b",
                "asks again after it was asked to wait",
                again.is_none().then(|| "it did not".into()),
            );
            if let (Some(first), Some(again)) = (authorized.first(), again) {
                let waited = again.at.saturating_sub(first.at);
                let soon = waited < Duration::from_millis(950);
                rule(
                    "STATUS-1b",
                    "waits as long as Retry-After says",
                    soon.then(|| {
                        format!("it waited {} ms; it was asked to wait 1 s", waited.as_millis())
                    }),
                );
            }
        }
        Scenario::BusyForEver => {
            let often = authorized
                .windows(2)
                .filter(|pair| pair[1].at.saturating_sub(pair[0].at) < Duration::from_millis(950))
                .count();
            rule(
                "STATUS-1b",
                "waits as long as Retry-After says",
                (often > 0).then(|| format!("it asked again too soon {often} times")),
            );
        }
        Scenario::Forbidden => {
            rule(
                "AUTH-3a",
                "does not repeat what was forbidden",
                (authorized.len() > 2).then(|| format!("it sent {} requests", authorized.len())),
            );
        }
        Scenario::Reserved => {
            let query = authorized
                .first()
                .and_then(|request| request.target.split_once('?'))
                .map_or("", |(_, query)| query);
            for (name, value) in scenario.filters() {
                let sent =
                    query.split('&').find_map(|segment| segment.strip_prefix(&format!("{name}=")));
                let problem = match sent.map(decoded) {
                    None => Some(format!("{name} did not come; the query was {query:?}")),
                    Some(None) => Some(format!(
                        "{name}: {:?} is not percent-encoded UTF-8",
                        sent.unwrap_or_default()
                    )),
                    Some(Some(text)) if text != *value => {
                        Some(format!("{name}: expected {value:?}, found {text:?}"))
                    }
                    _ => None,
                };
                rule("FIELD-5", "encodes reserved characters", problem);
            }
            let plus = query.contains('+');
            rule(
                "REQ-6a",
                "sends %20 and %2B, never a bare +",
                plus.then(|| format!("the query was {query:?}")),
            );
        }
        Scenario::Elsewhere => {
            let leaked = received
                .iter()
                .any(|request| request.elsewhere && request.header("authorization").is_some());
            rule(
                "AUTH-1",
                "sends credentials to no other origin",
                leaked.then(|| "it followed a redirection with them".into()),
            );
        }
        _ => {
            let most = scenario.records() / 10 + 20;
            rule(
                "PAGE-3a",
                "stops at the end",
                (authorized.len() > most).then(|| {
                    format!(
                        "it sent {} for {}",
                        crate::words::counted(authorized.len(), "request"),
                        crate::words::counted(scenario.records(), "record")
                    )
                }),
            );
        }
    }
    grades
}

/// The decoded value; `None` for a broken escape or for what is not UTF-8.
fn decoded(value: &str) -> Option<String> {
    String::from_utf8(escapes::decode(value.as_bytes())?.into_owned()).ok()
}
