//! An evaluator that shares nothing with the crate: it starts from the meaning of a query and then writes it
//! down, takes instants from jiff, and tests each record against the clauses one by one.

use std::cell::Cell;

use arbitrary::{Result, Unstructured};
use chrono::DateTime;
use jiff::civil::{self, Date};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use vcc_query::{Context, Dialect, Field, Query, QueryErrorKind};
use vcc_types::Recording;

const ZONES: &[&str] = &[
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Etc/GMT+8",
    "Pacific/Apia",
];

/// Days with unusual clock changes, and an ordinary one.
const DAYS: &[(i16, i8, i8)] = &[
    (2007, 3, 11),
    (2007, 11, 4),
    (2007, 8, 5),
    (2006, 10, 29),
    (2018, 11, 4),
    (2011, 12, 30),
    (2011, 12, 31),
    (2014, 5, 16),
    (2008, 4, 6),
    (2016, 2, 29),
    (2005, 1, 1),
    (2019, 12, 30),
];

const VALUES: &[&str] = &[
    "", "bill", "Bill", "bill ", "0", "00", "a+b", "100%", "#x#", "ü&=", "*", "a\tb", "a\u{7f}b",
    "\u{85}",
];

/// Durations around the largest that a record can have, and the numbers that they would wrap to.
const LONG: &[u128] = &[MAX_DURATION, MAX_DURATION + 1, u64::MAX as u128, 1 << 64, (1 << 64) + 7];

/// FIELD-4
const MAX_DURATION: u128 = (1 << 63) - 1;

const FIELDS: &[Field] = &[Field::AgentId, Field::Channel, Field::CaseId, Field::ExtVar1];

/// Reads a query and records from the bytes, writes the query in some spelling, and compares both answers.
pub(crate) fn selection_vs_naive(data: &[u8]) {
    // An error only means that the bytes ran out.
    let _ = from(&mut Unstructured::new(data));
}

/// A date that a query may hold.
#[derive(Clone, Copy)]
enum Moment {
    Today(i32),
    /// Of this precision: 0 year, 1 month, 2 day, 3 hour, 4 minute, 5 second. A second of 0 may be
    /// written as the 60 of the minute before.
    Local(u8, civil::DateTime),
    /// To the hour, minute or second, at an offset in minutes.
    Fixed(u8, civil::DateTime, i32),
}

