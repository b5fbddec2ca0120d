use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use vcc_server::{Audit, AuditFailure, Metrics, Server, Tls};
use vcc_store::StoreErrorKind;

use super::background::{Background, Output};
use super::certificate::CertificateFiles;
use super::descriptors;
use super::dialect;
use super::failure::{Failure, cannot};
use super::hangup::Hangup;
use super::listen::Listen;
use super::origins::Origins;
use super::owner;
use super::password;
use super::settings::{LogFormat, LogLevel, OnAuditFailure, Origin, Settings};
use super::stopping::Stopping;
use super::store::{StoreUrl, To, no_store, read_url};
use super::words::shell_word;
use super::zones::ZoneArgs;

/// The path of the resource.
const FILES: &str = "/api/recordings/files";

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    origins: Origins,
    /// Read settings from this file: the long names of the flags, as TOML. A flag overrides its variable,
    /// the variable overrides the file, and the file overrides the default
    #[arg(long, value_name = "FILE", env = "VCC_CONFIG")]
    config: Option<PathBuf>,
    /// Print every setting as it would be used, with where it came from, as such a file, and serve
    /// nothing
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
    let in_file = Origin { path: args.config.as_deref(), names: file.names() };
    let url_in_file = file.store.clone();
    let settings = args.settings.or(file).or(Settings::defaults());
    settings.check()?;
    if args.print_config {
        super::say(settings.print(&args.origins, &in_file)?.trim_end());
        return Ok(());
    }
    let metrics = Arc::<Metrics>::default();
    // Dropped last, so that the last output is written.
    let output = Output::start(&metrics)?;
    log(&settings, output.log())?;
    let encryption = encryption(&settings)?;
    let Some(url) = &settings.store else { return Err(no_store()) };
    let origin = match (args.origins.of("store"), in_file.path) {
        (None, Some(path)) => format!("{}: store", path.display()),
        (origin, _) => origin.unwrap_or_else(|| "--store".to_owned()),
    };
    let of_file = in_file.path.zip(url_in_file.as_deref());
    let of_file = of_file.and_then(|(path, url)| password::of_file(path, url));
    for warning in password::of_command_line(url, &origin).into_iter().chain(of_file) {
        output.note(warning);
    }
    let files = descriptors::raise_limit();
    let zones = ZoneArgs::named(settings.zone_data.clone()).read()?;
    let url = read_url(url, &origin)?;
    let store = url.open(To::Serve, &zones, vcc_store::Sqlite::WAIT).await?;
    let tenant = match store.tenants().await {
        Ok(tenants) => tenants.into_iter().next().map(|tenant| tenant.name),
        // The others are served.
        Err(error) if error.kind() == StoreErrorKind::UnknownZone => {
            output.note(format_args!(
                "warning: {error}: its requests fail with 500 until `vcc-server tenant set --tz` gives \
                 it another, or --zone-data names newer data"
            ));
            Some("TENANT".to_owned())
        }
        Err(error) => return Err(error.into()),
    };
    match (&tenant, &url) {
        (Some(_), _) => {}
        (None, StoreUrl::Memory) => output.note(
            "note: a store in memory has no tenant and gets none, so every request is turned away; \
             `vcc-server demo` serves samples",
        ),
        (None, _) => {
            output.note("note: the store has no tenant yet, so every request is turned away");
        }
    }

    let mut limits = settings.limits();
    let (connections, warning) =
        descriptors::clamp(files, limits.connections, store.descriptors())?;
    limits.connections = connections;
    if let Some(warning) = warning {
        output.note(warning);
    }
    let mut builder = Server::builder(store)
        .metrics(metrics)
        .zones(zones.clone())
        .limits(limits)
        .explain(settings.explain == Some(true))
        .explorer(settings.explorer == Some(true))
        .explorer_origins(settings.explorer_origin.clone().unwrap_or_default())
        .allow_origins(settings.allow_origin.clone().unwrap_or_default());
    if let Some(path) = &settings.dialect {
        builder = builder.dialect(dialect::read(path)?);
    }
    let is_asked = settings.explorer_origin.as_ref().is_some_and(|origins| !origins.is_empty());
    if is_asked && settings.explorer != Some(true) {
        output.note("note: explorer-origin does nothing without explorer");
    }
    let audit = audit(&settings)?;
    if let Some(audit) = &audit {
        builder = builder.audit(audit.clone());
    }
    if let Some(admin) = &settings.admin {
        let addresses = resolve("--admin", admin).await?;
        builder = builder.admin(addresses[0]);
    }
    let tls = match &encryption {
        Encryption::None => None,
        Encryption::SelfSigned { tls, .. } => Some(tls),
        Encryption::Files(files) => Some(files.tls()),
    };
    let is_encrypted = tls.is_some();
    if let Some(tls) = tls {
        builder = builder.tls(tls.clone());
    }
    // The defaults have one.
    let listen =
        settings.listen.clone().unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)).into());
    let addresses = resolve("--listen", &listen).await?;
    let server =
        builder.start(&addresses[..]).await.map_err(|error| cannot_listen(&listen, &error))?;
    // Only now that we have the port: the file may belong to a server that has it.
    let trusted = match &encryption {
        Encryption::SelfSigned { certificate, .. } => {
            Some(trust(&output, certificate, settings.tls_self_signed_cert.as_deref())?)
        }
        Encryption::None | Encryption::Files(_) => None,
    };

    // Before it is announced.
    let (mut stopping, mut hangup) = (Stopping::listen(), Hangup::listen());
    let address = server.local_addr();
    if !is_encrypted && settings.behind_proxy != Some(true) && !address.ip().is_loopback() {
        output
            .note(format_args!("warning: plain HTTP on {address}, which other machines can reach"));
    }
    let scheme = if is_encrypted { "https" } else { "http" };
    output.say(format_args!("listening on {scheme}://{address}{FILES} (zone data {zones})"));
    if settings.explorer == Some(true) {
        let host = asked_host(&listen, address);
        output.say(format_args!("explorer: {scheme}://{host}:{}/", address.port()));
    }
    if let Some(trusted) = trusted {
        let host = asked_host(&listen, address);
        let tenant = tenant.as_deref().unwrap_or("TENANT");
        let (tenant, port) = (shell_word(tenant), address.port());
        output.say(format_args!(
            "try: curl {trusted} -u {tenant} 'https://{host}:{port}{FILES}?d=today'"
        ));
        output.say(
            "(curl asks for the password: a token of the tenant, from `vcc-server token new`)",
        );
    }
    if let Some(admin) = server.admin_addr() {
        output.say(format_args!("operators: http://{admin}/metrics"));
    }
    let follow = async {
        match encryption {
            Encryption::Files(files) => files.follow().await,
            Encryption::None | Encryption::SelfSigned { .. } => std::future::pending().await,
        }
    };
    let reopen = async {
        loop {
            hangup.asked().await;
            if let Some(audit) = &audit {
                audit.reopen();
                tracing::info!("the audit log is opened anew");
            }
        }
    };
    tokio::select! {
        () = stopping.asked() => {}
        () = follow => {}
        () = reopen => {}
    }
    tokio::select! {
        () = server.shutdown() => {}
        // A second signal means: do not wait.
        () = stopping.asked() => {
            let lines = audit.map_or(0, |audit| audit.waiting());
            if lines > 0 {
                tracing::error!(lines, "the audit log ends without lines that should be in it");
            }
        }
    }
    Ok(())
}

