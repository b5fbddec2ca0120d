//! The command as a process: what it starts ends with it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use vcc_conformance_core::mock::{Mock, Scenario};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcc-conformance"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Sends a signal once the command has said something, and returns what it said before and after
/// that. What it started shares its standard error, so the end of that is the end of them all.
fn signalled(mut child: Child, signal: &str) -> (String, String, ExitStatus) {
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let (mut first, mut rest) = (String::new(), String::new());
    said.read_line(&mut first).unwrap();
    let id = child.id().to_string();
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &id]).status();
    assert!(sent.unwrap().success());
    let status = child.wait().unwrap();
    said.read_to_string(&mut rest).unwrap();
    (first, rest, status)
}

#[test]
fn the_version_names_the_edition_and_the_zone_data() {
    let output = command().arg("--version").stdout(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let edition = vcc_conformance_core::edition::EDITION;
    assert!(said.ends_with(&format!("(suite {edition}, zone data 2026f)\n")), "{said}");
}

/// REQ-4: the server that a run starts itself speaks HTTPS, so that no must is left out.
#[test]
fn nothing_is_skipped_where_no_target_is_named() {
    let output = command()
        .args(["run", "--filter", "request/plain-http", "--json", "/dev/stdout"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("\"verdict\": \"pass\""), "{said}");
    assert!(said.contains("https://127.0.0.1:"), "{said}");
}

#[test]
fn a_server_that_takes_no_connection_yet_ends_with_the_run() {
    for signal in ["INT", "TERM"] {
        let server = "echo $VCC_DATA >&2; sleep 20; echo survived >&2";
        let child = command().args(["run", "--server-cmd", server]).spawn().unwrap();
        let (data, said, status) = signalled(child, signal);
        assert_eq!(status.code(), Some(3), "{signal}: {status}: {said}");
        assert_eq!(
            said, "error: --server-cmd: the run was stopped before it took a connection\n",
            "{signal}"
        );
        assert!(!Path::new(data.trim()).exists(), "{signal}: {data}");
    }
}

#[test]
fn a_seed_ends_with_the_run() {
    for signal in ["INT", "TERM"] {
        let seed = "echo $VCC_DATA >&2; sleep 20; echo survived >&2";
        let arguments = ["run", "--url", "http://127.0.0.1:1", "--seed-cmd", seed];
        let (data, said, status) = signalled(command().args(arguments).spawn().unwrap(), signal);
        assert_eq!(status.code(), Some(3), "{signal}: {status}: {said}");
        assert_eq!(said, "error: --seed-cmd: the run was stopped before it was done\n", "{signal}");
        assert!(!Path::new(data.trim()).exists(), "{signal}: {data}");
    }
}

#[test]
fn a_client_that_is_not_done_ends_with_all_that_it_started() {
    let client = "(sleep 20; echo survived >&2) & wait";
    let arguments = ["mock", "--scenario", "busy", "--seconds", "1", "--client-cmd", client];
    let output = command().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// What a client says is shown with its scenario, so it has a pipe of its own, which stays open as
/// long as anything that it started runs.
#[test]
fn a_client_ends_with_the_command() {
    for signal in ["INT", "TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let client = "exec 9> \"$PIPE\"; echo begun >&9; sleep 20; echo survived >&9";
        let mut command = command();
        command.env("PIPE", &pipe).args(["mock", "--client-cmd", client]);
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(std::fs::File::open(&pipe).unwrap());
        let (mut first, mut rest, mut error) = (String::new(), String::new(), String::new());
        said.read_line(&mut first).unwrap();
        let id = child.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &id]).status();
        assert!(sent.unwrap().success());
        let status = child.wait().unwrap();
        said.read_to_string(&mut rest).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert_eq!((first.as_str(), rest.as_str()), ("begun\n", ""), "{signal}");
        assert_eq!((error.as_str(), status.code()), ("error: stopped\n", Some(130)), "{signal}");
    }
}

#[test]
fn a_recording_keeps_to_the_requests_that_it_may_send() {
    let mock = Mock::start(Scenario::Pages(101), 0).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output = command()
        .args(["record", "--url", &mock.url(), "--tenant", Mock::TENANT, "--token", Mock::TOKEN])
        .args(["--max-requests", "2", "--dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("the requests of the run are used up (--max-requests)"), "{said}");
    assert_eq!(mock.received().len(), 2);
}

#[test]
fn a_rate_is_a_number_of_requests() {
    for rate in ["0", "-1", "nan", "inf", "many"] {
        let output = command().args(["run", &format!("--rate={rate}")]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{rate}: {said}");
        assert!(said.contains("expected a number of requests above 0"), "{rate}: {said}");
    }
    // The first request does not wait, and the run has more time than any test.
    let output = command()
        .args(["run", "--url", "http://127.0.0.1:1", "--deadline", "1e19", "--timeout", "1e19"])
        .args(["--rate", "1e-300", "--max-requests", "1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_run_of_an_earlier_edition_is_judged_by_the_cases_that_both_have() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.ndjson");
    let chosen = ["--filter", "dates/day-in-utc", "--filter", "request/space-behind-an-hour"];
    let run = command().arg("run").args(chosen).arg("--transcript").arg(&file).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));

    // As 2026.1 would have saved it: four tenants, and nothing of the later case.
    let text = std::fs::read_to_string(&file).unwrap();
    let (head, lines) = text.split_once('\n').unwrap();
    let mut head: serde_json::Value = serde_json::from_str(head).unwrap();
    assert_eq!(head["edition"], vcc_conformance_core::edition::EDITION);
    head["edition"] = "2026.1".into();
    let later = ["wonka", "tyrell", "cyberdyne"];
    let tenants = head["tenants"].as_array_mut().unwrap();
    tenants.retain(|tenant| !later.contains(&tenant["name"].as_str().unwrap()));
    assert_eq!(tenants.len(), 4);
    let of_then = |line: &&str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let variant = line["variant"].as_str().unwrap();
        line["case"] != "request/space-behind-an-hour"
            && !later.iter().any(|name| variant.starts_with(name))
    };
    let lines: Vec<&str> = lines.lines().filter(of_then).collect();
    std::fs::write(&file, format!("{head}\n{}\n", lines.join("\n"))).unwrap();

    let judged = command().stdout(Stdio::piped()).arg("judge").arg(&file).output().unwrap();
    let said = String::from_utf8(judged.stdout).unwrap();
    assert_eq!(judged.status.code(), Some(0), "{said}");
    let (first, rest) = said.split_once('\n').unwrap();
    assert_eq!(
        first,
        format!(
            "The run was made with edition 2026.1, and this is {}: cases that both have are judged \
             (1), and those that came later are not (1).",
            vcc_conformance_core::edition::EDITION
        )
    );
    // What it could not be asked is said: this is not a verdict on the whole suite.
    let asked = "(the run was asked for 2 cases, edition 2026.1)";
    let all = vcc_conformance_core::fixture::embedded().unwrap().len();
    let line = format!("conforms so far as asked: 1 of {all} cases {asked}\n");
    assert!(rest.ends_with(&line), "{rest}");
}

#[test]
fn the_version_names_the_edition() {
    let output = command().stdout(Stdio::piped()).arg("--version").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&format!("suite {}", vcc_conformance_core::edition::EDITION)), "{said}");
}

#[test]
fn an_update_leaves_what_is_up_to_date() {
    let core = concat!(env!("CARGO_MANIFEST_DIR"), "/../core");
    let output = command().args(["update", "--dir", core]).stdout(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let expected = format!("{core}/ids.lock: as it was\n{core}/signatures.txt: as it was\n");
    assert_eq!((output.status.code(), said), (Some(0), expected));

    let elsewhere = tempfile::tempdir().unwrap();
    let output = command().arg("update").arg("--dir").arg(elsewhere.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.starts_with(&format!("error: {}/suite: ", elsewhere.path().display())), "{said}");
    assert!(
        said.ends_with("; run this in the checkout, or name the folder with --dir\n"),
        "{said}"
    );
}
