//! The CPU time and memory of a process, from the system. Linux only.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::cpu;

/// Seconds and MiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    pub(crate) peak: f64,
}

impl Spent {
    /// Runs a command, which must succeed.
    pub(crate) fn by(command: &mut Command) -> Self {
        let began = Instant::now();
        let mut child = command.spawn().expect("a process");
        let (id, mut peak) = (child.id().to_string(), 0.0_f64);
        // Do not wait for it yet, so that its usage can still be read after it has ended.
        loop {
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux");
            let line = |name: &str| {
                status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim()
            };
            if line("State:").starts_with('Z') {
                break;
            }
            // The high-water mark only rises, so little is missed at the end.
            let kib: f64 = line("VmHWM:").trim_end_matches(" kB").parse().unwrap_or_default();
            peak = peak.max(kib / 1024.0);
            std::thread::sleep(Duration::from_millis(5));
        }
        let (wall, cpu) = (began.elapsed().as_secs_f64(), cpu(&id));
        let status = child.wait().expect("a child of this process");
        assert!(status.success(), "{command:?}: {status}");
        Self { wall, cpu, peak }
    }

    /// The median of each figure, and the highest peak.
    pub(crate) fn median(runs: Vec<Self>) -> Self {
        let middle = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<_> = runs.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        let peak = runs.iter().map(|run| run.peak).fold(0.0, f64::max);
        Self { wall: middle(|run| run.wall), cpu: middle(|run| run.cpu), peak }
    }
}
