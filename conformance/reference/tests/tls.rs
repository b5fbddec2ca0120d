//! HTTPS targets: which certificates are taken, and what is said of the others.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use vcc_conformance_core::http::{Body, Client, Endpoint, Limits, TlsOptions, Trouble};
use vcc_conformance_reference::Reference;
use vcc_server::{Server, Tls};
use vcc_store::Sqlite;

fn ask(url: &str, options: &TlsOptions) -> Result<u16, String> {
    ask_at(Endpoint::parse(url, options).map_err(|problem| problem.to_string())?)
}

fn ask_at(endpoint: Endpoint) -> Result<u16, String> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut client = Client::new(Arc::new(endpoint), Limits::default(), stop);
    let request = b"GET /api/recordings/files HTTP/1.1\r\nHost: x\r\n\r\n";
    match client.exchange(request, Body::AsSaid) {
        Ok(response) => Ok(response.status),
        Err(Trouble::Connect(what)) => Err(what),
        Err(trouble) => panic!("{trouble}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_judged_by_who_signed_it_and_for_whom() {
    let names = |name: &str| [name.to_owned()];
    let (tls, certificate) = Tls::self_signed(&names("localhost")).unwrap();
    let (_, stranger) = Tls::self_signed(&names("localhost")).unwrap();
    let store = || Arc::new(Sqlite::in_memory().unwrap());
    let server = Server::builder(store()).tls(tls).start("127.0.0.1:0").await.unwrap();
    let plain = Server::builder(store()).start("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let trusting = |name: &str, certificate: &str| {
        let path: PathBuf = folder.path().join(name);
        std::fs::write(&path, certificate).unwrap();
        TlsOptions { cacert: Some(path), insecure: false }
    };
    let (ours, theirs) = (trusting("ours", &certificate), trusting("theirs", &stranger));
    let system = TlsOptions::default();
    let any = TlsOptions { cacert: None, insecure: true };
    let port = server.local_addr().port();
    let (by_name, by_address) =
        (format!("https://localhost:{port}"), format!("https://127.0.0.1:{port}"));
    let to_plain = format!("https://{}", plain.local_addr());
    let asked = tokio::task::spawn_blocking(move || {
        [
            (&by_name, &ours),
            (&by_name, &any),
            (&by_address, &any),
            (&by_name, &theirs),
            (&by_name, &system),
            (&by_address, &ours),
            (&to_plain, &any),
        ]
        .map(|(url, options)| ask(url, options))
    });
    let asked = asked.await.unwrap();
    assert_eq!(asked[..3], [Ok(401), Ok(401), Ok(401)]);
    for (outcome, said) in asked[3..].iter().zip([
        "invalid peer certificate",
        "invalid peer certificate: UnknownIssuer",
        "certificate not valid for name \"127.0.0.1\"",
        "InvalidContentType",
    ]) {
        assert!(
            outcome.as_ref().is_err_and(|problem| problem.contains(said)),
            "{said}: {outcome:?}"
        );
    }
    server.shutdown().await;
    plain.shutdown().await;
}

/// REQ-4: its certificate is made for it, and only a client that was told of it trusts it.
#[test]
fn the_reference_in_this_process_speaks_https() {
    let reference = Reference::start_https(&[]).unwrap();
    let (url, endpoint) = (reference.url(), reference.endpoint().unwrap());
    assert!(url.starts_with("https://127.0.0.1:") && endpoint.base() == url, "{url}");
    assert_eq!(ask_at(endpoint.clone()), Ok(401));
    // Plain HTTP there is told so, and gets nothing.
    assert_eq!(ask_at(endpoint.plain()), Ok(400));
    let (_, stranger) = Tls::self_signed(&["127.0.0.1".to_owned()]).unwrap();
    for other in [
        Endpoint::parse(&url, &TlsOptions::default()),
        Endpoint::parse_trusting(&url, &stranger),
        Endpoint::parse_trusting(&url, ""),
    ] {
        let problem = ask_at(other.unwrap()).unwrap_err();
        assert!(problem.contains("invalid peer certificate"), "{problem}");
    }
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let problem = Endpoint::parse_trusting("https://127.0.0.1:1", broken).unwrap_err();
    assert!(
        problem.to_string().starts_with("the certificate of https://127.0.0.1:1: "),
        "{problem}"
    );
    let plain = Reference::start(&[]).unwrap();
    assert!(plain.url().starts_with("http://127.0.0.1:"));
    assert_eq!(ask_at(plain.endpoint().unwrap()), Ok(401));
}
