use chrono::{DateTime, Utc};
use vcc_query::Zone;

use crate::selftest::defect::Hook::{Again, Ask, Refuse};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;

/// The zone of a fixed offset that a zone has at an instant, by name; whole hours only.
fn fixed(zone: Zone, at: DateTime<Utc>) -> Option<String> {
    let hours = zone.offset_at(at).local_minus_utc() / 3600;
    // Etc/GMT+8 is eight hours behind.
    Some(match hours {
        0 => "Etc/GMT".into(),
        1..=14 => format!("Etc/GMT-{hours}"),
        -12..=-1 => format!("Etc/GMT+{}", -hours),
        _ => return None,
    })
}

fn in_zone(incoming: &mut Incoming, name: &str) {
    incoming.retain(|other, _| other != "tz");
    incoming.add("tz", name);
}

/// Whether a request has a date and a good zone.
fn is_good(incoming: &Incoming) -> bool {
    incoming.has_date() && incoming.get("tz").is_none_or(|name| name.parse::<Zone>().is_ok())
}

fn bad_tz(incoming: &Incoming) -> bool {
    incoming.get("tz").is_some_and(|name| name.parse::<Zone>().is_err())
}

pub(super) const ZONES: Family = Family {
    name: "zones",
    defects: &[
        defect(
            "tz-ignored",
            &["DATE-3a"],
            "that ignores tz",
            Ask(|incoming, _| {
                incoming.retain(|name, value| name != "tz" || value.parse::<Zone>().is_err())
            }),
        ),
        defect(
            "tz-unread",
            &["DATE-3a", "REQ-8a"],
            "that does not look at tz, whatever it says",
            Ask(|incoming, _| incoming.retain(|name, _| name != "tz")),
        ),
        defect(
            "tz-ignored-by-start-date",
            &["DATE-3a", "NEAR-3"],
            "whose start-date ignores tz",
            Ask(|incoming, _| {
                if incoming.has("start-date") && is_good(incoming) {
                    incoming.retain(|name, _| name != "tz");
                }
            }),
        ),
        defect(
            "tz-ignored-by-finish-date",
            &["DATE-3a", "NEAR-3"],
            "whose finish-date ignores tz",
            Ask(|incoming, _| {
                if incoming.has("finish-date") && is_good(incoming) {
                    incoming.retain(|name, _| name != "tz");
                }
            }),
        ),
        defect(
            "tz-ignored-by-constants",
            &["DATE-3a", "DATE-8a"],
            "whose constants ignore tz",
            Ask(|incoming, _| {
                if incoming.get("d").is_some_and(|d| d.contains("today")) && is_good(incoming) {
                    incoming.retain(|name, _| name != "tz");
                }
            }),
        ),
        defect(
            "tenant-in-utc",
            &["DATE-3a", "DATE-1"],
            "whose dates without tz are in UTC",
            Ask(|incoming, _| {
                if !incoming.has("tz") && incoming.has_date() {
                    incoming.add("tz", "UTC");
                }
            }),
        ),
        defect(
            "zone-of-the-server",
            &["DATE-3a", "DATE-1"],
            "whose dates without tz are in its own zone",
            Ask(|incoming, _| {
                if !incoming.has("tz") && incoming.has_date() {
                    incoming.add("tz", "America/Chicago");
                }
            }),
        ),
        defect(
            "zone-of-the-first-tenant",
            &["DATE-3a"],
            "whose dates are in one zone for all tenants",
            Ask(|incoming, _| {
                if !incoming.has("tz") && incoming.has_date() {
                    incoming.add("tz", "America/Los_Angeles");
                }
            }),
        ),
        defect(
            "always-winter",
            &["DATE-1", "DATE-2a", "DATE-3a"],
            "without summer time",
            Ask(|incoming, site| {
                if is_good(incoming) {
                    let winter = DateTime::from_timestamp(1_196_000_000, 0).unwrap_or_default();
                    if let Some(name) = fixed(site.zone(incoming), winter) {
                        in_zone(incoming, &name);
                    }
                }
            }),
        ),
        defect(
            "always-summer",
            &["DATE-1", "DATE-2a", "DATE-3a"],
            "whose summer time never ends",
            Ask(|incoming, site| {
                if is_good(incoming) {
                    let summer = DateTime::from_timestamp(1_185_000_000, 0).unwrap_or_default();
                    if let Some(name) = fixed(site.zone(incoming), summer) {
                        in_zone(incoming, &name);
                    }
                }
            }),
        ),
        defect(
            "offset-of-now",
            &["DATE-1", "DATE-2a", "DATE-3a"],
            "that uses the offset of the present for all dates",
            Ask(|incoming, site| {
                let now = site.now();
                if is_good(incoming)
                    && let Some(name) = fixed(site.zone(incoming), now)
                {
                    in_zone(incoming, &name);
                }
            }),
        ),
        defect(
            "zones-of-whole-hours",
            &["DATE-3a", "DATE-1"],
            "whose zones are whole hours away from UTC",
            Ask(|incoming, site| {
                let odd = [1_185_000_000, 1_196_000_000].into_iter().any(|at| {
                    let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
                    site.zone(incoming).offset_at(at).local_minus_utc() % 3600 != 0
                });
                if is_good(incoming)
                    && odd
                    && let Some(name) = fixed(site.zone(incoming), site.now())
                {
                    in_zone(incoming, &name);
                }
            }),
        ),
        defect(
            "etc-signs-turned",
            &["DATE-3a"],
            "that takes Etc/GMT+8 for eight hours ahead",
            Ask(|incoming, _| {
                incoming.map_one("tz", |name| {
                    let rest = name.strip_prefix("Etc/GMT")?;
                    let turned = match rest.get(..1)? {
                        "+" => rest.replace('+', "-"),
                        "-" => rest.replace('-', "+"),
                        _ => return None,
                    };
                    Some(format!("Etc/GMT{turned}"))
                });
            }),
        ),
        defect(
            "bad-tz-ignored",
            &["DATE-3a", "REQ-8a"],
            "that ignores a tz that it does not know",
            Again(|outgoing, incoming, _| {
                (outgoing.status == 400 && bad_tz(incoming)).then(|| incoming.without(&["tz"]))
            }),
        ),
        defect(
            "bad-tz-is-utc",
            &["DATE-3a", "REQ-8a"],
            "that takes a tz that it does not know for UTC",
            Again(|outgoing, incoming, _| {
                (outgoing.status == 400 && bad_tz(incoming)).then(|| {
                    let mut incoming = incoming.clone();
                    in_zone(&mut incoming, "UTC");
                    incoming
                })
            }),
        ),
        defect(
            "bad-tz-500",
            &["DATE-3a", "REQ-8a", "STATUS-1a"],
            "that answers 500 to a tz that it does not know",
            Refuse(500, "internal error", |outgoing, incoming, _| {
                outgoing.status == 400 && bad_tz(incoming)
            }),
        ),
        defect(
            "bad-tz-without-a-date",
            &["REQ-8a", "DATE-3a"],
            "that looks at tz only where there is a date",
            Again(|outgoing, incoming, _| {
                (outgoing.status == 400 && bad_tz(incoming) && !incoming.has_date())
                    .then(|| incoming.without(&["tz"]))
            }),
        ),
        defect(
            "empty-tz-ignored",
            &["DATE-3a", "REQ-8a"],
            "that takes an empty tz for none",
            Ask(|incoming, _| incoming.retain(|name, value| name != "tz" || !value.is_empty())),
        ),
        defect(
            "tz-case-ignored",
            &["DATE-3b"],
            "that reads zone names in any case",
            Ask(|incoming, _| {
                incoming.map_one("tz", |name| {
                    let known = vcc_query::BuiltIn::names()
                        .find(|known| known.eq_ignore_ascii_case(name))?;
                    (known != name).then(|| known.to_owned())
                });
            }),
        ),
        defect(
            "tz-trimmed",
            &["DATE-3a", "REQ-8a"],
            "that trims zone names",
            Ask(|incoming, _| {
                incoming
                    .map_one("tz", |name| (name.trim() != name).then(|| name.trim().to_owned()));
            }),
        ),
        defect(
            "files-of-the-system",
            &["DATE-3b"],
            "that reads the files of a system beside its zones",
            Ask(|incoming, _| {
                incoming.map_one("tz", |name| {
                    let file = ["localtime", "posixrules", "Factory"].contains(&name)
                        || name.starts_with("posix/")
                        || name.starts_with("right/")
                        || name.starts_with("..");
                    file.then(|| "America/New_York".to_owned())
                });
            }),
        ),
        defect(
            "offsets-as-zones",
            &["DATE-3a", "REQ-8a"],
            "that reads an offset or an abbreviation as a zone",
            Ask(|incoming, _| {
                incoming.map_one("tz", |name| {
                    let offset = name.trim_start_matches("UTC").trim_start_matches("GMT");
                    let like = offset.starts_with(['+', '-', ' '])
                        || ["PST", "PDT", "EDT", "CST", "IST", "Z", "PT"].contains(&name);
                    like.then(|| "Etc/GMT+8".to_owned())
                });
            }),
        ),
        defect(
            "windows-zones",
            &["DATE-3a", "REQ-8a"],
            "that reads the zone names of Windows",
            Ask(|incoming, _| {
                incoming.map_one("tz", |name| {
                    name.ends_with(" Time").then(|| "America/Los_Angeles".to_owned())
                });
            }),
        ),
        defect(
            "aliases-unknown",
            &["DATE-3a"],
            "that knows no aliases of zones",
            Refuse(400, "tz: unknown zone", |outgoing, incoming, _| {
                let alias = |name: String| {
                    let rest = ["US/", "Etc/", "Asia/Calcutta", "Europe/Kiev", "Asia/Saigon"];
                    rest.iter().any(|start| name.starts_with(start)) || !name.contains('/')
                };
                incoming.get("tz").is_some_and(alias) && outgoing.status == 200
            }),
        ),
        defect(
            "cities-only",
            &["DATE-3a"],
            "that knows zones of the form Area/City only",
            Refuse(400, "tz: unknown zone", |outgoing, incoming, _| {
                let city = |name: &str| {
                    let area = name.split('/').next().unwrap_or_default();
                    name.matches('/').count() == 1 && !["US", "Etc"].contains(&area)
                };
                incoming.get("tz").is_some_and(|name| !city(&name)) && outgoing.status == 200
            }),
        ),
    ],
};
