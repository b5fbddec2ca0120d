/// The requests on a connection before this one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    /// Requests.
    pub(super) requests: u32,
    /// Those with a header that announces a body.
    pub(super) bodies: u32,
    /// Those with the method HEAD.
    pub(super) heads: u32,
    /// Those that were refused.
    pub(super) refused: u32,
    /// Whether the request before is not answered yet.
    pub(super) waits: bool,
}
