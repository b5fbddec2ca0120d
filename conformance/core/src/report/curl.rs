//! A request as a line for a shell.

use crate::fixture::{Auth, AuthName};
use crate::run::Planned;
use crate::setup::Setup;

/// The command that sends this request. The secrets are `$VCC_TENANT` and `$VCC_TOKEN`.
#[must_use]
pub fn line(planned: &Planned, setup: &Setup) -> String {
    let scheme = if setup.https && !planned.plain { "https" } else { "http" };
    let request = planned.request();
    if request.raw.is_some() {
        let (host, port) = match setup.authority.rsplit_once(':') {
            Some((host, port)) => (host, port),
            None => (setup.authority.as_str(), if setup.https { "443" } else { "80" }),
        };
        let text = redacted(planned, setup);
        let bytes: String = text.bytes().map(shell_byte).collect();
        let to = if setup.https {
            format!("openssl s_client -quiet -connect {host}:{port}")
        } else {
            format!("nc {host} {port}")
        };
        return format!("printf \"{bytes}\" | {to}");
    }
    let mut words = vec!["curl -sS -i --path-as-is --globoff".to_owned()];
    match planned.method.as_str() {
        "GET" => {}
        "HEAD" => words.push("--head".into()),
        method => words.push(format!("-X {}", quote(method))),
    }
    match request.auth() {
        Auth::Named(AuthName::None) => {}
        Auth::Named(AuthName::Right) => words.push("-u \"$VCC_TENANT:$VCC_TOKEN\"".into()),
        Auth::Named(AuthName::WrongToken) => {
            words.push("-u \"$VCC_TENANT:0000000000000000000\"".into())
        }
        Auth::Named(AuthName::UnknownTenant) => {
            words.push("-u \"nobody-of-this-name:$VCC_TOKEN\"".into())
        }
        Auth::Named(AuthName::OtherToken) => {
            words.push("-u \"$VCC_TENANT:$VCC_OTHER_TOKEN\"".into())
        }
        Auth::Pair { user, password } => {
            let access = &setup.tenants[planned.tenant];
            let template = setup.template(planned.tenant);
            // The run filled these templates before.
            let fill = |text: &str| {
                let filled = template.fill(text).unwrap_or_default();
                String::from_utf8_lossy(&filled).into_owned()
            };
            let part = |text: &str, secret: &str, name: &str| {
                let text = fill(text);
                let parts = text.split(secret);
                let parts =
                    parts.map(|part| if part.is_empty() { part.into() } else { quote(part) });
                parts.collect::<Vec<String>>().join(&format!("\"${name}\""))
            };
            let user = part(user, &access.user, "VCC_TENANT");
            words.push(format!("-u {user}:{}", part(password, &access.token, "VCC_TOKEN")));
        }
        Auth::Raw { .. } => {
            let value = planned.headers().into_iter().find(|(name, _)| name == "Authorization");
            let value = value.map(|(_, value)| value).unwrap_or_default();
            let basic = secret(planned, setup);
            if value.contains(&basic) {
                let value =
                    value.replace(&basic, "$(printf %s \"$VCC_TENANT:$VCC_TOKEN\" | base64 -w0)");
                words.push(format!("-H \"Authorization: {value}\""));
            } else {
                words.push(format!("-H {}", quote(&format!("Authorization: {value}"))));
            }
        }
    }
    for (name, value) in &request.headers {
        words.push(match value {
            crate::fixture::HeaderValue::Removed(_) => format!("-H {}", quote(&format!("{name}:"))),
            crate::fixture::HeaderValue::Text(_) => {
                let sent = planned
                    .headers()
                    .into_iter()
                    .find(|(other, _)| other.eq_ignore_ascii_case(name));
                let value = sent.map(|(_, value)| value).unwrap_or_default();
                format!("-H {}", quote(&format!("{name}: {value}")))
            }
        });
    }
    if let Some(payload) = &request.payload {
        words.push(format!("--data-binary {}", quote(payload)));
    }
    let query = planned.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{}{query}", planned.path);
    if target.contains('#') {
        // curl cuts a URL at `#`, but sends a request target as it is.
        words.push(format!("--request-target {}", quote(&target)));
        words.push(quote(&format!("{scheme}://{}/", setup.authority)));
    } else {
        words.push(quote(&format!("{scheme}://{}{target}", setup.authority)));
    }
    words.join(" ")
}

