//! The thread that writes an audit log.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::file::{LogFile, Target, lacks_reader};
use super::queue::{Item, Queue, Turn};

/// How soon an attempt is repeated: the first time, and at most. A pipe may have room at any moment; a disk
/// has room when somebody frees it.
const PIPE_RETRY: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];
const RETRY: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

/// Writes the items of a queue to a file, and opens the file as often as necessary.
pub(super) struct Writer<To = LogFile> {
    path: PathBuf,
    queue: Arc<Queue>,
    file: Option<To>,
    items: VecDeque<Item>,
    /// How many bytes of the first item are in the file.
    begun: usize,
    /// Whether the last file was closed in the middle of a line.
    is_cut: bool,
    /// Whether the last failure was in writing, not in opening.
    has_write_failed: bool,
    buffer: Vec<u8>,
    /// When the failed attempt is repeated, and how long the pause is.
    retry: Option<Instant>,
    pause: Duration,
}

/// The result of an attempt.
enum Attempt {
    /// Nothing is left to write.
    Done {
        /// Whether that shows that the file can be written.
        works: bool,
    },
    /// The pipe is full.
    Blocked,
}

impl<To: Target> Writer<To> {
    /// # Errors
    ///
    /// The file cannot be opened. A pipe that nobody has opened to read may be opened later.
    pub(super) fn new(path: PathBuf, queue: Arc<Queue>) -> io::Result<Self> {
        let file = match To::open(&path, false) {
            Ok(file) => Some(file),
            Err(error) if lacks_reader(&error, &path) => {
                queue.failed(&path.display().to_string(), &no_reader());
                None
            }
            Err(error) => return Err(error),
        };
        // If it is not open yet, the writer tries again.
        let retry = file.is_none().then(Instant::now);
        Ok(Self {
            path,
            queue,
            file,
            items: VecDeque::new(),
            begun: 0,
            is_cut: false,
            has_write_failed: false,
            buffer: Vec::new(),
            retry,
            pause: Duration::ZERO,
        })
    }

    /// Writes until everything is written and the queue is closed.
    pub(super) fn run(mut self) {
        while self.turn() {}
    }

    /// Waits for something to do, and does it. Gives whether there can be more.
    pub(super) fn turn(&mut self) -> bool {
        let Turn { reopen, is_closed } = self.queue.next(&mut self.items, self.retry);
        if reopen {
            self.close();
        }
        let before = (self.items.len(), self.begun);
        let [first, last] = match self.attempt() {
            Ok(Attempt::Done { works }) => {
                if works {
                    self.queue.works();
                }
                (self.retry, self.pause) = (None, Duration::ZERO);
                return !(is_closed && self.queue.is_empty());
            }
            Ok(Attempt::Blocked) => {
                self.queue.blocked(&self.path.display().to_string());
                PIPE_RETRY
            }
            Err(error) => {
                let error = if lacks_reader(&error, &self.path) { no_reader() } else { error };
                self.queue.failed(&self.path.display().to_string(), &error);
                RETRY
            }
        };
        if is_closed && self.queue.is_failing() {
            self.queue.end();
            return false;
        }
        let has_moved = before != (self.items.len(), self.begun);
        self.pause = if has_moved { first } else { (self.pause * 2).clamp(first, last) };
        self.retry = Some(Instant::now() + self.pause);
        true
    }

    /// Closes the file: what is written next goes into the file that has the name then. A line that was
    /// begun is written there from its start.
    fn close(&mut self) {
        self.file = None;
        self.is_cut |= self.begun > 0;
        self.begun = 0;
    }

    fn attempt(&mut self) -> io::Result<Attempt> {
        self.leave_out_withdrawn();
        let mut works = false;
        let mut file = match self.file.take() {
            Some(file) => file,
            None => {
                let file = To::open(&self.path, self.is_cut);
                // A waiter without lines is notified even without a file.
                if file.is_err() {
                    self.advance(0);
                }
                works = !self.has_write_failed;
                file?
            }
        };
        self.advance(0);
        while !self.items.is_empty() {
            self.fill(file.at_once());
            match file.write(&self.buffer[self.begun..]) {
                Ok(written) if !file.is_removed() => {
                    self.advance(written);
                    self.is_cut = false;
                    (works, self.has_write_failed) = (true, false);
                }
                // The file was removed, so nobody can read it: write the lines again, into a new one.
                Ok(_) => {
                    self.close();
                    file = To::open(&self.path, self.is_cut)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.file = Some(file);
                    return Ok(Attempt::Blocked);
                }
                Err(error) => {
                    self.close();
                    self.has_write_failed = true;
                    return Err(error);
                }
            }
        }
        self.file = Some(file);
        Ok(Attempt::Done { works })
    }

    /// Drops the lines of answers whose clients have left.
    fn leave_out_withdrawn(&mut self) {
        if self.items.iter().any(Item::is_withdrawn) {
            let is_begun = self.begun > 0;
            let items = std::mem::take(&mut self.items).into_iter().enumerate();
            let is_left_out =
                |(index, item): &(usize, Item)| item.is_withdrawn() && !(is_begun && *index == 0);
            let (out, kept): (Vec<_>, Vec<_>) = items.partition(is_left_out);
            let items = |items: Vec<(usize, Item)>| items.into_iter().map(|(_, item)| item);
            self.items = items(kept).collect();
            self.queue.withdrawn(&items(out).collect::<Vec<_>>());
        }
    }

    /// Puts whole lines into the buffer: at most this many bytes, or one line.
    fn fill(&mut self, at_once: usize) {
        self.buffer.clear();
        for item in &self.items {
            let gap;
            let text = match item {
                Item::Line { text, .. } => text.as_slice(),
                Item::Gap(of) => {
                    gap = of.line();
                    &gap
                }
                Item::Mark(_) => continue,
            };
            if !self.buffer.is_empty() && self.buffer.len() + text.len() > at_once {
                break;
            }
            self.buffer.extend_from_slice(text);
        }
    }

    /// This many more bytes are in the file. Notifies those who waited for them.
    fn advance(&mut self, written: usize) {
        self.begun += written;
        let mut done = Vec::new();
        while let Some(item) = self.items.front() {
            let length = match item {
                Item::Line { text, .. } => text.len(),
                Item::Gap(gap) => gap.line().len(),
                Item::Mark(_) => 0,
            };
            if length > self.begun {
                break;
            }
            self.begun -= length;
            done.extend(self.items.pop_front());
        }
        if !done.is_empty() {
            self.queue.written(done);
        }
    }
}

fn no_reader() -> io::Error {
    io::Error::other("no program has opened the pipe to read it")
}
