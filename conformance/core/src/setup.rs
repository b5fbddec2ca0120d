//! What a run is judged against: the tenants of the target, and the time.

use jiff::Timestamp;

use crate::dataset::Tenant;
use crate::fixture::Template;

/// A tenant with the credentials that the target knows it by.
#[derive(Clone, Debug)]
pub struct Access {
    /// Its recordings and zone.
    pub tenant: Tenant,
    /// The user name.
    pub user: String,
    /// The password.
    pub token: String,
}

/// What a run is judged against.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The time that the dataset is stamped with.
    pub now: Timestamp,
    /// The tenants.
    pub tenants: Vec<Access>,
    /// Whether the connection uses TLS.
    pub https: bool,
    /// The value of `Host`.
    pub authority: String,
    /// The prefix of the documented path.
    pub prefix: String,
    /// Headers that go with every request.
    pub headers: Vec<(String, String)>,
}

impl Setup {
    /// The tenants of a dataset as they are written, at a target.
    #[must_use]
    pub fn new(tenants: Vec<Tenant>, now: Timestamp) -> Self {
        let access = |tenant: Tenant| Access {
            user: tenant.name.clone(),
            token: tenant.token.clone(),
            tenant,
        };
        Self {
            now,
            tenants: tenants.into_iter().map(access).collect(),
            https: false,
            authority: "127.0.0.1".into(),
            prefix: String::new(),
            headers: Vec::new(),
        }
    }

    /// The position of a tenant by the name that the dataset gives it.
    #[must_use]
    pub fn find(&self, tenant: &str) -> Option<usize> {
        self.tenants.iter().position(|access| access.tenant.name == tenant)
    }

    /// The values of templates for a tenant.
    #[must_use]
    pub fn template(&self, tenant: usize) -> Template<'_> {
        let access = &self.tenants[tenant];
        Template {
            tenant: &access.user,
            token: &access.token,
            zone: &access.tenant.zone,
            now: self.now,
        }
    }
}
