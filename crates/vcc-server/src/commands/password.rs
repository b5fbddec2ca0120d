//! Passwords in the URLs of stores: printed nowhere, and warned about where others can read them.

use std::path::Path;

use super::words::shell_word;

/// A URL without its password, which is before the host or among the parameters.
pub(super) fn without_password(url: &str) -> String {
    let (url, query) = url.split_once('?').map_or((url, None), |(url, query)| (url, Some(query)));
    let mut shown = url.to_owned();
    if let Some((scheme, rest)) = url.split_once("://")
        && let Some((user, host)) = rest.rsplit_once('@')
        && let Some((user, _)) = user.split_once(':')
    {
        shown = format!("{scheme}://{user}:…@{host}");
    }
    for (index, parameter) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        shown.push(if index == 0 { '?' } else { '&' });
        shown.push_str(if parameter.starts_with("password=") { "password=…" } else { parameter });
    }
    shown
}

fn has_password(url: &str) -> bool {
    without_password(url) != url
}

/// A warning about a password on the command line, if the store's URL came from there.
pub(super) fn of_command_line(url: &str, origin: &str) -> Option<String> {
    (origin == "--store" && has_password(url)).then(|| {
        "warning: the password in --store is shown to every user of this machine by the list of \
         processes; give the URL in VCC_STORE, or as `store` in the file of --config, or the \
         password in ~/.pgpass"
            .to_owned()
    })
}

/// A warning about a settings file with a password that everybody can read.
pub(super) fn of_file(path: &Path, url: &str) -> Option<String> {
    (has_password(url) && is_for_everybody(path)).then(|| {
        let file = shell_word(&path.display().to_string());
        format!(
            "warning: {} holds a password, and every user of this machine can read it; `chmod 640 {file}` \
             leaves it to its owner and its group",
            path.display()
        )
    })
}

#[cfg(unix)]
fn is_for_everybody(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    path.metadata().is_ok_and(|about| about.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_for_everybody(_: &Path) -> bool {
    false
}
