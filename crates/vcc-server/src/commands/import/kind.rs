//! What a file is, recognized by its beginning. It makes no difference in which pieces its bytes come, nor
//! which white space or byte order marks come first (QUIRK-17).

use std::io::{self, Cursor, Read};

use super::compressed::{Compression, unpacked};
use super::file_format::FileFormat;
use crate::commands::failure::Failure;

/// How many bytes of white space and marks are skipped at most.
const BLANK: usize = 8 << 20;

/// How many bytes it takes to tell XML from HTML, and a spreadsheet from an archive, which is said after
/// the name of its first file. No more are waited for, because a producer may have nothing more to send.
const MARKUP: usize = 16;
const TABLE: usize = 512;

/// A file to be read from its beginning, and what it is.
pub(super) struct Opened<'a> {
    pub(super) reader: Box<dyn Read + 'a>,
    pub(super) format: FileFormat,
    /// Whether a single JSON line can be left out if it cannot be read. An array has no lines, and bytes
    /// of UTF-16 cannot be split at line ends (QUIRK-16, QUIRK-19).
    pub(super) has_lines: bool,
}

/// Why a file is not read.
#[derive(Debug)]
pub(super) enum NotRead {
    Io(io::Error),
    /// It is something else: its name, and what to do.
    Other(&'static str, &'static str),
}

impl NotRead {
    pub(super) fn failure(self, name: &str) -> Failure {
        match self {
            Self::Io(error) => Failure::new(format!("cannot read {name}: {error}")),
            Self::Other(what, hint) => Failure::new(format!("{name} is {what}")).hint(hint),
        }
    }
}

impl From<io::Error> for NotRead {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads the beginning of a file, unpacks it if it is compressed, and recognizes its format unless one is
/// named.
pub(super) fn open<'a>(
    mut source: Box<dyn Read + 'a>,
    named: Option<FileFormat>,
) -> Result<Opened<'a>, NotRead> {
    let mut head = head(&mut source)?;
    let compression = Compression::of(&head);
    if compression.is_some() {
        source = unpacked(Box::new(Cursor::new(head).chain(source)), compression);
        head = self::head(&mut source)?;
        if Compression::of(&head).is_some() {
            return Err(NotRead::Other("compressed twice", "unpack it once, and import that"));
        }
    }
    if let Some((what, hint)) = other(&head) {
        return Err(NotRead::Other(what, hint));
    }
    let format = named.unwrap_or_else(|| format(&head));
    let array = head.iter().copied().find(shows) == Some(b'[');
    let has_lines = !array && !is_wide(&head);
    Ok(Opened { reader: Box::new(Cursor::new(head).chain(source)), format, has_lines })
}

/// Reads as much as it takes to tell what a file is.
fn head(source: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut piece = [0; TABLE];
    // The place of the first byte that tells something, if it was found.
    let mut first = 0;
    loop {
        first += head[first..].iter().position(shows).unwrap_or(head.len() - first);
        let enough = match head.get(first) {
            None => head.len() >= BLANK,
            Some(b'<' | b'{' | b'[' | b'%') => head.len() - first >= MARKUP,
            Some(_) => head[first..].contains(&b'\n') || head.len() - first >= TABLE,
        };
        if enough {
            return Ok(head);
        }
        match source.read(&mut piece) {
            Ok(0) => return Ok(head),
            Ok(read) => head.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether a byte says something about what a file is. White space, byte order marks and the NUL of
/// UTF-16 do not.
fn shows(byte: &u8) -> bool {
    !byte.is_ascii_whitespace() && !matches!(byte, 0 | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF)
}

/// The format of a file, by its first character.
fn format(head: &[u8]) -> FileFormat {
    let first = head.iter().position(shows).unwrap_or(head.len());
    match &head[first..] {
        [b'<', ..] => FileFormat::Xml,
        // QUIRK-2
        rest if rest.starts_with(b"%lt;") => FileFormat::Xml,
        [b'{' | b'[', ..] => FileFormat::Jsonl,
        _ => FileFormat::Csv,
    }
}

const SAVE_AS_CSV: &str = "save the sheet with the recordings as CSV (UTF-8), and import that";
const UNPACK: &str = "unpack it, and import the files of recordings in it one by one";
const EXPORT: &str = "export the recordings as CSV, XML or JSON lines, and import that";

/// How files of other kinds begin.
const OTHERS: [(&[u8], &str, &str); 15] = [
    (b"%PDF-", "a PDF document", EXPORT),
    (
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "an old document of Office, such as an .xls",
        SAVE_AS_CSV,
    ),
    (b"{\\rtf", "a document in RTF", EXPORT),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", UNPACK),
    (b"Rar!\x1A\x07", "a RAR archive", UNPACK),
    (b"BZh", "compressed with bzip2", "unpack it with bunzip2, or compress it with gzip or zstd"),
    (b"\xFD7zXZ\0", "compressed with xz", "unpack it with unxz, or compress it with gzip or zstd"),
    (
        b"SQLite format 3\0",
        "a SQLite database",
        "a store is named by --store; of another database, \
        export the recordings as CSV",
    ),
    (b"PAR1", "a Parquet file", EXPORT),
    (b"RIFF", "audio or video", "import takes the list of the recordings, not their sound"),
    (b"ID3", "audio", "import takes the list of the recordings, not their sound"),
    (b"OggS", "audio", "import takes the list of the recordings, not their sound"),
    (b"\x89PNG", "a picture", EXPORT),
    (b"\xFF\xD8\xFF", "a picture", EXPORT),
    (b"\x7FELF", "a program", EXPORT),
];

/// The name of a file that cannot be imported, and what to do about it.
fn other(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, what, hint)) = OTHERS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Some((what, hint));
    }
    let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Some(if has(b"opendocument.spreadsheet") {
            ("a spreadsheet of OpenDocument (.ods)", SAVE_AS_CSV)
        } else if has(b"[Content_Types].xml") || has(b"xl/") || has(b"_rels/") {
            ("a document of Office, such as an .xlsx", SAVE_AS_CSV)
        } else {
            ("a zip archive", UNPACK)
        });
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(("a tar archive", UNPACK));
    }
    // The zeros of UTF-16 are halves of characters.
    let text: Vec<u8> = head.iter().copied().filter(|byte| *byte != 0).collect();
    let first = text.iter().position(shows).unwrap_or(text.len());
    let begins = |name: &[u8]| {
        text[first..].get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    if begins(b"<!doctype html") || begins(b"<html") {
        let hint = "it may be a page for signing in or of an error: read it in a browser, and fetch \
                    the recordings again";
        return Some(("an HTML page", hint));
    }
    let controls = |byte: &&u8| matches!(byte, 0..=8 | 0x0E..=0x19 | 0x1B..=0x1F | 0x7F);
    let shown = &head[head.iter().position(shows).unwrap_or(head.len())..];
    // Values may have a few, and old systems pad with NUL.
    if !is_wide(head)
        && shown.iter().take(TABLE).filter(controls).count() * 10 > shown.len().min(TABLE)
    {
        return Some(("no text, but binary data", EXPORT));
    }
    None
}

