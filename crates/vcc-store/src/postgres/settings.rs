use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::password_file::PasswordFile;
use crate::{StoreError, StoreErrorKind};

/// The settings in the URL of a store.
#[derive(Debug)]
pub(super) struct Settings {
    /// One for each host, never empty.
    pub(super) hosts: Vec<Config>,
    pub(super) reads: Reads,
    /// How far a standby may be behind.
    pub(super) max_lag: Duration,
    /// How many connections are kept for reads.
    pub(super) connections: usize,
    /// The certificate authorities of the servers; without them there is no TLS.
    pub(super) authorities: Option<PathBuf>,
    /// The file of passwords, if it is not the usual one.
    password_file: Option<PathBuf>,
}

/// Which servers answer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// The primary and the standbys.
    Any,
    /// The primary alone.
    Primary,
    /// The standbys, or the primary while there is none.
    PreferStandby,
    /// The standbys alone.
    Standby,
}

const MAX_LAG: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

impl Settings {
    /// Reads a URL. What libpq knows too means the same as there, except that TLS is all or
    /// nothing.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        if !base.starts_with("postgres://") && !base.starts_with("postgresql://") {
            return Err(refused("expected a URL such as postgres://USER:PASSWORD@HOST/DATABASE"));
        }
        let mut settings = Self {
            hosts: Vec::new(),
            reads: Reads::Any,
            max_lag: MAX_LAG,
            connections: std::thread::available_parallelism().map_or(2, |cores| cores.get()) * 4,
            authorities: None,
            password_file: None,
        };
        let mut tls = false;
        let mut rest = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let number = || value.parse().ok().filter(|number| (1..=100_000).contains(number));
            match name {
                "target_session_attrs" => settings.reads = reads(value)?,
                "sslmode" => tls = is_tls(value)?,
                "sslrootcert" => {
                    let path = percent_decode_str(value).decode_utf8_lossy();
                    settings.authorities = Some(PathBuf::from(path.as_ref()));
                }
                "passfile" => {
                    let path = percent_decode_str(value).decode_utf8_lossy();
                    settings.password_file = Some(PathBuf::from(path.as_ref()));
                }
                "max_lag" => {
                    let seconds = number().ok_or_else(|| refused("max_lag: expected seconds"))?;
                    settings.max_lag = Duration::from_secs(seconds);
                }
                "connections" => {
                    let number =
                        number().ok_or_else(|| refused("connections: expected a number"))?;
                    settings.connections = usize::try_from(number).unwrap_or(usize::MAX);
                }
                _ => rest.push(parameter),
            }
        }
        if tls != settings.authorities.is_some() {
            return Err(refused("sslmode=verify-full and sslrootcert=FILE go together"));
        }
        let parsed = Config::from_str(&format!("{base}?{}", rest.join("&")))
            .map_err(|error| refused("cannot read the store's URL").with_source(error))?;
        settings.hosts = each_host(&parsed, tls)?;
        Ok(settings)
    }

    /// Adds the passwords that the URL leaves out, from the file that has them.
    pub(super) fn complete(&mut self) -> Result<(), StoreError> {
        if self.hosts.iter().all(|config| config.get_password().is_some()) {
            return Ok(());
        }
        let Some(file) = PasswordFile::read(self.password_file.as_deref())? else { return Ok(()) };
        self.hosts.iter_mut().try_for_each(|config| file.complete(config))
    }
}

fn reads(value: &str) -> Result<Reads, StoreError> {
    match value {
        "any" => Ok(Reads::Any),
        "primary" | "read-write" => Ok(Reads::Primary),
        "prefer-standby" => Ok(Reads::PreferStandby),
        "standby" | "read-only" => Ok(Reads::Standby),
        _ => Err(refused(
            "target_session_attrs: expected any, primary, prefer-standby or standby, for reads",
        )),
    }
}

fn is_tls(value: &str) -> Result<bool, StoreError> {
    match value {
        "disable" => Ok(false),
        "verify-full" => Ok(true),
        // The other modes accept any certificate, or none.
        _ => Err(refused("sslmode: expected disable or verify-full")),
    }
}

