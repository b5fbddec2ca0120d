//! Clients that do not read their answers, and clients that go on sending after the last answer.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// A connection that fails if a write takes too long. The HTTP stack watches the reads.
pub(crate) struct Stall<Io> {
    io: Io,
    /// How long a write may take.
    limit: Duration,
    writing: Option<Pin<Box<Sleep>>>,
    shut: bool,
    /// Whether the client may still be sending something that is not read.
    cut: Cut,
    /// How many bytes came after the last answer.
    late: usize,
    lingering: Option<Pin<Box<Sleep>>>,
    /// Whether dropping the connection now resets it.
    resets: bool,
}

/// Flags of a connection on which the last request was answered before all of it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    is_cut: AtomicBool,
    /// Whether the answer ends with the connection.
    is_unmarked: AtomicBool,
}

impl Cut {
    pub(crate) fn set(&self) {
        self.0.is_cut.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.is_cut.load(Ordering::Relaxed)
    }

    /// The last answer has neither a length nor chunks, as in HTTP/1.0: the end of the connection is the end
    /// of the answer. So an early end has to be a reset.
    pub(crate) fn is_the_end_of_the_answer(&self) {
        self.0.is_unmarked.store(true, Ordering::Relaxed);
    }
}

/// A connection that may be reset.
pub(crate) trait Reset {
    /// Whether it is reset when it is dropped from now on, or when the process ends.
    fn reset_when_dropped(&self, resets: bool);
}

impl Reset for TcpStream {
    fn reset_when_dropped(&self, resets: bool) {
        // A connection that failed has ended already.
        let _ = if resets { self.set_zero_linger() } else { unset_linger(self) };
    }
}

#[expect(deprecated, reason = "a time to linger for would block; none does not")]
fn unset_linger(stream: &TcpStream) -> io::Result<()> {
    stream.set_linger(None)
}

impl Reset for DuplexStream {
    // A stream in memory has no reset, only an end.
    fn reset_when_dropped(&self, _: bool) {}
}

/// How many bytes, and for how long, a client may go on sending after its last answer, such as a body that
/// is not wanted or headers without an end. They are read, because closing a socket with unread bytes
/// resets the connection, and the client may never see the answer.
const LATE: usize = 1024 * 1024;
const LINGER: Duration = Duration::from_secs(1);

impl<Io> Stall<Io> {
    pub(crate) fn new(io: Io, limit: Duration) -> Self {
        let cut = Cut::default();
        let (writing, lingering) = (None, None);
        Self { io, limit, writing, shut: false, cut, late: 0, lingering, resets: false }
    }

    pub(crate) fn cut(&self) -> Cut {
        self.cut.clone()
    }

    /// Watches the outcome of a write.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.writing = None;
            return outcome;
        }
        wait(&mut self.writing, self.limit, context).map(Err)
    }
}

/// Polls the running future, or starts one.
fn wait(
    waiting: &mut Option<Pin<Box<Sleep>>>,
    limit: Duration,
    context: &mut Context<'_>,
) -> Poll<io::Error> {
    let waiting = waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
    waiting.as_mut().poll(context).map(|()| io::ErrorKind::TimedOut.into())
}

impl<Io: AsyncRead + Unpin> AsyncRead for Stall<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, into)
    }
}

impl<Io: AsyncRead + AsyncWrite + Reset + Unpin> AsyncWrite for Stall<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.begin();
        let outcome = Pin::new(&mut self.io).poll_write(context, bytes);
        self.watch(context, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.io).poll_flush(context);
        self.watch(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut {
            // Everything was written.
            if std::mem::take(&mut self.resets) {
                self.io.reset_when_dropped(false);
            }
            let outcome = Pin::new(&mut self.io).poll_shutdown(context);
            ready!(self.watch(context, outcome))?;
            self.shut = true;
        }
        self.linger(context).map(Ok)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.begin();
        let outcome = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.watch(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

impl<Io: Reset> Stall<Io> {
    /// Before something is written.
    fn begin(&mut self) {
        if !self.resets && self.cut.0.is_unmarked.load(Ordering::Relaxed) {
            self.io.reset_when_dropped(true);
            self.resets = true;
        }
    }
}

impl<Io: AsyncRead + Unpin> Stall<Io> {
    /// Reads what a client is still sending, for a while. If it sends nothing, wait only if its request was
    /// cut.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; 8 * 1024];
        while self.late < LATE {
            let mut into = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.io).poll_read(context, &mut into) {
                Poll::Ready(Ok(())) if !into.filled().is_empty() => {
                    self.late += into.filled().len();
                }
                Poll::Pending if self.late > 0 || self.cut.is_set() => {
                    return wait(&mut self.lingering, LINGER, context).map(drop);
                }
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, DuplexStream};

    use super::*;

    fn watched(io: DuplexStream) -> Stall<DuplexStream> {
        Stall::new(io, Duration::from_secs(30))
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_nobody_takes_fails() {
        let (_client, server) = tokio::io::duplex(4);
        let mut stall = watched(server);
        stall.write_all(b"1234").await.unwrap();
        let error = stall.write_all(b"5678").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_too_late_is_taken_for_a_while() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut stall = watched(server);
        // Nothing is sent, so there is nothing to wait for.
        let idle = tokio::time::timeout(Duration::from_millis(1), stall.shutdown());
        assert!(idle.await.is_ok());
        client.write_all(b"late").await.unwrap();
        let sending =
            tokio::spawn(async move { client.write_all(&[0; 1_000]).await.map(|()| client) });
        stall.shutdown().await.unwrap();
        assert_eq!(stall.late, 1_004);
        drop(sending.await.unwrap().unwrap());

        // A client whose request was cut may send more until it closes.
        for closes in [false, true] {
            let (client, server) = tokio::io::duplex(64);
            let mut stall = watched(server);
            stall.cut().set();
            let began = tokio::time::Instant::now();
            let open = tokio::spawn(async move {
                sleep(LINGER / 2).await;
                (!closes).then_some(client)
            });
            stall.shutdown().await.unwrap();
            assert_eq!(began.elapsed(), if closes { LINGER / 2 } else { LINGER });
            drop(open.await.unwrap());
        }

        let (mut client, server) = tokio::io::duplex(64);
        let mut stall = watched(server);
        client.write_all(b"late").await.unwrap();
        let sending = tokio::spawn(async move { client.write_all(&vec![0; 2 * LATE]).await });
        stall.shutdown().await.unwrap();
        assert!((LATE..LATE + 64).contains(&stall.late));
        drop(stall);
        assert!(sending.await.unwrap().is_err());
    }
}
