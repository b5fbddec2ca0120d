//! Where settings come from, and the messages for wrong ones.

use crate::common::command::{Folder, command, run};

/// Each setting with three values: in the file, in the environment, as a flag.
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

/// These exclude one another and the certificate's files, so each is tried alone.
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
        // What was printed, read back as a file, gives the same settings.
        let again = folder.write("again.toml", &printed);
        let read = run(&["serve", "--print-config", "--config", &again]);
        let settings = |text: &str| -> Vec<String> {
            text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect()
        };
        assert_eq!(settings(&read.stdout), settings(&printed), "{}", read.stderr);
    }
    // Several values of one flag, repeated or with commas.
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
                // Nothing listens on that port.
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
