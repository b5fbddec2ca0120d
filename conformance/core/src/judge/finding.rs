use super::compare::Difference;

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The clause that it breaks, where that is not the case's own.
    pub clause: Option<&'static str>,
    /// What, in one line.
    pub text: String,
    /// How the records differ.
    pub difference: Option<Difference>,
    /// The status that came, where that is what is wrong.
    pub status: Option<u16>,
}

impl Finding {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { clause: None, text: text.into(), difference: None, status: None }
    }

    pub(crate) fn of(clause: &'static str, text: impl Into<String>) -> Self {
        Self { clause: Some(clause), ..Self::new(text) }
    }
}
