use jiff::{SignedDuration, Timestamp};

use super::{SAMPLES, utc, whole_second};
use crate::live::lab::{Lab, Rec};

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
        // The beginning belongs to the range: one second later it does not.
        let later = from.checked_add(SignedDuration::from_secs(1)).unwrap_or(from);
        lab.finds(&mut law, &format!("d={},{b}", utc(later)), &move |rec| {
            if rec.start == until { None } else { Some(rec.start >= later && rec.start < until) }
        });
    }
    lab.end(law);
    lab.end(spelled);
    lab.end(zoned);
}
