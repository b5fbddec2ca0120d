//! Texts of statements, put together when the program is compiled. So a list of columns is written
//! down once, and a statement is still a constant.

/// Bytes that are written one after another. What has no room is only counted, so that a first run with
/// no room at all tells how much a second one needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<const ROOM: usize> {
    bytes: [u8; ROOM],
    pub(crate) length: usize,
}

impl<const ROOM: usize> Written<ROOM> {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; ROOM], length: 0 }
    }

    /// What was written, if it had room and is a text.
    pub(crate) const fn as_text(&'static self) -> &'static str {
        match str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => panic!("texts one after another are a text"),
        }
    }

    pub(crate) const fn byte(&mut self, byte: u8) {
        if self.length < ROOM {
            self.bytes[self.length] = byte;
        }
        self.length += 1;
    }

    pub(crate) const fn text(&mut self, text: &str) {
        let mut at = 0;
        while at < text.len() {
            self.byte(text.as_bytes()[at]);
            at += 1;
        }
    }

    pub(crate) const fn number(&mut self, number: i64) {
        assert!(number >= 0, "a number of a statement has no sign");
        let mut unit = 1;
        while number / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            self.byte(b'0' + (number / unit % 10) as u8);
            unit /= 10;
        }
    }
}

/// The pieces, one after another.
pub(crate) const fn join<const ROOM: usize>(pieces: &[&str]) -> Written<ROOM> {
    let mut written = Written::new();
    let mut at = 0;
    while at < pieces.len() {
        written.text(pieces[at]);
        at += 1;
    }
    written
}

/// One text for each column, with the same text between them. The pattern of a column has `%` for its
/// name, and `#` for its number, which counts from `first`.
pub(crate) const fn each_column<const ROOM: usize>(
    columns: &[&str],
    patterns: &[&str],
    between: &str,
    first: i64,
) -> Written<ROOM> {
    let mut written = Written::new();
    let mut at = 0;
    while at < columns.len() {
        if at > 0 {
            written.text(between);
        }
        let pattern = patterns[at].as_bytes();
        let mut byte = 0;
        while byte < pattern.len() {
            match pattern[byte] {
                b'%' => written.text(columns[at]),
                b'#' => written.number(first + at as i64),
                other => written.byte(other),
            }
            byte += 1;
        }
        at += 1;
    }
    written
}

/// A decimal number.
pub(crate) const fn decimal<const ROOM: usize>(number: i64) -> Written<ROOM> {
    let mut written = Written::new();
    written.number(number);
    written
}

/// The text that a call writes whose first parameter is its room.
macro_rules! written {
    ($name:ident($($value:expr),+)) => {{
        const __LENGTH: usize = $crate::sql::text::$name::<0>($($value),+).length;
        const __TEXT: &$crate::sql::text::Written<__LENGTH> =
            &$crate::sql::text::$name($($value),+);
        __TEXT.as_text()
    }};
}

/// Pieces one after another, as [`concat!`], but of constants.
macro_rules! text {
    ($($piece:expr),+ $(,)?) => {
        $crate::sql::text::written!(join(&[$($piece),+]))
    };
}

/// The columns of an array, each by a pattern, as [`each_column`](crate::sql::text::each_column) reads it.
macro_rules! each {
    ($columns:expr, $pattern:expr) => {
        $crate::sql::text::each!($columns, $pattern, 0)
    };
    ($columns:expr, $pattern:expr, $first:expr) => {
        $crate::sql::text::each!($columns, $pattern, $first, ", ")
    };
    ($columns:expr, $pattern:expr, $first:expr, $between:expr) => {
        $crate::sql::text::written!(each_column(
            &$columns,
            &[$pattern; $columns.len()],
            $between,
            $first
        ))
    };
}

/// A number as a text.
macro_rules! number {
    ($number:expr) => {
        $crate::sql::text::written!(decimal($number))
    };
}

pub(crate) use {each, number, text, written};

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_joined() {
        const NAMES: [&str; 3] = ["a", "b", "é"];
        assert_eq!(text!("SELECT ", NAMES[2], " FROM t"), "SELECT é FROM t");
        assert_eq!(each!(NAMES, "%"), "a, b, é");
        assert_eq!(
            each!(NAMES, "% = old.% + $#", 9),
            "a = old.a + $9, b = old.b + $10, é = old.é + $11"
        );
        const NUMBERS: [&str; 3] = [number!(0), number!(10), number!(1_024_000_000)];
        assert_eq!(NUMBERS, ["0", "10", "1024000000"]);
    }
}
