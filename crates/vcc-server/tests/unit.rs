//! The unit of systemd, judged by systemd itself where it is installed.

#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::process::Command;

const UNIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/vcc-server.service");

#[test]
fn the_service_may_do_little() {
    // In tenths: 20 is an exposure of 2.0 out of 10.
    let judge = ["security", "--no-pager", "--offline=true", "--threshold=20", UNIT];
    let judged = Command::new("systemd-analyze").args(judge).output().ok().map(|judged| {
        let stderr = String::from_utf8_lossy(&judged.stderr);
        let said = format!("{stderr}{}", String::from_utf8_lossy(&judged.stdout));
        (judged.status.success(), said)
    });
    let (passed, said) = match judged {
        // Before version 250 this needs a running systemd.
        Some(judged) if !judged.1.contains("unrecognized option") => judged,
        _ => {
            let _ = writeln!(std::io::stderr().lock(), "\n*** SKIPPED: no systemd-analyze ***\n");
            return;
        }
    };
    assert!(passed, "{said}");
    // An unknown directive is only a warning, with its line.
    let is_told = |line: &str| line.contains("vcc-server.service:") && line.contains("Unknown");
    assert!(!said.lines().any(is_told), "{said}");
}

#[test]
fn the_service_has_limits() {
    let unit = std::fs::read_to_string(UNIT).unwrap();
    for name in ["MemoryHigh", "MemoryMax", "TasksMax", "LimitNOFILE"] {
        assert!(unit.lines().any(|line| line.starts_with(&format!("{name}="))), "{name}");
    }
}
