use super::{Expected, Scenario};

/// How many ids an explanation names.
const NAMED: usize = 5;

/// What is wrong with a client's result of a scenario: the `transactionID`s that it received, and whether it
/// exited with 0. `None` if the result is right, however the client got there.
#[must_use]
pub fn result(scenario: Scenario, ids: &[String], succeeded: bool) -> Option<String> {
    match scenario.expected() {
        Expected::Failure => succeeded.then(|| {
            "the client succeeded; expected: it fails, since it cannot have the whole list"
                .to_owned()
        }),
        Expected::Recordings { must, may } => {
            if !succeeded {
                return Some("the client failed; expected: it has the whole list".to_owned());
            }
            if ids.is_empty() && !must.is_empty() {
                return Some(format!(
                    "the client printed no transactionID, on stdout or to VCC_RESULT; expected: {}",
                    crate::words::counted(must.len(), "line")
                ));
            }
            let missing: Vec<_> = must.iter().filter(|id| !ids.contains(id)).collect();
            let mut sorted: Vec<_> = ids.iter().collect();
            sorted.sort();
            let mut twice: Vec<_> =
                sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
            twice.dedup();
            let unknown: Vec<_> =
                ids.iter().filter(|id| !must.contains(id) && !may.contains(id)).collect();
            let parts = [("missing", missing), ("more than once", twice), ("not served", unknown)];
            let parts: Vec<_> = parts
                .into_iter()
                .filter(|(_, ids)| !ids.is_empty())
                .map(|(what, ids)| format!("{what}: {}", named(&ids)))
                .collect();
            (!parts.is_empty())
                .then(|| format!("the transactionIDs are not right; {}", parts.join("; ")))
        }
    }
}

fn named(ids: &[&String]) -> String {
    let shown: Vec<_> = ids.iter().take(NAMED).map(|id| id.escape_debug().to_string()).collect();
    let more = ids.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// The `transactionID`s of an output, one a line; blank lines are skipped.
#[must_use]
pub fn ids(output: &str) -> Vec<String> {
    output.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: &[&str], succeeded: bool, scenario: Scenario) -> Option<String> {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        result(scenario, &ids, succeeded)
    }

    #[test]
    fn what_is_right_is_right_in_any_order() {
        assert_eq!(of(&["3", "1", "2"], true, Scenario::Busy), None);
        assert_eq!(of(&[], true, Scenario::Pages(0)), None);
        assert_eq!(of(&[], false, Scenario::Forbidden), None);
        // Output before a failure does no harm.
        assert_eq!(of(&["1"], false, Scenario::Ignored), None);
        let mut ids: Vec<_> = (1..=101).map(|id| id.to_string()).collect();
        assert_eq!(result(Scenario::Late, &ids, true), None);
        ids.push("0".into());
        assert_eq!(result(Scenario::Late, &ids, true), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let table = [
            (
                of(&[], true, Scenario::Busy),
                "the client printed no transactionID, on stdout or to VCC_RESULT; expected: 3 lines",
            ),
            (
                of(&["1", "2", "2", "9"], true, Scenario::Busy),
                "the transactionIDs are not right; missing: 3; more than once: 2; not served: 9",
            ),
            (
                of(&["1", "2", "3"], false, Scenario::Busy),
                "the client failed; expected: it has the whole list",
            ),
            (
                of(&[], true, Scenario::Forbidden),
                "the client succeeded; expected: it fails, since it cannot have the whole list",
            ),
            (
                of(&["1"], true, Scenario::Pages(50)),
                "the transactionIDs are not right; missing: 2, 3, 4, 5, 6 and 44 more",
            ),
        ];
        for (problem, expected) in table {
            assert_eq!(problem.as_deref(), Some(expected));
        }
    }
}
