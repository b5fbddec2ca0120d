//! A token is never visible: not in the output of a command, nor in its files, nor in `ps`.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use common::{Folder, Service, TENANT, calls, page, run, vcc};

/// No other test uses it on a command line or in a file.
const SECRET: &str = "s3cret-b1b5c1f0-7a7e";

/// All forms in which a token could be shown.
fn forms() -> [Vec<u8>; 3] {
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{TENANT}:{SECRET}"));
    let encoded = SECRET.replace('-', "%2D");
    [SECRET.into(), basic.into_bytes(), encoded.into_bytes()]
}

fn shows(bytes: &[u8]) -> bool {
    forms().iter().any(|form| bytes.windows(form.len()).any(|window| window == &form[..]))
}

/// How many processes there are, and which of them have the token on their command line.
fn command_lines() -> (usize, Vec<String>) {
    let Ok(processes) = fs::read_dir("/proc") else { return (0, Vec::new()) };
    let lines: Vec<_> = processes
        .filter_map(|process| fs::read(process.unwrap().path().join("cmdline")).ok())
        .collect();
    let shown = lines.iter().filter(|line| shows(line));
    let shown = shown.map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    (lines.len(), shown)
}

/// Every file below a folder, except those that should have the token.
fn files_that_show(folder: &Path, but: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_that_show(&path, but));
        } else if !but.iter().any(|name| path.ends_with(name)) && shows(&fs::read(&path).unwrap()) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// A folder with the token in each file that may hold it, and the names of those files.
fn holding_the_token(name: &str) -> (Folder, [&'static str; 5]) {
    let folder = Folder::new(name);
    fs::write(folder.join("token"), format!("{SECRET}\n")).unwrap();
    fs::write(folder.join("netrc"), format!("machine 127.0.0.1 login {TENANT} password {SECRET}"))
        .unwrap();
    fs::create_dir(folder.join("vcc")).unwrap();
    let profile = format!("[default]\ntenant = {TENANT:?}\ntoken = {SECRET:?}\n");
    fs::write(folder.join("vcc/profiles.toml"), profile).unwrap();
    fs::write(folder.join("broken.toml"), format!("[default]\ntoken = {SECRET}\n")).unwrap();
    for name in ["token", "netrc", "vcc/profiles.toml", "broken.toml"] {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    (folder, ["token", "netrc", "vcc/profiles.toml", "broken.toml", "vcc/new.toml"])
}

#[test]
fn no_command_shows_the_token_in_any_way() {
    let list = calls(300, 60);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let service = Service::start(move |asked| {
        // While the command waits for this answer.
        let (processes, shown) = command_lines();
        assert!(shown.is_empty(), "{shown:?}");
        count.fetch_add(processes.min(1), Ordering::Relaxed);
        page(&list, asked)
    });
    // A service that refuses, one that repeats what it was sent, and one that does not exist.
    let refusing = common::echo(403);
    let failing = common::echo(500);
    let page_of_html = common::echo(200);
    let gone = "http://127.0.0.1:1".to_owned();
    let export = ["export", "--from", "2007", "--to", "2008", "--tz", "UTC", "--restart"];
    let json = ["--overwrite", "--out", "a.csv", "--progress", "json", "--window-pages", "2"];
    let commands: Vec<Vec<&str>> = vec![
        vec!["list", "", "--all", "--verbose"],
        [&export[..], &json].concat(),
        vec!["explain", "d=today"],
        vec!["url", "d=today"],
        vec!["login"],
        vec!["list", "d=nonsense"],
        vec!["list", "", "--format", "json"],
        vec!["--help"],
        vec!["list", "--help"],
        vec!["export", "--help"],
    ];
    type Give = fn(&mut Command);
    let ways: [(&str, Give); 6] = [
        ("the variable", |command| {
            command.env("VCC_TOKEN", SECRET);
        }),
        ("a command", |command| {
            command.args(["--token-command", "cat token"]);
        }),
        ("a command of the environment", |command| {
            command.env("VCC_TOKEN_COMMAND", "cat token");
        }),
        ("stdin", |command| {
            command.arg("--token-stdin");
        }),
        (".netrc", |command| {
            command.arg("--netrc").env("NETRC", "netrc");
        }),
        ("the profile", |_| {}),
    ];
    let tried =
        |way: &str, give: Give, base: &str, args: &[&str], folder: &Folder, holders: &[&str]| {
            let mut command = vcc(folder, base);
            command.env_remove("VCC_TOKEN").args(args);
            if !args.contains(&"--help") {
                give(&mut command);
            }
            if args[0] == "login" {
                command.env("VCC_PROFILES", "vcc/new.toml");
            }
            if matches!(args[0], "list" | "export" | "login") && !args.contains(&"--help") {
                command.args(["--attempts", "2"]);
            }
            command.stdin(fs::File::open(folder.join("token")).unwrap());
            let (_, stdout, stderr) = run(&mut command);
            for text in [stdout, stderr] {
                assert!(!shows(text.as_bytes()), "{way}, {base}, {args:?}: {text}");
            }
            let shown = files_that_show(folder, holders);
            assert!(shown.is_empty(), "{way}, {base}, {args:?}: {shown:?}");
        };
    // Side by side, as the commands wait more than they work.
    std::thread::scope(|scope| {
        let (tried, commands) = (&tried, &commands);
        for (number, (way, give)) in ways.into_iter().enumerate() {
            let service = service.url();
            scope.spawn(move || {
                let (folder, holders) = holding_the_token(&format!("way-{number}"));
                for args in commands {
                    tried(way, give, service, args, &folder, &holders);
                }
            });
        }
        let (way, give) = ways[0];
        for (number, base) in [&refusing, &failing, &page_of_html, &gone].into_iter().enumerate() {
            scope.spawn(move || {
                let (folder, holders) = holding_the_token(&format!("base-{number}"));
                let asking = |args: &&Vec<&str>| matches!(args[0], "list" | "export" | "login");
                for args in commands.iter().filter(asking) {
                    tried(way, give, base, args, &folder, &holders);
                }
            });
        }
    });
    assert!(asked.load(Ordering::Relaxed) > 20);
    // A broken file of profiles is not quoted.
    let (folder, _) = holding_the_token("broken");
    let mut broken = vcc(&folder, service.url());
    let (code, _, stderr) = run(broken.arg("list").env("VCC_PROFILES", "broken.toml"));
    assert_eq!(code, 2);
    assert!(stderr.contains("broken.toml: line 2: ") && !shows(stderr.as_bytes()), "{stderr}");
}

#[test]
fn credentials_in_a_url_are_refused_and_not_repeated() {
    let folder = Folder::new("url");
    for url in [
        format!("https://{TENANT}:{SECRET}@recordings.example"),
        format!("http://{TENANT}:{SECRET}@127.0.0.1:1/api/recordings/files"),
        format!("{TENANT}:{SECRET}@recordings.example"),
        format!("https://{TENANT}:{SECRET}@[bad"),
    ] {
        for args in [["list", "d=today"], ["url", "d=today"]] {
            let (code, stdout, stderr) = run(vcc(&folder, &url).args(args));
            assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
            assert!(!shows(stderr.as_bytes()), "{stderr}");
        }
    }
}

#[test]
fn a_query_that_holds_the_token_is_no_place_for_it() {
    // An unknown variable is named, without its value.
    let folder = Folder::new("variable");
    let (code, _, stderr) =
        run(vcc(&folder, "http://127.0.0.1:1").args(["explain", &format!("token={SECRET}")]));
    assert_eq!(code, 2);
    assert!(stderr.contains("token"), "{stderr}");
}
