//! `Selection` and its parts as plain data. Types of `vcc-types` and names are written as the texts
//! that they have everywhere else.

pub(crate) mod names;
mod texts;
