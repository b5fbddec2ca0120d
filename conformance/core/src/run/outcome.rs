//! From the answers of a case to its verdict.

use super::exchange::Exchange;
use super::plan::{Planned, Variant, expected};
use super::verdict::Verdict;
use crate::fixture::{Auth, AuthName, Case, Expect, Status};
use crate::http::{Response, Trouble};
use crate::judge::list::Format;
use crate::judge::{Finding, View, judge};
use crate::setup::Setup;
use crate::spec::{Level, Spec};

/// What became of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The case's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its clauses, its own first.
    pub clauses: Vec<String>,
    /// The level of its own clause.
    pub level: Level,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it does not pass, where no problem says so.
    pub reason: Option<String>,
    /// What is not as expected.
    pub problems: Vec<Problem>,
    /// Why a failure is known and does not count.
    pub known: Option<String>,
    /// The value of the switch that the case observes.
    pub observed: Option<Observed>,
    /// The number of records that a law was tried on, or of answers; `None` for a case of the suite.
    pub evidence: Option<usize>,
    /// Requests sent.
    pub requests: usize,
    /// Variants run.
    pub variants: usize,
    /// The time that they took, in microseconds.
    pub micros: u64,
}

impl Outcome {
    /// The clause that is blamed: that of the worst finding, else the case's own.
    #[must_use]
    pub fn blamed(&self) -> &str {
        self.problems.first().map_or(self.clauses[0].as_str(), |problem| problem.clause.as_str())
    }

    /// The folder of the case.
    #[must_use]
    pub fn chapter(&self) -> &str {
        self.id.split_once('/').map_or("", |(chapter, _)| chapter)
    }

    pub(crate) fn without_requests(
        case: &Case,
        spec: &Spec,
        verdict: Verdict,
        reason: &str,
    ) -> Self {
        Self {
            id: case.id.clone(),
            title: case.title.clone(),
            clauses: case.clauses.clone(),
            level: spec.level(&case.clauses[0]),
            verdict,
            reason: Some(reason.into()),
            problems: Vec::new(),
            known: None,
            observed: None,
            evidence: None,
            requests: 0,
            variants: 0,
            micros: 0,
        }
    }
}

/// What a probe saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The switch.
    pub switch: String,
    /// The reading that holds; `None` where none does.
    pub value: Option<String>,
    /// What was seen.
    pub seen: String,
}

/// Something that is not as expected, and the request that showed it.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The clause that it breaks.
    pub clause: String,
    /// The level of that clause.
    pub level: Level,
    /// The variant of the case.
    pub variant: String,
    /// The step of the case, from 1, where it has several.
    pub step: Option<usize>,
    /// What it is.
    pub finding: Finding,
    /// The request, with what came back.
    pub exchange: Exchange,
}

impl Problem {
    /// Where in the case it is: `.csv`, `step 2`; `None` for a single request as it is written.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        match (self.variant.as_str(), self.step) {
            ("", step) => step.map(|step| format!("step {step}")),
            (variant, _) => Some(variant.to_owned()),
        }
    }
}

