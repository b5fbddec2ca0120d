//! The service, the credentials and the route: every way to configure them, from end to end.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{Folder, Reference, Service, TENANT, TOKEN, calls, page, run, vcc};

const LIST: [&str; 5] =
    ["list", "d=2007-12-18&tz=UTC", "--columns", "transactionID", "--no-header"];

/// The command without any configuration of service and credentials.
fn bare(folder: &Path) -> Command {
    let mut command = vcc(folder, "");
    for name in ["VCC_URL", "VCC_TENANT", "VCC_TOKEN", "VCC_PLAIN_HTTP"] {
        command.env_remove(name);
    }
    command
}

fn service() -> Service {
    let list = calls(2, 60);
    Service::start(move |asked| page(&list, asked))
}

/// A proxy that tunnels, and keeps the heads of its requests.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    thread::spawn(move || {
        for client in listener.incoming() {
            let kept = Arc::clone(&kept);
            thread::spawn(move || tunnel(client.unwrap(), &kept));
        }
    });
    (url, heads)
}

fn tunnel(mut client: TcpStream, heads: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    heads.lock().unwrap().push(head.clone());
    let target = head.split(' ').nth(1).unwrap();
    if !head.starts_with("CONNECT ") {
        // Plain HTTP comes with the whole URL, and is passed on as it is.
        let authority = target.trim_start_matches("http://").split('/').next().unwrap();
        let mut server = TcpStream::connect(authority).unwrap();
        server.write_all(head.as_bytes()).unwrap();
        copied(client, server);
        return;
    }
    let server = TcpStream::connect(target).unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    copied(client, server);
}

fn copied(client: TcpStream, server: TcpStream) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let (mut from, mut to) = (server, client);
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Both);
}

#[test]
fn https_is_asked_only_where_the_certificate_is_trusted() {
    let folder = Folder::new("tls");
    let (reference, certificate) = Reference::encrypted(&calls(2, 60), "UTC");
    let pem = folder.join("ca.pem");
    fs::write(&pem, certificate).unwrap();
    let (code, stdout, stderr) = run(vcc(&folder, reference.url()).args(LIST));
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains(&format!("no TLS with {}/: ", reference.url())), "{stderr}");
    assert!(stderr.contains("hint: --cacert FILE trusts a certificate of your own"), "{stderr}");
    // There is no retry: nothing would change.
    assert!(!stderr.contains("asked 8 times"), "{stderr}");

    let mut command = vcc(&folder, reference.url());
    let (code, stdout, stderr) = run(command.args(LIST).arg("--cacert").arg(&pem));
    assert_eq!((code, stdout.as_str()), (0, "0\n1\n"), "{stderr}");
    let (code, _, stderr) = run(vcc(&folder, reference.url()).args(LIST).env("VCC_CACERT", &pem));
    assert_eq!(code, 0, "{stderr}");

    // A name that the certificate does not have.
    let other = reference.url().replace("localhost", "127.0.0.1");
    let (code, _, stderr) = run(vcc(&folder, &other).args(LIST).env("VCC_CACERT", &pem));
    assert_eq!(code, 1);
    assert!(stderr.contains("not valid for name"), "{stderr}");

    // A service that speaks plain HTTP: no certificate would help.
    let plain = Reference::start(&calls(2, 60), "UTC");
    let (code, _, stderr) = run(vcc(&folder, &plain.url().replace("http:", "https:")).args(LIST));
    assert_eq!(code, 1);
    assert!(stderr.contains("error: what came is no TLS from https://127.0.0.1:"), "{stderr}");
    assert!(stderr.contains(" hint: where it is plain HTTP that is spoken there, "), "{stderr}");

    for (text, message) in [
        (None, "none.pem: No such file"),
        (
            Some("no certificate"),
            "none.pem: a certificate to be trusted cannot be used: there is no PEM certificate in it",
        ),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "none.pem: a certificate to be trusted cannot be used: ",
        ),
    ] {
        let _ = text.map(|text| fs::write(folder.join("none.pem"), text).unwrap());
        let mut command = vcc(&folder, reference.url());
        let (code, _, stderr) = run(command.args(LIST).args(["--cacert", "none.pem"]));
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains(message), "{message}: {stderr}");
    }
}

