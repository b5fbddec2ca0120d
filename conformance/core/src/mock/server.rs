use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use vcc_types::Field;

use super::Scenario;
use crate::fixture::base64;

/// The longest head of a request that is read.
const HEAD: usize = 64 << 10;
/// How long a connection may be idle, and how long a client may take to read an answer.
const IDLE: Duration = Duration::from_secs(10);
/// How long a read may block before the stop flag is checked.
const SLICE: Duration = Duration::from_millis(20);

/// A request of a client.
#[derive(Clone, Debug)]
pub struct Received {
    /// When it came, since the server started.
    pub at: Duration,
    /// The method.
    pub method: String,
    /// The path and query as they were sent.
    pub target: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// Whether it came to the other origin.
    pub elsewhere: bool,
}

impl Received {
    /// The value of a header, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// The number of the first record that is asked for.
    #[must_use]
    pub fn n(&self) -> Option<usize> {
        let (_, query) = self.target.split_once('?').unwrap_or_default();
        let n = query.split('&').find_map(|segment| segment.strip_prefix("n="));
        n.map_or(Some(1), |n| n.parse().ok())
    }
}

/// A scenario that is being played, until this is dropped.
#[derive(Debug)]
pub struct Mock {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Mock {
    /// The tenant that the server knows.
    pub const TENANT: &'static str = "acme";
    /// Its token.
    pub const TOKEN: &'static str = "ac12343934687a839cf";

    /// Plays a scenario on a port of loopback, 0 for any.
    ///
    /// # Errors
    ///
    /// The port is taken.
    pub fn start(scenario: Scenario, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let other = TcpListener::bind("127.0.0.1:0")?;
        let (address, elsewhere) = (listener.local_addr()?, other.local_addr()?);
        let mut mock = Self {
            address,
            received: Arc::default(),
            stop: Arc::new(AtomicBool::new(false)),
            threads: Vec::new(),
        };
        let began = Instant::now();
        for (listener, is_other) in [(listener, false), (other, true)] {
            listener.set_nonblocking(true)?;
            let (received, stop) = (Arc::clone(&mock.received), Arc::clone(&mock.stop));
            let origin = Origin { scenario, began, is_other, other: elsewhere };
            mock.threads.push(thread::spawn(move || {
                // Ends with the last connection.
                thread::scope(|scope| {
                    while !stop.load(Ordering::Relaxed) {
                        match listener.accept() {
                            Ok((stream, _)) => {
                                scope.spawn(|| {
                                    // A client may leave once it has what it wanted.
                                    let _ = serve(stream, origin, &received, &stop);
                                });
                            }
                            Err(_) => thread::sleep(Duration::from_millis(5)),
                        }
                    }
                });
            }));
        }
        Ok(mock)
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().map(|received| received.clone()).unwrap_or_default()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The next scenario may want the port.
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The origin that a connection came to.
#[derive(Clone, Copy)]
struct Origin {
    scenario: Scenario,
    began: Instant,
    /// Whether it is the other origin.
    is_other: bool,
    /// The address of the other one.
    other: SocketAddr,
}

/// Waits for bytes, until `stop` at most; 0 at the end of the connection.
fn read(stream: &mut TcpStream, chunk: &mut [u8], stop: &AtomicBool) -> io::Result<usize> {
    let until = Instant::now() + IDLE;
    while !stop.load(Ordering::Relaxed) {
        match stream.read(chunk) {
            Err(problem)
                if matches!(
                    problem.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) && Instant::now() < until => {}
            read => return read,
        }
    }
    Ok(0)
}

fn serve(
    mut stream: TcpStream,
    origin: Origin,
    received: &Mutex<Vec<Received>>,
    stop: &AtomicBool,
) -> io::Result<()> {
    let Origin { scenario, began, is_other, other } = origin;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(SLICE))?;
    stream.set_write_timeout(Some(IDLE))?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            let mut chunk = [0; 4096];
            let count = read(&mut stream, &mut chunk, stop)?;
            if count == 0 || buffer.len() > HEAD {
                return Ok(());
            }
            buffer.extend_from_slice(&chunk[..count]);
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end);
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let request = Received {
            at: began.elapsed(),
            method: words.next().unwrap_or_default().into(),
            target: words.next().unwrap_or_default().into(),
            headers: lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.trim().into(), value.trim().into()))
                .collect(),
            elsewhere: is_other,
        };
        let before = {
            let Ok(mut all) = received.lock() else { return Ok(()) };
            all.push(request.clone());
            all.len() - 1
        };
        let pages = {
            let Ok(all) = received.lock() else { return Ok(()) };
            all[..before].iter().filter(|earlier| is_authorized(earlier)).count()
        };
        let answer = answer(scenario, &request, pages, other);
        let is_first = pages == 0 && answer.status == "200 OK";
        if !send(&mut stream, scenario, &request, &answer, is_first)? {
            return Ok(());
        }
    }
}

