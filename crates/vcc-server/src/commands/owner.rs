//! The files that commands make are for their owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Has a file that is made be readable for its owner alone, whatever the umask lets. One that is there keeps
/// its mode.
pub(super) fn owned(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Writes a file, in the place of what it held.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file: File =
        owned(OpenOptions::new().write(true).create(true).truncate(true)).open(path)?;
    file.write_all(text.as_bytes())
}
