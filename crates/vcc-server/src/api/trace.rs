use std::net::IpAddr;
use std::time::Duration;

use vcc_format::WriteError;
use vcc_store::{StoreError, StoreErrorKind};

use crate::error_response::ErrorResponse;

/// What the log says about a request, as far as it is known. It never has a token or a value.
#[derive(Default)]
pub(super) struct Trace {
    /// The address that the connection came from; behind a proxy, that of the proxy.
    pub(super) peer: Option<IpAddr>,
    pub(super) tenant: Option<String>,
    pub(super) shape: Option<String>,
    pub(super) records: usize,
    /// The reason that the client does not see.
    pub(super) failure: Option<ServerError>,
}

/// What went wrong on the server's side.
pub(super) enum ServerError {
    Store(StoreError),
    Write(WriteError),
    /// The audit log cannot be written; its own events say why.
    Audit,
}

impl Trace {
    /// STATUS-1: a store that cannot be reached, or does not let this server in, is 503: an operator can
    /// change that. A store that is broken is 500 without internals. The log has the reason.
    pub(super) fn refuse(&mut self, error: StoreError) -> ErrorResponse {
        let refusal = match error.kind() {
            StoreErrorKind::Unavailable | StoreErrorKind::Deadline | StoreErrorKind::Refused => {
                ErrorResponse::busy()
            }
            _ => ErrorResponse::internal(),
        };
        self.failure = Some(ServerError::Store(error));
        refusal
    }

    /// Logs one event for each request, however it ended.
    pub(super) fn log(&self, request: u64, status: u16, took: Duration) {
        macro_rules! log {
            ($level:ident, $($failure:tt)*) => {
                tracing::$level!(
                    request,
                    peer = self.peer.map(tracing::field::display),
                    tenant = self.tenant.as_deref(),
                    asked = self.shape.as_deref(),
                    status,
                    records = self.records,
                    micros = took.as_micros() as u64,
                    $($failure)*
                )
            };
        }
        match &self.failure {
            None => log!(info,),
            Some(ServerError::Store(error)) if status == 503 => log!(warn, %error),
            Some(ServerError::Store(error)) => log!(error, %error),
            Some(ServerError::Write(error)) => log!(error, %error),
            Some(ServerError::Audit) => log!(warn, error = "the audit log cannot be written"),
        }
    }
}
