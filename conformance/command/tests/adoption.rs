//! The command as people adopt it: known failures, baselines, mistakes in its arguments.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcc-conformance"));
    command.stdin(Stdio::null()).env_remove("VCC_TOKEN");
    command
}

/// The exit code, then stdout and stderr.
fn said(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn last(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

/// Runs a few cases against the reference, as against any other server.
struct Served {
    child: std::process::Child,
    url: String,
    said: String,
}

impl Served {
    fn start() -> Self {
        let mut child = command().arg("serve").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("try vcc-conformance") {
            assert!(lines.read_line(&mut said).unwrap() > 0, "{said}");
        }
        let url = said.lines().find_map(|line| line.strip_prefix("url ")).unwrap().to_owned();
        Self { child, url, said }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A saved run in which one case has another's answers: a failure without a server.
fn failing(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("run.ndjson");
    let chosen = ["--filter", "near/start*", "--filter", "dates/day-in-utc"];
    let (code, _, error) = said(command().args(chosen).arg("--transcript").arg(&file));
    assert_eq!(code, 0, "{error}");
    let text = std::fs::read_to_string(&file).unwrap();
    let broken = |line: &str| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        let of = ["near/start-minus-5", "near/start-plus-5"];
        if line["case"].as_str().is_some_and(|case| of.contains(&case)) {
            line["status"] = 400.into();
        }
        line.to_string() + "\n"
    };
    std::fs::write(&file, text.lines().map(broken).collect::<String>()).unwrap();
    file
}

#[test]
fn failures_are_adopted_by_one_command_and_go_when_they_are_mended() {
    let folder = tempfile::tempdir().unwrap();
    let (run, known) = (failing(folder.path()), folder.path().join("known.txt"));
    let badge = folder.path().join("badge.svg");
    let judge = || {
        let mut judge = command();
        judge.arg("judge").arg(&run);
        judge
    };
    let (code, out, _) = said(judge().arg("--quiet").arg("--write-known-failing").arg(&known));
    assert_eq!(code, 1, "{out}");
    let name = known.display();
    let from_now_on = format!("{name}: 2 known failures; from now on: --known-failing {name}\n");
    assert!(out.starts_with(&from_now_on), "{out}");
    let text = std::fs::read_to_string(&known).unwrap();
    assert!(text.starts_with("# Known failures: PATTERN # reason"), "{text}");
    assert!(text.contains("\n# 20") && text.contains(": 2 failures\n"), "{text}");
    let line =
        "near/start-minus-5                           # NEAR-1: status: expected 200, found 400";
    assert!(text.contains(line), "{text}");

    let known_run = || {
        let mut judge = judge();
        judge.arg("--known-failing").arg(&known).arg("--badge").arg(&badge);
        judge
    };
    let (code, out, _) = said(&mut known_run());
    assert_eq!(code, 0, "{out}");
    assert!(last(&out).starts_with("known failures only: "), "{out}");
    assert!(last(&out).contains(" pass, 2 known, 0 new ("), "{out}");
    assert!(!std::fs::read_to_string(&badge).unwrap().contains("#2da44e"));

    // A pattern holds as long as a case that it matches fails, and a reason stays with its line.
    std::fs::write(&known, "near/start-* # issue 7, ours\n").unwrap();
    let (code, out, _) = said(&mut known_run());
    assert_eq!(code, 0, "{out}");
    std::fs::write(&known, "near/start-* # issue 7, ours\nnear/start # done\n").unwrap();
    let (code, out, _) = said(&mut known_run());
    assert_eq!(code, 4, "{out}");
    assert_eq!(last(&out), format!("  {name}:2: near/start passes (done)"));
    let (code, ..) = said(judge().arg("--write-known-failing").arg(&known));
    assert_eq!(code, 1);
    let text = std::fs::read_to_string(&known).unwrap();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines, ["near/start-* # issue 7, ours"]);

    // An expired line says where it stands.
    std::fs::write(&known, "\nnear/start-* # until 2026-01-31: issue 7\n").unwrap();
    let (code, out, _) = said(&mut known_run());
    assert_eq!(code, 4, "{out}");
    let line = format!("  {name}:2: near/start-*: it expired on 2026-01-31 (issue 7)");
    assert_eq!(last(&out), line);
    // A file that cannot be read is not overwritten.
    std::fs::write(&known, "near/start-*\n").unwrap();
    let (code, _, error) = said(judge().arg("--write-known-failing").arg(&known));
    assert_eq!((code, error), (2, format!("error: {name}:1: expected PATTERN # reason\n")));
}

#[test]
fn a_baseline_says_what_changed_and_fails_where_it_got_worse() {
    let folder = tempfile::tempdir().unwrap();
    let run = failing(folder.path());
    let report = folder.path().join("report.json");
    let judge = |baseline: bool, run: &Path| {
        let mut judge = command();
        judge.arg("judge").arg(run).arg("--quiet");
        let option = if baseline { "--baseline" } else { "--json" };
        said(judge.arg(option).arg(&report))
    };
    assert_eq!(judge(false, &run).0, 1);
    // As bad as before is not worse, and the verdict is still the same.
    let (code, out, _) = judge(true, &run);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("\ndoes not conform: 2 of "), "{out}");
    let start = "does not conform, but no worse than the baseline of ";
    assert!(last(&out).starts_with(start), "{out}");
    assert!(last(&out).ends_with(": nothing changed (exit code 0)"), "{out}");
    // One answer that was right is wrong now.
    let text = std::fs::read_to_string(&run).unwrap();
    let worse = |line: &str| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["case"] == "dates/day-in-utc" {
            line["status"] = 500.into();
        }
        line.to_string() + "\n"
    };
    std::fs::write(&run, text.lines().map(worse).collect::<String>()).unwrap();
    let (code, out, _) = judge(true, &run);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("\n  worse: dates/day-in-utc: was pass, is fail\n"), "{out}");
    assert!(last(&out).starts_with("does not conform, and worse than "), "{out}");
    assert!(last(&out).ends_with(": 1 worse (exit code 1)"), "{out}");
    std::fs::write(&report, "{}").unwrap();
    let (code, _, error) = judge(true, &run);
    let expected = format!(
        "error: --baseline {}: expected a report that --json wrote, of version 1\n",
        report.display()
    );
    assert_eq!((code, error), (2, expected));
}

