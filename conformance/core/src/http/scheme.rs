//! Whether a port that gives no HTTP answer speaks the other scheme: a wrong scheme in a URL is an
//! easy mistake.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConnection;

use super::{Endpoint, TlsOptions};

/// How long to wait for the port to say something.
const WAIT: Duration = Duration::from_secs(2);

/// The other scheme, if the port answers to it: `https` for a URL with `http`, and the reverse.
#[must_use]
pub fn other_scheme(endpoint: &Endpoint) -> Option<&'static str> {
    if endpoint.https {
        let answer = said(endpoint, b"GET / HTTP/1.0\r\n\r\n")?;
        return answer.starts_with(b"HTTP/").then_some("http");
    }
    let url = format!("https://{}:{}", endpoint.host, endpoint.port);
    let twin =
        Endpoint::parse(&url, &TlsOptions { insecure: true, ..TlsOptions::default() }).ok()?;
    let (config, name) = twin.tls.as_ref()?;
    let mut client = ClientConnection::new(Arc::clone(config), name.clone()).ok()?;
    let mut hello = Vec::new();
    client.write_tls(&mut hello).ok()?;
    let answer = said(endpoint, &hello)?;
    // A record of a handshake, or of an alert, in any version of TLS.
    matches!(answer[..], [0x15 | 0x16, 0x03, ..]).then_some("https")
}

/// The first bytes that come back.
fn said(endpoint: &Endpoint, bytes: &[u8]) -> Option<Vec<u8>> {
    let address = endpoint.addresses.first()?;
    let mut stream = TcpStream::connect_timeout(address, WAIT).ok()?;
    stream.set_read_timeout(Some(WAIT)).ok()?;
    stream.set_write_timeout(Some(WAIT)).ok()?;
    stream.write_all(bytes).ok()?;
    let mut answer = vec![0; 5];
    stream.read_exact(&mut answer).ok()?;
    Some(answer)
}
