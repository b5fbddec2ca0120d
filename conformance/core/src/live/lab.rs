use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use vcc_types::Field;

use super::LiveOptions;
use crate::PAGE;
use crate::fixture::Request;
use crate::http::Trouble;
use crate::judge::Finding;
use crate::judge::compare::start;
use crate::judge::list::{self, Format, Record};
use crate::run::{Exchange, Key, Observed, Outcome, Problem, Target, Transport, Verdict, build};
use crate::setup::Setup;
use crate::spec::{Level, Spec};
use crate::words::counted;

/// The most pages that are read for one query.
const WALK: usize = 12;

/// A record that the target listed.
pub(super) struct ListedRecording {
    pub(super) values: [String; Field::COUNT],
    pub(super) start: Timestamp,
    pub(super) duration: Option<u64>,
    /// Its content, independent of the zone of its start.
    pub(super) key: u64,
}

impl ListedRecording {
    pub(super) fn of(seen: &Record) -> Option<Self> {
        let values = Field::ALL.map(|field| seen.text(field).to_owned());
        let start = start(&values[0])?.instant;
        let mut hasher = DefaultHasher::new();
        start.hash(&mut hasher);
        values[1..].hash(&mut hasher);
        let digits = &values[Field::Duration.index()];
        let duration =
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok());
        Some(Self { start, duration: duration.flatten(), key: hasher.finish(), values })
    }

    pub(super) fn text(&self, field: Field) -> &str {
        &self.values[field.index()]
    }

    pub(super) fn finish(&self) -> Option<Timestamp> {
        let seconds = i64::try_from(self.duration?).ok()?;
        self.start.checked_add(SignedDuration::from_secs(seconds)).ok()
    }

    fn shown(&self) -> String {
        format!("transactionID {:?} of {}", self.text(Field::TransactionId), self.values[0])
    }
}

/// One reading of a point that the documentation leaves open.
pub(super) enum Interpretation<'a> {
    /// The answer is 400.
    Refused,
    /// The answer is the first page of the whole list.
    First,
    /// The answer has the records for which this is true, or a page of them. If there are none, an
    /// empty list proves nothing: a server that finds nothing at all sends it too.
    Finds(&'a dyn Fn(&ListedRecording) -> bool),
    /// The answer is an empty list, whatever the target holds.
    Nothing,
}

/// The target and its list, on which laws are tried.
pub(super) struct Lab<'a> {
    pub(super) setup: &'a Setup,
    pub(super) spec: &'a Spec,
    transport: &'a mut dyn Transport,
    target: &'a dyn Target,
    pub(super) options: LiveOptions,
    strict: bool,
    /// Everything that the target listed.
    pub(super) records: Vec<ListedRecording>,
    /// The zone of the tenant, where it is known.
    pub(super) zone: Option<TimeZone>,
    /// Why there is nothing to test with.
    pub(super) unreachable: Option<String>,
    pub(super) outcomes: Vec<Outcome>,
    asked: usize,
    now: Timestamp,
}

impl<'a> Lab<'a> {
    pub(super) fn new(
        setup: &'a Setup,
        spec: &'a Spec,
        transport: &'a mut dyn Transport,
        target: &'a dyn Target,
        options: LiveOptions,
        strict: bool,
    ) -> Self {
        let zone = options.zone_known.then(|| setup.tenants[0].tenant.zone.clone());
        Self {
            setup,
            spec,
            transport,
            target,
            options,
            strict,
            records: Vec::new(),
            zone,
            unreachable: None,
            outcomes: Vec::new(),
            asked: 0,
            now: setup.now,
        }
    }

    /// When the last request was sent.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Why no more requests are sent.
    pub(super) fn over(&self) -> Option<String> {
        self.target.ended()
    }

    pub(super) fn send(&mut self, suffix: &str, query: Option<&str>) -> Exchange {
        let request = Request {
            path: Some(format!("{}{suffix}", Request::PATH)),
            query: query.map(|query| query.replace('$', "$$")),
            tenant: Some(self.setup.tenants[0].tenant.name.clone()),
            ..Request::default()
        };
        self.asked += 1;
        // Cannot fail: the tenant is there, and the text has no templates.
        let planned =
            build(&request, self.setup).unwrap_or_else(|_| unreachable!("a plain request"));
        let key = Key { case: "live", variant: "", index: self.asked };
        let exchange = self.transport.exchange(key, &planned);
        self.now = exchange.started;
        exchange
    }

    /// One page, read.
    pub(super) fn page(
        &mut self,
        suffix: &str,
        query: Option<&str>,
    ) -> (Exchange, Result<Vec<Record>, Finding>) {
        let exchange = self.send(suffix, query);
        let format = Format::of_path(suffix);
        let read = match &exchange.answer {
            Err(trouble) => Err(Finding::new(trouble.to_string())),
            Ok(response) if response.status != 200 => {
                let body = crate::judge::excerpt(&response.body, 120);
                Err(Finding::new(format!(
                    "status: expected 200, found {}: {body}",
                    response.status
                )))
            }
            Ok(response) => match list::read(format, response) {
                Ok(list) if list.records.len() > PAGE => {
                    let text = format!("{} in one response", counted(list.records.len(), "record"));
                    Err(Finding::of("PAGE-1", text))
                }
                Ok(list) => Ok(list.records),
                Err(problem) => Err(Finding::of(problem.clause, problem.problem)),
            },
        };
        (exchange, read)
    }

