use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fixture::{base64, unbase64};
use crate::http::{Answer, Response, Trouble};

/// The number of the format.
pub(super) const FORMAT: u32 = 1;

/// The first line: the settings of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FirstLine {
    /// The number of the format.
    pub transcript: u32,
    /// The edition of the suite.
    pub edition: String,
    /// The release of the zone data that it was judged by; old transcripts do not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub zone_data: String,
    /// The base URL of the target.
    pub target: String,
    /// Whether the connection used TLS.
    pub https: bool,
    /// The value of `Host`.
    pub authority: String,
    /// The prefix of the documented path.
    pub prefix: String,
    /// The time that the dataset was stamped with.
    pub now: String,
    /// Whether breaking a `should` was a failure.
    pub strict: bool,
    /// Whether variants were generated.
    pub amplified: bool,
    /// The tenants.
    pub tenants: Vec<SavedTenant>,
    /// The cases that were run; empty means all.
    pub cases: Vec<String>,
}

/// A tenant as the target knew it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedTenant {
    /// Its name in the dataset.
    pub name: String,
    /// Its name at the target.
    pub user: String,
    /// Its zone at the target.
    pub tz: String,
}

/// A line after the first: one exchange, with its place in the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) case: String,
    pub(super) variant: String,
    pub(super) index: usize,
    pub(super) request: String,
    pub(super) started: String,
    pub(super) micros: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) retried: u32,
    #[serde(flatten)]
    pub(super) answer: SavedAnswer,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn none(number: &usize) -> bool {
    *number == 0
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum SavedAnswer {
    Text {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
        #[serde(default, skip_serializing_if = "none")]
        surplus: usize,
    },
    Bytes {
        status: u16,
        headers: Vec<(String, String)>,
        base64: String,
        #[serde(default, skip_serializing_if = "none")]
        surplus: usize,
    },
    Trouble {
        trouble: String,
        detail: String,
    },
}

impl SavedAnswer {
    pub(super) fn of(answer: &Answer) -> Self {
        match answer {
            Ok(Response { status, headers, body, surplus }) => {
                let (status, headers, surplus) = (*status, headers.clone(), *surplus);
                match std::str::from_utf8(body) {
                    Ok(body) => SavedAnswer::Text { status, headers, body: body.into(), surplus },
                    Err(_) => SavedAnswer::Bytes { status, headers, base64: base64(body), surplus },
                }
            }
            Err(trouble) => {
                let (word, detail) = match trouble {
                    Trouble::Refused(detail) => ("refused", detail.clone()),
                    Trouble::Connect(detail) => ("connect", detail.clone()),
                    Trouble::Closed(detail) => ("closed", detail.clone()),
                    Trouble::TimedOut(limit) => ("timed out", limit.as_secs_f64().to_string()),
                    Trouble::TooLarge(limit) => ("too large", limit.to_string()),
                    Trouble::Garbage(detail) => ("garbage", detail.clone()),
                    Trouble::NotSaved(detail) => ("not saved", detail.clone()),
                    Trouble::Stopped => ("stopped", String::new()),
                    Trouble::Over(reason) => ("over", reason.clone()),
                };
                SavedAnswer::Trouble { trouble: word.into(), detail }
            }
        }
    }

    pub(super) fn answer(&self) -> Answer {
        match self {
            SavedAnswer::Text { status, headers, body, surplus } => Ok(Response {
                status: *status,
                headers: headers.clone(),
                body: body.clone().into_bytes(),
                surplus: *surplus,
            }),
            SavedAnswer::Bytes { status, headers, base64, surplus } => match unbase64(base64) {
                Some(body) => Ok(Response {
                    status: *status,
                    headers: headers.clone(),
                    body,
                    surplus: *surplus,
                }),
                None => Err(Trouble::NotSaved("the base64 of a body is broken".into())),
            },
            SavedAnswer::Trouble { trouble, detail } => {
                let detail = detail.clone();
                Err(match trouble.as_str() {
                    "refused" => Trouble::Refused(detail),
                    "connect" => Trouble::Connect(detail),
                    "closed" => Trouble::Closed(detail),
                    "timed out" => {
                        let seconds = detail.parse().unwrap_or_default();
                        Trouble::TimedOut(Duration::try_from_secs_f64(seconds).unwrap_or_default())
                    }
                    "too large" => Trouble::TooLarge(detail.parse().unwrap_or_default()),
                    "garbage" => Trouble::Garbage(detail),
                    "stopped" => Trouble::Stopped,
                    "over" => Trouble::Over(detail),
                    _ => Trouble::NotSaved(detail),
                })
            }
        }
    }
}
