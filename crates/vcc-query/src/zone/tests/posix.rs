//! Rules of the tail, beside jiff's reading of the same text, and what is refused.

use ::jiff::tz::TimeZone;

use super::super::posix::tz;
use super::super::tail::Tail;
use super::oracles::jiff_changes;
use super::*;

/// A file of one type of local time, and a rule.
pub(super) fn file(rule: &str) -> Vec<u8> {
    let mut file = Vec::new();
    for types in [0, 1] {
        file.extend(b"TZif3");
        file.extend([0; 15]);
        for count in [0_u32, 0, 0, 0, types, 4 * types] {
            file.extend(count.to_be_bytes());
        }
    }
    file.extend(b"\0\0\0\0\0\0-00\0\n");
    file.extend(rule.as_bytes());
    file.push(b'\n');
    file
}

/// Kept for as long as the tests run, as a `Zone` needs it.
fn zone(rule: &str) -> Zone {
    let table = ZoneTable::read("Test/Rule", &file(rule)).unwrap_or_else(|error| panic!("{error}"));
    Zone::from(&*Box::leak(Box::new(table)))
}

/// A whole cycle of the calendar and some, and before 1970.
fn agrees_with_jiff(rule: &str) {
    let (ours, oracle) = (zone(rule), TimeZone::posix(rule).unwrap());
    for (from, until) in [(-2_000_000_000, 15_000_000_000), (253_000_000_000, 253_402_200_000)] {
        assert_eq!(changes(&ours, from, until), jiff_changes(&oracle, from, until), "{rule}");
    }
}

#[test]
fn every_form() {
    for rule in [
        "EST5",
        "UTC0",
        "<+0330>-3:30",
        "<-00>0",
        "<-03>+3",
        "AAA-23:59:59",
        "EST5EDT,M3.2.0,M11.1.0",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        // Half an hour, and the south.
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        // Two hours.
        "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3",
        // Negative daylight saving time: winter is the exception.
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "<+01>-1<+00>0,M3.5.0/1,M10.5.0",
        // Hours before and after the day.
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "IST-2IDT,M3.4.4/26,M10.5.0",
        "EET-2EEST,M3.4.4/50,M10.4.4/50",
        "EET-2EEST,M4.5.5/0,M10.5.4/24",
        "AAA3BBB,M3.2.3/-167,M9.4.5/167",
        "AAA3BBB,M3.2.3/-1:30:30,M9.4.5/+2:00:01",
        // Days of the year.
        "AAA3BBB,J60,J300",
        "AAA3BBB,J59/0,J301/1:30",
        "AAA3BBB,60,300",
        "AAA3BBB,58/3,59/3",
        "AAA3BBB,J100,M10.5.6",
        "AAA3BBB,300,60/4",
        "AAA3BBB2:30,M2.5.1,M2.1.3",
    ] {
        agrees_with_jiff(rule);
    }
}

/// Changes outside their year, in changing order, or at one instant. What others say here differs;
/// what is said here is what the text says.
#[test]
fn strange_rules() {
    let offsets = |rule: &str, texts: &[&str]| -> Vec<i32> {
        let zone = zone(rule);
        texts
            .iter()
            .map(|text| zone.offset_at(text.parse().unwrap()).local_minus_utc() / 3600)
            .collect()
    };
    // Daylight saving time all year long: it ends when it starts again.
    let all = [
        "2026-01-01T04:59:59Z",
        "2026-01-01T05:00:00Z",
        "2026-07-01T00:00:00Z",
        "2027-12-31T23:59:59Z",
    ];
    assert_eq!(offsets("EST5EDT,0/0,J365/25", &all), [-4, -4, -4, -4]);
    assert_eq!(changes(&zone("EST5EDT,0/0,J365/25"), -9_000_000_000, 9_000_000_000), []);
    // None at all: it ends when it starts.
    assert_eq!(offsets("AAA5BBB4,M3.2.0/2,M3.2.0/3", &all), [-5, -5, -5, -5]);
    // The start is of the year before, by the clock of that year's end.
    assert_eq!(
        offsets(
            "AAA0BBB,0/-1,J100",
            &[
                "2025-12-31T22:59:59Z",
                "2025-12-31T23:00:00Z",
                "2026-04-10T00:59:59Z",
                "2026-04-10T01:00:00Z"
            ]
        ),
        [0, 1, 1, 0]
    );
    // The end is of the year after.
    assert_eq!(
        offsets(
            "AAA0BBB,J100,J365/26",
            &[
                "2026-01-01T00:59:59Z",
                "2026-01-01T01:00:00Z",
                "2026-04-10T02:00:00Z",
                "2026-12-31T23:59:59Z"
            ]
        ),
        [1, 0, 1, 1]
    );
    // 365 is 31 December of a leap year, and 1 January after any other.
    assert_eq!(
        offsets(
            "AAA0BBB,100,365/0",
            &[
                "2024-12-30T22:59:59Z",
                "2024-12-30T23:00:00Z",
                "2025-12-31T22:59:59Z",
                "2025-12-31T23:00:00Z"
            ]
        ),
        [1, 0, 1, 0]
    );
}

