//! The reference server in this process: the default target of the suite.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;
use vcc_server::{Server, ServerBuilder, Tls};
use vcc_store::{Sqlite, Store, StoredRecord, Token};
use vcc_types::{Field, Recording};

use vcc_conformance_core::dataset::{self, Tenant};
use vcc_conformance_core::http::{Endpoint, EndpointError, TlsOptions};

/// The reference server, on a port of its own on loopback, with its store in memory. It stops when
/// it is dropped.
#[derive(Debug)]
pub struct Reference {
    address: SocketAddr,
    certificate: Option<String>,
    server: Option<Server>,
    runtime: Runtime,
}

/// The reference server cannot start.
#[derive(Debug)]
pub struct ReferenceError(String);

impl ReferenceError {
    pub(crate) fn new(tenant: &str, problem: &dyn fmt::Display) -> Self {
        Self(format!("{tenant}: {problem}"))
    }
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reference server: {}", self.0)
    }
}

impl std::error::Error for ReferenceError {}

impl Reference {
    /// Starts it with these tenants.
    ///
    /// # Errors
    ///
    /// A dataset that the store refuses, or no free port.
    pub fn start(tenants: &[Tenant]) -> Result<Self, ReferenceError> {
        Self::start_with(tenants, |store| store, |builder| builder)
    }

    /// Starts it with these tenants and with a certificate that was made for it, so that it speaks HTTPS
    /// (REQ-4).
    ///
    /// # Errors
    ///
    /// As [`Reference::start`]; or a system without random bytes.
    pub fn start_https(tenants: &[Tenant]) -> Result<Self, ReferenceError> {
        Self::start_https_with(tenants, |builder| builder)
    }

    pub(crate) fn start_https_with(
        tenants: &[Tenant],
        build: impl FnOnce(ServerBuilder) -> ServerBuilder,
    ) -> Result<Self, ReferenceError> {
        let (tls, certificate) = Tls::self_signed(&["127.0.0.1".to_owned()])
            .map_err(|problem| ReferenceError(problem.to_string()))?;
        let mut reference =
            Self::start_with(tenants, |store| store, |builder| build(builder).tls(tls))?;
        reference.certificate = Some(certificate);
        Ok(reference)
    }

    /// Starts it with these tenants on a port of loopback; 0 is any free one.
    ///
    /// # Errors
    ///
    /// As [`Reference::start`], or the port is taken.
    pub fn start_on(port: u16, tenants: &[Tenant]) -> Result<Self, ReferenceError> {
        Self::start_at(port, tenants, |store| store, |builder| builder)
    }

    /// Starts it with something around the store or the API.
    ///
    /// # Errors
    ///
    /// As [`Reference::start`].
    pub fn start_with(
        tenants: &[Tenant],
        store: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
        build: impl FnOnce(ServerBuilder) -> ServerBuilder,
    ) -> Result<Self, ReferenceError> {
        Self::start_at(0, tenants, store, build)
    }

    fn start_at(
        port: u16,
        tenants: &[Tenant],
        store: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
        build: impl FnOnce(ServerBuilder) -> ServerBuilder,
    ) -> Result<Self, ReferenceError> {
        let error = |problem: &dyn fmt::Display| ReferenceError(problem.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|problem| error(&problem))?;
        let server = runtime.block_on(async {
            let sqlite = Sqlite::in_memory().map_err(|problem| error(&problem))?;
            load(&sqlite, tenants).await?;
            let server = build(Server::builder(store(Arc::new(sqlite))));
            server.start(("127.0.0.1", port)).await.map_err(|problem| error(&problem))
        })?;
        let address = server.local_addr();
        Ok(Self { address, certificate: None, server: Some(server), runtime })
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Its address, for a client that trusts it alone.
    ///
    /// # Errors
    ///
    /// Its certificate cannot be used, which would be a defect.
    pub fn endpoint(&self) -> Result<Endpoint, EndpointError> {
        match &self.certificate {
            Some(certificate) => Endpoint::parse_trusting(&self.url(), certificate),
            None => Endpoint::parse(&self.url(), &TlsOptions::default()),
        }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // Nobody needs its last answers.
        let guard = self.runtime.enter();
        drop(self.server.take());
        drop(guard);
    }
}

/// Puts tenants into a store.
///
/// # Errors
///
/// The store refuses a tenant or a record.
pub async fn load(store: &dyn Store, tenants: &[Tenant]) -> Result<(), ReferenceError> {
    let epoch = DateTime::<Utc>::UNIX_EPOCH;
    for tenant in tenants {
        let error =
            |problem: &dyn fmt::Display| ReferenceError(format!("{}: {problem}", tenant.name));
        let zone = tenant.tz.parse().map_err(|problem| error(&problem))?;
        let added =
            store.add_tenant(&tenant.name, zone, epoch).await.map_err(|problem| error(&problem))?;
        let token = Token::from_secret(tenant.token.clone());
        store
            .add_token(added.id, token.hash(), "dataset", epoch)
            .await
            .map_err(|problem| error(&problem))?;
        let records: Result<Vec<_>, _> = tenant
            .records
            .iter()
            .map(|record| {
                StoredRecord::new(&recording(record))
                    .map_err(|problem| error(&format!("{}: {problem}", record.key)))
            })
            .collect();
        let imported =
            store.import(added.id, records?.into()).await.map_err(|problem| error(&problem))?;
        if imported.added != tenant.records.len() as u64 {
            return Err(error(&format!(
                "of {}, {} could be added",
                vcc_conformance_core::words::counted(tenant.records.len(), "record"),
                imported.added
            )));
        }
    }
    Ok(())
}

pub(crate) fn recording(record: &dataset::Recording) -> Recording {
    let values: [Option<&str>; Field::COUNT] =
        std::array::from_fn(|index| record.values[index].as_deref());
    Recording::from_values(&values)
}
