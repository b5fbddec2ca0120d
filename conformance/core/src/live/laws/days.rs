use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{SAMPLES, day, samples};
use crate::live::lab::{Lab, encode};

pub(super) fn days(lab: &mut Lab<'_>) {
    let mut zones: Vec<(Option<&str>, TimeZone)> = Vec::new();
    if let Some(zone) = &lab.zone {
        zones.push((None, zone.clone()));
    }
    for name in
        ["UTC", "America/New_York", "Asia/Kolkata", "Europe/London", "US/Pacific", "Etc/GMT+8"]
    {
        if let Ok(zone) = crate::zone::named(name) {
            zones.push((Some(name), zone));
        }
    }
    for (name, zone) in zones {
        let (id, clause, title) = match name {
            None => (
                "day-of-tenant".to_owned(),
                "DATE-1",
                "A day without tz is a day in the tenant's zone".to_owned(),
            ),
            Some(name) => {
                let id: String = name
                    .to_ascii_lowercase()
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                    .collect();
                (
                    format!("day-{id}"),
                    "DATE-3a",
                    format!("A day is a day in the zone that tz names: {name}"),
                )
            }
        };
        let mut law = lab.law(&id, clause, &title);
        let mut until =
            lab.law(&format!("until-{id}"), "DATE-2a", "An untimed end of a range is its midnight");
        let tz = name.map(|name| format!("&tz={}", encode(name))).unwrap_or_default();
        // Days with many records near their ends, and the days on which clocks change.
        let mut dates: BTreeMap<Date, i64> = BTreeMap::new();
        for rec in &lab.records {
            let local = zone.to_datetime(rec.start);
            let (from, to) = match day(local.date(), &zone) {
                Some(ends) => ends,
                None => continue,
            };
            let seconds = to.duration_since(from).as_secs();
            let edge = rec
                .start
                .duration_since(from)
                .as_secs()
                .min(to.duration_since(rec.start).as_secs());
            let weight = i64::from(seconds != 86_400) * 20 + i64::from(edge < 2 * 3600) * 2 + 1;
            *dates.entry(local.date()).or_default() += weight;
        }
        let mut dates: Vec<(i64, Date)> =
            dates.into_iter().map(|(date, weight)| (weight, date)).collect();
        dates.sort_unstable_by(|a, b| b.cmp(a));
        for (_, date) in dates.iter().take(SAMPLES) {
            let Some((from, to)) = day(*date, &zone) else { continue };
            lab.finds(&mut law, &format!("d={date}{tz}"), &|rec| {
                Some(rec.start >= from && rec.start < to)
            });
            let basic = date.to_string().replace('-', "");
            lab.finds(&mut law, &format!("d={basic}{tz}"), &|rec| {
                Some(rec.start >= from && rec.start < to)
            });
            // Whether an untimed end stands for its whole day is left open (DATE-2b): a range that
            // ends on the day before an empty one says the same either way.
            let Ok(last) = date.checked_add(Span::new().days(1)) else { continue };
            let Some((_, after)) = day(last, &zone) else { continue };
            lab.finds(&mut until, &format!("d={date},{last}{tz}"), &|rec| {
                if rec.start >= to && rec.start <= after {
                    None
                } else {
                    Some(rec.start >= from && rec.start < to)
                }
            });
        }
        lab.end(law);
        lab.end(until);
    }
    periods(lab);
}

fn periods(lab: &mut Lab<'_>) {
    let utc_zone = TimeZone::UTC;
    let mut law = lab.law("periods", "DATE-7a", "A single d without a time names its whole period");
    for at in samples(lab, 2) {
        let date = utc_zone.to_datetime(lab.records[at].start).date();
        let month = (date.first_of_month(), date.last_of_month());
        let week = date.iso_week_date();
        let monday =
            date.checked_sub(Span::new().days(i64::from(week.weekday().to_monday_zero_offset())));
        let mut asked = vec![
            (format!("{:04}-{:02}", date.year(), date.month()), month.0, month.1),
            (format!("{:04}-{:03}", date.year(), date.day_of_year()), date, date),
            (
                format!(
                    "{:04}-W{:02}-{}",
                    week.year(),
                    week.week(),
                    week.weekday().to_monday_one_offset()
                ),
                date,
                date,
            ),
        ];
        if let Ok(monday) = monday
            && let Ok(sunday) = monday.checked_add(Span::new().days(6))
        {
            asked.push((format!("{:04}-W{:02}", week.year(), week.week()), monday, sunday));
        }
        for (text, first, last) in asked {
            let (Some((from, _)), Some((_, to))) = (day(first, &utc_zone), day(last, &utc_zone))
            else {
                continue;
            };
            lab.finds(&mut law, &format!("d={text}&tz=UTC"), &|rec| {
                Some(rec.start >= from && rec.start < to)
            });
        }
    }
    lab.end(law);
}

pub(super) fn constants(lab: &mut Lab<'_>) {
    let mut law = lab.law("constants", "DATE-8a", "today-Nd is the midnight N days ago");
    let zone = crate::zone::named("America/Denver").unwrap_or(TimeZone::UTC);
    let today = zone.to_datetime(lab.now()).date();
    let mut ages: Vec<i64> = lab
        .records
        .iter()
        .filter_map(|rec| today.since(zone.to_datetime(rec.start).date()).ok())
        .map(|span| i64::from(span.get_days()))
        .filter(|days| *days > 0)
        .collect();
    ages.sort_unstable();
    ages.dedup();
    ages.truncate(4);
    ages.extend([1, 7, 30]);
    for age in ages {
        let Some((from, _)) =
            today.checked_sub(Span::new().days(age)).ok().and_then(|date| day(date, &zone))
        else {
            continue;
        };
        let Some((until, _)) =
            today.checked_sub(Span::new().days(age - 1)).ok().and_then(|date| day(date, &zone))
        else {
            continue;
        };
        let query = if age == 1 { "today".to_owned() } else { format!("today-{}d", age - 1) };
        lab.finds(&mut law, &format!("d=today-{age}d,{query}&tz=America/Denver"), &|rec| {
            if rec.start == until { None } else { Some(rec.start >= from && rec.start < until) }
        });
        lab.finds(&mut law, &format!("d=today-{age}d&tz=America/Denver"), &|rec| {
            Some(rec.start >= from && rec.start < until)
        });
    }
    let week = today.checked_sub(Span::new().days(7)).ok();
    if let Some(date) = week
        && let (Some((from, _)), Some((until, _))) = (day(date, &zone), day(today, &zone))
    {
        lab.finds(&mut law, &format!("d={date},today&tz=America/Denver"), &|rec| {
            // Whether an untimed end stands for its whole day is left open (DATE-2b).
            if rec.start >= until { None } else { Some(rec.start >= from) }
        });
    }
    // Nothing was learned where the day changed meanwhile.
    if zone.to_datetime(lab.now()).date() == today {
        lab.end(law);
    }
}