    /// Everything that a query finds, up to twelve pages; whether that is all.
    fn walk(&mut self, query: &str) -> (Exchange, Result<(Vec<ListedRecording>, bool), Finding>) {
        let mut found = Vec::new();
        let mut n = 1;
        loop {
            let page = if n == 1 { query.to_owned() } else { format!("{query}&n={n}") };
            let (exchange, read) = self.page("", Some(&page));
            let seen = match read {
                Ok(seen) => seen,
                Err(finding) => return (exchange, Err(finding)),
            };
            let last = seen.len() < PAGE;
            for seen in &seen {
                match ListedRecording::of(seen) {
                    Some(rec) => found.push(rec),
                    None => {
                        let text = format!("startDate: {:?}", seen.text(Field::StartDate));
                        return (exchange, Err(Finding::of("OUT-3a", text)));
                    }
                }
            }
            n += PAGE;
            if last || n > PAGE * WALK {
                return (exchange, Ok((found, last)));
            }
        }
    }

    /// Begins a law.
    pub(super) fn law(&self, id: &str, clause: &str, title: &str) -> Law {
        let clause = self.spec.resolve(clause);
        Law {
            outcome: Outcome {
                id: format!("live/{id}"),
                title: title.into(),
                level: self.spec.level(&clause),
                clauses: vec![clause],
                verdict: Verdict::Pass,
                reason: None,
                problems: Vec::new(),
                known: None,
                observed: None,
                evidence: None,
                requests: 0,
                variants: 1,
                micros: 0,
            },
            evidence: 0,
            tried: 0,
            cut: None,
        }
    }

    /// Checks that a query finds the right records of the full list. `belongs` says whether a record should
    /// be found; `None` if the documentation leaves that open.
    pub(super) fn finds(
        &mut self,
        law: &mut Law,
        query: &str,
        belongs: &dyn Fn(&ListedRecording) -> Option<bool>,
    ) {
        if self.over().is_some() {
            return;
        }
        let before = self.asked;
        let (exchange, found) = self.walk(query);
        law.tried += 1;
        law.outcome.requests += self.asked - before;
        law.outcome.micros += exchange.micros;
        let (found, whole) = match found {
            Ok(found) => found,
            Err(finding) => return law.problem(self.spec, finding, exchange),
        };
        let mut came: HashMap<u64, i64> = HashMap::new();
        for rec in &found {
            *came.entry(rec.key).or_default() += 1;
        }
        let (mut missing, mut unexpected, mut expected) = (Vec::new(), Vec::new(), 0);
        let mut known: HashSet<u64> = HashSet::new();
        for rec in &self.records {
            known.insert(rec.key);
            let there = came
                .get_mut(&rec.key)
                .filter(|count| **count > 0)
                .map(|count| *count -= 1)
                .is_some();
            match belongs(rec) {
                Some(true) => {
                    expected += 1;
                    if !there && whole {
                        missing.push(rec);
                    }
                }
                Some(false) if there => unexpected.push(rec),
                _ => {}
            }
        }
        law.evidence += expected;
        // Records that are not in the list, or came more than once.
        let strange: Vec<&ListedRecording> =
            found.iter().filter(|rec| came.get(&rec.key).is_some_and(|count| *count > 0)).collect();
        if missing.is_empty() && unexpected.is_empty() && strange.is_empty() {
            return;
        }
        let mut words = Vec::new();
        for (recs, word) in [(&missing, "missing"), (&unexpected, "unexpected")] {
            if let Some(first) = recs.first() {
                words.push(format!("{} {word}, such as {}", recs.len(), first.shown()));
            }
        }
        if let Some(first) = strange.first() {
            let word = if known.contains(&first.key) {
                "more often than in the list"
            } else {
                "not in the list"
            };
            words.push(format!("{} {word}, such as {}", strange.len(), first.shown()));
        }
        let text =
            format!("{query}: expected {expected}, found {}: {}", found.len(), words.join("; "));
        law.problem(self.spec, Finding::new(text), exchange);
    }

