//! `serve` as a process: its settings, its log, its certificate, and how it stops.

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use common::command::{Folder, Serving, command, run};

/// A setting, and three values: of the file, of the environment, of the flag.
const SETTINGS: &[(&str, [&str; 3])] = &[
    ("listen", ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]),
    ("store", ["sqlite:1", "sqlite:2", "sqlite:3"]),
    ("dialect", ["1", "2", "3"]),
    ("zone-data", ["bundled", "system", "zoneinfo"]),
    ("explain", ["true", "false", "true"]),
    ("explorer", ["true", "false", "true"]),
    ("explorer-origin", ["https://1.example", "https://2.example", "https://3.example"]),
    ("allow-origin", ["https://1.example", "https://2.example", "https://3.example"]),
    ("admin", ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]),
    ("audit", ["1", "2", "3"]),
    ("audit-failure", ["serve", "refuse", "serve"]),
    ("audit-values", ["true", "false", "true"]),
    ("log", ["error", "info", "trace"]),
    ("log-format", ["json", "text", "json"]),
    ("max-connections", ["1", "2", "3"]),
    ("max-requests", ["1", "2", "3"]),
    ("max-requests-per-tenant", ["1", "2", "3"]),
    ("max-unproven", ["1", "2", "3"]),
    ("unproven-rate", ["1", "2", "3"]),
    ("max-pending", ["1", "2", "3"]),
    ("deadline", ["1", "2", "3"]),
    ("idle", ["1", "2", "3"]),
    ("grace", ["1", "2", "3"]),
    ("tls-cert", ["1", "2", "3"]),
    ("tls-key", ["1", "2", "3"]),
    ("behind-proxy", ["false", "false", "false"]),
];

/// These exclude one another and the certificate's files, so each is asked for by itself.
const ENCRYPTION: [&str; 3] = ["tls-self-signed", "insecure-http", "behind-proxy"];

fn as_toml(name: &str, value: &str) -> String {
    match value.parse::<u64>() {
        Ok(_) if !["dialect", "audit", "tls-cert", "tls-key"].contains(&name) => {
            format!("{name} = {value}")
        }
        _ if name.ends_with("-origin") => {
            format!("{name} = [\"{}\"]", value.replace(',', "\", \""))
        }
        _ if ["true", "false"].contains(&value) => format!("{name} = {value}"),
        _ => format!("{name} = \"{value}\""),
    }
}

fn variable(name: &str) -> String {
    format!("VCC_{}", name.to_uppercase().replace('-', "_"))
}

