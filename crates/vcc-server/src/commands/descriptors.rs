//! How many files this process may have open, and how many connections that leaves room for.

use super::failure::Failure;
use super::words::grouped;

/// Open files beside the store and the connections: the standard streams, the runtime, listeners, the log,
/// the audit, a certificate that is read again (32); connections of operators (32); connections that are
/// being turned away (64); and those that are being closed for a new one (64).
const OTHERS: usize = 192;

/// Raises the limit as far as this process may, and gives it; `None` if there is no limit.
#[cfg(unix)]
pub(super) fn raise_limit() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Some systems have another limit, and some sandboxes forbid raising it: the actual limit counts.
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    current.map(|current| usize::try_from(current).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
pub(super) fn raise_limit() -> Option<usize> {
    None
}

/// How many of the wanted connections fit beside a store with this many descriptors, and a warning if they
/// are fewer than wanted.
pub(super) fn clamp(
    limit: Option<usize>,
    asked: usize,
    store: usize,
) -> Result<(usize, Option<String>), Failure> {
    let Some(limit) = limit else { return Ok((asked, None)) };
    let kept = store.saturating_add(OTHERS);
    let room = limit.saturating_sub(kept);
    if room >= asked {
        return Ok((asked, None));
    }
    let said = |number: usize| grouped(number as u64);
    if room == 0 {
        let message = format!(
            "this process may have {} files open, and needs {} beside its connections",
            said(limit),
            said(kept)
        );
        return Err(Failure::new(message).hint(MORE));
    }
    let warning = format!(
        "warning: max-connections is {}, not {}: this process may have {} files open, and keeps {} of \
         them for the store and the like; {MORE}",
        said(room),
        said(asked),
        said(limit),
        said(kept)
    );
    Ok((room, Some(warning)))
}

const MORE: &str = "`ulimit -n`, LimitNOFILE= of a unit or --ulimit of a container allow more";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_or_what_there_is_room_for() {
        for (limit, asked, store, connections) in [
            (None, 4_096, 50, 4_096),
            (Some(usize::MAX), 4_096, 50, 4_096),
            (Some(4_096 + OTHERS + 50), 4_096, 50, 4_096),
            (Some(4_096 + OTHERS + 49), 4_096, 50, 4_095),
            (Some(OTHERS + 51), 4_096, 50, 1),
        ] {
            let (clamped, warning) = clamp(limit, asked, store).unwrap();
            assert_eq!(
                (clamped, warning.is_some()),
                (connections, connections < asked),
                "{limit:?}"
            );
        }
        for (limit, store, kept) in [(OTHERS + 50, 50, "242"), (1_024, 2_000, "2,192")] {
            let failure = clamp(Some(limit), 1, store).unwrap_err().to_string();
            assert!(
                failure.ends_with(&format!("needs {kept} beside its connections")),
                "{failure}"
            );
        }
    }
}
