//! Every subject with its spread: `cargo bench -p vcc-query --bench query`. The benchmark `ratios` prints
//! the ratios.

mod subjects;

use divan::{Bencher, black_box};
use subjects::*;

fn main() {
    divan::main();
}

#[divan::bench]
fn parse_and_resolve_vcc_query(bencher: Bencher<'_, '_>) {
    let context = context();
    bencher.bench(|| parse_and_resolve(black_box(QUERY), &context));
}

#[divan::bench]
fn parse_and_resolve_serde_chrono() -> ByHand {
    with_chrono(black_box(QUERY))
}

#[divan::bench]
fn parse_and_resolve_serde_jiff() -> u64 {
    with_jiff(black_box(QUERY)).2
}

#[divan::bench(args = LOCAL.map(|(_, query)| query))]
fn parse_and_resolve_local_vcc_query(bencher: Bencher<'_, '_>, raw: &str) {
    let context = context();
    bencher.bench(|| parse_and_resolve(black_box(raw), &context));
}

#[divan::bench(args = LOCAL.map(|(_, query)| query))]
fn parse_and_resolve_local_serde_chrono(raw: &str) -> ByHand {
    with_chrono(black_box(raw))
}

#[divan::bench]
fn parse_vcc_query() -> vcc_query::Query {
    parse(black_box(QUERY))
}

#[divan::bench]
fn parse_form_urlencoded() -> usize {
    form_urlencoded(black_box(QUERY))
}

#[divan::bench(args = [DATE_TIME, "20070805T1315Z", "2007-08-05", "2007-W31-7", "today-7d"])]
fn date_time_vcc_query(text: &str) -> vcc_query::Written {
    date_time(black_box(text))
}

#[divan::bench]
fn date_time_chrono_rfc3339() -> chrono::DateTime<chrono::FixedOffset> {
    date_time_chrono(black_box(DATE_TIME))
}

#[divan::bench]
fn date_time_jiff_timestamp() -> jiff::Timestamp {
    date_time_jiff(black_box(DATE_TIME))
}

#[divan::bench]
fn date_time_iso8601_crate() -> iso8601::DateTime {
    date_time_iso8601(black_box(DATE_TIME))
}

#[divan::bench(args = ["d=2007-08-05", "d=2007-11-04&tz=America/New_York", "d=2207-08-05", "d=today-1d,today"])]
fn resolve_local(bencher: Bencher<'_, '_>, raw: &str) {
    let (context, query) = (context(), parse(raw));
    bencher.bench(|| black_box(&query).resolve(&context).unwrap());
}

#[divan::bench]
fn matches(bencher: Bencher<'_, '_>) {
    let rows = rows(100_000);
    let selection = selection(&rows);
    bencher
        .counter(divan::counter::ItemsCount::new(rows.len()))
        .bench(|| count(black_box(&selection), black_box(&rows)));
}
