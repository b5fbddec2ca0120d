use std::time::Duration;

use vcc_format::Deviation;
use vcc_query::ResponseFormat;
use vcc_types::Recording;

use crate::Request;

/// A page as it came.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// Its recordings, in the server's order. Values beside the fifteen fields are kept as
    /// [extra](Recording::extra) ones.
    pub recordings: Vec<Recording>,
    /// What was repaired in the body, each with its line and column there.
    pub deviations: Vec<Deviation>,
    /// What was asked.
    pub request: Request,
    /// How it was answered.
    pub evidence: Evidence,
}

/// How a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// The HTTP status: 200.
    pub status: u16,
    /// What the body was read as, by its `Content-Type`.
    pub format: ResponseFormat,
    /// Bytes of the body, unpacked.
    pub bytes: usize,
    /// How often was asked, the answer included.
    pub attempts: u32,
    /// How long it took with all attempts and waits.
    pub took: Duration,
    /// The server's `Date`, as it was written.
    pub date: Option<String>,
    /// The query of the server's `Link` to the next page (PAGE-6), as it was written.
    pub next: Option<String>,
}

/// The query of a `Link: <…?query>; rel="next"` (RFC 8288).
pub(crate) fn next_query(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some(open) = rest.find('<') {
        let (target, after) = rest[open + 1..].split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let is_next = after[..end].split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return target.split_once('?').map(|(_, query)| query.to_owned());
        }
        rest = &after[end..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::next_query;

    #[test]
    fn the_next_link_is_found_among_others() {
        let table = [
            (r#"</a?n=51>; rel="next""#, Some("n=51")),
            (r#"</a?n=1>; rel="prev", </a?n=51>; rel=next"#, Some("n=51")),
            (r#"</a?x=1,2>; title="a; rel=b"; rel="last next""#, Some("x=1,2")),
            (r#"</a?n=1>; rel="prev""#, None),
            (r#"</a>; rel="next""#, None),
            ("<", None),
            ("", None),
        ];
        for (header, expected) in table {
            assert_eq!(next_query(header).as_deref(), expected, "{header}");
        }
    }
}
