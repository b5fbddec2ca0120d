//! The records that a client's TLS comes in, as the TLS library is given them.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection that gives the TLS library whole records only (RFC 8446, 5.1). A partial record is kept
/// here, in as much memory as it needs; the library would take up to twice as much.
///
/// It fails if too many bytes come without any data for the application, such as a handshake message in
/// pieces, of which the library would keep up to 64 KiB.
pub(crate) struct WholeRecords<Io> {
    io: Io,
    /// The beginning of a record, or a whole one that was given in part.
    came: Vec<u8>,
    given: usize,
    /// How many bytes were given since the last data for the application.
    barren: usize,
}

/// A type, a version and a length.
const HEADER: usize = 5;

/// The longest record of TLS 1.2 without its header; those of 1.3 are shorter.
const LONGEST: usize = 16 * 1024 + 2 * 1024;

/// This many bytes may come without data: more than a record, and more than a handshake.
const MOST_BARREN: usize = 24 * 1024;

/// How much is read at once of a record that came in part before.
const PIECE: usize = 4 * 1024;

impl<Io> WholeRecords<Io> {
    pub(crate) fn new(io: Io) -> Self {
        Self { io, came: Vec::new(), given: 0, barren: 0 }
    }

    /// Data for the application came.
    pub(crate) fn was_fruitful(&mut self) {
        self.barren = 0;
    }

    fn give(&mut self, into: &mut ReadBuf<'_>) {
        let rest = &self.came[self.given..];
        let fits = rest.len().min(into.remaining());
        into.put_slice(&rest[..fits]);
        self.given += fits;
        if fits == rest.len() {
            (self.came, self.given) = (Vec::new(), 0);
        }
    }
}

impl<Io: AsyncRead + Unpin> WholeRecords<Io> {
    fn poll_whole(
        &mut self,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        loop {
            match length(&self.came) {
                // The usual case: a whole record, with nothing before it.
                None if self.came.is_empty() => {
                    ready!(Pin::new(&mut self.io).poll_read(context, into))?;
                    let new = &into.filled()[before..];
                    if new.is_empty() {
                        return Poll::Ready(Ok(()));
                    }
                    let whole = whole(new);
                    self.came = new[whole..].to_vec();
                    into.set_filled(before + whole);
                    if whole > 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                Some(length) if self.came.len() >= length => {
                    self.give(into);
                    return Poll::Ready(Ok(()));
                }
                length => {
                    let length = length.unwrap_or(HEADER);
                    if ready!(self.fill(context, length))? == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }

    /// Takes in what comes of a record of this length, and nothing beyond.
    fn fill(&mut self, context: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        let mut piece = [MaybeUninit::uninit(); PIECE];
        let mut piece = ReadBuf::uninit(&mut piece);
        let mut piece = piece.take(length - self.came.len());
        ready!(Pin::new(&mut self.io).poll_read(context, &mut piece))?;
        let new = piece.filled();
        if !new.is_empty() {
            // All at once: untouched memory costs nothing, and growing in steps would leave copies
            // behind.
            self.came.reserve_exact(length - self.came.len());
        }
        self.came.extend_from_slice(new);
        Poll::Ready(Ok(new.len()))
    }
}

/// The length of the record that begins here, with its header. Bytes that are not a record are passed on as
/// they are, and the TLS library says what is wrong with them.
fn length(record: &[u8]) -> Option<usize> {
    let [kind, _, _, high, low, ..] = *record else { return None };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let is_record = matches!(kind, 20..=24) && length <= LONGEST;
    Some(if is_record { HEADER + length } else { record.len() })
}

/// How many of these bytes are whole records.
fn whole(bytes: &[u8]) -> usize {
    let mut whole = 0;
    while let Some(length) = length(&bytes[whole..])
        && whole + length <= bytes.len()
    {
        whole += length;
    }
    whole
}

impl<Io: AsyncRead + Unpin> AsyncRead for WholeRecords<Io> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if into.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if this.barren >= MOST_BARREN {
            let error = "too much came of which there is nothing to read";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
        }
        let before = into.filled().len();
        ready!(this.poll_whole(context, into))?;
        this.barren += into.filled().len() - before;
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for WholeRecords<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn record(length: usize) -> Vec<u8> {
        let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
        let mut record = vec![23, 3, 3, high, low];
        record.resize(HEADER + length, 7);
        record
    }

    /// What is given of some bytes that come in pieces, each time one is waited for.
    async fn pass(input: &[u8], piece: usize, read: usize) -> Vec<usize> {
        let (mut client, server) = tokio::io::duplex(piece);
        let mut records = WholeRecords::new(server);
        let sent = input.to_vec();
        let writer = tokio::spawn(async move { client.write_all(&sent).await });
        let (mut came, mut ends) = (Vec::new(), Vec::new());
        let mut into = vec![0; read];
        loop {
            let length = records.read(&mut into).await.unwrap();
            records.was_fruitful();
            if length == 0 {
                break;
            }
            came.extend_from_slice(&into[..length]);
            if records.given == 0 {
                ends.push(came.len());
            }
            assert!(records.came.capacity() <= HEADER + LONGEST);
        }
        writer.await.unwrap().unwrap();
        assert!(input.starts_with(&came));
        ends
    }

    #[tokio::test]
    async fn records_are_given_whole() {
        let input = [record(0), record(1), record(300), record(LONGEST), record(5)].concat();
        let ends = [5, 11, 316, 316 + HEADER + LONGEST, input.len()];
        for cut in [0, 1, 4, 5, 9] {
            for piece in [1, 3, 1_000, 4_096, 100_000] {
                for read in [1, 7, 4_096, 40_000] {
                    // The last record is incomplete.
                    let came = pass(&input[..input.len() - cut], piece, read).await;
                    let expected = &ends[..if cut == 0 { 5 } else { 4 }];
                    let all_known = came.iter().all(|end| ends.contains(end));
                    assert!(all_known || read < 5, "{cut} {piece} {read}: {came:?}");
                    assert_eq!(came.last(), expected.last(), "{cut} {piece} {read}");
                }
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_record_is_not_waited_for() {
        for input in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x17\x03\x03\xff\xffabc"] {
            for piece in [1, 5, 100] {
                // By now the library has noticed.
                assert!(pass(input, piece, 100).await.last() >= Some(&HEADER), "{piece}");
            }
        }
    }

    #[tokio::test]
    async fn what_brings_no_data_ends() {
        let empty = record(0).repeat(10_000);
        let (mut client, server) = tokio::io::duplex(100);
        let writer = tokio::spawn(async move { client.write_all(&empty).await });
        let mut records = WholeRecords::new(server);
        let mut came = Vec::new();
        let error = records.read_to_end(&mut came).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!((MOST_BARREN..MOST_BARREN + 100).contains(&came.len()), "{}", came.len());
        drop(records);
        assert!(writer.await.unwrap().is_err());
    }
}
