//! Tokens in the keyring of the system: the Secret Service of a desktop, the keychain, the credential
//! manager.

use keyring::v1::{Entry, Error};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Base, Credentials, CredentialsError};

/// The entry of a tenant of a service.
fn entry(service: &Base, tenant: &str) -> Result<Entry, CredentialsError> {
    // Why there is no keyring is said once it was looked for, and only there.
    if let Err(error) = Entry::store_status() {
        return Err(CredentialsError::new(format!("there is no keyring: {error}")));
    }
    Entry::new(&format!("vcc {service}"), tenant).map_err(failed)
}

fn failed(error: Error) -> CredentialsError {
    CredentialsError::new(format!("the keyring: {error}"))
}

impl Credentials {
    /// The token of a tenant in the keyring of the system, where [`keep_in_keyring`](Self::keep_in_keyring)
    /// has put it; `None` where there is none.
    ///
    /// # Errors
    ///
    /// There is no keyring, or it is locked.
    pub fn from_keyring(
        service: &Base,
        tenant: impl Into<String>,
    ) -> Result<Option<Self>, CredentialsError> {
        let tenant = tenant.into();
        match entry(service, &tenant)?.get_password() {
            Ok(token) => Ok(Some(Self::new(tenant, SecretString::from(token), "the keyring"))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Puts the token into the keyring of the system, in the place of the one that is there.
    ///
    /// # Errors
    ///
    /// As [`from_keyring`](Self::from_keyring).
    pub fn keep_in_keyring(&self, service: &Base) -> Result<(), CredentialsError> {
        let entry = entry(service, self.tenant())?;
        entry.set_password(self.token.expose_secret()).map_err(failed)
    }
}
