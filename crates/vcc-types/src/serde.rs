use core::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::{Dialect, Field, Recording};

/// A JSON object of strings: what is present by wire name in the documented order, then the extra
/// values.
impl Serialize for Recording {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in self.fields() {
            map.serialize_entry(field.wire_name(), value)?;
        }
        for (name, value) in self.extra() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// An object of strings. `null` is absent; a field given twice is refused; any other name is an
/// extra value.
impl<'de> Deserialize<'de> for Recording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Recording;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object whose values are strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Recording, A::Error> {
                let mut record = Recording::new();
                while let Some(name) = map.next_key::<String>()? {
                    let Some(value) = map.next_value::<Option<String>>()? else {
                        continue;
                    };
                    match Field::from_wire_name(&name) {
                        Some(field) if record.get(field).is_some() => {
                            return Err(de::Error::duplicate_field(field.wire_name()));
                        }
                        Some(field) => record.set(field, &value),
                        None => record.push_extra(name, value),
                    }
                }
                Ok(record)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A table of every switch: `{"plus": "space", …}`.
impl Serialize for Dialect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Dialect::SWITCHES.len()))?;
        for switch in Dialect::SWITCHES {
            map.serialize_entry(switch.name, &self.get(switch.name))?;
        }
        map.end()
    }
}

/// A table of switches; one that is not named keeps its default, an unknown name or value is
/// refused.
impl<'de> Deserialize<'de> for Dialect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;

        impl<'de> Visitor<'de> for Table {
            type Value = Dialect;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of dialect switches")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dialect, A::Error> {
                let mut dialect = Dialect::default();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    dialect.set(&name, &value).map_err(de::Error::custom)?;
                }
                Ok(dialect)
            }
        }

        deserializer.deserialize_map(Table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_an_object_of_strings() {
        let mut record = Recording::new().with(Field::AgentId, "bill").with(Field::WrapUpCode, "");
        record.push_extra("site", "Büro \"1\"");
        let json = r#"{"agentID":"bill","wrapUpCode":"","site":"Büro \"1\""}"#;
        assert_eq!(serde_json::to_string(&record).unwrap(), json);
        assert_eq!(serde_json::from_str::<Recording>(json).unwrap(), record);
    }

    #[test]
    fn a_field_given_twice_is_refused() {
        let error = serde_json::from_str::<Recording>(r#"{"agentID":"a","agentID":"b"}"#);
        assert_eq!(error.unwrap_err().to_string(), "duplicate field `agentID` at line 1 column 29");
    }

    #[test]
    fn a_dialect_is_a_table() {
        let dialect: Dialect = serde_json::from_str(r#"{"plus":"literal"}"#).unwrap();
        assert_eq!(dialect.plus, crate::Plus::Literal);
        let json = serde_json::to_string(&dialect).unwrap();
        assert!(json.starts_with(r#"{"plus":"literal","trailing_quote":"dropped","#), "{json}");
        assert_eq!(serde_json::from_str::<Dialect>(&json).unwrap(), dialect);
        assert!(serde_json::from_str::<Dialect>(r#"{"pluss":"literal"}"#).is_err());
    }
}
