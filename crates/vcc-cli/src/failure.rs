use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use vcc_client::ErrorKind;
use vcc_query::QueryError;

/// Why the command ends with another exit code than 0.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    /// Nothing where all was said already, or nobody listens.
    message: Option<String>,
    hint: Option<String>,
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

impl Failure {
    /// Exit code 1.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { code: 1, message: Some(message.into()), hint: None }
    }

    /// What was asked for cannot be: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(message) }
    }

    /// Done, but not all of it: exit code 3.
    pub(crate) fn in_part(message: impl Into<String>) -> Self {
        Self { code: 3, ..Self::new(message) }
    }

    /// Done, but it may be otherwise: exit code 4.
    pub(crate) fn unsettled(message: impl Into<String>) -> Self {
        Self { code: 4, ..Self::new(message) }
    }

    /// Stopped by the user: exit code 130.
    pub(crate) fn stopped(message: impl Into<String>) -> Self {
        Self { code: 130, ..Self::new(message) }
    }

    /// A query that is none, with the place.
    pub(crate) fn query(error: &QueryError, raw: &str) -> Self {
        Self::usage(error.render(raw).to_string().trim_end())
    }

    /// Says what would help.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Writes it to stderr, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if let Some(message) = &self.message {
            let mut text = format!("{ERROR}error:{ERROR:#} {message}\n");
            if let Some(hint) = &self.hint {
                let _ = writeln!(text, "{HINT} hint:{HINT:#} {hint}");
            }
            // Nobody may be there to read it.
            let _ = anstream::stderr().write_all(text.as_bytes());
        }
        ExitCode::from(self.code)
    }
}

/// Says something on stderr that is no reason to stop.
pub(crate) fn warn(message: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{WARNING}warning:{WARNING:#} {message}");
}

/// Says something on stderr.
pub(crate) fn note(message: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{message}");
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // Whoever reads has enough, as `head` has.
            return Self { code: 0, message: None, hint: None };
        }
        Self::new(format!("cannot write: {error}"))
    }
}

impl From<vcc_format::WriteError> for Failure {
    fn from(error: vcc_format::WriteError) -> Self {
        match error {
            vcc_format::WriteError::Io(error) => error.into(),
            other => Self::new(other.to_string()),
        }
    }
}

impl From<vcc_client::Error> for Failure {
    fn from(error: vcc_client::Error) -> Self {
        let kind = error.kind();
        let failure = Self::new(error.to_string());
        match kind {
            ErrorKind::Settings => Self { code: 2, ..failure },
            ErrorKind::Credentials => failure.hint("vcc login keeps a new token"),
            ErrorKind::Transport(vcc_client::TransportErrorKind::TooLong) => {
                failure.hint("--max-body MIB takes longer answers")
            }
            ErrorKind::Transport(vcc_client::TransportErrorKind::Tls) => {
                failure.hint("--cacert FILE trusts a certificate of your own")
            }
            ErrorKind::Transport(vcc_client::TransportErrorKind::NoTls) => failure.hint(
                "where it is plain HTTP that is spoken there, the URL begins with http://, and --plain-http allows it",
            ),
            _ => failure,
        }
    }
}
