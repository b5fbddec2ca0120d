use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::exchange::{Exchange, Key, Target, Transport};
use super::plan::Planned;
use crate::clock;
use crate::http::{Answer, Client, Endpoint, Limits, Response, Trouble};

/// Requests in a row without an answer after which the target counts as gone.
const GONE: u32 = 8;
/// How often a request is sent again when the connection is refused or the target is busy.
const RETRIES: u32 = 3;
/// Why a run is over that has sent as many requests as it may.
const USED_UP: &str = "the requests of the run are used up (--max-requests)";

/// What all workers of a run share.
pub struct HttpTarget {
    /// Where the target is.
    pub endpoint: Arc<Endpoint>,
    /// What a request may cost.
    pub limits: Limits,
    /// Ends every wait.
    pub stop: Arc<AtomicBool>,
    /// When the run has to be over.
    pub until: Instant,
    /// The greatest number of requests.
    pub max_requests: Option<u64>,
    /// The greatest number of requests a second.
    pub rate: Option<f64>,
    /// Requests sent so far.
    pub requests: AtomicU64,
    /// Why no more requests are sent.
    ended: Mutex<Option<String>>,
    silent: AtomicU32,
    next: Mutex<Option<Instant>>,
    /// Sees every exchange.
    #[expect(clippy::type_complexity, reason = "a closure, and only here")]
    pub watch: Option<Box<dyn Fn(Key<'_>, &Exchange) + Send + Sync>>,
}

impl std::fmt::Debug for HttpTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpTarget").finish_non_exhaustive()
    }
}

impl HttpTarget {
    /// A run against an endpoint, without limits on the number of requests.
    #[must_use]
    pub fn new(endpoint: Endpoint, limits: Limits, stop: Arc<AtomicBool>, until: Instant) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            limits,
            stop,
            until,
            max_requests: None,
            rate: None,
            requests: AtomicU64::new(0),
            ended: Mutex::new(None),
            silent: AtomicU32::new(0),
            next: Mutex::new(None),
            watch: None,
        }
    }

    fn over(&self) -> Option<String> {
        if self.stop.load(Ordering::Relaxed) {
            return Some("the run was stopped".into());
        }
        if Instant::now() >= self.until {
            return Some("the time for the run is over (--deadline)".into());
        }
        if self.max_requests.is_some_and(|most| self.requests.load(Ordering::Relaxed) >= most) {
            return Some(USED_UP.into());
        }
        self.ended.lock().ok()?.clone()
    }

    /// Waits until the next request may go out, and counts it.
    ///
    /// # Errors
    ///
    /// The run is over.
    fn admit(&self) -> Result<(), Trouble> {
        let goes_on = || self.over().map_or(Ok(()), |reason| Err(Trouble::Over(reason)));
        goes_on()?;
        self.pace();
        goes_on()?;
        // Several workers may each have seen that one request is left.
        let most = self.max_requests.unwrap_or(u64::MAX);
        let count = |sent| (sent < most).then_some(sent + 1);
        let counted = self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        counted.map(|_| ()).map_err(|_| Trouble::Over(USED_UP.into()))
    }

    /// The time that a request may take now.
    fn deadline(&self) -> Duration {
        self.limits.deadline.min(self.until.saturating_duration_since(Instant::now()))
    }

    /// An answer that could not come before the end of the run says nothing of the target.
    fn in_time(&self, answer: Answer) -> Answer {
        match (answer, self.over()) {
            (Err(Trouble::TimedOut(_) | Trouble::Connect(_)), Some(reason))
                if Instant::now() >= self.until =>
            {
                Err(Trouble::Over(reason))
            }
            (answer, _) => answer,
        }
    }

    fn pace(&self) {
        let Some(rate) = self.rate.filter(|rate| *rate > 0.0) else { return };
        let wait = {
            let Ok(mut next) = self.next.lock() else { return };
            let now = Instant::now();
            let at = next.map_or(now, |at| at.max(now));
            let gap = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX);
            *next = Some(clock::after(at, gap));
            at - now
        };
        self.sleep(wait);
    }

    fn sleep(&self, wait: Duration) {
        let until = clock::after(Instant::now(), wait).min(self.until);
        while !self.stop.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    fn heard(&self, answer: &Answer) {
        match answer {
            Err(Trouble::Stopped | Trouble::Over(_)) => {}
            Ok(_) | Err(Trouble::TooLarge(_)) => self.silent.store(0, Ordering::Relaxed),
            Err(trouble) => {
                let silent = self.silent.fetch_add(1, Ordering::Relaxed) + 1;
                if silent >= GONE
                    && let Ok(mut ended) = self.ended.lock()
                {
                    ended.get_or_insert_with(|| {
                        format!("the target stopped answering: {silent} requests in a row without an answer, the last: {trouble}")
                    });
                }
            }
        }
    }
}

