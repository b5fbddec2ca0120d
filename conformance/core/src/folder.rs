//! The suite's data as files in a folder, for people who write cases: the binary embeds only what
//! was there when it was built.

use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;

use crate::dataset::{self, Tenant};
use crate::edition::Contents;
use crate::fixture::{self, Case, FixtureError};
use crate::spec::{self, Spec};

/// The files of the suite, each with its path below the folder.
#[derive(Clone, Debug)]
pub struct Folder {
    suite: Vec<(String, String)>,
    dataset: Vec<(String, String)>,
    spec: String,
    /// The text of `ids.lock`.
    pub lock: String,
    /// The text of `signatures.txt`.
    pub signatures: String,
}

impl Folder {
    /// Reads `suite/`, `dataset/`, `SPEC.md`, `ids.lock` and `signatures.txt`.
    ///
    /// # Errors
    ///
    /// A file is missing or cannot be read; the error has its path.
    pub fn read(root: &Path) -> io::Result<Self> {
        let text = |path: &Path| {
            fs::read_to_string(path).map_err(|problem| {
                io::Error::new(problem.kind(), format!("{}: {problem}", path.display()))
            })
        };
        let all = |folder: &str| -> io::Result<Vec<(String, String)>> {
            let mut paths = Vec::new();
            walk(&root.join(folder), &mut paths)?;
            paths.sort();
            let below = |path: &Path| {
                path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
            };
            paths.iter().map(|path| Ok((below(path), text(path)?))).collect()
        };
        Ok(Self {
            suite: all("suite")?,
            dataset: all("dataset")?,
            spec: text(&root.join("SPEC.md"))?,
            lock: text(&root.join("ids.lock"))?,
            signatures: text(&root.join("signatures.txt"))?,
        })
    }

    /// The cases.
    ///
    /// # Errors
    ///
    /// As [`fixture::read_all`].
    pub fn cases(&self) -> Result<Vec<Case>, FixtureError> {
        fixture::read_all(pairs(&self.suite))
    }

    /// The recordings; those that are relative to today are stamped with the day of `now`.
    ///
    /// # Errors
    ///
    /// As [`dataset::read`].
    pub fn tenants(&self, now: Timestamp) -> Result<Vec<Tenant>, FixtureError> {
        pairs(&self.dataset).map(|(file, text)| dataset::read(file, text, now)).collect()
    }

    /// The specification.
    #[must_use]
    pub fn spec(&self) -> Spec {
        Spec { clauses: spec::read(&self.spec) }
    }

    /// The cases and datasets as `ids.lock` would record them.
    ///
    /// # Errors
    ///
    /// A file is not TOML, or has a case without an id or a clause.
    pub fn contents(&self) -> Result<Contents, FixtureError> {
        Contents::of(pairs(&self.suite), pairs(&self.dataset))
    }
}

fn pairs(files: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
}

/// The TOML files of a folder and of those in it.
fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = fs::read_dir(folder).map_err(|problem| {
        io::Error::new(problem.kind(), format!("{}: {problem}", folder.display()))
    })?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded;

    #[test]
    fn the_folder_is_read_as_the_binary_carries_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = Folder::read(root).unwrap();
        assert!(pairs(&folder.suite).eq(embedded::SUITE.iter().copied()));
        assert!(pairs(&folder.dataset).eq(embedded::DATASET.iter().copied()));
        let missing = Folder::read(Path::new("/no/such")).unwrap_err().to_string();
        assert!(missing.starts_with("/no/such/suite: "), "{missing}");
    }
}