/// Judges what came back for the variants of a case.
#[must_use]
pub fn outcome(
    case: &Case,
    played: &[(Variant, Vec<Exchange>)],
    setup: &Setup,
    spec: &Spec,
    strict: bool,
) -> Outcome {
    let mut outcome = Outcome::without_requests(case, spec, Verdict::Pass, "");
    outcome.reason = None;
    outcome.variants = played.len();
    let exchanges = || played.iter().flat_map(|(_, exchanges)| exchanges);
    outcome.requests = exchanges().count();
    outcome.micros = exchanges().map(|exchange| exchange.micros).sum();
    let stop = |mut outcome: Outcome, verdict, reason: String| {
        outcome.verdict = verdict;
        outcome.reason = Some(reason);
        outcome
    };
    for exchange in exchanges() {
        match &exchange.answer {
            Err(trouble @ (Trouble::Stopped | Trouble::Over(_) | Trouble::NotSaved(_))) => {
                return stop(outcome, Verdict::Inconclusive, trouble.to_string());
            }
            Err(trouble @ (Trouble::Refused(_) | Trouble::Connect(_)))
                if !exchange.planned.plain =>
            {
                return stop(outcome, Verdict::Inconclusive, trouble.to_string());
            }
            _ => {}
        }
        if depends_on_today(case)
            && let Some(reason) = day_changed(exchange, setup)
        {
            return stop(outcome, Verdict::Precondition, reason);
        }
    }
    if case.switch.is_some() {
        return match probe(case, played, setup) {
            Ok(observed) => Outcome { observed: Some(observed), ..outcome },
            Err(problem) => stop(outcome, Verdict::Error, problem),
        };
    }
    let mut written_passes = true;
    for (variant, exchanges) in played {
        let found = match findings(case, variant, exchanges, setup) {
            Ok(found) => found,
            Err(problem) => return stop(outcome, Verdict::Error, problem),
        };
        if variant.name.is_empty() {
            written_passes = found.is_empty();
        }
        for (index, finding) in found {
            let planned = &variant.steps[index.min(variant.steps.len() - 1)];
            let exchange = &exchanges[index.min(exchanges.len() - 1)];
            let status = exchange.answer.as_ref().ok().map(|response| response.status);
            // A missing resource says nothing about its form.
            let alone = match (variant.clause.filter(|_| written_passes), status) {
                (Some("OUT-4a"), Some(404)) => Some("REQ-2"),
                (clause, _) => clause,
            };
            let blamed = finding
                .clause
                .filter(|clause| !yields(clause, &case.clauses[0]))
                .or_else(|| refused(case, index, planned, setup, status))
                .or(alone)
                .unwrap_or_else(|| own(case, &finding, planned));
            let clause = spec.resolve(blamed);
            outcome.problems.push(Problem {
                level: spec.level(&clause),
                clause,
                variant: variant.name.clone(),
                step: (case.step.len() > 1).then_some(index + 1),
                exchange: exchange.clone(),
                finding,
            });
        }
    }
    outcome.problems.sort_by_key(|problem| problem.level);
    let mild = case.tags.iter().any(|tag| tag == "zone-data");
    outcome.verdict = match outcome.problems.first().map(|problem| problem.level) {
        None | Some(Level::Probe | Level::Observation) => Verdict::Pass,
        // DATE-13: such a difference may be that of two releases of the tz database.
        Some(Level::Must | Level::Should) if mild => {
            outcome.reason = Some(format!(
                "the target's rules of time zones may be older than the suite's, {}",
                crate::zone::RELEASE
            ));
            Verdict::Warn
        }
        Some(Level::Should) if !strict => Verdict::Warn,
        Some(Level::Should | Level::Must) => Verdict::Fail,
    };
    outcome
}

/// Wrong values say less than the clause of a case that is about values.
fn yields(clause: &str, own: &str) -> bool {
    matches!(clause, "OUT-1a" | "OUT-4a" | "OUT-6a")
        && (own.starts_with("OUT-") || own.starts_with("CALL-"))
        || clause == "OUT-3a" && own.starts_with("OUT-3")
}

/// Refusing good credentials is a fault of its own, whatever the case is about; so is a success
/// status that the documentation does not have.
fn refused(
    case: &Case,
    step: usize,
    planned: &Planned,
    setup: &Setup,
    status: Option<u16>,
) -> Option<&'static str> {
    let expect = expected(case).get(step).copied().flatten()?;
    let listed = matches!(expect.status, None | Some(Status::One(200)));
    // STATUS-1a: 200 is the only success. What is past the end has a clause of its own.
    let own = ["PAGE-3", "REQ-", "AUTH-"].iter().any(|kind| case.clauses[0].starts_with(kind));
    if listed && !own && status.is_some_and(|status| (201..400).contains(&status)) {
        return Some("STATUS-1a");
    }
    let right = *planned.request().auth() == Auth::Named(AuthName::Right);
    let about = case.clauses[0].as_str();
    let refused = matches!(status, Some(401 | 403)) && planned.request().raw.is_none();
    if !listed || !right || !refused || about.starts_with("AUTH-") && about != "AUTH-4" {
        return None;
    }
    let colon = setup.tenants[planned.tenant].token.contains(':');
    Some(if colon { "AUTH-5b" } else { "AUTH-1" })
}

/// The case's own clause. Only another tenant's records break AUTH-4: if none came, the case shows
/// a break of the clause by which it asks.
fn own<'a>(case: &'a Case, finding: &Finding, planned: &Planned) -> &'a str {
    if case.clauses[0] != "AUTH-4" || finding.difference.is_none() {
        return &case.clauses[0];
    }
    if let Some(second) = case.clauses.get(1) {
        return second;
    }
    let query = planned.query.as_deref().unwrap_or_default();
    let asks = |name: &str| query.split('&').find_map(|segment| segment.strip_prefix(name));
    match (asks("start-date="), asks("finish-date="), asks("n="), asks("d=")) {
        (Some(_), ..) => "NEAR-1",
        (_, Some(_), ..) => "NEAR-2",
        _ if case.walk => "PAGE-5a",
        (_, _, Some(_), _) => "PAGE-2",
        (.., Some(range)) if range.contains(',') => "DATE-2a",
        (.., Some(_)) => "DATE-1",
        _ if query.is_empty() => "PAGE-5a",
        _ => "FIELD-1a",
    }
}

type Found = Vec<(usize, Finding)>;

