use vcc_types::Dialect;

use crate::decode::Scratch;
use crate::read::Reader;
use crate::split::{Splitter, Values};
use crate::zone::{Source, ZoneData};
use crate::{Query, QueryError, QueryErrorKind};

/// How queries are read: dialect, zone database and limits.
///
/// ```
/// use vcc_query::Parser;
///
/// let error = Parser::new().max_length(10).parse("agentID=bill").unwrap_err();
/// assert_eq!(error.to_string(), "expected a query of at most 10 bytes, found 12");
/// ```
#[derive(Clone, Copy)]
pub struct Parser<'z> {
    dialect: Dialect,
    zones: Source<'z>,
    max_length: usize,
    max_variables: usize,
}

impl Default for Parser<'_> {
    fn default() -> Self {
        Parser::new()
    }
}

impl<'z> Parser<'z> {
    /// The longest query that is read unless said otherwise, in bytes: 8 KiB.
    pub const MAX_LENGTH: usize = 8 * 1024;

    /// The most variables that are read unless said otherwise: 64. Empty segments are none.
    pub const MAX_VARIABLES: usize = 64;

    /// The default dialect, the built-in zones, the default limits.
    #[must_use]
    pub fn new() -> Self {
        Parser {
            dialect: Dialect::default(),
            zones: Source::BuiltIn,
            max_length: Self::MAX_LENGTH,
            max_variables: Self::MAX_VARIABLES,
        }
    }

    /// Reads as this dialect says.
    #[must_use]
    pub fn dialect(self, dialect: Dialect) -> Self {
        Parser { dialect, ..self }
    }

    /// Looks `tz` up in this database.
    #[must_use]
    pub fn zones(self, zones: &'z dyn ZoneData) -> Self {
        Parser { zones: Source::Other(zones), ..self }
    }

    /// Refuses a query of more bytes. There is no way to read more than 4 GiB.
    #[must_use]
    pub fn max_length(self, max_length: usize) -> Self {
        Parser { max_length: max_length.min(u32::MAX as usize), ..self }
    }

    /// Refuses a query of more variables.
    #[must_use]
    pub fn max_variables(self, max_variables: usize) -> Self {
        Parser { max_variables, ..self }
    }

    /// Reads a raw query, the bytes after the `?`.
    ///
    /// # Errors
    ///
    /// As [`Query::parse`].
    pub fn parse(&self, raw: &(impl AsRef<[u8]> + ?Sized)) -> Result<Query, QueryError> {
        self.parse_bytes(raw.as_ref())
    }

    fn parse_bytes(&self, raw: &[u8]) -> Result<Query, QueryError> {
        let mut query = Query::default();
        match self.fill(raw, &mut query) {
            Ok(()) => Ok(query),
            Err(error) => Err(error),
        }
    }

    /// Fills a query in its place: it is too big to be moved about.
    #[inline(never)]
    fn fill(&self, raw: &[u8], query: &mut Query) -> Result<(), QueryError> {
        if raw.len() > self.max_length {
            return Err(self.too_long(raw.len()));
        }
        let Parser { dialect, zones, max_variables, .. } = self;
        let mut scratch = Scratch::new();
        let splitter = Splitter { raw, dialect, max_variables: *max_variables };
        let mut values = Values::default();
        splitter.split(&mut values, &mut scratch)?;
        Reader { raw, dialect, zones: *zones, scratch: &mut scratch }.query(&values, query)
    }

    #[cold]
    fn too_long(&self, length: usize) -> QueryError {
        let expected = format!("a query of at most {} bytes", self.max_length);
        let span = self.max_length..length;
        QueryError::new(QueryErrorKind::TooLong, span, "REQ-13", expected, length.to_string())
    }
}
