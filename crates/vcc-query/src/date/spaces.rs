use nom::Parser as _;
use nom::character::complete::one_of;

use super::digits::Parsed;

/// What the spaces of a decoded text may stand for (REQ-6).
#[derive(Clone, Copy)]
pub(crate) enum Spaces<'a> {
    /// For themselves.
    Themselves,
    /// For a `+`, where only a sign is possible. The raw text tells whether it was a `+` or really a
    /// space.
    Signs(&'a [u8]),
}

/// `sign = "+" / "-"`, or a space where a `+` may have become one (REQ-6).
pub(super) fn sign<'a>(text: &'a str, spaces: Spaces<'_>) -> Parsed<'a, i32> {
    let signs = if matches!(spaces, Spaces::Signs(_)) { "+- " } else { "+-" };
    one_of(signs).map(|sign| if sign == '-' { -1 } else { 1 }).parse(text)
}