/// Sends an answer, and says whether the connection stays open.
fn send(
    stream: &mut TcpStream,
    scenario: Scenario,
    request: &Received,
    answer: &Answer,
    is_first: bool,
) -> io::Result<bool> {
    let Answer { status, headers, body } = answer;
    let is_csv = is_csv(request);
    let mut body = body.clone();
    if scenario == Scenario::Truncated && *status == "200 OK" {
        // Inside the last record, whatever follows it.
        let records =
            if is_csv { body.len() } else { last(&body, b"</file>").unwrap_or(body.len()) };
        body.truncate(records.saturating_sub(5));
    }
    let accepts = request.header("accept-encoding").unwrap_or_default().contains("gzip");
    let mut coding = "";
    if scenario == Scenario::Gzip && accepts {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&body)?;
        body = packed.finish()?;
        coding = "Content-Encoding: gzip\r\n";
    }
    let length = body.len();
    let cut = match scenario {
        _ if !is_first => None,
        Scenario::Dropped => Some(length / 2),
        Scenario::CutInRecord => Some(length / 2),
        Scenario::CutBetween => {
            let half = &body[..length / 2];
            let end: &[u8] = if is_csv { b"\r\n" } else { b"</file>\n" };
            Some(last(half, end).map_or(length / 2, |at| at + end.len()))
        }
        _ => None,
    };
    if matches!(scenario, Scenario::CutInRecord | Scenario::CutBetween) && cut.is_some() && !is_csv
    {
        write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n")?;
    } else {
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{coding}{headers}\r\n")?;
    }
    if let Some(cut) = cut {
        stream.write_all(&body[..cut])?;
        stream.flush()?;
        return Ok(false);
    }
    if scenario == Scenario::Slow {
        for piece in body.chunks(length / 10 + 1) {
            stream.write_all(piece)?;
            stream.flush()?;
            thread::sleep(Duration::from_millis(100));
        }
        return Ok(true);
    }
    stream.write_all(&body)?;
    Ok(true)
}

/// The position of a text's last occurrence.
fn last(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).rposition(|window| window == text)
}

/// An answer before it is sent.
struct Answer {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: &'static str, headers: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: headers.into(), body: body.into() }
    }
}

fn is_authorized(request: &Received) -> bool {
    let basic = format!("Basic {}", base64(format!("{}:{}", Mock::TENANT, Mock::TOKEN).as_bytes()));
    !request.elsewhere && request.header("authorization") == Some(basic.as_str())
}

/// The path without its query and without slashes at its end.
fn path(request: &Received) -> &str {
    request.target.split('?').next().unwrap_or_default().trim_end_matches('/')
}

fn is_csv(request: &Received) -> bool {
    path(request).ends_with(".csv")
}

