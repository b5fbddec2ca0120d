use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};

use super::{SAMPLES, day, utc, whole_second};
use crate::live::lab::{Lab, Law, ListedRecording};

/// About a page's worth of the list.
#[derive(Clone, Copy)]
struct Range {
    from: Timestamp,
    until: Timestamp,
}

impl Range {
    /// Some ranges between starts of records.
    fn some(lab: &Lab<'_>) -> Vec<Self> {
        let mut starts: Vec<Timestamp> =
            lab.records.iter().map(|rec| rec.start).filter(|at| whole_second(*at)).collect();
        starts.sort_unstable();
        starts.dedup();
        let step = (starts.len() / (SAMPLES + 1)).max(1);
        let ends: Vec<_> = starts.iter().step_by(step).collect();
        let ranges = ends.windows(2).take(SAMPLES).map(|pair| {
            let from = *pair[0];
            let at = starts.binary_search(&from).unwrap_or_default();
            let until = starts[(at + 40).min(starts.len() - 1)].min(*pair[1]);
            Self { from, until }
        });
        ranges.filter(|range| range.from < range.until).collect()
    }

    /// Whether it holds a record. Whether its end itself belongs to it is left open (DATE-2c).
    fn has(self, rec: &ListedRecording) -> Option<bool> {
        if rec.start == self.until {
            None
        } else {
            Some(rec.start >= self.from && rec.start < self.until)
        }
    }

    /// The value of `d`, with both ends in this form.
    fn text(self, form: impl Fn(Timestamp) -> String) -> String {
        format!("d={},{}", form(self.from), form(self.until))
    }
}

pub(super) fn ranges(lab: &mut Lab<'_>) {
    let ranges = Range::some(lab);
    half_open(lab, &ranges);
    spellings(lab, &ranges);
    offsets(lab, &ranges);
    local_times(lab, &ranges);
    iso_8601(lab, &ranges);
}

fn half_open(lab: &mut Lab<'_>, ranges: &[Range]) {
    let mut law = lab.law("range", "DATE-2a", "d=A,B finds A ≤ start < B");
    for range in ranges {
        lab.finds(&mut law, &range.text(utc), &|rec| range.has(rec));
        // The beginning belongs to the range: one second later it does not.
        let later = range.from.checked_add(SignedDuration::from_secs(1)).unwrap_or(range.from);
        let later = Range { from: later, ..*range };
        lab.finds(&mut law, &later.text(utc), &|rec| later.has(rec));
    }
    lab.end(law);
}

fn spellings(lab: &mut Lab<'_>, ranges: &[Range]) {
    let mut law = lab.law("spellings", "DATE-5", "Spellings of one instant agree");
    for range in ranges {
        let basic = range.text(|at| utc(at).replace(['-', ':'], ""));
        let spaced = range.text(|at| utc(at).replace('T', "%20"));
        let comma = range.text(utc).replace(',', "%2C");
        for query in [basic, spaced, comma] {
            lab.finds(&mut law, &query, &|rec| range.has(rec));
        }
    }
    lab.end(law);
}

fn offsets(lab: &mut Lab<'_>, ranges: &[Range]) {
    let title = "A time with Z or an offset means that instant, and tz does not move it";
    let mut law = lab.law("offsets", "DATE-4", title);
    let offset = |at: Timestamp, seconds: i32, sign: &str| {
        let offset = Offset::from_seconds(seconds).unwrap_or(Offset::UTC);
        let minutes = seconds.unsigned_abs() / 60;
        let local = offset.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    };
    for range in ranges {
        let west = range.text(|at| offset(at, -8 * 3600, "-"));
        let east = range.text(|at| offset(at, 5 * 3600 + 45 * 60, "%2B"));
        let elsewhere = range.text(utc) + "&tz=Asia/Tokyo";
        for query in [west, east, elsewhere] {
            lab.finds(&mut law, &query, &|rec| range.has(rec));
        }
    }
    lab.end(law);
}

fn local_times(lab: &mut Lab<'_>, ranges: &[Range]) {
    let title = "A time without an offset is one in the zone of tz";
    let mut law = lab.law("local-times", "DATE-3a", title);
    let kolkata = crate::zone::named("Asia/Kolkata").unwrap_or(TimeZone::UTC);
    let there = |at| kolkata.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    for range in ranges {
        let query = range.text(there) + "&tz=Asia/Kolkata";
        lab.finds(&mut law, &query, &|rec| range.has(rec));
    }
    lab.end(law);
}

fn iso_8601(lab: &mut Lab<'_>, ranges: &[Range]) {
    let mut law = lab.law("iso-8601", "DATE-6", "The rest of ISO 8601 means the same instants");
    if let Some(range) = ranges.first() {
        for (offset, form) in FORMS {
            let query = range.text(|at| offset.to_datetime(at).strftime(form).to_string());
            lab.finds(&mut law, &query, &|rec| range.has(rec));
        }
        let basic = utc(range.from).replace(['-', ':'], "");
        let ordinal = Offset::UTC.to_datetime(range.until).strftime("%Y-%jT%H:%M:%SZ").to_string();
        lab.finds(&mut law, &format!("d={basic},{ordinal}"), &|rec| range.has(rec));
        periods(lab, &mut law, range.from);
    }
    lab.end(law);
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
