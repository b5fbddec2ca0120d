use core::fmt;
use core::str::FromStr;

/// One row a field: variant, wire name, query name, meaning. Everything about the fifteen fields
/// that is a table comes from here.
macro_rules! fields {
    ($($(#[doc = $doc:literal])+ $variant:ident $wire:literal $query:literal,)+) => {
        /// One of the fifteen fields of a record, in the documented order (OUT-1).
        ///
        /// ```
        /// use vcc_types::Field;
        ///
        /// assert_eq!(Field::from_wire_name("agentID"), Some(Field::AgentId));
        /// assert_eq!(Field::from_wire_name("agentId"), None);
        /// assert_eq!("agentID".parse(), Ok(Field::AgentId));
        /// // A start has another name in a query, and is looked up there, not compared.
        /// assert_eq!(Field::StartDate.query_name(), "start-date");
        /// assert_eq!(Field::from_filter_name("startDate"), None);
        /// assert_eq!(Field::WrapUpCode.index(), Field::COUNT - 1);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[repr(u8)]
        pub enum Field {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Field {
            /// All fields in the documented order, which is also the order of [`Field::index`].
            pub const ALL: [Field; Field::COUNT] = [$(Field::$variant,)+];

            /// How many fields a record has: 15.
            pub const COUNT: usize = [$($wire,)+].len();

            /// The name of the field in responses: the XML element and the CSV column (OUT-1).
            #[must_use]
            pub const fn wire_name(self) -> &'static str {
                match self { $(Field::$variant => $wire,)+ }
            }

            /// The variable that constrains the field in a query. It is the wire name but for
            /// [`Field::StartDate`], which is asked for as `start-date` (FIELD-2).
            #[must_use]
            pub const fn query_name(self) -> &'static str {
                match self { $(Field::$variant => $query,)+ }
            }

            /// What the field holds, in one sentence.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self { $(Field::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// The field with this name in responses, compared byte for byte.
            #[must_use]
            pub fn from_wire_name(name: &str) -> Option<Field> {
                Field::from_wire_bytes(name.as_bytes())
            }

            /// The field with this name in responses, compared byte for byte.
            #[must_use]
            #[allow(non_upper_case_globals)]
            pub fn from_wire_bytes(name: &[u8]) -> Option<Field> {
                $(const $variant: &[u8] = $wire.as_bytes();)+
                match name { $($variant => Some(Field::$variant),)+ _ => None }
            }

            /// The field that is constrained as an equality by this query variable (FIELD-1).
            /// `None` for `startDate` and `start-date`: a start is looked up, not compared.
            #[must_use]
            pub fn from_filter_name(name: &str) -> Option<Field> {
                Field::from_wire_name(name).filter(|field| *field != Field::StartDate)
            }
        }
    };
}

fields! {
    /// When the recording started: ISO 8601 with a numeric offset.
    StartDate "startDate" "start-date",
    /// The agent who took or made the call.
    AgentId "agentID" "agentID",
    /// The other party's number: who called, or for an outbound call who was called.
    PhoneNumber "phoneNumber" "phoneNumber",
    /// The number called, or a marker of the kind of call such as `#virtual_outbound#`.
    Channel "channel" "channel",
    /// The case that the call belongs to.
    CaseId "caseID" "caseID",
    /// Whole seconds from start to finish.
    Duration "duration" "duration",
    /// The name of the audio file.
    Filename "filename" "filename",
    /// The identifier of the queue.
    QueueId "queueID" "queueID",
    /// The name of the queue.
    QueueName "queueName" "queueName",
    /// The customer's account number.
    AccountNumber "accountNumber" "accountNumber",
    /// The transaction that the recording belongs to.
    TransactionId "transactionID" "transactionID",
    /// The first value handed over by an external system.
    ExtVar1 "extVar1" "extVar1",
    /// The second value handed over by an external system.
    ExtVar2 "extVar2" "extVar2",
    /// The code that the agent chose when dialling out.
    OutDialCode "outDialCode" "outDialCode",
    /// The code that the agent chose when wrapping up.
    WrapUpCode "wrapUpCode" "wrapUpCode",
}

impl Field {
    /// The position of the field in [`Field::ALL`], from 0 to 14.
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Field {
    /// Writes the wire name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.wire_name())
    }
}

impl FromStr for Field {
    type Err = UnknownField;

    /// Reads a wire name, byte for byte: what [`Display`](fmt::Display) writes.
    fn from_str(name: &str) -> Result<Field, UnknownField> {
        Field::from_wire_name(name).ok_or_else(|| UnknownField { name: name.into() })
    }
}

/// A name that is not one of the fifteen fields.
///
/// ```
/// use vcc_types::Field;
///
/// let error = "agentId".parse::<Field>().unwrap_err();
/// assert_eq!(error.name(), "agentId");
/// assert!(error.to_string().starts_with("\"agentId\" is not a field; there are startDate, agentID, "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    name: Box<str>,
}

impl UnknownField {
    /// The name that was looked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Field::ALL.map(Field::wire_name).join(", ");
        write!(f, "{:?} is not a field; there are {known}", self.name)
    }
}

impl core::error::Error for UnknownField {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_names() {
        for (index, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field.index(), index);
            assert_eq!(Field::from_wire_name(field.wire_name()), Some(field));
            assert_eq!(field.to_string().parse(), Ok(field));
            assert!(field.doc().ends_with('.') && !field.doc().starts_with(' '), "{field}");
            assert_eq!(Field::from_wire_name(&field.wire_name().to_uppercase()), None);
            let filter = (field != Field::StartDate).then_some(field);
            assert_eq!(Field::from_filter_name(field.wire_name()), filter);
        }
    }

    /// The table for readers is this one.
    #[test]
    fn the_readme_has_the_table() {
        let row = |field: Field| {
            let kind = match field {
                Field::StartDate => {
                    "an instant: ISO 8601 with an offset, `2008-02-14T10:12:13-08:00`"
                }
                Field::Duration => "whole seconds: `27`",
                _ => "text",
            };
            let (column, variable, meaning) = (field.wire_name(), field.query_name(), field.doc());
            format!("| `{column}` | {kind} | `{variable}` | {meaning} |\n")
        };
        let rows: String = Field::ALL.into_iter().map(row).collect();
        let head = "| column | type | query variable | meaning |\n|---|---|---|---|\n";
        let table = format!("\n{head}{rows}\n");
        assert!(include_str!("../README.md").contains(&table), "{table}");
    }

    #[test]
    fn start_is_asked_for_by_another_name() {
        assert_eq!(Field::StartDate.query_name(), "start-date");
        assert_eq!(Field::from_filter_name("start-date"), None);
    }
}
