use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use vcc_server::{Audit, Server, Tls};
use vcc_types::Dialect;

use super::certificate::CertificateFiles;
use super::failure::{Failure, cannot};
use super::settings::{LogFormat, LogLevel, Settings};
use super::stopping::Stopping;
use super::store::StoreArgs;
use super::{note, say};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Read settings from this file: the long names of the flags, as TOML
    #[arg(long, value_name = "FILE", env = "VCC_CONFIG")]
    config: Option<PathBuf>,
    /// Show the settings as they would be used, and serve nothing
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let file = match &args.config {
        Some(path) => Settings::read(path)?,
        None => Settings::default(),
    };
    let settings = args.settings.or(file).or(Settings::defaults());
    settings.check()?;
    if args.print_config {
        say(settings.into_toml()?.trim_end());
        return Ok(());
    }
    log(&settings)?;
    let encryption = encryption(&settings)?;
    let Some(store) = &settings.store else {
        return Err(Failure::usage("there is no --store").hint("--store sqlite:recordings.db"));
    };
    let store = StoreArgs::named(store)?.open().await?;
    if store.tenants().await?.is_empty() {
        note("note: the store has no tenant yet, so every request is turned away");
    }

    let mut builder =
        Server::builder(store).limits(settings.limits()).explain(settings.explain == Some(true));
    if let Some(path) = &settings.dialect {
        builder = builder.dialect(dialect(path)?);
    }
    if let Some(path) = &settings.audit {
        let audit = Audit::append(path).map_err(|error| {
            Failure::new(format!("cannot write the audit log {}: {error}", path.display()))
        })?;
        let values = settings.audit_values == Some(true);
        builder = builder.audit(if values { audit.with_values() } else { audit });
    }
    if let Some(address) = settings.admin {
        builder = builder.admin(address);
    }
    let tls = match &encryption {
        Encryption::None => None,
        Encryption::Fixed(tls) => Some(tls),
        Encryption::Files(files) => Some(files.tls()),
    };
    let is_encrypted = tls.is_some();
    if let Some(tls) = tls {
        builder = builder.tls(tls.clone());
    }
    // The defaults have one.
    let listen = settings.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
    let server = builder.start(listen).await.map_err(|error| cannot_listen(listen, &error))?;

    // Before anybody knows that it is there.
    let mut stopping = Stopping::listen();
    let address = server.local_addr();
    if !is_encrypted && settings.behind_proxy != Some(true) && !address.ip().is_loopback() {
        note(format_args!("warning: plain HTTP on {address}, which other machines can reach"));
    }
    let scheme = if is_encrypted { "https" } else { "http" };
    say(format_args!("listening on {scheme}://{address}/api/recordings/files"));
    if let Some(admin) = server.admin_addr() {
        say(format_args!("operators: http://{admin}/metrics"));
    }
    let follow = async {
        match encryption {
            Encryption::Files(files) => files.follow().await,
            Encryption::None | Encryption::Fixed(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = stopping.asked() => {}
        () = follow => {}
    }
    tokio::select! {
        () = server.shutdown() => {}
        // Whoever asks twice does not want to wait.
        () = stopping.asked() => {}
    }
    Ok(())
}

/// What connections are encrypted with.
enum Encryption {
    None,
    /// Made for this run.
    Fixed(Tls),
    Files(CertificateFiles),
}

/// REQ-4: HTTPS, or plain HTTP when it is asked for.
fn encryption(settings: &Settings) -> Result<Encryption, Failure> {
    match (&settings.tls_cert, &settings.tls_key) {
        (Some(certificate), Some(key)) => {
            return CertificateFiles::read(certificate, key).map(Encryption::Files);
        }
        (Some(_), None) | (None, Some(_)) => {
            return Err(Failure::usage("--tls-cert and --tls-key go together"));
        }
        (None, None) => {}
    }
    if settings.tls_self_signed == Some(true) {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let listen = settings.listen.map(|listen| listen.ip());
        names.extend(listen.filter(|ip| !ip.is_loopback()).map(|ip| ip.to_string()));
        let (tls, certificate) =
            Tls::self_signed(&names).map_err(|error| Failure::new(error.to_string()))?;
        note(format_args!(
            "the certificate vouches for itself; clients trust it as\n{}",
            certificate.trim_end()
        ));
        return Ok(Encryption::Fixed(tls));
    }
    if settings.insecure_http == Some(true) || settings.behind_proxy == Some(true) {
        return Ok(Encryption::None);
    }
    Err(Failure::usage("plain HTTP would carry tokens and recordings unencrypted").hint(
        "--tls-cert and --tls-key serve HTTPS, --tls-self-signed does for trials; \
         --insecure-http serves plain HTTP all the same",
    ))
}

fn dialect(path: &Path) -> Result<Dialect, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| cannot("read", path, &error))?;
    text.parse().map_err(|error| Failure::usage(format!("{name}: {error}")))
}

/// Events go to stderr, so that stdout stays for what was asked for. Of other crates nothing is
/// logged but what goes wrong: what they trace may be what a client sent.
fn log(settings: &Settings) -> Result<(), Failure> {
    let level = match settings.log.unwrap_or(LogLevel::Warn) {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let ours = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("vcc_server", level)
        .with_target("vcc_store", level);
    let events = tracing_subscriber::fmt::layer().with_target(false).with_writer(std::io::stderr);
    let events = match settings.log_format {
        Some(LogFormat::Json) => events.json().flatten_event(true).boxed(),
        _ => events.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).boxed(),
    };
    tracing_subscriber::registry()
        .with(events.with_filter(ours))
        .try_init()
        .map_err(|error| Failure::new(format!("cannot log: {error}")))
}

/// Says why an address cannot be listened on, and what would help.
pub(super) fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Failure {
    // What is not the system's own error names the operators' address.
    let operators = error.raw_os_error().is_none();
    let failure = if operators {
        Failure::new(format!("cannot listen on {error}"))
    } else {
        Failure::new(format!("cannot listen on {address}: {error}"))
    };
    let (flag, address) = if operators {
        ("--admin", "127.0.0.1".to_owned())
    } else {
        ("--listen", address.ip().to_string())
    };
    match error.kind() {
        std::io::ErrorKind::AddrInUse => failure
            .hint(format!("another program listens there; `{flag} {address}:0` takes a free port")),
        std::io::ErrorKind::PermissionDenied => {
            failure.hint("ports below 1024 need a privilege; choose a higher one")
        }
        std::io::ErrorKind::AddrNotAvailable => {
            failure.hint("this machine has no such address; 0.0.0.0 stands for all it has")
        }
        _ => failure,
    }
}
