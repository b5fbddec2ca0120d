use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The files beside the one that is made.
pub(super) struct Paths {
    pub(super) part: PathBuf,
    pub(super) journal: PathBuf,
    pub(super) apart: PathBuf,
    pub(super) manifest: PathBuf,
}

impl Paths {
    pub(super) fn of(out: &Path) -> Self {
        let beside = |end: &str| {
            let mut name = out.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        Self {
            part: beside(".part"),
            journal: beside(".journal"),
            apart: beside(".apart.jsonl"),
            manifest: beside(".manifest.json"),
        }
    }

    /// Removes what an export that was broken off has left.
    pub(super) fn forget(&self) -> Result<(), Failure> {
        for file in [&self.journal, &self.part, &self.apart] {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Failure::new(format!("{}: {error}", file.display())));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Why no file can have this path.
pub(super) fn no_file(out: &Path) -> Option<String> {
    if out.is_dir() {
        return Some("that is a folder; name a file in it".into());
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    (!folder.is_dir()).then(|| format!("there is no folder {}", folder.display()))
}
