//! `--zone-data`: which zone data a command uses (DATE-13).

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use vcc_query::{BuiltIn, Zone, ZoneData as _};
use vcc_server::{ZoneFolderError, ZoneSource, Zones};

use super::failure::Failure;
use super::note;

/// Where the rules of time zones are from.
#[derive(clap::Args, Default)]
pub(super) struct ZoneArgs {
    /// Where the rules of time zones are from: auto (the newer of bundled and system), bundled,
    /// system, or a folder such as /usr/share/zoneinfo [default: auto]
    #[arg(long, value_name = "SOURCE", env = "VCC_ZONE_DATA")]
    zone_data: Option<PathBuf>,
    #[arg(skip)]
    read: OnceLock<Arc<Zones>>,
}

impl ZoneArgs {
    pub(super) fn named(zone_data: Option<PathBuf>) -> Self {
        Self { zone_data, read: OnceLock::new() }
    }

    /// The zone data, read once.
    /// The zone data, read once.
    pub(super) fn read(&self) -> Result<Arc<Zones>, Failure> {
        self.read_or(|| Ok(None))
    }

    /// The zone data, read once. Without the flag and its variable, `settings` says which.
    pub(super) fn read_or(
        &self,
        settings: impl FnOnce() -> Result<Option<PathBuf>, Failure>,
    ) -> Result<Arc<Zones>, Failure> {
        if let Some(zones) = self.read.get() {
            return Ok(zones.clone());
        }
        let source = match &self.zone_data {
            Some(source) => Some(source.clone()),
            None => settings()?,
        };
        let source = source.map_or(ZoneSource::Auto, ZoneSource::from);
        let zones = Arc::new(source.read().map_err(unusable)?);
        if let Some(reason) = zones.passed_over() {
            note(format_args!("warning: {reason}; the bundled zone data is used ({zones})"));
        }
        Ok(self.read.get_or_init(|| zones).clone())
    }
}

/// The zone of a name.
pub(super) fn zone(zones: &Zones, name: &str) -> Result<Zone, Failure> {
    zones.zone(name).ok_or_else(|| {
        let failure = Failure::usage(format!("there is no time zone {name:?}"));
        // DATE-3: case-sensitive.
        match BuiltIn::names().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) => failure.hint(format!("names are case-sensitive: {known}")),
            None => failure.hint("IANA has names such as America/Los_Angeles, Europe/London, UTC"),
        }
    })
}

fn unusable(error: ZoneFolderError) -> Failure {
    Failure::usage(format!("--zone-data: {error}")).hint(
        "auto, bundled, system, or a folder of TZif files such as /usr/share/zoneinfo; \
         bundled needs none",
    )
}

/// The zone data that only the environment chooses, for `--version`.
pub(super) fn describe() -> String {
    let source = std::env::var_os("VCC_ZONE_DATA").filter(|source| !source.is_empty());
    source.map_or(ZoneSource::Auto, |source| PathBuf::from(source).into()).describe()
}