struct Ask {
    zone: TimeZone,
    now: Timestamp,
    d: Option<(Moment, Option<Moment>)>,
    start: Option<Moment>,
    finish: Option<Moment>,
    fields: Vec<(Field, &'static str)>,
    duration: Option<u128>,
    n: Option<u64>,
    /// Whether a space was written where no sign can stand (REQ-6).
    refused: Cell<bool>,
}

fn from(u: &mut Unstructured<'_>) -> Result<()> {
    let zones = TimeZoneDatabase::bundled();
    let tenant = ZONES[u.choose_index(ZONES.len())?];
    let tz = if u.arbitrary()? { Some(ZONES[u.choose_index(ZONES.len())?]) } else { None };
    let zone = zones.get(tz.unwrap_or(tenant)).unwrap();
    let now = Timestamp::from_second(u.int_in_range(1_000_000_000..=1_900_000_000)?).unwrap();
    let mut ask = Ask {
        zone,
        now,
        d: None,
        start: None,
        finish: None,
        fields: vec![],
        duration: None,
        n: None,
        refused: Cell::new(false),
    };
    if u.ratio(2, 3)? {
        let first = moment(u)?;
        ask.d = Some((first, if u.arbitrary()? { Some(moment(u)?) } else { None }));
    }
    if u.ratio(1, 3)? {
        ask.start = Some(moment(u)?);
    }
    if u.ratio(1, 3)? {
        ask.finish = Some(moment(u)?);
    }
    for field in FIELDS {
        if u.ratio(1, 8)? {
            ask.fields.push((*field, VALUES[u.choose_index(VALUES.len())?]));
        }
    }
    if u.ratio(1, 8)? {
        ask.duration = Some(duration(u)?);
    }
    if u.ratio(1, 4)? {
        ask.n = Some(u.int_in_range(0..=60)?);
    }
    let raw = write(u, &ask, tz)?;

    let context = Context {
        now: DateTime::from_timestamp(now.as_second(), 0).unwrap(),
        tenant_tz: tenant.parse().unwrap(),
        dialect: Dialect::default(),
    };
    let parsed = Query::parse(&raw).and_then(|query| query.resolve(&context));
    let selection = match (parsed, ask.window()) {
        (parsed, _) if ask.refused.get() => {
            assert_eq!(parsed.unwrap_err().clause(), "REQ-6", "{raw}");
            return Ok(());
        }
        (Err(error), Some(None)) => {
            assert_eq!(error.kind(), QueryErrorKind::ReversedRange, "{raw}");
            return Ok(());
        }
        (Ok(selection), Some(Some(_)) | None) => selection,
        (parsed, window) => panic!("{raw}: {parsed:?} {window:?}"),
    };

    let mut rows = Vec::new();
    for _ in 0..u.int_in_range(0..=24)? {
        rows.push(ask.row(u)?);
    }
    for row in &rows {
        assert_eq!(
            selection.matches(row),
            ask.matches(row),
            "{raw}\n{row:?}\n{}",
            selection.explain()
        );
    }
    rows.sort_by(|a, b| selection.compare(a, b));
    let matching: Vec<_> = rows.iter().filter(|row| ask.matches(row)).collect();
    let first = ask.n.unwrap_or(1).max(1) as usize - 1;
    let expected: Vec<_> = matching.into_iter().skip(first).take(50).collect();
    assert_eq!(selection.page(&rows).collect::<Vec<_>>(), expected, "{raw}");
    Ok(())
}

fn duration(u: &mut Unstructured<'_>) -> Result<u128> {
    match u.ratio(1, 8)? {
        true => Ok(LONG[u.choose_index(LONG.len())?]),
        false => u.int_in_range(0..=9),
    }
}

fn moment(u: &mut Unstructured<'_>) -> Result<Moment> {
    if u.ratio(1, 8)? {
        return Ok(Moment::Today(u.int_in_range(-8..=2)?));
    }
    let (year, month, day) = DAYS[u.choose_index(DAYS.len())?];
    let day = Date::new(year, month, day).unwrap().saturating_add(u.int_in_range(-1..=1)?.days());
    let hour = [0, 0, 1, 2, 3, 12, 23][u.choose_index(7)?];
    let (minute, second) = ([0, 0, 1, 30, 59][u.choose_index(5)?], u.int_in_range(0..=59)?);
    let precision = u.int_in_range(0..=5)?;
    let local = match precision {
        0 => civil::date(year, 1, 1).at(0, 0, 0, 0),
        1 => civil::date(year, month, 1).at(0, 0, 0, 0),
        2 => day.at(0, 0, 0, 0),
        3 => day.at(hour, 0, 0, 0),
        4 => day.at(hour, minute, 0, 0),
        _ => day.at(hour, minute, second, 0),
    };
    Ok(match precision {
        3..=5 if u.arbitrary()? => {
            Moment::Fixed(precision, local, [0, -480, 345, 840][u.choose_index(4)?])
        }
        _ => Moment::Local(precision, local),
    })
}

/// Writes the query in one of its spellings.
fn write(u: &mut Unstructured<'_>, ask: &Ask, tz: Option<&str>) -> Result<String> {
    let mut variables = Vec::new();
    if let Some((first, last)) = ask.d {
        let mut value = text(u, ask, first)?;
        if let Some(last) = last {
            value.push_str(if u.arbitrary()? { "," } else { "%2C" });
            value.push_str(&text(u, ask, last)?);
        }
        variables.push(format!("d={value}"));
    }
    if let Some(tz) = tz {
        variables.push(format!("tz={tz}"));
    }
    for (name, date) in [("start-date", ask.start), ("finish-date", ask.finish)] {
        if let Some(date) = date {
            variables.push(format!("{name}={}", text(u, ask, date)?));
        }
    }
    for (field, value) in &ask.fields {
        let mut encoded = String::new();
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() && !u.ratio(1, 8)? {
                encoded.push(byte as char);
            } else if byte == b' ' && u.arbitrary()? {
                encoded.push('+');
            } else {
                encoded.push_str(&format!("%{byte:02x}"));
            }
        }
        variables.push(format!("{field}={encoded}"));
    }
    if let Some(duration) = ask.duration {
        variables.push(format!("duration={:0>1$}", duration, u.int_in_range(1..=30)?));
    }
    if let Some(n) = ask.n {
        variables.push(format!("n={n:03}"));
    }
    if !variables.is_empty() {
        let by = u.choose_index(variables.len())?;
        variables.rotate_left(by);
    }
    Ok(variables.join(if u.arbitrary()? { "&" } else { "&&" }))
}

