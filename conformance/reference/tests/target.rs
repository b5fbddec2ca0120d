//! What a target can do to the client: ask for an absurd wait, end an answer in its middle, or
//! outlast the run.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use vcc_conformance_core::http::{Body, Client, Endpoint, Limits, TlsOptions, Trouble};
use vcc_conformance_core::live::{LiveOptions, live};
use vcc_conformance_core::report::terminal;
use vcc_conformance_core::run::{
    Exchange, HttpTarget, Key, Options, Planned, Report, Target, Verdict, plan, run,
};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::{clock, dataset, fixture};
use vcc_conformance_reference::Reference;

const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const KEY: Key<'static> = Key { case: "target", variant: "", index: 0 };

/// Reads the head of a request; `false` where none comes.
fn asked(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    true
}

/// A target that gives these answers, a list a connection, and closes each behind its last.
fn target(connections: Vec<Vec<&'static str>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for answers in connections {
            let Ok((mut stream, _)) = listener.accept() else { return };
            for answer in answers {
                if !asked(&mut stream) || stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    address
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::parse(&format!("http://{address}"), &TlsOptions::default()).unwrap()
}

fn shared(endpoint: Endpoint, until: Instant) -> HttpTarget {
    let limits = Limits { deadline: Duration::from_secs(60), ..Limits::default() };
    HttpTarget::new(endpoint, limits, Arc::new(AtomicBool::new(false)), until)
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(300)
}

fn setup() -> Setup {
    let now = clock::now();
    Setup::new(dataset::embedded(now).unwrap(), now)
}

fn planned() -> Planned {
    let cases = fixture::embedded().unwrap();
    let case = cases.iter().find(|case| case.id == "near/start-minus-5").unwrap();
    plan(case, &setup(), false).unwrap()[0].steps[0].clone()
}

fn exchange(shared: &HttpTarget) -> Exchange {
    shared.worker().exchange(KEY, &planned())
}

#[test]
fn a_wait_that_is_no_number_is_not_waited_for() {
    for busy in [
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: nan\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: -nan\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: inf\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: -1\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: soon\r\n\r\n",
    ] {
        let shared = shared(endpoint(target(vec![vec![busy, WHOLE]])), later());
        let exchange = exchange(&shared);
        assert_eq!(exchange.answer.map(|response| response.status), Ok(200), "{busy}");
        assert_eq!(exchange.retried, 1, "{busy}");
    }
}

#[test]
fn times_and_rates_beyond_all_measure_are_taken() {
    let mut shared = shared(endpoint(target(vec![vec![WHOLE]])), later());
    shared.limits.deadline = Duration::MAX;
    shared.rate = Some(f64::MIN_POSITIVE);
    // The first request does not wait.
    assert_eq!(exchange(&shared).answer.map(|response| response.status), Ok(200));
}

#[test]
fn an_answer_that_ends_in_its_middle_is_told_on_a_kept_connection_too() {
    let client = |connections| {
        let endpoint = Arc::new(endpoint(target(connections)));
        Client::new(endpoint, Limits::default(), Arc::new(AtomicBool::new(false)))
    };
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for part in [
        "H",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n",
    ] {
        let mut client = client(vec![vec![WHOLE, part], vec![WHOLE]]);
        assert!(client.exchange(request, Body::AsSaid).is_ok());
        let answer = client.exchange(request, Body::AsSaid);
        assert!(matches!(answer, Err(Trouble::Closed(_))), "{part:?}: {answer:?}");
        assert_eq!(client.connections, 1, "{part:?}");
    }
    // Closing an idle connection says nothing.
    let mut client = client(vec![vec![WHOLE], vec![WHOLE]]);
    for _ in 0..2 {
        assert!(client.exchange(request, Body::AsSaid).is_ok());
    }
    assert_eq!(client.connections, 2);
}

#[test]
fn what_a_target_does_not_come_to_is_sent_again() {
    let request: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    let closes = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    // Where nothing is written, a request is read and the next one answered.
    for (connections, opened) in [
        (vec![vec![WHOLE, WHOLE, WHOLE]], 1),
        (vec![vec!["", "", WHOLE], vec![WHOLE], vec![WHOLE]], 3),
        (vec![vec!["", "", WHOLE], vec![WHOLE, WHOLE]], 2),
    ] {
        let endpoint = Arc::new(endpoint(target(connections)));
        let mut client = Client::new(endpoint, Limits::default(), Arc::new(AtomicBool::new(false)));
        let answers = client.exchange_all(&[(request, Body::AsSaid); 3]);
        let bodies: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().body).collect();
        assert_eq!(bodies, [b"ok", b"ok", b"ok"]);
        assert_eq!(client.connections, opened);
    }
    // So is what follows an answer that says it is the last one; and the answer to a HEAD has no
    // body, whatever its length says.
    let endpoint = Arc::new(endpoint(target(vec![vec![head, "", closes], vec![WHOLE]])));
    let mut client = Client::new(endpoint, Limits::default(), Arc::new(AtomicBool::new(false)));
    let all = [(request, Body::None), (request, Body::AsSaid), (request, Body::AsSaid)];
    let answers = client.exchange_all(&all);
    let statuses: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().status).collect();
    assert_eq!((&statuses[..], client.connections), (&[200, 404, 200][..], 2));
}

