//! The reasons why a file is not read to its end.

use std::io;

use vcc_format::Error;

use crate::commands::failure::Failure;

#[derive(Debug)]
pub(super) enum BrokenOff {
    Format(Error),
    Io(io::Error),
    Stop(Box<Failure>),
    /// There are unknown names.
    Names(Box<Failure>),
    /// The import has ended, and takes no more batches.
    Nothing,
}

impl From<Error> for BrokenOff {
    fn from(error: Error) -> Self {
        Self::Format(error)
    }
}

impl From<io::Error> for BrokenOff {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Failure> for BrokenOff {
    fn from(failure: Failure) -> Self {
        Self::Stop(Box::new(failure))
    }
}

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Format(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Stop(failure) | Self::Names(failure) => failure.fmt(f),
            Self::Nothing => f.write_str("the import has ended"),
        }
    }
}
