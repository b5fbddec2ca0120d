use std::ffi::OsString;
use std::ops::Deref;

use clap::builder::{OsStringValueParser, TypedValueParser as _, ValueParser};
use serde::{Deserialize, Serialize};

/// The text that names a store, as it was given. A path in it need not be UTF-8; it is displayed as far as
/// possible.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(from = "String", into = "String")]
pub(super) struct StoreText {
    text: OsString,
    shown: String,
}

impl StoreText {
    /// Takes the text of a command line or a variable.
    pub(super) fn parser() -> ValueParser {
        OsStringValueParser::new().map(Self::from).into()
    }

    /// The rest after a prefix.
    #[cfg(unix)]
    pub(super) fn after(&self, start: &str) -> Option<OsString> {
        use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

        let rest = self.text.as_bytes().strip_prefix(start.as_bytes())?;
        Some(OsString::from_vec(rest.to_owned()))
    }

    #[cfg(not(unix))]
    pub(super) fn after(&self, start: &str) -> Option<OsString> {
        Some(self.shown.strip_prefix(start)?.into())
    }
}

impl From<OsString> for StoreText {
    fn from(text: OsString) -> Self {
        Self { shown: text.to_string_lossy().into_owned(), text }
    }
}

impl From<String> for StoreText {
    fn from(shown: String) -> Self {
        Self { text: shown.clone().into(), shown }
    }
}

impl From<StoreText> for String {
    fn from(text: StoreText) -> Self {
        text.shown
    }
}

impl Deref for StoreText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.shown
    }
}
