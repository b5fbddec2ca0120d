use std::io::Read as _;

use chrono::SecondsFormat;
use clap::Subcommand;
use vcc_server::Clock;
use vcc_store::{Store, StoreErrorKind, TenantId, Token};
use vcc_types::TokenForm;

use super::failure::Failure;
use super::store::{self, StoreArgs};
use super::words::whole;
use super::{note, rewrite, say};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a token and show it, once; the tenant's other tokens stay valid
    New {
        /// The tenant's name
        tenant: String,
        /// A label that tells this token from others: one line of at most 100 characters
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
                rewrite::say_remains(&*store).await?;
            }
        }
        Command::List { tenant, store } => {
            let store = store.open_to_read().await?;
            let tenant = store::tenant(&*store, &tenant).await?;
            for token in store.tokens(tenant.id).await? {
                let created = token.created.to_rfc3339_opts(SecondsFormat::Secs, true);
                let line = format!("{:>4}  {created}  {}", token.id, shown(&token.label));
                say(line.trim_end());
            }
        }
        Command::Revoke { tenant, number, store } => {
            let store = store.open().await?;
            let tenant = store::tenant(&*store, &tenant).await?;
            store.revoke_token(tenant.id, number).await?;
            note(format_args!("revoked token {number} of {}", tenant.name));
            rewrite::say_remains(&*store).await?;
        }
    }
    Ok(())
}

/// Revokes the tokens that are older than this one. Newer ones stay, so if two commands replace at once, the
/// last token is valid.
async fn revoke_before(store: &dyn Store, tenant: TenantId, made: i64) -> Result<(), Failure> {
    let mut failed = None;
    for other in store.tokens(tenant).await?.iter().filter(|other| other.id < made) {
        match store.revoke_token(tenant, other.id).await {
            Ok(()) => {}
            // Somebody else revoked it.
            Err(error) if error.kind() == StoreErrorKind::NotFound => {}
            Err(error) => failed = Some((other.id, error)),
        }
    }
    failed.map_or(Ok(()), |(id, error)| {
        Err(Failure::new(format!("token {id} is not revoked: {error}"))
            .hint("the new token is valid; `token list` shows which others are"))
    })
}

/// A label in one line of a list, even an old one that is not one line. What a terminal would not show, or
/// would reverse, is escaped, and a long label is cut.
fn shown(label: &str) -> String {
    const LONGEST: usize = 100;
    // Quotes and backslashes can be seen.
    let plain = label.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'");
    let is_plain = label.escape_debug().to_string() == plain;
    let shown = if is_plain { label.to_owned() } else { format!("{label:?}") };
    if shown.chars().count() <= LONGEST {
        return shown;
    }
    shown.chars().take(LONGEST - 1).chain(['…']).collect()
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
    if TokenForm::of(secret) == TokenForm::Mistyped {
        note(
            "warning: the token begins as one of this program, and its check characters are wrong: \
             was it copied as a whole? It is taken as it is",
        );
    }
    Ok(Token::from_secret(secret))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_label_is_one_line_of_a_list() {
        let longest = "é".repeat(100);
        for (label, line) in [
            ("", ""),
            ("night shift", "night shift"),
            ("a\\b \"c\" 'd'", "a\\b \"c\" 'd'"),
            ("ไทย é", "ไทย é"),
            (&longest, &longest),
            (&"x".repeat(101), &format!("{}…", "x".repeat(99))),
            ("a\nb", "\"a\\nb\""),
            ("\u{1b}[2J", "\"\\u{1b}[2J\""),
            ("\u{202e}abc\u{2028}", "\"\\u{202e}abc\\u{2028}\""),
            (&"\n".repeat(1_000), &format!("\"{}…", "\\n".repeat(49))),
        ] {
            assert_eq!(shown(label), line);
        }
    }
}