#[test]
fn what_is_told_wrongly_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("known.txt");
    let none = nowhere.display().to_string();
    for (arguments, token, code, message) in [
        (
            &["--url", "127.0.0.1:8080"][..],
            "x",
            2,
            "error: --url 127.0.0.1:8080: expected http:// or https:// before it, such as \
             https://127.0.0.1:8080\n"
                .to_owned(),
        ),
        (
            &["--url", "http://127.0.0.1:1"],
            "",
            2,
            "error: VCC_TOKEN is empty: expected the token of the tenant at the target\n".into(),
        ),
        (
            &["--known-failing", &none],
            "x",
            2,
            format!(
                "error: {none}: No such file or directory (os error 2); --write-known-failing makes \
                 one\n"
            ),
        ),
        (
            &["--server-cmd", "sleep 20", "--deadline", "0.5"],
            "x",
            3,
            "error: --server-cmd: it took no connection before the time for the run was over \
             (--deadline)\n"
                .into(),
        ),
        (
            &["--url", "http://127.0.0.1:1", "--seed-cmd", "sleep 20", "--deadline", "0.5"],
            "x",
            3,
            "error: --seed-cmd: the time for the run was over before it was done (--deadline)\n"
                .into(),
        ),
    ] {
        let before = Instant::now();
        let (was, _, error) = said(command().args(arguments).env("VCC_TOKEN", token));
        assert_eq!((was, error), (code, message), "{arguments:?}");
        assert!(before.elapsed().as_secs() < 15, "{arguments:?}");
    }
    // A report is written even so.
    let report = folder.path().join("report.json");
    let (code, ..) = said(command().args(["--server-cmd", "exit 1", "--json"]).arg(&report));
    assert_eq!(code, 3);
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(report["conclusion"], "unreachable");
}

/// A port that answers whatever it is asked with these bytes.
fn answers(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(bytes);
        }
    });
    port
}

