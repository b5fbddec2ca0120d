use std::{fmt, io};

use vcc_conformance_core::fixture::FixtureError;

/// Why a command failed, and the exit code for it.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl CommandError {
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { code: 2, message: message.to_string() }
    }
}

impl From<FixtureError> for CommandError {
    fn from(error: FixtureError) -> Self {
        CommandError::usage(error)
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        // A reader that closes the pipe has read enough.
        let code = if error.kind() == io::ErrorKind::BrokenPipe { 0 } else { 2 };
        Self { code, message: error.to_string() }
    }
}
