use super::outcome::Outcome;
use super::report::Report;

/// One report of several runs: the worst outcome of each case, and which ones were not always the
/// same. `None` without a run.
#[must_use]
pub fn merge(mut reports: Vec<Report>) -> Option<Report> {
    let runs = reports.len();
    let mut merged = reports.pop()?;
    for outcome in &mut merged.outcomes {
        let others = reports.iter().flat_map(|report| &report.outcomes);
        let same: Vec<&Outcome> = others.filter(|other| other.id == outcome.id).collect();
        let verdicts: Vec<_> =
            same.iter().map(|other| other.verdict).chain([outcome.verdict]).collect();
        let readings = same.iter().map(|other| &other.observed).chain([&outcome.observed]);
        let values: std::collections::BTreeSet<_> =
            readings.map(|observed| observed.as_ref().map(|observed| &observed.value)).collect();
        let unstable =
            verdicts.iter().any(|verdict| *verdict != outcome.verdict) || values.len() > 1;
        if !unstable {
            continue;
        }
        let mut counts: Vec<(String, usize)> = Vec::new();
        for verdict in &verdicts {
            let word = verdict.to_string();
            match counts.iter_mut().find(|(other, _)| *other == word) {
                Some((_, count)) => *count += 1,
                None => counts.push((word, 1)),
            }
        }
        let words: Vec<_> = counts.iter().map(|(word, count)| format!("{word} {count}")).collect();
        let reason = format!("unstable in {runs} runs: {}", words.join(", "));
        if let Some(worst) = same
            .into_iter()
            .filter(|other| other.verdict > outcome.verdict)
            .max_by_key(|other| other.verdict)
        {
            *outcome = worst.clone();
        }
        outcome.reason = Some(reason);
    }
    merged.started = reports.first().map_or(merged.started, |first| first.started);
    merged.elapsed += reports.iter().map(|report| report.elapsed).sum::<std::time::Duration>();
    Some(merged)
}
