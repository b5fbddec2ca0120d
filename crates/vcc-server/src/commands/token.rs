use std::io::Read as _;

use chrono::SecondsFormat;
use clap::Subcommand;
use vcc_server::Clock;
use vcc_store::{Store, StoreErrorKind, TenantId, Token};

use super::failure::Failure;
use super::store::{self, StoreArgs};
use super::words::whole;
use super::{note, say};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a token and show it, once; the tenant's other tokens stay valid
    New {
        /// The tenant's name
        tenant: String,
        /// A word that tells this token from others
        #[arg(long, value_name = "TEXT", default_value = "")]
        label: String,
        /// Revoke the tenant's other tokens
        #[arg(long)]
        replace: bool,
        /// Read a token that was issued elsewhere from stdin instead of making one
        #[arg(long)]
        stdin: bool,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// List the tokens of a tenant: number, time, label; the tokens themselves are not kept
    List {
        /// The tenant's name
        tenant: String,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Revoke a token, from the next request on
    Revoke {
        /// The tenant's name
        tenant: String,
        /// The token's number in the list
        #[arg(value_parser = whole::<i64>)]
        number: i64,
        #[command(flatten)]
        store: StoreArgs,
    },
}

/// The documentation's own sample token has 19 characters. Shorter ones can be guessed.
const SHORTEST: usize = 16;

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::New { tenant, label, replace, stdin, store } => {
            let store = store.open().await?;
            let tenant = store::tenant(&*store, &tenant).await?;
            let token = if stdin { read()? } else { Token::generate()? };
            let now = Clock::system().now();
            let made = store.add_token(tenant.id, token.hash(), &label, now).await?;
            // Before anything else can fail: it is valid, and shown only here.
            note(format_args!("token {} of {}:", made.id, tenant.name));
            if !stdin {
                say(token.reveal());
                note("it is not shown again");
            }
            if replace {
                revoke_before(&*store, tenant.id, made.id).await?;
            }
        }
        Command::List { tenant, store } => {
            let store = store.open().await?;
            let tenant = store::tenant(&*store, &tenant).await?;
            for token in store.tokens(tenant.id).await? {
                let created = token.created.to_rfc3339_opts(SecondsFormat::Secs, true);
                say(format_args!("{:>4}  {created}  {}", token.id, token.label)
                    .to_string()
                    .trim_end());
            }
        }
        Command::Revoke { tenant, number, store } => {
            let store = store.open().await?;
            let tenant = store::tenant(&*store, &tenant).await?;
            store.revoke_token(tenant.id, number).await?;
            note(format_args!("revoked token {number} of {}", tenant.name));
        }
    }
    Ok(())
}

/// Revokes the tokens that are older than one. Newer ones are not its to revoke: of two that replace at
/// once, the last stays.
async fn revoke_before(store: &dyn Store, tenant: TenantId, made: i64) -> Result<(), Failure> {
    let mut failed = None;
    for other in store.tokens(tenant).await?.iter().filter(|other| other.id < made) {
        match store.revoke_token(tenant, other.id).await {
            Ok(()) => {}
            // Somebody else has.
            Err(error) if error.kind() == StoreErrorKind::NotFound => {}
            Err(error) => failed = Some((other.id, error)),
        }
    }
    failed.map_or(Ok(()), |(id, error)| {
        Err(Failure::new(format!("token {id} is not revoked: {error}"))
            .hint("the new token is valid; `token list` shows which others are"))
    })
}

fn read() -> Result<Token, Failure> {
    let mut secret = String::new();
    std::io::stdin()
        .read_to_string(&mut secret)
        .map_err(|error| Failure::new(format!("cannot read the token from stdin: {error}")))?;
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.len() < SHORTEST {
        let message = format!("a token has at least {SHORTEST} characters");
        return Err(Failure::usage(message).hint("without --stdin, a token of 256 bits is made"));
    }
    Ok(Token::from_secret(secret))
}
