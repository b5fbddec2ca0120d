//! PAGE-6: a walk along links sees one list. Whenever it is asked, the query of a link means what the query
//! of the first page meant.

use arbitrary::{Result, Unstructured};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use vcc_query::{Context, Dates, Dialect, Query, Selection, Written, Zone};
use vcc_types::{RangeEnd, RangeEndInstant, ResponseZone};

fn context(now: &str, zone: &str, dialect: &str) -> Context {
    Context {
        now: now.parse().unwrap(),
        tenant_tz: zone.parse().unwrap(),
        dialect: dialect.parse().unwrap(),
    }
}

#[test]
fn what_a_link_says() {
    let whole = "range_end = whole-period";
    let included = "range_end = whole-period\nrange_end_instant = included";
    for (now, zone, dialect, raw, pinned) in [
        // The days, and their zone.
        ("2007-12-19T20:00:00Z", "America/Denver", "", "d=today", "d=2007-12-19&tz=America/Denver"),
        (
            "2007-12-19T20:00:00Z",
            "America/Denver",
            "",
            "d=today-1d,today&tz=Asia/Tokyo&agentID=bill&n=51",
            "d=2007-12-19,2007-12-20&tz=Asia/Tokyo&agentID=bill&n=51",
        ),
        (
            "2007-12-19T20:00:00Z",
            "America/Denver",
            "",
            "d=today-7d,2007-12-18T13:15Z",
            "d=2007-12-12,2007-12-18T13:15Z&tz=America/Denver",
        ),
        (
            "2007-12-19T20:00:00Z",
            "Etc/GMT+8",
            "",
            "start-date=today&finish-date=today%2B1d",
            "tz=Etc/GMT%2B8&start-date=2007-12-19&finish-date=2007-12-20",
        ),
        // Nothing to pin.
        (
            "2007-12-19T20:00:00Z",
            "UTC",
            "",
            "d=2007-12-19&agentID=a+b",
            "d=2007-12-19&agentID=a%20b",
        ),
        ("2007-12-19T20:00:00Z", "UTC", included, "d=2007,2008-02", "d=2007,2008-02"),
        // The day whose window holds the present, even if the clock reads another day.
        (
            "2006-10-29T02:45:00Z",
            "America/St_Johns",
            "",
            "d=today",
            "d=2006-10-29&tz=America/St_Johns",
        ),
        // A skipped day still counts as a day.
        ("2011-12-30T10:00:00Z", "Pacific/Apia", "", "d=today-1d", "d=2011-12-30&tz=Pacific/Apia"),
        // An end that is a whole day would not mean what the constant meant: its instant does.
        (
            "2007-12-19T20:00:00Z",
            "America/Denver",
            whole,
            "d=today-1d,today",
            "d=2007-12-18,2007-12-19T07:00:00Z&tz=America/Denver",
        ),
        // Midnight in a gap.
        (
            "2018-11-04T12:00:00Z",
            "America/Sao_Paulo",
            whole,
            "d=2018-11,today",
            "d=2018-11,2018-11-04T03:00:00Z&tz=America/Sao_Paulo",
        ),
        // Before the year 0001 in UTC.
        (
            "0001-01-01T12:00:00Z",
            "Asia/Tokyo",
            "range_end = whole-period\nreversed_range = empty",
            "d=2007,today",
            "d=2007,0001-01-01T14:40:01+23:59&tz=Asia/Tokyo",
        ),
        // If the constant is not an end, or both ends are one day, the day means the same.
        ("2007-12-19T20:00:00Z", "UTC", included, "d=today", "d=2007-12-19&tz=UTC"),
        (
            "2007-12-19T20:00:00Z",
            "UTC",
            included,
            "d=today,today",
            "d=2007-12-19,2007-12-19&tz=UTC",
        ),
        ("2007-12-19T20:00:00Z", "UTC", included, "d=today,2008", "d=2007-12-19,2008&tz=UTC"),
        ("2007-12-19T20:00:00Z", "UTC", included, "d=today-1d,today", "none"),
        ("2007-12-19T20:00:00Z", "UTC", included, "d=2007,today", "none"),
        // NEAR-4: this finish is not used.
        (
            "2007-12-19T20:00:00Z",
            "UTC",
            "ignored_finish = unchecked",
            "start-date=today&finish-date=today-3000000d",
            "tz=UTC&start-date=2007-12-19&finish-date=today-3000000d",
        ),
    ] {
        let context = context(now, zone, dialect);
        let query = Query::parse_with(raw, &context.dialect).unwrap();
        let said = query.pinned(&context).map_or("none".to_owned(), |query| query.to_string());
        assert_eq!(said.replace("%2B23:59", "+23:59"), pinned, "{raw} {dialect}");
    }
    // Beyond the calendar, a constant has no meaning.
    let context = context("2007-12-19T20:00:00Z", "UTC", "");
    for raw in ["d=today-3000000d", "start-date=today-3000000d", "finish-date=today%2B3000000d"] {
        let query = Query::parse(raw).unwrap();
        assert!(query.resolve(&context).is_err() && query.pinned(&context).is_none(), "{raw}");
    }
}

