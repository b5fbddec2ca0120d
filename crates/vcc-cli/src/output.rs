//! stdout, where nothing but data goes.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use crate::failure::Failure;

/// stdout with a buffer of its own.
pub(crate) fn stdout() -> BufWriter<impl Write> {
    BufWriter::with_capacity(64 << 10, io::stdout().lock())
}

/// Writes all of it to stdout.
pub(crate) fn all(bytes: &[u8]) -> Result<ExitCode, Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}
