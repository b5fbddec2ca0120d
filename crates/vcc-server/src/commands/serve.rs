use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tracing_subscriber::EnvFilter;
use vcc_server::{Audit, Server, Tls};
use vcc_types::Dialect;

use super::failure::Failure;
use super::settings::{LogFormat, Settings};
use super::store::StoreArgs;
use super::{asked_to_stop, note, say};

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

/// How often the certificate's files are looked at.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(5);

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let file = match &args.config {
        Some(path) => Settings::read(path)?,
        None => Settings::default(),
    };
    let settings = args.settings.or(file).or(Settings::defaults());
    if args.print_config {
        say(settings.to_toml()?.trim_end());
        return Ok(());
    }
    log(&settings)?;
    let tls = encryption(&settings)?;
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
    if let Some(tls) = &tls {
        builder = builder.tls(tls.clone());
    }
    // The defaults have one.
    let listen = settings.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
    let server = builder.start(listen).await.map_err(|error| cannot_listen(listen, &error))?;

    let address = server.local_addr();
    if tls.is_none() && settings.behind_proxy != Some(true) && !address.ip().is_loopback() {
        note(format_args!("warning: plain HTTP on {address}, which other machines can reach"));
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    say(format_args!("listening on {scheme}://{address}/api/recordings/files"));
    if let Some(admin) = server.admin_addr() {
        say(format_args!("operators: http://{admin}/metrics"));
    }
    let reload = async {
        match (tls, &settings.tls_cert, &settings.tls_key) {
            (Some(tls), Some(certificate), Some(key)) => reload(&tls, certificate, key).await,
            _ => std::future::pending().await,
        }
    };
    tokio::select! {
        () = asked_to_stop() => {}
        () = reload => {}
    }
    server.shutdown().await;
    Ok(())
}

/// REQ-4: HTTPS, or plain HTTP when it is asked for.
fn encryption(settings: &Settings) -> Result<Option<Tls>, Failure> {
    match (&settings.tls_cert, &settings.tls_key) {
        (Some(certificate), Some(key)) => return certificate_files(certificate, key).map(Some),
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
        return Ok(Some(tls));
    }
    if settings.insecure_http == Some(true) || settings.behind_proxy == Some(true) {
        return Ok(None);
    }
    Err(Failure::usage("plain HTTP would carry tokens and recordings unencrypted").hint(
        "--tls-cert and --tls-key serve HTTPS, --tls-self-signed does for trials; \
         --insecure-http serves plain HTTP all the same",
    ))
}

fn certificate_files(certificate: &Path, key: &Path) -> Result<Tls, Failure> {
    let read = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))
    };
    Tls::from_pem(&read(certificate)?, &read(key)?)
        .map_err(|error| Failure::new(format!("{}: {error}", certificate.display())))
}

/// Takes up a new certificate when its files change. Connections that are open stay open.
async fn reload(tls: &Tls, certificate: &Path, key: &Path) {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|about| about.modified()).ok();
    let state = || -> [Option<SystemTime>; 2] { [changed(certificate), changed(key)] };
    let mut known = state();
    loop {
        tokio::time::sleep(CERTIFICATE_CHECK).await;
        let now = state();
        if now == known {
            continue;
        }
        match certificate_files(certificate, key) {
            Ok(new) => {
                tls.replace(&new);
                known = now;
                tracing::info!("the certificate was read again");
            }
            // Half-written, or only one of the two so far: it is read again the next time.
            Err(error) => tracing::warn!(?error, "the certificate changed and cannot be used"),
        }
    }
}

fn dialect(path: &Path) -> Result<Dialect, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {name}: {error}")))?;
    text.parse().map_err(|error| Failure::usage(format!("{name}: {error}")))
}

/// Events go to stderr, so that stdout stays for what was asked for.
fn log(settings: &Settings) -> Result<(), Failure> {
    let level = settings.log.as_deref().unwrap_or("warn");
    let filter = EnvFilter::builder().parse(level).map_err(|error| {
        Failure::usage(format!("--log {level}: {error}")).hint("error, warn, info or debug")
    })?;
    let events = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(std::io::stderr);
    let outcome = match settings.log_format {
        Some(LogFormat::Json) => events.json().flatten_event(true).try_init(),
        _ => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            events.with_ansi(colours).try_init()
        }
    };
    outcome.map_err(|error| Failure::new(format!("cannot log: {error}")))
}

/// Says why an address cannot be listened on, and what would help.
pub(super) fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Failure {
    let failure = Failure::new(format!("cannot listen on {address}: {error}"));
    match error.kind() {
        std::io::ErrorKind::AddrInUse => failure.hint(format!(
            "another program listens there; `--listen {}:0` takes a free port",
            address.ip()
        )),
        std::io::ErrorKind::PermissionDenied => {
            failure.hint("ports below 1024 need a privilege; choose a higher one")
        }
        std::io::ErrorKind::AddrNotAvailable => {
            failure.hint("this machine has no such address; 0.0.0.0 stands for all it has")
        }
        _ => failure,
    }
}
