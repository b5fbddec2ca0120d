/// How much of the suite a run was asked for, and what there was to judge it on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The number of cases that such a run could have; a total is never less than the cases that
    /// ran.
    pub all: usize,
    /// What made them fewer, in words: `--filter auth`, `edition 2026.1`. Empty for the whole suite.
    pub asked: Vec<String>,
    /// Why nothing could be judged, although the target answered: it holds no recording.
    pub nothing: Option<String>,
    /// What a live run could exercise, chapter by chapter; empty for any other.
    pub chapters: Vec<Chapter>,
}

impl Scope {
    /// Whether the run was asked for a part of the suite only.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        !self.asked.is_empty()
    }
}

/// What a live run could exercise of a chapter of the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Its name.
    pub name: String,
    /// Its graded clauses.
    pub clauses: usize,
    /// Those that a law or a case of the run was judged on.
    pub exercised: usize,
    /// What data would exercise more.
    pub wants: Vec<String>,
    /// Clauses that only the dataset can exercise.
    pub dataset_only: usize,
}
