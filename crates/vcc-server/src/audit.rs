use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use vcc_query::Query;

/// A file in which each request that got recordings leaves a line of JSON: when, which tenant, the
/// number of the token that opened it, the address of the peer where it is known (behind a proxy, the
/// proxy's), the shape of its query (the names of its variables, not their values), and how many
/// records it got.
///
/// Values can be phone numbers and names. They are written only on request.
///
/// A line that could not be written to its end, such as on a full disk, stays a line of its own.
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
/// let line = r#"{"at":"2007-12-20T04:00:00.000Z","tenant":"acme","token":1,"#.to_owned()
///     + r#""asked":"phoneNumber,n","records":0}"#;
/// assert_eq!(std::fs::read_to_string(&path)?, line + "\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Audit {
    lines: Mutex<Lines<File>>,
    values: bool,
}

/// Lines, of which none begins in the rest of another.
#[derive(Debug)]
struct Lines<To> {
    to: To,
    /// Whether the last line has no end.
    cut: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    tenant: &'a str,
    token: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<IpAddr>,
    asked: &'a str,
    records: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
}

/// Who got recordings.
#[derive(Clone, Copy)]
pub(crate) struct Who<'a> {
    pub(crate) tenant: &'a str,
    /// The number of the token that opened the tenant.
    pub(crate) token: i64,
    pub(crate) peer: Option<IpAddr>,
}

impl Audit {
    /// Appends to a file, making it where there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let to = OpenOptions::new().append(true).create(true).open(path)?;
        // What cannot be read can be written all the same.
        let cut = to.metadata()?.is_file() && is_cut(path).unwrap_or_default();
        Ok(Self { lines: Mutex::new(Lines { to, cut }), values: false })
    }

    /// Writes the values of queries too.
    #[must_use]
    pub fn with_values(mut self) -> Self {
        self.values = true;
        self
    }

    pub(crate) fn record(&self, at: DateTime<Utc>, who: Who<'_>, query: &Query, records: usize) {
        let Who { tenant, token, peer } = who;
        let line = Line {
            at: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            tenant,
            token,
            peer,
            asked: &shape(query),
            records,
            query: self.values.then(|| query.to_string()),
        };
        let Ok(mut text) = serde_json::to_string(&line) else { return };
        text.push('\n');
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = lines.write(text.as_bytes()) {
            tracing::error!(%error, "cannot write the audit log");
        }
    }
}

impl<To: Write> Lines<To> {
    /// Writes a line, at one go where the system does so.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.cut {
            self.to.write_all(b"\n")?;
            self.cut = false;
        }
        let mut left = line;
        while !left.is_empty() {
            match self.to.write(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => left = &left[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            self.cut = !left.is_empty();
        }
        Ok(())
    }
}

/// Whether the last line of a file has no end.
fn is_cut(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
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

    /// A disk on which there is room for so many bytes.
    struct Disk {
        written: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let length = bytes.len().min(self.room);
            if length == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= length;
            self.written.extend(&bytes[..length]);
            Ok(length)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_is_cut_ends_before_the_next() {
        for (room, written) in [
            (0, "three\n"),
            (2, "on\nthree\n"),
            (4, "one\nthree\n"),
            (6, "one\ntw\nthree\n"),
            (8, "one\ntwo\nthree\n"),
        ] {
            let mut lines = Lines { to: Disk { written: Vec::new(), room }, cut: false };
            let failed = [&b"one\n"[..], b"two\n"].map(|line| lines.write(line).is_err());
            assert_eq!(failed, [room < 4, room < 8]);
            lines.to.room = 100;
            lines.write(b"three\n").unwrap();
            assert_eq!(String::from_utf8(lines.to.written).unwrap(), written, "{room}");
        }
    }

    #[test]
    fn a_file_that_ends_within_a_line_is_gone_on_with_on_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.jsonl");
        for (before, line) in [("", 0), ("{}\n", 1), ("{\"at\":", 1)] {
            std::fs::write(&path, before).unwrap();
            let query = Query::parse("").unwrap();
            let who = Who { tenant: "acme", token: 1, peer: None };
            Audit::append(&path).unwrap().record(DateTime::UNIX_EPOCH, who, &query, 0);
            let text = std::fs::read_to_string(&path).unwrap();
            let record = text.lines().nth(line).unwrap();
            assert!(record.starts_with("{\"at\":\"1970") && text.ends_with("\n"), "{text}");
            assert_eq!(text.lines().count(), line + 1, "{text}");
        }
    }

    #[test]
    fn a_shape_has_names_and_no_values() {
        let query = Query::parse("phoneNumber=4155551234&d=2007-08-05&tz=UTC&n=51").unwrap();
        assert_eq!(shape(&query), "d,tz,phoneNumber,n");
        assert_eq!(shape(&Query::parse("").unwrap()), "");
    }
}
