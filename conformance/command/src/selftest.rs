use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};

use super::error::CommandError;
use super::progress::progress;
use super::suite::Suite;
use vcc_conformance_core::embedded::SIGNATURES;
use vcc_conformance_core::report::html as report_html;
use vcc_conformance_core::run::{Report, wildcard};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::words::counted;
use vcc_conformance_reference::selftest::{
    Defect, Matrix, defects, live_matrix, matrix, matrix_html, matrix_json, reports, signatures,
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Only defects whose name or family fits: `page-*`
    #[arg(long, value_name = "PATTERN")]
    defect: Vec<String>,
    /// List the defects and run nothing
    #[arg(long)]
    list: bool,
    /// Try what --live finds on this many unknown recordings, instead of the suite; it must catch at
    /// least six defects in ten
    #[arg(long, value_name = "RECORDS", num_args = 0..=1, default_missing_value = "20000",
          conflicts_with = "signatures")]
    live: Option<u32>,
    /// Defects at a time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// The matrix of cases and defects in JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The matrix for people, in one HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The failures of each defect, as the diagnosis of reports reads them
    #[arg(long, value_name = "FILE")]
    signatures: Option<PathBuf>,
    /// Write the report of a run against each defect into this folder, NAME.html, and no matrix
    #[arg(long, value_name = "DIR", conflicts_with_all = ["live", "json", "html", "signatures"])]
    reports: Option<PathBuf>,
}

/// Runs the suite against the reference server behind one defect at a time.
pub(super) fn selftest(args: &Args, out: &mut dyn Write) -> Result<u8, CommandError> {
    let suite = Suite::embedded()?;
    let chosen: Vec<_> = defects()
        .filter(|(family, defect)| {
            let fits = |pattern: &String| wildcard(pattern, defect.name) || pattern == family;
            args.defect.is_empty() || args.defect.iter().any(fits)
        })
        .collect();
    if chosen.is_empty() {
        return Err(CommandError::usage("--defect: no defect fits; --list shows them"));
    }
    if args.list {
        for (family, defect) in &chosen {
            let clauses = defect.clauses.join(" ");
            writeln!(out, "{:<34} a server {} ({family}; {clauses})", defect.name, defect.says)?;
        }
        return Ok(0);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let pressed = Arc::clone(&stop);
    // A second handler in one process is refused; then the first one stays.
    let _ = ctrlc::set_handler(move || pressed.store(true, Ordering::Relaxed));
    let bar = progress(chosen.len());
    if let Some(dir) = &args.reports {
        let mut unwritten = None;
        let mut write = |defect: &Defect, report: &Report, setup: &Setup| {
            let file = dir.join(format!("{}.html", defect.name));
            bar.inc(1);
            bar.set_message(defect.name);
            write_text(&file, &report_html(report, setup, &suite.spec)).map_err(|problem| {
                let message = problem.message.clone();
                unwritten = Some(problem);
                message
            })
        };
        let made = reports(&suite.cases, &suite.spec, &chosen, &stop, &mut write);
        bar.finish_and_clear();
        made.map_err(|message| unwritten.unwrap_or(CommandError { code: 6, message }))?;
        writeln!(out, "{} in {}", counted(chosen.len(), "report"), dir.display())?;
        return Ok(0);
    }
    let done = |row: &vcc_conformance_reference::selftest::Measured| {
        bar.inc(1);
        bar.set_message(row.defect);
    };
    let jobs = args.jobs.into();
    let found = match args.live {
        Some(records) => {
            live_matrix(&suite.cases, &suite.spec, &chosen, records, jobs, &stop, &done)
        }
        None => matrix(&suite.cases, &suite.spec, &chosen, jobs, &stop, &done),
    };
    bar.finish_and_clear();
    let found = found.map_err(|message| CommandError { code: 6, message })?;
    let save = |path: &Option<PathBuf>, text: &dyn Fn() -> String| match path {
        Some(path) => write_text(path, &text()),
        None => Ok(()),
    };
    save(&args.json, &|| matrix_json(&found))?;
    save(&args.html, &|| matrix_html(&found))?;
    save(&args.signatures, &|| signatures(&found))?;
    // Only the whole suite shows what a case catches.
    let graded = args.defect.is_empty() && args.live.is_none();
    let stale = graded && args.signatures.is_none() && signatures(&found) != SIGNATURES;
    let (rows, caught) = (found.rows.len(), found.rows.len() - found.escaped().len());
    let enough = if args.live.is_some() { caught * 10 >= rows * 6 } else { caught == rows };
    let idle = if graded { found.idle() } else { Vec::new() };
    let good = enough && idle.is_empty() && found.unclean.is_empty();
    say(out, &found, &idle, stale)?;
    let style = if good { AnsiColor::Green } else { AnsiColor::Red }.on_default();
    write!(out, "{style}{caught} of {rows} defects caught by their clause{style:#}")?;
    if args.live.is_some() {
        write!(out, " ({} %; at least 60 required)", caught * 100 / rows)?;
    }
    if graded {
        let all = found.graded.len();
        write!(out, ", {} of {all} graded cases catch one", all - idle.len())?;
    }
    let requests: u64 = found.rows.iter().map(|row| row.requests).sum();
    writeln!(out, ", {}", counted(requests, "request"))?;
    Ok(u8::from(!good))
}

fn write_text(path: &Path, text: &str) -> Result<(), CommandError> {
    fs::write(path, text)
        .map_err(|problem| CommandError::usage(format!("{}: {problem}", path.display())))
}

fn say(out: &mut dyn Write, found: &Matrix, idle: &[&str], stale: bool) -> std::io::Result<()> {
    let (bold, red) = (Style::new().bold(), AnsiColor::Red.on_default());
    writeln!(out, "{bold}{:<34}{:>7}  caught by{bold:#}", "defect", "cases")?;
    for row in &found.rows {
        let by = match (row.named().next(), &row.precondition, row.caught.iter().next()) {
            (Some((case, clause)), ..) => format!("{case} ({clause})"),
            (None, Some(reason), _) => format!("{red}not judged: {reason}{red:#}"),
            (None, None, Some((case, clause))) => {
                format!("{red}no case of its clauses; {case} blames {clause}{red:#}")
            }
            (None, None, None) => format!("{red}nothing{red:#}"),
        };
        writeln!(out, "{:<34}{:>7}  {by}", row.defect, row.caught.len())?;
    }
    writeln!(out)?;
    for line in &found.unclean {
        writeln!(out, "{red}the reference itself:{red:#} {line}")?;
    }
    for case in idle {
        writeln!(out, "{red}catches nothing:{red:#} {case}")?;
    }
    if stale {
        writeln!(
            out,
            "signatures.txt is not what was measured; to write it anew: \
             vcc-conformance selftest --signatures conformance/core/signatures.txt"
        )?;
    }
    Ok(())
}
