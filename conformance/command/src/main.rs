//! The command `vcc-conformance`.

mod baseline;
mod choice;
mod copy;
mod coverage;
mod dataset;
mod demands;
mod detail;
mod diff;
mod error;
mod judge;
mod known;
mod list;
mod mock;
mod plan;
mod progress;
mod record;
mod reports;
mod run;
mod selftest;
mod serve;
mod show;
mod started;
mod stop;
mod suite;
mod target;
mod update;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{CommandFactory as _, Parser, Subcommand};

use error::CommandError;
use vcc_conformance_core::edition::EDITION;
use vcc_conformance_core::zone::RELEASE;

/// What `--version` says: the version, the edition of the suite, and the zone data.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!("{} (suite {EDITION}, zone data {RELEASE})", env!("CARGO_PKG_VERSION"))
});

/// Tells whether a server behaves as the Recordings API's documentation says, clause by clause.
///
/// Without a command it runs the suite; without --url against the reference server, which it starts
/// in this process. Exit codes: 0 conforms (so far as was asked, but for known failures, no worse than
/// the baseline), 1 does not, 2 usage or fixture error, 3 unreachable, precondition or not decided, 4 stale
/// known failure, 5 nothing to judge, 6 the suite's own error, 130 `mock` was stopped.
#[derive(Parser)]
#[command(name = "vcc-conformance", version = VERSION.as_str(), args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Args,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the suite (the default)
    Run(Box<run::Args>),
    /// Prints the requests of a run as curl lines, their number and cost, and sends nothing
    Plan(Box<plan::Args>),
    /// Judges a saved run again, without the server
    Judge(Box<judge::Args>),
    /// Proves that the suite can fail: runs it against the reference server behind one defect at a time
    Selftest(selftest::Args),
    /// Brings ids.lock and signatures.txt up to date with the cases in the folder: run it after you
    /// have written a case
    Update(update::Args),
    /// Plays scenarios to a client and grades what it sent
    Mock(mock::Args),
    /// Makes a dataset with pseudonyms of what a server lists
    Record(Box<record::Args>),
    /// Serves the dataset by the reference server, for trying a client or the suite
    Serve(serve::Args),
    /// Compares two servers by clause and fingerprint
    Diff(diff::Args),
    /// Lists the cases
    List(list::Args),
    /// Shows a case, or a clause with its cases
    Show(show::Args),
    /// Lists each clause with its cases, or the reason why it has none
    Coverage(coverage::Args),
    /// Writes out the cases, the datasets, the specification and the formats
    Copy(copy::Args),
    /// The recordings that a target must hold
    Dataset(dataset::Args),
    /// Prints completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Prints the manual page, or writes those of all commands
    Man {
        /// The folder for the pages of all commands
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
}

fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "vcc-conformance", &mut script);
    out.write_all(&script)?;
    Ok(0)
}

fn man(to: Option<&Path>, out: &mut dyn Write) -> Result<u8, CommandError> {
    let Some(folder) = to else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        out.write_all(&page)?;
        return Ok(0);
    };
    let error =
        |problem: io::Error| CommandError::usage(format!("{}: {problem}", folder.display()));
    std::fs::create_dir_all(folder).map_err(error)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(error)?;
    Ok(0)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = anstream::AutoStream::auto(io::stdout()).lock();
    let done = match cli.command {
        None => run::run(&cli.run, &mut out),
        Some(Command::Run(args)) => run::run(&args, &mut out),
        Some(Command::Plan(args)) => plan::plan(&args, &mut out),
        Some(Command::Coverage(args)) => coverage::coverage(&args, &mut out),
        Some(Command::Copy(args)) => copy::copy(&args, &mut out),
        Some(Command::Judge(args)) => judge::judge(&args, &mut out),
        Some(Command::Selftest(args)) => selftest::selftest(&args, &mut out),
        Some(Command::Update(args)) => update::update(&args, &mut out),
        Some(Command::Mock(args)) => mock::mock(&args, &mut out),
        Some(Command::Record(args)) => record::record(&args, &mut out),
        Some(Command::Diff(args)) => diff::diff(&args, &mut out),
        Some(Command::List(args)) => list::list(&args, &mut out),
        Some(Command::Show(args)) => show::show(&args, &mut out),
        Some(Command::Serve(args)) => serve::serve(&args, &mut out),
        Some(Command::Completions { shell }) => completions(shell, &mut out),
        Some(Command::Man { to }) => man(to.as_deref(), &mut out),
        Some(Command::Dataset(args)) => dataset::dataset(&args, &mut out),
    };
    let flushed = out.flush().map_err(CommandError::from);
    match done.and_then(|code| flushed.map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            if failure.code != 0 {
                let _ = writeln!(anstream::stderr(), "error: {}", failure.message);
            }
            ExitCode::from(failure.code)
        }
    }
}
