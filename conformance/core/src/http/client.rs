use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use super::body::Body;
use super::response::{self, Framing};
use super::{Answer, Endpoint, Link, Response, Trouble};
use crate::clock;

/// The limits of a request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time from the first byte sent to the last one received.
    pub deadline: Duration,
    /// The length of a body in bytes.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10), body: 8 << 20 }
    }
}

/// The longest head of an answer, in bytes.
const HEAD: usize = 64 << 10;
/// How long a read may block before the stop flag is checked.
const SLICE: Duration = Duration::from_millis(100);

/// A client on one connection, which is kept while the target keeps it.
#[derive(Debug)]
pub struct Client {
    endpoint: Arc<Endpoint>,
    limits: Limits,
    stop: Arc<AtomicBool>,
    connection: Option<Connection>,
    /// Connections opened so far.
    pub connections: u64,
}

impl Client {
    /// A client that has not connected yet. `stop` ends every wait.
    #[must_use]
    pub fn new(endpoint: Arc<Endpoint>, limits: Limits, stop: Arc<AtomicBool>) -> Self {
        Self { endpoint, limits, stop, connection: None, connections: 0 }
    }

    /// Sets the time limit of later requests.
    pub fn set_deadline(&mut self, deadline: Duration) {
        self.limits.deadline = deadline;
    }

    /// Sends these bytes and reads the answer.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub fn exchange(&mut self, bytes: &[u8], body: Body) -> Answer {
        let mut answers = self.exchange_all(&[(bytes, body)]);
        answers.pop().unwrap_or_else(|| Err(Trouble::Closed("without an answer".into())))
    }

    /// Sends several requests at once, before any answer is read, and reads as many answers. If the target
    /// closes the connection before all are answered, the rest is sent again one by one, as in RFC 9112,
    /// section 9.3.2.
    ///
    /// # Errors
    ///
    /// Each answer as that of [`Client::exchange`].
    pub fn exchange_all(&mut self, requests: &[(&[u8], Body)]) -> Vec<Answer> {
        let mut answers = self.exchange_together(requests);
        let left = requests.iter().skip(answers.len());
        for (bytes, body) in left {
            answers.extend(self.exchange_together(&[(bytes, *body)]));
        }
        answers
    }

    /// The answers that come before the connection ends, at least one.
    fn exchange_together(&mut self, requests: &[(&[u8], Body)]) -> Vec<Answer> {
        let until = clock::after(Instant::now(), self.limits.deadline);
        if let Some(mut kept) = self.connection.take() {
            let answers = self.exchange_on(&mut kept, requests, until);
            match &answers[..] {
                // A target may close an idle connection. Closing it in the middle of an answer is a
                // failure.
                [Err(Trouble::Closed(_))] if !kept.heard => {}
                _ => return self.keep(kept, answers),
            }
        }
        self.connections += 1;
        match Connection::open(&self.endpoint, until) {
            Ok(mut fresh) => {
                let answers = self.exchange_on(&mut fresh, requests, until);
                self.keep(fresh, answers)
            }
            Err(trouble) => vec![Err(trouble)],
        }
    }

    /// Keeps the connection if it can be used for another request.
    fn keep(
        &mut self,
        connection: Connection,
        answers: Vec<Result<(Response, bool), Trouble>>,
    ) -> Vec<Answer> {
        if let Some(Ok((_, true))) = answers.last() {
            self.connection = Some(connection);
        }
        answers.into_iter().map(|answer| answer.map(|(response, _)| response)).collect()
    }

    fn exchange_on(
        &self,
        connection: &mut Connection,
        requests: &[(&[u8], Body)],
        until: Instant,
    ) -> Vec<Result<(Response, bool), Trouble>> {
        let mut wait = Wait { until, limit: self.limits.deadline, stop: &self.stop };
        // A target may answer and close before it has read all of a request that is too long, as it
        // should: then writing fails although an answer can be read.
        let bytes: Vec<&[u8]> = requests.iter().map(|(bytes, _)| *bytes).collect();
        let sent = connection.send(&bytes.concat(), &wait);
        let mut answers = Vec::with_capacity(requests.len());
        for (index, (_, body)) in requests.iter().enumerate() {
            let more = index + 1 < requests.len();
            let answer = match connection.receive(*body, more, self.limits.body, &mut wait) {
                // The connection ended between two answers.
                Err(Trouble::Closed(_)) if index > 0 && connection.buffer.is_empty() => break,
                Err(Trouble::Closed(text)) => Err(match &sent {
                    Err(problem) => closed(problem),
                    Ok(()) => Trouble::Closed(text),
                }),
                answer => answer,
            };
            let goes_on = matches!(answer, Ok((_, true)));
            answers.push(answer);
            if !goes_on {
                break;
            }
        }
        answers
    }
}

