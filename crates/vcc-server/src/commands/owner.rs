//! Files that commands create are readable only for their owner.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// A new file will be readable only for its owner, whatever the umask is. An existing one keeps its mode.
pub(super) fn owned(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Writes a file, replacing its content.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file: File =
        owned(OpenOptions::new().write(true).create(true).truncate(true)).open(path)?;
    file.write_all(text.as_bytes())
}
