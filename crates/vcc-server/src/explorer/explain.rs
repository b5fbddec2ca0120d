//! What a query means, for the page: in words, on the clocks of the zone, and where it is wrong.

use std::borrow::Cow;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use vcc_query::{Context, Edge, Near, Parser, Query, QueryError, Window, Zone};

use super::Means;

/// How many clock changes are listed, and how many stretches of one offset are drawn.
const CHANGES: usize = 6;
const STRETCHES: usize = 64;

/// Explains the query in the parameter `q`, for a tenant in the zone of the parameter `zone`.
pub(super) fn answer(parameters: &str, means: &Means<'_>) -> Value {
    let raw = parameter(parameters, "q").unwrap_or_default();
    let name = parameter(parameters, "zone").unwrap_or_default();
    let name = String::from_utf8_lossy(&name);
    let tenant_tz = if name.is_empty() { Some(Zone::UTC) } else { means.zones.zone(&name) };
    let mut said = match tenant_tz {
        Some(tenant_tz) => {
            let context = Context { now: means.clock.now(), tenant_tz, dialect: *means.dialect };
            let parser = Parser::builder().dialect(*means.dialect).zones(means.zones).build();
            let explained = parser.parse(&*raw).and_then(|query| explain(&query, &context));
            explained.unwrap_or_else(|error| json!({"error": wrong(&error, &raw)}))
        }
        None => json!({"error": {"message": format!("zone: {name:?} is not a zone")}}),
    };
    said["zoneData"] = means.zones.version().into();
    said
}

/// The decoded bytes of a parameter. A `+` stands for itself.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<Cow<'a, [u8]>> {
    let mut pairs = parameters.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|pair| pair.0 == name).map(|pair| percent_decode_str(pair.1).into())
}

fn explain(query: &Query, context: &Context) -> Result<Value, QueryError> {
    let selection = query.resolve(context)?;
    let zone = query.tz().unwrap_or(context.tenant_tz);
    let words = selection.explain().to_string();
    Ok(json!({
        "query": query.to_string(),
        "now": instant(context.now.trunc_subsecs(0), zone),
        "zone": zone.name(),
        "words": words.lines().collect::<Vec<_>>(),
        "window": selection.window.map(|window| of_window(&window, zone)),
        "near": selection.near.map(|near| of_near(&near, zone)),
        "first": selection.first,
    }))
}

fn of_window(window: &Window, zone: Zone) -> Value {
    let mut changes = window.changes(zone);
    let told: Vec<_> = changes.by_ref().take(CHANGES).map(|change| change.to_string()).collect();
    json!({
        "from": instant(window.from, zone),
        "until": instant(window.until, zone),
        "seconds": (window.until - window.from).num_seconds(),
        "length": window.length().to_string(),
        "days": local_days(window, zone),
        "changes": told,
        "moreChanges": changes.next().is_some(),
        "offsets": offsets(window.from, window.until, zone),
    })
}

fn of_near(near: &Near, zone: Zone) -> Value {
    json!({
        "edge": match near.edge {
            Edge::Start => "start",
            Edge::Finish => "finish",
        },
        "at": instant(near.at, zone),
        "from": instant(near.from, zone),
        "until": instant(near.until, zone),
        "tolerance": near.tolerance,
        "offsets": offsets(near.from, near.until, zone),
    })
}

/// An instant for people, in UTC and on the zone's clocks, and for the drawing, in milliseconds since 1970.
fn instant(at: DateTime<Utc>, zone: Zone) -> Value {
    let local = zone.local(at);
    json!({
        "at": at.timestamp_millis(),
        "utc": at.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string(),
        "local": local.format("%a %Y-%m-%d %H:%M:%S%.f %:z").to_string(),
    })
}

/// How many calendar days a window has, if it consists of whole days.
fn local_days(window: &Window, zone: Zone) -> Option<i64> {
    let midnight = |at: DateTime<Utc>| {
        let day = zone.local(at).date_naive();
        (zone.first_instant(day.and_time(chrono::NaiveTime::MIN)) == at).then_some(day)
    };
    Some((midnight(window.until)? - midnight(window.from)?).num_days())
}

/// The offsets in and around a window, in seconds east of UTC, each with the second since 1970 at which it
/// begins.
fn offsets(from: DateTime<Utc>, until: DateTime<Utc>, zone: Zone) -> Vec<[i64; 2]> {
    let around = (until - from) / 2 + TimeDelta::minutes(1);
    let from = from.checked_sub_signed(around).unwrap_or(from);
    let until = until.checked_add_signed(around).unwrap_or(until);
    let offset = zone.stretch(from.timestamp()).offset;
    let changes = Window { from, until }.changes(zone).take(STRETCHES - 1);
    let changes = changes.map(|change| [change.at.timestamp(), change.after.into()]);
    std::iter::once([from.timestamp(), offset.into()]).chain(changes).collect()
}

/// What is wrong with a query, in the words of the API, and where: the number of the first wrong
/// character and of the first after them, as a browser counts (UTF-16).
fn wrong(error: &QueryError, raw: &[u8]) -> Value {
    let characters = |end: usize| {
        let before = String::from_utf8_lossy(&raw[..end.min(raw.len())]);
        before.encode_utf16().count()
    };
    let span = error.span();
    json!({
        "message": error.to_string(),
        "rendered": error.render_redacted(raw).to_string(),
        "span": [characters(span.start), characters(span.end)],
        "clause": error.clause(),
        "hint": error.hint(),
    })
}

