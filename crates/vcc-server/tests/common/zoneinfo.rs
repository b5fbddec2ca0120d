//! Made-up zoneinfo folders.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A compiled zone of one offset, in seconds, whose rule is this TZ string.
pub(crate) fn tzif(offset: i32, rule: &str) -> Vec<u8> {
    let mut file = Vec::new();
    for offset in [0, offset] {
        file.extend(b"TZif2");
        file.extend([0; 15]);
        // Counts: two of indicators, leap seconds, transitions, types, characters.
        for count in [0_u32, 0, 0, 0, 1, 4] {
            file.extend(count.to_be_bytes());
        }
        file.extend(offset.to_be_bytes());
        file.extend([0, 0]);
        file.extend(b"XXX\0");
    }
    file.extend(format!("\n{rule}\n").into_bytes());
    file
}

/// Nine hours east of UTC, unlike any zone of Canada.
pub(crate) fn nine() -> Vec<u8> {
    tzif(32_400, "<+09>-9")
}

/// A folder of zones, removed when this is dropped.
pub(crate) struct Zoneinfo(TempDir);

impl Zoneinfo {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder of this release: `America/Vancouver` is nine hours east, and there is a `Company/Office`.
    pub(crate) fn of(release: &str) -> Self {
        let folder = Self::empty();
        folder.write("tzdata.zi", format!("# version {release}\n# This zic input file\n"));
        folder.write("America/Vancouver", nine());
        folder.write("Company/Office", tzif(-5_400, "<-0130>1:30"));
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn text(&self) -> &str {
        self.path().to_str().unwrap()
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        path
    }
}
