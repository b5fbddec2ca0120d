use jiff::tz::TimeZone;

use super::list::Format;
use crate::http::Response;
use crate::setup::Setup;

/// What an expectation is judged on.
#[derive(Debug)]
pub struct View<'a> {
    /// The tenants.
    pub setup: &'a Setup,
    /// The tenant asked for.
    pub tenant: usize,
    /// The form asked for.
    pub format: Format,
    /// The zone of the query's `tz`, where it has one.
    pub tz: Option<TimeZone>,
    /// Whether the answer has no body, because it answers a HEAD.
    pub head: bool,
    /// The answer; several where a list was walked.
    pub pages: &'a [&'a Response],
    /// The answers of the earlier steps.
    pub earlier: &'a [(Format, Option<Response>)],
}
