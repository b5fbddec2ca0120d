use core::fmt;
use core::str::FromStr;

/// One row for each switch: the clause that leaves the point open, what it decides, and its values, the
/// default first. The enums, [`Dialect`] and its text form all come from this table.
macro_rules! switches {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $Type:ident [$clause:literal] {
            $(#[doc = $default_doc:literal])+ $Default:ident $default:literal,
            $($(#[doc = $value_doc:literal])+ $Value:ident $value:literal,)+
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[doc = concat!("\n\nClause ", $clause, "; switch `", stringify!($name), "`.")]
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
            #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
            pub enum $Type {
                $(#[doc = $default_doc])+
                #[default]
                $Default,
                $($(#[doc = $value_doc])+ $Value,)+
            }

            impl $Type {
                /// The value as a fingerprint writes it.
                #[must_use]
                pub const fn as_str(self) -> &'static str {
                    match self { $Type::$Default => $default, $($Type::$Value => $value,)+ }
                }
            }

            impl fmt::Display for $Type {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.pad(self.as_str())
                }
            }

            impl FromStr for $Type {
                type Err = DialectError;

                /// Reads the value as a fingerprint writes it.
                fn from_str(value: &str) -> Result<Self, DialectError> {
                    match value {
                        $default => Ok($Type::$Default),
                        $($value => Ok($Type::$Value),)+
                        _ => Err(DialectError::value(stringify!($name), value)),
                    }
                }
            }
        )+

        /// The points that the documentation leaves open, or contradicts itself on, as switches.
        ///
        /// The defaults are what this project does. Write `..Dialect::default()` beside the switches
        /// that you set: a later release may have more.
        ///
        /// A run of the conformance suite against another server ends in that server's
        /// *fingerprint*: the text form of the `Dialect` that makes this project's parser and server
        /// behave as that server does.
        ///
        /// ```
        /// use vcc_types::{Dialect, Plus};
        ///
        /// let dialect: Dialect = "plus = \"literal\" # REQ-6\n".parse().unwrap();
        /// assert_eq!(dialect, Dialect { plus: Plus::Literal, ..Dialect::default() });
        /// assert_eq!(dialect.to_string().parse(), Ok(dialect));
        /// ```
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        pub struct Dialect {
            $($(#[doc = $doc])+ pub $name: $Type,)+
        }

        impl Dialect {
            /// Every switch, in the order of the fields of this type.
            pub const SWITCHES: &'static [Switch] = &[$(Switch {
                name: stringify!($name),
                clause: $clause,
                doc: concat!($($doc),+).trim_ascii(),
                values: &[
                    ($default, concat!($($default_doc),+).trim_ascii()),
                    $(($value, concat!($($value_doc),+).trim_ascii()),)+
                ],
            },)+];

            /// The value of a switch by its name; `None` for an unknown name.
            #[must_use]
            pub fn get(&self, name: &str) -> Option<&'static str> {
                match name { $(stringify!($name) => Some(self.$name.as_str()),)+ _ => None }
            }

            /// Sets a switch by its name.
            ///
            /// # Errors
            ///
            /// An unknown name, or a value that the switch does not have.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), DialectError> {
                match name {
                    $(stringify!($name) => self.$name = value.parse()?,)+
                    _ => return Err(DialectError::name(name)),
                }
                Ok(())
            }
        }
    };
}

