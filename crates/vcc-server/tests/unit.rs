//! The unit of systemd, judged by systemd itself where it is installed.

#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::process::Command;

const UNIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/vcc-server.service");

#[test]
fn the_service_may_do_little() {
    // In tenths: 2.0 of 10.
    let judge = ["security", "--no-pager", "--offline=true", "--threshold=20", UNIT];
    let Ok(judged) = Command::new("systemd-analyze").args(judge).output() else {
        let _ = writeln!(std::io::stderr().lock(), "\n*** SKIPPED: no systemd-analyze ***\n");
        return;
    };
    let said = String::from_utf8_lossy(&judged.stdout);
    // A directive that it does not know is only told.
    let warned = String::from_utf8_lossy(&judged.stderr);
    assert!(judged.status.success() && warned.is_empty(), "{warned}{said}");
}

#[test]
fn the_service_has_limits() {
    let unit = std::fs::read_to_string(UNIT).unwrap();
    for name in ["MemoryHigh", "MemoryMax", "TasksMax", "LimitNOFILE"] {
        assert!(unit.lines().any(|line| line.starts_with(&format!("{name}="))), "{name}");
    }
}
