use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vcc_query::{BuiltIn, Zone, ZoneData, ZoneTable};

use super::release;

/// The zones of a zoneinfo folder, such as `/usr/share/zoneinfo`: one TZif file (RFC 9636) a zone,
/// named by its path in the folder.
///
/// A name is looked up byte for byte in the list that was made when the folder was read (DATE-3):
/// the text of a query never becomes a path. So `america/new_york` is not a zone on any file system, and
/// neither are `..`, `/etc/localtime`, `posixrules`, or the copies in `posix/` and `right/`. A zone
/// that the folder lacks (Debian keeps `US/Pacific` in a package of its own) is that of the bundled
/// data.
///
/// ```no_run
/// use vcc_query::ZoneData as _;
/// use vcc_server::ZoneFolder;
///
/// let zones = ZoneFolder::read("/usr/share/zoneinfo")?;
/// println!("release {}", zones.version().unwrap_or("unknown"));
/// assert!(zones.zone("Europe/Kyiv").is_some());
/// # Ok::<(), vcc_server::ZoneFolderError>(())
/// ```
///
/// The tables of a folder, some hundred kilobytes, stay in memory for as long as the program runs,
/// so that a [`Zone`] is a plain value. Read a folder once, and clone the result.
#[derive(Clone)]
pub struct ZoneFolder {
    path: PathBuf,
    version: Option<String>,
    zones: Arc<HashMap<Box<str>, Zone>>,
}

/// Where systems keep their zone data.
const SYSTEM: [&str; 4] =
    ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"];

/// Folders below a folder: `America/Argentina/Ushuaia` has two.
const DEEPEST: usize = 3;

/// Entries of a zoneinfo folder; systems have some seven hundred, the copies in `posix` not counted.
const MOST: usize = 5_000;

/// The system's folder.
pub(super) fn system() -> Result<PathBuf, ZoneFolderError> {
    if let Some(path) = std::env::var_os("TZDIR").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let found = SYSTEM.iter().map(PathBuf::from).find(|path| path.is_dir());
    found.ok_or_else(|| {
        let path = SYSTEM[0].into();
        ZoneFolderError { path, problem: Problem::NoSystem }
    })
}

impl ZoneFolder {
    /// Reads every zone of a folder.
    ///
    /// # Errors
    ///
    /// There is no such folder, it cannot be read, it is not a zoneinfo folder, or a file that should
    /// be a zone is broken.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, ZoneFolderError> {
        let path = path.into();
        match zones(&path) {
            Ok(zones) => {
                let version = release::of(&path);
                Ok(Self { path, version, zones: Arc::new(zones) })
            }
            Err(problem) => Err(ZoneFolderError { path, problem }),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The release that `tzdata.zi` or `+VERSION` in the folder names.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

impl ZoneData for ZoneFolder {
    fn version(&self) -> Option<&str> {
        self.version()
    }

    fn zone(&self, name: &str) -> Option<Zone> {
        self.zones.get(name).copied().or_else(|| BuiltIn.zone(name))
    }
}

impl fmt::Debug for ZoneFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZoneFolder")
            .field("path", &self.path)
            .field("version", &self.version)
            .field("zones", &self.zones.len())
            .finish()
    }
}

