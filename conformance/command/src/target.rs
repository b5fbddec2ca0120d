use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::error::CommandError;
use super::stop::stop;
use vcc_conformance_core::clock;
use vcc_conformance_core::fixture::Request;
use vcc_conformance_core::http::{Endpoint, Limits, TlsOptions};
use vcc_conformance_core::run::HttpTarget;
use vcc_conformance_core::setup::Setup;

/// Where the target is, and who asks.
#[derive(clap::Args)]
pub(super) struct TargetArgs {
    /// The target, such as `https://na1.mycontactual.com`; without it the reference server runs in
    /// this process
    #[arg(long)]
    pub(super) url: Option<String>,
    /// The tenant at the target; one of the dataset, or the name that its `acme` has there
    #[arg(long, requires = "url")]
    pub(super) tenant: Option<String>,
    /// That tenant's token
    #[arg(long, env = "VCC_TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
    /// That tenant's zone at the target, where it is not that of the dataset
    #[arg(long, value_name = "ZONE", requires = "url")]
    tenant_tz: Option<String>,
    /// Seconds that one request may take
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    timeout: f64,
    /// Seconds that the whole run may take, with the start of --server-cmd or --seed-cmd
    #[arg(long, default_value_t = 600.0, value_name = "SECONDS")]
    deadline: f64,
    /// Requests a second at most
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// Requests at most
    #[arg(long, value_name = "N")]
    max_requests: Option<u64>,
    /// Certificates that may sign the target's, in PEM
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Take any certificate
    #[arg(long)]
    insecure: bool,
    /// A header that goes with every request
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
}

impl TargetArgs {
    /// Removes all tenants but the one that was named, and all recordings of the dataset.
    pub(super) fn only_tenant(&self, setup: &mut Setup) {
        let name = self.tenant.as_deref().unwrap_or(Request::TENANT);
        setup.tenants.retain(|access| access.user == name);
        for access in &mut setup.tenants {
            access.tenant.name = Request::TENANT.into();
            access.tenant.records.clear();
        }
    }

    /// Whether the zone of the tenant at the target is known.
    pub(super) fn zone_is_known(&self) -> bool {
        self.url.is_none() || self.tenant_tz.is_some()
    }

    pub(super) fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// When a run that begins now has to be over.
    pub(super) fn until(&self) -> Result<Instant, CommandError> {
        Ok(clock::after(Instant::now(), seconds("--deadline", self.deadline)?))
    }

    /// The way to the target until this time; `setup` is changed to what is there.
    pub(super) fn connect(
        &self,
        url: &str,
        setup: &mut Setup,
        until: Instant,
    ) -> Result<HttpTarget, CommandError> {
        if self.url.is_some() && self.token.as_deref() == Some("") {
            return Err(CommandError::usage(
                "VCC_TOKEN is empty: expected the token of the tenant at the target",
            ));
        }
        let tls = TlsOptions { cacert: self.cacert.clone(), insecure: self.insecure };
        self.connect_to(parsed(url, &tls)?, setup, until)
    }

    /// [`connect`](Self::connect) if the way is known already.
    pub(super) fn connect_to(
        &self,
        endpoint: Endpoint,
        setup: &mut Setup,
        until: Instant,
    ) -> Result<HttpTarget, CommandError> {
        for header in &self.header {
            let (name, value) = header.split_once(':').ok_or_else(|| {
                CommandError::usage(format!("--header {header}: expected NAME: VALUE"))
            })?;
            setup.headers.push((name.trim().into(), value.trim().into()));
        }
        if self.url.is_some() {
            self.rename(setup)?;
        }
        note(&endpoint, setup);
        let limits = Limits { deadline: seconds("--timeout", self.timeout)?, ..Limits::default() };
        let mut shared = HttpTarget::new(endpoint, limits, stop(), until);
        shared.rate = self.rate;
        shared.max_requests = self.max_requests;
        Ok(shared)
    }

    /// Gives the tenant that the target knows by another name or token the values that it has
    /// there.
    fn rename(&self, setup: &mut Setup) -> Result<(), CommandError> {
        let name = self.tenant.as_deref().unwrap_or(Request::TENANT);
        let at = setup.find(name).or_else(|| setup.find(Request::TENANT));
        let Some(access) = at.and_then(|at| setup.tenants.get_mut(at)) else {
            return Err(CommandError::usage("the dataset has no tenant"));
        };
        access.user = name.to_owned();
        if let Some(token) = &self.token {
            access.token.clone_from(token);
        }
        if let Some(tz) = &self.tenant_tz {
            let zone = vcc_conformance_core::zone::named(tz)
                .map_err(|_| CommandError::usage(format!("--tenant-tz {tz}: no such zone")))?;
            access.tenant.tz.clone_from(tz);
            access.tenant.zone = zone;
            let now = setup.now;
            for access in &mut setup.tenants {
                access.tenant.stamp(now);
            }
        }
        Ok(())
    }
}

/// The way to a target with the usual limits.
pub(super) fn plain(
    url: &str,
    tls: &TlsOptions,
    setup: &mut Setup,
) -> Result<HttpTarget, CommandError> {
    let endpoint = parsed(url, tls)?;
    note(&endpoint, setup);
    let until = Instant::now() + Duration::from_secs(600);
    Ok(HttpTarget::new(endpoint, Limits::default(), stop(), until))
}

fn parsed(url: &str, tls: &TlsOptions) -> Result<Endpoint, CommandError> {
    Endpoint::parse(url, tls).map_err(|problem| {
        let code = if problem.is_unreachable() { 3 } else { 2 };
        CommandError { code, message: format!("--url {problem}") }
    })
}

fn note(endpoint: &Endpoint, setup: &mut Setup) {
    (setup.https, setup.authority, setup.prefix) =
        (endpoint.https, endpoint.authority(), endpoint.prefix.clone());
}

fn seconds(name: &str, seconds: f64) -> Result<Duration, CommandError> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| CommandError::usage(format!("{name}: expected seconds, found {seconds}")))
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| "expected a number of requests above 0".into())
}