fn text(u: &mut Unstructured<'_>, ask: &Ask, moment: Moment) -> Result<String> {
    let (precision, local, offset) = match moment {
        Moment::Today(0) => return Ok("today".to_owned()),
        Moment::Today(days) if days < 0 => return Ok(format!("today{days}d")),
        Moment::Today(days) => {
            return Ok(format!("today{}{days}d", ["+", "%2B", "%20"][u.choose_index(3)?]));
        }
        Moment::Local(precision, local) => (precision, local, None),
        Moment::Fixed(precision, local, offset) => (precision, local, Some(offset)),
    };
    // DATE-14
    let of_sixty = precision == 5 && local.second() == 0 && u.arbitrary()?;
    let local = if of_sixty { local.saturating_sub(1.second()) } else { local };
    let date = match precision {
        0 => local.strftime("%Y").to_string(),
        1 => local.strftime("%Y-%m").to_string(),
        _ => {
            let forms = ["%Y-%m-%d", "%Y%m%d", "%Y-%j", "%G-W%V-%u", "%GW%V%u"];
            local.strftime(forms[u.choose_index(forms.len())?]).to_string()
        }
    };
    let separator = ["T", "%20", " ", "+"][u.choose_index(4)?];
    let forms = match precision {
        3 => ["%H", "%H"],
        4 => ["%H:%M", "%H%M"],
        5 if of_sixty => ["%H:%M:60", "%H%M60"],
        5 => ["%H:%M:%S", "%H%M%S"],
        _ => return Ok(date),
    };
    let time = local.strftime(forms[u.choose_index(2)?]).to_string();
    let offset = match offset {
        None => String::new(),
        Some(0) => "Z".to_owned(),
        Some(minutes) => {
            let signs = ["+", "%2B", "%20", " "];
            let sign = if minutes < 0 { "-" } else { signs[u.choose_index(4)?] };
            // REQ-6
            if precision == 3 && matches!(sign, "%20" | " ") {
                ask.refused.set(true);
            }
            let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
            let colon = if u.arbitrary()? { ":" } else { "" };
            format!("{sign}{hours:02}{colon}{minutes:02}")
        }
    };
    Ok(format!("{date}{separator}{time}{offset}"))
}

