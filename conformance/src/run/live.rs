use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::exchange::{Exchange, Key, Target, Transport};
use super::plan::Planned;
use crate::clock;
use crate::http::{Client, Endpoint, Limits, Trouble};

/// Requests in a row without an answer after which the target counts as gone.
const GONE: u32 = 8;
/// How often a request is sent again when the connection is refused or the target is busy.
const RETRIES: u32 = 3;

/// What all workers of a run share.
pub struct Shared {
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

impl Shared {
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
            return Some("the requests of the run are used up (--max-requests)".into());
        }
        self.ended.lock().ok()?.clone()
    }

    /// Waits until the next request may go out.
    fn pace(&self) {
        let Some(rate) = self.rate.filter(|rate| *rate > 0.0) else { return };
        let wait = {
            let Ok(mut next) = self.next.lock() else { return };
            let now = Instant::now();
            let at = next.map_or(now, |at| at.max(now));
            *next = Some(at + Duration::from_secs_f64(1.0 / rate));
            at - now
        };
        self.sleep(wait);
    }

    fn sleep(&self, wait: Duration) {
        let until = Instant::now() + wait;
        while !self.stop.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    fn heard(&self, answer: &crate::http::Answer) {
        match answer {
            Err(Trouble::Stopped) => {}
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

impl Target for Shared {
    fn worker(&self) -> Box<dyn Transport + '_> {
        Box::new(Live::new(self))
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
pub struct Live<'a> {
    shared: &'a Shared,
    client: Client,
}

impl<'a> Live<'a> {
    /// A worker that has not connected yet.
    #[must_use]
    pub fn new(shared: &'a Shared) -> Self {
        Self { shared, client: connect(shared, Arc::clone(&shared.endpoint)) }
    }
}

fn connect(shared: &Shared, endpoint: Arc<Endpoint>) -> Client {
    let left = shared.until.saturating_duration_since(Instant::now());
    let limits = Limits { deadline: shared.limits.deadline.min(left), ..shared.limits };
    Client::new(endpoint, limits, Arc::clone(&shared.stop))
}

impl Transport for Live<'_> {
    fn exchange(&mut self, key: Key<'_>, planned: &Planned) -> Exchange {
        let mut retried = 0;
        let exchange = loop {
            self.shared.pace();
            self.shared.requests.fetch_add(1, Ordering::Relaxed);
            let started = clock::now();
            let before = Instant::now();
            let answer = if planned.plain {
                let plain = Arc::new(self.shared.endpoint.plain());
                connect(self.shared, plain).exchange(&planned.bytes, planned.is_head())
            } else {
                self.client.exchange(&planned.bytes, planned.is_head())
            };
            let micros = u64::try_from(before.elapsed().as_micros()).unwrap_or(u64::MAX);
            let again = match &answer {
                Err(Trouble::Refused(_)) if !planned.plain => Some(Duration::from_millis(200)),
                Ok(response) if response.status == 503 => {
                    let seconds = response.header("retry-after").and_then(|text| text.parse().ok());
                    Some(Duration::from_secs_f64(seconds.unwrap_or(0.2_f64).clamp(0.05, 5.0)))
                }
                _ => None,
            };
            match again {
                Some(wait) if retried < RETRIES && self.shared.over().is_none() => {
                    retried += 1;
                    self.shared.sleep(wait);
                }
                _ => {
                    if !planned.plain {
                        self.shared.heard(&answer);
                    }
                    break Exchange { planned: planned.clone(), answer, started, micros, retried };
                }
            }
        };
        if let Some(watch) = &self.shared.watch {
            watch(key, &exchange);
        }
        exchange
    }
}
