//! The suite against the reference server: it passes, and a saved run is judged as it was.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{io, mem};

use vcc_conformance_core::fixture::Case;
use vcc_conformance_core::http::Limits;
use vcc_conformance_core::report::Fingerprint;
use vcc_conformance_core::run::{HttpTarget, Options, Outcome, Report, Target, Verdict, run};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::transcript::{FirstLine, Replay, Writer};
use vcc_conformance_core::{clock, dataset, fixture};
use vcc_conformance_reference::Reference;

struct Saved {
    report: Report,
    transcript: Vec<u8>,
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn setup() -> Setup {
    let now = clock::now();
    Setup::new(dataset::embedded(now).unwrap(), now)
}

fn save(cases: &[Case], spec: &Spec) -> Saved {
    let mut setup = setup();
    let tenants: Vec<_> = setup.tenants.iter().map(|access| access.tenant.clone()).collect();
    let reference = Reference::start_https(&tenants).unwrap();
    let endpoint = reference.endpoint().unwrap();
    (setup.https, setup.authority) = (endpoint.https, endpoint.authority());
    let until = Instant::now() + Duration::from_secs(300);
    let limits = Limits { deadline: Duration::from_secs(60), ..Limits::default() };
    let mut shared = HttpTarget::new(endpoint, limits, Arc::new(AtomicBool::new(false)), until);
    let buffer = Buffer::default();
    let head = FirstLine::new(&setup, &shared.base(), false, true, Vec::new());
    let writer = Writer::new(buffer.clone(), &head, &setup).unwrap();
    shared.watch = Some(Box::new(move |key, exchange| writer.write(key, exchange)));
    let report = run(cases, &mut setup, spec, &shared, &Options::default(), &|_| {});
    drop(shared);
    let transcript = mem::take(&mut *buffer.0.lock().unwrap());
    Saved { report, transcript }
}

fn judge(cases: &[Case], spec: &Spec, setup: &Setup, transcript: &[u8], handshake: bool) -> Report {
    let mut setup = setup.clone();
    let replay = Replay::read(transcript, &mut setup).unwrap();
    let options = Options { handshake, ..Options::default() };
    run(cases, &mut setup, spec, &replay, &options, &|_| {})
}

fn verdicts(report: &Report) -> BTreeMap<&str, (Verdict, Option<&str>)> {
    let verdict = |outcome: &'_ Outcome| outcome.verdict;
    report
        .outcomes
        .iter()
        .map(|outcome| (outcome.id.as_str(), (verdict(outcome), outcome.reason.as_deref())))
        .collect()
}

#[test]
fn the_reference_conforms_and_a_saved_run_is_judged_as_it_was() {
    let (cases, spec) = (fixture::embedded().unwrap(), Spec::embedded());
    let saved = save(&cases, &spec);
    let bad: Vec<_> = saved
        .report
        .outcomes
        .iter()
        .filter(|outcome| {
            // REQ-4: nothing is skipped where HTTPS is spoken.
            !matches!(outcome.verdict, Verdict::Pass | Verdict::Precondition)
        })
        .filter(|outcome| outcome.verdict != Verdict::Warn)
        .map(|outcome| (&outcome.id, outcome.verdict, &outcome.reason, outcome.problems.first()))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert_eq!(saved.report.exit_code(), 0);
    // The fingerprint of the reference is the default dialect.
    let fingerprint = Fingerprint::of(&saved.report);
    // A day that ended during the run leaves one question about that day open.
    let is_open = saved.report.count(Verdict::Precondition) > 0;
    for point in fingerprint.points.iter().filter(|point| !is_open || point.value().is_some()) {
        assert_eq!(point.value(), Some(point.default), "{}", point.switch);
    }

    let again = judge(&cases, &spec, &setup(), &saved.transcript, true);
    assert_eq!(verdicts(&again), verdicts(&saved.report));
    assert_eq!(Fingerprint::of(&again), fingerprint);

    // A transcript that was cut off is judged as far as it goes.
    let half =
        judge(&cases, &spec, &setup(), &saved.transcript[..saved.transcript.len() / 2], true);
    assert!(half.count(Verdict::Fail) == 0 && half.count(Verdict::Inconclusive) > 0);
    assert_eq!(half.exit_code(), 3);

    no_byte_can_be_another(&cases, &spec, &saved);
}

/// Changing any byte of a status or a value changes the verdict of a case that passed.
fn no_byte_can_be_another(cases: &[Case], spec: &Spec, saved: &Saved) {
    let text = String::from_utf8(saved.transcript.clone()).unwrap();
    let mut lines = text.lines();
    let head = lines.next().unwrap();
    let setup = setup();
    let mut of_case: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for line in lines {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        of_case.entry(value["case"].as_str().unwrap().to_owned()).or_default().push(line);
    }
    let named = |case: &&Case| {
        let records = case.expect.as_ref().and_then(|expect| expect.records.as_ref());
        let graded = spec.level(&case.clauses[0]).is_graded();
        let one = records.is_some_and(|records| records.len() == 1);
        graded && one && case.or.is_empty() && !case.walk
    };
    let (mut tried, mut flipped) = (0, 0);
    for case in cases.iter().filter(named).take(25) {
        let Some(outcome) = saved.report.outcomes.iter().find(|outcome| outcome.id == case.id)
        else {
            continue;
        };
        let own = &of_case[&case.id];
        let first = own[0];
        if outcome.verdict != Verdict::Pass || !first.contains("<file>") {
            continue;
        }
        tried += 1;
        let mut positions: Vec<usize> = Vec::new();
        let status = first.find("\"status\":").unwrap() + 9;
        positions.extend(status..status + 3);
        // The text between > and < in a record.
        let body = first.find("<file>").unwrap();
        let end = first.find("</file>").unwrap();
        let bytes = first.as_bytes();
        let in_value = |at: &usize| {
            let before = first[body..*at].rfind(['<', '>']).unwrap_or(0);
            bytes[body + before] == b'>' && bytes[*at].is_ascii_alphanumeric()
        };
        positions.extend((body..end).filter(in_value).step_by(3));
        for at in positions {
            let mut other = bytes.to_vec();
            other[at] = if other[at] == b'7' { b'4' } else { b'7' };
            // Within an escape of JSON or XML another byte may make an invalid line, or the same
            // text.
            if bytes[at - 6..at].contains(&b'\\') || bytes[at - 6..at].contains(&b'&') {
                continue;
            }
            let Ok(other) = String::from_utf8(other) else { continue };
            let rest: Vec<&str> = own.iter().skip(1).copied().collect();
            let transcript = format!("{head}\n{other}\n{}\n", rest.join("\n"));
            let report =
                judge(std::slice::from_ref(case), spec, &setup, transcript.as_bytes(), false);
            let verdict = report.outcomes[0].verdict;
            assert_ne!(
                verdict,
                Verdict::Pass,
                "{}: byte {at}: {}",
                case.id,
                &other[at - 20..at + 20]
            );
            flipped += 1;
        }
    }
    assert!(tried >= 10 && flipped > 300, "{tried} cases, {flipped} bytes");
}