impl Ask {
    /// The first instant at which the clock reads a text or later, in seconds.
    fn instant(&self, local: civil::DateTime) -> i64 {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(local).unwrap().as_second()
            }
            AmbiguousOffset::Gap { before, .. } => {
                // As the clock ran before the gap, the text comes after its end.
                let after = before.to_timestamp(local).unwrap() + 1.second();
                self.zone.preceding(after).next().unwrap().timestamp().as_second()
            }
        }
    }

    /// The midnight of a day counted from the one that the present is in.
    fn day(&self, days: i32) -> civil::DateTime {
        let mut today = self.zone.to_datetime(self.now).date();
        while self.instant(today.saturating_add(1.day()).at(0, 0, 0, 0)) <= self.now.as_second() {
            today = today.saturating_add(1.day());
        }
        today.saturating_add(days.days()).at(0, 0, 0, 0)
    }

    /// The instant of a date and of the next one of its precision.
    fn period(&self, moment: Moment) -> [i64; 2] {
        let next = |precision, local: civil::DateTime| match precision {
            0 => local.saturating_add(1.year()),
            1 => local.saturating_add(1.month()),
            2 => local.saturating_add(1.day()),
            3 => local.saturating_add(1.hour()),
            4 => local.saturating_add(1.minute()),
            _ => local.saturating_add(1.second()),
        };
        match moment {
            Moment::Today(days) => {
                let day = self.day(days);
                [self.instant(day), self.instant(next(2, day))]
            }
            Moment::Local(precision, local) => {
                [local, next(precision, local)].map(|local| self.instant(local))
            }
            Moment::Fixed(precision, local, offset) => {
                [local, next(precision, local)].map(|local| {
                    TimeZone::UTC.to_timestamp(local).unwrap().as_second() - i64::from(offset) * 60
                })
            }
        }
    }

    /// The window of `d`; `Some(None)` for one that ends before it starts.
    fn window(&self) -> Option<Option<[i64; 2]>> {
        let (first, last) = self.d?;
        let [from, end] = self.period(first);
        let Some(last) = last else { return Some(Some([from, end])) };
        let until = self.period(last)[0];
        // DATE-10: the same untimed period, however it is written.
        let untimed = |moment: Moment| match moment {
            Moment::Today(days) => Some((2, self.day(days))),
            Moment::Local(precision @ 0..=2, local) => Some((precision, local)),
            _ => None,
        };
        Some(match (untimed(first), untimed(last)) {
            (Some(one), Some(other)) if one == other => Some([from, end]),
            _ if until < from => None,
            _ => Some([from, until]),
        })
    }

    fn matches(&self, row: &Recording) -> bool {
        let start = row.start().map(|start| i128::from(start.timestamp()));
        // FIELD-4: what is larger is no duration.
        let duration = row.get(Field::Duration).and_then(|text| text.parse::<u128>().ok());
        let duration = duration.filter(|seconds| *seconds <= MAX_DURATION);
        let finish = start.zip(duration).map(|(start, duration)| start + duration as i128);
        if let Some(Some([from, until])) = self.window()
            && start.is_none_or(|start| start < i128::from(from) || i128::from(until) <= start)
        {
            return false;
        }
        // NEAR-4
        let (edge, near) = match (self.start, self.finish) {
            (Some(near), _) => (start, Some(near)),
            (None, near) => (finish, near),
        };
        if let Some(near) = near {
            let at = i128::from(self.period(near)[0]);
            if edge.is_none_or(|edge| (edge - at).abs() > 5) {
                return false;
            }
        }
        self.fields.iter().all(|(field, value)| row.get(*field).unwrap_or("") == *value)
            && self.duration.is_none_or(|asked| duration == Some(asked))
    }

    /// A record that starts or finishes close to a time in the query.
    fn row(&self, u: &mut Unstructured<'_>) -> Result<Recording> {
        let mut instants = vec![1_186_000_000];
        instants.extend(self.window().flatten().into_iter().flatten());
        for near in [self.start, self.finish].into_iter().flatten() {
            instants.push(self.period(near)[0]);
        }
        let start = instants[u.choose_index(instants.len())?] + u.int_in_range(-16..=8)?;
        let mut row = Recording::new();
        if u.ratio(15, 16)? {
            row.set_start(DateTime::from_timestamp(start, 0).unwrap().fixed_offset());
        }
        if u.ratio(15, 16)? {
            row.set(Field::Duration, &format!("{:02}", duration(u)?));
        }
        for field in FIELDS.iter().chain(&[Field::TransactionId, Field::Filename]) {
            if u.ratio(7, 8)? {
                row.set(*field, VALUES[u.choose_index(VALUES.len())?]);
            }
        }
        Ok(row)
    }
}
