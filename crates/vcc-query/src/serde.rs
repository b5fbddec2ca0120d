//! `Selection` as plain data. Types of `vcc-types` and names are written as the texts that they
//! have everywhere else.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

use crate::{Query, Text, Zone};

pub(crate) mod field {
    use super::*;
    use vcc_types::Field;

    pub(crate) fn serialize<S: Serializer>(field: &Field, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(field.wire_name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Field, D::Error> {
        let name = Cow::<'de, str>::deserialize(from)?;
        Field::from_filter_name(&name)
            .ok_or_else(|| D::Error::custom(format_args!("{name:?} is no field to filter by")))
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

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Text, D::Error> {
        Cow::<'de, str>::deserialize(from).map(|text| Text::from(&*text))
    }
}

/// The name.
impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

/// A name of the built-in database.
impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Zone, D::Error> {
        let name = Cow::<'de, str>::deserialize(from)?;
        name.parse().map_err(D::Error::custom)
    }
}

/// The canonical query string.
impl Serialize for Query {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A query string.
impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Query, D::Error> {
        let raw = Cow::<'de, str>::deserialize(from)?;
        Query::parse(&*raw).map_err(D::Error::custom)
    }
}
