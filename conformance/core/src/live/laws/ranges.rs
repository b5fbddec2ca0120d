use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};

use super::{SAMPLES, day, utc, whole_second};
use crate::live::lab::{Lab, Law, Rec};

pub(super) fn ranges(lab: &mut Lab<'_>) {
    let mut starts: Vec<Timestamp> =
        lab.records.iter().map(|rec| rec.start).filter(|at| whole_second(*at)).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut law = lab.law("range", "DATE-2a", "d=A,B finds A ≤ start < B");
    let mut spelled = lab.law("spellings", "DATE-5", "Spellings of one instant agree");
    let mut zoned = lab.law(
        "offsets",
        "DATE-4",
        "A time with Z or an offset means that instant, and tz does not move it",
    );
    let mut local =
        lab.law("local-times", "DATE-3a", "A time without an offset is one in the zone of tz");
    let mut iso = lab.law("iso-8601", "DATE-6", "The rest of ISO 8601 means the same instants");
    let kolkata = crate::zone::named("Asia/Kolkata").unwrap_or(TimeZone::UTC);
    let step = (starts.len() / (SAMPLES + 1)).max(1);
    for pair in starts.iter().step_by(step).collect::<Vec<_>>().windows(2).take(SAMPLES) {
        // About a page's worth from the earlier one on.
        let from = *pair[0];
        let at = starts.binary_search(&from).unwrap_or_default();
        let until = starts[(at + 40).min(starts.len() - 1)].min(*pair[1]);
        if until <= from {
            continue;
        }
        // Whether the one instant B belongs to it is left open (DATE-2c).
        let inside = move |rec: &Rec| {
            if rec.start == until { None } else { Some(rec.start >= from && rec.start < until) }
        };
        let (a, b) = (utc(from), utc(until));
        lab.finds(&mut law, &format!("d={a},{b}"), &inside);
        let basic = |text: &str| text.replace(['-', ':'], "");
        let spaced = |text: &str| text.replace('T', "%20");
        lab.finds(&mut spelled, &format!("d={},{}", basic(&a), basic(&b)), &inside);
        lab.finds(&mut spelled, &format!("d={},{}", spaced(&a), spaced(&b)), &inside);
        lab.finds(&mut spelled, &format!("d={a}%2C{b}"), &inside);
        let offset = |at: Timestamp, seconds: i32, sign: &str| {
            let offset = jiff::tz::Offset::from_seconds(seconds).unwrap_or(jiff::tz::Offset::UTC);
            let minutes = seconds.unsigned_abs() / 60;
            let local = offset.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
            format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        };
        let (west, east) = (-8 * 3600, 5 * 3600 + 45 * 60);
        lab.finds(
            &mut zoned,
            &format!("d={},{}", offset(from, west, "-"), offset(until, west, "-")),
            &inside,
        );
        lab.finds(
            &mut zoned,
            &format!("d={},{}", offset(from, east, "%2B"), offset(until, east, "%2B")),
            &inside,
        );
        lab.finds(&mut zoned, &format!("d={a},{b}&tz=Asia/Tokyo"), &inside);
        let there =
            |at: Timestamp| kolkata.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let query = format!("d={},{}&tz=Asia/Kolkata", there(from), there(until));
        lab.finds(&mut local, &query, &inside);
        if iso.tried == 0 {
            for form in FORMS {
                let text = |at: Timestamp| form.0.to_datetime(at).strftime(form.1).to_string();
                lab.finds(&mut iso, &format!("d={},{}", text(from), text(until)), &inside);
            }
            let mixed = Offset::UTC.to_datetime(until).strftime("%Y-%jT%H:%M:%SZ").to_string();
            lab.finds(&mut iso, &format!("d={},{mixed}", basic(&a)), &inside);
            periods(lab, &mut iso, from);
        }
        // The beginning belongs to the range: one second later it does not.
        let later = from.checked_add(SignedDuration::from_secs(1)).unwrap_or(from);
        lab.finds(&mut law, &format!("d={},{b}", utc(later)), &move |rec| {
            if rec.start == until { None } else { Some(rec.start >= later && rec.start < until) }
        });
    }
    lab.end(law);
    lab.end(spelled);
    lab.end(zoned);
    lab.end(local);
    lab.end(iso);
}

/// Forms of an instant that few clients send, each with the offset that it is written in.
const FORMS: [(Offset, &str); 10] = [
    (Offset::UTC, "%Y-%m-%dT%H:%M:%S.000Z"),
    (Offset::UTC, "%Y-%jT%H:%M:%SZ"),
    (Offset::UTC, "%Y%jT%H%M%SZ"),
    (Offset::UTC, "%G-W%V-%uT%H:%M:%SZ"),
    (Offset::UTC, "%GW%V%uT%H%M%SZ"),
    (Offset::UTC, "%Y-%m-%dT%H%M%SZ"),
    (Offset::UTC, "%Y%m%dT%H:%M:%SZ"),
    (Offset::constant(-8), "%Y-%m-%dT%H:%M:%S-08"),
    (Offset::constant(-8), "%Y-%m-%dT%H:%M:%S-0800"),
    (Offset::constant(9), "%Y-%m-%dT%H:%M:%S%%2B0900"),
];

/// Forms that name an hour, the end of a day or of a minute, and whole months and years.
fn periods(lab: &mut Lab<'_>, law: &mut Law, near: Timestamp) {
    let utc_text =
        |at: Timestamp, form: &str| Offset::UTC.to_datetime(at).strftime(form).to_string();
    let floor = |seconds: i64| {
        Timestamp::from_second(near.as_second().div_euclid(seconds) * seconds).unwrap_or(near)
    };
    let after = |at: Timestamp, seconds| at + SignedDuration::from_secs(seconds);
    let mut between = |query: String, from: Timestamp, until: Timestamp, open: Timestamp| {
        lab.finds(law, &query, &move |rec| {
            if rec.start >= until && rec.start <= open {
                None
            } else {
                Some(rec.start >= from && rec.start < until)
            }
        });
    };
    let hour = floor(3_600);
    let until = after(hour, 7_200);
    let form = "%Y-%m-%dT%HZ";
    between(format!("d={},{}", utc_text(hour, form), utc_text(until, form)), hour, until, until);
    // The instant after :59 is the next minute.
    let minute = floor(60);
    let until = after(minute, 3_600);
    let sixtieth = |at: Timestamp| utc_text(after(at, -60), "%Y-%m-%dT%H:%M:60Z");
    between(format!("d={},{}", sixtieth(minute), sixtieth(until)), minute, until, until);
    let date = Offset::UTC.to_datetime(near).date();
    if let Some((from, until)) = day(date, &TimeZone::UTC) {
        between(format!("d={date}T00:00Z,{date}T24:00Z"), from, until, until);
    }
    // Whether an untimed end stands for its whole period is left open (DATE-2b).
    let next = |span: Span| date.first_of_month().checked_add(span).ok();
    let month = date.first_of_month();
    if let (Some(second), Some(third)) = (next(Span::new().months(1)), next(Span::new().months(2)))
        && let [Some((from, _)), Some((until, _)), Some((open, _))] =
            [month, second, third].map(|date| day(date, &TimeZone::UTC))
    {
        let text = |date: jiff::civil::Date| date.strftime("%Y-%m").to_string();
        between(format!("d={},{}&tz=UTC", text(month), text(second)), from, until, open);
    }
    let everything = (Timestamp::MIN, Timestamp::MAX);
    let all = "d=0001-01-01T00:00Z,9999-12-31T23:59:59Z";
    between(all.to_owned(), everything.0, everything.1, everything.1);
}
