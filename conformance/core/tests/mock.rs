//! The scenarios for clients: a client that does everything right passes, and each fault is found.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use vcc_conformance_core::http::{Body, Client, Endpoint, Limits, Response, TlsOptions};
use vcc_conformance_core::mock::{Mock, Scenario, grade};

const REQUEST: &str = "GET /api/recordings/files HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWNtZTphYzEyMzQzOTM0Njg3YTgzOWNm\r\n\r\n";

fn ask(mock: &Mock, query: &str) -> Option<Response> {
    let endpoint = Endpoint::parse(&mock.url(), &TlsOptions::default()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut client = Client::new(Arc::new(endpoint), Limits::default(), stop);
    let request = format!(
        "GET /api/recordings/files{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWNtZTphYzEyMzQzOTM0Njg3YTgzOWNm\r\n\r\n"
    );
    client.exchange(request.as_bytes(), Body::AsSaid).ok()
}

/// Several scenarios on one port are played one after the other.
#[test]
fn a_port_is_free_and_its_connections_closed_when_a_scenario_ends() {
    let mock = Mock::start(Scenario::Forbidden, 0).unwrap();
    let endpoint = Endpoint::parse(&mock.url(), &TlsOptions::default()).unwrap();
    let port = endpoint.port;
    let stop = Arc::new(AtomicBool::new(false));
    let mut client = Client::new(Arc::new(endpoint), Limits::default(), stop);
    let mut ask = || client.exchange(REQUEST.as_bytes(), Body::AsSaid).unwrap().status;
    assert_eq!(ask(), 403);
    drop(mock);
    for _ in 0..10 {
        let mock = Mock::start(Scenario::Pages(50), port).unwrap();
        assert_eq!(ask(), 200, "another scenario answered");
        assert_eq!(mock.received().len(), 1);
    }
}

fn problems(scenario: Scenario, mock: &Mock) -> Vec<&'static str> {
    let grades = grade(scenario, &mock.received());
    grades.into_iter().filter(|grade| grade.problem.is_some()).map(|grade| grade.clause).collect()
}

#[test]
fn pages_are_walked_to_the_end_and_no_further() {
    for (count, walk) in
        [(50, &[1, 51][..]), (51, &[1, 51]), (100, &[1, 51, 101]), (101, &[1, 51, 101])]
    {
        let scenario = Scenario::Pages(count);
        let mock = Mock::start(scenario, 0).unwrap();
        let mut records = 0;
        for n in walk {
            let response = ask(&mock, &format!("?n={n}")).unwrap();
            records += String::from_utf8(response.body).unwrap().matches("<file>").count();
        }
        assert_eq!(records, count);
        assert_eq!(problems(scenario, &mock), [""; 0], "{count}");
    }
    let scenario = Scenario::Pages(101);
    let mock = Mock::start(scenario, 0).unwrap();
    for n in 0..40 {
        ask(&mock, &format!("?n={n}")).unwrap();
    }
    assert_eq!(problems(scenario, &mock), ["PAGE-3a"]);
}

#[test]
fn reserved_characters_come_as_they_were_meant() {
    let scenario = Scenario::Reserved;
    let mock = Mock::start(scenario, 0).unwrap();
    ask(&mock, "?channel=%23virtual_outbound%23&agentID=a%20b%2Bc%26d%3De%2541%2F%C3%BC&queueID=fernandez~~queue~~phone~~102").unwrap();
    assert_eq!(problems(scenario, &mock), [""; 0]);
    let mock = Mock::start(scenario, 0).unwrap();
    ask(&mock, "?channel=virtual&agentID=a+b%2Bc%26d%3De%2541%2F%C3%BC").unwrap();
    assert_eq!(problems(scenario, &mock), ["FIELD-5", "FIELD-5", "FIELD-5", "REQ-6a"]);
}

#[test]
fn faults_on_the_way() {
    let busy = Mock::start(Scenario::Busy, 0).unwrap();
    assert_eq!(ask(&busy, "").unwrap().status, 503);
    assert_eq!(problems(Scenario::Busy, &busy), ["STATUS-1b"]);
    assert_eq!(ask(&busy, "").unwrap().status, 200);
    assert_eq!(problems(Scenario::Busy, &busy), ["STATUS-1b"], "it did not wait");

    let dropped = Mock::start(Scenario::Dropped, 0).unwrap();
    assert!(ask(&dropped, "").is_none());
    assert_eq!(ask(&dropped, "").unwrap().status, 200);
    ask(&dropped, "?n=51").unwrap();
    assert_eq!(problems(Scenario::Dropped, &dropped), [""; 0]);

    let forbidden = Mock::start(Scenario::Forbidden, 0).unwrap();
    for _ in 0..5 {
        assert_eq!(ask(&forbidden, "").unwrap().status, 403);
    }
    assert_eq!(problems(Scenario::Forbidden, &forbidden), ["AUTH-3a"]);

    let sample = Mock::start(Scenario::Sample, 0).unwrap();
    assert_eq!(problems(Scenario::Sample, &sample), ["REQ-1a"], "nothing was asked");
    let body = String::from_utf8(ask(&sample, "").unwrap().body).unwrap();
    assert!(body.contains("<queueName>phoneq1</>") && body.ends_with("%lt;/recordings>\n"));
}