#[test]
fn proxies_of_the_environment_are_used_and_never_see_the_token() {
    let folder = Folder::new("proxy");
    let (reference, certificate) = Reference::encrypted(&calls(2, 60), "UTC");
    fs::write(folder.join("ca.pem"), certificate).unwrap();
    let plain = service();
    let (url, heads) = proxy();
    // The variables, whether the service speaks HTTPS, and whether the proxy is used.
    type Variables<'v> = &'v [(&'v str, &'v str)];
    let table: [(Variables<'_>, bool, bool); 11] = [
        (&[], true, false),
        (&[("HTTPS_PROXY", &url)], true, true),
        (&[("https_proxy", &url)], true, true),
        (&[("ALL_PROXY", &url)], true, true),
        (&[("HTTP_PROXY", &url)], true, false),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", "localhost")], true, false),
        (&[("HTTPS_PROXY", &url), ("no_proxy", "a.example,localhost")], true, false),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", "*")], true, false),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", "b.localhost")], true, true),
        (&[("http_proxy", &url), ("NO_PROXY", "127.0.0.0/8")], false, false),
        (&[("http_proxy", &url)], false, true),
    ];
    for (variables, is_https, is_asked) in table {
        heads.lock().unwrap().clear();
        let base = if is_https { reference.url() } else { plain.url() };
        let mut command = vcc(&folder, base);
        command.args(LIST).args(["--cacert", "ca.pem"]).envs(variables.iter().copied());
        let (code, stdout, stderr) = run(&mut command);
        assert_eq!((code, stdout.as_str()), (0, "0\n1\n"), "{variables:?}: {stderr}");
        let heads = heads.lock().unwrap();
        assert_eq!(!heads.is_empty(), is_asked, "{variables:?}: {heads:?}");
        if is_https && is_asked {
            let head = heads[0].to_lowercase();
            assert!(head.starts_with("connect localhost:"), "{head}");
            assert!(!head.contains("authorization"), "{head}");
        }
    }
    // An unreachable proxy is named by its variable, not by its value, which may hold a password.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone = format!("http://user:pr0xy-secret@127.0.0.1:{port}");
    let mut command = vcc(&folder, reference.url());
    command.args(LIST).args(["--cacert", "ca.pem", "--attempts", "1"]).env("HTTPS_PROXY", gone);
    let (code, _, stderr) = run(&mut command);
    assert_eq!(code, 1);
    assert!(
        stderr.contains(&format!("/ through the proxy http://127.0.0.1:{port}/: ")),
        "{stderr}"
    );
    assert!(!stderr.contains("pr0xy-secret"), "{stderr}");
}

#[test]
fn a_netrc_gives_tenant_and_token_where_it_is_for_its_owner_alone() {
    let service = service();
    let folder = Folder::new("netrc");
    let file = folder.join(".netrc");
    fs::write(&file, format!("machine 127.0.0.1 login {TENANT} password {TOKEN}\n")).unwrap();
    let asked = |mode, named: Option<&str>| {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = bare(&folder);
        command.args(LIST).args(["--netrc", "--plain-http", "--url", service.url()]);
        named.map(|named| command.env("NETRC", named));
        run(&mut command)
    };
    let (code, stdout, stderr) = asked(0o600, None);
    assert_eq!((code, stdout.as_str()), (0, "0\n1\n"), "{stderr}");
    let (code, _, stderr) = asked(0o644, None);
    assert_eq!(code, 2);
    assert!(stderr.contains("others can read it (mode 0644)"), "{stderr}");
    assert!(stderr.contains("run chmod 600 "), "{stderr}");
    fs::write(folder.join("other"), "machine a.example login x password y\n").unwrap();
    fs::set_permissions(folder.join("other"), fs::Permissions::from_mode(0o600)).unwrap();
    let (code, _, stderr) = asked(0o600, Some("other"));
    assert_eq!(code, 2);
    assert!(stderr.contains("other has no entry for 127.0.0.1"), "{stderr}");
    let (code, _, stderr) = asked(0o600, Some("missing"));
    assert_eq!(code, 2);
    assert!(stderr.contains("missing: No such file"), "{stderr}");
}

