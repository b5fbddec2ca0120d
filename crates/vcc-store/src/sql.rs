//! Statements are put together from constant pieces and bound values, so that no text of a request
//! can become part of one: [`Sql::push`] takes nothing but `&'static str`. The statements are a closed
//! set, so engines prepare each once.

use std::fmt::Write as _;

use vcc_types::Field;

/// A statement and the values that are bound to it, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Integer(i64),
    Text(String),
}

impl Sql {
    pub(crate) fn push(&mut self, piece: &'static str) -> &mut Self {
        self.text.push_str(piece);
        self
    }

    /// Writes the next placeholder, and binds a value to it. Both engines read `$1`.
    pub(crate) fn bind(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        let _ = write!(self.text, "${}", self.values.len());
        self
    }

    pub(crate) fn integer(&mut self, value: i64) -> &mut Self {
        self.bind(Value::Integer(value))
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.bind(Value::Text(value.to_owned()))
    }
}

/// The column that holds a field's text. The start is a number, and has none.
pub(crate) const fn column(field: Field) -> &'static str {
    match field {
        Field::StartDate => "start",
        Field::AgentId => "agent_id",
        Field::PhoneNumber => "phone_number",
        Field::Channel => "channel",
        Field::CaseId => "case_id",
        Field::Duration => "duration",
        Field::Filename => "filename",
        Field::QueueId => "queue_id",
        Field::QueueName => "queue_name",
        Field::AccountNumber => "account_number",
        Field::TransactionId => "transaction_id",
        Field::ExtVar1 => "ext_var1",
        Field::ExtVar2 => "ext_var2",
        Field::OutDialCode => "out_dial_code",
        Field::WrapUpCode => "wrap_up_code",
    }
}

/// The start and the fourteen texts, in the order of the documentation.
pub(crate) const COLUMNS: &str = "start, agent_id, phone_number, channel, case_id, duration, \
    filename, queue_id, queue_name, account_number, transaction_id, ext_var1, ext_var2, \
    out_dial_code, wrap_up_code";

/// How many bytes the fourteen texts have. Neither engine reads a text for that. The statements of
/// PostgreSQL are written out; a test compares.
#[cfg(any(feature = "sqlite", test))]
pub(crate) const BYTES: &str = "octet_length(agent_id) + octet_length(phone_number) \
    + octet_length(channel) + octet_length(case_id) + octet_length(duration) \
    + octet_length(filename) + octet_length(queue_id) + octet_length(queue_name) \
    + octet_length(account_number) + octet_length(transaction_id) + octet_length(ext_var1) \
    + octet_length(ext_var2) + octet_length(out_dial_code) + octet_length(wrap_up_code)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_of_the_fields() {
        let columns: Vec<_> = Field::ALL.into_iter().map(column).collect();
        assert_eq!(COLUMNS, columns.join(", "));
        let bytes: Vec<_> =
            columns[1..].iter().map(|column| format!("octet_length({column})")).collect();
        assert_eq!(BYTES, bytes.join(" + "));
    }

    #[test]
    fn values_are_bound() {
        let mut sql = Sql::default();
        sql.push("tenant = ").integer(7).push(" AND agent_id = ").text("' OR 1=1 --");
        assert_eq!(sql.text, "tenant = $1 AND agent_id = $2");
        assert_eq!(sql.values, [Value::Integer(7), Value::Text("' OR 1=1 --".into())]);
    }
}