fn audit(settings: &Settings) -> Result<Option<Audit>, Failure> {
    let Some(path) = &settings.audit else { return Ok(None) };
    let audit = Audit::append(path).map_err(|error| {
        Failure::new(format!("cannot write the audit log {}: {error}", path.display()))
    })?;
    let audit = audit.with_failure(match settings.audit_failure {
        Some(OnAuditFailure::Refuse) => AuditFailure::Refuse,
        _ => AuditFailure::Serve,
    });
    let values = settings.audit_values == Some(true);
    Ok(Some(if values { audit.with_values() } else { audit }))
}

/// How connections are encrypted.
enum Encryption {
    None,
    /// Self-signed, made for this run, with its certificate as PEM.
    SelfSigned {
        tls: Tls,
        certificate: String,
    },
    Files(CertificateFiles),
}

/// REQ-4: HTTPS, or plain HTTP if it is asked for.
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
        // A client cannot connect to the address that stands for all addresses.
        let unspecified = ["0.0.0.0", "::"];
        let listen = settings.listen.as_ref().map(Listen::host);
        names.extend(listen.filter(|host| !unspecified.contains(host)).map(str::to_lowercase));
        names.sort();
        names.dedup();
        let (tls, certificate) =
            Tls::self_signed(&names).map_err(|error| Failure::new(error.to_string()))?;
        return Ok(Encryption::SelfSigned { tls, certificate });
    }
    if settings.insecure_http == Some(true) || settings.behind_proxy == Some(true) {
        return Ok(Encryption::None);
    }
    Err(Failure::usage("plain HTTP would carry tokens and recordings unencrypted").hint(
        "--tls-cert and --tls-key serve HTTPS, --tls-self-signed does for trials; \
         --insecure-http serves plain HTTP all the same",
    ))
}

