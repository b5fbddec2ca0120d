use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};

/// How often a request is sent, and how long is waited in between: one budget for whatever goes wrong.
///
/// Waits double from `first` to `longest`, each with a random part so that clients do not ask in step. A
/// `Retry-After` counts instead where it is longer, up to `retry_after`: a server that asks for more
/// is not waited for, and the error says what it asked.
///
/// ```
/// use std::time::Duration;
/// use vcc_client::Retry;
///
/// let mut retry = Retry::default();
/// assert_eq!((retry.attempts, retry.total), (8, Duration::from_secs(300)));
/// retry.attempts = 3;
/// assert_eq!(Retry::never().attempts, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// How often a request is sent at most, the first time included; 0 is 1.
    pub attempts: u32,
    /// The first wait.
    pub first: Duration,
    /// The longest wait that is chosen here.
    pub longest: Duration,
    /// The longest wait that a server may ask for.
    pub retry_after: Duration,
    /// How long a request and its repetitions may take; no wait begins that would go beyond.
    pub total: Duration,
}

impl Default for Retry {
    /// Eight times, waits of 0.25 to 15 s, a minute where the server asks, five minutes in all.
    fn default() -> Self {
        Self {
            attempts: 8,
            first: Duration::from_millis(250),
            longest: Duration::from_secs(15),
            retry_after: Duration::from_secs(60),
            total: Duration::from_secs(300),
        }
    }
}

impl Retry {
    /// Once.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The waits, one for each repetition.
    pub(crate) fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_max_times(self.attempts.saturating_sub(1) as usize)
            .with_jitter();
        backoff.build()
    }

    /// How long to wait: `delay`, or what the server asked for; `None` where that is too long.
    pub(crate) fn wait(
        &self,
        delay: Duration,
        asked: Option<Duration>,
        spent: Duration,
    ) -> Option<Duration> {
        let wait = match asked {
            Some(asked) if asked > self.retry_after => return None,
            Some(asked) => asked.max(delay.min(self.first)),
            None => delay,
        };
        (spent.saturating_add(wait) <= self.total).then_some(wait)
    }
}

/// Reads `Retry-After`: seconds, or a date, which counts from the server's own `Date` where there is
/// one, so that its clock may be wrong (RFC 9110, 10.2.3).
pub(crate) fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than fit are longer than any limit.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let from = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now);
    Some(until.duration_since(from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let at = |value, date| retry_after(value, date, now).map(|wait| wait.as_secs());
        assert_eq!(at("120", None), Some(120));
        assert_eq!(at(" 0 ", None), Some(0));
        assert_eq!(at("99999999999999999999999", None), Some(u64::MAX));
        assert_eq!(at("Sun, 06 Nov 1994 08:49:47 GMT", None), Some(10));
        assert_eq!(at("Sun, 06 Nov 1994 08:49:00 GMT", None), Some(0));
        let date = Some("Sun, 06 Nov 1994 08:49:40 GMT");
        assert_eq!(at("Sun, 06 Nov 1994 08:49:47 GMT", date), Some(7));
        assert_eq!(at("soon", None), None);
        assert_eq!(at("-1", None), None);
        assert_eq!(at("", None), None);
    }

    #[test]
    fn waits_are_bounded_by_the_budget() {
        let retry = Retry::default();
        let seconds = Duration::from_secs;
        let wait = |delay, asked, spent| retry.wait(seconds(delay), asked, seconds(spent));
        assert_eq!(wait(2, None, 0), Some(seconds(2)));
        assert_eq!(wait(2, Some(seconds(7)), 0), Some(seconds(7)));
        assert_eq!(wait(2, Some(seconds(60)), 0), Some(seconds(60)));
        assert_eq!(wait(2, Some(seconds(61)), 0), None);
        assert_eq!(wait(2, None, 298), Some(seconds(2)));
        assert_eq!(wait(2, None, 299), None);
        // A server that says 0 is not asked in a tight loop.
        assert_eq!(wait(2, Some(Duration::ZERO), 0), Some(retry.first));
        assert_eq!(retry.delays().count(), 7);
        assert_eq!(Retry::never().delays().count(), 0);
    }
}