#[test]
fn a_login_is_checked_and_kept_for_its_owner_alone() {
    let reference = Reference::start(&calls(2, 60), "UTC");
    let folder = Folder::new("login");
    let login = |token: &str, more: &[&str]| {
        let mut command = bare(&folder);
        command.args(["login", "--plain-http", "--url", reference.url(), "--tenant", TENANT]);
        let mut child = command
            .args(["--token-stdin", "--tenant-tz", "UTC"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{token}").unwrap();
        let ended = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (ended.status.code().unwrap(), text(ended.stdout), text(ended.stderr))
    };
    let (code, stdout, stderr) = login("wrong", &[]);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("the server refused the credentials (403)"), "{stderr}");
    assert!(stderr.contains("the tenant is \"acme\", its token came from this login"), "{stderr}");
    let file = folder.join("vcc").join("profiles.toml");
    assert!(!file.exists());

    let (code, stdout, stderr) = login(TOKEN, &[]);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.contains("kept as the profile default in "), "{stderr}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (code, stdout, stderr) = run(bare(&folder).args(LIST));
    assert_eq!((code, stdout.as_str()), (0, "0\n1\n"), "{stderr}");
    // The profile's own token is not given to another tenant.
    let (code, _, stderr) = run(bare(&folder).args(LIST).args(["--tenant", "other"]));
    assert_eq!(code, 2);
    assert!(
        stderr
            .contains("the profile default is of another tenant: its token is not used for other"),
        "{stderr}"
    );

    // A second one beside it. No request reaches the service unless it should.
    let (code, _, stderr) = login("later", &["--profile", "night", "--no-check"]);
    assert_eq!(code, 0, "{stderr}");
    let (code, _, stderr) = run(bare(&folder).args(LIST).args(["--profile", "night"]));
    assert_eq!(code, 1);
    assert!(stderr.contains("its token came from the profile night"), "{stderr}");
    assert!(stderr.contains("hint: vcc login keeps a new token"), "{stderr}");
    let (code, _, stderr) = run(bare(&folder).args(LIST).env("VCC_PROFILE", "noon"));
    assert_eq!(code, 2);
    assert!(stderr.contains("no profile \"noon\"; it has default, night"), "{stderr}");
    for (_, stdout, stderr) in [run(bare(&folder).args(LIST)), login("later", &["--no-check"])] {
        assert!(!stdout.contains(TOKEN) && !stderr.contains(TOKEN));
    }
}

#[test]
fn the_token_comes_from_a_command_or_from_stdin() {
    let reference = Reference::start(&calls(2, 60), "UTC");
    let folder = Folder::new("command");
    let file = folder.join("kept");
    fs::write(&file, format!("{TOKEN}\nnot this line\n")).unwrap();
    let asks = || {
        let mut command = bare(&folder);
        command.args(LIST).args(["--plain-http", "--url", reference.url(), "--tenant", TENANT]);
        command
    };
    let (code, stdout, stderr) = run(asks().args(["--token-command", "cat kept"]));
    assert_eq!((code, stdout.as_str()), (0, "0\n1\n"), "{stderr}");
    let (code, stdout, stderr) = run(asks().env("VCC_TOKEN_COMMAND", "cat kept"));
    assert_eq!((code, stdout.as_str()), (0, "0\n1\n"), "{stderr}");
    let (code, stdout, stderr) =
        run(asks().arg("--token-stdin").stdin(fs::File::open(&file).unwrap()));
    assert_eq!((code, stdout.as_str()), (0, "0\n1\n"), "{stderr}");
    for (args, message) in [
        (
            ["--token-command", "echo from the manager >&2; exit 7"].as_slice(),
            "the command for the token ended with exit status: 7",
        ),
        (&["--token-command", "true"], "the command for the token printed nothing"),
        (&["--token-stdin"], "--token-stdin: stdin is empty"),
        (&["--token-stdin", "--netrc"], "cannot be used with"),
        (&[], "no token for acme"),
    ] {
        let (code, stdout, stderr) = run(asks().args(args));
        assert_eq!((code, stdout.as_str()), (2, ""), "{args:?}: {stderr}");
        assert!(stderr.contains(message), "{args:?}: {stderr}");
    }
    // The manager's own words are shown, because they say what it needs.
    let (_, _, stderr) = run(asks().args(["--token-command", "echo from the manager >&2; exit 7"]));
    assert!(stderr.contains("from the manager"), "{stderr}");
    // The command line comes before the environment.
    let (code, _, stderr) =
        run(asks().args(["--token-command", "cat kept"]).env("VCC_TOKEN", "wrong"));
    assert_eq!(code, 0, "{stderr}");
    let mut both = asks();
    both.arg("--netrc").env("VCC_TOKEN_COMMAND", "cat kept").env("NETRC", "missing");
    let (code, _, stderr) = run(&mut both);
    assert_eq!(code, 2);
    assert!(stderr.contains("missing: No such file"), "{stderr}");
}

#[test]
fn a_prompt_asks_at_the_terminal_and_shows_nothing() {
    let reference = Reference::start(&calls(2, 60), "UTC");
    let folder = Folder::new("prompt");
    let mut command = bare(&folder);
    command.args(LIST).args(["--plain-http", "--url", reference.url(), "--tenant", TENANT]);
    let shown = common::at_a_terminal(&command, 80, |terminal| {
        let (mut seen, mut byte) = (Vec::new(), [0]);
        while !seen.ends_with(b"Token of acme: ") {
            terminal.read_exact(&mut byte).unwrap();
            seen.extend(byte);
        }
        // The question appears before the terminal stops echoing.
        while rustix::termios::tcgetattr(&*terminal)
            .unwrap()
            .local_modes
            .contains(rustix::termios::LocalModes::ECHO)
        {
            thread::yield_now();
        }
        writeln!(terminal, "{TOKEN}").unwrap();
    });
    let Some(shown) = shown else { return };
    assert!(shown.ends_with("0\r\n1\r\n"), "{shown:?}");
    assert!(!shown.contains(TOKEN), "{shown:?}");
}