#[test]
fn every_setting_has_one_precedence() {
    let folder = Folder::new();
    let text: Vec<_> = SETTINGS.iter().map(|(name, [file, ..])| as_toml(name, file)).collect();
    let file = folder.write("vcc.toml", &text.join("\n"));
    for rank in 0..3 {
        let mut serve = command(&["serve", "--print-config", "--config", &file]);
        for (name, values) in SETTINGS {
            if rank >= 1 {
                serve.env(variable(name), values[1]);
            }
            if rank == 2 {
                serve.arg(format!("--{name}={}", values[2]));
            }
        }
        let output = serve.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        for (name, values) in SETTINGS {
            let origin = match rank {
                0 => file.clone(),
                1 => variable(name),
                _ => format!("--{name}"),
            };
            let line = format!("{}  # {origin}", as_toml(name, values[rank]));
            assert!(printed.lines().any(|other| other == line), "{line}\n{printed}");
        }
        for line in printed.lines() {
            let name = line.trim_start_matches("# ").split(' ').next().unwrap();
            let is_tried = SETTINGS.iter().any(|(tried, _)| *tried == name)
                || ENCRYPTION.contains(&name)
                || name == "tls-self-signed-cert";
            assert!(is_tried, "{name} is not tried here");
        }
        // The same settings, from one file.
        let again = folder.write("again.toml", &printed);
        let read = run(&["serve", "--print-config", "--config", &again]);
        let settings = |text: &str| -> Vec<String> {
            text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect()
        };
        assert_eq!(settings(&read.stdout), settings(&printed), "{}", read.stderr);
    }
    // Several: of the flag, each by itself or between commas.
    for (variable, flags, line) in [
        ("http://a,http://b:1", &[][..], "[\"http://a\", \"http://b:1\"]  # VCC_ALLOW_ORIGIN"),
        (
            "http://a",
            &["--allow-origin=http://c", "--allow-origin=http://d,http://e"],
            "[\"http://c\", \"http://d\", \"http://e\"]  # --allow-origin",
        ),
    ] {
        let mut serve = command(&["serve", "--print-config"]);
        serve.args(flags).env("VCC_ALLOW_ORIGIN", variable);
        let printed = String::from_utf8(serve.output().unwrap().stdout).unwrap();
        let line = format!("allow-origin = {line}");
        assert!(printed.lines().any(|other| other == line), "{line}\n{printed}");
    }
    let file = folder.write("cert.toml", "tls-self-signed = true\ntls-self-signed-cert = \"1\"");
    for (variable, flags, line) in [
        (None, &[][..], format!("\"1\"  # {file}")),
        (Some("2"), &[], "\"2\"  # VCC_TLS_SELF_SIGNED_CERT".to_owned()),
        (Some("2"), &["--tls-self-signed-cert=3"], "\"3\"  # --tls-self-signed-cert".to_owned()),
    ] {
        let mut serve = command(&["serve", "--print-config", "--config", &file]);
        serve.args(flags);
        if let Some(value) = variable {
            serve.env("VCC_TLS_SELF_SIGNED_CERT", value);
        }
        let printed = String::from_utf8(serve.output().unwrap().stdout).unwrap();
        let line = format!("tls-self-signed-cert = {line}");
        assert!(printed.lines().any(|other| other == line), "{line}\n{printed}");
    }
    for name in ENCRYPTION {
        let yes = folder.write("yes.toml", &format!("{name} = true"));
        let flag = format!("--{name}=false");
        for (variable, flags, expected) in [
            (None, &[][..], true),
            (Some("false"), &[], false),
            (Some("true"), &[&*flag], false),
            (Some("true"), &[], true),
        ] {
            let mut serve = command(&["serve", "--print-config", "--config", &yes]);
            serve.args(flags);
            if let Some(value) = variable {
                serve.env(self::variable(name), value);
            }
            let printed = String::from_utf8(serve.output().unwrap().stdout).unwrap();
            let line = format!("{name} = {expected}  # ");
            assert!(printed.lines().any(|other| other.starts_with(&line)), "{line}\n{printed}");
        }
    }
}

#[test]
fn a_setting_that_is_none_is_named() {
    let folder = Folder::new();
    for (text, code, said) in [
        ("lisen = \"x\"", 2, "unknown field `lisen`"),
        ("Listen = \"127.0.0.1:1\"", 2, "unknown field `Listen`"),
        ("max_requests = 1", 2, "unknown field `max_requests`"),
        ("[limits]\ndeadline = 1", 2, "unknown field `limits`"),
        ("deadline = \"x\"", 2, "wrong.toml, line 1, column 12: deadline: invalid type"),
        ("log = \"loud\"", 2, "unknown variant `loud`"),
        ("deadline = 0", 2, "deadline: from 1 to 86400"),
        ("explain = true\nexplain = false", 2, "duplicate key"),
        ("tls-self-signed = true\ninsecure-http = true", 2, "contradict each other"),
    ] {
        let file = folder.write("wrong.toml", text);
        let refused = run(&["serve", "--print-config", "--config", &file]);
        assert_eq!((refused.code, &*refused.stdout), (code, ""), "{text}");
        assert!(refused.stderr.contains(said), "{text}: {}", refused.stderr);
    }
}

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