struct Wait<'a> {
    until: Instant,
    limit: Duration,
    stop: &'a AtomicBool,
}

impl Wait<'_> {
    /// The time that the next read may block.
    fn slice(&self) -> Result<Duration, Trouble> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Trouble::Stopped);
        }
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Trouble::TimedOut(self.limit)) } else { Ok(left.min(SLICE)) }
    }
}

fn closed(problem: &io::Error) -> Trouble {
    Trouble::Closed(problem.to_string())
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    Link(Box<dyn Link>),
}

impl Stream {
    /// Limits how long later reads, or also writes, may block.
    fn set_timeout(&mut self, timeout: Duration, writes: bool) -> io::Result<()> {
        let socket = match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => &stream.sock,
            Stream::Link(link) => {
                link.set_timeout(timeout);
                return Ok(());
            }
        };
        if writes {
            socket.set_write_timeout(Some(timeout))?;
        }
        socket.set_read_timeout(Some(timeout))
    }
}

#[derive(Debug)]
struct Connection {
    stream: Stream,
    /// Bytes received and not yet parsed.
    buffer: Vec<u8>,
    /// Whether any byte came since the last request.
    heard: bool,
}

impl Connection {
    fn open(endpoint: &Endpoint, until: Instant) -> Result<Self, Trouble> {
        if let Some(dial) = &endpoint.dial {
            let link = dial.dial().map_err(|problem| Trouble::Connect(problem.to_string()))?;
            return Ok(Self { stream: Stream::Link(link), buffer: Vec::new(), heard: false });
        }
        let mut last = Trouble::Connect("no address".into());
        for address in &endpoint.addresses {
            let left =
                until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            match TcpStream::connect_timeout(address, left) {
                Ok(socket) => {
                    let io = |problem: io::Error| Trouble::Connect(problem.to_string());
                    socket.set_nodelay(true).map_err(io)?;
                    let stream = match &endpoint.tls {
                        None => Stream::Plain(socket),
                        Some((config, name)) => {
                            let tls = ClientConnection::new(Arc::clone(config), name.clone())
                                .map_err(|problem| Trouble::Connect(problem.to_string()))?;
                            Stream::Tls(Box::new(StreamOwned::new(tls, socket)))
                        }
                    };
                    return Ok(Self { stream, buffer: Vec::new(), heard: false });
                }
                Err(problem) if problem.kind() == ErrorKind::ConnectionRefused => {
                    last = Trouble::Refused(problem.to_string());
                }
                Err(problem) => last = Trouble::Connect(problem.to_string()),
            }
        }
        Err(last)
    }

