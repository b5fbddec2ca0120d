mod decoder;
mod reader;
mod stream;

use crate::machine::{Core, Sealed};

pub use self::decoder::Decoder;
pub use self::reader::Reader;
pub use self::stream::StreamReader;

/// How many bytes a [`StreamReader`] copies at a time.
const PIECE: usize = 64 << 10;

type CoreOf<F, S> = Core<<F as Sealed>::Machine, S>;
