use std::fmt::Display;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::CommandError;
use super::stop::stop;
use vcc_conformance_core::dataset::Tenant;
use vcc_conformance_core::http::Endpoint;
use vcc_conformance_core::run::{Exported, Launched, seed};
use vcc_conformance_reference::Reference;

/// What a run starts before its first request.
#[derive(clap::Args)]
pub(super) struct StartArgs {
    /// Start the target with this shell command; its environment has VCC_DATA (the folder with the
    /// dataset), VCC_PORT (where to listen on 127.0.0.1), VCC_TENANT, VCC_TOKEN and VCC_TZ
    #[arg(long, value_name = "CMD", conflicts_with = "url")]
    server_cmd: Option<String>,
    /// Load the dataset with this shell command first; its environment has VCC_DATA, VCC_URL,
    /// VCC_TENANT, VCC_TOKEN and VCC_TZ
    #[arg(long, value_name = "CMD", requires = "url")]
    seed_cmd: Option<String>,
}

/// What a run started, and where the target then is. What was started stops when this is dropped.
pub(super) struct Started {
    url: String,
    /// The address of the reference, with the certificate that it has.
    endpoint: Option<Endpoint>,
    _reference: Option<Reference>,
    _launched: Option<Launched>,
    _data: Option<Exported>,
}

impl Started {
    /// Starts the target, or loads the one at `url`; the reference server if neither is given.
    pub(super) fn of(
        args: &StartArgs,
        url: Option<&str>,
        tenants: &[Tenant],
        until: Instant,
    ) -> Result<Self, CommandError> {
        let unreachable = |message: String| CommandError { code: 3, message };
        let stop = stop();
        let mut started = Self {
            url: String::new(),
            endpoint: None,
            _reference: None,
            _launched: None,
            _data: None,
        };
        if args.server_cmd.is_some() || args.seed_cmd.is_some() {
            started._data = Some(Exported::new(tenants)?);
        }
        let data = started._data.as_ref().map(Exported::folder).unwrap_or(Path::new("."));
        if let Some(line) = &args.server_cmd {
            let wait = Duration::from_secs(30);
            let launched =
                Launched::start(line, data, tenants, wait, (&stop, until)).map_err(unreachable)?;
            started.url = launched.url().to_owned();
            started._launched = Some(launched);
        } else if let Some(url) = url {
            if let Some(line) = &args.seed_cmd {
                seed(line, data, tenants, url, (&stop, until)).map_err(unreachable)?;
            }
            started.url = url.to_owned();
        } else {
            let broken =
                |problem: &dyn Display| CommandError { code: 6, message: problem.to_string() };
            // REQ-4: the run without arguments leaves no must out.
            let reference = Reference::start_https(tenants).map_err(|problem| broken(&problem))?;
            started.url = reference.url();
            started.endpoint = Some(reference.endpoint().map_err(|problem| broken(&problem))?);
            started._reference = Some(reference);
        }
        Ok(started)
    }

    /// Where the target is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The way to the reference server, if that is the target.
    pub(super) fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint.clone()
    }
}

/// The reference server with these tenants, in plain HTTP.
pub(super) fn reference(tenants: &[Tenant]) -> Result<Reference, CommandError> {
    Reference::start(tenants)
        .map_err(|problem| CommandError { code: 6, message: problem.to_string() })
}
