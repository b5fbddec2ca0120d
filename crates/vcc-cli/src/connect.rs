//! Which service, who asks, and how.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Runtime;
use vcc_client::{Base, Client, ClientBuilder, Credentials, Http, Profile, Profiles, Retry};
use vcc_query::Zone;

use crate::failure::{Failure, note, warn};
use crate::query::{DialectArgs, zone};

/// The longest token that is read from stdin.
const LONGEST_TOKEN: u64 = 64 << 10;

#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Service")]
pub(crate) struct ConnectArgs {
    /// The root of the service, or a region: recordings.example, na3
    #[arg(long, value_name = "URL", env = "VCC_URL")]
    pub(crate) url: Option<String>,
    /// The tenant
    #[arg(long, value_name = "NAME", env = "VCC_TENANT")]
    pub(crate) tenant: Option<String>,
    /// The profile that has what is not given otherwise
    #[arg(long, value_name = "NAME", env = "VCC_PROFILE")]
    pub(crate) profile: Option<String>,
    /// Read the token from stdin
    #[arg(long, conflicts_with_all = ["token_command", "netrc"])]
    pub(crate) token_stdin: bool,
    /// A shell command whose first line of output is the token [env: VCC_TOKEN_COMMAND]
    #[arg(long, value_name = "CMD")]
    token_command: Option<String>,
    /// Take tenant and token from .netrc (or the file that NETRC names)
    #[arg(long, conflicts_with = "token_command")]
    pub(crate) netrc: bool,
    /// The tenant's zone: in which days count where nothing else says it
    #[arg(long, value_name = "ZONE", env = "VCC_TZ")]
    pub(crate) tenant_tz: Option<String>,
    /// Allow plain HTTP, which shows the token to everybody on the way
    #[arg(long, env = "VCC_PLAIN_HTTP", value_parser = clap::builder::BoolishValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) plain_http: Option<bool>,
    /// A file of PEM certificates that are trusted too
    #[arg(long, value_name = "FILE", env = "VCC_CACERT")]
    pub(crate) cacert: Option<PathBuf>,
    /// How many requests may be on their way at once
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) concurrency: u16,
    /// How many requests a second are sent at most
    #[arg(long, value_name = "NUMBER", value_parser = rate)]
    rate: Option<f64>,
    /// How often a request is sent before it is given up
    #[arg(long, value_name = "NUMBER", default_value_t = Retry::default().attempts)]
    attempts: u32,
    /// How many seconds a server may be silent before it is asked again
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// The longest answer that is taken, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    max_body: u16,
    /// Ask for compressed answers; by default not of this machine
    #[arg(long, env = "VCC_GZIP", value_parser = clap::builder::BoolishValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    gzip: Option<bool>,
    #[command(flatten)]
    pub(crate) dialect: DialectArgs,
}

/// The longest that a connection may take to open.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest that an answer may take as a whole, unless the server may be silent for longer.
const WHOLE: Duration = Duration::from_secs(300);

/// A client, and what else is known.
pub(crate) struct Connected {
    pub(crate) client: Client<Http>,
    pub(crate) tenant: Option<String>,
    pub(crate) tenant_zone: Option<Zone>,
}

impl ConnectArgs {
    /// The profile that is named, else the one called `default`, if there is one.
    fn profile(&self) -> Result<Option<(String, Profile)>, Failure> {
        let Some(file) = Profiles::default_file() else { return Ok(None) };
        if self.profile.is_none() && is_out_of_reach(&file) {
            return Ok(None);
        }
        let profiles = Profiles::read(&file).map_err(|error| Failure::usage(error.to_string()))?;
        let named = self.profile.as_deref();
        let name = named.unwrap_or("default");
        if named.is_none() && !profiles.names().any(|other| other == name) {
            return Ok(None);
        }
        let profile = profiles.get(name).map_err(|error| {
            Failure::usage(error.to_string()).hint("vcc login --profile NAME makes one")
        })?;
        if let Some(warning) = profiles.warning() {
            warn(warning);
        }
        Ok(Some((name.to_owned(), profile.clone())))
    }

