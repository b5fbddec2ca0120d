//! Defects in how a server reads the bytes of a connection, which the API behind it never sees:
//! they act on the way to the reference. The connections stand for HTTPS.

use jiff::Timestamp;

use super::before::Before;
use super::defect::Hook;
use vcc_conformance_core::http::{Answer, Trouble};
use vcc_conformance_core::run::{Exchange, HttpTarget, Key, Planned, Target, Transport};

/// A target whose requests are all made at one instant, and reach it as a defect reads them.
pub(super) struct Wire<'a> {
    pub(super) shared: &'a HttpTarget,
    pub(super) at: Timestamp,
    pub(super) hook: Option<Hook>,
}

struct Worker<'a> {
    inner: Box<dyn Transport + 'a>,
    at: Timestamp,
    hook: Option<Hook>,
    /// Whether the connections have no sockets, and so no TLS of their own.
    is_in_process: bool,
    before: Before,
}

impl Target for Wire<'_> {
    fn worker(&self) -> Box<dyn Transport + '_> {
        let (at, hook, before) = (self.at, self.hook, Before::default());
        let is_in_process = self.shared.base().starts_with("http://");
        Box::new(Worker { inner: self.shared.worker(), at, hook, is_in_process, before })
    }

    fn base(&self) -> String {
        let base = self.shared.base();
        base.strip_prefix("http://").map_or(base.clone(), |rest| format!("https://{rest}"))
    }

    fn requests(&self) -> u64 {
        self.shared.requests()
    }

    fn ended(&self) -> Option<String> {
        self.shared.ended()
    }
}

impl Worker<'_> {
    /// The request as the server reads it.
    fn read(&mut self, planned: &Planned) -> Planned {
        let mut read = planned.clone();
        // Only such a defect needs to know what came before.
        let Some(Hook::Sent(change)) = self.hook else { return read };
        change(&mut read.bytes, &self.before);
        let body = |(name, _): &(String, String)| {
            ["content-length", "transfer-encoding"].contains(&name.to_ascii_lowercase().as_str())
        };
        self.before.requests += 1;
        self.before.bodies += u32::from(planned.headers().iter().any(body));
        self.before.heads += u32::from(planned.is_head());
        read
    }

    fn heard(&mut self, planned: &Planned, exchange: Exchange) -> Exchange {
        let closes = |answer: &Answer| match answer {
            Ok(response) => response
                .header("connection")
                .is_some_and(|value| value.eq_ignore_ascii_case("close")),
            Err(_) => true,
        };
        if closes(&exchange.answer) {
            self.before = Before::default();
        } else if exchange.answer.as_ref().is_ok_and(|response| response.status >= 400) {
            self.before.refused += 1;
        }
        Exchange { planned: planned.clone(), started: self.at, ..exchange }
    }
}

impl Transport for Worker<'_> {
    fn exchange(&mut self, key: Key<'_>, planned: &Planned) -> Exchange {
        // REQ-4: the reference takes no connection without TLS.
        if planned.plain && self.is_in_process && !matches!(self.hook, Some(Hook::Plain)) {
            let answer = Err(Trouble::Closed("without TLS".into()));
            let planned = planned.clone();
            return Exchange { planned, answer, started: self.at, micros: 0, retried: 0 };
        }
        let read = self.read(planned);
        let exchange = self.inner.exchange(key, &read);
        self.heard(planned, exchange)
    }

    fn exchange_all(&mut self, requests: &[(Key<'_>, &Planned)]) -> Vec<Exchange> {
        let mut read = Vec::with_capacity(requests.len());
        for (_, planned) in requests {
            read.push(self.read(planned));
            self.before.waits = true;
        }
        self.before.waits = false;
        let keys = requests.iter().zip(&read).map(|((key, _), read)| (*key, read));
        let exchanges = self.inner.exchange_all(&keys.collect::<Vec<_>>());
        let heard = requests.iter().zip(exchanges);
        heard.map(|((_, planned), exchange)| self.heard(planned, exchange)).collect()
    }
}
