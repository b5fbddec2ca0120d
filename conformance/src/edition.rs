//! Which frozen set of cases the binary carries.

/// The edition of the suite: the year and a number.
pub const EDITION: &str = "2026.1";
