use std::path::{Path, PathBuf};

use vcc_types::Dialect;

use super::failure::{Failure, cannot};
use super::settings::Settings;
use super::store::StoreArgs;

/// The dialect of a command, given as for `serve`.
#[derive(clap::Args)]
pub(super) struct DialectArgs {
    /// How the points that the documentation leaves open are read: a fingerprint as the conformance
    /// suite writes it. Without it, the one that the file of --config names
    #[arg(long, value_name = "FILE", env = "VCC_DIALECT")]
    dialect: Option<PathBuf>,
}

impl DialectArgs {
    /// The dialect: from `--dialect`, else from its variable, else from the settings of `serve`.
    pub(super) fn read(&self, store: &StoreArgs) -> Result<Dialect, Failure> {
        let named = match &self.dialect {
            Some(path) => Some(path.clone()),
            None => store.config().map(Settings::read).transpose()?.and_then(|read| read.dialect),
        };
        named.map_or_else(|| Ok(Dialect::default()), |path| read(&path))
    }
}

/// Reads a fingerprint.
pub(super) fn read(path: &Path) -> Result<Dialect, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| cannot("read", path, &error))?;
    text.parse().map_err(|error| Failure::usage(format!("{name}: {error}")))
}
