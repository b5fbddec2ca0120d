use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::CommandError;
use super::suite::Suite;
use vcc_conformance_core::report::{Fingerprint, badge, html, json, junit, markdown};
use vcc_conformance_core::run::Report;
use vcc_conformance_core::setup::Setup;

/// Where reports go, beside the terminal.
#[derive(clap::Args)]
pub(super) struct ReportArgs {
    /// A report in JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// A report in JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A report in Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// A report for people, in one HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// A badge in SVG
    #[arg(long, value_name = "FILE")]
    badge: Option<PathBuf>,
    /// The fingerprint, as a dialect that the reference reads; what the run could not tell is a comment
    #[arg(long, value_name = "FILE")]
    fingerprint: Option<PathBuf>,
}

impl ReportArgs {
    /// Writes the reports that were asked for.
    pub(super) fn write(
        &self,
        report: &Report,
        setup: &Setup,
        suite: &Suite,
    ) -> Result<(), CommandError> {
        let write =
            |file: &Option<PathBuf>, text: &dyn Fn() -> Result<String, CommandError>| match file {
                Some(file) => {
                    let text = text()?;
                    create(file)?.write_all(text.as_bytes()).map_err(CommandError::from)
                }
                None => Ok(()),
            };
        write(&self.junit, &|| junit(report, setup, &suite.spec).map_err(CommandError::usage))?;
        write(&self.json, &|| {
            let value = json(report, setup, &suite.spec);
            serde_json::to_string_pretty(&value)
                .map(|text| text + "\n")
                .map_err(CommandError::usage)
        })?;
        write(&self.markdown, &|| Ok(markdown(report, setup, &suite.spec)))?;
        write(&self.html, &|| Ok(html(report, setup, &suite.spec)))?;
        write(&self.badge, &|| Ok(badge(report)))?;
        write(&self.fingerprint, &|| Ok(Fingerprint::of(report).to_string()))
    }
}

/// Makes a file, or says which one could not be made.
pub(super) fn create(file: &Path) -> Result<File, CommandError> {
    File::create(file)
        .map_err(|problem| CommandError::usage(format!("{}: {problem}", file.display())))
}
