use core::fmt;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::credentials::open_to_others;
use crate::{Credentials, CredentialsError};

/// Profiles in a file: services, tenants and how their tokens are found, by name.
///
/// ```toml
/// [acme]
/// url = "https://recordings.example"
/// tenant = "acme"
/// token-command = "pass show vcc/acme"
/// tz = "America/Denver"
/// ```
#[derive(Debug, Default)]
pub struct Profiles {
    file: PathBuf,
    profiles: BTreeMap<String, Profile>,
    warning: Option<String>,
}

/// One profile.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Profile {
    /// The root of the service, as [`Base`](crate::Base) reads it.
    pub url: Option<String>,
    /// The tenant's name.
    pub tenant: Option<String>,
    /// Its token; the file is to be for its owner alone.
    #[serde(skip_serializing)]
    token: Option<SecretToken>,
    /// A shell command whose first line of output is the token.
    pub token_command: Option<String>,
    /// Whether the token is in the keyring of the system: the feature `keyring` reads it.
    pub keyring: Option<bool>,
    /// The tenant's zone.
    pub tz: Option<String>,
    /// A file of PEM certificates that are trusted too.
    pub cacert: Option<PathBuf>,
    /// Whether plain HTTP is allowed.
    pub plain_http: Option<bool>,
}

/// A token that is read, and never printed.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
struct SecretToken(#[serde(deserialize_with = "secret")] SecretString);

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// Why there are no profiles.
#[derive(Debug)]
pub struct ProfilesError(String);

impl fmt::Display for ProfilesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for ProfilesError {}

impl Profile {
    /// A profile with a token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<SecretString>) -> Self {
        self.token = Some(SecretToken(token.into()));
        self
    }

    /// Its credentials; `None` where it has no tenant, or nothing that gives a token.
    ///
    /// # Errors
    ///
    /// The command for the token fails, or the keyring cannot be read.
    pub fn credentials(&self, name: &str) -> Result<Option<Credentials>, CredentialsError> {
        let Some(tenant) = &self.tenant else { return Ok(None) };
        if let Some(SecretToken(token)) = &self.token {
            return Ok(Some(Credentials::new(
                tenant,
                token.clone(),
                format!("the profile {name}"),
            )));
        }
        if self.keyring == Some(true) {
            return self.of_keyring(name, tenant);
        }
        let Some(command) = &self.token_command else { return Ok(None) };
        Credentials::from_command(tenant, command).map(Some)
    }
}

impl Profile {
    #[cfg(feature = "keyring")]
    fn of_keyring(
        &self,
        name: &str,
        tenant: &str,
    ) -> Result<Option<Credentials>, CredentialsError> {
        let url = self.url.as_deref().unwrap_or_default();
        let service: crate::Base = url.parse().map_err(|error: crate::InvalidBase| {
            CredentialsError::new(format!(
                "the profile {name} has its token in the keyring, by its url: {error}"
            ))
        })?;
        // What the profile says is not there is not asked for at a prompt as if nothing were said.
        Credentials::from_keyring(&service, tenant)?.map(Some).ok_or_else(|| {
            CredentialsError::new(format!(
                "the keyring has no token of {tenant} for {service}; vcc login --keyring puts one there"
            ))
        })
    }

    #[cfg(not(feature = "keyring"))]
    fn of_keyring(&self, name: &str, _: &str) -> Result<Option<Credentials>, CredentialsError> {
        Err(CredentialsError::new(format!(
            "the profile {name} has its token in the keyring, which this program was built without (feature keyring)"
        )))
    }
}