switches! {
    /// What `+` in a query decodes to. HTML forms and HTTP libraries encode a space so; RFC 3986
    /// leaves `+` alone.
    plus: Plus ["REQ-6"] {
        /// A space, as HTML forms write it.
        Space "space",
        /// Itself.
        Literal "literal",
    }
    /// The stray `"` that ends one of the documentation's own URLs.
    trailing_quote: TrailingQuote ["REQ-11"] {
        /// One quote at the very end of the query is dropped if the last variable is a date.
        Dropped "dropped",
        /// It makes the date malformed.
        Rejected "rejected",
    }
    /// A variable that the documentation does not name.
    unknown_variable: UnknownVariable ["REQ-9"] {
        /// 400.
        Rejected "rejected",
        /// As if it were not there.
        Ignored "ignored",
    }
    /// A variable given twice.
    repeated_variable: RepeatedVariable ["REQ-10"] {
        /// 400, because silently choosing one hides records.
        Rejected "rejected",
        /// The first one counts.
        First "first",
        /// The last one counts.
        Last "last",
    }
    /// The status of a request without credentials.
    no_credentials: NoCredentials ["AUTH-2"] {
        /// 401 with a challenge, at which a browser prompts.
        Unauthorized "401",
        /// 403.
        Forbidden "403",
    }
    /// The status of a request with a wrong token or an unknown tenant.
    bad_credentials: BadCredentials ["AUTH-3"] {
        /// 403, as documented.
        Forbidden "403",
        /// 401.
        Unauthorized "401",
    }
    /// What an untimed end of a range stands for.
    range_end: RangeEnd ["DATE-2"] {
        /// Its first instant: `2007-08-05,2007-08-07` ends at midnight before the 7th.
        Midnight "midnight",
        /// The whole of its period, unless it is a constant: the 7th is in.
        WholePeriod "whole-period",
    }
    /// Whether a record that starts at the very instant of a range's timed end is in the range.
    range_end_instant: RangeEndInstant ["DATE-2"] {
        /// It is not.
        Excluded "excluded",
        /// It is.
        Included "included",
    }
    /// A range whose ends are the same untimed period, such as `20210406,20210406`.
    equal_ends: EqualEnds ["DATE-10"] {
        /// That whole period.
        Period "period",
        /// Nothing.
        Empty "empty",
    }
    /// A range whose end is before its start.
    reversed_range: ReversedRange ["DATE-10"] {
        /// 400.
        Rejected "rejected",
        /// Nothing.
        Empty "empty",
    }
    /// A single `d` that carries a time.
    timed_single: TimedSingle ["DATE-7"] {
        /// The period of its precision: `13:15` is that minute.
        Period "period",
        /// 400.
        Rejected "rejected",
    }
    /// Constants that look ahead: `today+1d`.
    future_constants: FutureConstants ["DATE-8"] {
        /// They are read.
        Read "read",
        /// 400.
        Rejected "rejected",
    }
    /// A `finish-date` that is malformed beside a `start-date`, which makes it unused.
    ignored_finish: IgnoredFinish ["NEAR-4"] {
        /// 400.
        Checked "checked",
        /// As if it were not there.
        Unchecked "unchecked",
    }
    /// A field given without a value: `outDialCode=`.
    empty_value: EmptyValue ["FIELD-3"] {
        /// Matches the records in which the field is empty or absent.
        MatchesEmpty "matches-empty",
        /// As if it were not there.
        Ignored "ignored",
    }
    /// `n=0`, which public clients send for the first page.
    zero_offset: ZeroOffset ["PAGE-4"] {
        /// The same as `n=1`.
        FirstPage "first-page",
        /// 400.
        Rejected "rejected",
    }
    /// The order of a list.
    order: Order ["PAGE-5"] {
        /// By start, the earliest first.
        StartAscending "start-ascending",
        /// By start, the latest first.
        StartDescending "start-descending",
    }
    /// The zone whose offset a `startDate` in a response is written with.
    response_zone: ResponseZone ["OUT-3"] {
        /// The tenant's.
        Tenant "tenant",
        /// That of the query's `tz`, else the tenant's.
        Query "query",
        /// UTC.
        Utc "utc",
    }
    /// How a response writes the offset of UTC.
    utc_offset: UtcOffset ["OUT-3"] {
        /// `+00:00`.
        Numeric "+00:00",
        /// `Z`.
        Z "Z",
    }
}

/// One switch of [`Dialect`]: a row of the table.
///
/// ```
/// use vcc_types::Dialect;
///
/// let order = Dialect::SWITCHES.iter().find(|switch| switch.name == "order").ok_or("no order")?;
/// assert_eq!((order.clause, order.doc), ("PAGE-5", "The order of a list."));
/// // The default comes first.
/// let values: Vec<_> = order.values.iter().map(|(value, _)| *value).collect();
/// assert_eq!(values, ["start-ascending", "start-descending"]);
/// assert_eq!(Dialect::default().get("order"), Some(values[0]));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Switch {
    /// The name, as the field of [`Dialect`] and a fingerprint have it.
    pub name: &'static str,
    /// The clause that leaves the point open.
    pub clause: &'static str,
    /// What the switch decides.
    pub doc: &'static str,
    /// The values with what each means, the default first.
    pub values: &'static [(&'static str, &'static str)],
}

