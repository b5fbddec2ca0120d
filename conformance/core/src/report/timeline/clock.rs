//! Wall clocks beside a drawing: the window in the zone that it was asked for in, in the tenant's
//! and in UTC, and the changes of the clock within it.

use std::fmt::{self, Write};

use jiff::civil::{DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::{Arithmetic, Asked};
use crate::report::arithmetic::span;
use crate::report::escape::escape;
use crate::setup::Setup;

/// The most changes of the clock that are drawn and told; a window of years has more.
const MOST: usize = 4;

/// A change of a zone's offset.
pub(super) struct Change {
    pub(super) at: Timestamp,
    before: Offset,
    after: Offset,
}

impl Change {
    /// Seconds by which the clock jumps forward; negative where it goes back.
    fn seconds(&self) -> i64 {
        i64::from(self.after.seconds()) - i64::from(self.before.seconds())
    }

    /// The instants whose wall clock comes twice; if times are skipped, the one instant of the
    /// change.
    pub(super) fn stretch(&self) -> (Timestamp, Timestamp) {
        let back = SignedDuration::from_secs((-self.seconds()).max(0));
        let shifted = |at: Result<Timestamp, jiff::Error>| at.unwrap_or(self.at);
        (shifted(self.at.checked_sub(back)), shifted(self.at.checked_add(back)))
    }

    /// What the wall clock does: `01:00–02:00 comes twice`.
    pub(super) fn words(&self) -> String {
        let (before, after) = (self.before.to_datetime(self.at), self.after.to_datetime(self.at));
        let (from, to, verb) = if self.seconds() < 0 {
            (after, before, "comes twice")
        } else {
            (before, after, "is skipped")
        };
        let whole_day = |at: DateTime| at.time() == Time::midnight();
        if whole_day(from) && from.date().tomorrow().is_ok_and(|next| to == next.into()) {
            return format!("{} {verb}", from.date());
        }
        format!("{}–{} {verb}", clock(from.time()), clock(to.time()))
    }
}

fn clock(time: Time) -> String {
    let pattern = if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    time.strftime(pattern).to_string()
}

/// The changes of a zone's offset from `first` on and before `last`; none if there are too many to
/// tell.
pub(super) fn changes(zone: &TimeZone, first: Timestamp, last: Timestamp) -> Vec<Change> {
    let mut found = Vec::new();
    let mut before = zone.to_offset(first);
    for next in zone.following(first).take_while(|next| next.timestamp() < last) {
        if next.offset() != before {
            found.push(Change { at: next.timestamp(), before, after: next.offset() });
        }
        before = next.offset();
        if found.len() > MOST {
            return Vec::new();
        }
    }
    found
}

/// An instant on a zone's wall clock, with its offset: `2007-11-04 01:30:00 −07:00`.
pub(super) fn local(zone: &TimeZone, at: Timestamp) -> String {
    let offset = zone.to_offset(at);
    let seconds = offset.seconds().unsigned_abs();
    let sign = if offset.seconds() < 0 { '−' } else { '+' };
    let rest =
        if seconds.is_multiple_of(60) { String::new() } else { format!(":{:02}", seconds % 60) };
    format!(
        "{} {sign}{:02}:{:02}{rest}",
        day_and_time(offset, at),
        seconds / 3600,
        seconds / 60 % 60
    )
}

/// An instant in UTC: `2007-11-04 08:30:00 UTC`.
pub(super) fn utc(at: Timestamp) -> String {
    format!("{} UTC", day_and_time(Offset::UTC, at))
}

fn day_and_time(offset: Offset, at: Timestamp) -> String {
    offset.to_datetime(at).to_string().replace('T', " ")
}

/// The caption: the window in words.
pub(super) fn caption(
    out: &mut String,
    arithmetic: &Arithmetic,
    asked: &Asked,
    setup: &Setup,
    tenant: usize,
) -> fmt::Result {
    let tenant = &setup.tenants[tenant].tenant;
    let (from, until) = (asked.from, asked.until);
    let millis = until.as_millisecond() - from.as_millisecond();
    let (what, ends) = match asked.middle {
        None => (format!("Window of {}", span(millis)), "its end is not in it"),
        Some(_) => ("Window of ±5 s".to_owned(), "both ends are in it"),
    };
    write!(out, "<figcaption><p><b>{what}</b>, {ends}</p><dl class=\"clocks\">")?;
    let name = arithmetic.zone.iana_name().unwrap_or("the zone asked for");
    let mut clocks = vec![(name, "", arithmetic.zone.clone())];
    if name == tenant.tz {
        clocks[0].1 = " (the tenant’s)";
    } else {
        clocks.push((&tenant.tz, " (the tenant’s)", tenant.zone.clone()));
    }
    for (name, whose, zone) in &clocks {
        let (from, until) = (local(zone, from), local(zone, until));
        write!(out, "<div><dt>{}{whose}</dt>", escape(name))?;
        write!(out, "<dd><span>{from}</span> <span>to {until}</span></dd></div>")?;
    }
    write!(
        out,
        "<div><dt>UTC</dt><dd><span>{}</span> <span>to {}</span></dd></div></dl>",
        utc(from),
        utc(until)
    )?;
    for change in changes(&arithmetic.zone, from, until) {
        let way = if change.seconds() < 0 { "back" } else { "forward" };
        write!(
            out,
            "<p class=\"change\"><i class=\"hatched\"></i> The clock of {} goes {way} by {} at {}: {}.</p>",
            escape(name),
            span(change.seconds().abs() * 1000),
            utc(change.at),
            change.words()
        )?;
    }
    out.push_str("</figcaption>");
    Ok(())
}
