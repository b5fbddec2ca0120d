//! Imports that have begun and not ended, and with which options, so that the same file is not begun again
//! with others by accident.

use sha2::{Digest as _, Sha256};
use vcc_query::{BuiltIn, Zone};
use vcc_store::{Batch, Checkpoint, Store, StoreError, TenantId};
use vcc_types::Field;

use super::file_format::FileFormat;
use super::names;

/// The options that change what is stored of a file.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) format: FileFormat,
    pub(super) zone: Option<Zone>,
    pub(super) update: bool,
    pub(super) map: Vec<(Field, String)>,
}

/// What the store keeps of them, in the number of a checkpoint. Texts are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// Whether records without keys are stored, which a second import would add again.
    pub(super) keyless: bool,
    /// Whether it stopped at unknown names, so that more `--map` may follow.
    stopped: bool,
    format: FileFormat,
    update: bool,
    /// 24 bits; 0 without a zone.
    zone: u32,
    /// 0 without `--map`.
    map: u32,
}

const FORMATS: [FileFormat; 3] = [FileFormat::Csv, FileFormat::Xml, FileFormat::Jsonl];

impl Begun {
    pub(super) fn new(options: &Options) -> Self {
        let mut map: Vec<String> = options
            .map
            .iter()
            .map(|(field, name)| format!("{field}={}", names::key(name)))
            .collect();
        map.sort_unstable();
        map.dedup();
        Self {
            keyless: false,
            stopped: false,
            format: options.format,
            update: options.update,
            zone: options.zone.map_or(0, |zone| of_zone(zone.name())),
            map: if map.is_empty() { 0 } else { hash(&map.join("\n")) | 1 },
        }
    }

    /// The same, with whether it has stored records without keys.
    pub(super) fn keyless(self, keyless: bool) -> Self {
        Self { keyless: self.keyless || keyless, ..self }
    }

    /// The same, stopped at unknown names.
    pub(super) fn stopped(self) -> Self {
        Self { stopped: true, ..self }
    }

    fn number(self) -> u64 {
        let format = FORMATS.iter().position(|format| *format == self.format).unwrap_or_default();
        let bits = [(1, 1), (1, self.keyless.into()), (1, self.stopped.into())];
        let rest = [(2, format as u64), (1, self.update.into()), (24, self.zone.into())];
        let all = bits.into_iter().chain(rest).chain([(32, u64::from(self.map))]);
        all.fold(0, |number, (bits, value)| number << bits | value)
    }

    fn of_number(number: u64) -> Option<Self> {
        let format = *FORMATS.get((number >> 57 & 3) as usize)?;
        (number >> 61 == 1).then_some(Self {
            keyless: number >> 60 & 1 == 1,
            stopped: number >> 59 & 1 == 1,
            format,
            update: number >> 56 & 1 == 1,
            zone: (number >> 32 & 0xFF_FFFF) as u32,
            map: number as u32,
        })
    }

    /// The options of this import that differ from those of one that is begun now. If it is empty, the
    /// import continues.
    pub(super) fn other_than(self, now: Self) -> Vec<String> {
        let mut others = Vec::new();
        if self.format != now.format {
            others.push(format!("--format {}", self.format.name()));
        }
        if self.zone != now.zone {
            others.push(match (self.zone, self.zone_name()) {
                (0, _) => "no --zone".to_owned(),
                (_, Some(name)) => format!("--zone {name}"),
                _ => "another --zone".to_owned(),
            });
        }
        if self.update != now.update {
            others.push(if self.update { "--update" } else { "no --update" }.to_owned());
        }
        if self.map != now.map && !self.stopped {
            others.push(if self.map == 0 { "no --map" } else { "another --map" }.to_owned());
        }
        others
    }

    fn zone_name(self) -> Option<&'static str> {
        BuiltIn::names().find(|name| of_zone(name) == self.zone)
    }

    /// The name of its checkpoint, if it has one.
    pub(super) fn import(self, digest: &str) -> Option<String> {
        let zone = match self.zone {
            0 => None,
            _ => Some(self.zone_name()?),
        };
        Some(import(digest, self.format, zone, self.update))
    }
}

