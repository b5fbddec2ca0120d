//! Which clause is blamed where the answer says more than that a case failed.

use jiff::Timestamp;
use vcc_conformance_core::dataset;
use vcc_conformance_core::fixture;
use vcc_conformance_core::http::Response;
use vcc_conformance_core::run::{Exchange, outcome, plan};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;

/// Which clause is blamed if each variant of a case is answered like this.
fn blamed(case: &str, answer: impl Fn(&str) -> Response) -> String {
    let now: Timestamp = "2026-05-01T12:00:00Z".parse().unwrap();
    let setup = Setup::new(dataset::embedded(now).unwrap(), now);
    let cases = fixture::embedded().unwrap();
    let case = cases.iter().find(|other| other.id == case).unwrap();
    let played: Vec<_> = plan(case, &setup, true)
        .unwrap()
        .into_iter()
        .map(|variant| {
            let exchanges = variant.steps.iter().map(|step| Exchange {
                planned: step.clone(),
                answer: Ok(answer(&variant.name)),
                started: now,
                micros: 1000,
                retried: 0,
            });
            let exchanges = exchanges.collect();
            (variant, exchanges)
        })
        .collect();
    outcome(case, &played, &setup, &Spec::embedded(), true).blamed().to_owned()
}

fn status(status: u16) -> Response {
    Response { status, ..Response::default() }
}

const EMPTY: &str = "<?xml version=\"1.0\"?><recordings/>";

fn empty(name: &str) -> Response {
    let body = if name == ".csv" { "startDate,agentID\r\n" } else { EMPTY };
    Response { status: 200, body: body.into(), ..Response::default() }
}

#[test]
fn good_credentials_that_are_not_let_in() {
    assert_eq!(blamed("dates/empty-day", |_| status(403)), "AUTH-1");
    assert_eq!(blamed("zones/kolkata", |_| status(401)), "AUTH-5b", "a token with colons");
    // There a refusal is asked for, in one case in another form.
    assert_eq!(blamed("auth/right", |_| status(403)), "AUTH-1");
    assert_eq!(blamed("dates/no-date", |_| status(403)), "REQ-8a");
}

#[test]
fn a_form_that_is_not_there_or_is_wrong() {
    let csv = |other: Response| {
        move |name: &str| if name == ".csv" { other.clone() } else { empty(name) }
    };
    assert_eq!(blamed("dates/empty-day", csv(status(404))), "REQ-2");
    assert_eq!(blamed("dates/empty-day", csv(status(500))), "OUT-4a");
    assert_eq!(blamed("dates/empty-day", |_| status(404)), "DATE-1");
    let coded = Response { headers: vec![("Content-Encoding".into(), "gzip".into())], ..empty("") };
    assert_eq!(blamed("dates/empty-day", |_| coded.clone()), "OUT-2");
}

#[test]
fn a_success_that_the_documentation_does_not_have() {
    assert_eq!(blamed("dates/empty-day", |_| status(204)), "STATUS-1a");
    assert_eq!(blamed("paging/past-101", |_| status(204)), "PAGE-3a");
}

#[test]
fn a_length_that_is_wrong() {
    let longer = Response { surplus: 1, ..empty("") };
    assert_eq!(blamed("dates/empty-day", |_| longer.clone()), "OUT-2");
    assert_eq!(
        blamed("dates/empty-day", |name| {
            Response { surplus: usize::from(name == ".csv"), ..empty(name) }
        }),
        "OUT-4a"
    );
}