/// Times at which a day begins, ends or is skipped in an unusual way, with the zone.
const STRANGE: &[(&str, &str)] = &[
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Pacific/Kwajalein", "1993-08-21T12:00:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("America/Havana", "2023-11-05T04:00:00Z"),
    ("America/St_Johns", "2006-10-29T02:31:00Z"),
    ("America/Toronto", "1919-03-31T04:30:00Z"),
    ("America/New_York", "2007-11-05T05:00:00Z"),
    ("Asia/Kathmandu", "2016-02-28T18:15:00Z"),
    ("Etc/GMT+8", "2007-12-31T08:00:00Z"),
    ("UTC", "0001-01-01T00:00:00Z"),
    ("Asia/Tokyo", "0001-01-02T00:00:00Z"),
    ("America/New_York", "9999-12-31T05:00:00Z"),
    ("UTC", "2099-12-31T00:00:00Z"),
];

fn zone_and_now(u: &mut Unstructured<'_>) -> Result<(Zone, DateTime<Utc>)> {
    let (zone, now) = STRANGE[u.choose_index(STRANGE.len())?];
    let now: DateTime<Utc> = now.parse().unwrap();
    let seconds = [-1, 0, 1, 86_399, 86_400, -86_401, 700_000][u.choose_index(7)?];
    Ok((zone.parse().unwrap(), now + TimeDelta::seconds(seconds)))
}

fn date(u: &mut Unstructured<'_>, now: DateTime<Utc>) -> Result<String> {
    let near = (now + TimeDelta::days(u.int_in_range(-2..=2)?)).date_naive();
    Ok(match u.int_in_range(0..=11)? {
        0..=2 => "today".to_owned(),
        3..=5 => format!("today-{}d", u.int_in_range(0..=9)?),
        6 => format!("today%2B{}d", u.int_in_range(0..=9)?),
        7 => format!("today-{}d", u.int_in_range(0..=3_652_058)?),
        8 => near.format("%Y-%m").to_string(),
        9 => near.format("%Y%m%d").to_string(),
        10 => near.format("%Y-%m-%dT24:00").to_string(),
        _ => near.format("%Y-%m-%dT00:00:60.5Z").to_string(),
    })
}

fn query(u: &mut Unstructured<'_>, now: DateTime<Utc>) -> Result<String> {
    let mut parts = vec!["agentID=a+b".to_owned(), "outDialCode=".to_owned()];
    match u.int_in_range(0..=3)? {
        0 => {}
        1 => parts.push(format!("d={}", date(u, now)?)),
        _ => parts.push(format!("d={},{}", date(u, now)?, date(u, now)?)),
    }
    if u.ratio(1, 3)? {
        parts.push(format!("start-date={}", date(u, now)?));
    }
    if u.ratio(1, 3)? {
        parts.push(format!("finish-date={}", date(u, now)?));
    }
    if u.arbitrary()? {
        let (zone, _) = STRANGE[u.choose_index(STRANGE.len())?];
        parts.push(format!("tz={}", zone.replace('+', "%2B")));
    }
    Ok(parts.join("&"))
}

/// Whether the law applied, which it does if the query has a meaning.
fn one_list(u: &mut Unstructured<'_>) -> Result<bool> {
    let dialect: Dialect = u.arbitrary()?;
    let (tenant_tz, now) = zone_and_now(u)?;
    let first = Context { now, tenant_tz, dialect };
    let raw = query(u, now)?;
    let Ok(query) = Query::parse_with(&raw, &dialect) else { return Ok(false) };
    let Ok(meant) = query.resolve(&first) else { return Ok(false) };
    let Some(pinned) = query.pinned(&first) else {
        assert!(
            matches!(query.d(), Some(Dates::Range(_, Written::Today(_))))
                && dialect.range_end == RangeEnd::WholePeriod
                && dialect.range_end_instant == RangeEndInstant::Included,
            "{raw} {dialect}"
        );
        return Ok(true);
    };
    let printed = pinned.to_string();
    assert_eq!(Query::parse_with(&printed, &dialect).as_ref(), Ok(&pinned), "{raw}");

    // If nothing was pinned, the tenant's zone is not pinned either.
    let (zone, later) = zone_and_now(u)?;
    let zone = if pinned == query { tenant_tz } else { zone };
    for (now, zone) in [(now, tenant_tz), (later, zone), (DateTime::UNIX_EPOCH, zone)] {
        let other = Context { now, tenant_tz: zone, dialect };
        let again =
            pinned.resolve(&other).unwrap_or_else(|error| panic!("{raw} {printed} {error}"));
        let response_zone = match dialect.response_zone {
            ResponseZone::Tenant => zone,
            ResponseZone::Query | ResponseZone::Utc => meant.response_zone,
        };
        let expected = Selection { response_zone, notes: again.notes.clone(), ..meant.clone() };
        assert_eq!(again, expected, "{raw}\n{printed}\n{dialect}");
        assert_eq!(pinned.pinned(&other).as_ref(), Some(&pinned), "{printed}");
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn a_link_means_the_same_at_any_time(data in prop::collection::vec(any::<u8>(), 150)) {
        // An error only means that the bytes ran out.
        let _ = one_list(&mut Unstructured::new(&data));
    }
}

/// The law above applies often enough.
#[test]
fn the_law_is_tried() {
    let tried = (0..2000_u32).filter(|seed| {
        let mut state = *seed;
        let data: Vec<u8> = (0..150)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        one_list(&mut Unstructured::new(&data)).unwrap_or(false)
    });
    let tried = tried.count();
    assert!(tried > 700, "{tried}");
}