/// Whether the bytes are those of UTF-16, by a mark or by every other being zero.
fn is_wide(head: &[u8]) -> bool {
    matches!(head, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..])
        || matches!(head, [0, 0x20..0x7F, 0, ..] | [0x20..0x7F, 0, 0x20..0x7F, 0, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, as a slow pipe may.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            (into[0], self.0) = (*first, rest);
            Ok(1)
        }
    }

    #[test]
    fn how_bytes_come_makes_no_difference() {
        for (text, format) in [
            ("<recordings/>", FileFormat::Xml),
            ("%lt;recordings>", FileFormat::Xml),
            ("{\"startDate\":\"\"}", FileFormat::Jsonl),
            ("[]", FileFormat::Jsonl),
            ("startDate\n", FileFormat::Csv),
            ("%lost\n", FileFormat::Csv),
            ("", FileFormat::Csv),
        ] {
            for before in ["", "\u{FEFF}", "\n", "\r\n \t\u{FEFF}", &" ".repeat(100_000)] {
                let whole = format!("{before}{text}");
                let (slow, fast) = (Slow(whole.as_bytes()), whole.as_bytes());
                for source in [Box::new(slow) as Box<dyn Read>, Box::new(fast)] {
                    let mut opened = open(source, None).unwrap();
                    let mut read = String::new();
                    opened.reader.read_to_string(&mut read).unwrap();
                    assert!(read == whole && opened.format == format, "{text:?}");
                }
            }
            let wide: Vec<u8> = "\u{FEFF}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect();
            let opened = open(Box::new(Slow(&wide)), None).unwrap();
            assert!(opened.format == format || text.starts_with('%'), "{text:?}");
        }
    }

    #[test]
    fn other_files_are_told() {
        let mut tar = b"recordings.csv".to_vec();
        tar.resize(257, 0);
        tar.extend(b"ustar\x0000");
        let mut random = Vec::new();
        for byte in 0..=255 {
            random.extend([byte, byte / 7, 3]);
        }
        for (bytes, expected) in [
            (&b"%PDF-1.7\n"[..], "a PDF document"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0", "an old document of Office, such as an .xls"),
            (b"PK\x03\x04\x14\0\0\0[Content_Types].xml", "a document of Office, such as an .xlsx"),
            (
                b"PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
                "a spreadsheet of OpenDocument (.ods)",
            ),
            (b"PK\x03\x04\x14\0\0\0recordings.csv", "a zip archive"),
            (&tar, "a tar archive"),
            (b"\n<!DOCTYPE html><html>", "an HTML page"),
            (b"\xEF\xBB\xBF<HTML lang='en'>", "an HTML page"),
            (b"SQLite format 3\0", "a SQLite database"),
            (b"BZh91AY&SY", "compressed with bzip2"),
            (&random, "no text, but binary data"),
        ] {
            for source in [Box::new(Slow(bytes)) as Box<dyn Read>, Box::new(bytes)] {
                match open(source, None) {
                    Err(NotRead::Other(what, _)) => assert_eq!(what, expected),
                    _ => panic!("{expected}"),
                }
            }
        }
    }
}