/// A text that is not a dialect: an unknown switch or value, or a line that is not `name = "value"`.
///
/// ```
/// use vcc_types::Dialect;
///
/// let error = "# fingerprint\nplus = no".parse::<Dialect>().unwrap_err();
/// assert_eq!(error.to_string(), r#"line 2: plus: expected "space" or "literal", found "no""#);
/// // A switch that is set by its name has no line.
/// let error = Dialect::default().set("plus", "no").unwrap_err();
/// assert_eq!(error.line(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectError {
    line: Option<usize>,
    message: String,
}

impl DialectError {
    fn name(name: &str) -> Self {
        let known: Vec<_> = Dialect::SWITCHES.iter().map(|switch| switch.name).collect();
        let message = format!("{name:?} is not a switch; there are {}", known.join(", "));
        Self { line: None, message }
    }

    fn value(name: &str, value: &str) -> Self {
        let switch = Dialect::SWITCHES.iter().find(|switch| switch.name == name);
        let values = switch.map_or(&[][..], |switch| switch.values);
        let known: Vec<_> = values.iter().map(|(value, _)| format!("{value:?}")).collect();
        let message = format!("{name}: expected {}, found {value:?}", known.join(" or "));
        Self { line: None, message }
    }

    /// The line of the text, from 1, where the dialect was read from text.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for DialectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl core::error::Error for DialectError {}

impl fmt::Display for Dialect {
    /// Writes the fingerprint: one line for each switch, `name = "value"`, which is also TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Dialect::SWITCHES.iter().try_for_each(|switch| {
            writeln!(f, "{} = \"{}\"", switch.name, self.get(switch.name).unwrap_or_default())
        })
    }
}

impl FromStr for Dialect {
    type Err = DialectError;

    /// Reads a fingerprint: lines of `name = "value"`, the quotes optional, `#` to the end of a
    /// line a comment, blank lines skipped. A switch that is not named keeps its default; of a
    /// switch named twice the last counts.
    fn from_str(text: &str) -> Result<Self, DialectError> {
        let mut dialect = Dialect::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.split_once('#').map_or(line, |(line, _)| line).trim();
            if line.is_empty() {
                continue;
            }
            let at = |error: DialectError| DialectError { line: Some(index + 1), ..error };
            let (name, value) = line.split_once('=').ok_or_else(|| {
                let message = format!("expected name = \"value\", found {line:?}");
                at(DialectError { line: None, message })
            })?;
            let value = value.trim();
            let value =
                value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            dialect.set(name.trim(), value).map_err(at)?;
        }
        Ok(dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_every_switch_survives_its_text() {
        for switch in Dialect::SWITCHES {
            assert_eq!(Dialect::default().get(switch.name), Some(switch.values[0].0));
            let is_sentence = |doc: &str| doc.ends_with('.') && doc.trim_ascii() == doc;
            assert!(is_sentence(switch.doc), "{}", switch.name);
            for (value, doc) in switch.values {
                let mut dialect = Dialect::default();
                dialect.set(switch.name, value).unwrap();
                assert_eq!(dialect.get(switch.name), Some(*value));
                assert_eq!(dialect.to_string().parse(), Ok(dialect));
                assert!(is_sentence(doc), "{value}");
            }
        }
    }

    #[test]
    fn comments_and_quotes() {
        let text = "# fingerprint\n\nplus = literal\r\n  order=\"start-descending\"  # PAGE-5\n";
        let dialect: Dialect = text.parse().unwrap();
        assert_eq!(Ok(dialect.plus), "literal".parse());
        assert_eq!(dialect.order, Order::StartDescending);
    }

    #[test]
    fn errors_say_what_would_do() {
        for (text, message) in [
            ("plus", "line 1: expected name = \"value\", found \"plus\""),
            ("\nplus = no", "line 2: plus: expected \"space\" or \"literal\", found \"no\""),
            (
                "no_credentials = 200",
                "line 1: no_credentials: expected \"401\" or \"403\", found \"200\"",
            ),
        ] {
            assert_eq!(text.parse::<Dialect>().unwrap_err().to_string(), message);
        }
        let error = "no".parse::<Plus>().unwrap_err();
        assert_eq!(error.to_string(), "plus: expected \"space\" or \"literal\", found \"no\"");
        let error = "pluss = space".parse::<Dialect>().unwrap_err();
        assert!(
            error.to_string().starts_with("line 1: \"pluss\" is not a switch; there are plus, ")
        );
        assert_eq!(error.line(), Some(1));
    }
}
