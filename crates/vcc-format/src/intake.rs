//! From the bytes of an input to the UTF-8 that a machine reads (QUIRK-16).

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

use crate::Sink;
use crate::driver::Core;
use crate::machine::Machine;

/// Takes an input in pieces. It is decoded if a byte order mark says UTF-16.
pub(crate) struct Intake {
    state: State,
    /// How many bytes were taken.
    length: u64,
}

enum State {
    /// The first bytes, while they may be a byte order mark.
    Start(Vec<u8>),
    Plain,
    Utf16(Box<Decoder>),
}

impl Intake {
    pub(crate) fn new() -> Self {
        Self { state: State::Start(Vec::new()), length: 0 }
    }

    /// Appends a piece to the buffer of `core`. `last`: nothing follows it.
    pub(crate) fn take<M: Machine, S: Sink>(
        &mut self,
        piece: &[u8],
        last: bool,
        core: &mut Core<M, S>,
        buf: &mut Vec<u8>,
    ) {
        self.length += piece.len() as u64;
        match &mut self.state {
            State::Plain => buf.extend_from_slice(piece),
            State::Start(head) => {
                head.extend_from_slice(piece);
                if may_become_utf_16(head) && !last {
                    return;
                }
                let head = std::mem::take(head);
                match decoder(&head) {
                    None => {
                        self.state = State::Plain;
                        buf.extend_from_slice(&head);
                    }
                    Some(decoder) => {
                        core.set_utf_16();
                        let mut decoder = Box::new(decoder);
                        decode(&mut decoder, &head[2..], last, core, buf);
                        self.state = State::Utf16(decoder);
                    }
                }
            }
            State::Utf16(decoder) => decode(decoder, piece, last, core, buf),
        }
        if last {
            core.set_length(self.length);
        }
    }
}

/// Whether more bytes are needed to tell.
fn may_become_utf_16(head: &[u8]) -> bool {
    match head {
        [] | [0xFE | 0xFF] => true,
        // Two more zeros would make it UTF-32.
        [0xFF, 0xFE, rest @ ..] => rest.len() < 2 && rest.iter().all(|byte| *byte == 0),
        _ => false,
    }
}

/// The decoder for a document that begins with the byte order mark of UTF-16.
pub(crate) fn decoder(head: &[u8]) -> Option<Decoder> {
    match head {
        [0xFF, 0xFE, 0, 0, ..] => None,
        [0xFF, 0xFE, ..] => Some(UTF_16LE.new_decoder_without_bom_handling()),
        [0xFE, 0xFF, ..] => Some(UTF_16BE.new_decoder_without_bom_handling()),
        _ => None,
    }
}

/// Decodes a piece to the end of the buffer, with U+FFFD for what is not UTF-16.
pub(crate) fn decode<M: Machine, S: Sink>(
    decoder: &mut Decoder,
    mut piece: &[u8],
    last: bool,
    core: &mut Core<M, S>,
    buf: &mut Vec<u8>,
) {
    let mut malformed = Vec::new();
    loop {
        let start = buf.len();
        // A length that overflows does not fit in memory either.
        let room = decoder.max_utf8_buffer_length_without_replacement(piece.len());
        buf.resize(start + room.unwrap_or(piece.len()), 0);
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(piece, &mut buf[start..], last);
        buf.truncate(start + written);
        piece = &piece[read..];
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                malformed.push(buf.len());
                buf.extend_from_slice("\u{FFFD}".as_bytes());
            }
        }
    }
    core.add_malformed(&malformed);
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match self.state {
            State::Start(_) => "start",
            State::Plain => "plain",
            State::Utf16(_) => "UTF-16",
        };
        f.debug_struct("Intake").field("state", &state).field("length", &self.length).finish()
    }
}