/// Prints or writes the self-signed certificate, and shows how curl trusts it.
fn trust(output: &Output, certificate: &str, file: Option<&Path>) -> Result<String, Failure> {
    let Some(path) = file else {
        output.note(format_args!(
            "the certificate vouches for itself; clients trust it as\n{}",
            certificate.trim_end()
        ));
        return Ok("--insecure".to_owned());
    };
    owner::write(path, certificate).map_err(|error| cannot("write", path, &error))?;
    let name = path.display();
    output.note(format_args!("the certificate vouches for itself; clients trust it by {name}"));
    Ok(format!("--cacert {}", shell_word(&name.to_string())))
}

/// The host for a client on this machine: a name in the certificate.
fn asked_host(listen: &Listen, address: SocketAddr) -> String {
    match address.ip() {
        ip if !ip.is_unspecified() => listen.bracketed(),
        std::net::IpAddr::V4(_) => "127.0.0.1".to_owned(),
        std::net::IpAddr::V6(_) => "[::1]".to_owned(),
    }
}

/// The addresses of a host: one at least.
async fn resolve(flag: &str, listen: &Listen) -> Result<Vec<SocketAddr>, Failure> {
    listen.resolve().await.map_err(|error| {
        Failure::new(format!("cannot listen on {listen}: {error}"))
            .hint(format!("{flag} takes an address of this machine, or a name that stands for one"))
    })
}

/// Events go to stderr, because stdout is for the output. Of other crates only warnings and errors are
/// logged: their traces may contain what a client sent.
fn log(settings: &Settings, to: Background) -> Result<(), Failure> {
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
    let events =
        tracing_subscriber::fmt::layer().with_target(false).with_writer(move || to.clone());
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
pub(super) fn cannot_listen(listen: &Listen, error: &std::io::Error) -> Failure {
    // An error that is not the system's own names the operators' address.
    let operators = error.raw_os_error().is_none();
    let failure = if operators {
        Failure::new(format!("cannot listen on {error}"))
    } else {
        Failure::new(format!("cannot listen on {listen}: {error}"))
    };
    let (flag, host) = if operators {
        ("--admin", "127.0.0.1".to_owned())
    } else {
        ("--listen", listen.bracketed())
    };
    match error.kind() {
        std::io::ErrorKind::AddrInUse => failure
            .hint(format!("another program listens there; `{flag} {host}:0` takes a free port")),
        std::io::ErrorKind::PermissionDenied => {
            failure.hint("ports below 1024 need a privilege; choose a higher one")
        }
        std::io::ErrorKind::AddrNotAvailable => {
            failure.hint("this machine has no such address; 0.0.0.0 stands for all it has")
        }
        _ => failure,
    }
}
