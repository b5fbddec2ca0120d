//! Runs every example, and checks that it does what it says.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// The program of an example, which cargo builds with this test.
fn program(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path: PathBuf = profile.join("examples").join(file);
    assert!(path.exists(), "{} is built by cargo build -p examples --examples", path.display());
    Command::new(path)
}

/// A server of an example on a free port, until it is dropped.
struct Server {
    child: Child,
    root: String,
    /// The credentials in the `curl` line that the server prints.
    credentials: String,
}

impl Server {
    fn start(name: &str) -> Self {
        let mut child =
            program(name).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let credentials = line.strip_prefix("curl -u ").and_then(|line| line.split_once(' '));
        let credentials =
            credentials.map_or("acme:secret", |(credentials, _)| credentials).to_owned();
        let (_, address) = line.split_once("http://").expect("the line has a URL");
        let (host, _) = address.split_once('/').expect("the URL has a path");
        Self { root: format!("http://{host}"), child, credentials }
    }

    /// The output of the client example.
    fn list(&self, query: &str) -> String {
        let (tenant, token) = self.credentials.split_once(':').unwrap();
        let output =
            program("client").args([&self.root, tenant, query]).env("VCC_TOKEN", token).output();
        stdout(&output.unwrap())
    }

    /// The status and the body of an answer.
    fn get(&self, path: &str, token: &str) -> (u16, String) {
        use base64::{Engine as _, prelude::BASE64_STANDARD};

        let credentials = BASE64_STANDARD.encode(format!("acme:{token}"));
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.get(format!("{}{path}", self.root));
        let response = request.header("Authorization", format!("Basic {credentials}")).call();
        let mut response = response.unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }

    fn token(&self) -> &str {
        self.credentials.split_once(':').unwrap().1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn stdout(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_slice_is_served_and_walked() {
    let server = Server::start("slice-server");
    assert_eq!(
        server.list("agentID=bill"),
        "2007-12-19T19:16:36-08:00 bill\n2007-12-20T08:30:00-08:00 bill\n"
    );
    assert_eq!(server.list("d=2007-12-20"), "2007-12-20T08:30:00-08:00 bill\n");
    assert_eq!(server.list("n=3"), "2007-12-20T08:30:00-08:00 bill\n");
    let (status, body) = server.get("/api/recordings/files.csv?duration=180", "secret");
    assert_eq!((status, body.lines().count()), (200, 2), "{body}");
    assert!(body.contains("\r\n2007-12-19T20:00:00-08:00,anna,"), "{body}");
    assert_eq!(server.get("/api/recordings/files", "wrong").0, 403);
    assert_eq!(server.get("/api/recordings/calls", "secret").0, 404);
    let (status, message) = server.get("/api/recordings/files?d=2007-02-29", "secret");
    assert_eq!(status, 400);
    assert!(message.starts_with("d: "), "{message}");
}

#[test]
fn a_store_is_served_and_walked() {
    let server = Server::start("store-server");
    assert_eq!(server.list("d=2007"), "2007-12-19T19:16:36-08:00 bill\n");
    assert_eq!(server.list("agentID=anna"), "");
    let (status, body) = server.get("/api/recordings/files.csv?d=2007", server.token());
    assert_eq!((status, body.lines().count()), (200, 2), "{body}");
    assert_eq!(server.get("/api/recordings/files", "wrong").0, 403);
    assert_eq!(server.get("/api/recordings/files?d=soon", server.token()).0, 400);
}

#[test]
fn the_api_is_mounted_beside_other_pages() {
    let server = Server::start("mount-api");
    assert_eq!(server.get("/", "wrong"), (200, "the pages of the application".to_owned()));
    assert_eq!(server.list("d=2007"), "2007-12-19T19:16:36-08:00 bill\n");
    assert_eq!(server.get("/api/recordings/files", "wrong").0, 403);
    // The API itself says so, after it has checked the credentials.
    assert_eq!(server.get("/api/recordings/calls", server.token()).0, 404);
    assert_eq!(server.get("/api/recordings", "wrong").0, 403);
}

/// The documentation's sample becomes a document that a parser reads.
#[test]
fn a_document_is_repaired_and_each_repair_is_shown() {
    let output = program("repair").output().unwrap();
    let document = stdout(&output);
    assert!(document.contains("<queueName>phoneq1</queueName>\n"), "{document}");
    assert!(document.ends_with("</file>\n</recordings>\n"), "{document}");
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(
        shown.contains("empty-end-tag (QUIRK-1) read as \"</queueName>\"\n  found \"</>\"; "),
        "{shown}"
    );
    assert!(shown.ends_with("\n2 repairs\n"), "{shown}");
}

#[test]
fn a_program_says_what_it_lacks() {
    let output = program("client").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("expected the URL of a server, a tenant, and perhaps a query"), "{said}");
    let output = program("repair").arg("no-such-file.xml").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("no-such-file.xml: "), "{said}");
}

/// The README names each of them.
#[test]
fn the_readme_and_the_table_name_every_example() {
    let manifest = include_str!("../Cargo.toml");
    let names: Vec<_> = manifest
        .split("[[example]]\nname = \"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names.len(), 5, "{names:?}");
    for name in names {
        let command = format!("cargo run --example {name}");
        assert!(include_str!("../lib.rs").contains(&format!("`{command}`")), "{command}");
        let readme = include_str!("../../README.md");
        assert!(readme.lines().any(|line| line.contains(&command)), "{command}");
    }
}
