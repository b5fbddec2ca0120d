//! The addresses that it listens on, and how many connections it takes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use crate::common;
use crate::common::command::{Folder, Serving};
use crate::saying;
use std::net::TcpStream;

#[test]
fn a_name_is_listened_on_and_what_was_bound_is_said() {
    let folder = Folder::new();
    let (server, said) = saying(
        2,
        &[
            "serve",
            "--listen=localhost:0",
            "--admin=localhost:0",
            "--insecure-http",
            "--store",
            &folder.store,
        ],
    );
    let files = format!("listening on http://{}/api/recordings/files (zone data ", server.address);
    assert!(said[0].starts_with(&files), "{said:?}");
    assert!(said[1].starts_with("operators: http://"), "{said:?}");
    assert!(server.address.parse::<std::net::SocketAddr>().unwrap().ip().is_loopback());
    assert!(server.get("/", "acme", "x").starts_with("HTTP/1.1 403"));
    let nowhere = folder.run(&["serve", "--insecure-http", "--listen", "no-such-host.invalid:1"]);
    assert_eq!(nowhere.code, 1);
    let said = "error: cannot listen on no-such-host.invalid:1: ";
    assert!(nowhere.stderr.starts_with(said), "{}", nowhere.stderr);
}

#[test]
fn a_store_in_memory_is_served_and_nothing_else() {
    let store = ["--store", "sqlite::memory:"];
    let serve = ["serve", "--listen", "127.0.0.1:0", "--insecure-http"];
    let (server, _) = saying(1, &[&serve[..], &store].concat());
    assert!(server.get("/", "acme", "x").starts_with("HTTP/1.1 403"));
}

/// Starts `serve` in a shell that limits its open files, with its log in a file.
#[cfg(unix)]
fn limited(folder: &Folder, limits: &str, arguments: &[&str]) -> (std::process::Child, String) {
    let log = std::fs::File::create(folder.path("log")).unwrap();
    let mut child = std::process::Command::new("sh")
        .args(["-c", &format!("{limits} && exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_vcc-server")])
        .args(["serve", "--listen=127.0.0.1:0", "--admin=127.0.0.1:0", "--insecure-http"])
        .args(["--store", &folder.store])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().take(2);
    let said: Vec<_> = lines.by_ref().map(Result::unwrap).collect();
    (child, said.join("\n"))
}

#[cfg(unix)]
#[test]
fn there_are_no_more_connections_than_the_system_gives_files() {
    let folder = Folder::new();
    let token = folder.run(&["token", "new", "acme"]).stdout.trim().to_owned();
    // The soft limit alone would not be enough for the store.
    let (child, said) = limited(&folder, "ulimit -n 400 && ulimit -S -n 20", &[]);
    let address = |line: &str| line.split('/').nth(2).unwrap().to_owned();
    let [api, admin] = said.lines().map(address).collect::<Vec<_>>().try_into().unwrap();
    let server = Serving { child, address: api, line: said.clone() };
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    let warning = log.lines().find(|line| line.contains("max-connections")).unwrap();
    let words: Vec<_> = warning.split([' ', ',', ':']).collect();
    let number = |at: usize| words.iter().filter_map(|word| word.parse::<usize>().ok()).nth(at);
    let (room, kept) = (number(0).unwrap(), number(4).unwrap());
    assert_eq!(room + kept, 400, "{warning}");
    let expected = format!(
        "warning: max-connections is {room}, not 4,096: this process may have 400 files open, and keeps \
         {kept} of them for the store and the like; `ulimit -n`, LimitNOFILE= of a unit or --ulimit of a \
         container allow more"
    );
    assert_eq!(warning, expected);
    // All connections can be opened, and there are still enough files to answer a request.
    let mut open: Vec<_> =
        (0..room).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    let mut last = open.pop().unwrap();
    let authorization = common::basic("acme", &token);
    let request = format!(
        "GET /api/recordings/files HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\
         Connection: close\r\n\r\n"
    );
    last.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    last.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut operator = TcpStream::connect(admin).unwrap();
    operator.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    operator.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\r\n\r\nready\n"), "{answer}");
    drop(server);
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    assert!(!log.contains("cannot accept"), "{log}");

    // A limit that fits prints no warning.
    let (child, _) = limited(&folder, "ulimit -n 300", &["--max-connections=10"]);
    drop(Serving { child, address: String::new(), line: String::new() });
    assert_eq!(std::fs::read_to_string(folder.path("log")).unwrap(), "");
    // With too few files, the server does not start.
    let (mut child, said) = limited(&folder, "ulimit -n 100", &[]);
    assert_eq!((child.wait().unwrap().code(), &*said), (Some(1), ""));
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    let expected = "error: this process may have 100 files open, and needs ";
    assert!(log.starts_with(expected) && log.contains(" beside its connections\n hint: "), "{log}");
}
