//! A server that gives one scripted answer for each request, whatever it is.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use vcc_format::xml::Writer;
use vcc_types::{Field, Recording};

/// An answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A complete answer, with its length.
    Whole { status: u16, headers: String, body: Vec<u8> },
    /// A length, but only this many bytes.
    Cut(Vec<u8>, usize),
    /// A body without a length, up to the end of the connection.
    Unsized(Vec<u8>),
    /// These bytes and nothing else.
    Raw(Vec<u8>),
    /// The end of the connection.
    Close,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self::Whole { status, headers: String::new(), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Whole { headers, .. } = &mut self {
            headers.push_str(&format!("{name}: {value}\r\n"));
        }
        self
    }

    pub(crate) fn body(self, text: &str) -> Self {
        self.bytes(text.as_bytes().to_vec())
    }

    pub(crate) fn bytes(mut self, bytes: Vec<u8>) -> Self {
        if let Self::Whole { body, .. } = &mut self {
            *body = bytes;
        }
        self
    }
}

/// Recordings with the numbers from `first` on.
pub(crate) fn list(first: usize, count: usize) -> Vec<Recording> {
    let call = |number: usize| {
        Recording::new().with(Field::TransactionId, &number.to_string()).with(
            Field::StartDate,
            &format!("2007-12-18T{:02}:{:02}:00Z", number / 60, number % 60),
        )
    };
    (first..first + count).map(call).collect()
}

/// A page of XML.
pub(crate) fn xml(recordings: &[Recording]) -> Answer {
    let mut writer = Writer::new(Vec::new());
    for recording in recordings {
        writer.write(recording).unwrap();
    }
    Answer::status(200).header("Content-Type", "application/xml").bytes(writer.finish().unwrap())
}

pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            let mut answers = answers.into_iter();
            for stream in listener.incoming() {
                serve(stream.unwrap(), &mut answers, &kept);
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves one connection at a time.
fn serve(
    mut stream: TcpStream,
    answers: &mut impl Iterator<Item = Answer>,
    requests: &Mutex<Vec<String>>,
) {
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            head.push(byte[0]);
        }
        requests.lock().unwrap().push(String::from_utf8(head).unwrap());
        // Requests after the end of the script are refused, so that a test sees them.
        let answer = answers.next().unwrap_or_else(|| Answer::status(410));
        let write = |stream: &mut TcpStream, bytes: &[u8]| stream.write_all(bytes).is_ok();
        let (done, bytes) = match answer {
            Answer::Close => (true, Vec::new()),
            Answer::Raw(bytes) => (true, bytes),
            Answer::Whole { status, headers, body } => {
                let length = body.len();
                let mut bytes =
                    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n")
                        .into_bytes();
                bytes.extend(body);
                (false, bytes)
            }
            Answer::Cut(body, count) => {
                let head = format!(
                    "HTTP/1.1 200 X\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                (true, [head.as_bytes(), &body[..count]].concat())
            }
            Answer::Unsized(body) => {
                let head =
                    "HTTP/1.1 200 X\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n";
                (true, [head.as_bytes(), &body].concat())
            }
        };
        if !write(&mut stream, &bytes) || done {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}
