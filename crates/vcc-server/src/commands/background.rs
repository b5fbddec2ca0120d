//! Output that never blocks: a thread of its own writes it. If the buffer is full, lines are dropped and
//! counted.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vcc_server::Metrics;

use super::failure::Failure;

/// How many bytes may wait.
const MOST: usize = 256 * 1024;

/// How long the process waits at its end for unwritten output.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How soon a pipe that does not block its writers is tried again.
const RETRY: Duration = Duration::from_millis(10);

/// The output and the log of `serve` and `demo`.
pub(super) struct Output {
    stdout: Background,
    stderr: Background,
}

impl Output {
    pub(super) fn start(metrics: &Arc<Metrics>) -> Result<Self, Failure> {
        let start = |name, to| {
            Background::start(name, to, metrics.clone())
                .map_err(|error| Failure::new(format!("cannot start: {error}")))
        };
        Ok(Self {
            stdout: start("stdout", Box::new(io::stdout()))?,
            stderr: start("stderr", Box::new(io::stderr()))?,
        })
    }

    /// Writes a line to stdout.
    pub(super) fn say(&self, line: impl std::fmt::Display) {
        self.stdout.put(format!("{line}\n").as_bytes());
    }

    /// Writes a line to stderr.
    pub(super) fn note(&self, line: impl std::fmt::Display) {
        self.stderr.put(format!("{line}\n").as_bytes());
    }

    /// Where events are logged to.
    pub(super) fn log(&self) -> Background {
        self.stderr.clone()
    }
}

impl Drop for Output {
    /// Waits until the output is written, but not for a reader that does not read.
    fn drop(&mut self) {
        let until = Instant::now() + LAST_LINES;
        self.stderr.flush(until);
        self.stdout.flush(until);
    }
}

/// A writer in the background. Each `write` is one line or several.
#[derive(Clone)]
pub(super) struct Background(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// There is something to write.
    more: Condvar,
    /// All is written.
    done: Condvar,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// How many bytes the thread has taken out of `waiting` and not written yet.
    taken: usize,
    is_idle: bool,
    /// Lines that were dropped and not reported yet.
    dropped: u64,
}

impl Background {
    fn start(name: &str, to: Box<dyn Write + Send>, metrics: Arc<Metrics>) -> io::Result<Self> {
        let state = Mutex::default();
        let shared = Shared { state, more: Condvar::new(), done: Condvar::new(), metrics };
        let shared = Arc::new(shared);
        let writer = shared.clone();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || writer.run(to))?;
        Ok(Self(shared))
    }

    fn put(&self, lines: &[u8]) {
        let mut state = self.0.lock();
        if state.waiting.len() + state.taken + lines.len() > MOST {
            return self.0.drop_lines(state, lines);
        }
        state.waiting.extend_from_slice(lines);
        let was_idle = std::mem::take(&mut state.is_idle);
        drop(state);
        if was_idle {
            self.0.more.notify_one();
        }
    }

    fn flush(&self, until: Instant) {
        let within = until.saturating_duration_since(Instant::now());
        let is_waiting = |state: &mut State| !state.waiting.is_empty() || state.taken > 0;
        // A reader that is too slow gets nothing more.
        drop(self.0.done.wait_timeout_while(self.0.lock(), within, is_waiting));
    }
}

impl Write for Background {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.put(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn run(&self, mut to: impl Write) {
        // Whether the last line has no end.
        let mut is_cut = false;
        loop {
            let mut lines = self.next();
            if is_cut {
                lines.insert(0, b'\n');
            }
            let mut left = &lines[..];
            while !left.is_empty() {
                match to.write(left) {
                    Ok(0) => break,
                    Ok(written) => {
                        is_cut = left[..written].last() != Some(&b'\n');
                        left = &left[written..];
                        self.lock().taken = left.len();
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        std::thread::sleep(RETRY);
                    }
                    Err(_) => break,
                }
            }
            // A line of stdout may still be in a buffer.
            let _ = to.flush();
            if !left.is_empty() {
                // The rest of a line that was counted already does not count again.
                let is_end = left.len() == lines.len() && left[0] == b'\n';
                self.drop_lines(self.lock(), &left[usize::from(is_end)..]);
            }
            let mut state = self.lock();
            state.taken = 0;
            let dropped = if left.is_empty() { std::mem::take(&mut state.dropped) } else { 0 };
            drop(state);
            if dropped > 0 {
                tracing::warn!(dropped, "lines of the log were dropped: nobody read it");
            }
            self.done.notify_all();
        }
    }

    /// Waits for lines, and takes all there are.
    fn next(&self) -> Vec<u8> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            state.is_idle = true;
            state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_idle = false;
        state.taken = state.waiting.len();
        std::mem::take(&mut state.waiting)
    }

    fn drop_lines(&self, mut state: MutexGuard<'_, State>, lines: &[u8]) {
        let count = lines.split_inclusive(|byte| *byte == b'\n').count() as u64;
        state.dropped += count;
        drop(state);
        self.metrics.drop_log_lines(count);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A stream that gives these results, one for each write, and accepts everything after them.
    struct Stream {
        answers: VecDeque<io::Result<usize>>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stream {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = self.answers.pop_front().unwrap_or(Ok(usize::MAX))?.min(bytes.len());
            self.taken.lock().unwrap().extend(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_stream_does_not_take_is_dropped_and_counted() {
        for (answers, taken, dropped) in [
            (vec![], "one\ntwo\n", 0),
            // Without `O_NONBLOCK` it would block its writer.
            (vec![Err(io::ErrorKind::WouldBlock.into()), Ok(2)], "one\ntwo\n", 0),
            (vec![Err(io::ErrorKind::Interrupted.into())], "one\ntwo\n", 0),
            (vec![Err(io::ErrorKind::BrokenPipe.into())], "three\n", 2),
            (vec![Ok(5), Err(io::ErrorKind::StorageFull.into())], "one\nt\nthree\n", 1),
            (vec![Ok(0)], "three\n", 2),
            (vec![Ok(1), Ok(0), Ok(0)], "o", 3),
        ] {
            let (metrics, text) = (Arc::<Metrics>::default(), Arc::default());
            let stream = Stream { answers: answers.into(), taken: Arc::clone(&text) };
            let background = Background::start("test", Box::new(stream), metrics.clone()).unwrap();
            let later = || Instant::now() + Duration::from_secs(60);
            background.put(b"one\ntwo\n");
            background.flush(later());
            if dropped > 0 {
                background.put(b"three\n");
                background.flush(later());
            }
            assert_eq!(String::from_utf8(text.lock().unwrap().clone()).unwrap(), taken);
            let counted = format!("vcc_log_lines_dropped_total {dropped}\n");
            assert!(metrics.render().contains(&counted), "{taken:?}");
        }
    }
}
