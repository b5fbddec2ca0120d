mod decoder;
mod reader;
mod stream;

pub use self::decoder::Decoder;
pub use self::reader::Reader;
pub use self::stream::StreamReader;
