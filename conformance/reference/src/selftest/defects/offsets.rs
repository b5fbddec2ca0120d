use vcc_query::Zone;

use crate::selftest::defect::Hook::Ask;
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::texts::parts;

/// Another text for the offset of each date that has one.
pub(super) fn offsets(incoming: &mut Incoming, change: impl Fn(&str) -> Option<String>) {
    incoming.dates(|text| {
        let parts = parts(text);
        if parts.offset.is_empty() {
            return None;
        }
        let offset = change(&parts.offset.replace(' ', "+"))?;
        Some([parts.date, parts.between, parts.time, &offset].concat())
    });
}

pub(super) const OFFSETS: Family = Family {
    name: "offsets",
    defects: &[
        defect(
            "z-ignored",
            &["DATE-4"],
            "that ignores Z",
            Ask(|incoming, _| offsets(incoming, |offset| (offset == "Z").then(String::new))),
        ),
        defect(
            "z-ignored-beside-tz",
            &["DATE-4"],
            "that ignores Z where tz is given",
            Ask(|incoming, _| {
                if incoming.has("tz") {
                    offsets(incoming, |offset| (offset == "Z").then(String::new));
                }
            }),
        ),
        defect(
            "z-ignored-in-basic-form",
            &["DATE-4", "DATE-5"],
            "that ignores Z in the basic form",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let mut parts = parts(text);
                    let basic = parts.offset == "Z" && !parts.date.contains('-');
                    parts.offset = "";
                    basic.then(|| parts.text())
                });
            }),
        ),
        defect(
            "offset-ignored",
            &["DATE-4"],
            "that ignores offsets",
            Ask(|incoming, _| offsets(incoming, |offset| (offset != "Z").then(String::new))),
        ),
        defect(
            "offset-ignored-beside-tz",
            &["DATE-4"],
            "that ignores offsets where tz is given",
            Ask(|incoming, _| {
                if incoming.has("tz") {
                    offsets(incoming, |_| Some(String::new()));
                }
            }),
        ),
        defect(
            "offset-sign-turned",
            &["DATE-4"],
            "that turns the signs of offsets round",
            Ask(|incoming, _| {
                offsets(incoming, |offset| match offset.get(..1)? {
                    "+" => Some(offset.replacen('+', "-", 1)),
                    "-" => Some(offset.replacen('-', "+", 1)),
                    _ => None,
                });
            }),
        ),
        defect(
            "offset-minutes-ignored",
            &["DATE-4"],
            "that ignores the minutes of offsets",
            Ask(|incoming, _| {
                offsets(incoming, |offset| {
                    (offset.len() > 3 && !offset.ends_with("00"))
                        .then(|| format!("{}:00", offset.get(..3).unwrap_or_default()))
                });
            }),
        ),
        defect(
            "offset-minutes-added",
            &["DATE-4"],
            "that adds the minutes of an offset to negative hours",
            Ask(|incoming, _| {
                offsets(incoming, |offset| {
                    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
                    if !offset.starts_with('-') || digits.len() != 4 || digits.ends_with("00") {
                        return None;
                    }
                    let hours = digits[..2].parse::<u32>().ok()?.checked_sub(1)?;
                    let minutes = 60 - digits[2..].parse::<u32>().ok()?;
                    Some(format!("-{hours:02}:{minutes:02}"))
                });
            }),
        ),
        defect(
            "zero-offset-is-none",
            &["DATE-4"],
            "that takes an offset of zero for none",
            Ask(|incoming, _| {
                offsets(incoming, |offset| {
                    let zero = offset.bytes().all(|byte| b"+-0:".contains(&byte));
                    zero.then(String::new)
                });
            }),
        ),
        defect(
            "offset-of-the-first-end",
            &["DATE-4"],
            "that uses the offset written at the first end of a range for both",
            Ask(|incoming, _| {
                incoming.map_one("d", |d| {
                    let (from, until) = d.split_once(',')?;
                    let (one, other) = (parts(from).offset, parts(until).offset);
                    (one != other && !one.is_empty() && !other.is_empty()).then(|| {
                        let end = until.len() - other.len();
                        format!("{from},{}{one}", &until[..end])
                    })
                });
            }),
        ),
        defect(
            "day-before-offset",
            &["DATE-4"],
            "that moves the time by an offset and leaves the day as it was",
            Ask(|incoming, site| {
                incoming.dates(|text| {
                    let parts = parts(text);
                    if parts.offset.is_empty() {
                        return None;
                    }
                    let at = site.instant(text, Zone::UTC)?;
                    let date = site.instant(parts.date, Zone::UTC)?.format("%Y-%m-%d").to_string();
                    let moved = at.format("%Y-%m-%d").to_string();
                    (moved != date).then(|| format!("{date}T{}Z", at.format("%H:%M:%S")))
                });
            }),
        ),
        defect(
            "local-times-in-utc",
            &["DATE-3a", "DATE-2a", "NEAR-1"],
            "that takes a time without an offset for UTC",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let parts = parts(text);
                    (!parts.time.is_empty() && parts.offset.is_empty()).then(|| format!("{text}Z"))
                });
            }),
        ),
    ],
};
