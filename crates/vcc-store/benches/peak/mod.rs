//! The memory that a process needs, as the system says. Linux only.

use std::process::{Child, ExitStatus};
use std::time::Duration;

/// Waits for the end of a process, with the most memory that was resident, in MiB.
pub(crate) fn watched(child: &mut Child) -> (ExitStatus, f64) {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    // The high-water mark only rises, so what is missed at the end is little.
    loop {
        peak = peak.max(high_water(&status));
        if let Some(code) = child.try_wait().expect("a child of this process") {
            return (code, peak);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn high_water(status: &str) -> f64 {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
