//! What is logged, and what never is.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::common::command::{Folder, Serving, command};
#[cfg(unix)]
use crate::signal;
use crate::{end, logging};

/// The client gets an answer that it understands, and the operator sees its address.
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
        // It is logged at the default level, and only once, so that a scan does not fill the log.
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
            // Secrets in wrong places: in the target, in a name, in bytes that cannot be parsed.
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

#[cfg(unix)]
#[test]
fn a_burst_of_refused_sign_ins_is_seen_by_default() {
    let folder = Folder::new();
    let ask = |server: &Serving| {
        assert!(server.get("/", "acme", "x").starts_with("HTTP/1.1 403"));
    };
    // However slow the machine is, some of these fall within ten seconds.
    let mut server = logging(&folder, "log", &[]);
    (0..60).for_each(|_| ask(&server));
    signal(&server, "-TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    // Not one line for each request.
    assert!((1..=24).contains(&log.lines().count()), "{log}");
    for line in log.lines() {
        let said = " refused sign-ins in the last 10 s, all from 127.0.0.1";
        assert!(line.contains("WARN") && line.ends_with(said), "{line}");
    }
    // At the level below, each has a line of its own.
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
