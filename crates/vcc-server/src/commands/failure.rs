use std::fmt::{self, Write as _};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use anstream::stderr;
use clap::builder::styling::{AnsiColor, Style};
use vcc_store::StoreError;

/// What could not be done with a file, with its name.
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

/// How long the process waits at its end until its message is read.
const LAST_WORDS: Duration = Duration::from_secs(5);

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

impl Failure {
    /// A failure with exit code 1.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into(), hint: None }
    }

    /// A wrong command line: exit code 2.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(message) }
    }

    /// Done, but not all of it: exit code 3.
    pub(super) fn in_part(message: impl Into<String>) -> Self {
        Self { code: 3, ..Self::new(message) }
    }

    /// Adds a hint.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Writes the failure to stderr, and gives its exit code. A pipe that nobody reads does not block
    /// the end of the process.
    pub(super) fn report(&self) -> ExitCode {
        let mut text = format!("{ERROR}error:{ERROR:#} {}\n", self.message);
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "{HINT} hint:{HINT:#} {hint}");
        }
        let (done, written) = mpsc::channel();
        let write = move || {
            let _ = io::Write::write_all(&mut stderr(), text.as_bytes());
            let _ = done.send(());
        };
        if std::thread::Builder::new().spawn(write).is_ok() {
            let _ = written.recv_timeout(LAST_WORDS);
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
        let message = error.to_string();
        let hint = HINTS.iter().find(|(said, _)| message.contains(said)).map(|(_, hint)| hint);
        let failure = Self::new(message);
        match hint {
            Some(hint) => failure.hint(*hint),
            None => failure,
        }
    }
}

const CREDENTIALS: &str = "they belong in the URL: postgres://USER:PASSWORD@HOST/DATABASE";

/// Hints for messages of databases: a part of the message, and what helps.
const HINTS: [(&str, &str); 27] = [
    ("not a SQLite database", "--store names a store; `vcc-server import` reads other files"),
    ("a database of another program", "name another: `vcc-server tenant add` makes a store"),
    ("is one of another program", "make an empty one: createdb NAME"),
    ("is empty, and no store", "`vcc-server tenant add` makes it one"),
    ("is a folder, and no store", "name a file in it"),
    (
        "another writer h",
        "an import, a purge or another program that has the store open: end it, or wait for longer \
         with --wait SECONDS",
    ),
    (
        "of the log from being written back",
        "a copy, or another program that reads from the store: end it, and try again",
    ),
    ("belongs to another role", "run this as the role that owns the tables"),
    ("another process keeps it locked", "end that process, or try again when it is done"),
    (
        "left of a store that",
        "put the file of that store back beside them, or remove them if nobody wants what they hold",
    ),
    ("another process is making", "wait until it is done, or name another file"),
    ("is that of another file", "end that process: it reads a store that was replaced"),
    ("is not alone", "`vcc-server backup` copies a store that is in use, or was"),
    ("another process has", "end that process, or try again when it is done"),
    ("file system that is read-only", "mount it so that it can be written, or name another store"),
    ("is read-only", "run this as a user that may write both"),
    ("cannot be written", "run this as a user that may write it"),
    ("Permission denied", "run this as a user that may"),
    ("is damaged", "`vcc-server restore` makes a store from a backup"),
    (
        "no encryption",
        "the server may ask for TLS: ?sslmode=verify-full&sslrootcert=FILE in the URL",
    ),
    ("does not support TLS", "?sslmode=disable connects without, over a network that is trusted"),
    ("authentication failed", CREDENTIALS),
    ("password missing", CREDENTIALS),
    ("Connection refused", "is PostgreSQL running there, and is this its port?"),
    ("\" does not exist", "createdb makes a database, createuser a user"),
    ("lookup address", "no host of this name is known"),
    ("exists already", "name a file that does not exist"),
];