/// Each is answered so that its client understands, and the operator sees who it was.
#[test]
fn the_wrong_protocol_for_a_port_is_logged() {
    let folder = Folder::new();
    let plain = logging(&folder, "plain", &[]);
    let secure =
        ["serve", "--listen", "127.0.0.1:0", "--store", &folder.store, "--tls-self-signed"];
    let mut secure = command(&secure);
    secure.stderr(std::fs::File::create(folder.path("secure")).unwrap());
    let secure = Serving::of(secure);
    for (server, log, bytes, said) in [
        (plain, "plain", &b"\x16\x03\x01\x02\0\x01"[..], "TLS to this port of plain HTTP"),
        (secure, "secure", b"GET /s3cret HTTP/1.1\r\n\r\n", "plain HTTP to this port of HTTPS"),
    ] {
        let own = [(); 3].map(|()| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            stream.write_all(bytes).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
            stream.local_addr().unwrap()
        });
        end(server);
        let log = std::fs::read_to_string(folder.path(log)).unwrap();
        let lines: Vec<_> = log.lines().filter(|line| line.contains(said)).collect();
        // At the default level it is seen, and a scan does not fill the log.
        assert_eq!(lines.len(), 1, "{log}");
        assert!(lines[0].contains(&format!("peer={}", own[0])), "{log}");
        assert!(!log.contains("s3cret"), "{log}");
    }
}

#[test]
fn no_level_logs_a_secret() {
    let folder = Folder::new();
    let token = folder.run(&["token", "new", "acme"]).stdout.trim().to_owned();
    let secrets = [&*token, "wrong-token", "4155551234", "YWNtZTp", "2007-08-05"];
    for level in ["error", "warn", "info", "debug", "trace"] {
        for format in ["text", "json"] {
            let server = logging(&folder, "log", &["--log", level, "--log-format", format]);
            let files = "/api/recordings/files";
            server.get(&format!("{files}?phoneNumber=4155551234&d=2007-08-05"), "acme", &token);
            server.get(files, "acme", "wrong-token");
            // Where they do not belong: in the target, in a name, in what cannot be read.
            server.get(&format!("{files}?token={token}&4155551234=1"), "acme", &token);
            server.get(&format!("/{token}/4155551234"), "acme", &token);
            server.get(&format!("http://acme:{token}@x{files}?d=2007-08-05x"), "acme", &token);
            let broken = format!("GET /{token} HTTP/9.9\r\n{token} 4155551234: x\r\n\r\n");
            for bytes in [&*broken, &format!("{token}\r\n\r\n"), "PRI * HTTP/2.0\r\n\r\n4155551234"]
            {
                let mut stream = TcpStream::connect(&server.address).unwrap();
                stream.write_all(bytes.as_bytes()).unwrap();
                let _ = stream.read_to_end(&mut Vec::new());
            }
            end(server);
            let log = std::fs::read_to_string(folder.path("log")).unwrap();
            for secret in secrets {
                assert!(!log.contains(secret), "{level} {format} {secret}: {log}");
            }
            match (level, format) {
                ("error" | "warn", _) => assert_eq!(log, ""),
                (_, "json") => {
                    let said = r#""level":"INFO","request":1,"peer":"127.0.0.1","tenant":"acme","asked":"d,phoneNumber","status":200,"records":0,"micros":"#;
                    assert!(log.contains(said), "{log}");
                }
                _ => {
                    let said = r#"request=1 peer=127.0.0.1 tenant="acme" asked="d,phoneNumber" status=200 records=0 micros="#;
                    assert!(log.contains(said) && !log.contains('\u{1b}'), "{log}");
                }
            }
        }
    }
}

/// Ends a server in order, where that can be asked for: what it has logged is written then.
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
        // One that says nothing does not hold it up.
        let idle = TcpStream::connect(&server.address).unwrap();
        assert!(server.get("/", "acme", "x").starts_with("HTTP/1.1 403"));
        signal(&server, name);
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "{name}");
        assert!(TcpStream::connect(&server.address).is_err());
        drop(idle);
    }
}

