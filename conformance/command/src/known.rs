use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::error::CommandError;
use super::suite::Suite;
use vcc_conformance_core::report::blocks;
use vcc_conformance_core::run::{KnownFailure, Report, adopted, apply, known_failures};
use vcc_conformance_core::words::counted;

/// Failures that are known.
#[derive(clap::Args)]
pub(super) struct KnownArgs {
    /// Failures that are known, a line each: `PATTERN # reason`
    #[arg(long, value_name = "FILE")]
    known_failing: Option<PathBuf>,
    /// Write a file for --known-failing with every failure of this run. What it says of cases that
    /// still fail stays as it is; lines that are out of date go. The verdict of this run is that without it
    #[arg(long, value_name = "FILE")]
    write_known_failing: Option<PathBuf>,
}

impl KnownArgs {
    /// Reads the failures that are known.
    pub(super) fn read(&self) -> Result<Known, CommandError> {
        let mut known = Known { lines: Vec::new(), adopt: None };
        if let Some(file) = &self.known_failing {
            known.lines = lines(file, &text(file)?)?;
        }
        if let Some(file) = &self.write_known_failing {
            let earlier = match text(file) {
                Err(_) if !file.exists() => None,
                text => Some(text?),
            };
            // A file that could not be read is not overwritten.
            lines(file, earlier.as_deref().unwrap_or_default())?;
            known.adopt = Some((file.clone(), earlier));
        }
        Ok(known)
    }
}

fn text(file: &Path) -> Result<String, CommandError> {
    fs::read_to_string(file).map_err(|problem| {
        let hint = match problem.kind() {
            ErrorKind::NotFound => "; --write-known-failing makes one",
            _ => "",
        };
        CommandError::usage(format!("{}: {problem}{hint}", file.display()))
    })
}

fn lines(file: &Path, text: &str) -> Result<Vec<KnownFailure>, CommandError> {
    known_failures(&file.display().to_string(), text).map_err(CommandError::usage)
}

/// The known failures, and the file that those of this run go to.
pub(super) struct Known {
    lines: Vec<KnownFailure>,
    /// The file and what it holds.
    adopt: Option<(PathBuf, Option<String>)>,
}

impl Known {
    /// Marks the known failures of a report, and writes the file that was asked for.
    pub(super) fn apply(
        &self,
        report: &mut Report,
        suite: &Suite,
        out: &mut dyn Write,
    ) -> Result<(), CommandError> {
        let ids: Vec<&str> = suite.cases.iter().map(|case| case.id.as_str()).collect();
        if let Some((file, earlier)) = &self.adopt {
            let name = file.display().to_string();
            if report.outcomes.is_empty() {
                writeln!(out, "{name}: not written, since nothing was judged")?;
            } else {
                let blocks = blocks(report);
                let causes: Vec<_> =
                    blocks.iter().map(|block| (block.sentence(), block.outcomes.clone())).collect();
                let earlier = earlier.as_ref().map(|text| (name.as_str(), text.as_str()));
                let text = adopted(earlier, &causes, report, &ids);
                fs::write(file, &text)
                    .map_err(|problem| CommandError::usage(format!("{name}: {problem}")))?;
                let lines = lines(file, &text)?.len();
                writeln!(
                    out,
                    "{name}: {}; from now on: --known-failing {name}",
                    counted(lines, "known failure")
                )?;
            }
        }
        apply(&self.lines, report, &ids);
        Ok(())
    }
}
