use crate::selftest::defect::Hook::{Ask, Refuse, Sent};
use crate::selftest::defect::{Family, defect};

const PATH: &str = "/api/recordings/files";

/// Where the target of a request stands in its bytes.
fn target(request: &[u8]) -> Option<(usize, usize)> {
    let line = request.iter().position(|byte| *byte == b'\r')?;
    let from = request[..line].iter().position(|byte| *byte == b' ')? + 1;
    let until = request[from..line].iter().rposition(|byte| *byte == b' ')? + from;
    Some((from, until))
}

/// Cuts a target at its first `#`, as a URL is cut at its fragment.
fn cut(request: &mut Vec<u8>) {
    let Some((from, until)) = target(request) else { return };
    if let Some(at) = request[from..until].iter().position(|byte| *byte == b'#') {
        request.drain(from + at..until);
    }
}

fn path_holds_hash(request: &[u8]) -> bool {
    let target = target(request).map_or(&[][..], |(from, until)| &request[from..until]);
    let hash = target.iter().position(|byte| matches!(byte, b'#' | b'?'));
    hash.is_some_and(|at| target[at] == b'#')
}

pub(super) const TARGETS: Family = Family {
    name: "targets",
    defects: &[
        defect(
            "hash-cut",
            &["REQ-14"],
            "that cuts a target at a raw #",
            Sent(|request, _| cut(request)),
        ),
        defect(
            "hash-cut-in-paths",
            &["REQ-14"],
            "that cuts a target at a raw # in its path",
            Sent(|request, _| {
                if path_holds_hash(request) {
                    cut(request);
                }
            }),
        ),
        defect(
            "hash-cut-in-queries",
            &["REQ-14"],
            "that cuts a target at a raw # in its query",
            Sent(|request, _| {
                if !path_holds_hash(request) {
                    cut(request);
                }
            }),
        ),
        defect(
            "hash-cut-on-kept-connections",
            &["REQ-14"],
            "that cuts a target at a raw # on every request of a connection but the first",
            Sent(|request, before| {
                if before.requests > 0 {
                    cut(request);
                }
            }),
        ),
        defect(
            "hash-cut-after-a-body-header",
            &["REQ-14"],
            "that cuts a target at a raw # once a request of the connection had a header of a body",
            Sent(|request, before| {
                if before.bodies > 0 {
                    cut(request);
                }
            }),
        ),
        defect(
            "hash-cut-after-head",
            &["REQ-14"],
            "that cuts a target at a raw # once the connection had a HEAD",
            Sent(|request, before| {
                if before.heads > 0 {
                    cut(request);
                }
            }),
        ),
        defect(
            "hash-cut-after-a-refusal",
            &["REQ-14"],
            "that cuts a target at a raw # once a request of the connection was refused",
            Sent(|request, before| {
                if before.refused > 0 {
                    cut(request);
                }
            }),
        ),
        defect(
            "hash-cut-when-pipelined",
            &["REQ-14"],
            "that cuts a target at a raw # where the request before is not answered yet",
            Sent(|request, before| {
                if before.waits {
                    cut(request);
                }
            }),
        ),
        defect(
            "hash-dropped",
            &["REQ-14"],
            "that leaves a raw # out of a target",
            Sent(|request, _| {
                while let Some((from, until)) = target(request)
                    && let Some(at) = request[from..until].iter().position(|byte| *byte == b'#')
                {
                    request.remove(from + at);
                }
            }),
        ),
        defect(
            "long-headers-taken",
            &["REQ-13b"],
            "that reads headers of any length",
            Sent(|request, _| {
                let line = |at: usize| request[at..].starts_with(b"\r\nX-Long: ");
                let Some(from) = (0..request.len()).find(|at| line(*at)) else { return };
                let length = request[from + 2..].iter().position(|byte| *byte == b'\r');
                if let Some(length) = length {
                    request.drain(from..from + 2 + length);
                }
            }),
        ),
        defect(
            "long-queries-dropped",
            &["REQ-13b"],
            "that leaves out a query that is too long for it",
            Sent(|request, _| {
                let Some((from, until)) = target(request) else { return };
                let query = request[from..until].iter().position(|byte| *byte == b'?');
                if let Some(query) = query
                    && until - from > 16_000
                {
                    request.drain(from + query..until);
                }
            }),
        ),
        defect(
            "paths-not-decoded",
            &["REQ-2b"],
            "that compares paths as they are written",
            Refuse(404, "not found", |outgoing, incoming, _| {
                incoming.path.contains('%') && outgoing.status == 200
            }),
        ),
        defect(
            "suffixes-not-decoded",
            &["REQ-2b", "REQ-2", "OUT-4a"],
            "that looks for the suffix of a path before it decodes it",
            Ask(|incoming, _| {
                if incoming.path.contains("%2E") {
                    incoming.path = PATH.into();
                }
            }),
        ),
    ],
};