/// Identifies an import that may be interrupted: by the file, and by the options that change what is
/// stored.
pub(super) fn import(digest: &str, format: FileFormat, zone: Option<&str>, update: bool) -> String {
    let zone = zone.map_or_else(String::new, |zone| format!(" zone {zone}"));
    let update = if update { " update" } else { "" };
    format!("{digest} {}{zone}{update}", format.name())
}

fn of_zone(name: &str) -> u32 {
    (hash(name) >> 8).max(1)
}

fn hash(text: &str) -> u32 {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn source(digest: &str) -> String {
    format!("begun {digest}")
}

/// What the store knows of an unfinished import of a file.
pub(super) async fn of(
    store: &dyn Store,
    tenant: TenantId,
    digest: &str,
) -> Result<Option<Begun>, StoreError> {
    Ok(Begun::of_number(store.checkpoint(tenant, &source(digest)).await?))
}

/// Records or forgets it. `there` is what the store knows.
pub(super) async fn note(
    store: &dyn Store,
    tenant: TenantId,
    digest: &str,
    there: Option<Begun>,
    begun: Option<Begun>,
) -> Result<(), StoreError> {
    let number = |begun: Option<Begun>| begun.map_or(0, Begun::number);
    let (after, records) = (number(there), number(begun));
    let checkpoint = Some(Checkpoint { source: source(digest), after, records });
    store.import(tenant, Batch { checkpoint, ..Batch::default() }).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options { format: FileFormat::Csv, zone: None, update: false, map: Vec::new() }
    }

    #[test]
    fn what_is_kept_comes_back() {
        let tokyo = "Asia/Tokyo".parse().ok();
        let map = vec![(Field::AgentId, "Who".to_owned()), (Field::Duration, "Length".to_owned())];
        let mut numbers = Vec::new();
        for format in FORMATS {
            for (zone, update, map) in [
                (None, false, vec![]),
                (tokyo, false, vec![]),
                (None, true, map.clone()),
                (tokyo, true, map.clone()),
            ] {
                for (keyless, stopped) in [(false, false), (true, false), (false, true)] {
                    let begun = Begun::new(&Options { format, zone, update, map: map.clone() });
                    let begun = Begun { keyless, stopped, ..begun };
                    assert_eq!(Begun::of_number(begun.number()), Some(begun));
                    // A store keeps 63 bits, and 0 means none.
                    assert!(begun.number() > 0 && begun.number() < 1 << 63);
                    numbers.push(begun.number());
                }
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 36);
        assert_eq!(Begun::of_number(0), None);
    }

    #[test]
    fn other_options_are_named() {
        let map =
            |name: &str| Options { map: vec![(Field::AgentId, name.to_owned())], ..options() };
        let zone = |name: &str| Options { zone: name.parse().ok(), ..options() };
        for (begun, now, expected) in [
            (options(), options(), &[][..]),
            (zone("Asia/Tokyo"), options(), &["--zone Asia/Tokyo"]),
            (options(), zone("Asia/Tokyo"), &["no --zone"]),
            (zone("UTC"), zone("Asia/Tokyo"), &["--zone UTC"]),
            (Options { update: true, ..options() }, options(), &["--update"]),
            (options(), Options { update: true, ..zone("UTC") }, &["no --zone", "no --update"]),
            (Options { format: FileFormat::Xml, ..options() }, options(), &["--format xml"]),
            (map("Who"), map("who"), &[]),
            (map("Who"), map("Whom"), &["another --map"]),
            (options(), map("Who"), &["no --map"]),
        ] {
            let (begun, now) = (Begun::new(&begun), Begun::new(&now));
            assert_eq!(begun.other_than(now), expected, "{begun:?}");
            let stopped = Begun { stopped: true, ..begun };
            let expected = expected.iter().filter(|option| !option.ends_with("--map"));
            assert!(stopped.other_than(now).iter().eq(expected));
        }
        let begun = Begun::new(&Options { update: true, ..zone("Asia/Tokyo") });
        assert_eq!(begun.import("1f").as_deref(), Some("1f csv zone Asia/Tokyo update"));
    }
}
