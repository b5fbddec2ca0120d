//! An HTTPS connection after its handshake.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead as _, AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::Tls;
use crate::tls_records::WholeRecords;

/// Encrypts what is written and decrypts what is read. It is boxed because it is handed from future to future,
/// and each of them would hold all of it.
pub(crate) struct Encrypted<Io>(Box<TlsStream<WholeRecords<Io>>>);

impl<Io: AsyncRead + AsyncWrite + Unpin> Encrypted<Io> {
    /// Does the handshake with the client.
    pub(crate) async fn accept(tls: &Tls, io: Io) -> io::Result<Self> {
        // A new connection, without the buffers of the handshake.
        let handshake = Box::pin(tls.acceptor().accept(WholeRecords::new(io)));
        handshake.await.map(|stream| Self(Box::new(stream)))
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // One piece at a time. `poll_read` goes on until there is nothing left or no room, and so takes in many
        // records for a few bytes, where each has gained something.
        let data = ready!(Pin::new(&mut *self.0).poll_fill_buf(context))?;
        let length = data.len().min(into.remaining());
        into.put_slice(&data[..length]);
        Pin::new(&mut *self.0).consume(length);
        if length > 0 {
            self.0.get_mut().0.was_fruitful();
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::TlsConnector;

    use super::*;

    /// However short a client's TLS records are, and however many arrive at once.
    #[tokio::test]
    async fn records_of_one_byte_are_read() {
        const BYTES: usize = 5_000;

        let (tls, certificate) = Tls::self_signed(&["localhost".to_owned()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (client, server) = tokio::io::duplex(1024 * 1024);
        let connector = TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from("localhost").unwrap();
        let (client, server) =
            tokio::join!(connector.connect(name, client), Encrypted::accept(&tls, server));
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        for _ in 0..BYTES {
            client.write_all(b"x").await.unwrap();
            client.flush().await.unwrap();
        }
        let mut came = vec![0; BYTES];
        server.read_exact(&mut came).await.unwrap();
        assert_eq!(came, [b'x'; BYTES]);
    }
}