#[test]
fn nothing_is_sent_once_the_run_is_over() {
    let past = shared(endpoint(target(Vec::new())), Instant::now());
    let answer = exchange(&past).answer;
    assert!(
        matches!(&answer, Err(Trouble::Over(reason)) if reason.contains("--deadline")),
        "{answer:?}"
    );
    assert_eq!(past.requests(), 0);

    let mut spent = shared(endpoint(target(vec![vec![WHOLE, WHOLE]])), later());
    spent.max_requests = Some(1);
    let mut worker = spent.worker();
    assert!(worker.exchange(KEY, &planned()).answer.is_ok());
    let answer = worker.exchange(KEY, &planned()).answer;
    assert!(
        matches!(&answer, Err(Trouble::Over(reason)) if reason.contains("--max-requests")),
        "{answer:?}"
    );
    assert_eq!(spent.requests(), 1);
}

/// A request that was sent before the end and not answered by then says nothing about the target.
#[test]
fn a_request_that_outlasts_the_run_is_no_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let until = Instant::now() + Duration::from_millis(200);
    let shared = shared(endpoint(address), until);
    let answer = exchange(&shared).answer;
    assert!(
        matches!(&answer, Err(Trouble::Over(reason)) if reason.contains("--deadline")),
        "{answer:?}"
    );
}

/// A run of the whole suite, or a live one, with so many requests at most.
fn cut(most: u64, is_live: bool) -> (Report, Setup, u64) {
    let (cases, spec, mut setup) = (fixture::embedded().unwrap(), Spec::embedded(), setup());
    let mut tenants: Vec<_> = setup.tenants.iter().map(|access| access.tenant.clone()).collect();
    let reference = Reference::start(&tenants).unwrap();
    let endpoint = Endpoint::parse(&reference.url(), &TlsOptions::default()).unwrap();
    if is_live {
        tenants.truncate(1);
        tenants[0].records.clear();
        setup = Setup::new(tenants, setup.now);
    }
    setup.authority = endpoint.authority();
    let mut shared = shared(endpoint, later());
    shared.max_requests = Some(most);
    let sent = Arc::new(Mutex::new(0));
    let count = Arc::clone(&sent);
    shared.watch = Some(Box::new(move |_, exchange| {
        *count.lock().unwrap() += u64::from(exchange.retried) + 1;
    }));
    let options = Options::default();
    let report = if is_live {
        let laws = LiveOptions { zone_known: true, ..LiveOptions::default() };
        live(&cases, &mut setup, &spec, &shared, &options, laws, &|_| {})
    } else {
        run(&cases, &mut setup, &spec, &shared, &options, &|_| {})
    };
    let sent = *sent.lock().unwrap();
    (report, setup, sent)
}

#[test]
fn a_run_that_was_cut_says_so_and_blames_nobody() {
    // In the handshake, behind it, and in the laws of a live run.
    for (most, is_live) in
        [(0, false), (3, false), (40, false), (0, true), (3, true), (12, true), (33, true)]
    {
        let (report, setup, sent) = cut(most, is_live);
        assert_eq!((report.requests, sent), (most, most), "{most}");
        let reason = report.ended.clone().unwrap_or_default();
        assert!(reason.contains("--max-requests"), "{most}: {reason:?}");
        let bad: Vec<_> = report
            .outcomes
            .iter()
            .filter(|outcome| matches!(outcome.verdict, Verdict::Fail | Verdict::Warn))
            .map(|outcome| (&outcome.id, outcome.problems.first().map(|p| &p.finding.text)))
            .collect();
        assert!(bad.is_empty(), "{most}: {bad:#?}");
        assert!(!report.handshake.unreachable, "{most}");
        assert_eq!(report.handshake.precondition, None, "{most}");
        assert!(report.count(Verdict::Inconclusive) > 0, "{most}");
        assert_eq!((report.exit_code(), report.conclusion()), (3, "not decided"), "{most}");
        let mut text = Vec::new();
        terminal(&mut text, &report, &setup, &Spec::embedded()).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("the run ended early: the requests of the run are used up"),
            "{text}"
        );
    }
}
