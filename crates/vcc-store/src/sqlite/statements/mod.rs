//! Every statement that reads or writes rows, by what it is for. Tests walk all of them: see
//! [`Statement`](crate::sql::statement::Statement).

mod backup;
mod bulk;
mod deep;
mod delete;
mod import;
mod index;
mod migrate;
mod page;
mod remains;
mod session;
mod tenants;
#[cfg(test)]
mod tests;

pub(super) use self::backup::*;
pub(super) use self::bulk::*;
pub(super) use self::deep::*;
pub(super) use self::delete::*;
pub(super) use self::import::*;
pub(super) use self::index::*;
pub(super) use self::migrate::*;
pub(super) use self::page::*;
pub(super) use self::remains::*;
pub(super) use self::session::*;
pub(super) use self::tenants::*;
