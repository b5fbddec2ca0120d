//! Which zone data a server reads: the bundled data, the system's, or a folder's (DATE-13).

mod folder;
mod release;

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use vcc_query::{BuiltIn, Zone, ZoneData};

pub use folder::{ZoneFolder, ZoneFolderError};
use release::is_newer;

/// Where zone data is taken from.
///
/// As a text it is `auto`, `bundled`, `system`, or else the path of a folder:
///
/// ```
/// use std::path::{Path, PathBuf};
/// use vcc_server::ZoneSource;
///
/// assert_eq!(ZoneSource::default().to_string(), "auto");
/// assert_eq!("bundled".parse(), Ok(ZoneSource::Bundled));
/// let folder: ZoneSource = "/srv/zoneinfo".parse()?;
/// assert_eq!(folder, ZoneSource::Folder(PathBuf::from("/srv/zoneinfo")));
/// // Write a folder of one of those names as a path.
/// assert_eq!("./system".parse(), Ok(ZoneSource::Folder(PathBuf::from("./system"))));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ZoneSource {
    /// The newer of the two below. The system's data counts as older if its release is not known, and is
    /// passed over if it cannot be read.
    #[default]
    Auto,
    /// The data that is compiled in.
    Bundled,
    /// The system's folder: the one that `TZDIR` names, else `/usr/share/zoneinfo` and the other
    /// places where systems keep it.
    System,
    /// A folder such as `/usr/share/zoneinfo`.
    Folder(PathBuf),
}

impl ZoneSource {
    /// Reads all data now. A request does no I/O, and new data takes effect at the next start of the
    /// program.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use vcc_query::ZoneData as _;
    /// use vcc_server::{Server, ZoneSource};
    /// use vcc_store::Sqlite;
    ///
    /// let zones = Arc::new(ZoneSource::Auto.read()?);
    /// println!("zone data {zones}");
    /// assert!(zones.version() >= Some("2025b"));
    /// // The store reads the zones of tenants, the server those of queries.
    /// let store = Sqlite::builder().zones(zones.clone()).in_memory()?;
    /// let server = Server::builder(Arc::new(store)).zones(zones).start("127.0.0.1:0").await?;
    /// # server.shutdown().await;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`System`](Self::System) and [`Folder`](Self::Folder): there is no folder, it is not a zoneinfo
    /// folder, or a file in it is broken.
    pub fn read(&self) -> Result<Zones, ZoneFolderError> {
        match self {
            Self::Bundled => Ok(Zones::bundled()),
            Self::Folder(path) => ZoneFolder::read(path).map(Zones::of),
            Self::System => ZoneFolder::read(folder::system()?).map(Zones::of),
            Self::Auto => Ok(folder::system().map_or_else(|_| Zones::bundled(), Zones::newer)),
        }
    }

    /// What `--version` says: the release that would be used, and the one that would not. It reads only the
    /// first line of a file.
    ///
    /// ```
    /// use vcc_query::{BuiltIn, ZoneData as _};
    /// use vcc_server::ZoneSource;
    ///
    /// let release = BuiltIn.version().unwrap();
    /// assert_eq!(ZoneSource::Bundled.describe(), format!("{release}, bundled"));
    /// ```
    #[must_use]
    pub fn describe(&self) -> String {
        let bundled = BuiltIn.version().unwrap_or(UNKNOWN);
        let other = format!("bundled: {bundled}");
        let of = |path: &Path| named(release::of(path).as_deref(), Some(path));
        match (self, folder::system().ok().filter(|path| path.is_dir())) {
            (Self::Bundled, _) | (Self::Auto, None) => named(Some(bundled), None),
            (Self::Folder(path), _) => format!("{}; {other}", of(path)),
            (Self::System, Some(path)) => format!("{}; {other}", of(&path)),
            (Self::System, None) => format!("none: the system has none; {other}"),
            (Self::Auto, Some(path)) => {
                let version = release::of(&path);
                if is_newer(version.as_deref()) {
                    return format!("{}; {other}", of(&path));
                }
                let bundled = named(Some(bundled), None);
                format!("{bundled}; system: {}", version.as_deref().unwrap_or(UNKNOWN))
            }
        }
    }
}

impl From<PathBuf> for ZoneSource {
    fn from(path: PathBuf) -> Self {
        match path.to_str() {
            Some("auto") => Self::Auto,
            Some("bundled") => Self::Bundled,
            Some("system") => Self::System,
            _ => Self::Folder(path),
        }
    }
}

impl FromStr for ZoneSource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(PathBuf::from(text).into())
    }
}

impl fmt::Display for ZoneSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Bundled => f.pad("bundled"),
            Self::System => f.pad("system"),
            Self::Folder(path) => path.display().fmt(f),
        }
    }
}

/// Zone data that was chosen by a [`ZoneSource`].
///
/// Printed, it is its release and where it is from: `2026f, bundled`, or
/// `2027a, /usr/share/zoneinfo`.
#[derive(Clone, Debug)]
pub struct Zones {
    folder: Option<ZoneFolder>,
    passed_over: Option<String>,
}

impl Zones {
    fn bundled() -> Self {
        Self { folder: None, passed_over: None }
    }

    fn of(folder: ZoneFolder) -> Self {
        Self { folder: Some(folder), passed_over: None }
    }

    /// The newer of the bundled data and that of the system's folder.
    fn newer(system: PathBuf) -> Self {
        if !is_newer(release::of(&system).as_deref()) {
            return Self::bundled();
        }
        match ZoneFolder::read(system) {
            Ok(folder) => Self::of(folder),
            Err(error) => Self { folder: None, passed_over: Some(error.to_string()) },
        }
    }

    /// Why newer data of the system was passed over by [`ZoneSource::Auto`]: a sentence for the
    /// operator.
    #[must_use]
    pub fn passed_over(&self) -> Option<&str> {
        self.passed_over.as_deref()
    }
}

impl ZoneData for Zones {
    fn version(&self) -> Option<&str> {
        self.folder.as_ref().map_or(BuiltIn.version(), ZoneFolder::version)
    }

    fn zone(&self, name: &str) -> Option<Zone> {
        self.folder.as_ref().map_or_else(|| BuiltIn.zone(name), |folder| folder.zone(name))
    }
}

impl fmt::Display for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&named(self.version(), self.folder.as_ref().map(ZoneFolder::path)))
    }
}

/// Stands for a release that is not known.
const UNKNOWN: &str = "of unknown release";

/// A release and where it is from.
fn named(version: Option<&str>, folder: Option<&Path>) -> String {
    let version = version.unwrap_or(UNKNOWN);
    match folder {
        Some(folder) => format!("{version}, {}", folder.display()),
        None => format!("{version}, bundled"),
    }
}
