//! The commands: each in its own file, all ending in an exit code.

mod ask;
mod background;
mod backup;
mod certificate;
mod dataset;
mod deletion;
mod demo;
mod descriptors;
mod dialect;
mod export;
mod failure;
mod fields;
mod hangup;
mod import;
mod listen;
mod origins;
mod owner;
mod partial;
mod password;
mod progress;
mod rewrite;
mod serve;
mod settings;
mod stopping;
mod store;
mod store_file;
mod store_paths;
mod store_text;
mod tenant;
mod tenant_list;
mod tenant_zone;
mod token;
mod vacuum;
mod words;
mod zones;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;

use anstream::{stderr, stdout};
use clap::builder::styling::{AnsiColor, Styles};
use clap::{CommandFactory as _, Parser, Subcommand};

use self::failure::Failure;

/// The Recordings API as a server.
///
/// It lists metadata about call recordings; it serves no audio.
#[derive(Parser)]
#[command(name = "vcc-server", version = VERSION.as_str(), styles = STYLES, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve sample recordings on loopback, to try the API
    Demo(demo::Args),
    /// Serve the recordings of a store
    Serve(Box<serve::Args>),
    /// Add, list, change and remove tenants
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Make, list and revoke the tokens of a tenant
    #[command(subcommand)]
    Token(token::Command),
    /// Add recordings to a tenant from a CSV, XML or JSON lines file
    Import(import::Args),
    /// Write all recordings of a tenant, or those of a query, as CSV, XML or JSON lines
    Export(export::Args),
    /// Delete the recordings of a tenant that started before a date
    Purge(deletion::Purge),
    /// Delete the recordings of a phone number or an agent
    Erase(deletion::Erase),
    /// List which fields have an index, give one to a field or take it away
    Fields(fields::Args),
    /// Rewrite a store, so that nothing that was deleted has copies in its files
    Vacuum(vacuum::Args),
    /// Copy a store in a file to another file, while it is used
    Backup(backup::Backup),
    /// Make a store from a backup
    Restore(backup::Restore),
    /// Rename or remove a store in a file, with all that belongs to it
    #[command(subcommand)]
    Store(store_file::Command),
    /// Print the completions of this command for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands
    Man {
        /// Write a page for each command into this folder
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
    },
}

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed
  2  usage: an unknown flag, or a value that cannot be read
  3  done in part: an import left records out, or a deletion left copies in the files";

/// DATE-13: zone data has a version.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} (zone data {})", env!("CARGO_PKG_VERSION"), zones::describe()));

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Runs a command line.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout and is no error; anything else is usage.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::new(format!("cannot start: {error}")).report(),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Demo(args) => demo::run(args).await,
            Command::Serve(args) => serve::run(*args).await,
            Command::Tenant(command) => tenant::run(command).await,
            Command::Token(command) => token::run(command).await,
            Command::Import(args) => import::run(args).await,
            Command::Export(args) => export::run(args).await,
            Command::Purge(args) => deletion::purge(args).await,
            Command::Erase(args) => deletion::erase(args).await,
            Command::Fields(args) => fields::run(args).await,
            Command::Vacuum(args) => vacuum::run(args).await,
            Command::Backup(args) => backup::backup(args).await,
            Command::Restore(args) => backup::restore(args).await,
            Command::Store(command) => store_file::run(command).await,
            Command::Completions { shell } => print(|into| {
                clap_complete::generate(shell, &mut Cli::command(), "vcc-server", into);
                Ok(())
            }),
            Command::Man { to: None } => {
                print(|into| clap_mangen::Man::new(Cli::command()).render(into))
            }
            Command::Man { to: Some(folder) } => clap_mangen::generate_to(Cli::command(), &folder)
                .map_err(|error| {
                    Failure::new(format!("cannot write to {}: {error}", folder.display()))
                }),
        }
    });
    // Everything that has to finish was awaited. What still runs may never end, such as a read from a dead
    // mount or a DNS lookup without an answer.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Writes a generated text to stdout.
fn print(generate: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Result<(), Failure> {
    let mut text = Vec::new();
    generate(&mut text).map_err(|error| Failure::new(error.to_string()))?;
    let _ = stdout().lock().write_all(&text);
    Ok(())
}

/// Writes a line to stdout. It is no failure if nobody reads it.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(stdout().lock(), "{line}");
}

/// Writes a line to stderr.
fn note(line: impl std::fmt::Display) {
    progress::above(|| {
        let _ = writeln!(stderr().lock(), "{line}");
    });
}
