//! Checks the suite itself: every name it uses, and every written expectation against what the
//! naive evaluator computes.

use std::collections::BTreeSet;

use regex_lite::Regex;
use vcc_types::{Dialect, Field};

use crate::PAGE;
use crate::dataset::select;
use crate::fixture::{
    Alternative, Auth, AuthName, Case, Expect, FixtureError, Request, Status, StatusKind,
};
use crate::naive::{self, Evaluated};
use crate::run::{Planned, plan};
use crate::setup::Setup;
use crate::spec::{Level, Spec};

/// How a problem begins that lies in a refusal which a case also accepts.
const REFUSAL: &str = "or, a refusal: ";

/// Everything that is wrong with a case.
#[must_use]
pub fn case(case: &Case, setup: &Setup, spec: &Spec) -> Vec<FixtureError> {
    let mut problems = Vec::new();
    let error = |message: String| FixtureError::new(&case.file, Some(&case.id), message);
    for id in &case.clauses {
        if !spec.clauses.iter().any(|clause| clause.id == *id) {
            problems.push(error(format!("clauses: {id} is not in SPEC.md")));
        }
    }
    let level = spec.level(&case.clauses[0]);
    if (level == Level::Probe) != case.switch.is_some() {
        problems.push(error(format!(
            "clauses: {} is of level {level}: a probe has a switch, and nothing else has",
            case.clauses[0]
        )));
    }
    let variants = match plan(case, setup, true) {
        Ok(variants) => variants,
        Err(problem) => {
            problems.push(error(problem));
            return problems;
        }
    };
    let written = &variants[0];
    let last = written.steps.len() - 1;
    let none = std::collections::BTreeMap::new();
    let mut expectations = Vec::new();
    if case.switch.is_none() {
        for (index, expect) in crate::run::expected(case).into_iter().enumerate() {
            if let Some(expect) = expect {
                expectations.push((index, expect, vec![&none], String::new()));
            }
        }
    }
    // A refusal that is accepted under all switches says nothing about how the query is read.
    let refusal = |or: &Alternative| or.switches.is_empty() && !or.expect.speaks_of_records();
    for or in &case.or {
        let place = if refusal(or) { REFUSAL } else { "or: " };
        expectations.push((last, &or.expect, vec![&or.switches], place.into()));
    }
    let own = case.reading.iter().map(|reading| {
        let switch = case.switch.clone().unwrap_or_default();
        std::collections::BTreeMap::from([(switch, reading.value.clone())])
    });
    let own: Vec<_> = own.collect();
    for (reading, own) in case.reading.iter().zip(&own) {
        let place = format!("reading {:?}: ", reading.value);
        expectations.push((last, &reading.expect, vec![&reading.switches, own], place));
    }
    for (index, expect, switches, place) in expectations {
        let planned = &written.steps[index];
        let mut dialect = Dialect::default();
        for (name, value) in switches.into_iter().flatten() {
            if let Err(problem) = dialect.set(name, value) {
                problems.push(error(format!("{place}{problem}")));
            }
        }
        if let Err(problem) = names(expect, planned, setup) {
            problems.push(error(format!("{place}{problem}")));
        } else if case.naive
            && place != REFUSAL
            && let Err(problem) = agrees(case, expect, planned, &dialect, setup)
        {
            problems.push(error(format!("{place}the naive evaluator {problem}")));
        }
    }
    // A generated spelling must mean the same as the written one.
    if case.naive && case.switch.is_none() && case.step.is_empty() && case.or.is_empty() {
        for variant in &variants[1..] {
            if let Some(expect) = &case.expect
                && let Err(problem) =
                    agrees(case, expect, &variant.steps[0], &Dialect::default(), setup)
            {
                problems.push(error(format!(
                    "amplify, {}: the naive evaluator {problem}",
                    variant.name
                )));
            }
        }
    }
    problems
}

/// Everything that is wrong with the suite: its cases, and clauses without a case.
#[must_use]
pub fn suite(cases: &[Case], setup: &Setup, spec: &Spec) -> Vec<FixtureError> {
    let mut problems: Vec<_> = cases.iter().flat_map(|each| case(each, setup, spec)).collect();
    let covered: BTreeSet<&str> =
        cases.iter().flat_map(|case| &case.clauses).map(String::as_str).collect();
    for clause in &spec.clauses {
        let tested = clause.tested.starts_with("http");
        let error =
            |message: &str| FixtureError::new("SPEC.md", None, format!("{}: {message}", clause.id));
        if tested && !covered.contains(clause.id.as_str()) {
            problems.push(error("tested over http, but no case covers it"));
        }
        if !tested && covered.contains(clause.id.as_str()) {
            problems.push(error("a case covers it, though it is not tested over http"));
        }
    }
    for switch in Dialect::SWITCHES {
        for (value, _) in switch.values {
            let read = |case: &&Case| {
                case.switch.as_deref() == Some(switch.name)
                    && case.reading.iter().any(|reading| reading.value == *value)
            };
            if !cases.iter().any(|case| read(&case)) {
                let message = format!("no probe reads {} = {value:?}", switch.name);
                problems.push(FixtureError::new("suite", None, message));
            }
        }
    }
    problems
}

