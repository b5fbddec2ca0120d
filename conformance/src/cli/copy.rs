use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::Failure;
use crate::embedded::{DATASET, SPEC, SUITE};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder, made where it is not there
    dir: PathBuf,
}

/// The format of the data, for people.
const FORMAT: &str = include_str!("../../FORMAT.md");
/// The format of a case file, for editors and programs.
const SCHEMA: &str = include_str!("../../case.schema.json");

/// Writes out the data that the binary carries: cases, datasets, specification and formats.
pub(super) fn copy(args: &Args, out: &mut dyn Write) -> Result<u8, Failure> {
    let pages = [("SPEC.md", SPEC), ("FORMAT.md", FORMAT), ("case.schema.json", SCHEMA)];
    let mut count = 0;
    for (path, text) in SUITE.iter().chain(DATASET).chain(&pages) {
        let file = args.dir.join(path);
        let error = |problem| Failure::usage(format!("{}: {problem}", file.display()));
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(error)?;
        }
        fs::write(&file, text).map_err(error)?;
        count += 1;
    }
    writeln!(out, "{}: {}", args.dir.display(), crate::words::counted(count, "file"))?;
    Ok(0)
}
