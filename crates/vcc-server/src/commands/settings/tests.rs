use super::*;

#[test]
fn what_comes_first_counts() {
    let flags = Settings { max_requests: Some(1), ..Settings::default() };
    let file: Settings =
        toml::from_str("max-requests = 2\ndeadline = 3\nlog-format = \"json\"\nmax-pending = 5")
            .unwrap();
    let all = flags.or(file).or(Settings::defaults());
    let limits = all.limits();
    assert_eq!((limits.requests, limits.deadline.as_secs()), (1, 3));
    assert_eq!(limits.pending, 5 * 1_048_576);
    assert_eq!(all.log_format, Some(LogFormat::Json));
    assert_eq!(limits.connections, Limits::default().connections);
}

#[test]
fn a_password_is_not_printed() {
    for (url, shown) in [
        ("postgres://vcc:secret@db/recordings", "postgres://vcc:…@db/recordings"),
        ("postgres://vcc:se@cr:et@db/x?connections=2", "postgres://vcc:…@db/x?connections=2"),
        ("postgres://vcc@db/x?a=b&password=secret&c=d", "postgres://vcc@db/x?a=b&password=…&c=d"),
        ("postgres://db/x", "postgres://db/x"),
        ("sqlite:a:b@c.db", "sqlite:a:b@c.db"),
    ] {
        let store = Some(url.to_owned());
        let printed = print(&Settings { store: store.map(StoreText::from), ..Settings::default() });
        let hidden = if shown == url { "" } else { ", without its password" };
        let line = format!("store = \"{shown}\"  # default{hidden}");
        assert!(printed.lines().any(|other| other == line), "{line}\n{printed}");
        assert!(!printed.contains("secret") && !printed.contains("se@cr"), "{printed}");
    }
}

fn print(settings: &Settings) -> String {
    let nowhere = Origin { path: None, names: BTreeSet::new() };
    settings.print(&Origins::default(), &nowhere).unwrap()
}

#[test]
fn the_defaults_print_and_read_back() {
    let printed = print(&Settings::defaults());
    let read: Settings = toml::from_str(&printed).unwrap();
    assert_eq!(print(&read), printed);
    assert_eq!(Settings::defaults().limits(), Limits::default());
    assert!(Settings::defaults().check().is_ok());
}

#[test]
fn every_setting_is_printed() {
    let printed = print(&Settings::defaults());
    let flags = Settings::augment_args(clap::Command::new("serve"));
    let names: Vec<_> = flags.get_arguments().filter_map(clap::Arg::get_long).collect();
    assert_eq!(printed.lines().count(), names.len());
    for name in names {
        let is_said = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{name} ="));
        assert!(printed.lines().any(is_said), "{name}\n{printed}");
        // A flag and the file have the same names.
        let unknown = format!("unknown field `{name}`");
        let read = toml::from_str::<Settings>(&format!("{name} = {{}}"));
        assert!(!read.unwrap_err().message().contains(&unknown), "{name}");
    }
}

#[test]
fn a_line_that_cannot_be_read_is_not_shown() {
    for (text, said) in [
        ("store = \"postgres://u:sesame@h", "line 1, column"),
        ("log = \"warn\"\nlisten = \":1\"", "line 2, column 10: listen: expected a host before"),
        (
            "deadline = \"x\"",
            "line 1, column 12: deadline: invalid type: string \"x\", expected a whole",
        ),
        (
            "allow-origin = [\"http://a\", \"*\"]",
            "line 1, column 16: allow-origin: `*` is no origin: each is named; expected such as https://",
        ),
        ("allow-origin = \"http://a\"", "line 1, column 16: allow-origin: invalid type: string"),
        ("lisen = \"postgres://u:sesame@h\"", "line 1, column 1: unknown field `lisen`"),
        ("store = [\"postgres://u:sesame@h\"]", "line 1, column 9: store: invalid type"),
    ] {
        let place = place(text, &toml::from_str::<Settings>(text).unwrap_err());
        assert!(place.starts_with(said) && !place.contains("sesame"), "{place}");
        assert!(!place.contains('\n'), "{place}");
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let check = |toml| toml::from_str::<Settings>(toml).unwrap().check();
    for (toml, said) in [
        ("max-requests = 0", "max-requests: from 1 to 1000000"),
        ("max-connections = 0", "max-connections: from 1 to 1000000"),
        ("max-requests-per-tenant = 9223372036854775807", "max-requests-per-tenant: from 1 to"),
        ("max-unproven = 0", "max-unproven: from 1 to 1000000"),
        ("unproven-rate = 0", "unproven-rate: from 1 to 1000000"),
        ("max-pending = 0", "max-pending: from 1 to 1000000"),
        ("max-pending = 1000001", "max-pending: from 1 to 1000000"),
        ("deadline = 0", "deadline: from 1 to 86400"),
        ("idle = 9223372036854775807", "idle: from 1 to 86400"),
        ("grace = 86401", "grace: from 0 to 86400"),
        ("insecure-http = true\ntls-key = \"x\"", "tls-cert and insecure-http contradict"),
        ("tls-self-signed = true\nbehind-proxy = true", "tls-self-signed and behind-proxy"),
        ("tls-self-signed-cert = \"x\"", "tls-self-signed-cert goes with tls-self-signed"),
        (
            "explorer-origin = [\"http://a\", \"http://[::1]:8080\"]",
            "explorer-origin: no browser lets a page ask http://[::1]:8080",
        ),
    ] {
        let failure = check(toml).unwrap_err();
        assert!(failure.to_string().starts_with(said), "{failure}");
    }
    assert!(check("insecure-http = false\ntls-key = \"x\"").is_ok());
    assert!(check("allow-origin = [\"http://[::1]:8080\"]").is_ok());
}