#[cfg(test)]
mod tests {
    use vcc_query::{BuiltIn, ZoneData as _};
    use vcc_types::Dialect;

    use super::*;
    use crate::Clock;

    fn explained(parameters: &str) -> Value {
        let clock = Clock::fixed("2007-12-19T07:59:59Z".parse().unwrap());
        let means = Means { clock: &clock, dialect: &Dialect::default(), zones: &BuiltIn };
        let mut value = answer(parameters, &means);
        assert_eq!(value["zoneData"], BuiltIn.version().unwrap());
        value.as_object_mut().unwrap().remove("zoneData");
        value
    }

    #[test]
    fn a_day_of_25_hours() {
        let day = explained("zone=America%2FNew_York&q=d%3D2007-11-04");
        assert_eq!(
            day["window"],
            json!({
                "from": {
                    "at": 1_194_148_800_000_i64,
                    "utc": "2007-11-04T04:00:00Z",
                    "local": "Sun 2007-11-04 00:00:00 -04:00",
                },
                "until": {
                    "at": 1_194_238_800_000_i64,
                    "utc": "2007-11-05T05:00:00Z",
                    "local": "Mon 2007-11-05 00:00:00 -05:00",
                },
                "seconds": 90_000,
                "length": "25 hours",
                "days": 1,
                "changes": [
                    "at 2007-11-04T06:00:00Z the clock goes back by 1 hour, from 2007-11-04 02:00:00 to \
                     2007-11-04 01:00:00: local times in between occur twice; the first counts"
                ],
                "moreChanges": false,
                "offsets": [[1_194_103_740, -14_400], [1_194_156_000, -18_000]],
            })
        );
        assert_eq!((&day["zone"], &day["first"]), (&json!("America/New_York"), &json!(1)));
        assert_eq!(day["near"], Value::Null);
    }

    #[test]
    fn the_zone_of_the_query_comes_before_that_of_the_tenant() {
        let day = explained("q=d%3Dtoday%26tz%3DAsia%2FTokyo&zone=America/New_York");
        assert_eq!(day["zone"], "Asia/Tokyo");
        assert_eq!(day["window"]["from"]["local"], "Wed 2007-12-19 00:00:00 +09:00");
        assert_eq!(day["query"], "d=today&tz=Asia/Tokyo");
        assert_eq!(explained("q=d%3Dtoday")["zone"], "UTC");
        let unknown = explained("q=d%3Dtoday&zone=Denver");
        assert_eq!(unknown["error"]["message"], "zone: \"Denver\" is not a zone");
    }

    #[test]
    fn a_look_up_has_both_of_its_ends() {
        let near = &explained("q=finish-date%3D2007-12-18T19%3A17%3A03Z")["near"];
        assert_eq!((&near["edge"], &near["tolerance"]), (&json!("finish"), &json!(5)));
        assert_eq!(near["from"]["utc"], "2007-12-18T19:16:58Z");
        assert_eq!(near["until"]["local"], "Tue 2007-12-18 19:17:08 +00:00");
    }

    #[test]
    fn windows_that_are_no_whole_days() {
        for (query, days) in [
            ("2007-12-18", json!(1)),
            ("2007-12", json!(31)),
            ("2007-12-18%2013", Value::Null),
            ("2007-12-18T00Z,2007-12-19T00Z", json!(1)),
            ("2007-12-18T01Z,2007-12-19T01Z", Value::Null),
        ] {
            assert_eq!(explained(&format!("q=d%3D{query}"))["window"]["days"], days, "{query}");
        }
        // A day that was skipped is empty.
        let skipped = explained("q=d%3D2011-12-30&zone=Pacific/Apia");
        assert_eq!(skipped["window"]["seconds"], 0);
    }

    #[test]
    fn all_years_are_told_in_bounds() {
        let all = explained("q=d%3D0001,9999&zone=America/New_York");
        assert_eq!(all["window"]["moreChanges"], true);
        assert_eq!(all["window"]["changes"].as_array().unwrap().len(), CHANGES);
        assert_eq!(all["window"]["offsets"].as_array().unwrap().len(), STRETCHES);
    }

    /// A browser counts a character beyond U+FFFF as two, and one of three bytes as one.
    #[test]
    fn an_error_is_at_its_character() {
        for (query, span) in [
            ("d=2007-02-30", [10, 12]),
            ("agentID=%E2%82%AC&d=x", [12, 13]),
            ("agentID=%F0%9F%98%80&d=x", [13, 14]),
            ("d", [0, 1]),
        ] {
            let encoded = query.replace('&', "%26");
            let error = &explained(&format!("q={encoded}"))["error"];
            assert_eq!(error["span"], json!(span), "{query}: {error}");
        }
        let error = &explained("q=phoneNumber%3D4155551234%26tz%3DDenver")["error"];
        assert_eq!(error["clause"], "DATE-3");
        let said = error["rendered"].as_str().unwrap();
        assert!(said.contains("tz=Denver") && !said.contains("4155551234"), "{said}");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_in_words() {
        for raw in
            ["q=agentID%3D%FF", "q=%FF%FF%3D", "q=%00", "q=d%3D%ED%A0%80", "%FF=%FF", "q=d%3D%"]
        {
            assert!(explained(raw).is_object(), "{raw}");
        }
    }
}
