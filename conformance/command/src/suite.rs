use super::error::CommandError;
use vcc_conformance_core::fixture::{self, Case};
use vcc_conformance_core::spec::Spec;

/// What every command reads.
pub(crate) struct Suite {
    pub(crate) cases: Vec<Case>,
    pub(crate) spec: Spec,
}

impl Suite {
    /// The cases and the specification embedded in the binary.
    pub(crate) fn embedded() -> Result<Self, CommandError> {
        Ok(Self { cases: fixture::embedded()?, spec: Spec::embedded() })
    }
}
