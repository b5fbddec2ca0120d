//! `vcc login`.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vcc_client::{Base, Credentials, Profile, Profiles};
use vcc_query::Query;

use crate::connect::{ConnectArgs, ask, runtime, token_of_stdin};
use crate::failure::{Failure, note};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  vcc login                                   asks for what it needs
  vcc login --url na3 --tenant acme --token-command 'pass show vcc/acme'
  printf %s \"$TOKEN\" | vcc login --profile nightly --url https://recordings.example --tenant acme --token-stdin")]
pub(crate) struct Args {
    /// Keep it without asking the service whether it is right
    #[arg(long)]
    no_check: bool,
    /// Keep the token in the keyring of the system, instead of in the file
    #[cfg(feature = "keyring")]
    #[arg(long)]
    keyring: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

impl Args {
    fn is_for_keyring(&self) -> bool {
        #[cfg(feature = "keyring")]
        let keyring = self.keyring;
        #[cfg(not(feature = "keyring"))]
        let keyring = false;
        keyring
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let connect = &args.connect;
    if connect.netrc {
        return Err(Failure::usage("--netrc: a profile has a token of its own")
            .hint("--netrc is a flag of the commands that ask, beside a profile or without one"));
    }
    let name = connect.profile.as_deref().unwrap_or("default");
    let file = Profiles::default_file()
        .ok_or_else(|| Failure::usage("there is no home folder; VCC_PROFILES names a file"))?;
    let mut profiles = Profiles::read(&file).map_err(|error| Failure::usage(error.to_string()))?;
    let url = given(connect.url.as_deref(), "URL or region of the service", "--url")?;
    let base: Base = url.parse().map_err(|error| Failure::usage(format!("--url: {error}")))?;
    let tenant = given(connect.tenant.as_deref(), "Tenant", "--tenant")?;
    let mut profile = Profile::default();
    profile.url = Some(base.to_string());
    profile.tenant = Some(tenant.clone());
    let command = if connect.token_stdin { None } else { connect.token_command() };
    profile.token_command.clone_from(&command);
    profile.plain_http = connect.plain_http;
    profile.cacert = connect.cacert.as_deref().map(kept_path).transpose()?;
    profile.tz = match &connect.tenant_tz {
        Some(tz) => Some(crate::query::zone("--tenant-tz", tz)?.name().to_owned()),
        None => None,
    };
    let credentials = match command {
        Some(command) => Credentials::from_command(&*tenant, &command)
            .map_err(|error| Failure::usage(error.to_string()))?,
        None => {
            let token = if connect.token_stdin {
                token_of_stdin()?
            } else {
                match std::env::var(Credentials::TOKEN) {
                    Ok(token) if !token.is_empty() => token,
                    _ => ask(&tenant)?,
                }
            };
            if !args.is_for_keyring() {
                profile = profile.with_token(token.clone());
            }
            Credentials::new(&*tenant, token, "this login")
        }
    };
    if !args.no_check {
        check(connect, &base, credentials.clone())?;
    }
    #[cfg(feature = "keyring")]
    if args.keyring {
        credentials.keep_in_keyring(&base).map_err(|error| Failure::new(error.to_string()))?;
        profile.keyring = Some(true);
    }
    profiles.set(name, profile).map_err(|error| Failure::new(error.to_string()))?;
    note(format_args!("kept as the profile {name} in {}", file.display()));
    Ok(ExitCode::SUCCESS)
}

/// A value that is given, or asked for at the terminal.
fn given(value: Option<&str>, question: &str, flag: &str) -> Result<String, Failure> {
    if let Some(value) = value {
        return Ok(value.to_owned());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "{flag} is missing, and there is no terminal to ask at"
        )));
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question}: ")?;
    stderr.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| Failure::new(error.to_string()))?;
    let line = line.trim();
    if line.is_empty() {
        Err(Failure::usage(format!("{flag} is missing")))
    } else {
        Ok(line.to_owned())
    }
}

/// The file that a path names from any folder.
fn kept_path(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::usage(format!("--cacert {}: {error}", path.display())))
}

/// Asks for a page that no list has, which the service answers only to those who may ask.
fn check(connect: &ConnectArgs, base: &Base, credentials: Credentials) -> Result<(), Failure> {
    let client = connect.client(base, credentials, None, None)?;
    runtime()?.block_on(client.page(&Query::default().with_n(2_147_483_648)))?;
    Ok(())
}