/// Starts `serve`, reads what it says on stdout until it has said `lines`, and gives both.
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

#[test]
fn a_certificate_for_trials_is_shown_or_written_and_curl_takes_it() {
    let folder = Folder::new();
    let file = folder.path("trial cert.pem").to_str().unwrap().to_owned();
    let cert = ["--tls-self-signed-cert", &file];
    for (listen, host) in
        [("localhost:0", "localhost"), ("127.0.0.1:0", "127.0.0.1"), ("0.0.0.0:0", "127.0.0.1")]
    {
        for cert in [&[][..], &cert] {
            let serve =
                ["serve", "--listen", listen, "--tls-self-signed", "--store", &folder.store];
            let (server, said) = saying(3, &[&serve, cert].concat());
            assert!(TcpStream::connect(&server.address).is_ok());
            let curl = said[1].strip_prefix("try: ").unwrap();
            let port = server.address.rsplit(':').next().unwrap();
            let trust =
                if cert.is_empty() { "--insecure".into() } else { format!("--cacert '{file}'") };
            let expected = format!(
                "curl {trust} -u acme 'https://{host}:{port}/api/recordings/files?d=today'"
            );
            assert_eq!(curl, expected);
            // As it would be pasted, with a password that needs nobody to type it.
            let pasted =
                curl.replace("-u acme", "-u acme:x --noproxy '*' -s -w %{http_code} -o /dev/null");
            match std::process::Command::new("sh").args(["-c", &pasted]).output() {
                Ok(curled) if std::process::Command::new("curl").arg("-V").output().is_ok() => {
                    let status = String::from_utf8_lossy(&curled.stdout).into_owned();
                    assert_eq!(status, "403", "{pasted} {curled:?}");
                }
                _ => {}
            }
        }
    }
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("-----BEGIN CERTIFICATE-----") && !written.contains("PRIVATE"));
}

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

