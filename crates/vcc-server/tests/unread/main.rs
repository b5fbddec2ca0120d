//! A log or an audit log that nobody reads, or that cannot be written, never delays an answer, a health check
//! or a signal.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;

mod audit;
mod log;
mod rotation;
mod server;

use std::time::{Duration, Instant};

/// How long a test waits. Only a failure takes this long.
const DEADLINE: Duration = Duration::from_secs(60);

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How many lines are of answers, and how many lines the others say are missing. Every line must be complete.
fn lines(text: &str, gap: &str) -> (usize, u64) {
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    let (mut records, mut missing) = (0, 0);
    for line in text.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        match line.get("tenant") {
            Some(tenant) => {
                assert_eq!(tenant, "acme");
                records += 1;
            }
            None => missing += line[gap].as_u64().unwrap(),
        }
    }
    (records, missing)
}
