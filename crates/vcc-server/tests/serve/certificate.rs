//! The certificate: self-signed for trials, or read from files.

use std::net::TcpStream;

use crate::common::command::Folder;
#[cfg(unix)]
use crate::common::command::Serving;
use crate::saying;
#[cfg(unix)]
use crate::signal;

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
            // The line as a user would paste it, with the password in it so that it does not prompt.
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

/// A file that blocks its reader for ever, such as one on a lost mount, delays neither the server nor its
/// end.
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
    // Opening it for writing waits until the server reads it.
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