/// Splits a configuration for several hosts into one for each.
fn each_host(all: &Config, tls: bool) -> Result<Vec<Config>, StoreError> {
    use tokio_postgres::config::SslMode;

    let (hosts, addresses, ports) = (all.get_hosts(), all.get_hostaddrs(), all.get_ports());
    let count = hosts.len().max(addresses.len());
    let port = |index: usize| match ports {
        [] => Some(5432),
        [port] => Some(*port),
        ports => ports.get(index).copied(),
    };
    if count == 0 {
        return Err(refused("the store's URL names no host"));
    }
    (0..count)
        .map(|index| {
            let mut one = Config::new();
            match hosts.get(index) {
                Some(Host::Tcp(name)) => one.host(name),
                #[cfg(unix)]
                Some(Host::Unix(path)) => one.host_path(path),
                None => &mut one,
            };
            if let Some(address) = addresses.get(index) {
                one.hostaddr(*address);
            }
            one.port(port(index).ok_or_else(|| refused("the store's URL names too few ports"))?);
            if let Some(user) = all.get_user() {
                one.user(user);
            }
            if let Some(password) = all.get_password() {
                one.password(password);
            }
            if let Some(name) = all.get_dbname() {
                one.dbname(name);
            }
            if let Some(options) = all.get_options() {
                one.options(options);
            }
            one.application_name(all.get_application_name().unwrap_or("vcc-store"))
                .ssl_mode(if tls { SslMode::Require } else { SslMode::Disable })
                .connect_timeout(*all.get_connect_timeout().unwrap_or(&CONNECT_TIMEOUT))
                .channel_binding(all.get_channel_binding())
                // A host that vanishes silently is noticed within half a minute.
                .tcp_user_timeout(*all.get_tcp_user_timeout().unwrap_or(&Duration::from_secs(20)))
                .keepalives(all.get_keepalives())
                .keepalives_idle(Duration::from_secs(10))
                .keepalives_interval(Duration::from_secs(5))
                .keepalives_retries(3);
            Ok(one)
        })
        .collect()
}

fn refused(message: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Refused, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_has_its_own_configuration() {
        let url = "postgres://u:p%40@h1:5433,%2Frun%2Fpg:5434,h3:5435/db?target_session_attrs=\
                   prefer-standby&max_lag=7&connections=3&connect_timeout=2&options=-c%20jit%3Doff";
        let settings = Settings::parse(url).unwrap();
        assert_eq!((settings.reads, settings.connections), (Reads::PreferStandby, 3));
        assert_eq!(settings.max_lag, Duration::from_secs(7));
        let hosts: Vec<_> = settings
            .hosts
            .iter()
            .map(|config| (config.get_hosts()[0].clone(), config.get_ports()[0]))
            .collect();
        assert_eq!(
            hosts,
            [
                (Host::Tcp("h1".into()), 5433),
                (Host::Unix("/run/pg".into()), 5434),
                (Host::Tcp("h3".into()), 5435)
            ]
        );
        for config in &settings.hosts {
            assert_eq!(config.get_password(), Some(&b"p@"[..]));
            assert_eq!(config.get_dbname(), Some("db"));
            assert_eq!(config.get_options(), Some("-c jit=off"));
            assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(2)));
        }
    }

    #[test]
    fn what_a_url_leaves_out() {
        let settings = Settings::parse("postgresql://h1,h2:6000").unwrap();
        assert_eq!(settings.hosts[0].get_ports(), [5432]);
        assert_eq!(settings.hosts[1].get_ports(), [6000]);
        assert_eq!((settings.reads, settings.max_lag), (Reads::Any, MAX_LAG));
        assert!(settings.connections >= 4);
    }

    #[test]
    fn what_is_refused_and_why() {
        for (url, message) in [
            ("sqlite:x", "expected a URL such as postgres://USER:PASSWORD@HOST/DATABASE"),
            ("postgres://", "the store's URL names no host"),
            ("postgres://h?sslmode=require", "sslmode: expected disable or verify-full"),
            (
                "postgres://h?sslmode=verify-full",
                "sslmode=verify-full and sslrootcert=FILE go together",
            ),
            ("postgres://h?sslrootcert=f", "sslmode=verify-full and sslrootcert=FILE go together"),
            ("postgres://h?max_lag=0", "max_lag: expected seconds"),
            ("postgres://h?connections=many", "connections: expected a number"),
            (
                "postgres://h?target_session_attrs=none",
                "target_session_attrs: expected any, primary, prefer-standby or standby, for reads",
            ),
        ] {
            let error = Settings::parse(url).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Refused, "{url}");
            assert_eq!(error.to_string(), message, "{url}");
        }
        let secret = Settings::parse("postgres://u:sesame@h:port/db").unwrap_err();
        assert!(!secret.to_string().contains("sesame"), "{secret}");
    }
}
