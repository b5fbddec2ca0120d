use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args as _, ValueEnum};
use serde::{Deserialize, Serialize};
use vcc_server::{Limits, WebOrigin, ZoneSource};

use super::failure::{Failure, cannot};
use super::listen::Listen;
use super::origins::Origins;
use super::password::without_password;
use super::store_text::StoreText;
use super::words::whole;

/// The settings of `serve`: from a flag, else the environment, else the configuration file, else the
/// default.
#[derive(clap::Args, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Settings {
    /// The host and port to listen on: `localhost:8443`, `[::1]:8443`, `0.0.0.0:8443`; of a name, its
    /// first address; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT", env = "VCC_LISTEN")]
    pub(super) listen: Option<Listen>,
    /// Where the recordings are kept: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`
    // The URL may hold a password, which the help must not show.
    #[arg(long, value_name = "URL", env = "VCC_STORE", hide_env_values = true,
          value_parser = StoreText::parser())]
    pub(super) store: Option<StoreText>,
    /// The certificate and its chain, as PEM; read again when the file changes
    #[arg(long, value_name = "FILE", env = "VCC_TLS_CERT", help_heading = "Encryption")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", env = "VCC_TLS_KEY", help_heading = "Encryption")]
    pub(super) tls_key: Option<PathBuf>,
    /// Make a self-signed certificate for localhost, for trials
    #[arg(long, value_name = "BOOL", env = "VCC_TLS_SELF_SIGNED", help_heading = "Encryption",
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) tls_self_signed: Option<bool>,
    /// Write the certificate of --tls-self-signed to this file, for clients that should trust it
    #[arg(
        long,
        value_name = "FILE",
        env = "VCC_TLS_SELF_SIGNED_CERT",
        help_heading = "Encryption"
    )]
    pub(super) tls_self_signed_cert: Option<PathBuf>,
    /// Serve plain HTTP: tokens and recordings travel unencrypted
    #[arg(long, value_name = "BOOL", env = "VCC_INSECURE_HTTP", help_heading = "Encryption",
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) insecure_http: Option<bool>,
    /// Serve plain HTTP to a proxy that speaks HTTPS for this server
    #[arg(long, value_name = "BOOL", env = "VCC_BEHIND_PROXY", help_heading = "Encryption",
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) behind_proxy: Option<bool>,
    /// Where the rules of time zones are from: auto (the newer of bundled and system), bundled,
    /// system, or a folder such as /usr/share/zoneinfo [default: auto]
    #[arg(long, value_name = "SOURCE", env = "VCC_ZONE_DATA", help_heading = "Answers")]
    pub(super) zone_data: Option<PathBuf>,
    /// How the points that the documentation leaves open are read: a fingerprint as the
    /// conformance suite writes it
    #[arg(long, value_name = "FILE", env = "VCC_DIALECT", help_heading = "Answers")]
    pub(super) dialect: Option<PathBuf>,
    /// Say in the header X-Vcc-Explain how a query was read
    #[arg(long, value_name = "BOOL", env = "VCC_EXPLAIN", help_heading = "Answers",
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) explain: Option<bool>,
    /// Serve a page for people at `/`, to compose queries and look at answers with; it needs no
    /// credentials, and its form signs in
    #[arg(long, value_name = "BOOL", env = "VCC_EXPLORER", help_heading = "Answers",
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) explorer: Option<bool>,
    /// Another server that this page may ask, such as https://calls.example.com; may be given several
    /// times. That server has to name this one by its own --allow-origin
    #[arg(
        long,
        value_name = "ORIGIN",
        env = "VCC_EXPLORER_ORIGIN",
        value_delimiter = ',',
        help_heading = "Answers"
    )]
    pub(super) explorer_origin: Option<Vec<WebOrigin>>,
    /// An origin whose pages may ask this server in a browser, such as https://explorer.example.com; may
    /// be given several times. Without it, browsers keep answers from all pages but those of this server
    #[arg(
        long,
        value_name = "ORIGIN",
        env = "VCC_ALLOW_ORIGIN",
        value_delimiter = ',',
        help_heading = "Answers"
    )]
    pub(super) allow_origin: Option<Vec<WebOrigin>>,
    /// Serve /healthz, /readyz and /metrics on this address, without credentials
    #[arg(long, value_name = "HOST:PORT", env = "VCC_ADMIN", help_heading = "Operation")]
    pub(super) admin: Option<Listen>,
    /// Append who asked what to this file: tenant, number of the token, address, names of variables,
    /// number of records
    #[arg(long, value_name = "FILE", env = "VCC_AUDIT", help_heading = "Operation")]
    pub(super) audit: Option<PathBuf>,
    /// What happens to an answer whose line cannot be written to the audit log [default: serve]
    #[arg(
        long,
        value_enum,
        value_name = "CHOICE",
        env = "VCC_AUDIT_FAILURE",
        help_heading = "Operation"
    )]
    pub(super) audit_failure: Option<OnAuditFailure>,
    /// Write the values of queries to the audit log too; they can be personal data
    #[arg(long, value_name = "BOOL", env = "VCC_AUDIT_VALUES", help_heading = "Operation",
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) audit_values: Option<bool>,
    /// What is logged to stderr [default: warn]
    #[arg(long, value_enum, value_name = "LEVEL", env = "VCC_LOG", help_heading = "Operation")]
    pub(super) log: Option<LogLevel>,
    /// The format of the log [default: text]
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        env = "VCC_LOG_FORMAT",
        help_heading = "Operation"
    )]
    pub(super) log_format: Option<LogFormat>,
    /// Connections that are open at the same time, as far as the system's limit of open files allows
    /// [default: 4096]
    #[arg(long, value_name = "COUNT", env = "VCC_MAX_CONNECTIONS", value_parser = whole::<usize>, help_heading = "Limits")]
    pub(super) max_connections: Option<usize>,
    /// Requests that are answered at the same time; beyond, 503 [default: 256]
    #[arg(long, value_name = "COUNT", env = "VCC_MAX_REQUESTS", value_parser = whole::<usize>, help_heading = "Limits")]
    pub(super) max_requests: Option<usize>,
    /// Requests of one tenant that are answered at the same time [default: 32]
    #[arg(
        long,
        value_name = "COUNT",
        env = "VCC_MAX_REQUESTS_PER_TENANT",
        value_parser = whole::<usize>,
        help_heading = "Limits"
    )]
    pub(super) max_requests_per_tenant: Option<usize>,
    /// Requests that have not proven a tenant yet and wait or are checked at the same time; one address gets
    /// half of what is free; beyond, 503 [default: 1024]
    #[arg(long, value_name = "COUNT", env = "VCC_MAX_UNPROVEN", value_parser = whole::<usize>, help_heading = "Limits")]
    pub(super) max_unproven: Option<usize>,
    /// How many of them are checked per second; the others wait [default: 500]
    #[arg(long, value_name = "COUNT", env = "VCC_UNPROVEN_RATE", value_parser = whole::<u32>, help_heading = "Limits")]
    pub(super) unproven_rate: Option<u32>,
    /// Megabytes (2^20 bytes) of answers that clients have not taken, a quarter of it those of one
    /// tenant; beyond, 503 [default: 64]
    #[arg(long, value_name = "MEGABYTES", env = "VCC_MAX_PENDING", help_heading = "Limits")]
    pub(super) max_pending: Option<usize>,
    /// Seconds a request may take [default: 15]
    #[arg(long, value_name = "SECONDS", env = "VCC_DEADLINE", value_parser = whole::<u64>, help_heading = "Limits")]
    pub(super) deadline: Option<u64>,
    /// Seconds a client may take for its headers, or do nothing, or take nothing [default: 30]
    #[arg(long, value_name = "SECONDS", env = "VCC_IDLE", value_parser = whole::<u64>, help_heading = "Limits")]
    pub(super) idle: Option<u64>,
    /// Seconds a shutdown waits for requests that run [default: 10]
    #[arg(long, value_name = "SECONDS", env = "VCC_GRACE", value_parser = whole::<u64>, help_heading = "Limits")]
    pub(super) grace: Option<u64>,
}

