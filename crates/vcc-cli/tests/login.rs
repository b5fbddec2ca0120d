//! `vcc login`: the service is asked as every other command asks it, and the profile says the same anywhere.
#![cfg(unix)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use common::{Folder, Reference, answering, calls, run, vcc};

/// The command, with a token and nothing else that says who asks.
fn login(folder: &Path, url: &str) -> Command {
    let mut command = vcc(folder, url);
    command.env_remove("VCC_PLAIN_HTTP").arg("login");
    command
}

/// A service that answers each request alike, and the heads that it was sent.
fn always(status: &'static str, body: Vec<u8>) -> (String, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    let url = answering(move |head| {
        kept.lock().unwrap().push(head.to_owned());
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.into_bytes(), body.clone()]
    });
    (url, heads)
}

#[test]
fn the_check_of_a_login_heeds_every_flag_of_a_connection() {
    let folder = Folder::new("login-flags");
    let (busy, heads) = always("503 Busy", Vec::new());
    let (long, _) = always("200 OK", vec![b' '; (1 << 20) + 1]);
    let table: [(&str, &[&str], i32, &str); 5] = [
        (&busy, &["--plain-http", "--attempts", "1"], 1, "error: the server is busy (503)"),
        (
            &long,
            &["--plain-http", "--max-body", "1"],
            1,
            " hint: --max-body MIB takes longer answers",
        ),
        (&busy, &[], 2, " hint: --plain-http allows it"),
        (&busy, &["--plain-http", "--dialect", "none.toml"], 2, "error: --dialect none.toml: "),
        (
            &busy,
            &["--plain-http", "--netrc"],
            2,
            "error: --netrc: a profile has a token of its own",
        ),
    ];
    for (url, flags, expected, message) in table {
        let (code, stdout, stderr) = run(login(&folder, url).args(flags));
        assert_eq!((code, stdout.as_str()), (expected, ""), "{flags:?}: {stderr}");
        assert!(stderr.contains(message), "{flags:?}: {stderr}");
    }
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1, "--attempts 1: {heads:?}");
    assert!(heads[0].to_lowercase().contains("\r\nuser-agent: vcc/"), "{}", heads[0]);
    assert_eq!(folder.names(), [""; 0], "no profile is kept");
}

#[test]
fn a_certificate_that_is_trusted_is_kept_for_every_folder() {
    let folder = Folder::new("login-tls");
    let (reference, certificate) = Reference::encrypted(&calls(2, 60), "UTC");
    fs::write(folder.join("ca.pem"), certificate).unwrap();
    let (code, _, stderr) = run(&mut login(&folder, reference.url()));
    assert_eq!(code, 1);
    assert!(stderr.contains(" hint: --cacert FILE trusts a certificate of your own"), "{stderr}");
    let (code, _, stderr) = run(login(&folder, reference.url()).args(["--cacert", "ca.pem"]));
    assert_eq!(code, 0, "{stderr}");

    let elsewhere = folder.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let mut list = vcc(&folder, "");
    list.current_dir(&elsewhere).env_remove("VCC_URL").env_remove("VCC_TOKEN");
    list.args(["list", "d=2007-12-18&tz=UTC", "--columns", "transactionID", "--no-header"]);
    let (code, stdout, stderr) = run(&mut list);
    assert_eq!((code, stdout.as_str()), (0, "0\n1\n"), "{stderr}");
}
