//! No graded case demands more than the specification: whatever value a switch has, the answer that the
//! naive evaluator then computes is one that the case lets pass.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vcc_conformance_core::dataset;
use vcc_conformance_core::fixture::{
    self, Auth, AuthName, Case, Expect, Request, Status, StatusKind, Template,
};
use vcc_conformance_core::naive::{self, Evaluated};
use vcc_conformance_core::spec::{Level, Spec};
use vcc_types::Dialect;

const PAGE: usize = 50;

/// The default dialect, one for each other value of each switch, and one with all of them turned.
fn dialects() -> Vec<(String, Dialect)> {
    let mut dialects = vec![("the default".to_owned(), Dialect::default())];
    let mut all = Dialect::default();
    // These change how a response looks, not what is in it.
    let looks = ["no_credentials", "bad_credentials", "response_zone", "utc_offset"];
    for switch in Dialect::SWITCHES.iter().filter(|switch| !looks.contains(&switch.name)) {
        for (value, _) in &switch.values[1..] {
            let mut dialect = Dialect::default();
            dialect.set(switch.name, value).unwrap();
            all.set(switch.name, value).unwrap();
            dialects.push((format!("{} = {value}", switch.name), dialect));
        }
    }
    dialects.push(("every switch turned".to_owned(), all));
    dialects
}

#[test]
fn no_graded_case_rests_on_an_open_point() {
    let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    let tenants = dataset::embedded(now).unwrap();
    let cases = fixture::embedded().unwrap();
    let spec = Spec::embedded();
    let level =
        |id: &str| spec.clauses.iter().find(|clause| clause.id == id).map(|clause| clause.level);
    let graded = cases
        .iter()
        .filter(|case| case.naive && level(&case.clauses[0]).is_some_and(Level::is_graded));
    let mut problems = Vec::new();
    let mut judged = 0;
    for case in graded {
        for (request, expects) in requests(case) {
            let path = request.path().trim_end_matches('/');
            let list = path
                .strip_prefix(Request::PATH)
                .is_some_and(|rest| ["", ".xml", ".csv"].contains(&rest));
            let right = *request.auth() == Auth::Named(AuthName::Right);
            if request.method() != "GET" || !list || !right || request.plain == Some(true) {
                continue;
            }
            let tenant = tenants.iter().find(|tenant| tenant.name == request.tenant()).unwrap();
            let template =
                Template { tenant: &tenant.name, token: &tenant.token, zone: &tenant.zone, now };
            let query = template.fill(request.query.as_deref().unwrap_or_default()).unwrap();
            judged += 1;
            for (name, dialect) in dialects() {
                let setup = naive::Context {
                    records: &tenant.records,
                    zone: &tenant.zone,
                    now,
                    dialect: &dialect,
                };
                let answer = naive::evaluate(&query, &setup);
                if !expects.iter().any(|expect| passes(expect, &answer, tenant, case.walk)) {
                    let found = shown(&answer, tenant);
                    problems.push(format!("{}: under {name}: {found}", case.id));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(judged > 300, "{judged} requests");
}

fn shown(answer: &Evaluated, tenant: &dataset::Tenant) -> String {
    match answer {
        Evaluated::Refused(reason) => format!("400, {reason}"),
        Evaluated::List { matches, first } => {
            let keys = matches.iter().take(30).map(|index| tenant.records[*index].key.as_str());
            let keys: Vec<_> = keys.collect();
            format!("{} from {first}: {}", matches.len(), keys.join(" "))
        }
    }
}

/// The requests of a case, each with the expectations, any of which is enough.
fn requests(case: &Case) -> Vec<(Request, Vec<&Expect>)> {
    if case.step.is_empty() {
        let expects = case.expect.iter().chain(case.or.iter().map(|or| &or.expect));
        return vec![(case.request.clone(), expects.collect())];
    }
    let steps = case.step.iter();
    steps
        .map(|step| (step.request.over(&case.request), step.expect.iter().collect::<Vec<_>>()))
        .filter(|(_, expects)| !expects.is_empty())
        .collect()
}

fn passes(expect: &Expect, answer: &Evaluated, tenant: &dataset::Tenant, walk: bool) -> bool {
    let admits = |status: u16| match &expect.status {
        None => status == 200,
        Some(Status::One(one)) => *one == status,
        Some(Status::Several(several)) => several.contains(&status),
        Some(Status::Kind(StatusKind::ClientError)) => (400..500).contains(&status),
        Some(Status::Kind(StatusKind::Any)) => true,
    };
    let (matches, first) = match answer {
        Evaluated::Refused(_) => return admits(400),
        Evaluated::List { matches, first } => (matches, *first),
    };
    let skip = usize::try_from(first - 1).unwrap_or(usize::MAX);
    let page: BTreeSet<usize> = if walk {
        matches.iter().copied().collect()
    } else {
        matches.iter().copied().skip(skip).take(PAGE).collect()
    };
    let select = |selectors: &Vec<String>| -> BTreeSet<usize> {
        dataset::select(tenant, selectors).unwrap().into_iter().collect()
    };
    admits(200)
        && expect.records.as_ref().is_none_or(|keys| select(keys) == page)
        && expect.among.as_ref().is_none_or(|keys| select(keys).is_superset(&page))
        && expect.includes.as_ref().is_none_or(|keys| select(keys).is_subset(&page))
        && expect.excludes.as_ref().is_none_or(|keys| select(keys).is_disjoint(&page))
        && expect.count.is_none_or(|count| count == page.len())
}
