//! A statement that is written out, and whose rows it reaches.
//!
//! AUTH-4: each engine keeps every statement that reads or writes rows in its folder `statements`, and a
//! test walks all of them. Another test looks for statements anywhere else.

/// A statement, and what keeps it to one tenant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    pub(crate) text: &'static str,
    #[cfg_attr(not(test), allow(dead_code, reason = "the tests hold the text against it"))]
    pub(crate) scope: Scope,
}

/// Whose rows a statement reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those of the tenant `$1`, in every table that it names. A shard is found by it.
    Tenant,
    /// No recordings, counts or imports of any tenant, for this reason.
    NoRecords(#[allow(dead_code, reason = "for the reader")] &'static str),
    /// Everybody's recordings, counts or imports, for this reason.
    Everyone(#[allow(dead_code, reason = "for the reader")] &'static str),
}

/// A statement of the tenant `$1`.
pub(crate) const fn tenant(text: &'static str) -> Statement {
    Statement { text, scope: Scope::Tenant }
}

/// A statement that reaches no recordings, counts or imports.
pub(crate) const fn no_records(reason: &'static str, text: &'static str) -> Statement {
    Statement { text, scope: Scope::NoRecords(reason) }
}

/// A statement about a store as a whole.
pub(crate) const fn everyone(reason: &'static str, text: &'static str) -> Statement {
    Statement { text, scope: Scope::Everyone(reason) }
}

/// The statements of a file, each a constant, and the list of all of them for the tests.
macro_rules! statements {
    ($($(#[doc = $doc:literal])* $name:ident = $statement:expr;)*) => {
        $(
            $(#[doc = $doc])*
            pub(in super::super) const $name: $crate::sql::statement::Statement = $statement;
        )*
        #[cfg(test)]
        pub(super) const TABLE: &[(&str, $crate::sql::statement::Statement)] =
            &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;
