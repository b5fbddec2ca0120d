use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::error::CommandError;
use vcc_conformance_core::embedded;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder; it is made if it does not exist
    dir: PathBuf,
}

/// Writes out the data embedded in the binary: cases, datasets, specification and formats.
pub(super) fn copy(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let mut count = 0;
    for (path, text) in embedded::files() {
        let file = args.dir.join(path);
        let error = |problem| CommandError::usage(format!("{}: {problem}", file.display()));
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(error)?;
        }
        fs::write(&file, text).map_err(error)?;
        count += 1;
    }
    writeln!(
        out,
        "{}: {}",
        args.dir.display(),
        vcc_conformance_core::words::counted(count, "file")
    )?;
    Ok(0)
}