impl Profiles {
    /// The file of a user's profiles: that of `VCC_PROFILES`, else `vcc/profiles.toml` in the folder of
    /// settings (`XDG_CONFIG_HOME`, else `.config` in the home folder).
    #[must_use]
    pub fn default_file() -> Option<PathBuf> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = || {
            let home = || env::home_dir().map(|home| home.join(".config"));
            Some(set("XDG_CONFIG_HOME").or_else(home)?.join("vcc").join("profiles.toml"))
        };
        set("VCC_PROFILES").or_else(folder)
    }

    /// Reads a file; one that is not there has no profiles.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not as described. No value of it is shown.
    pub fn read(file: &Path) -> Result<Self, ProfilesError> {
        let failed = |problem: String| ProfilesError(format!("{}: {problem}", file.display()));
        let text = match fs::read_to_string(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|error| failed(error.to_string()))?,
        };
        let profiles: BTreeMap<String, Profile> = toml::from_str(&text).map_err(|error| {
            // The error's own text shows the line, which may hold a token.
            let line = error
                .span()
                .map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            failed(format!("line {line}: {}", error.message()))
        })?;
        let has_token = profiles.values().any(|profile| profile.token.is_some());
        let warning = open_to_others(file).filter(|_| has_token).map(|mode| {
            format!(
                "{0}: others can read the tokens in it (mode {mode:04o}); run chmod 600 {0}",
                file.display()
            )
        });
        Ok(Self { file: file.to_owned(), profiles, warning })
    }

    /// A profile by its name.
    ///
    /// # Errors
    ///
    /// There is none of that name; the error lists those that there are.
    pub fn get(&self, name: &str) -> Result<&Profile, ProfilesError> {
        self.profiles.get(name).ok_or_else(|| {
            let names: Vec<_> = self.profiles.keys().map(String::as_str).collect();
            let known = if names.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", names.join(", "))
            };
            ProfilesError(format!("{}: no profile {name:?}; {known}", self.file.display()))
        })
    }

    /// The names of all profiles, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// What is to be said about the file: that others can read its tokens.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Sets a profile, and writes the file, for its owner alone.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn set(&mut self, name: &str, profile: Profile) -> Result<(), ProfilesError> {
        self.profiles.insert(name.to_owned(), profile);
        self.write().map_err(|error| ProfilesError(format!("{}: {error}", self.file.display())))
    }

    fn write(&self) -> io::Result<()> {
        use secrecy::ExposeSecret as _;
        let mut table = toml::Table::new();
        for (name, profile) in &self.profiles {
            let mut entry = toml::Table::try_from(profile).map_err(io::Error::other)?;
            if let Some(SecretToken(token)) = &profile.token {
                entry.insert("token".into(), token.expose_secret().into());
            }
            table.insert(name.clone(), entry.into());
        }
        let text = SecretString::from(toml::to_string(&table).map_err(io::Error::other)?);
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        // Written beside it and renamed, so that a reader never finds half of it.
        let beside = self.file.with_extension("toml.new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut written = options.open(&beside)?;
        written.write_all(text.expose_secret().as_bytes())?;
        written.sync_all()?;
        fs::rename(&beside, &self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("vcc-profiles-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn profiles_are_kept_for_their_owner_and_read_again() {
        let folder = folder("kept");
        let file = folder.join("a").join("profiles.toml");
        let mut profiles = Profiles::read(&file).unwrap();
        assert_eq!(
            profiles.get("acme").unwrap_err().to_string(),
            format!("{}: no profile \"acme\"; it has none", file.display())
        );
        let profile = Profile { tenant: Some("acme".into()), ..Profile::default() };
        profiles.set("acme", profile.with_token("s3cret")).unwrap();
        let read = Profiles::read(&file).unwrap();
        let credentials = read.get("acme").unwrap().credentials("acme").unwrap().unwrap();
        assert_eq!((credentials.tenant(), credentials.source()), ("acme", "the profile acme"));
        assert!(!format!("{read:?}").contains("s3cret"));
        assert_eq!(read.warning(), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(Profiles::read(&file).unwrap().warning().unwrap().contains("mode 0644"));
        }
        fs::remove_dir_all(folder).unwrap();
    }

    /// Without a session of D-Bus there is no keyring, which is said, and nothing else is tried.
    #[test]
    fn a_token_in_the_keyring_is_not_looked_for_elsewhere() {
        let profile = Profile {
            url: Some("https://recordings.example".into()),
            tenant: Some("acme".into()),
            token_command: Some("echo another".into()),
            keyring: Some(true),
            ..Profile::default()
        };
        let error = profile.credentials("night").map(|_| ()).unwrap_err().to_string();
        if cfg!(feature = "keyring") {
            assert!(
                error.starts_with("there is no keyring: ")
                    || error.starts_with("the keyring has no token"),
                "{error}"
            );
        } else {
            assert_eq!(
                error,
                "the profile night has its token in the keyring, which this program was built without (feature keyring)"
            );
        }
    }

    #[test]
    fn a_broken_file_is_reported_without_its_values() {
        let folder = folder("broken");
        let file = folder.join("profiles.toml");
        fs::write(&file, "[acme]\ntenant = \"acme\"\ntoken = s3cret\n").unwrap();
        let error = Profiles::read(&file).unwrap_err().to_string();
        assert!(error.contains("profiles.toml: line 3: ") && !error.contains("s3cret"), "{error}");
        fs::write(&file, "[acme]\npassword = \"s3cret\"\n").unwrap();
        let error = Profiles::read(&file).unwrap_err().to_string();
        assert!(error.contains("unknown field `password`") && !error.contains("s3cret"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }
}
