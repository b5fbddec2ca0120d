//! gzip and zstd, recognized by their magic numbers and unpacked while they are read, within bounds.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::rc::Rc;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::counted::Counted;

/// How many times as long as the packed data the result may be, and from how many bytes on this counts.
/// Lists of recordings are 5 to 30 times as long; a file made to fill memory or a disk, 1,000 times or more.
const RATIO: u64 = 300;
const FREE: u64 = 64 << 20;

/// The most bytes that a file may have, unpacked or packed.
const MOST: u64 = 1 << 40;

/// How far back packed data may refer, in bytes: this much is kept in memory.
const WINDOW: u64 = 64 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// The compression of a file that begins with these bytes.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1F, 0x8B, ..] => Some(Self::Gzip),
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// Reads a compressed file, unpacked.
pub(super) fn unpacked<'a>(
    source: Box<dyn Read + 'a>,
    compression: Option<Compression>,
) -> Box<dyn Read + 'a> {
    let packed = Counted { inner: source, bytes: Rc::default() };
    match compression {
        None => packed.inner,
        Some(Compression::Gzip) => {
            let gzip = Gzip::new(BufReader::new(packed));
            Box::new(Bounded { unpacked: gzip, packed: Gzip::packed, bytes: 0 })
        }
        Some(Compression::Zstd) => {
            let mut decoder = FrameDecoder::new();
            decoder.set_max_window_size(WINDOW);
            let zstd = Zstd { source: BufReader::new(packed), decoder, in_frame: false };
            Box::new(Bounded {
                unpacked: zstd,
                packed: |zstd| zstd.source.get_ref().bytes.get(),
                bytes: 0,
            })
        }
    }
}

/// Fails if too much is unpacked from too little.
struct Bounded<R> {
    unpacked: R,
    packed: fn(&R) -> u64,
    bytes: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.unpacked.read(into).map_err(damaged)?;
        self.bytes += read as u64;
        let packed = (self.packed)(&self.unpacked);
        if self.bytes > MOST || (self.bytes > FREE && self.bytes / RATIO > packed) {
            let bytes = self.bytes;
            return Err(io::Error::other(format!(
                "{packed} compressed bytes unpack to more than {bytes}, which no list of recordings \
                 does: unpack it by other means if it is one"
            )));
        }
        Ok(read)
    }
}

/// An error that blames the compressed file.
fn damaged(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            io::Error::new(error.kind(), "the compressed file ends before its end: copy it again")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            io::Error::new(error.kind(), format!("the compressed file is damaged: {error}"))
        }
        _ => error,
    }
}

/// The packed bytes: first those that were looked at already.
type Packed<R> = Chain<Cursor<Vec<u8>>, BufReader<Counted<R>>>;

/// Members of gzip, one after another.
struct Gzip<R> {
    /// The member that is being read; `None` at the end.
    member: Option<GzDecoder<Packed<R>>>,
    /// How many packed bytes there were, at the end.
    packed: u64,
}

impl<R: Read> Gzip<R> {
    fn new(source: BufReader<Counted<R>>) -> Self {
        let member = Some(GzDecoder::new(Cursor::new(Vec::new()).chain(source)));
        Self { member, packed: 0 }
    }

    fn packed(&self) -> u64 {
        self.member
            .as_ref()
            .map_or(self.packed, |member| member.get_ref().get_ref().1.get_ref().bytes.get())
    }
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(mut member) = self.member.take() {
            let read = member.read(into);
            if into.is_empty() || !matches!(read, Ok(0)) {
                self.member = Some(member);
                return read;
            }
            let (_, mut source) = member.into_inner().into_inner();
            self.packed = source.get_ref().bytes.get();
            if let Some(magic) = magic(&mut source, Compression::Gzip)? {
                self.member = Some(GzDecoder::new(Cursor::new(magic).chain(source)));
            }
        }
        Ok(0)
    }
}

