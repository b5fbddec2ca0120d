//! Resolving: windows are ordered, adjacent ones tile, nothing panics, in any zone, at any time, in
//! any dialect.

use arbitrary::{Result, Unstructured};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use vcc_query::{
    BuiltIn, Context, Dialect, Query, QueryErrorKind, Selection, Window, Zone, ZoneData,
};

/// Reads a context and three dates from the bytes.
pub(crate) fn resolve(data: &[u8]) {
    // An error only means that the bytes ran out.
    let _ = from(&mut Unstructured::new(data));
}

fn from(u: &mut Unstructured<'_>) -> Result<()> {
    let zone = |u: &mut Unstructured<'_>| -> Result<Zone> {
        let name = BuiltIn::names().nth(u.choose_index(BuiltIn::names().len())?);
        Ok(name.and_then(|name| BuiltIn.zone(name)).unwrap_or(Zone::UTC))
    };
    let context = Context {
        // Up to the years 0000 and 10000.
        now: DateTime::from_timestamp(u.int_in_range(-62_167_219_200..=253_402_300_799)?, 0)
            .unwrap(),
        tenant_tz: zone(u)?,
        dialect: u.arbitrary()?,
    };
    let tz = if u.arbitrary()? { format!("&tz={}", zone(u)?) } else { String::new() };
    let tz = tz.replace('+', "%2B");
    let dates = [date(u)?, date(u)?, date(u)?];
    let ask = |context: &Context, query: &str| -> std::result::Result<Selection, QueryErrorKind> {
        let selection = Query::parse(&format!("{query}{tz}"))
            .and_then(|query| query.resolve(context))
            .map_err(|error| error.kind())?;
        assert!(!selection.explain().to_string().is_empty());
        if let Some(window) = &selection.window {
            assert!(window.from <= window.until, "{query}");
        }
        if let Some(near) = &selection.near {
            assert!(near.from <= near.until && near.from <= near.at && near.at <= near.until);
            assert!(near.until - near.from <= TimeDelta::seconds(10), "{query}");
        }
        Ok(selection)
    };

    // Any dialect: no panic, and all that `ask` asserts.
    for date in &dates {
        let _ = ask(&context, &format!("d={date}"));
        let _ = ask(&context, &format!("finish-date={date}"));
    }
    let [a, b, c] = &dates;
    let _ = ask(&context, &format!("d={a},{b}"));

    // The default dialect: ranges tile, and only one order of two dates is a range.
    let context = Context { dialect: Dialect::default(), ..context };
    let window = |from: &str, until: &str| -> Option<Window> {
        let one = ask(&context, &format!("d={from},{until}"));
        let other = ask(&context, &format!("d={until},{from}"));
        match (&one, &other) {
            // The same instant, or the same period.
            (Ok(one), Ok(other)) => assert_eq!(one.window, other.window, "{from} {until}"),
            (Ok(_), Err(kind)) | (Err(kind), Ok(_)) => {
                assert_eq!(*kind, QueryErrorKind::ReversedRange, "{from} {until}");
            }
            (Err(kind), Err(_)) => {
                assert_ne!(*kind, QueryErrorKind::ReversedRange, "{from} {until}");
            }
        }
        one.ok()?.window
    };
    if a != b
        && b != c
        && a != c
        && let (Some(first), Some(second), Some(both)) = (window(a, b), window(b, c), window(a, c))
    {
        // Unless both ends of the second are one period, which is then selected as a whole (DATE-10).
        let period = ask(&context, &format!("d={b}")).ok().and_then(|selection| selection.window);
        if first.until == second.from && period != Some(second) {
            assert_eq!((both.from, both.until), (first.from, second.until), "{a} {b} {c}");
        }
    }

    // A period ends where the next text of its precision begins.
    let day = day(u)?;
    for (one, next) in [
        (day.format("%Y-%m-%d"), day.succ_opt().unwrap_or(day).format("%Y-%m-%d")),
        (day.format("%Y-%m-%dT22"), day.format("%Y-%m-%dT23")),
        (day.format("%Y-%m-%dT01:59"), day.format("%Y-%m-%dT02:00")),
        (day.format("%Y-%m-%dT23:59:58"), day.format("%Y-%m-%dT23:59:59")),
        (day.format("%Y-%m-%dT00:00:59.9"), day.format("%Y-%m-%dT00:01:00.0")),
    ] {
        let ends = [one, next].map(|text| ask(&context, &format!("d={text}")));
        if let [Ok(one), Ok(next)] = ends {
            assert_eq!(one.window.unwrap().until, next.window.unwrap().from, "{day}");
        }
    }
    Ok(())
}

fn day(u: &mut Unstructured<'_>) -> Result<NaiveDate> {
    // 0001-01-01 to 9999-12-31; more often the years that have rules.
    let days = match u.arbitrary()? {
        true => u.int_in_range(1..=3_652_059)?,
        false => u.int_in_range(690_000..=780_000)?,
    };
    Ok(NaiveDate::from_num_days_from_ce_opt(days).unwrap_or_default())
}

fn date(u: &mut Unstructured<'_>) -> Result<String> {
    let day = day(u)?;
    let time = u.int_in_range(0..=86_400)?;
    let instant: DateTime<Utc> = day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc();
    let instant = instant + TimeDelta::seconds(time);
    let offset = ["", "", "Z", "-08:00", "%2B14", "-2359", "%2B0545"][u.choose_index(7)?];
    Ok(match u.int_in_range(0..=9)? {
        0 => "today".to_owned(),
        1 => format!("today{}d", u.int_in_range(-4_000_000..=-1)?),
        2 => format!("today%2B{}d", u.int_in_range(0..=4_000_000)?),
        3 => day.format("%Y").to_string(),
        4 => day.format("%Y-%m").to_string(),
        5 => day.format("%G-W%V").to_string(),
        6 => day.format("%Y-%m-%d").to_string(),
        7 => format!("{}{offset}", instant.format("%Y-%m-%dT%H:%M")),
        8 => format!("{}{offset}", instant.format("%Y%m%dT%H%M%S")),
        _ => {
            let fraction = u.int_in_range(0..=u64::MAX)?;
            format!("{}.{fraction}{offset}", instant.format("%Y-%m-%d%%20%H:%M:%S"))
        }
    })
}