fn findings(
    case: &Case,
    variant: &Variant,
    exchanges: &[Exchange],
    setup: &Setup,
) -> Result<Found, String> {
    let mut found = Vec::new();
    let mut earlier: Vec<(Format, Option<Response>)> = Vec::new();
    for (index, expect) in expected(case).into_iter().enumerate() {
        let of_step = if case.walk { exchanges } else { &exchanges[index..=index] };
        let planned = &variant.steps[index];
        if let Some(expect) = expect {
            let here = one(expect, planned, of_step, &earlier, setup)?;
            let mut good = here.is_empty();
            for or in &case.or {
                good = good || one(&or.expect, planned, of_step, &earlier, setup)?.is_empty();
            }
            if !good {
                found.extend(here.into_iter().map(|finding| (index, finding)));
            }
        }
        let answer = of_step.last().and_then(|exchange| exchange.answer.clone().ok());
        earlier.push((planned.format, answer));
    }
    Ok(found)
}

fn one(
    expect: &Expect,
    planned: &Planned,
    exchanges: &[Exchange],
    earlier: &[(Format, Option<Response>)],
    setup: &Setup,
) -> Result<Vec<Finding>, String> {
    let mut pages = Vec::new();
    for exchange in exchanges {
        match &exchange.answer {
            Ok(response) => pages.push(response),
            // Without TLS, no answer counts as a refusal.
            Err(_) if planned.plain => return Ok(Vec::new()),
            Err(trouble) => return Ok(vec![Finding::new(trouble.to_string())]),
        }
    }
    let view = View {
        setup,
        tenant: planned.tenant,
        format: planned.format,
        tz: planned.tz(),
        head: planned.is_head(),
        pages: &pages,
        earlier,
    };
    judge(expect, &view)
}

fn probe(
    case: &Case,
    played: &[(Variant, Vec<Exchange>)],
    setup: &Setup,
) -> Result<Observed, String> {
    let (variant, exchanges) = &played[0];
    let last = variant.steps.len() - 1;
    let planned = &variant.steps[last];
    let of_step = if case.walk { &exchanges[..] } else { &exchanges[last..=last] };
    let earlier: Vec<_> = variant
        .steps
        .iter()
        .zip(exchanges)
        .take(last)
        .map(|(step, exchange)| (step.format, exchange.answer.clone().ok()))
        .collect();
    let mut values = Vec::new();
    for reading in &case.reading {
        if one(&reading.expect, planned, of_step, &earlier, setup)?.is_empty() {
            values.push(reading.value.as_str());
        }
    }
    // An answer that several readings give does not tell them apart.
    let value = match values[..] {
        [value] => Some(value.to_owned()),
        _ => None,
    };
    let mut seen = match of_step.last().map(|exchange| &exchange.answer) {
        None => "nothing".into(),
        Some(Err(trouble)) => trouble.to_string(),
        Some(Ok(response)) if response.status == 200 => {
            match crate::judge::list::read(planned.format, response) {
                Ok(list) => {
                    format!("200 with {}", crate::words::counted(list.records.len(), "record"))
                }
                Err(_) => "200 without a list".into(),
            }
        }
        Some(Ok(response)) => response.status.to_string(),
    };
    if values.len() > 1 {
        seen.push_str(&format!(": that is how {} answer", values.join(" and ")));
    }
    Ok(Observed { switch: case.switch.clone().unwrap_or_default(), value, seen })
}

/// Whether a case needs the records that are relative to today.
#[must_use]
pub fn depends_on_today(case: &Case) -> bool {
    let texts = std::iter::once(&case.request).chain(case.step.iter().map(|step| &step.request));
    case.tags.iter().any(|tag| tag == "today")
        || texts
            .flat_map(|request| [&request.query, &request.raw])
            .flatten()
            .any(|text| text.contains("today"))
}

/// Why what is relative to today does not mean the day that the dataset was stamped with: by our
/// clock before and after the request, or by the target's.
fn day_changed(exchange: &Exchange, setup: &Setup) -> Option<String> {
    let tenant = &setup.tenants[exchange.planned.tenant].tenant.zone;
    let zones = std::iter::once(tenant.clone()).chain(exchange.planned.tz());
    let theirs = exchange.answer.as_ref().ok().and_then(|response| response.header("date"));
    let theirs = theirs.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    for zone in zones {
        let day = |at: jiff::Timestamp| zone.to_datetime(at).date();
        let stamped = day(setup.now);
        if day(exchange.started) != stamped || day(exchange.finished()) != stamped {
            return Some(format!("the dataset is stamped with {stamped}, and that day is over"));
        }
        if let Some(theirs) = &theirs
            && day(theirs.timestamp()) != stamped
        {
            return Some(format!(
                "the dataset is stamped with {stamped}, and the target's clock says {}",
                day(theirs.timestamp())
            ));
        }
    }
    None
}