/// The base64 of the right credentials.
pub(crate) fn secret(planned: &Planned, setup: &Setup) -> String {
    let access = &setup.tenants[planned.tenant];
    crate::fixture::base64(format!("{}:{}", access.user, access.token).as_bytes())
}

/// What was sent, without secrets.
pub(crate) fn redacted(planned: &Planned, setup: &Setup) -> String {
    let mut text = String::from_utf8_lossy(&planned.bytes).into_owned();
    for access in &setup.tenants {
        let basic = crate::fixture::base64(format!("{}:{}", access.user, access.token).as_bytes());
        text = text.replace(&basic, "<redacted>").replace(&access.token, "<redacted>");
    }
    // Other credentials may be real too.
    text.lines()
        .map(|line| match line.split_once(": Basic ") {
            Some((name, _)) if name.eq_ignore_ascii_case("authorization") => {
                format!("{name}: Basic <redacted>")
            }
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\r\n")
        + "\r\n\r\n"
}

/// In single quotes, for a POSIX shell. The shell itself makes long runs of one character.
fn quote(text: &str) -> String {
    const MANY: usize = 200;
    let mut quoted = String::from("'");
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = rest.chars().take_while(|c| *c == first).count();
        if run >= MANY && first.is_ascii_alphanumeric() {
            quoted.push_str(&format!("'\"$(printf %{run}s | tr ' ' {first})\"'"));
            rest = &rest[run..];
        } else {
            let length = first.len_utf8() * run;
            quoted.push_str(&rest[..length].replace('\'', "'\\''"));
            rest = &rest[length..];
        }
    }
    quoted + "'"
}

fn shell_byte(byte: u8) -> String {
    match byte {
        b'\r' => "\\r".into(),
        b'\n' => "\\n".into(),
        b'%' => "%%".into(),
        b'"' | b'\\' | b'$' | b'`' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_hash_stays_in_the_target() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let setup = Setup::new(crate::dataset::embedded(now).unwrap(), now);
        let query = Some("channel=#virtual_outbound#".to_owned());
        let request = crate::fixture::Request { query, ..Default::default() };
        let line = line(&crate::run::build(&request, &setup).unwrap(), &setup);
        let end = " --request-target '/api/recordings/files?channel=#virtual_outbound#' 'http://";
        assert!(line.contains(end), "{line}");
    }

    /// What goes into the line is what was sent, with secrets by their names.
    #[test]
    fn credentials_are_those_that_were_sent() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let setup = Setup::new(crate::dataset::embedded(now).unwrap(), now);
        for (user, password, words) in [
            ("${tenant}", "other", " -u \"$VCC_TENANT\":'other' "),
            ("${tenant}", "${token}", " -u \"$VCC_TENANT\":\"$VCC_TOKEN\" "),
            ("it's", "${token}x", " -u 'it'\\''s':\"$VCC_TOKEN\"'x' "),
        ] {
            let auth = Auth::Pair { user: user.into(), password: password.into() };
            let request = crate::fixture::Request { auth: Some(auth), ..Default::default() };
            let line = line(&crate::run::build(&request, &setup).unwrap(), &setup);
            assert!(line.contains(words), "{line}");
        }
    }

    #[test]
    fn quotes_and_bytes_survive_a_shell() {
        assert_eq!(quote("it's"), "'it'\\''s'");
        assert_eq!(
            quote(&format!("a{}é", "x".repeat(300))),
            "'a'\"$(printf %300s | tr ' ' x)\"'é'"
        );
        let text: String = "a\"$%\r\n\u{1}".bytes().map(shell_byte).collect();
        assert_eq!(text, "a\\\"\\$%%\\r\\n\\001");
    }
}