    /// Tests a point that the documentation leaves open: a switch with its clause. A reading is
    /// recorded only if no other reading gives the same answer.
    pub(super) fn observe(
        &mut self,
        point: (&str, &str),
        query: &str,
        readings: &[(&str, Interpretation<'_>)],
    ) {
        if self.over().is_some() || self.records.is_empty() {
            return;
        }
        let (exchange, page) = self.page("", Some(query));
        if exchange.cut().is_some() {
            return;
        }
        let status = exchange.answer.as_ref().ok().map(|response| response.status);
        let page: Option<Vec<u64>> = page.ok().and_then(|page| {
            page.iter().map(|seen| ListedRecording::of(seen).map(|rec| rec.key)).collect()
        });
        let seen = match (&page, status) {
            (Some(keys), _) => format!("200 with {}", counted(keys.len(), "record")),
            (None, Some(status)) => status.to_string(),
            (None, None) => "no answer".into(),
        };
        let fits = |reading: &&(&str, Interpretation<'_>)| self.fits(&reading.1, status, &page);
        let fitting: Vec<_> = readings.iter().filter(fits).collect();
        let (value, why) = match &fitting[..] {
            [] => (None, ""),
            // A server that does not understand the query may send such a list too.
            [(_, Interpretation::Finds(_) | Interpretation::First)]
                if page.as_ref().is_some_and(Vec::is_empty) =>
            {
                (None, ", where there is none to find: no reading can be told apart")
            }
            [(value, _)] => (Some(*value), ""),
            _ => (None, ": that is how several readings answer"),
        };
        self.observed(point, value, &format!("{query}: {seen}{why}"));
    }

    /// Whether an answer is what a reading predicts.
    fn fits(
        &self,
        reading: &Interpretation<'_>,
        status: Option<u16>,
        page: &Option<Vec<u64>>,
    ) -> bool {
        match (reading, page) {
            (Interpretation::Refused, _) => status == Some(400),
            (_, None) => false,
            (Interpretation::Nothing, Some(keys)) => keys.is_empty(),
            (Interpretation::First, Some(keys)) => {
                keys.iter().eq(self.records.iter().take(PAGE).map(|rec| &rec.key))
            }
            (Interpretation::Finds(belongs), Some(keys)) => {
                let all: HashSet<u64> =
                    self.records.iter().filter(|rec| belongs(rec)).map(|rec| rec.key).collect();
                let here: HashSet<u64> = keys.iter().copied().collect();
                here.is_subset(&all) && here.len() == all.len().min(PAGE)
            }
        }
    }

    /// Notes the value of a switch.
    pub(super) fn observed(
        &mut self,
        (switch, clause): (&str, &str),
        value: Option<&str>,
        seen: &str,
    ) {
        let title = self.spec.find(clause).map_or(clause, |found| found.sentence.as_str());
        let title = title.split('.').next().unwrap_or(clause).to_owned();
        let mut law = self.law(&format!("switch-{}", switch.replace('_', "-")), clause, &title);
        law.outcome.observed = Some(Observed {
            switch: switch.into(),
            value: value.map(str::to_owned),
            seen: seen.into(),
        });
        self.outcomes.push(law.outcome);
    }

    /// Ends a law.
    pub(super) fn end(&mut self, law: Law) {
        let Law { mut outcome, evidence, tried, cut } = law;
        outcome.problems.sort_by_key(|problem| problem.level);
        outcome.verdict = match outcome.problems.first().map(|problem| problem.level) {
            Some(Level::Must) => Verdict::Fail,
            Some(Level::Should) if self.strict => Verdict::Fail,
            Some(Level::Should) => Verdict::Warn,
            Some(Level::Probe | Level::Observation) => Verdict::Pass,
            None if cut.is_some() => Verdict::Inconclusive,
            // The run was over before it could look: that is undecided, not unexercised.
            None if evidence == 0 && self.over().is_some() => Verdict::Inconclusive,
            None if evidence == 0 => Verdict::NotExercised,
            None => Verdict::Pass,
        };
        outcome.evidence = Some(evidence);
        outcome.reason = Some(match (outcome.verdict, cut.or_else(|| self.over())) {
            (Verdict::Inconclusive, Some(reason)) => reason,
            (Verdict::NotExercised, _) if tried == 0 => "no record to try it on".into(),
            (Verdict::NotExercised, _) => format!("no record in {}", counted(tried, "answer")),
            _ => format!("evidence: {}", counted(evidence, "record")),
        });
        self.outcomes.push(outcome);
    }
}

/// A law that is being tried.
pub(super) struct Law {
    pub(super) outcome: Outcome,
    /// The number of records that confirmed it.
    pub(super) evidence: usize,
    /// The number of answers examined.
    pub(super) tried: usize,
    /// Why the run ended before an answer that it needs.
    cut: Option<String>,
}

impl Law {
    pub(super) fn problem(&mut self, spec: &Spec, finding: Finding, exchange: Exchange) {
        if let Some(reason) = exchange.cut() {
            self.cut = Some(reason);
            return;
        }
        let own = self.outcome.clauses[0].as_str();
        let clause = spec.resolve(finding.clause.unwrap_or(own));
        self.outcome.problems.push(Problem {
            level: spec.level(&clause),
            clause,
            variant: String::new(),
            step: None,
            finding,
            exchange,
        });
    }
}

/// Whether the target cannot be reached at all.
pub(super) fn gone(exchange: &Exchange) -> Option<String> {
    match &exchange.answer {
        Err(trouble @ (Trouble::Refused(_) | Trouble::Connect(_))) => Some(trouble.to_string()),
        Ok(response) if matches!(response.status, 401 | 403) => {
            Some(format!("status {}: the target refuses the credentials", response.status))
        }
        _ => None,
    }
}