    /// The command for the token: that of the flag, else of the variable, which clap would set against the
    /// other flags, and show in its help.
    pub(crate) fn token_command(&self) -> Option<String> {
        let named = || std::env::var("VCC_TOKEN_COMMAND").ok().filter(|named| !named.is_empty());
        self.token_command.clone().or_else(named)
    }

    /// The service's root alone, for what needs no credentials.
    pub(crate) fn base(&self) -> Result<Option<Base>, Failure> {
        let profile = self.profile()?;
        let url = self.url.clone().or_else(|| profile.and_then(|(_, profile)| profile.url));
        let Some(url) = url else { return Ok(None) };
        url.parse().map(Some).map_err(|error| Failure::usage(format!("--url: {error}")))
    }

    /// The tenant's zone, as far as it is said.
    pub(crate) fn tenant_zone(&self) -> Result<Option<Zone>, Failure> {
        self.zone_of(self.profile()?.as_ref())
    }

    fn zone_of(&self, profile: Option<&(String, Profile)>) -> Result<Option<Zone>, Failure> {
        if let Some(name) = &self.tenant_tz {
            return zone("--tenant-tz", name).map(Some);
        }
        let Some((profile, Profile { tz: Some(name), .. })) = profile else {
            return Ok(None);
        };
        zone(&format!("the profile {profile}: tz"), name).map(Some)
    }

    pub(crate) fn connect(&self) -> Result<Connected, Failure> {
        let profile = self.profile()?;
        let of_profile = profile.as_ref().map(|(_, profile)| profile);
        let url = self.url.clone().or_else(|| of_profile.and_then(|profile| profile.url.clone()));
        let url = url.ok_or_else(|| {
            Failure::usage("which service? --url, VCC_URL or a profile says it")
                .hint("vcc login keeps service, tenant and token as a profile")
        })?;
        let base: Base = url.parse().map_err(|error| Failure::usage(format!("--url: {error}")))?;
        let credentials = self.credentials(&base, profile.as_ref())?;
        let tenant = credentials.tenant().to_owned();
        let tenant_zone = self.zone_of(profile.as_ref())?;
        let client = self.client(&base, credentials, of_profile, tenant_zone)?;
        Ok(Connected { client, tenant: Some(tenant), tenant_zone })
    }

    /// A client of a service, by all flags and by what a profile has beside them.
    pub(crate) fn client(
        &self,
        base: &Base,
        credentials: Credentials,
        profile: Option<&Profile>,
        tenant_zone: Option<Zone>,
    ) -> Result<Client<Http>, Failure> {
        let plain = self.plain_http.or_else(|| profile?.plain_http).unwrap_or(false);
        let cacert = self.cacert.as_ref().or_else(|| profile?.cacert.as_ref());
        let mut builder = self
            .builder(base)
            .credentials(credentials)
            .plain_http(plain)
            .dialect(self.dialect.read()?);
        if let Some(file) = cacert {
            builder = builder.cacert_file(file)?;
        }
        if let Some(zone) = tenant_zone {
            builder = builder.tenant_zone(zone);
        }
        builder.build().map_err(|error| {
            let failure = Failure::from(error);
            if base.is_plain() && !plain { failure.hint("--plain-http allows it") } else { failure }
        })
    }

    fn builder(&self, base: &Base) -> ClientBuilder {
        let mut retry = Retry::default();
        retry.attempts = self.attempts;
        let idle = Duration::from_secs(self.timeout);
        let mut builder = Client::builder(base.to_string())
            .user_agent(concat!("vcc/", env!("CARGO_PKG_VERSION")))
            .concurrency(self.concurrency.into())
            .max_body(usize::from(self.max_body) << 20)
            .timeouts(idle.min(CONNECT), idle, idle.max(WHOLE))
            .retry(retry);
        if let Some(gzip) = self.gzip {
            builder = builder.gzip(gzip);
        }
        // Somebody may wait, and wonder for what.
        if io::stderr().is_terminal() {
            builder = builder.on_retry(|error, wait| {
                note(format_args!("{error}; asked again in {:.1} s", wait.as_secs_f64()));
            });
        }
        if let Some(rate) = self.rate {
            builder = builder.rate(rate);
        }
        builder
    }

