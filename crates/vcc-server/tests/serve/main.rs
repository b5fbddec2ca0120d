//! `serve` as a process: its settings, addresses, log and certificate, and how it stops.

#[path = "../common/mod.rs"]
mod common;

mod certificate;
mod listen;
mod log;
mod settings;

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::Stdio;

use common::command::{Folder, Serving, command};

/// Starts `serve` on plain HTTP with its log in a file.
fn logging(folder: &Folder, log: &str, arguments: &[&str]) -> Serving {
    let log = std::fs::File::create(folder.path(log)).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store", &folder.store];
    let mut child =
        command(&[&serve, arguments].concat()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split(['/', '\n']).nth(2).unwrap().to_owned();
    Serving { child, address, line: String::new() }
}

/// Stops a server gracefully where the system has signals, so that its whole log is written.
fn end(mut server: Serving) {
    #[cfg(unix)]
    {
        signal(&server, "-TERM");
        assert_eq!(server.child.wait().unwrap().code(), Some(0));
    }
    let _ = server.child.kill();
}

#[cfg(unix)]
fn signal(server: &Serving, name: &str) {
    let pid = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_signal_stops_it_in_order() {
    let folder = Folder::new();
    for name in ["-TERM", "-INT"] {
        let mut server = logging(&folder, "log", &[]);
        // An idle client does not delay it.
        let idle = TcpStream::connect(&server.address).unwrap();
        assert!(server.get("/", "acme", "x").starts_with("HTTP/1.1 403"));
        signal(&server, name);
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "{name}");
        assert!(TcpStream::connect(&server.address).is_err());
        drop(idle);
    }
}

/// Starts `serve`, and returns it with its first `lines` lines of stdout.
fn saying(lines: usize, arguments: &[&str]) -> (Serving, Vec<String>) {
    let mut child = command(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let said: Vec<_> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .take(lines)
        .map(Result::unwrap)
        .collect();
    let address = said[0].split('/').nth(2).unwrap().to_owned();
    (Serving { child, address, line: String::new() }, said)
}
