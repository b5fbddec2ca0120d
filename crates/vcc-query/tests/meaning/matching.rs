//! Which recordings match: at the edges of a window, by a field, by a duration.

use vcc_query::{Field, Filter, Query, Wanted};
use vcc_types::Recording;

use crate::{ask, record};

#[test]
fn edges_of_windows_and_tolerances() {
    let matches =
        |raw: &str, start: &str, duration: &str| ask(raw).matches(&record(start, duration));
    for (start, inside) in [
        ("2007-08-04T23:59:59.999999999-07:00", false),
        ("2007-08-05T00:00:00-07:00", true),
        ("2007-08-05T23:59:59.999999999-07:00", true),
        ("2007-08-06T00:00:00-07:00", false),
    ] {
        assert_eq!(matches("d=2007-08-05", start, "27"), inside, "{start}");
    }
    for (start, near) in [
        ("2007-08-05T11:59:54.999999999Z", false),
        ("2007-08-05T11:59:55Z", true),
        ("2007-08-05T12:00:05Z", true),
        ("2007-08-05T12:00:05.000000001Z", false),
        ("2007-08-05T12:00:06Z", false),
    ] {
        assert_eq!(matches("start-date=2007-08-05T12:00Z", start, ""), near, "{start}");
        // The same as a finish, 27 s later.
        assert_eq!(matches("finish-date=2007-08-05T12:00:27Z", start, "027"), near, "{start}");
    }
    // FIELD-7: without a duration there is no finish, without a start neither.
    assert!(!matches("finish-date=2007-08-05T12:00Z", "2007-08-05T12:00:00Z", ""));
    assert!(!matches("finish-date=2007-08-05T12:00Z", "2007-08-05T12:00:00Z", "soon"));
    assert!(!matches("d=2007", "soon", "1"));
    assert!(!matches("start-date=2007-08-05T12:00Z", "", "1"));
    assert!(matches("", "", ""));
    // NEAR-5: all at once.
    let raw = "d=2007-08-05&start-date=2007-08-05T00:00:00&agentID=bill";
    let bill = |start| record(start, "1").with(Field::AgentId, "bill");
    assert!(ask(raw).matches(&bill("2007-08-05T00:00:05-07:00")));
    assert!(!ask(raw).matches(&bill("2007-08-04T23:59:59-07:00")));
    assert!(!ask(raw).matches(&record("2007-08-05T00:00:05-07:00", "1")));
}

#[test]
fn fields_are_compared_whole_byte_by_byte() {
    for field in
        Field::ALL.into_iter().filter(|field| !matches!(field, Field::StartDate | Field::Duration))
    {
        let matches = |asked: &str, held: &str| {
            let raw = Query::builder().filter(field, asked).build().unwrap().to_string();
            ask(&raw).matches(&Recording::new().with(field, held))
        };
        for value in [
            "bill",
            "",
            " bill ",
            "00",
            "*",
            "%",
            "_",
            "\\",
            "?",
            "b.*",
            "a+b",
            "#virtual_outbound#",
            "fernandez~~queue~~phone~~102",
            "a\tb\r\nc",
            "Jürgen 🙂",
            "a=b&c",
            // FIELD-8
            "a\u{7f}b",
            "\u{7f}",
            "\u{80}\u{85}\u{9f}",
            "'; --",
            "0123456789012345678901234567890",
        ] {
            assert!(matches(value, value), "{field}={value:?}");
            for other in [
                "Bill",
                "bil",
                "bill ",
                "0",
                "abc",
                "J\u{75}\u{308}rgen 🙂",
                "01234567890123456789012345678901",
            ] {
                assert!(!matches(value, other), "{field}={value:?} {other:?}");
            }
        }
        // FIELD-3: absent is empty.
        assert!(ask(&format!("{field}=")).matches(&Recording::new()));
        assert!(!ask(&format!("{field}=")).matches(&Recording::new().with(field, "0")));
    }
    // Not normalised, not trimmed, and `+` is a space.
    assert_eq!(ask("agentID=+bill%20").filters, [Filter::text(Field::AgentId, " bill ")]);
    assert_eq!(ask("accountNumber=a=1=").filters, [Filter::text(Field::AccountNumber, "a=1=")]);
    assert_eq!(ask("channel=#x#&caseID=J\u{fc}").filters[0], Filter::text(Field::Channel, "#x#"));
}

#[test]
fn durations_are_numbers() {
    let matches =
        |asked: &str, held: &str| ask(&format!("duration={asked}")).matches(&record("", held));
    for asked in ["27", "027", "00000000000000000000000000000027"] {
        for (held, same) in
            [("27", true), ("027", true), ("28", false), ("2", false), ("", false), ("27.0", false)]
        {
            assert_eq!(matches(asked, held), same, "{asked} {held}");
        }
    }
    assert!(matches("", "") && !matches("", "0") && !matches("0", "") && matches("0", "00"));
    // FIELD-4: the largest that a record can have, and what no record has, however it is written.
    assert!(matches("9223372036854775807", "9223372036854775807"));
    assert!(matches(&format!("{}9223372036854775807", "0".repeat(1000)), "09223372036854775807"));
    for beyond in ["9223372036854775808", "18446744073709551615", "18446744073709551616"] {
        for zeros in [0, 1, 1000] {
            let asked = format!("{}{beyond}", "0".repeat(zeros));
            assert_eq!(ask(&format!("duration={asked}")).filters[0].wanted, Wanted::Never);
            assert!(!matches(&asked, beyond) && !matches(&asked, "") && !matches("", beyond));
        }
    }
    // Nor does it match what a number of 64 bits wraps to.
    assert!(!matches("18446744073709551643", "27") && !matches("27", "18446744073709551643"));
    assert_eq!(ask(&format!("duration={}", "9".repeat(1000))).filters[0].wanted, Wanted::Never);
    for (value, wanted) in [
        ("9223372036854775807", Wanted::Seconds(Recording::MAX_DURATION)),
        ("9223372036854775808", Wanted::Never),
        ("00027", Wanted::Seconds(27)),
    ] {
        let query = Query::builder().filter(Field::Duration, value).build().unwrap();
        assert_eq!(query.filters()[0].wanted, wanted);
        assert_eq!(Query::parse(&query.to_string()), Ok(query));
    }
    for value in ["+5", " 5", "5 ", "5.0", "٥", "-5", "0x5"] {
        assert!(Query::builder().filter(Field::Duration, value).build().is_err(), "{value}");
    }
}