/// The zones below a folder.
fn zones(root: &Path) -> Result<HashMap<Box<str>, Zone>, Problem> {
    let mut tables = Vec::new();
    let mut entries = 0;
    let mut folders = vec![(String::new(), 0)];
    while let Some((prefix, depth)) = folders.pop() {
        let unreadable = |name: &str| {
            let name = name.trim_end_matches('/').to_owned();
            move |error| Problem::Unreadable(name, error)
        };
        for entry in fs::read_dir(root.join(&prefix)).map_err(unreadable(&prefix))? {
            let entry = entry.map_err(unreadable(&prefix))?;
            entries += 1;
            if entries > MOST {
                return Err(Problem::TooMany);
            }
            // The spelling is that of the folder, even if the file system ignores case.
            let Ok(part) = entry.file_name().into_string() else { continue };
            let name = prefix.clone() + &part;
            if !is_zone_name(&part) || is_no_zone(&name) {
                continue;
            }
            // The target of a link counts: names are often links to others.
            let about = match fs::metadata(entry.path()) {
                Ok(about) => about,
                // A link into a package that is not there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Problem::Unreadable(name, error)),
            };
            if about.is_dir() && depth < DEEPEST {
                folders.push((name + "/", depth + 1));
            } else if about.is_file()
                && let Some(table) = table(&name, &entry.path())?
            {
                tables.push((name.into_boxed_str(), table));
            }
        }
    }
    // In a folder above a zoneinfo folder, names would be `zoneinfo/UTC`.
    if !tables.iter().any(|(name, _)| BuiltIn.zone(name).is_some()) {
        return Err(Problem::NoZones);
    }
    // The tables are leaked only now that the whole folder could be read.
    let kept = |(name, table)| (name, Zone::from(&*Box::leak(Box::new(table))));
    Ok(tables.into_iter().map(kept).collect())
}

/// Whether this can be a part of a zone's name. The copies that package managers and editors leave
/// (`London.dpkg-new`, `London~`) have other characters.
fn is_zone_name(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_alphabetic())
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-_".contains(&byte))
}

/// DATE-3: files of the system that are no zones.
fn is_no_zone(name: &str) -> bool {
    matches!(name, "posix" | "right" | "localtime" | "posixrules" | "Factory" | "Etc/Unknown")
}

/// The table of a file; `None` for a file that is something else.
fn table(name: &str, path: &Path) -> Result<Option<ZoneTable>, Problem> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(ZoneTable::MAX_LENGTH as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Problem::Unreadable(name.to_owned(), error))?;
    let broken = |problem| Err(Problem::Broken(format!("{name}: {problem}")));
    if !bytes.starts_with(b"TZif") {
        return match BuiltIn.zone(name) {
            Some(_) => broken("it does not begin with TZif"),
            None => Ok(None),
        };
    }
    // Without its last line, which every compiler of zones writes from version 2 on, a file is read
    // as one whose rules have ended.
    if bytes.get(4).is_some_and(|version| *version >= b'2') && !bytes.ends_with(b"\n") {
        return broken("it is cut short: its last line is missing");
    }
    // The error begins with the name.
    ZoneTable::read(name, &bytes).map(Some).map_err(|error| Problem::Broken(error.to_string()))
}

/// Why a folder cannot be used as zone data. It names the folder, and the file where one is to
/// blame.
///
/// ```
/// use vcc_server::ZoneFolder;
///
/// let error = ZoneFolder::read("/nowhere").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "cannot read the zone data in /nowhere: No such file or directory (os error 2)"
/// );
/// ```
#[derive(Debug)]
pub struct ZoneFolderError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    /// `None` for the folder itself.
    Unreadable(String, io::Error),
    /// What is wrong with which file.
    Broken(String),
    NoZones,
    TooMany,
    NoSystem,
}

impl fmt::Display for ZoneFolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.problem {
            Problem::Unreadable(name, error) if name.is_empty() => {
                write!(f, "cannot read the zone data in {path}: {error}")
            }
            Problem::Unreadable(name, error) => {
                write!(f, "cannot read the zone data in {path}: {name}: {error}")
            }
            Problem::Broken(problem) => write!(f, "the zone data in {path} is broken: {problem}"),
            Problem::NoZones => {
                write!(
                    f,
                    "{path} is not a zoneinfo folder: it holds no known time zone, such as UTC"
                )
            }
            Problem::TooMany => {
                write!(f, "{path} is not a zoneinfo folder: it holds more than {MOST} files")
            }
            Problem::NoSystem => {
                write!(f, "this system has no zone data: there is no {}", SYSTEM.join(", no "))
            }
        }
    }
}

impl Error for ZoneFolderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Unreadable(_, error) => Some(error),
            _ => None,
        }
    }
}
