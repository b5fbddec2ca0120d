//! Passwords in a file of their own, as libpq's programs read it.

use std::fmt;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::{StoreError, StoreErrorKind};

/// The text of such a file: `HOST:PORT:DATABASE:USER:PASSWORD` on each line, where `*` is anything
/// and `\` escapes a `:` or a `\` in a value.
pub(super) struct PasswordFile {
    path: PathBuf,
    text: String,
}

impl fmt::Debug for PasswordFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl PasswordFile {
    /// Reads the file that is named, or that of `PGPASSFILE`, or `.pgpass` at home. Only a file
    /// that is named must exist.
    pub(super) fn read(named: Option<&Path>) -> Result<Option<Self>, StoreError> {
        let home = || std::env::home_dir().map(|home| home.join(".pgpass"));
        let usual = || std::env::var_os("PGPASSFILE").map(PathBuf::from).or_else(home);
        let Some(path) = named.map(Path::to_owned).or_else(usual) else { return Ok(None) };
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Self { path, text })),
            Err(_) if named.is_none() => Ok(None),
            Err(failed) => {
                let error = StoreError::new(StoreErrorKind::Refused, "cannot read passwords");
                Err(error.with_source(failed).at(path.display()))
            }
        }
    }

    /// Gives a host its password, if it has none and the file has one.
    pub(super) fn complete(&self, config: &mut Config) -> Result<(), StoreError> {
        if config.get_password().is_some() {
            return Ok(());
        }
        let Some(password) = self.text.lines().find_map(|line| password_for(line, config)) else {
            return Ok(());
        };
        if is_for_others(&self.path) {
            let message = format!(
                "{}: others than its owner can read it; `chmod 600` makes it a file of passwords",
                self.path.display()
            );
            return Err(StoreError::new(StoreErrorKind::Refused, message));
        }
        config.password(password);
        Ok(())
    }
}

/// The password of a line, if it is that of this host, database and user.
fn password_for(line: &str, config: &Config) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let (mut values, mut value) = (Vec::new(), String::new());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next()),
            // The password is the rest of the line, without the `\` of escapes.
            ':' if values.len() < 4 => values.push(std::mem::take(&mut value)),
            other => value.push(other),
        }
    }
    let [host, port, database, user] = values.try_into().ok()?;
    let is = |wanted: &str, known: Option<&str>| wanted == "*" || Some(wanted) == known;
    let is_host = match (config.get_hosts().first(), config.get_hostaddrs().first()) {
        (Some(Host::Tcp(name)), _) => is(&host, Some(name)),
        #[cfg(unix)]
        (Some(Host::Unix(folder)), _) => {
            // For a socket in its usual place, libpq looks for this.
            let usual = ["/run/postgresql", "/var/run/postgresql", "/tmp"];
            let is_usual = usual.iter().any(|usual| Path::new(usual) == folder);
            is(&host, folder.to_str()) || is_usual && host == "localhost"
        }
        (None, Some(address)) => is(&host, Some(&address.to_string())),
        (None, None) => host == "*",
    };
    let known_port = config.get_ports().first().map(u16::to_string);
    let is_theirs = is_host
        && is(&port, known_port.as_deref())
        && is(&database, config.get_dbname().or(config.get_user()))
        && is(&user, config.get_user());
    (is_theirs && !value.is_empty()).then_some(value)
}

#[cfg(unix)]
fn is_for_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    path.metadata().is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_for_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::hosts::Hosts;
    use crate::postgres::settings::Settings;

    #[test]
    fn nothing_prints_a_password() {
        let file = PasswordFile { path: ".pgpass".into(), text: "*:*:*:*:sesame".to_owned() };
        let settings = Settings::parse("postgres://vcc:sesame@db1/calls").unwrap();
        let hosts = Hosts::new(settings).unwrap();
        for printed in [format!("{file:?}"), format!("{hosts:?}")] {
            assert!(!printed.contains("sesame"), "{printed}");
        }
    }

    #[test]
    fn a_line_is_that_of_a_host_a_database_and_a_user() {
        let tcp = "postgres://vcc@db1:5433/calls";
        for (url, line, password) in [
            (tcp, "db1:5433:calls:vcc:sesame", Some("sesame")),
            (tcp, "*:*:*:*:sesame", Some("sesame")),
            (tcp, "*:*:*:*:se\\:sa:me\\\\", Some("se:sa:me\\")),
            (tcp, "db2:5433:calls:vcc:sesame", None),
            (tcp, "db1:5432:calls:vcc:sesame", None),
            (tcp, "db1:5433:other:vcc:sesame", None),
            (tcp, "db1:5433:calls:other:sesame", None),
            (tcp, "#*:*:*:*:sesame", None),
            (tcp, "*:*:*:*:", None),
            (tcp, "*:*:*:sesame", None),
            (tcp, "", None),
            ("postgres://vcc@db1", "db1:5432:vcc:vcc:sesame", Some("sesame")),
            ("postgres://a%3Ab@db1/c", "db1:5432:c:a\\:b:sesame", Some("sesame")),
            ("postgres://vcc@%2Frun%2Fpostgresql/c", "localhost:*:c:vcc:sesame", Some("sesame")),
            ("postgres://vcc@%2Fsrv/c", "/srv:*:c:vcc:sesame", Some("sesame")),
            ("postgres://vcc@%2Fsrv/c", "localhost:*:c:vcc:sesame", None),
            ("postgres://vcc@/c?hostaddr=::1", "\\:\\:1:*:c:vcc:sesame", Some("sesame")),
        ] {
            let settings = super::super::settings::Settings::parse(url).unwrap();
            assert_eq!(password_for(line, &settings.hosts[0]).as_deref(), password, "{url} {line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_for_its_owner_and_a_url_comes_before_it() {
        use std::os::unix::fs::PermissionsExt;

        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# ours\ndb1:*:*:*:first\n*:*:*:*:sesame\n").unwrap();
        let parse = |url: &str| {
            let url = format!("{url}?passfile={}", file.path().display());
            super::super::settings::Settings::parse(&url)
        };
        let passwords = |url: &str| {
            let mut settings = parse(url)?;
            settings.complete()?;
            let hosts = settings.hosts.iter();
            let shown = |config: &Config| {
                config.get_password().map(String::from_utf8_lossy).map(Into::into)
            };
            Ok::<Vec<Option<String>>, StoreError>(hosts.map(shown).collect())
        };
        for mode in [0o600, 0o400] {
            std::fs::set_permissions(file.path(), PermissionsExt::from_mode(mode)).unwrap();
            let both = ["first", "sesame"].map(|word| Some(word.to_owned()));
            assert_eq!(passwords("postgres://vcc@db1,db2/calls").unwrap(), both);
            assert_eq!(
                passwords("postgres://vcc:own@db1/calls").unwrap(),
                [Some("own".to_owned())]
            );
        }
        std::fs::set_permissions(file.path(), PermissionsExt::from_mode(0o640)).unwrap();
        let refused = passwords("postgres://vcc@db1/calls").unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Refused);
        let said = ": others than its owner can read it; `chmod 600` makes it a file of passwords";
        assert!(refused.to_string().ends_with(said), "{refused}");
        // No password is needed.
        assert_eq!(passwords("postgres://vcc:own@db1/calls").unwrap(), [Some("own".to_owned())]);
        let missing =
            super::super::settings::Settings::parse("postgres://h?passfile=/no/such").unwrap();
        let mut missing = missing;
        let said = "/no/such: cannot read passwords: No such file or directory (os error 2)";
        assert_eq!(missing.complete().unwrap_err().to_string(), said);
    }
}
