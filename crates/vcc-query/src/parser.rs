use core::str::FromStr;

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
/// let parser = Parser::builder().max_length(10).build();
/// let error = parser.parse("agentID=bill").unwrap_err();
/// assert_eq!(error.to_string(), "expected a query of at most 10 bytes, found 12");
/// ```
#[derive(Clone, Copy, Debug)]
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

/// Makes a [`Parser`] that differs from the default one.
///
/// ```
/// use vcc_query::{Dialect, Parser};
/// use vcc_types::UnknownVariable;
///
/// let dialect = Dialect { unknown_variable: UnknownVariable::Ignored, ..Dialect::default() };
/// let parser = Parser::builder().dialect(dialect).max_variables(2).build();
/// assert_eq!(parser.parse("a=1&n=51")?.n(), Some(51));
/// assert!(parser.parse("a=1&b=2&n=51").is_err());
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ParserBuilder<'z> {
    parser: Parser<'z>,
}

impl<'z> ParserBuilder<'z> {
    /// Reads as this dialect says.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.parser.dialect = dialect;
        self
    }

    /// Looks `tz` up in this database.
    pub fn zones(mut self, zones: &'z dyn ZoneData) -> Self {
        self.parser.zones = Source::Other(zones);
        self
    }

    /// Refuses a query of more bytes: [`Parser::MAX_LENGTH`] by default. There is no way to read
    /// more than 4 GiB.
    pub fn max_length(mut self, max_length: usize) -> Self {
        self.parser.max_length = max_length.min(u32::MAX as usize);
        self
    }

    /// Refuses a query of more variables: [`Parser::MAX_VARIABLES`] by default.
    pub fn max_variables(mut self, max_variables: usize) -> Self {
        self.parser.max_variables = max_variables;
        self
    }

    /// The parser.
    #[must_use]
    pub fn build(self) -> Parser<'z> {
        self.parser
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

    /// A parser of another dialect, of other zones or within other limits.
    pub fn builder() -> ParserBuilder<'z> {
        ParserBuilder { parser: Parser::new() }
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

impl Query {
    /// Reads a raw query: the bytes after the `?`, percent-encoded or as the documentation prints
    /// them, in the default dialect and limits.
    ///
    /// # Errors
    ///
    /// Whatever is no query, or names what no calendar, clock or zone knows.
    pub fn parse(raw: &(impl AsRef<[u8]> + ?Sized)) -> Result<Query, QueryError> {
        Parser::new().parse(raw)
    }

    /// Reads a raw query as another server would.
    ///
    /// # Errors
    ///
    /// As [`parse`](Query::parse), by the dialect's rules.
    pub fn parse_with(
        raw: &(impl AsRef<[u8]> + ?Sized),
        dialect: &Dialect,
    ) -> Result<Query, QueryError> {
        Parser::builder().dialect(*dialect).build().parse(raw)
    }
}

impl FromStr for Query {
    type Err = QueryError;

    /// Reads a raw query, as [`Query::parse`] does.
    fn from_str(raw: &str) -> Result<Query, QueryError> {
        Query::parse(raw)
    }
}