impl Target for HttpTarget {
    fn worker(&self) -> Box<dyn Transport + '_> {
        Box::new(HttpTransport::new(self))
    }

    fn base(&self) -> String {
        self.endpoint.base()
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn ended(&self) -> Option<String> {
        self.over()
    }
}

/// One worker's connection to the target.
#[derive(Debug)]
pub struct HttpTransport<'a> {
    target: &'a HttpTarget,
    client: Client,
}

impl<'a> HttpTransport<'a> {
    /// A worker that has not connected yet.
    #[must_use]
    pub fn new(target: &'a HttpTarget) -> Self {
        let endpoint = Arc::clone(&target.endpoint);
        Self { target, client: Client::new(endpoint, target.limits, Arc::clone(&target.stop)) }
    }

    fn send(&mut self, planned: &Planned) -> Answer {
        let target = self.target;
        let answer = if planned.plain {
            let (plain, stop) = (Arc::new(target.endpoint.plain()), Arc::clone(&target.stop));
            let limits = Limits { deadline: target.deadline(), ..target.limits };
            Client::new(plain, limits, stop).exchange(&planned.bytes, planned.body())
        } else {
            self.client.set_deadline(target.deadline());
            self.client.exchange(&planned.bytes, planned.body())
        };
        target.in_time(answer)
    }
}

/// How long a busy target asks to be left alone, limited to the time that the run has.
fn asked_to_wait(response: &Response) -> Duration {
    let seconds = response.header("retry-after").and_then(|text| text.parse::<f64>().ok());
    let seconds = seconds.filter(|seconds| seconds.is_finite()).unwrap_or(0.2);
    Duration::from_secs_f64(seconds.clamp(0.05, 5.0))
}

impl Transport for HttpTransport<'_> {
    fn exchange_all(&mut self, requests: &[(Key<'_>, &Planned)]) -> Vec<Exchange> {
        let target = self.target;
        let (started, before) = (clock::now(), Instant::now());
        let of = |planned: &Planned, answer, micros| Exchange {
            planned: planned.clone(),
            answer,
            started,
            micros,
            retried: 0,
        };
        if let Err(trouble) = requests.iter().try_for_each(|_| target.admit()) {
            let over = requests.iter().map(|(_, planned)| of(planned, Err(trouble.clone()), 0));
            return over.collect();
        }
        self.client.set_deadline(target.deadline());
        let bytes = requests.iter().map(|(_, planned)| (&planned.bytes[..], planned.body()));
        let answers = self.client.exchange_all(&bytes.collect::<Vec<_>>());
        let micros = u64::try_from(before.elapsed().as_micros()).unwrap_or(u64::MAX);
        let exchanges = requests.iter().zip(answers).map(|((key, planned), answer)| {
            let busy = |response: &Response| response.status == 503;
            if matches!(&answer, Err(Trouble::Refused(_))) || answer.as_ref().is_ok_and(busy) {
                // It is sent again on its own, like any other.
                return self.exchange(*key, planned);
            }
            target.heard(&answer);
            let exchange = of(planned, target.in_time(answer), micros);
            if let Some(watch) = &target.watch {
                watch(*key, &exchange);
            }
            exchange
        });
        exchanges.collect()
    }

    fn exchange(&mut self, key: Key<'_>, planned: &Planned) -> Exchange {
        let mut retried = 0;
        let exchange = loop {
            let admitted = self.target.admit();
            let started = clock::now();
            let before = Instant::now();
            if let Err(trouble) = admitted {
                let (planned, answer) = (planned.clone(), Err(trouble));
                let exchange = Exchange { planned, answer, started, micros: 0, retried };
                if retried == 0 {
                    // Nothing was sent: there is nothing to see.
                    return exchange;
                }
                break exchange;
            }
            let answer = self.send(planned);
            let micros = u64::try_from(before.elapsed().as_micros()).unwrap_or(u64::MAX);
            let again = match &answer {
                Err(Trouble::Refused(_)) if !planned.plain => Some(Duration::from_millis(200)),
                Ok(response) if response.status == 503 => Some(asked_to_wait(response)),
                _ => None,
            };
            match again {
                Some(wait) if retried < RETRIES => {
                    retried += 1;
                    if self.target.over().is_none() {
                        self.target.sleep(wait);
                    }
                }
                _ => {
                    if !planned.plain {
                        self.target.heard(&answer);
                    }
                    break Exchange { planned: planned.clone(), answer, started, micros, retried };
                }
            }
        };
        if let Some(watch) = &self.target.watch {
            watch(key, &exchange);
        }
        exchange
    }
}
