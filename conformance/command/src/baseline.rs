use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::error::CommandError;
use vcc_conformance_core::report::Baseline;
use vcc_conformance_core::run::Report;

/// Lines of a kind of change that are shown.
const SHOWN: usize = 12;

/// An earlier run to compare with.
#[derive(clap::Args)]
pub(super) struct BaselineArgs {
    /// Say what changed since the run that wrote this with --json. The exit code is then 1 if
    /// something got worse and 0 if not, whatever failed before; the last line says both
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

impl BaselineArgs {
    /// Reads the earlier run; before anything is written, as the new report may go to the same file.
    pub(super) fn read(&self, strict: bool) -> Result<Option<Baseline>, CommandError> {
        let Some(file) = &self.baseline else { return Ok(None) };
        let error = |problem: &dyn std::fmt::Display| {
            CommandError::usage(format!("--baseline {}: {problem}", file.display()))
        };
        let text = fs::read_to_string(file).map_err(|problem| error(&problem))?;
        let baseline = Baseline::read(&text).map_err(|problem| error(&problem))?;
        let level = if strict { "should" } else { "must" };
        if baseline.level() != level {
            let was = baseline.level();
            return Err(error(&format!("that run had --level {was}, and this one has {level}")));
        }
        Ok(Some(baseline))
    }
}

/// Says what changed, and gives the code that the command ends with.
pub(super) fn compare(
    baseline: Option<&Baseline>,
    report: &Report,
    out: &mut dyn Write,
) -> Result<u8, CommandError> {
    let Some(baseline) = baseline.filter(|_| !report.outcomes.is_empty()) else {
        return Ok(report.exit_code());
    };
    let changes = baseline.changes(report);
    writeln!(out)?;
    for line in changes.lines(SHOWN) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", changes.sentence(report))?;
    Ok(changes.exit_code(report))
}
