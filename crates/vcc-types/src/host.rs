/// A host of the service that the documentation names (HOST-1).
///
/// Tenants know their host from the address at which they log in. The list is a convenience: there are
/// other hosts, and a client accepts any of them.
///
/// ```
/// use vcc_types::Host;
///
/// let host = Host::named("na3").unwrap();
/// assert_eq!(host.base_url(), "https://na3.mycontactual.com");
/// let files = format!("{}{}", host.base_url(), Host::PATH);
/// assert_eq!(files, "https://na3.mycontactual.com/api/recordings/files");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Host {
    /// The short name: `na1`, `na2`, `na3`, `na4`, `na7`, `ca` or `uk`.
    pub name: &'static str,
    /// The host name.
    pub host: &'static str,
}

impl Host {
    /// The path of the resource on every host (REQ-2).
    pub const PATH: &'static str = "/api/recordings/files";

    /// Every host that the documentation names.
    pub const ALL: &'static [Host] = &[
        Host { name: "na1", host: "na1.mycontactual.com" },
        Host { name: "na2", host: "na2.mycontactual.com" },
        Host { name: "na3", host: "na3.mycontactual.com" },
        Host { name: "na4", host: "na4.mycontactual.com" },
        Host { name: "na7", host: "vcc-na7.8x8.com" },
        Host { name: "ca", host: "www.mycontactual.ca" },
        Host { name: "uk", host: "www.mycontactual.co.uk" },
    ];

    /// The host with this short name or this host name.
    #[must_use]
    pub fn named(name: &str) -> Option<Host> {
        Host::ALL.iter().copied().find(|host| host.name == name || host.host == name)
    }

    /// The root of the service, to which [`PATH`](Host::PATH) is added: always `https` (REQ-4).
    #[must_use]
    pub fn base_url(self) -> String {
        format!("https://{}", self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_is_found_by_both_names() {
        for host in Host::ALL {
            assert_eq!(Host::named(host.name), Some(*host));
            assert_eq!(Host::named(host.host), Some(*host));
        }
        assert_eq!(Host::named("na5"), None);
    }

    #[test]
    fn the_documented_addresses() {
        let urls: Vec<_> = Host::ALL.iter().map(|host| host.base_url()).collect();
        assert_eq!(
            urls,
            [
                "https://na1.mycontactual.com",
                "https://na2.mycontactual.com",
                "https://na3.mycontactual.com",
                "https://na4.mycontactual.com",
                "https://vcc-na7.8x8.com",
                "https://www.mycontactual.ca",
                "https://www.mycontactual.co.uk",
            ]
        );
    }
}
