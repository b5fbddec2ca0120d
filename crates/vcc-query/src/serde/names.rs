//! A field and an order by their names.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) mod field {
    use super::*;
    use vcc_types::Field;

    pub(crate) fn serialize<S: Serializer>(field: &Field, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(field.wire_name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Field, D::Error> {
        let name = Cow::<'de, str>::deserialize(from)?;
        Field::from_filter_name(&name)
            .ok_or_else(|| D::Error::custom(format_args!("{name:?} is not a field to filter by")))
    }
}

pub(crate) mod order {
    use super::*;
    use vcc_types::Order;

    pub(crate) fn serialize<S: Serializer>(order: &Order, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(order.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Order, D::Error> {
        let name = Cow::<'de, str>::deserialize(from)?;
        name.parse().map_err(D::Error::custom)
    }
}
