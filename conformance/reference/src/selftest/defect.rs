use vcc_query::Selection;
use vcc_store::Page;
use vcc_types::Field;

use super::before::Before;
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::site::Site;
use super::texts::Parts;

/// One way in which a server can be wrong, switched on around the reference server.
#[derive(Clone, Copy)]
pub struct Defect {
    /// Its name, which no other defect ever gets.
    pub name: &'static str,
    /// The clauses that it breaks; a case that names one of them must catch it.
    pub clauses: &'static [&'static str],
    /// What it does; completes a sentence that begins with "a server".
    pub says: &'static str,
    pub(super) hook: Hook,
}

impl std::fmt::Debug for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Defect").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where a defect acts.
#[derive(Clone, Copy)]
pub(super) enum Hook {
    /// The server reads other bytes than were sent.
    Sent(fn(&mut Vec<u8>, &Before)),
    /// Requests without TLS are answered like any other.
    Plain,
    /// The server reads another request than was sent.
    Ask(fn(&mut Incoming, &Site)),
    /// The query has another meaning.
    Select(fn(&mut Selection, &Incoming, &Site)),
    /// The page is found in another way.
    List(fn(&Selection, &Incoming, &Site) -> Page),
    /// Texts are compared in another way: the field, the value that a record has, the value asked
    /// for.
    Compare(fn(Field, &str, &str) -> bool),
    /// The records of a page have other values.
    Write(fn(Field, &str) -> String),
    /// The answer is changed on its way out.
    Answer(fn(&mut Outgoing, &Incoming, &Site)),
    /// The answer is a refusal with this status and text where the condition holds.
    Refuse(u16, &'static str, fn(&Outgoing, &Incoming, &Site) -> bool),
    /// A request is refused if it has a date for which this is true.
    Unread(fn(&Parts<'_>) -> bool),
    /// When there is an answer, another request is made in place of the first.
    Again(fn(&Outgoing, &Incoming, &Site) -> Option<Incoming>),
}

/// Defects of one kind.
pub struct Family {
    /// The name of the family.
    pub name: &'static str,
    /// The defects.
    pub defects: &'static [Defect],
}

impl std::fmt::Debug for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Family").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A row of a table of defects.
pub(super) const fn defect(
    name: &'static str,
    clauses: &'static [&'static str],
    says: &'static str,
    hook: Hook,
) -> Defect {
    Defect { name, clauses, says, hook }
}
