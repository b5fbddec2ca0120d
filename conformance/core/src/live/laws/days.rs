use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{SAMPLES, day, samples};
use crate::escapes::encode;
use crate::live::lab::Lab;

/// A zone for the laws of days.
struct Zoned {
    /// The part of the laws' names for this zone.
    id: String,
    /// Its name, where the query names it.
    name: Option<&'static str>,
    /// The end of its queries.
    tz: String,
    zone: TimeZone,
    /// The days to ask for.
    dates: Vec<Date>,
}

pub(super) fn days(lab: &mut Lab<'_>) {
    for zoned in zones(lab) {
        whole_day(lab, &zoned);
        untimed_end(lab, &zoned);
    }
    periods(lab);
}

/// The tenant's zone, where it is known, and some by name.
fn zones(lab: &Lab<'_>) -> Vec<Zoned> {
    let own = lab.zone.clone().map(|zone| (None, zone));
    let named =
        ["UTC", "America/New_York", "Asia/Kolkata", "Europe/London", "US/Pacific", "Etc/GMT+8"]
            .map(|name| crate::zone::named(name).ok().map(|zone| (Some(name), zone)));
    let zones = own.into_iter().chain(named.into_iter().flatten());
    zones
        .map(|(name, zone)| {
            let lower = name.unwrap_or("of-tenant").to_ascii_lowercase();
            let id = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
            let tz = name.map(|name| format!("&tz={}", encode(name))).unwrap_or_default();
            let dates = telling_days(lab, &zone);
            Zoned { id: id.collect(), name, tz, zone, dates }
        })
        .collect()
}

/// Days with many records near their ends, and the days on which clocks change.
fn telling_days(lab: &Lab<'_>, zone: &TimeZone) -> Vec<Date> {
    let mut weights: BTreeMap<Date, i64> = BTreeMap::new();
    for rec in &lab.records {
        let date = zone.to_datetime(rec.start).date();
        let Some((from, to)) = day(date, zone) else { continue };
        let seconds = to.duration_since(from).as_secs();
        let before = rec.start.duration_since(from).as_secs();
        let edge = before.min(to.duration_since(rec.start).as_secs());
        let weight = i64::from(seconds != 86_400) * 20 + i64::from(edge < 2 * 3600) * 2 + 1;
        *weights.entry(date).or_default() += weight;
    }
    let mut dates: Vec<(i64, Date)> =
        weights.into_iter().map(|(date, weight)| (weight, date)).collect();
    dates.sort_unstable_by(|a, b| b.cmp(a));
    dates.into_iter().map(|(_, date)| date).take(SAMPLES).collect()
}

fn whole_day(lab: &mut Lab<'_>, zoned: &Zoned) {
    let (clause, title) = match zoned.name {
        None => ("DATE-1", "A day without tz is a day in the tenant's zone".to_owned()),
        Some(name) => ("DATE-3a", format!("A day is a day in the zone that tz names: {name}")),
    };
    let mut law = lab.law(&format!("day-{}", zoned.id), clause, &title);
    for date in &zoned.dates {
        let Some((from, to)) = day(*date, &zoned.zone) else { continue };
        let basic = date.to_string().replace('-', "");
        for text in [date.to_string(), basic] {
            lab.finds(&mut law, &format!("d={text}{}", zoned.tz), &|rec| {
                Some(rec.start >= from && rec.start < to)
            });
        }
    }
    lab.end(law);
}

fn untimed_end(lab: &mut Lab<'_>, zoned: &Zoned) {
    let id = format!("until-day-{}", zoned.id);
    let mut law = lab.law(&id, "DATE-2a", "An untimed end of a range is its midnight");
    for date in &zoned.dates {
        let Some((from, to)) = day(*date, &zoned.zone) else { continue };
        // Whether an untimed end stands for its whole day is left open (DATE-2b). A range that ends
        // on the day before an empty one means the same either way.
        let Ok(last) = date.checked_add(Span::new().days(1)) else { continue };
        let Some((_, after)) = day(last, &zoned.zone) else { continue };
        lab.finds(&mut law, &format!("d={date},{last}{}", zoned.tz), &|rec| {
            if rec.start >= to && rec.start <= after {
                None
            } else {
                Some(rec.start >= from && rec.start < to)
            }
        });
    }
    lab.end(law);
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
    // If the day changed meanwhile, this proves nothing.
    if zone.to_datetime(lab.now()).date() == today {
        lab.end(law);
    }
}