fn answer(scenario: Scenario, request: &Received, pages: usize, other: SocketAddr) -> Answer {
    let plain = |status, text: &str| {
        Answer::new(status, "Content-Type: text/plain\r\n", format!("{text}\n"))
    };
    if request.elsewhere {
        return plain("404 Not Found", "another origin");
    }
    if !is_authorized(request) {
        let challenge =
            "WWW-Authenticate: Basic realm=\"recordings\"\r\nContent-Type: text/plain\r\n";
        return Answer::new("401 Unauthorized", challenge, "credentials are missing\n");
    }
    if !matches!(path(request).strip_prefix("/api/recordings/files"), Some("" | ".xml" | ".csv")) {
        return plain("404 Not Found", "no such resource");
    }
    let csv = is_csv(request);
    let busy = |headers: &str| Answer::new("503 Service Unavailable", headers, "");
    match scenario {
        Scenario::Forbidden => return plain("403 Forbidden", "the token is not valid"),
        Scenario::Busy if pages == 0 => return busy("Retry-After: 1\r\n"),
        Scenario::BusyForEver => return busy("Retry-After: 1\r\n"),
        Scenario::TooMany if pages == 0 => {
            return Answer::new("429 Too Many Requests", "Retry-After: 1\r\n", "");
        }
        Scenario::RetryDate if pages == 0 => {
            // A clock of its own: the wait is the difference of the two.
            let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
            return busy(&format!("{date}Retry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n"));
        }
        Scenario::Elsewhere => {
            let location =
                format!("Location: http://localhost:{}{}\r\n", other.port(), request.target);
            return Answer::new("302 Found", location, "");
        }
        Scenario::Sample if !csv && request.n().unwrap_or(1) <= 1 => {
            return Answer::new(
                "200 OK",
                "Content-Type: application/xml; charset=utf-8\r\n",
                SAMPLE,
            );
        }
        _ => {}
    }
    let first = request.n().unwrap_or(1).max(1);
    let rows: Vec<_> =
        scenario.page(first, pages).into_iter().map(|number| record(scenario, number)).collect();
    let names = Field::ALL.map(Field::wire_name);
    let mut body = String::new();
    if csv {
        body.push_str(&names.join(","));
        body.push_str("\r\n");
        for row in rows {
            body.push_str(&row.join(","));
            body.push_str("\r\n");
        }
        return Answer::new("200 OK", "Content-Type: text/csv; charset=utf-8\r\n", body);
    }
    body.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<recordings>\n");
    for row in rows {
        body.push_str("<file>\n");
        for (name, value) in names.iter().zip(row) {
            body.push_str(&format!("<{name}>{value}</{name}>\n"));
        }
        body.push_str("</file>\n");
    }
    body.push_str("</recordings>\n");
    Answer::new("200 OK", "Content-Type: application/xml; charset=utf-8\r\n", body)
}

fn record(scenario: Scenario, number: usize) -> [String; Field::COUNT] {
    let offsets = [
        "2007-03-11T01:59:59-08:00",
        "2007-03-11T03:00:00-07:00",
        "2007-11-04T01:59:59-07:00",
        "2007-11-04T01:00:00-08:00",
    ];
    let start = match scenario {
        Scenario::Offsets => offsets[number.saturating_sub(1) % 4].to_owned(),
        _ => format!("2008-02-14T10:{:02}:{:02}-08:00", number / 60, number % 60),
    };
    Field::ALL.map(|field| match field {
        Field::StartDate => start.clone(),
        Field::AgentId => "bill".into(),
        Field::PhoneNumber => "4155551234".into(),
        Field::Channel => "8005551234".into(),
        Field::Duration => "27".into(),
        Field::Filename => format!("S20080214/R200802141812{number:07}.wav"),
        Field::QueueId | Field::QueueName => "q".into(),
        Field::TransactionId => number.to_string(),
        Field::CaseId | Field::AccountNumber | Field::ExtVar1 | Field::ExtVar2 => "0".into(),
        _ => String::new(),
    })
}

/// The sample of the documentation, to the byte.
const SAMPLE: &str = "<?xml version='1.0' encoding='UTF-8' ?>\n<recordings>\n<file>\n<startDate>2007-12-19T19:16:36-08:00</startDate>\n\
<agentID>bill</agentID>\n<phoneNumber>bill</phoneNumber>\n<channel>5027780</channel>\n<caseID>0</caseID>\n<duration>27</duration>\n\
<filename>S20071220/R2007122003163601000.wav</filename>\n<queueID>fernandez~~queue~~phone~~102</queueID>\n<queueName>phoneq1</>\n\
<accountNumber>0</accountNumber>\n<transactionID>1</transactionID>\n<extVar1>0</extVar1>\n<extVar2>0</extVar2>\n<outDialCode />\n\
<wrapUpCode />\n</file>\n%lt;/recordings>\n";