/// What happens to an answer whose line cannot be written to the audit log.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OnAuditFailure {
    /// It is sent; the log, /metrics and /readyz say so, and the line waits
    Serve,
    /// It becomes a 503 within two seconds
    Refuse,
}

/// What is logged: each level has those before it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LogLevel {
    /// What went wrong in this server
    Error,
    /// What went wrong elsewhere, such as a store that cannot be reached, or many refused sign-ins
    Warn,
    /// Each request
    Info,
    /// Each connection that ended early
    Debug,
    /// All there is
    Trace,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LogFormat {
    /// One line an event, for people
    Text,
    /// One JSON object an event
    Json,
}

impl Settings {
    /// Reads a configuration file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| cannot("read", path, &error))?;
        toml::from_str(&text).map_err(|error| {
            Failure::usage(format!("{name}, {}", place(&text, &error)))
                .hint("`vcc-server serve --print-config` shows every setting")
        })
    }

    /// Takes what is not set here from `other`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            store: self.store.or(other.store),
            tls_cert: self.tls_cert.or(other.tls_cert),
            tls_key: self.tls_key.or(other.tls_key),
            tls_self_signed: self.tls_self_signed.or(other.tls_self_signed),
            tls_self_signed_cert: self.tls_self_signed_cert.or(other.tls_self_signed_cert),
            insecure_http: self.insecure_http.or(other.insecure_http),
            behind_proxy: self.behind_proxy.or(other.behind_proxy),
            zone_data: self.zone_data.or(other.zone_data),
            dialect: self.dialect.or(other.dialect),
            explain: self.explain.or(other.explain),
            explorer: self.explorer.or(other.explorer),
            explorer_origin: self.explorer_origin.or(other.explorer_origin),
            allow_origin: self.allow_origin.or(other.allow_origin),
            admin: self.admin.or(other.admin),
            audit: self.audit.or(other.audit),
            audit_failure: self.audit_failure.or(other.audit_failure),
            audit_values: self.audit_values.or(other.audit_values),
            log: self.log.or(other.log),
            log_format: self.log_format.or(other.log_format),
            max_connections: self.max_connections.or(other.max_connections),
            max_requests: self.max_requests.or(other.max_requests),
            max_requests_per_tenant: self.max_requests_per_tenant.or(other.max_requests_per_tenant),
            max_unproven: self.max_unproven.or(other.max_unproven),
            unproven_rate: self.unproven_rate.or(other.unproven_rate),
            max_pending: self.max_pending.or(other.max_pending),
            deadline: self.deadline.or(other.deadline),
            idle: self.idle.or(other.idle),
            grace: self.grace.or(other.grace),
        }
    }

    /// The defaults. The store and the encryption have none.
    pub(super) fn defaults() -> Self {
        let limits = Limits::default();
        Self {
            listen: Some(std::net::SocketAddr::from(([127, 0, 0, 1], 8080)).into()),
            tls_self_signed: Some(false),
            insecure_http: Some(false),
            behind_proxy: Some(false),
            zone_data: Some(ZoneSource::Auto.to_string().into()),
            explain: Some(false),
            explorer: Some(false),
            audit_failure: Some(OnAuditFailure::Serve),
            audit_values: Some(false),
            log: Some(LogLevel::Warn),
            log_format: Some(LogFormat::Text),
            max_connections: Some(limits.connections),
            max_requests: Some(limits.requests),
            max_requests_per_tenant: Some(limits.requests_per_tenant),
            max_unproven: Some(limits.unproven),
            unproven_rate: Some(limits.unproven_rate),
            max_pending: Some(limits.pending >> 20),
            deadline: Some(limits.deadline.as_secs()),
            idle: Some(limits.headers.as_secs()),
            grace: Some(limits.grace.as_secs()),
            ..Self::default()
        }
    }

    /// Checks that every number can be used, and that settings do not contradict each other.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let count = |count: Option<usize>| count.map(|count| count as u64);
        for (name, value, range) in [
            ("max-connections", count(self.max_connections), 1..=1_000_000),
            ("max-requests", count(self.max_requests), 1..=1_000_000),
            ("max-requests-per-tenant", count(self.max_requests_per_tenant), 1..=1_000_000),
            ("max-unproven", count(self.max_unproven), 1..=1_000_000),
            ("unproven-rate", self.unproven_rate.map(u64::from), 1..=1_000_000),
            ("max-pending", count(self.max_pending), 1..=1_000_000),
            ("deadline", self.deadline, 1..=86_400),
            ("idle", self.idle, 1..=86_400),
            ("grace", self.grace, 0..=86_400),
        ] {
            if value.is_some_and(|value| !range.contains(&value)) {
                let message = format!("{name}: from {} to {}", range.start(), range.end());
                return Err(Failure::usage(message));
            }
        }
        let mut asked = self.explorer_origin.iter().flatten();
        if let Some(origin) = asked.find(|origin| !origin.is_for_policies()) {
            let message = format!("explorer-origin: no browser lets a page ask {origin}");
            return Err(Failure::usage(message)
                .hint("a policy names hosts by an IPv4 address or by a name without `_`"));
        }
        // REQ-4: nobody who asked for HTTPS gets plain HTTP, nor the other way round.
        let chosen: Vec<_> = [
            ("tls-cert", self.tls_cert.is_some() || self.tls_key.is_some()),
            ("tls-self-signed", self.tls_self_signed == Some(true)),
            ("insecure-http", self.insecure_http == Some(true)),
            ("behind-proxy", self.behind_proxy == Some(true)),
        ]
        .into_iter()
        .filter_map(|(name, chosen)| chosen.then_some(name))
        .collect();
        match chosen[..] {
            [one, other, ..] => {
                Err(Failure::usage(format!("{one} and {other} contradict each other"))
                    .hint("flags, the environment and the file count together"))
            }
            _ if self.tls_self_signed_cert.is_some() && self.tls_self_signed != Some(true) => {
                Err(Failure::usage("tls-self-signed-cert goes with tls-self-signed")
                    .hint("--tls-cert and --tls-key name a certificate that is there"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        let seconds = |seconds: Option<u64>, default| seconds.map_or(default, Duration::from_secs);
        limits.connections = self.max_connections.unwrap_or(limits.connections);
        limits.requests = self.max_requests.unwrap_or(limits.requests);
        limits.requests_per_tenant =
            self.max_requests_per_tenant.unwrap_or(limits.requests_per_tenant);
        limits.unproven = self.max_unproven.unwrap_or(limits.unproven);
        limits.unproven_rate = self.unproven_rate.unwrap_or(limits.unproven_rate);
        limits.pending = self.max_pending.map_or(limits.pending, |megabytes| megabytes << 20);
        limits.deadline = seconds(self.deadline, limits.deadline);
        limits.headers = seconds(self.idle, limits.headers);
        limits.stall = seconds(self.idle, limits.stall);
        limits.grace = seconds(self.grace, limits.grace);
        limits
    }

    /// As an equal configuration file, without a password in the store's URL. Every setting is in it, with
    /// where it came from; an unset one is a comment.
    pub(super) fn print(&self, origins: &Origins, file: &Origin<'_>) -> Result<String, Failure> {
        let failed = |error: toml::ser::Error| Failure::new(error.to_string());
        let store = self.store.as_deref().map(without_password);
        let is_shown = store.as_deref() == self.store.as_deref();
        let mut all = toml::Table::try_from(self).map_err(failed)?;
        if let Some(store) = store {
            all.insert("store".to_owned(), store.into());
        }
        let mut printed = String::new();
        // Every flag is a setting, so none can be forgotten here.
        let flags = Self::augment_args(clap::Command::new("serve"));
        for name in flags.get_arguments().filter_map(clap::Arg::get_long) {
            let Some(value) = all.get(name) else {
                let _ = writeln!(printed, "# {name} =  # not set");
                continue;
            };
            let origin = match (origins.of(name), file) {
                (Some(origin), _) => origin,
                (None, Origin { path: Some(path), names }) if names.contains(name) => {
                    path.display().to_string().escape_debug().to_string()
                }
                _ => "default".to_owned(),
            };
            let hidden = if name == "store" && !is_shown { ", without its password" } else { "" };
            let _ = writeln!(printed, "{name} = {value}  # {origin}{hidden}");
        }
        Ok(printed)
    }

    /// The names of what is set.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let all = toml::Table::try_from(self).unwrap_or_default();
        all.keys().cloned().collect()
    }
}

/// The configuration file, and what is set in it.
pub(super) struct Origin<'a> {
    pub(super) path: Option<&'a Path>,
    pub(super) names: BTreeSet<String>,
}

/// Where in a file something is wrong, and what. The line itself is not shown: it may hold a password.
pub(super) fn place(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let message = message.replace("u64", "a whole number").replace("usize", "a whole number");
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let start = before.rsplit('\n').next().unwrap_or_default();
    // For a value, the name of its setting.
    let name = start.split_once('=').map(|(name, _)| format!("{}: ", name.trim()));
    let name = name.unwrap_or_default();
    format!("line {line}, column {}: {name}{message}", start.chars().count() + 1)
}

#[cfg(test)]
mod tests;
