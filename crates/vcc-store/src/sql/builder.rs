use std::fmt::Write as _;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bound() {
        let mut sql = Sql::default();
        sql.push("tenant = ").integer(7).push(" AND agent_id = ").text("' OR 1=1 --");
        assert_eq!(sql.text, "tenant = $1 AND agent_id = $2");
        assert_eq!(sql.values, [Value::Integer(7), Value::Text("' OR 1=1 --".into())]);
    }
}
