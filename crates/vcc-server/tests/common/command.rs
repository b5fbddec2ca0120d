//! The command as a process: run to its end, or serving until the test ends.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcc-server"));
    // Independent of the caller's environment and of this machine's zone data.
    command.env("TZDIR", "/nowhere");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VCC_")) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

pub(crate) fn run(arguments: &[&str]) -> Ran {
    run_with(arguments, b"")
}

pub(crate) fn run_with(arguments: &[&str], stdin: &[u8]) -> Ran {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads no stdin may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with a store in it, and a tenant `acme` in Los Angeles.
pub(crate) struct Folder {
    folder: TempDir,
    pub(crate) store: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", folder.path().join("recordings.db").display());
        let added =
            run(&["tenant", "add", "acme", "--tz", "America/Los_Angeles", "--store", &store]);
        assert_eq!((added.code, added.stdout.as_str()), (0, ""), "{}", added.stderr);
        Self { folder, store }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(&[arguments, &["--store", &self.store]].concat())
    }

    pub(crate) fn import(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["import", "--tenant", "acme"], arguments].concat())
    }
}

/// A server that runs until the test ends.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: String,
    /// The line that says where it listens.
    pub(crate) line: String,
}

impl Serving {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(command(arguments))
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (address, line) = lines
            .find_map(|line| {
                let line = line.unwrap();
                let from = line.find("://127.0.0.1:")? + 3;
                let address = line[from..].split(['/', '\'']).next().unwrap().to_owned();
                Some((address, line))
            })
            .unwrap();
        // Later output must be read, or the server would be held up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, line }
    }

    pub(crate) fn get(&self, target: &str, tenant: &str, token: &str) -> String {
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        let authorization = super::basic(tenant, token);
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\
             Connection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
