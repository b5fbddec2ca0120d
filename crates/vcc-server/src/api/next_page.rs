use axum::http::HeaderValue;
use vcc_query::{Context, Parser, Query};

use crate::request_head::LONGEST_TARGET;

/// The reference to the page that begins at `next`, relative to the server (RFC 8288). It says what
/// constants mean now, so that all pages belong to one list. `None` if the dialect has no way to say
/// that, or if the link would be longer than a target may be.
pub(super) fn link(path: &str, query: &Query, context: &Context, next: u64) -> Option<HeaderValue> {
    let query = query.pinned(context)?.with_n(next).to_string();
    if query.len() > Parser::MAX_LENGTH || path.len() + query.len() > LONGEST_TARGET {
        return None;
    }
    HeaderValue::from_str(&format!("<{path}?{query}>; rel=\"next\"")).ok()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use vcc_query::Zone;
    use vcc_types::Dialect;

    use super::*;

    /// PAGE-6: percent-encoding can make a link too long to be followed.
    #[test]
    fn a_link_can_be_followed() {
        let dialect = Dialect::default();
        let context = Context { now: DateTime::UNIX_EPOCH, tenant_tz: Zone::UTC, dialect };
        for (length, is_linked) in [(2_726, true), (2_727, false)] {
            let query = Query::parse(&format!("extVar1={}", "!".repeat(length))).unwrap();
            let link = link("/api/recordings/files", &query, &context, 51);
            assert_eq!(link.is_some(), is_linked, "{length}");
            if let Some(link) = link {
                let (_, query) = link.to_str().unwrap().split_once('?').unwrap();
                assert!(Query::parse(query.split_once('>').unwrap().0).is_ok());
            }
        }
    }
}
