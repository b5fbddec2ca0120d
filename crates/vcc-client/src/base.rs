use core::fmt;
use core::str::FromStr;
use std::error::Error as StdError;

use url::{Host as UrlHost, Url};
use vcc_types::Host;

use crate::Request;

/// The root of a service: scheme, host, and a path where there is one in front of
/// `/api/recordings/files`.
///
/// It is read from a URL, a host, or a region. No list of regions refuses others (HOST-1).
///
/// ```
/// use vcc_client::Base;
///
/// let base = |text: &str| text.parse::<Base>().map(|base| base.to_string());
/// assert_eq!(base("https://recordings.example:8443")?, "https://recordings.example:8443/");
/// // The whole address of the resource is as good.
/// assert_eq!(base("https://proxy.example/acme/api/recordings/files.csv")?, "https://proxy.example/acme/");
/// assert_eq!(base("na3")?, "https://na3.mycontactual.com/");
/// assert_eq!(base("na12")?, "https://vcc-na12.8x8.com/");
/// assert_eq!(base("recordings.example")?, "https://recordings.example/");
/// assert!(base("https://acme:token@recordings.example").is_err());
/// # Ok::<(), vcc_client::InvalidBase>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base(Url);

/// Why a text is no root of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidBase(String);

impl fmt::Display for InvalidBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for InvalidBase {}

impl Base {
    /// Whether it is plain HTTP.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The host, without a port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether it is this machine: a name or an address that never leaves it.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(UrlHost::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(UrlHost::Ipv4(address)) => address.is_loopback(),
            Some(UrlHost::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The address of a request.
    pub(crate) fn url(&self, request: &Request) -> Url {
        let mut url = self.0.clone();
        let path = format!("{}{}", self.0.path().trim_end_matches('/'), request.path);
        url.set_path(&path);
        url.set_query((!request.query.is_empty()).then_some(request.query.as_str()));
        url
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Base {
    type Err = InvalidBase;

    fn from_str(text: &str) -> Result<Self, InvalidBase> {
        let refuse = |problem: &str| {
            Err(InvalidBase(format!(
                "{problem}; expected a URL such as https://recordings.example, or a region such as na3"
            )))
        };
        let text = text.trim();
        if text.is_empty() {
            return refuse("the URL of the service is empty");
        }
        let address = if text.contains("://") {
            text.to_owned()
        } else if let Some(host) = Host::named(text) {
            format!("https://{}", host.host)
        } else if text.contains(['.', ':', '[', '/']) || text == "localhost" {
            format!("https://{text}")
        } else if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            format!("https://vcc-{text}.8x8.com")
        } else {
            return refuse("that is neither a URL nor a region");
        };
        let mut url = match Url::parse(&address) {
            Ok(url) => url,
            // The text may hold a password, so that it is not shown.
            Err(error) => return refuse(&format!("the URL cannot be read: {error}")),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return refuse(&format!("the scheme {}: is not spoken", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("credentials do not belong in the URL, where others see them");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("the URL of the service has a query or a fragment");
        }
        if matches!(url.host(), None | Some(UrlHost::Domain(""))) {
            return refuse("the URL has no host");
        }
        let path = url.path().trim_end_matches('/');
        let root = ["", ".xml", ".csv"]
            .iter()
            .find_map(|extension| path.strip_suffix(extension)?.strip_suffix(Host::PATH))
            .unwrap_or(path);
        let root = format!("{}/", root.trim_end_matches('/'));
        url.set_path(&root);
        Ok(Self(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_root_is_refused_with_the_reason() {
        let table = [
            ("", "the URL of the service is empty"),
            ("ftp://a.example", "the scheme ftp: is not spoken"),
            ("https://", "the URL cannot be read: empty host"),
            ("https://a.example/?d=today", "the URL of the service has a query or a fragment"),
            (
                "https://t:secret@a.example",
                "credentials do not belong in the URL, where others see them",
            ),
            ("two words", "that is neither a URL nor a region"),
        ];
        for (text, expected) in table {
            let error = text.parse::<Base>().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
            assert!(
                error.ends_with("or a region such as na3") && !error.contains("secret"),
                "{error}"
            );
        }
    }

    #[test]
    fn this_machine_is_known_by_its_names_and_addresses() {
        let is = |text: &str| text.parse::<Base>().unwrap().is_loopback();
        assert!(is("http://localhost:8080") && is("http://127.9.0.1") && is("http://[::1]:80"));
        assert!(!is("http://10.0.0.1") && !is("https://localhost.example") && !is("na3"));
    }

    #[test]
    fn requests_go_below_the_root() {
        let base: Base = "http://127.0.0.1:8080/acme/".parse().unwrap();
        let request = Request { path: "/api/recordings/files".into(), query: "a=%23&n=51".into() };
        assert_eq!(
            base.url(&request).as_str(),
            "http://127.0.0.1:8080/acme/api/recordings/files?a=%23&n=51"
        );
        let request = Request { path: "/api/recordings/files".into(), query: String::new() };
        assert_eq!(base.url(&request).as_str(), "http://127.0.0.1:8080/acme/api/recordings/files");
    }
}
