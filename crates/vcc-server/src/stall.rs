//! Clients that say nothing, clients that take nothing of what waits for them, and clients that go on
//! talking after the last answer.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::activity::Activity;

/// A connection that fails once its first bytes, or a write, have waited for so long. The headers
/// that follow the first bytes are watched by the HTTP stack.
pub(crate) struct Stall<Io> {
    io: Io,
    activity: Arc<Activity>,
    /// How long the first bytes may take.
    patience: Duration,
    /// How long a write may take.
    limit: Duration,
    /// How many of the first bytes are still to come.
    first: usize,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
    shut: bool,
    /// How much came after the last answer.
    late: usize,
    lingering: Option<Pin<Box<Sleep>>>,
}

/// As many bytes as tell HTTP/2 from HTTP/1: the stack waits for them without a limit.
const PREFACE: usize = 24;

/// How much, in bytes, and how long a client may go on once it has been answered for the last time:
/// a body that nobody asked for, or headers without an end. A system that closes a socket with unread
/// bytes in it resets the connection, and the client may never see the answer.
const LATE: usize = 1024 * 1024;
const LINGER: Duration = Duration::from_secs(1);

impl<Io> Stall<Io> {
    pub(crate) fn new(
        io: Io,
        activity: Arc<Activity>,
        patience: Duration,
        limit: Duration,
    ) -> Self {
        Self {
            io,
            activity,
            patience,
            limit,
            first: PREFACE,
            reading: None,
            writing: None,
            shut: false,
            late: 0,
            lingering: None,
        }
    }

    /// Watches the outcome of a write.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            if self.writing.take().is_some() {
                self.activity.set_blocked(false);
            }
            return outcome;
        }
        if self.writing.is_none() {
            self.activity.set_blocked(true);
        }
        wait(&mut self.writing, self.limit, context).map(Err)
    }
}

/// Waits on with what has been begun, or begins.
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
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        let outcome = Pin::new(&mut this.io).poll_read(context, into);
        if this.first == 0 {
            return outcome;
        }
        this.first = this.first.saturating_sub(into.filled().len() - before);
        if this.first == 0 {
            this.reading = None;
        } else if outcome.is_pending() {
            return wait(&mut this.reading, this.patience, context).map(Err);
        }
        outcome
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stall<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(context, bytes);
        self.watch(context, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.io).poll_flush(context);
        self.watch(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut {
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
        let outcome = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.watch(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

impl<Io: AsyncRead + Unpin> Stall<Io> {
    /// Takes what a client is still sending, for a while. Nobody waits for one that sends nothing.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; 8 * 1024];
        while self.late < LATE {
            let mut into = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.io).poll_read(context, &mut into) {
                Poll::Ready(Ok(())) if !into.filled().is_empty() => {
                    self.late += into.filled().len();
                }
                Poll::Pending if self.late > 0 => {
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
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::*;
    use crate::activity::Quiet;

    fn watched(io: DuplexStream) -> Stall<DuplexStream> {
        let limit = Duration::from_secs(30);
        Stall::new(io, Arc::default(), limit, limit)
    }

    #[tokio::test(start_paused = true)]
    async fn first_bytes_that_do_not_come_fail() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut stall = watched(server);
        client.write_all(b"PRI * HTTP").await.unwrap();
        stall.read_exact(&mut [0; 10]).await.unwrap();
        let error = stall.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
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
    async fn a_connection_is_not_quiet_while_its_socket_is_full() {
        let (mut client, server) = tokio::io::duplex(4);
        let mut stall = watched(server);
        let activity = stall.activity.clone();
        let mut quiet = Quiet::new(&activity);
        let pause = Duration::from_secs(20);
        let full = tokio::time::timeout(pause, stall.write_all(b"12345678"));
        assert!(full.await.is_err());
        assert_eq!(quiet.time(), Duration::ZERO);
        client.read_exact(&mut [0; 4]).await.unwrap();
        stall.write_all(b"5678").await.unwrap();
        sleep(pause).await;
        assert_eq!(quiet.time(), pause);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_too_late_is_taken_for_a_while() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut stall = watched(server);
        // Nobody sends: nobody waits.
        let idle = tokio::time::timeout(Duration::from_millis(1), stall.shutdown());
        assert!(idle.await.is_ok());
        client.write_all(b"late").await.unwrap();
        let sending =
            tokio::spawn(async move { client.write_all(&[0; 1_000]).await.map(|()| client) });
        stall.shutdown().await.unwrap();
        assert_eq!(stall.late, 1_004);
        drop(sending.await.unwrap().unwrap());

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
