//! `serve` as a process with an operators' listener, and a client that keeps its connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::common::command::{Folder, Serving, command};
use crate::common::{FILES, basic};
use crate::{DEADLINE, until};

/// `serve` with an operators' listener, and a token of its tenant.
pub(crate) struct Server {
    pub(crate) folder: Folder,
    pub(crate) token: String,
    pub(crate) serving: Serving,
    pub(crate) operators: String,
}

impl Server {
    pub(crate) fn start(arguments: &[&str], stderr: impl Into<Stdio>) -> Self {
        Self::start_in(Folder::new(), arguments, stderr)
    }

    pub(crate) fn start_in(folder: Folder, arguments: &[&str], stderr: impl Into<Stdio>) -> Self {
        let token = folder.run(&["token", "new", "acme"]).stdout.trim().to_owned();
        let serve = ["serve", "--insecure-http", "--store", &folder.store];
        let listen = ["--listen=127.0.0.1:0", "--admin=127.0.0.1:0"];
        let mut child = command(&[&serve[..], &listen, arguments].concat())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut address = || said.next().unwrap().split('/').nth(2).unwrap().to_owned();
        let (address, operators) = (address(), address());
        Self { folder, token, serving: Serving { child, address, line: String::new() }, operators }
    }

    pub(crate) fn client(&self) -> Client {
        let stream = TcpStream::connect(&self.serving.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Client { stream: BufReader::new(stream), credentials: basic("acme", &self.token) }
    }

    /// The answer of the operators' listener.
    pub(crate) fn operators(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.operators).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.operators("/readyz").starts_with("HTTP/1.1 200")
    }

    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = self.operators("/metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.serving.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Stops it, and waits for its end.
    pub(crate) fn stop(&mut self) {
        self.signal("-TERM");
        let child = &mut self.serving.child;
        let mut ended = None;
        until("SIGTERM ends the server", || {
            ended = child.try_wait().unwrap();
            ended.is_some()
        });
        assert_eq!(ended.unwrap().code(), Some(0));
    }
}

/// A connection that stays open.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    credentials: String,
}

impl Client {
    /// The status of an answer, and its headers.
    pub(crate) fn get(&mut self) -> (u16, String) {
        let request = format!(
            "GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\r\n",
            self.credentials
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.stream.read_line(&mut head).unwrap(), 0, "{head}");
        }
        let head = head.to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut body).unwrap();
        (head[9..12].parse().unwrap(), head)
    }

    pub(crate) fn expect(&mut self, status: u16, times: usize) {
        for number in 0..times {
            let (got, head) = self.get();
            assert_eq!(got, status, "request {number}: {head}");
            assert!(status != 503 || head.contains("\r\nretry-after: "), "{head}");
        }
    }
}