/// Checks that everything an expectation names exists.
fn names(expect: &Expect, planned: &Planned, setup: &Setup) -> Result<(), String> {
    let tenant = &setup.tenants[planned.tenant].tenant;
    let lists = [&expect.records, &expect.among, &expect.includes, &expect.excludes];
    for selectors in lists.into_iter().flatten() {
        let selected = select(tenant, selectors).map_err(|problem| format!("expect: {problem}"))?;
        let unique: BTreeSet<_> = selected.iter().collect();
        if unique.len() != selected.len() {
            return Err("expect: a record is named twice".into());
        }
    }
    for (key, fields) in &expect.values {
        tenant.find(key).ok_or_else(|| format!("expect.values: {key:?}: no such record"))?;
        for (name, text) in fields {
            Field::from_wire_name(name)
                .ok_or_else(|| format!("expect.values.{key}: {name:?} is not a field"))?;
            setup.template(planned.tenant).fill(text).map_err(|problem| problem.to_string())?;
        }
    }
    let patterns = expect
        .headers
        .values()
        .filter_map(|header| header.matches.as_ref())
        .chain(expect.body.iter().flat_map(|body| &body.matches));
    for pattern in patterns {
        Regex::new(pattern).map_err(|problem| format!("{pattern:?}: {problem}"))?;
    }
    Ok(())
}

fn admits(expect: &Expect, status: u16) -> bool {
    match &expect.status {
        None => status == 200,
        Some(Status::One(one)) => *one == status,
        Some(Status::Several(several)) => several.contains(&status),
        Some(Status::Kind(StatusKind::ClientError)) => (400..500).contains(&status),
        Some(Status::Kind(StatusKind::Any)) => true,
    }
}

/// Checks that the naive evaluator, if it can tell, comes to the same answer.
fn agrees(
    case: &Case,
    expect: &Expect,
    planned: &Planned,
    dialect: &Dialect,
    setup: &Setup,
) -> Result<(), String> {
    let request = planned.request();
    let path = planned.path.trim_start_matches(setup.prefix.as_str()).trim_end_matches('/');
    let rest = path.strip_prefix(Request::PATH);
    let right = *request.auth() == Auth::Named(AuthName::Right);
    if !matches!(rest, Some("" | ".xml" | ".csv"))
        || !right
        || request.raw.is_some()
        || planned.plain
        || planned.method != "GET"
    {
        return Ok(());
    }
    let tenant = &setup.tenants[planned.tenant].tenant;
    let query = request.query.as_deref().map(|query| setup.template(planned.tenant).fill(query));
    let query = query.transpose().map_err(|problem| problem.to_string())?.unwrap_or_default();
    let asked =
        naive::Context { records: &tenant.records, zone: &tenant.zone, now: setup.now, dialect };
    let (matches, first) = match naive::evaluate(&query, &asked) {
        Evaluated::Refused(reason) => {
            return if admits(expect, 400) {
                Ok(())
            } else {
                Err(format!("refuses the query: {reason}"))
            };
        }
        Evaluated::List { matches, first } => (matches, first),
    };
    if !admits(expect, 200) {
        return Err(format!("answers with {}", crate::words::counted(matches.len(), "record")));
    }
    let page: Vec<usize> = if case.walk {
        matches
    } else {
        let skip = usize::try_from(first.saturating_sub(1)).unwrap_or(usize::MAX);
        matches.into_iter().skip(skip).take(PAGE).collect()
    };
    let keys = |records: &[usize]| {
        let keys: Vec<_> =
            records.iter().take(12).map(|index| tenant.records[*index].key.as_str()).collect();
        let more = if records.len() > 12 { " …" } else { "" };
        format!("{} [{}{more}]", records.len(), keys.join(" "))
    };
    let selected = |selectors: &Option<Vec<String>>| {
        selectors
            .as_ref()
            .map(|selectors| select(tenant, selectors))
            .transpose()
            .map_err(|problem| problem.to_string())
    };
    if let Some(mut wanted) = selected(&expect.records)? {
        let mut found = page.clone();
        if !expect.ordered {
            wanted.sort_unstable();
            found.sort_unstable();
        }
        if wanted != found {
            return Err(format!("finds {}, written are {}", keys(&found), keys(&wanted)));
        }
    }
    if let Some(count) = expect.count
        && count != page.len()
    {
        return Err(format!("finds {}, written is a count of {count}", keys(&page)));
    }
    if let Some(most) = expect.at_most
        && page.len() > most
        && !case.walk
    {
        return Err(format!("finds {}, written is at most {most}", keys(&page)));
    }
    if let Some(among) = selected(&expect.among)?
        && let Some(other) = page.iter().find(|index| !among.contains(index))
    {
        return Err(format!("finds {} too", tenant.records[*other].key));
    }
    if let Some(includes) = selected(&expect.includes)?
        && let Some(other) = includes.iter().find(|index| !page.contains(index))
    {
        return Err(format!("does not find {}", tenant.records[*other].key));
    }
    if let Some(excludes) = selected(&expect.excludes)?
        && let Some(other) = excludes.iter().find(|index| page.contains(index))
    {
        return Err(format!("finds {}", tenant.records[*other].key));
    }
    Ok(())
}