    /// Tenant and token, from the first place that has them.
    fn credentials(
        &self,
        base: &Base,
        profile: Option<&(String, Profile)>,
    ) -> Result<Credentials, Failure> {
        let refused = |error: vcc_client::CredentialsError| Failure::usage(error.to_string());
        if self.netrc {
            let file = Credentials::netrc_file()
                .ok_or_else(|| Failure::usage("--netrc: there is no home folder"))?;
            let found = Credentials::from_netrc(&file, base.host()).map_err(refused)?;
            return found.ok_or_else(|| {
                Failure::usage(format!("{} has no entry for {}", file.display(), base.host()))
            });
        }
        let tenant = self.tenant.clone().or_else(|| profile?.1.tenant.clone());
        let tenant = tenant.ok_or_else(|| {
            Failure::usage("which tenant? --tenant, VCC_TENANT or a profile says it")
        })?;
        if self.token_stdin {
            return Ok(Credentials::new(tenant, token_of_stdin()?, "stdin"));
        }
        if let Some(command) = self.token_command() {
            return Credentials::from_command(tenant, &command).map_err(refused);
        }
        match std::env::var(Credentials::TOKEN) {
            Ok(token) if !token.is_empty() => {
                let source = format!("the variable {}", Credentials::TOKEN);
                return Ok(Credentials::new(tenant, token, source));
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(Failure::usage(format!("{} is not UTF-8", Credentials::TOKEN)));
            }
            _ => {}
        }
        if let Some((name, profile)) = profile
            && let Some(credentials) = profile.credentials(name).map_err(refused)?
        {
            if credentials.tenant() == tenant {
                return Ok(credentials);
            }
            warn(format_args!(
                "the profile {name} is of another tenant: its token is not used for {tenant}"
            ));
        }
        ask(&tenant).map(|token| Credentials::new(tenant, token, "the prompt"))
    }
}

/// Whether nobody can have kept profiles in a file for this user: in a container, the home folder is
/// often that of another one, or none.
fn is_out_of_reach(file: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, PermissionDenied};

    let is_named = std::env::var_os("VCC_PROFILES").is_some_and(|named| !named.is_empty());
    let error = std::fs::File::open(file).err();
    !is_named && error.is_some_and(|error| matches!(error.kind(), NotADirectory | PermissionDenied))
}

/// Requests a second.
fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| "expected a number above 0, such as 5 or 0.5".to_owned())
}

/// The first line of stdin.
pub(crate) fn token_of_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .take(LONGEST_TOKEN)
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(format!("stdin: {error}")))?;
    match text.lines().next() {
        Some(token) if !token.is_empty() => Ok(token.to_owned()),
        _ => Err(Failure::usage("--token-stdin: stdin is empty")),
    }
}

/// A runtime for commands that ask one thing after the other.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(error.to_string()))
}

/// Asks at the terminal.
pub(crate) fn ask(tenant: &str) -> Result<String, Failure> {
    let missing = || {
        Failure::usage(format!("no token for {tenant}")).hint(
            "VCC_TOKEN, --token-stdin, --token-command, --netrc or a profile (vcc login) gives one; it is never an argument",
        )
    };
    if !io::stdin().is_terminal() {
        return Err(missing());
    }
    let token = rpassword::prompt_password(format!("Token of {tenant}: "))
        .map_err(|error| Failure::new(format!("the terminal: {error}")))?;
    if token.is_empty() { Err(missing()) } else { Ok(token) }
}
