//! Status, headers and body of an answer, whatever records it holds.

use regex_lite::Regex;

use crate::fixture::{BodyExpect, Expect, HeaderExpect, Status, StatusKind, unhex};
use crate::http::Response;

pub(super) fn status(expect: &Expect, response: &Response) -> Option<String> {
    let found = response.status;
    let (fits, wanted) = match &expect.status {
        None => (found == 200, "200".to_owned()),
        Some(Status::One(status)) => (found == *status, status.to_string()),
        Some(Status::Several(statuses)) => {
            let words: Vec<_> = statuses.iter().map(u16::to_string).collect();
            (statuses.contains(&found), words.join(" or "))
        }
        Some(Status::Kind(StatusKind::ClientError)) => {
            ((400..500).contains(&found), "4xx".to_owned())
        }
        Some(Status::Kind(StatusKind::Any)) => (true, String::new()),
    };
    (!fits).then(|| {
        let body = excerpt(&response.body, 120);
        let body = if body.is_empty() { body } else { format!(": {body}") };
        format!("status: expected {wanted}, found {found}{body}")
    })
}

/// The beginning of a body in one line.
pub(crate) fn excerpt(body: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(limit * 4)]);
    let text: Vec<_> = text.split_whitespace().collect();
    let text = text.join(" ");
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

pub(super) fn header(
    name: &str,
    wanted: &HeaderExpect,
    response: &Response,
) -> Result<Option<String>, String> {
    // A header that appears twice is a list on two lines (RFC 9110, 5.3): either line will do.
    let values: Vec<&str> = response
        .headers
        .iter()
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect();
    let shown = || format!("{:?}", values.join(", "));
    if wanted.present == Some(false) {
        let none = values.is_empty();
        return Ok((!none).then(|| format!("{name}: expected no such header, found {}", shown())));
    }
    if values.is_empty() {
        return Ok(Some(format!("{name}: expected the header, found none")));
    }
    if let Some(is) = &wanted.is
        && !values.contains(&is.as_str())
    {
        return Ok(Some(format!("{name}: expected {is:?}, found {}", shown())));
    }
    if let Some(part) = &wanted.contains
        && !values.iter().any(|value| value.contains(part.as_str()))
    {
        return Ok(Some(format!("{name}: expected {part:?} in {}", shown())));
    }
    if let Some(pattern) = &wanted.matches {
        let regex = regex(pattern)?;
        if !values.iter().any(|value| regex.is_match(value)) {
            return Ok(Some(format!("{name}: {} does not match {pattern}", shown())));
        }
    }
    Ok(None)
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|problem| format!("{pattern:?}: {problem}"))
}

pub(super) fn body(wanted: &BodyExpect, response: &Response) -> Result<Option<String>, String> {
    let bytes = &response.body;
    let text = String::from_utf8_lossy(bytes);
    if let Some(empty) = wanted.empty
        && empty != bytes.is_empty()
    {
        let wanted = if empty { "no body" } else { "a body" };
        return Ok(Some(format!(
            "expected {wanted}, found {}",
            crate::words::counted(bytes.len(), "byte")
        )));
    }
    if let Some(part) = wanted.contains.iter().find(|part| !text.contains(part.as_str())) {
        return Ok(Some(format!("the body lacks {part:?}: {}", excerpt(bytes, 120))));
    }
    if let Some(part) = wanted.lacks.iter().find(|part| text.contains(part.as_str())) {
        return Ok(Some(format!("the body holds {part:?}: {}", excerpt(bytes, 120))));
    }
    for pattern in &wanted.matches {
        if !regex(pattern)?.is_match(&text) {
            return Ok(Some(format!("the body does not match {pattern}: {}", excerpt(bytes, 120))));
        }
    }
    if let Some(start) = &wanted.starts
        && !text.starts_with(start.as_str())
    {
        return Ok(Some(format!(
            "expected a body that begins {start:?}, found {}",
            excerpt(bytes, 60)
        )));
    }
    if let Some(most) = wanted.max
        && bytes.len() > most
    {
        return Ok(Some(format!(
            "expected at most {}, found {}",
            crate::words::counted(most, "byte"),
            bytes.len()
        )));
    }
    if let Some(digits) = &wanted.hex {
        let part = unhex(digits).filter(|part| !part.is_empty());
        let part = part.ok_or_else(|| format!("expect.body.hex: {digits:?} is not hex"))?;
        if !bytes.windows(part.len()).any(|window| window == part) {
            return Ok(Some(format!("the body lacks the bytes {digits}")));
        }
    }
    Ok(None)
}