#[test]
fn the_wrong_scheme_is_told() {
    // An alert of TLS: fatal, unexpected message.
    let tls = answers(&[0x15, 3, 3, 0, 2, 2, 10]);
    let url = format!("http://127.0.0.1:{tls}");
    let (code, out, _) = said(command().args(["--quiet", "--url", &url]));
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("\nunreachable: ") && out.contains("; the port speaks HTTPS\n"), "{out}");
    assert_eq!(last(&out), format!("  * --url https://127.0.0.1:{tls}"));

    let plain = answers(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let url = format!("https://127.0.0.1:{plain}");
    let (code, out, _) = said(command().args(["--quiet", "--insecure", "--url", &url]));
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("; the port speaks HTTP\n"), "{out}");
    assert_eq!(last(&out), format!("  * --url http://127.0.0.1:{plain}"));
}

#[test]
fn the_reference_is_served_for_a_client_or_the_suite() {
    let served = Served::start();
    for part in [
        "tenant acme ",
        "token ac12343934687a839cf",
        "zone America/Los_Angeles",
        "try curl -u acme:",
    ] {
        assert!(served.said.contains(part), "{part}: {}", served.said);
    }
    let chosen = ["--filter", "dates/day-in-utc"];
    let (code, out, _) = said(command().args(["--quiet", "--url", &served.url]).args(chosen));
    let all = vcc_conformance_core::fixture::embedded().unwrap().len();
    assert_eq!(code, 0, "{out}");
    let line = format!("conforms so far as asked: 1 of {all} cases (--filter dates/day-in-utc)");
    assert_eq!(last(&out), line);
    // The same in what both were judged on.
    let (code, out, _) = said(command().args(["diff", &served.url, &served.url]).args(chosen));
    assert_eq!(code, 0, "{out}");
    let end = format!(", with 1 of {all} cases that both were judged on");
    assert!(
        last(&out).starts_with("0 differences between A ") && last(&out).ends_with(&end),
        "{out}"
    );
    // A taken port is reported.
    let port = served.url.rsplit(':').next().unwrap();
    let (code, _, error) = said(command().args(["serve", "--port", port]));
    assert_eq!(code, 3);
    assert!(error.starts_with(&format!("error: --port {port}: the reference server: ")), "{error}");
}

#[test]
fn a_target_with_other_data_is_told_the_ways_out() {
    let mock = vcc_conformance_core::mock::Mock::start(
        vcc_conformance_core::mock::Scenario::Pages(101),
        0,
    )
    .unwrap();
    let (code, out, _) = said(command().args(["--quiet", "--url", &mock.url()]));
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("\nprecondition: "), "{out}");
    assert!(out.contains("\n  * ") && out.contains("--live"), "{out}");
}

#[test]
fn completions_and_manual_pages_are_of_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, _) = said(command().args(["completions", shell]));
        assert!(code == 0 && out.contains("write-known-failing"), "{shell}");
    }
    let (code, out, _) = said(command().arg("man"));
    assert!(
        code == 0 && out.contains(".TH vcc\\-conformance") || out.contains(".TH vcc-conformance")
    );
    let folder = tempfile::tempdir().unwrap();
    let (code, ..) = said(command().args(["man", "--to"]).arg(folder.path().join("man")));
    assert_eq!(code, 0);
    assert!(folder.path().join("man/vcc-conformance-serve.1").exists());
}

#[test]
fn a_case_is_shown_in_words() {
    for (id, lines) in [
        (
            "near/start-minus-5",
            &[
                "    expected: status 200",
                "    expected: these records, and no other: near+6",
                "  .csv:",
            ][..],
        ),
        (
            "auth/refusals-look-alike",
            &[
                "  step 2:",
                "    expected: status 401 or 403",
                "    expected: the same status and body as in step 1",
            ],
        ),
        (
            "dates/range-end-instant",
            &["    excluded where it is: these records, and no other: range-09, range-0959"],
        ),
    ] {
        let (code, out, _) = said(command().args(["show", id]));
        assert_eq!(code, 0);
        for line in lines {
            assert!(out.contains(&format!("\n{line}\n")), "{line}: {out}");
        }
        assert!(!out.contains("Some(") && !out.contains("Expect"), "{out}");
    }
}
