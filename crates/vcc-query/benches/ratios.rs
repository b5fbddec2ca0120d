//! The figures of `BENCHMARKS.md`: each subject and its peers in one run, with the medians and the ratio to the
//! first peer. The rounds are interleaved, so that noise falls on all. A test counts allocations, since
//! counting costs time.
//!
//! `cargo bench -p vcc-query --bench ratios`

mod subjects;

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use subjects::*;

/// Many short rounds: most end before another process gets the core.
const ROUNDS: usize = 2001;

/// A name, the work, and how often a round repeats it.
struct Subject<'a>(&'a str, Box<dyn Fn() + 'a>);

fn main() {
    // `cargo test --benches` asks only whether this runs.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { ROUNDS } else { 1 };
    let context = context();
    let rows = rows(100_000);
    let selection = selection(&rows);
    let mut report = String::new();

    let by_query = |title: String, query: &'static str| {
        let context = &context;
        let subjects = vec![
            Subject(
                "vcc-query",
                Box::new(move || drop(black_box(parse_and_resolve(black_box(query), context)))),
            ),
            Subject(
                "serde_urlencoded + chrono + chrono-tz",
                Box::new(move || drop(black_box(with_chrono(black_box(query))))),
            ),
            Subject(
                "serde_urlencoded + jiff",
                Box::new(move || drop(black_box(with_jiff(black_box(query))))),
            ),
        ];
        (title, 1, subjects)
    };
    let mut table = vec![by_query("parse + resolve".to_owned(), QUERY)];
    for (name, query) in LOCAL {
        table.push(by_query(format!("parse + resolve, local dates in {name}"), query));
    }
    table.extend([
        (
            "parse".to_owned(),
            1,
            vec![
                Subject("vcc-query", Box::new(|| drop(black_box(parse(black_box(QUERY)))))),
                Subject(
                    "form_urlencoded::parse, iterated",
                    Box::new(|| {
                        black_box(form_urlencoded(black_box(QUERY)));
                    }),
                ),
            ],
        ),
        (
            "one date-time".to_owned(),
            1,
            vec![
                Subject("vcc-query", Box::new(|| drop(black_box(date_time(black_box(DATE_TIME)))))),
                Subject(
                    "chrono parse_from_rfc3339",
                    Box::new(|| {
                        black_box(date_time_chrono(black_box(DATE_TIME)));
                    }),
                ),
                Subject(
                    "jiff Timestamp",
                    Box::new(|| {
                        black_box(date_time_jiff(black_box(DATE_TIME)));
                    }),
                ),
                Subject(
                    "iso8601",
                    Box::new(|| {
                        black_box(date_time_iso8601(black_box(DATE_TIME)));
                    }),
                ),
            ],
        ),
        (
            "a record matched".to_owned(),
            rows.len(),
            vec![Subject(
                "vcc-query",
                Box::new(|| {
                    black_box(count(black_box(&selection), black_box(&rows)));
                }),
            )],
        ),
    ]);
    for (title, items, subjects) in &table {
        measure(&mut report, title, *items, subjects, rounds);
    }
    std::io::stdout().lock().write_all(report.as_bytes()).unwrap();
}

fn measure(
    report: &mut String,
    title: &str,
    items: usize,
    subjects: &[Subject<'_>],
    rounds: usize,
) {
    let repeats = if items == 1 { 200 } else { 1 };
    let mut times = vec![Vec::new(); subjects.len()];
    for _ in 0..rounds {
        for (Subject(_, work), times) in subjects.iter().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..repeats {
                work();
            }
            times.push(start.elapsed().as_secs_f64() * 1e9 / (repeats * items) as f64);
        }
    }
    writeln!(report, "{title}").unwrap();
    let own = median(&times[0]);
    for (Subject(name, _), times) in subjects.iter().zip(&times) {
        let time = median(times);
        writeln!(
            report,
            "  {name:<40} {time:>8.2} ns  {:>7.1} M/s  vcc-query takes {:.2}x",
            1e3 / time,
            own / time
        )
        .unwrap();
    }
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
