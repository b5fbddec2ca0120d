//! A connection of HTTPS, once client and server have shaken hands.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::Tls;
use crate::tls_records::WholeRecords;

/// What is read and written is encrypted on its way. In a box: it is handed from one step to the next, each
/// of which would have room for it.
pub(crate) struct Encrypted<Io>(Box<TlsStream<WholeRecords<Io>>>);

impl<Io: AsyncRead + AsyncWrite + Unpin> Encrypted<Io> {
    /// Shakes hands with the client.
    pub(crate) async fn accept(tls: &Tls, io: Io) -> io::Result<Self> {
        // The buffers of a handshake are gone with it.
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
        let before = into.filled().len();
        ready!(Pin::new(&mut *self.0).poll_read(context, into))?;
        if into.filled().len() > before {
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
