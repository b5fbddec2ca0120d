use core::fmt;
use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use secrecy::{ExposeSecret as _, SecretString};

/// A tenant and its token (AUTH-1), and where the token came from. The token is never printed, not by
/// `Debug` either, and is erased from memory when the last clone is gone.
///
/// ```
/// use vcc_client::Credentials;
///
/// let credentials = Credentials::new("acme", "ac12343934687a839cf", "the test");
/// assert_eq!((credentials.tenant(), credentials.source()), ("acme", "the test"));
/// assert!(!format!("{credentials:?}").contains("ac12343934687a839cf"));
/// ```
#[derive(Clone)]
pub struct Credentials {
    tenant: String,
    pub(crate) token: SecretString,
    source: String,
}

/// Why there are no credentials.
#[derive(Debug)]
pub struct CredentialsError(String);

impl CredentialsError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for CredentialsError {}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("tenant", &self.tenant)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// The variable of the tenant's name.
    pub const TENANT: &'static str = "VCC_TENANT";
    /// The variable of the token.
    pub const TOKEN: &'static str = "VCC_TOKEN";

    /// A tenant with its token; `source` says where the token came from, in errors.
    #[must_use]
    pub fn new(
        tenant: impl Into<String>,
        token: impl Into<SecretString>,
        source: impl Into<String>,
    ) -> Self {
        Self { tenant: tenant.into(), token: token.into(), source: source.into() }
    }

    /// From the variables `VCC_TENANT` and `VCC_TOKEN`.
    ///
    /// # Errors
    ///
    /// One of them is not set, is empty, or is not Unicode.
    pub fn from_env() -> Result<Self, CredentialsError> {
        let read = |name| match env::var(name) {
            Ok(value) if !value.is_empty() => Ok(value),
            Ok(_) => Err(CredentialsError::new(format!("the variable {name} is empty"))),
            Err(env::VarError::NotPresent) => {
                Err(CredentialsError::new(format!("the variable {name} is not set")))
            }
            // Its value may be a secret, so that it is not shown.
            Err(env::VarError::NotUnicode(_)) => {
                Err(CredentialsError::new(format!("the variable {name} is not UTF-8")))
            }
        };
        let tenant = read(Self::TENANT)?;
        Ok(Self::new(tenant, read(Self::TOKEN)?, format!("the variable {}", Self::TOKEN)))
    }

    /// From the entry of a host in a `.netrc` file: `machine HOST login TENANT password TOKEN`. `None`
    /// where the file has no entry for it; `default` counts for any host.
    ///
    /// # Errors
    ///
    /// The file cannot be read, can be read by others, or is not as described.
    pub fn from_netrc(file: &Path, host: &str) -> Result<Option<Self>, CredentialsError> {
        let shown = file.display();
        let text = fs::read_to_string(file)
            .map_err(|error| CredentialsError::new(format!("{shown}: {error}")))?;
        if let Some(mode) = open_to_others(file) {
            let message = format!(
                "{shown}: others can read it (mode {mode:04o}), so that its passwords are not used; run chmod 600 {shown}"
            );
            return Err(CredentialsError::new(message));
        }
        let found = netrc(&text, host)
            .map_err(|problem| CredentialsError::new(format!("{shown}: {problem}")))?;
        Ok(found.map(|(login, password)| Self::new(login, password, format!("{shown}"))))
    }

    /// The user's `.netrc`: the file that `NETRC` names, or `.netrc` in the home folder.
    #[must_use]
    pub fn netrc_file() -> Option<PathBuf> {
        match env::var_os("NETRC") {
            Some(named) if !named.is_empty() => Some(named.into()),
            _ => env::home_dir().map(|home| home.join(".netrc")),
        }
    }

    /// The token is the first line that a shell command prints, as password managers do.
    ///
    /// # Errors
    ///
    /// The command cannot be run, fails, or prints nothing.
    pub fn from_command(
        tenant: impl Into<String>,
        command: &str,
    ) -> Result<Self, CredentialsError> {
        let failed =
            |problem: String| CredentialsError::new(format!("the command for the token {problem}"));
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let output = Command::new(shell)
            .args([flag, command])
            .stdin(Stdio::inherit())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| failed(format!("cannot be run: {error}")))?;
        if !output.status.success() {
            return Err(failed(format!("ended with {}", output.status)));
        }
        let printed = SecretString::from(
            String::from_utf8(output.stdout).map_err(|_| failed("printed no UTF-8".into()))?,
        );
        let token = printed.expose_secret().lines().next().unwrap_or_default().trim_end();
        if token.is_empty() {
            return Err(failed("printed nothing".into()));
        }
        Ok(Self::new(tenant, token.to_owned(), "the command for the token"))
    }

    /// The tenant's name.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Where the token came from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The value of an `Authorization` header.
    ///
    /// # Errors
    ///
    /// A `:` in the tenant's name, or control characters: Basic credentials cannot carry them (RFC 7617).
    #[cfg(feature = "http")]
    pub(crate) fn header(&self) -> Result<SecretString, CredentialsError> {
        use base64::Engine as _;
        if self.tenant.contains(':') {
            let message = format!(
                "the tenant {:?} has a colon, which Basic credentials cannot carry",
                self.tenant
            );
            return Err(CredentialsError::new(message));
        }
        if self.tenant.chars().chain(self.token.expose_secret().chars()).any(char::is_control) {
            let message = format!(
                "the tenant's name or the token from {} has control characters, such as a line end",
                self.source
            );
            return Err(CredentialsError::new(message));
        }
        let pair = SecretString::from(format!("{}:{}", self.tenant, self.token.expose_secret()));
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair.expose_secret());
        Ok(SecretString::from(format!("Basic {encoded}")))
    }

    /// The token as it is, and as it is sent.
    #[cfg(feature = "http")]
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let header = self.header().ok();
        let sent = header.as_ref().and_then(|header| header.expose_secret().strip_prefix("Basic "));
        let forms = [Some(self.token.expose_secret()), sent];
        forms
            .into_iter()
            .flatten()
            .filter(|form| !form.is_empty())
            .map(SecretString::from)
            .collect()
    }

    /// What an error says about who asked.
    #[cfg(feature = "http")]
    pub(crate) fn who(&self) -> String {
        format!("the tenant is {:?}, its token came from {}", self.tenant, self.source)
    }
}

