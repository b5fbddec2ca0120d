use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anstream::stderr;
use clap::builder::styling::{AnsiColor, Style};
use vcc_store::StoreError;

/// What is wrong with a file, with its name.
pub(super) fn cannot(doing: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot {doing} {}: {error}", path.display()))
}

/// Why a command ends with another exit code than 0.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

impl Failure {
    /// A failure with exit code 1.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into(), hint: None }
    }

    /// A failure by the command line: exit code 2.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(message) }
    }

    /// Done, but not all of it: exit code 3.
    pub(super) fn in_part(message: impl Into<String>) -> Self {
        Self { code: 3, ..Self::new(message) }
    }

    /// Says what would help.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Writes the failure to stderr, and gives its exit code.
    pub(super) fn report(&self) -> ExitCode {
        let mut stderr = stderr().lock();
        let _ = writeln!(stderr, "{ERROR}error:{ERROR:#} {}", self.message);
        if let Some(hint) = &self.hint {
            let _ = writeln!(stderr, "{HINT} hint:{HINT:#} {hint}");
        }
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error.to_string())
    }
}
