use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::audit::{AuditCounts, Watch};
use crate::pending::Pending;

/// What a server counts, in the text format of Prometheus.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::http::Request;
/// use tower::ServiceExt as _;
/// use vcc_server::Api;
/// # use axum::body::Body;
/// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
///
/// let api = Api::new(store);
/// // Take it before the router is made; it keeps counting.
/// let metrics = api.metrics();
/// api.router().oneshot(Request::new(Body::empty())).await?;
/// let text = metrics.render();
/// assert!(text.contains("vcc_requests_total{status=\"401\"} 1\n"));
/// assert!(text.contains("vcc_request_seconds_count 1\n"));
/// // A status that did not occur is there too.
/// assert!(text.contains("vcc_requests_total{status=\"200\"} 0\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct Metrics {
    /// By status, in the order of [`STATUSES`].
    requests: [AtomicU64; STATUSES.len()],
    records: AtomicU64,
    running: AtomicU64,
    connections: AtomicU64,
    pending: Arc<Pending>,
    closed_for_room: AtomicU64,
    turned_away: AtomicU64,
    /// How many requests took more than the bound before and at most this one, in the order of
    /// [`BOUNDS`].
    took: [AtomicU64; BOUNDS.len()],
    took_micros: AtomicU64,
    answered: AtomicU64,
    dropped_log_lines: AtomicU64,
    audits: Mutex<Vec<Watch>>,
}

/// Every status that the API answers with, and 499 for a client that left before its answer.
const STATUSES: [u16; 11] = [200, 400, 401, 403, 404, 405, 414, 431, 499, 500, 503];

/// Upper bounds of the histogram, in microseconds.
const BOUNDS: [u64; 9] = [250, 500, 1_000, 2_500, 5_000, 10_000, 100_000, 1_000_000, 10_000_000];

type Count = fn(&AuditCounts) -> u64;

/// The metrics of an audit log, if there is one: name, kind, help and value.
const AUDIT: [(&str, &str, &str, Count); 6] = [
    ("vcc_audit_lines_total", "counter", "Lines written to the audit log.", |c| c.written),
    ("vcc_audit_lines_waiting", "gauge", "Lines to be written to the audit log.", |c| c.waiting),
    (
        "vcc_audit_lines_dropped_total",
        "counter",
        "Answers that left without a line in the audit log.",
        |c| c.dropped,
    ),
    (
        "vcc_audit_refused_total",
        "counter",
        "Requests that got no answer because they would have had no line in the audit log.",
        |c| c.refused,
    ),
    (
        "vcc_audit_errors_total",
        "counter",
        "Attempts to open or write the audit log that failed.",
        |c| c.errors,
    ),
    ("vcc_audit_failing", "gauge", "Whether the audit log cannot be written: 0 or 1.", |c| {
        c.is_failing.into()
    }),
];

