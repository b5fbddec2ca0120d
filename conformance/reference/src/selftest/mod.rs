//! Proves that the suite can fail: runs it against the reference server behind one defect at a
//! time. The reference passes; a case that names its clause catches each defect; each graded case
//! catches at least one.

mod before;
mod defect;
mod defects;
mod faulty;
mod incoming;
mod matrix;
mod outgoing;
mod report;
mod shelf;
mod signatures;
mod site;
mod texts;
mod unseen;
mod update;
mod wire;

pub use defect::{Defect, Family};
pub use defects::FAMILIES;
pub use matrix::{Matrix, Measured, live_matrix, matrix, reports};
pub use report::{matrix_html, matrix_json};
pub use signatures::signatures;
pub use unseen::unseen;
pub use update::{Update, update};

/// Every defect with the name of its family.
pub fn defects() -> impl Iterator<Item = (&'static str, &'static Defect)> {
    FAMILIES.iter().flat_map(|family| family.defects.iter().map(|defect| (family.name, defect)))
}

/// The defect of this name, with that of its family.
#[must_use]
pub fn find(name: &str) -> Option<(&'static str, &'static Defect)> {
    defects().find(|(_, defect)| defect.name == name)
}
