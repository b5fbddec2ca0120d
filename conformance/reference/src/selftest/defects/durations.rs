use vcc_query::Wanted;
use vcc_types::{Field, Row as _};

use super::comparisons::number;
use super::fields::without;
use crate::selftest::defect::Hook::{Answer, Ask, List, Refuse, Select};
use crate::selftest::defect::{Family, defect};

pub(super) const DURATIONS: Family = Family {
    name: "fields",
    defects: &[
        defect(
            "duration-is-text",
            &["FIELD-4"],
            "that compares durations as text",
            List(|s, incoming, site| {
                let wanted = incoming.get("duration");
                site.page(s, incoming, |row| {
                    let text = wanted.as_ref().is_none_or(|want| row.text(Field::Duration) == want);
                    s.matches(row) && text
                })
            }),
        ),
        defect(
            "duration-at-least",
            &["FIELD-4", "FIELD-1a"],
            "whose duration finds longer recordings too",
            List(|s, incoming, site| {
                let least = s.filters.iter().find_map(|filter| match filter.wanted {
                    Wanted::Seconds(seconds) => Some(seconds),
                    _ => None,
                });
                let mut others = s.clone();
                if least.is_some() {
                    without(&mut others, Field::Duration);
                }
                site.page(s, incoming, |row| {
                    others.matches(row)
                        && least.is_none_or(|least| row.duration().is_some_and(|has| has >= least))
                })
            }),
        ),
        defect(
            "duration-in-32-bits",
            &["FIELD-4"],
            "that keeps durations in 32 bits",
            Select(|s, _, _| {
                for filter in &mut s.filters {
                    if let Wanted::Seconds(seconds) = &mut filter.wanted {
                        *seconds = u64::from(*seconds as u32);
                    }
                }
            }),
        ),
        defect(
            "long-durations-refused",
            &["FIELD-4"],
            "that refuses durations of more than 18 digits",
            Refuse(400, "duration: too large", |_, incoming, _| {
                incoming.get("duration").is_some_and(|text| text.len() > 18)
            }),
        ),
        defect(
            "bad-durations-are-zero",
            &["FIELD-4"],
            "that takes a duration that is no number for zero",
            Ask(|incoming, _| {
                incoming.map_one("duration", |text| {
                    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                    (!digits).then(|| "0".to_owned())
                });
            }),
        ),
        defect(
            "bad-durations-are-nothing",
            &["FIELD-4"],
            "that finds nothing for a duration that is no number",
            Answer(|outgoing, incoming, _| {
                if outgoing.status == 400 && incoming.has("duration") {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "durations-of-any-number",
            &["FIELD-4"],
            "that reads a duration as a number of any kind",
            Ask(|incoming, _| {
                incoming.map_one("duration", |text| {
                    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                    let minutes = text.split_once(':').and_then(|(minutes, seconds)| {
                        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
                    });
                    let number = minutes.or_else(|| number(text.trim_end_matches('s')));
                    (!digits).then_some(number?.abs()).map(|number| (number as u64).to_string())
                });
            }),
        ),
    ],
};
