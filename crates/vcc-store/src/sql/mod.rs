//! Statements are put together from constant pieces and bound values, so that no text of a request
//! can become part of one: [`Sql::push`] takes nothing but `&'static str`. The statements are a closed
//! set, so engines prepare each once.

mod builder;
pub(crate) mod columns;
pub(crate) mod deletion;
#[cfg(test)]
pub(crate) mod led_by_tenant;
pub(crate) mod statement;
pub(crate) mod text;

pub(crate) use self::builder::{Sql, Value};
pub(crate) use self::statement::{everyone, no_records, statements, tenant};