/// The permissions of a file that others than its owner can read.
#[cfg(unix)]
pub(crate) fn open_to_others(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(crate) fn open_to_others(_: &Path) -> Option<u32> {
    None
}

/// Login and password of a host.
fn netrc(text: &str, host: &str) -> Result<Option<(String, String)>, String> {
    let mut words = words(text);
    let mut found: Option<(Option<String>, Option<String>)> = None;
    let mut is_ours = false;
    while let Some(word) = words.next() {
        let mut value = |of: &str| words.next().ok_or_else(|| format!("nothing follows {of}"));
        match word.as_str() {
            "machine" | "default" if found.is_some() => break,
            "machine" => is_ours = value("machine")?.eq_ignore_ascii_case(host),
            "default" => is_ours = true,
            "login" | "password" | "account" => {
                let value = value(&word)?;
                if is_ours {
                    let entry = found.get_or_insert((None, None));
                    match word.as_str() {
                        "login" => entry.0 = Some(value),
                        "password" => entry.1 = Some(value),
                        _ => {}
                    }
                }
            }
            // A macro ends at an empty line, which words do not show: its words mean nothing here.
            _ => {}
        }
    }
    match found {
        None => Ok(None),
        Some((Some(login), Some(password))) => Ok(Some((login, password))),
        Some((None, _)) => Err(format!("the entry of {host} has no login, which is the tenant")),
        Some((_, None)) => Err(format!("the entry of {host} has no password, which is the token")),
    }
}

/// The words of a `.netrc`: comments are left out, and quotes hold words with spaces.
fn words(text: &str) -> std::vec::IntoIter<String> {
    let mut words = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim_start();
        while !rest.is_empty() && !rest.starts_with('#') {
            let mut word = String::new();
            let mut chars = rest.char_indices();
            let quoted = rest.starts_with('"');
            if quoted {
                chars.next();
            }
            let mut end = rest.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '\\' => word.extend(chars.next().map(|(_, c)| c)),
                    '"' if quoted => {
                        end = at + 1;
                        break;
                    }
                    c if c.is_whitespace() && !quoted => {
                        end = at;
                        break;
                    }
                    c => word.push(c),
                }
            }
            words.push(word);
            rest = rest[end..].trim_start();
        }
    }
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_netrc_is_read_by_host() {
        let text = "# comment\nmachine a.example login acme password one\n\
                    machine b.example\n  login \"big corp\"\n  password t\\\"wo # not read\n\
                    default login other password three\n";
        let read = |host| netrc(text, host).map(|found| found.map(|(l, p)| format!("{l}/{p}")));
        assert_eq!(read("A.example"), Ok(Some("acme/one".into())));
        assert_eq!(read("b.example"), Ok(Some("big corp/t\"wo".into())));
        assert_eq!(read("c.example"), Ok(Some("other/three".into())));
        assert_eq!(netrc("machine a login x", "b"), Ok(None));
        assert_eq!(
            netrc("machine a login x", "a"),
            Err("the entry of a has no password, which is the token".into())
        );
        assert_eq!(netrc("machine", "a"), Err("nothing follows machine".into()));
    }

    #[test]
    fn a_command_gives_its_first_line() {
        let token = |command| {
            Credentials::from_command("acme", command)
                .map(|found| found.token.expose_secret().to_owned())
        };
        assert_eq!(token("printf 'tok en\\nsecond\\n'").unwrap(), "tok en");
        let error = |command| token(command).unwrap_err().to_string();
        assert_eq!(error("true"), "the command for the token printed nothing");
        assert_eq!(error("exit 3"), "the command for the token ended with exit status: 3");
    }

    #[cfg(feature = "http")]
    #[test]
    fn what_basic_cannot_carry_is_refused_without_showing_it() {
        let header = |tenant: &str, token: &str| Credentials::new(tenant, token, "here").header();
        assert_eq!(header("acme", "a:b").unwrap().expose_secret(), "Basic YWNtZTphOmI=");
        let error = header("acme", "secret\n").unwrap_err().to_string();
        assert!(error.contains("from here has control characters") && !error.contains("secret"));
        assert!(header("a:b", "x").unwrap_err().to_string().contains("has a colon"));
    }
}
