use super::curl::redacted;
use crate::judge::excerpt;
use crate::run::Exchange;
use crate::setup::Setup;

/// What was sent and what came back, line by line, without secrets and with a shortened body.
#[must_use]
pub fn exchange_lines(exchange: &Exchange, setup: &Setup) -> Vec<String> {
    let mut lines: Vec<String> = redacted(&exchange.planned, setup)
        .trim_end()
        .lines()
        .map(|line| format!("> {}", excerpt(line.as_bytes(), 300)))
        .collect();
    match &exchange.answer {
        Ok(response) => {
            lines.push(format!("< {}", response.status));
            lines.extend(response.headers.iter().map(|(name, value)| format!("< {name}: {value}")));
            lines.push(format!(
                "< {}: {}",
                crate::words::counted(response.body.len(), "byte"),
                excerpt(&response.body, 300)
            ));
        }
        Err(trouble) => lines.push(format!("< {trouble}")),
    }
    if exchange.retried > 0 {
        lines.push(format!("(sent {} times)", exchange.retried + 1));
    }
    lines
}