/// The beginning of the next member or frame; `None` at the end. Zeros before it or after the last one are
/// padding, as on tapes and disks. Anything else is an error that says where it is.
fn magic<R: Read>(
    source: &mut BufReader<Counted<R>>,
    of: Compression,
) -> io::Result<Option<Vec<u8>>> {
    loop {
        let buffer = source.fill_buf()?;
        let zeros = buffer.iter().position(|byte| *byte != 0).unwrap_or(buffer.len());
        if buffer.is_empty() {
            return Ok(None);
        }
        let is_more = zeros < buffer.len();
        source.consume(zeros);
        if is_more {
            break;
        }
    }
    let mut magic = Vec::new();
    source.take(4).read_to_end(&mut magic)?;
    if Compression::of(&magic) == Some(of) {
        return Ok(Some(magic));
    }
    let at = source.get_ref().bytes.get() - (source.buffer().len() + magic.len()) as u64;
    Err(io::Error::other(format!(
        "something else begins behind byte {at}, where all before it is whole (head -c {at} gives that)"
    )))
}

/// Frames of zstd, one after another.
struct Zstd<R> {
    source: BufReader<Counted<R>>,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: Read> Zstd<R> {
    /// Begins the next frame that is not skippable; `false` at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            let Some(magic) = magic(&mut self.source, Compression::Zstd)? else {
                return Ok(false);
            };
            if let [0x50..=0x5F, 0x2A, 0x4D, 0x18] = magic[..] {
                let mut length = [0; 4];
                self.source.read_exact(&mut length)?;
                let length = u64::from(u32::from_le_bytes(length));
                let skipped = io::copy(&mut (&mut self.source).take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            let frame = (&magic[..]).chain(&mut self.source);
            self.decoder.reset(frame).map_err(failed)?;
            return Ok(true);
        }
    }

    /// Compares the content of a frame with the checksum at its end.
    fn check(&self) -> io::Result<()> {
        let said = self.decoder.get_checksum_from_data();
        if said.is_some() && said != self.decoder.get_calculated_checksum() {
            return Err(io::Error::other("its checksum does not match"));
        }
        Ok(())
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                if !self.next_frame()? {
                    return Ok(0);
                }
                self.in_frame = true;
            }
            let read = self.decoder.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            if self.decoder.is_finished() {
                self.check()?;
                self.in_frame = false;
                continue;
            }
            let one = BlockDecodingStrategy::UptoBlocks(1);
            self.decoder.decode_blocks(&mut self.source, one).map_err(failed)?;
        }
    }
}

/// The error of zstd, or, if its source ended too early, that.
fn failed(error: FrameDecoderError) -> io::Error {
    let mut cause = Some(&error as &(dyn Error + 'static));
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::UnexpectedEof
        {
            return io.kind().into();
        }
        cause = error.source();
    }
    io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    /// The result of unpacking this many spaces, or the error.
    fn read(packed: &[u8]) -> Result<u64, String> {
        let mut reader = unpacked(Box::new(packed), Compression::of(packed));
        io::copy(&mut reader, &mut io::sink()).map_err(|error| error.to_string())
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    /// Also if there are about as many zeros as a buffer holds.
    #[test]
    fn zeros_are_padding_and_anything_else_is_not() {
        let text = vec![b' '; 1_000];
        for packed in [gzip(&text), zstd(&text)] {
            let room = 8 * 1024 - packed.len();
            for zeros in [0, 1, 512, room - 3, room - 1, room, room + 1, 20_000] {
                let padded = [&packed[..], &vec![0; zeros]].concat();
                assert_eq!(read(&padded), Ok(1_000), "{zeros}");
                let twice = [&padded[..], &padded].concat();
                assert_eq!(read(&twice), Ok(2_000), "{zeros}");
                for other in ["x", "garbage behind"] {
                    let said = read(&[&padded[..], other.as_bytes()].concat()).unwrap_err();
                    let at = format!("something else begins behind byte {}, where", padded.len());
                    assert!(said.contains(&at), "{said}");
                }
                let cut = read(&[&padded[..], &packed[..5]].concat()).unwrap_err();
                assert!(cut.contains("ends before its end"), "{cut}");
            }
        }
    }

    #[test]
    fn what_grows_too_much_is_refused() {
        for bytes in [1 << 10, 1 << 20, 100 << 20] {
            let spaces = vec![b' '; bytes];
            for packed in [gzip(&spaces), zstd(&spaces)] {
                match read(&packed) {
                    Ok(read) => assert!(read == bytes as u64 && read <= FREE, "{read}"),
                    Err(said) => {
                        assert!(bytes as u64 > FREE, "{said}");
                        assert!(said.contains("compressed bytes unpack to more than 67"), "{said}");
                    }
                }
            }
        }
    }
}