#[cfg(unix)]
#[test]
fn a_burst_of_refused_sign_ins_is_seen_by_default() {
    let folder = Folder::new();
    let ask = |server: &Serving| {
        assert!(server.get("/", "acme", "x").starts_with("HTTP/1.1 403"));
    };
    // However slow the machine is, some of these come within ten seconds.
    let mut server = logging(&folder, "log", &[]);
    (0..60).for_each(|_| ask(&server));
    signal(&server, "-TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    // Not one a request.
    assert!((1..=24).contains(&log.lines().count()), "{log}");
    for line in log.lines() {
        let said = " refused sign-ins in the last 10 s, all from 127.0.0.1";
        assert!(line.contains("WARN") && line.ends_with(said), "{line}");
    }
    // Each of them is an event of the level below.
    let audit = folder.path("audit").to_str().unwrap().to_owned();
    let mut server = logging(&folder, "log", &["--log", "info", "--audit", &audit]);
    let token = folder.run(&["token", "new", "acme"]).stdout.trim().to_owned();
    ask(&server);
    assert!(server.get("/api/recordings/files", "acme", &token).starts_with("HTTP/1.1 200"));
    signal(&server, "-TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    assert!(log.contains("request=1 peer=127.0.0.1 status=403 "), "{log}");
    let audit = std::fs::read_to_string(audit).unwrap();
    let said = r#""tenant":"acme","token":1,"peer":"127.0.0.1","asked":"","records":0}"#;
    assert!(audit.ends_with(&format!("{said}\n")), "{audit}");
}

/// Starts `serve` in a shell that sets its limits of open files, with its notes in a file.
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
    // The soft limit alone would not even do for the store.
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
    // All of them are had, and nothing that is asked then lacks a file.
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

    // What fits needs no word.
    let (child, _) = limited(&folder, "ulimit -n 300", &["--max-connections=10"]);
    drop(Serving { child, address: String::new(), line: String::new() });
    assert_eq!(std::fs::read_to_string(folder.path("log")).unwrap(), "");
    // With too few files to begin with, nothing is served.
    let (mut child, said) = limited(&folder, "ulimit -n 100", &[]);
    assert_eq!((child.wait().unwrap().code(), &*said), (Some(1), ""));
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    let expected = "error: this process may have 100 files open, and needs ";
    assert!(log.starts_with(expected) && log.contains(" beside its connections\n hint: "), "{log}");
}

#[cfg(unix)]
#[test]
fn a_password_that_others_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let with = "postgres://vcc:sesame@127.0.0.1:1/db";
    let parameter = "postgres://vcc@127.0.0.1:1/db?password=sesame";
    let file = folder.path("vcc.toml").to_str().unwrap().to_owned();
    let of_file = format!(
        "warning: {file} holds a password, and every user of this machine can read it; `chmod 640 \
         {file}` leaves it to its owner and its group"
    );
    let of_line = "warning: the password in --store is shown to every user of this machine by the list of \
                   processes; give the URL in VCC_STORE, or as `store` in the file of --config, or the \
                   password in ~/.pgpass";
    let stores = [with, parameter, "postgres://vcc@127.0.0.1:1/db"];
    for (command_line, serves) in
        [(&["serve", "--insecure-http"][..], true), (&["tenant", "list"][..], false)]
    {
        for url in stores {
            let is_secret = url != stores[2];
            // On the command line, and in the environment.
            let run = |arguments: &[&str], variable: Option<&str>| {
                let mut ran = command(&[command_line, arguments].concat());
                if let Some(url) = variable {
                    ran.env("VCC_STORE", url);
                }
                let ran = ran.output().unwrap();
                let said = String::from_utf8(ran.stderr).unwrap();
                assert!(!said.contains("sesame"), "{said}");
                // There is nothing at that port.
                assert_eq!(ran.status.code(), Some(1), "{said}");
                said
            };
            let said = run(&["--store", url], None);
            assert_eq!(said.lines().any(|line| line == of_line), is_secret, "{said}");
            assert!(!run(&[], Some(url)).contains("warning"));
            for (mode, is_open) in [(0o644, true), (0o604, true), (0o640, false), (0o600, false)] {
                std::fs::write(&file, format!("store = \"{url}\"")).unwrap();
                std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
                let said = run(&["--config", &file], None);
                let is_said = said.lines().any(|line| line == of_file);
                assert_eq!(is_said, is_secret && is_open, "{mode:o}: {said}");
                assert_eq!(said.matches("warning").count(), usize::from(is_said), "{said}");
                // `serve` reads the whole file, whatever comes before its store.
                let said = run(&["--config", &file], Some(stores[2]));
                let is_said = said.lines().any(|line| line == of_file);
                assert_eq!(is_said, serves && is_secret && is_open, "{mode:o}: {said}");
            }
        }
    }
}

/// A file whose reading never ends, such as one of a mount that is gone, holds up neither the server nor
/// its end.
#[cfg(unix)]
#[test]
fn a_certificate_that_cannot_be_read_to_its_end_holds_up_nothing() {
    let folder = Folder::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = folder.write("certificate.pem", &made.cert.pem());
    let key = folder.write("key.pem", &made.signing_key.serialize_pem());
    let (certificate, key) = (format!("--tls-cert={certificate}"), format!("--tls-key={key}"));
    let serve = ["serve", "--store", &folder.store, "--listen", "127.0.0.1:0", &certificate, &key];
    let mut serving = Serving::start(&serve);
    let (path, fifo) = (folder.path("certificate.pem"), folder.path("fifo"));
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    std::fs::rename(&fifo, &path).unwrap();
    // This waits for a reader.
    let writer = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    signal(&serving, "-TERM");
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let status = loop {
        if let Some(status) = serving.child.try_wait().unwrap() {
            break status;
        }
        assert!(std::time::Instant::now() < patience, "the server does not end");
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    assert!(status.success(), "{status}");
    drop(writer);
}
