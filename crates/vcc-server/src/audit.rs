use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use vcc_query::Query;

/// A file in which each request that got recordings leaves a line of JSON: when, which tenant, the
/// shape of its query (the names of its variables, not their values), and how many records it got.
///
/// Values can be phone numbers and names. They are written only on request.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::http::Request;
/// use tower::ServiceExt as _;
/// use vcc_server::{Api, Audit, Clock};
/// # use axum::body::Body;
/// # use vcc_store::{Store as _, TokenHash};
/// # let now = "2007-12-20T04:00:00Z".parse()?;
/// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
/// # let tenant = store.add_tenant("acme", "UTC".parse()?, now).await?;
/// # store.add_token(tenant.id, TokenHash::of(b"secret"), "", now).await?;
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("audit.jsonl");
///
/// let audit = Audit::append(&path)?;
/// let router = Api::new(store).with_clock(Clock::fixed(now)).with_audit(audit).router();
/// let request = Request::get("/api/recordings/files?phoneNumber=4155551234&n=51")
///     .header("authorization", "Basic YWNtZTpzZWNyZXQ=")
///     .body(Body::empty())?;
/// router.oneshot(request).await?;
/// // The time is in UTC, to the millisecond.
/// let line = r#"{"at":"2007-12-20T04:00:00.000Z","tenant":"acme","#.to_owned()
///     + r#""asked":"phoneNumber,n","records":0}"#;
/// assert_eq!(std::fs::read_to_string(&path)?, line + "\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Audit {
    file: Mutex<File>,
    values: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    tenant: &'a str,
    asked: &'a str,
    records: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
}

impl Audit {
    /// Appends to a file, making it where there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Self { file: Mutex::new(file), values: false })
    }

    /// Writes the values of queries too.
    #[must_use]
    pub fn with_values(mut self) -> Self {
        self.values = true;
        self
    }

    pub(crate) fn record(&self, at: DateTime<Utc>, tenant: &str, query: &Query, records: usize) {
        let line = Line {
            at: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            tenant,
            asked: &shape(query),
            records,
            query: self.values.then(|| query.to_string()),
        };
        let Ok(mut text) = serde_json::to_string(&line) else { return };
        text.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(text.as_bytes()) {
            tracing::error!(%error, "cannot write the audit log");
        }
    }
}

/// The names of the variables of a query, in the order in which it prints them.
pub(crate) fn shape(query: &Query) -> String {
    let printed = query.to_string();
    let mut shape = String::new();
    for variable in printed.split('&').filter(|variable| !variable.is_empty()) {
        let name = variable.split('=').next().unwrap_or_default();
        let comma = if shape.is_empty() { "" } else { "," };
        let _ = write!(shape, "{comma}{name}");
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_names_and_no_values() {
        let query = Query::parse("phoneNumber=4155551234&d=2007-08-05&tz=UTC&n=51").unwrap();
        assert_eq!(shape(&query), "d,tz,phoneNumber,n");
        assert_eq!(shape(&Query::parse("").unwrap()), "");
    }
}
