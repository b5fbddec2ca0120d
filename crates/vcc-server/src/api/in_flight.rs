use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::trace::Trace;
use crate::Metrics;
use crate::metrics::GaugeGuard;
use crate::sign_ins::SignIns;

/// The status in the log and the metrics if the client left first, as nginx has it.
const CLIENT_LEFT: u16 = 499;

/// A request that is being answered. It is counted and logged once, even if its client leaves before
/// the answer.
pub(super) struct InFlight<'a> {
    metrics: &'a Metrics,
    requests: &'a AtomicU64,
    sign_ins: &'a SignIns,
    began: Instant,
    pub(super) trace: Trace,
    ended: bool,
    _running: GaugeGuard<'a>,
}

impl<'a> InFlight<'a> {
    pub(super) fn begin(
        metrics: &'a Metrics,
        requests: &'a AtomicU64,
        sign_ins: &'a SignIns,
    ) -> Self {
        let (began, trace) = (Instant::now(), Trace::default());
        let _running = metrics.begin();
        Self { metrics, requests, sign_ins, began, trace, ended: false, _running }
    }

    pub(super) fn end(&mut self, status: u16) {
        self.ended = true;
        let took = self.began.elapsed();
        self.metrics.answered(status, self.trace.records as u64, took);
        let request = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        self.trace.log(request, status, took);
        if matches!(status, 401 | 403) {
            self.sign_ins.refused(self.trace.peer);
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.trace.records = 0;
            self.end(CLIENT_LEFT);
        }
    }
}