impl Metrics {
    pub(crate) fn begin(&self) -> GaugeGuard<'_> {
        self.running.fetch_add(1, Relaxed);
        GaugeGuard(&self.running)
    }

    pub(crate) fn connection(&self) -> GaugeGuard<'_> {
        self.connections.fetch_add(1, Relaxed);
        GaugeGuard(&self.connections)
    }

    /// The memory that unread answers hold.
    pub(crate) fn pending(&self) -> Arc<Pending> {
        self.pending.clone()
    }

    /// A connection was closed for a new one.
    pub(crate) fn closed_for_room(&self) {
        self.closed_for_room.fetch_add(1, Relaxed);
    }

    /// A new connection found no room.
    pub(crate) fn turned_away(&self) {
        self.turned_away.fetch_add(1, Relaxed);
    }

    pub(crate) fn answered(&self, status: u16, records: u64, took: Duration) {
        if let Some(index) = STATUSES.iter().position(|known| *known == status) {
            self.requests[index].fetch_add(1, Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(index) = BOUNDS.iter().position(|bound| micros <= *bound) {
            self.took[index].fetch_add(1, Relaxed);
        }
        self.took_micros.fetch_add(micros, Relaxed);
        self.answered.fetch_add(1, Relaxed);
        self.records.fetch_add(records, Relaxed);
    }

    /// Counts lines of the log that were dropped because nobody read it. What is logged goes where
    /// the program's subscriber sends it, so it is the program that knows.
    ///
    /// ```
    /// let metrics = vcc_server::Metrics::default();
    /// metrics.drop_log_lines(2);
    /// assert!(metrics.render().contains("\nvcc_log_lines_dropped_total 2\n"));
    /// ```
    pub fn drop_log_lines(&self, lines: u64) {
        self.dropped_log_lines.fetch_add(lines, Relaxed);
    }

    /// Shows what becomes of the lines of an audit log.
    pub(crate) fn watch(&self, audit: Watch) {
        let mut audits = self.audits.lock().unwrap_or_else(PoisonError::into_inner);
        if !audits.iter().any(|other| other.is_same(&audit)) {
            audits.push(audit);
        }
    }

    /// The text for a Prometheus scraper.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, lines: &[(String, String)]| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (suffix, value) in lines {
                let _ = writeln!(text, "{name}{suffix} {value}");
            }
        };
        let plain = |value: &AtomicU64| [(String::new(), value.load(Relaxed).to_string())];
        let by_status: Vec<_> = STATUSES
            .iter()
            .zip(&self.requests)
            .map(|(status, count)| {
                (format!("{{status=\"{status}\"}}"), count.load(Relaxed).to_string())
            })
            .collect();
        family(
            "vcc_requests_total",
            "counter",
            "Requests by status; 499 is a client that left first.",
            &by_status,
        );
        family("vcc_records_total", "counter", "Records sent.", &plain(&self.records));
        let running = plain(&self.running);
        family("vcc_requests_running", "gauge", "Requests that are being answered.", &running);
        let open = plain(&self.connections);
        family("vcc_connections_open", "gauge", "Connections that are open.", &open);
        let pending = [(String::new(), self.pending.bytes().to_string())];
        let help = "Memory of answers that clients have not taken, in bytes.";
        family("vcc_pending_bytes", "gauge", help, &pending);
        family(
            "vcc_connections_closed_for_room_total",
            "counter",
            "Connections that were closed for new ones.",
            &plain(&self.closed_for_room),
        );
        family(
            "vcc_connections_turned_away_total",
            "counter",
            "New connections for which there was no room.",
            &plain(&self.turned_away),
        );
        let answered = self.answered.load(Relaxed);
        let mut within = 0;
        let mut took: Vec<_> = BOUNDS
            .iter()
            .zip(&self.took)
            .map(|(bound, count)| {
                let bound = *bound as f64 / 1e6;
                within += count.load(Relaxed);
                (format!("_bucket{{le=\"{bound}\"}}"), within.to_string())
            })
            .collect();
        let seconds = self.took_micros.load(Relaxed) as f64 / 1e6;
        took.push(("_bucket{le=\"+Inf\"}".into(), answered.to_string()));
        took.push(("_sum".into(), seconds.to_string()));
        took.push(("_count".into(), answered.to_string()));
        family("vcc_request_seconds", "histogram", "How long requests took.", &took);
        family(
            "vcc_log_lines_dropped_total",
            "counter",
            "Lines of the log that were dropped because nobody read it.",
            &plain(&self.dropped_log_lines),
        );
        let audits = self.audits.lock().unwrap_or_else(PoisonError::into_inner);
        let counts: Vec<_> = audits.iter().map(Watch::counts).collect();
        drop(audits);
        if counts.is_empty() {
            return text;
        }
        for (name, kind, help, count) in AUDIT {
            let sum: u64 = counts.iter().map(count).sum();
            family(name, kind, help, &[(String::new(), sum.to_string())]);
        }
        text
    }
}

/// Something that is going on, until this is dropped.
pub(crate) struct GaugeGuard<'a>(&'a AtomicU64);

impl Drop for GaugeGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::default();
        let _running = metrics.begin();
        metrics.answered(200, 50, Duration::from_micros(300));
        metrics.answered(403, 0, Duration::from_secs(2));
        metrics.closed_for_room();
        (0..2).for_each(|_| metrics.turned_away());
        let text = metrics.render();
        for line in [
            "vcc_requests_total{status=\"200\"} 1",
            "vcc_requests_total{status=\"403\"} 1",
            "vcc_records_total 50",
            "vcc_requests_running 1",
            "vcc_pending_bytes 0",
            "# TYPE vcc_pending_bytes gauge",
            "vcc_connections_closed_for_room_total 1",
            "vcc_connections_turned_away_total 2",
            "vcc_request_seconds_bucket{le=\"0.00025\"} 0",
            "vcc_request_seconds_bucket{le=\"0.0005\"} 1",
            "vcc_request_seconds_bucket{le=\"10\"} 2",
            "vcc_request_seconds_bucket{le=\"+Inf\"} 2",
            "vcc_request_seconds_sum 2.0003",
            "vcc_request_seconds_count 2",
            "# TYPE vcc_request_seconds histogram",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
    }
}