    fn send(&mut self, bytes: &[u8], wait: &Wait<'_>) -> io::Result<()> {
        self.heard = false;
        let left = wait.until.saturating_duration_since(Instant::now());
        self.stream.set_timeout(left.max(Duration::from_millis(1)), true)?;
        match &mut self.stream {
            Stream::Plain(socket) => socket.write_all(bytes),
            Stream::Link(link) => link.write_all(bytes),
            Stream::Tls(stream) => {
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }

    /// Reads what is there into the buffer; `false` at the end of the connection.
    fn fill(&mut self, wait: &Wait<'_>) -> Result<bool, Trouble> {
        let mut chunk = [0; 16 << 10];
        loop {
            let slice = wait.slice()?;
            self.stream.set_timeout(slice, false).map_err(|problem| closed(&problem))?;
            let read = match &mut self.stream {
                Stream::Plain(socket) => socket.read(&mut chunk),
                Stream::Link(link) => link.read(&mut chunk),
                Stream::Tls(stream) => stream.read(&mut chunk),
            };
            match read {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.heard = true;
                    self.buffer.extend_from_slice(&chunk[..count]);
                    return Ok(true);
                }
                Err(problem) => match problem.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    // Many servers end a connection without TLS's close_notify.
                    ErrorKind::UnexpectedEof => return Ok(false),
                    ErrorKind::InvalidData => return Err(Trouble::Connect(problem.to_string())),
                    _ => return Err(closed(&problem)),
                },
            }
        }
    }

    /// Reads one answer. `more`: another answer follows it on this connection.
    fn receive(
        &mut self,
        body: Body,
        more: bool,
        limit: usize,
        wait: &mut Wait<'_>,
    ) -> Result<(Response, bool), Trouble> {
        let parsed = loop {
            if let Some(end) = response::end_of_head(&self.buffer) {
                let parsed = response::head(&self.buffer[..end], body).map_err(Trouble::Garbage)?;
                self.buffer.drain(..end);
                // A 1xx answer comes before the real one.
                if parsed.response.status >= 200 {
                    break parsed;
                }
                continue;
            }
            if !response::may_be_http(&self.buffer) {
                let start =
                    String::from_utf8_lossy(&self.buffer[..self.buffer.len().min(40)]).into_owned();
                return Err(Trouble::Garbage(format!("it begins {start:?}")));
            }
            if self.buffer.len() > HEAD {
                return Err(Trouble::Garbage(format!("a head of more than {HEAD} bytes")));
            }
            if !self.fill(wait)? {
                return Err(Trouble::Closed(format!(
                    "after {}",
                    crate::words::counted(self.buffer.len(), "byte")
                )));
            }
        };
        let mut response = parsed.response;
        let keep = match parsed.framing {
            Framing::Length(length) => {
                if length > limit as u64 {
                    return Err(Trouble::TooLarge(limit));
                }
                let length = length as usize;
                while self.buffer.len() < length {
                    if !self.fill(wait)? {
                        let (got, of) = (self.buffer.len(), length);
                        return Err(Trouble::Closed(format!(
                            "after {got} of {} of the body",
                            crate::words::counted(of, "byte")
                        )));
                    }
                }
                response.body = self.buffer.drain(..length).collect();
                parsed.keep
            }
            Framing::Chunked => {
                loop {
                    match response::chunks(&mut self.buffer, &mut response.body, limit) {
                        Ok(true) => break,
                        Ok(false) => {}
                        Err(Some(problem)) => return Err(Trouble::Garbage(problem)),
                        Err(None) => return Err(Trouble::TooLarge(limit)),
                    }
                    if !self.fill(wait)? {
                        return Err(Trouble::Closed("in the middle of a chunked body".into()));
                    }
                }
                parsed.keep
            }
            Framing::ToTheEnd => {
                loop {
                    if self.buffer.len() > limit {
                        return Err(Trouble::TooLarge(limit));
                    }
                    match self.fill(wait) {
                        Ok(true) => {}
                        Ok(false) => break,
                        // If the target keeps the connection after a HEAD, although it was asked to
                        // close it, it has sent everything.
                        Err(Trouble::TimedOut(_)) if body == Body::NoneToTheEnd => break,
                        Err(trouble) => return Err(trouble),
                    }
                }
                response.body = std::mem::take(&mut self.buffer);
                false
            }
        };
        if more {
            return Ok((response, keep));
        }
        // Bytes beyond the answer would be taken for the start of the next one.
        response.surplus = self.buffer.len();
        Ok((response, keep && self.buffer.is_empty()))
    }
}
