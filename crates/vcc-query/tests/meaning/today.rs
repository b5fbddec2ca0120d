//! Constants, and the day that they count from.

use chrono::{DateTime, Utc};

use crate::{ask_at, text};

#[test]
fn today_is_the_day_that_the_present_is_in() {
    let today = |now: &str, zone: &str| {
        let now_instant: DateTime<Utc> = now.parse().unwrap();
        let window = ask_at(now, &format!("d=today&tz={zone}")).window.unwrap();
        assert!(window.contains(now_instant), "{now} {zone}");
        text(window.from)
    };
    // Either side of midnight.
    assert_eq!(
        today("2007-12-20T07:59:59.999999999Z", "America/Los_Angeles"),
        "2007-12-19T08:00:00"
    );
    assert_eq!(today("2007-12-20T08:00:00Z", "America/Los_Angeles"), "2007-12-20T08:00:00");
    // The clock reads 23:30 of the 28th again, in the window of the 29th.
    assert_eq!(today("2006-10-29T02:15:00Z", "America/St_Johns"), "2006-10-28T02:30:00");
    assert_eq!(today("2006-10-29T02:45:00Z", "America/St_Johns"), "2006-10-29T02:30:00");
    // The first instant after a day that was skipped.
    assert_eq!(today("2011-12-30T10:00:00Z", "Pacific/Apia"), "2011-12-30T10:00:00");
    let yesterday = ask_at("2011-12-30T10:00:00Z", "d=today-1d&tz=Pacific/Apia").window.unwrap();
    assert!(yesterday.is_empty());
    // Seven days with a change of clocks are not 168 hours.
    let week =
        ask_at("2007-11-06T12:00:00Z", "d=today-7d,today&tz=America/New_York").window.unwrap();
    assert_eq!((week.until - week.from).num_hours(), 169);
}
