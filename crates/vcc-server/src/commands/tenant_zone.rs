//! `tenant set --tz`: gives a tenant another zone, and says what that changes.

use std::fmt;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use vcc_query::Zone;
use vcc_server::Clock;
use vcc_store::{Store, StoreErrorKind};

use super::failure::Failure;
use super::words::{grouped, shell_word};
use super::{note, store};

/// How many days from today on are compared.
const DAYS: u64 = 366;

/// How many spells of days are listed.
const TOLD: usize = 6;

pub(super) async fn set(
    store: &dyn Store,
    name: &str,
    zone: Zone,
    dry_run: bool,
) -> Result<(), Failure> {
    let before = match store::tenant(store, name).await {
        Ok(tenant) => Some(tenant),
        // The old zone may be missing from the zone data: this command is the way out.
        Err(failure)
            if store
                .tenant(name)
                .await
                .is_err_and(|error| error.kind() == StoreErrorKind::UnknownZone) =>
        {
            note(format_args!("note: {failure}"));
            None
        }
        Err(failure) => return Err(failure),
    };
    if let Some(before) = &before
        && before.zone == zone
    {
        note(format_args!("the zone of {name} is {zone} already: nothing changes"));
        return Ok(());
    }
    let records = match &before {
        Some(tenant) => Some(store.count(tenant.id).await?),
        None => None,
    };
    let was =
        before.as_ref().map_or(String::new(), |tenant| format!(" instead of {}", tenant.zone));
    if dry_run {
        note(format_args!("the zone of {name} would be {zone}{was}"));
    } else {
        store.set_zone(name, zone).await?;
        note(format_args!("the zone of {name} is {zone}{was}"));
    }
    if let Some(before) = &before {
        note(Changes { before: before.zone, after: zone, now: Clock::system().now() });
    }
    let records = records.map_or("its".to_owned(), |records| match records {
        1 => "its 1 recording's".to_owned(),
        records => format!("its {} recordings'", grouped(records)),
    });
    note(format_args!(
        "unchanged: {records} instants, in the store and in answers; queries whose dates have an \
         offset or a tz"
    ));
    if let Some(before) = before.filter(|_| !dry_run) {
        let name = shell_word(name);
        note(format_args!("back: `vcc-server tenant set {name} --tz {}`", before.zone));
    }
    Ok(())
}

/// What changes, from the next request on.
struct Changes {
    before: Zone,
    after: Zone,
    now: DateTime<Utc>,
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, after] = [self.before, self.after].map(|zone| zone.offset_at(self.now));
        write!(
            f,
            "from the next request on, of every client of the tenant and at servers that run \
             (standbys when they have heard of it):\n  \
             startDate in answers has the offset {after} instead of {before} now\n  \
             dates without an offset and without tz, and `today`, are read there: days begin\n"
        )?;
        let spells = self.spells();
        let mut lines: Vec<_> =
            spells.iter().take(TOLD).map(|spell| format!("    {spell}")).collect();
        if spells.len() > TOLD {
            lines.push(format!("    and so on: {} more within a year", spells.len() - TOLD));
        }
        f.write_str(&lines.join("\n"))
    }
}

impl Changes {
    /// The days of a year from today on, grouped while they begin earlier or later by the same time.
    fn spells(&self) -> Vec<Spell> {
        let today = self.before.local(self.now).date_naive();
        let mut spells: Vec<Spell> = Vec::new();
        for day in (0..DAYS).map_while(|days| today.checked_add_days(Days::new(days))) {
            // DATE-1
            let midnight = day.and_time(NaiveTime::MIN);
            let before = self.before.first_instant(midnight);
            let after = self.after.first_instant(midnight);
            match spells.last_mut() {
                Some(spell) if spell.after - spell.before == after - before => spell.last = day,
                _ => spells.push(Spell { first: day, last: day, before, after }),
            }
        }
        spells
    }
}

/// Days that begin earlier, or later, by the same time.
struct Spell {
    first: NaiveDate,
    last: NaiveDate,
    /// When the first one began, and begins.
    before: DateTime<Utc>,
    after: DateTime<Utc>,
}

impl fmt::Display for Spell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let by = self.after - self.before;
        let (first, last) = (self.first, self.last);
        if by.is_zero() {
            return write!(f, "{first} to {last}: when they did");
        }
        let way = if by < TimeDelta::zero() { "earlier" } else { "later" };
        let (before, after) = (instant(self.before), instant(self.after));
        write!(
            f,
            "{first} to {last}: {} {way} ({after} instead of {before})",
            HoursAndMinutes(by.abs())
        )
    }
}

/// Hours and minutes; old zones have seconds too.
struct HoursAndMinutes(TimeDelta);

impl fmt::Display for HoursAndMinutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.num_seconds();
        let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts.map(|(count, unit)| format!("{count} {unit}")).collect();
        f.write_str(&parts.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(before: &str, after: &str) -> String {
        let now = "2025-11-28T12:00:00Z".parse().unwrap();
        let zone = |name: &str| name.parse().unwrap();
        Changes { before: zone(before), after: zone(after), now }.to_string()
    }

    #[test]
    fn what_changes_is_told_by_days() {
        let told = changes("America/Los_Angeles", "America/New_York");
        assert_eq!(
            told,
            "from the next request on, of every client of the tenant and at servers that run \
             (standbys when they have heard of it):\n  \
             startDate in answers has the offset -05:00 instead of -08:00 now\n  \
             dates without an offset and without tz, and `today`, are read there: days begin\n    \
             2025-11-28 to 2026-11-28: 3 h earlier \
             (2025-11-28T05:00:00Z instead of 2025-11-28T08:00:00Z)"
        );
        // One has summer time, the other has none.
        let told = changes("America/Phoenix", "America/Denver");
        let days: Vec<_> = told.lines().skip(3).collect();
        assert_eq!(
            days,
            [
                "    2025-11-28 to 2026-03-08: when they did",
                "    2026-03-09 to 2026-11-01: 1 h earlier \
                 (2026-03-09T06:00:00Z instead of 2026-03-09T07:00:00Z)",
                "    2026-11-02 to 2026-11-28: when they did",
            ]
        );
        let told = changes("UTC", "Asia/Kathmandu");
        assert!(told.contains(": 5 h 45 min earlier ("), "{told}");
        let told = changes("Asia/Tokyo", "Pacific/Honolulu");
        assert!(
            told.contains(": 19 h later (2025-11-28T10:00:00Z instead of 2025-11-27T15:00:00Z")
        );
        // Another name for the same rules.
        let told = changes("US/Pacific", "America/Los_Angeles");
        assert!(told.ends_with("2025-11-28 to 2026-11-28: when they did"), "{told}");
    }
}
