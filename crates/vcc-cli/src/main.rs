//! The command `vcc`: recordings of any service that speaks the Recordings API.

mod connect;
mod decode;
mod document;
mod document_format;
mod explain;
mod export;
mod failure;
mod left_out;
mod list;
mod login;
mod output;
mod progress;
mod query;
mod table;
mod text;
mod url;

use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use failure::Failure;

/// A record is an allocation, made by one thread and let go by another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Recordings' metadata from a Virtual Contact Center: listed, exported whole, explained.
#[derive(Parser)]
#[command(name = "vcc", version, propagate_version = true, after_long_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Where to, and who asks: --url and --tenant (VCC_URL, VCC_TENANT), else the profile that --profile names or \
that is called default (vcc login makes one). The token is never an argument: --token-stdin, \
--token-command, VCC_TOKEN, the profile, .netrc with --netrc, or a prompt.

Exit codes: 0 done, 1 failed, 2 usage, 3 done in part, 4 done but not settled (a list changed while it was \
read), 130 stopped.";

#[derive(Subcommand)]
enum Command {
    /// List recordings: those of today, or those of a query
    List(list::Args),
    /// Export the whole of a range to a file, so that nothing is lost or doubled
    Export(export::Args),
    /// Say what a query means: UTC and local times, changes of the clock, other dialects
    Explain(explain::Args),
    /// Print the address of a query
    Url(url::Args),
    /// Repair a document of XML, CSV or JSON lines, and say what was repaired
    Decode(decode::Args),
    /// Keep a profile: service, tenant and token
    Login(login::Args),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page, or write those of all commands
    Man(Man),
}

#[derive(Args)]
struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

#[derive(Args)]
struct Man {
    /// The folder for the pages of all commands
    #[arg(long, value_name = "FOLDER")]
    to: Option<std::path::PathBuf>,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::List(args) => list::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Url(args) => url::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Login(args) => login::run(&args),
        Command::Completions(args) => completions(&args),
        Command::Man(args) => man(&args),
    };
    match done {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn completions(args: &Completions) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "vcc", &mut script);
    output::all(&script)
}

fn man(args: &Man) -> Result<ExitCode, Failure> {
    if let Some(folder) = &args.to {
        clap_mangen::generate_to(Cli::command(), folder)
            .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    output::all(&page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
