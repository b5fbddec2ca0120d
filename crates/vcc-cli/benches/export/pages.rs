//! The same pages without the client: read from sockets, decoded, encoded.

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use sha2::{Digest as _, Sha256};
use vcc_format::{Options, csv, read_page, xml::Xml};

use crate::data::{TENANT, TOKEN};
use crate::process::cpu;
use crate::{CONCURRENCY, PAGES, RECORDS};

/// Seconds of CPU for all records.
pub(crate) struct Alone {
    pub(crate) decode: f64,
    pub(crate) encode: f64,
    pub(crate) digest: f64,
}

/// A connection that requests one page after another.
struct Asker {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Asker {
    fn new(base: &str) -> Self {
        let stream = TcpStream::connect(base.trim_start_matches("http://")).expect("a server");
        stream.set_nodelay(true).expect("a socket");
        let basic = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("{TENANT}:{TOKEN}"),
        );
        let head = format!("HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic {basic}\r\n\r\n");
        Self { stream: BufReader::with_capacity(64 << 10, stream), head }
    }

    /// The page with a number, from 0, over a few days at a time.
    fn ask(&mut self, page: u64) -> Vec<u8> {
        // A window has 40 pages, and records are 37 s apart, as in the store.
        let (window, n) = (page / 40, page % 40 * 50 + 1);
        let at = |window: u64| {
            let seconds = 1_690_000_000 + window * 40 * 50 * 37;
            let at = chrono::DateTime::from_timestamp(i64::try_from(seconds).unwrap_or(0), 0);
            at.expect("a date").format("%Y-%m-%dT%H:%M:%SZ").to_string()
        };
        let target = format!("/api/recordings/files?d={},{}&n={n}", at(window), at(window + 1));
        let request = format!("GET {target} {}", self.head);
        self.stream.get_mut().write_all(request.as_bytes()).expect("a server that listens");
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a head");
            let lower = line.trim().to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if lower.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        body
    }
}

/// Reads this many pages from sockets, and drops them.
pub(crate) fn receive(base: &str, pages: u64) {
    std::thread::scope(|scope| {
        for part in 0..CONCURRENCY as u64 {
            scope.spawn(move || {
                let mut asker = Asker::new(base);
                for page in (part..pages).step_by(CONCURRENCY) {
                    black_box(asker.ask(page));
                }
            });
        }
    });
}

/// The cost of decoding and encoding alone, for the number of records in the export.
pub(crate) fn alone(base: &str) -> Alone {
    let mut asker = Asker::new(base);
    let pages: Vec<_> = (0..PAGES as u64).map(|page| asker.ask(page)).collect();
    let read =
        |body: &Vec<u8>| read_page::<Xml>(body, Options::tolerant()).expect("a page").recordings;
    let records: Vec<_> = pages.iter().map(read).collect();
    let count: usize = records.iter().map(Vec::len).sum();
    let rounds = RECORDS as usize / count;
    let decode = timed(|| {
        for _ in 0..rounds {
            pages.iter().for_each(|body| drop(black_box(read(body))));
        }
    });
    let encoded = || {
        let mut writer = csv::Writer::new(Vec::new());
        for record in records.iter().flatten() {
            writer.write(record).expect("a record");
        }
        writer.finish().expect("a document")
    };
    let encode = timed(|| (0..rounds).for_each(|_| drop(black_box(encoded()))));
    let document = encoded();
    let digest = timed(|| {
        for _ in 0..rounds {
            black_box(Sha256::digest(&document));
        }
    });
    let whole = RECORDS as f64 / (rounds * count) as f64;
    Alone { decode: decode * whole, encode: encode * whole, digest: digest * whole }
}

fn timed(job: impl FnOnce()) -> f64 {
    let before = cpu("self");
    job();
    cpu("self") - before
}
