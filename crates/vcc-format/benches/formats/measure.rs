//! Contenders in turn, by the time and the memory that they take.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Instant;

const RUNS: usize = 9;

/// Pages of memory that this process used at most, in KiB, since the last call of `reset`.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

fn reset() -> usize {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    peak()
}

/// The time that this thread was running, in seconds: what the jobs of others take does not count.
fn seconds() -> f64 {
    // The kernel adds it up when it schedules, which is otherwise every 4 ms: a tenth of a job.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    nanoseconds.map_or_else(|| EPOCH.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

pub(crate) type Job<'a> = (&'a str, Box<dyn FnMut() -> usize + 'a>);

/// Runs the contenders of one job in turn; the first is ours. `goals`: the least ratio to each of the others.
pub(crate) fn compare(title: &str, bytes: usize, mut jobs: Vec<Job<'_>>, goals: &[f64]) {
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if !filter.is_empty() && !filter.iter().any(|f| title.contains(f.as_str())) {
        return;
    }
    let mut speeds: Vec<Vec<f64>> = jobs.iter().map(|_| Vec::new()).collect();
    let mut memory = vec![0; jobs.len()];
    for _ in 0..RUNS {
        for (index, (_, job)) in jobs.iter_mut().enumerate() {
            let before = reset();
            let start = seconds();
            black_box(job());
            let seconds = seconds() - start;
            memory[index] = memory[index].max(peak().saturating_sub(before));
            speeds[index].push(bytes as f64 / 1e6 / seconds);
        }
    }
    println!("\n{title} ({} MB)", bytes / 1_000_000);
    let median = |speeds: &[f64]| {
        let mut speeds = speeds.to_vec();
        speeds.sort_by(f64::total_cmp);
        speeds[speeds.len() / 2]
    };
    // Run by run: both were under the same load.
    let ratio = |peer: usize| {
        let ratios: Vec<f64> = speeds[0].iter().zip(&speeds[peer]).map(|(a, b)| a / b).collect();
        median(&ratios)
    };
    for (index, (name, _)) in jobs.iter().enumerate() {
        let memory = memory[index];
        print!("  {name:<44} {:>7.0} MB/s  {memory:>7} KiB", median(&speeds[index]));
        if index > 0 {
            print!("  ours is {:>5.2}x", ratio(index));
            if let Some(goal) = goals.get(index - 1).filter(|goal| **goal > 0.0) {
                print!("  (goal: {goal}x)");
            }
        }
        println!();
    }
}

/// Reads to the end.
pub(crate) fn count<F: vcc_format::Format>(mut reader: vcc_format::Reader<'_, F>) -> usize {
    let mut records = 0;
    while let Some(record) = reader.read().unwrap() {
        black_box(&record);
        records += 1;
    }
    records
}

/// A job that writes, each time into the same memory: to get it from the system costs all the same.
pub(crate) fn destination<'a>(
    size: usize,
    mut job: impl FnMut(&mut Vec<u8>) -> usize + 'a,
) -> impl FnMut() -> usize + 'a {
    let mut out = Vec::with_capacity(size + size / 8);
    move || {
        out.clear();
        job(&mut out)
    }
}
