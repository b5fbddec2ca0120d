use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where to listen: an address or a host name, and a port.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Listen {
    /// An IPv6 address without its brackets.
    host: String,
    port: u16,
}

impl Listen {
    /// An address, or a name.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The host without the port, as in a URL.
    pub(super) fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// The addresses of this host, those of IPv4 first: if a name has both, IPv4 is more likely to be
    /// reachable.
    ///
    /// # Errors
    ///
    /// There is no host of this name.
    pub(super) async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await?;
        let mut addresses: Vec<_> = found.collect();
        addresses.sort_by_key(SocketAddr::is_ipv6);
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        Ok(addresses)
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        let expected = "expected a host and a port, such as localhost:8443, 127.0.0.1:8443 or \
                        [::1]:8443";
        let (host, port) = text.rsplit_once(':').ok_or(expected)?;
        let port: u16 =
            port.parse().map_err(|_| format!("{expected}; a port is a number up to 65535"))?;
        if host.is_empty() || host == "*" {
            return Err(format!(
                "expected a host before the port: 127.0.0.1:{port} for this machine alone, \
                 0.0.0.0:{port} for all its addresses, [::]:{port} for those of IPv6 too"
            ));
        }
        if host.parse::<std::net::Ipv6Addr>().is_ok() {
            return Err(format!("an IPv6 address needs brackets: [{host}]:{port}"));
        }
        let is_name = |at: char| at.is_ascii_alphanumeric() || "-._".contains(at);
        if !host.chars().all(is_name) {
            return Err(expected.into());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bracketed(), self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_listened_on() {
        for text in ["127.0.0.1:0", "[::1]:8443", "localhost:8443", "db-1.example:65535"] {
            let listen: Listen = text.parse().unwrap();
            assert_eq!(listen.to_string(), text);
        }
        for (text, said) in [
            ("", "expected a host and a port"),
            ("localhost", "expected a host and a port"),
            ("8443", "expected a host and a port"),
            ("localhost:", "a port is a number"),
            ("localhost:65536", "a port is a number"),
            ("localhost:https", "a port is a number"),
            (":8443", "0.0.0.0:8443 for all its addresses"),
            ("*:8443", "127.0.0.1:8443 for this machine alone"),
            ("::1:8443", "needs brackets"),
            ("http://localhost:8443", "expected a host and a port"),
            ("a b:1", "expected a host and a port"),
        ] {
            let refused = text.parse::<Listen>().unwrap_err();
            assert!(refused.contains(said), "{text}: {refused}");
        }
    }

    #[tokio::test]
    async fn a_name_is_looked_up_and_ipv4_comes_first() {
        let listen: Listen = "localhost:7".parse().unwrap();
        let addresses = listen.resolve().await.unwrap();
        assert!(addresses.iter().all(|address| address.ip().is_loopback() && address.port() == 7));
        assert!(addresses.is_sorted_by_key(SocketAddr::is_ipv6));
        let nowhere: Listen = "no-such-host.invalid:7".parse().unwrap();
        assert!(nowhere.resolve().await.is_err());
    }
}