#[test]
fn what_is_no_rule() {
    for (text, at, expected) in [
        ("", 0, "a name of three letters or more, such as EST or <-03>"),
        ("ES5", 0, "a name of three letters or more, such as EST or <-03>"),
        ("<-03", 0, "a name of three letters or more, such as EST or <-03>"),
        ("<-3>3", 0, "a name of three letters or more, such as EST or <-03>"),
        ("<a_b>3", 0, "a name of three letters or more, such as EST or <-03>"),
        ("EST", 3, "an offset of less than 24 hours, such as 5 or -5:30"),
        ("EST24", 3, "an offset of less than 24 hours, such as 5 or -5:30"),
        ("EST25", 3, "an offset of less than 24 hours, such as 5 or -5:30"),
        ("EST5:60", 5, "minutes from 00 to 59"),
        ("EST5:00:", 8, "seconds from 00 to 59"),
        ("EST5 ", 4, "a name of three letters or more, such as EST or <-03>"),
        ("EST5EDT", 7, "a comma and the day of a change, such as ,M3.2.0"),
        ("EST5EDT4,M3.2.0", 15, "a comma and the day of a change, such as ,M3.2.0"),
        ("EST-23:30EDT,M3.2.0,M11.1.0", 12, "an offset of less than 24 hours, such as 5 or -5:30"),
        ("EST5EDT,M13.2.0,M11.1.0", 9, "a month from 1 to 12"),
        ("EST5EDT,M3.6.0,M11.1.0", 11, "a week from 1 to 5"),
        ("EST5EDT,M3.2.7,M11.1.0", 13, "a day of the week from 0 to 6"),
        ("EST5EDT,M3-2.0,M11.1.0", 10, "a point"),
        ("EST5EDT,J0,M11.1.0", 9, "a day from 1 to 365"),
        ("EST5EDT,366,M11.1.0", 8, "a day such as M3.2.0, J60 or a number from 0 to 365"),
        ("EST5EDT,,M11.1.0", 8, "a day such as M3.2.0, J60 or a number from 0 to 365"),
        ("EST5EDT,J365/168,M11.1.0", 13, "a time of at most 167 hours, such as 2 or -1:30"),
        ("EST5EDT,M3.2.0/2x,M11.1.0", 16, "a comma and the day of a change, such as ,M3.2.0"),
        ("EST5EDT,M3.2.0,M11.1.0,", 22, "the end of the rule"),
    ] {
        let fault = tz(text.as_bytes()).err().unwrap_or_else(|| panic!("{text} is read"));
        assert_eq!((text.len() - fault.rest.len(), fault.expected), (at, expected), "{text}");
    }
}

/// Some day of the year, or one so far inside it that no time of day leads out.
fn day(inside: bool) -> impl Strategy<Value = String> {
    let margin = if inside { 10 } else { 0 };
    let month = if inside { 2..=11 } else { 1..=12 };
    prop_oneof![
        (month, 1..=5, 0..=6).prop_map(|(month, week, day)| format!("M{month}.{week}.{day}")),
        (1 + margin..=365 - margin).prop_map(|day| format!("J{day}")),
        (margin..=365 - margin).prop_map(|day| format!("{day}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    /// Any two days, as jiff reads them, where they come in the same order every year.
    #[test]
    fn any_rule(
        standard in -14..=12_i32,
        saving in prop_oneof![Just(-1), Just(1), Just(2)],
        start in day(true),
        end in day(true),
        times in (-20..=30, -20..=30),
    ) {
        let (west, saved) = (-standard, -standard - saving);
        let rule = format!("AAA{west}BBB{saved},{start}/{},{end}/{}", times.0, times.1);
        let tail = tz(rule.as_bytes()).unwrap();
        prop_assume!(matches!(tail, Tail::Yearly(rule) if rule.is_plain()));
        agrees_with_jiff(&rule);
    }

    /// Any rule at all: stretches tile all of time.
    #[test]
    fn any_rule_is_consistent(
        start in day(false),
        end in day(false),
        times in (-167..=167, -167..=167),
        at in any::<i64>(),
    ) {
        let zone = zone(&format!("AAA3BBB,{start}/{},{end}/{}", times.0, times.1));
        for at in [at, at % 300_000_000_000] {
            let stretch = zone.stretch(at);
            prop_assert!(stretch.until > at || at == i64::MAX);
            for inside in [at, at.midpoint(stretch.until - 1), stretch.until - 1] {
                let part = zone.stretch(inside);
                prop_assert_eq!(part.offset, stretch.offset, "{} in {}", inside, at);
                prop_assert!(part.until >= stretch.until);
            }
        }
    }
}
