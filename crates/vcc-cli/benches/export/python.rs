//! The peer: Python with `requests` and `csv`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::data::{TENANT, TOKEN};
use crate::spent::Spent;
use crate::{DAYS, FIRST, RECORDS, lines, say};

/// A Python with `requests`; says loudly what is missing.
pub(crate) fn find(folder: &Path) -> Option<PathBuf> {
    if let Some(python) = std::env::var_os("VCC_BENCH_PYTHON") {
        let python = PathBuf::from(python);
        return has_requests(&python).then_some(python).or_else(|| {
            say("\n*** `VCC_BENCH_PYTHON` HAS NO `requests`: THE RATIO TO PYTHON IS NOT MEASURED ***\n");
            None
        });
    }
    let python = folder.join("bin").join("python");
    if !has_requests(&python) {
        let made = runs(Command::new("python3").args(["-m", "venv"]).arg(folder))
            && runs(Command::new(&python).args(["-m", "pip", "install", "-q", "requests"]));
        if !made || !has_requests(&python) {
            say("\n*** NO PYTHON WITH `requests`: THE RATIO TO PYTHON IS NOT MEASURED ***\n");
            return None;
        }
    }
    Some(python)
}

fn has_requests(python: &Path) -> bool {
    runs(Command::new(python).args(["-c", "import requests"]).stderr(Stdio::null()))
}

fn runs(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Walks all days.
pub(crate) fn walk(python: &Path, base: &str, out: &Path) -> Spent {
    let mut command = Command::new(python);
    command
        .args(["-c", include_str!("walk.py"), base, TENANT, TOKEN, FIRST, &DAYS.to_string()])
        .arg(out)
        .stdout(Stdio::null());
    let spent = Spent::by(&mut command);
    assert_eq!(lines(out) - 1, RECORDS, "the walk is whole");
    say(&format!("Python: {:.2} s, CPU {:.2} s", spent.wall, spent.cpu));
    spent
}
