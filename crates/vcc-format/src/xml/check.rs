//! What is to be said about what is read over: text, comments, attributes.

use std::collections::HashSet;
use std::ops::Range;

use super::attributes::{Attributes, Piece};
use super::machine::Machine;
use super::name::{is_name, is_space};
use super::reference::{Reference, reference};
use super::tag::{Kind, Tag};
use super::value::forbidden;
use crate::scan::may_be_forbidden;
use crate::{DeviationKind, steps};
use vcc_types::is_xml_character;

impl Machine {
    /// Passes over text where only tags can stand.
    pub(super) fn stray_text(&mut self, view: &[u8], end: usize) {
        let spaces = view[self.pos..end].iter().rev().take_while(|byte| is_space(**byte)).count();
        let span = self.pos..end - spaces;
        self.check_text(view, span.clone());
        self.report(DeviationKind::StrayText, span, "");
        self.pos = end;
    }

    /// What is to be said about a tag that is taken for one.
    pub(super) fn accept(&mut self, view: &[u8], tag: &Tag) {
        if self.notes.is_silent() {
            return;
        }
        let percent_lt = view[tag.start] != b'<';
        if percent_lt || tag.percent_gt {
            // QUIRK-2
            let slash = if tag.kind == Kind::End { "/" } else { "" };
            let rest = self.encoding.text(&view[tag.name.start..tag.rest.end]);
            let close = if tag.kind == Kind::Empty { "/>" } else { ">" };
            let read_as = format!("<{slash}{rest}{close}");
            self.report(DeviationKind::PercentReference, tag.start..tag.end, read_as);
        }
        if !tag.rest.is_empty() {
            self.check_attributes(view, tag);
        }
    }

    /// Looks at text that is ignored: nothing is to be wrong with it silently.
    pub(super) fn check_text(&mut self, view: &[u8], range: Range<usize>) {
        if self.notes.is_silent() {
            return;
        }
        let bytes = &view[range.clone()];
        steps::count(bytes.len());
        let (encoding, invalid) = self.encoding.of_value(bytes);
        if invalid {
            self.report(DeviationKind::InvalidEncoding, range.clone(), "");
        }
        if may_be_forbidden(bytes) {
            let places = 0..bytes.len();
            let first = places.into_iter().find(|at| forbidden(&bytes[*at..], encoding).is_some());
            if let Some(first) = first {
                let at = range.start + first;
                self.report(DeviationKind::ControlCharacter, at..at + 1, "");
            }
        }
    }

    /// Looks at attributes, which are ignored: each once, their references as in values.
    fn check_attributes(&mut self, view: &[u8], tag: &Tag) {
        let rest = &view[tag.rest.clone()];
        let mut seen = Names::default();
        for piece in Attributes::new(rest, tag.kind == Kind::End) {
            let at = |range: Range<usize>| tag.rest.start + range.start..tag.rest.start + range.end;
            steps::count(1);
            let (name, value) = match piece {
                Piece::Attribute { name, value, .. }
                    if is_name(&self.encoding.text(&rest[name.clone()]))
                        && seen.insert(&rest[name.clone()], self.options.limits.fields) =>
                {
                    (at(name), at(value))
                }
                Piece::Attribute { all: range, .. } | Piece::Malformed(range) => {
                    // QUIRK-18
                    self.check_text(view, at(range.clone()));
                    self.report(DeviationKind::MalformedAttribute, at(range), "");
                    continue;
                }
            };
            self.check_text(view, name);
            self.check_text(view, value.clone());
            let mut at = value.start;
            while let Some(distance) = memchr::memchr(b'&', &view[at..value.end]) {
                at += distance;
                let (kind, length) = match reference(&view[at..value.end]) {
                    Reference::Is(character, length) if is_xml_character(character) => {
                        at += length;
                        continue;
                    }
                    Reference::Is(_, length) => (DeviationKind::ControlCharacter, length),
                    Reference::Pair(_, length) => (DeviationKind::SurrogatePair, length),
                    Reference::Unknown(length) => (DeviationKind::UnknownReference, length),
                    Reference::Bare => (DeviationKind::BareAmpersand, 1),
                };
                self.report(kind, at..at + length, "");
                at += length;
            }
        }
    }
}

/// The names of the attributes of a tag.
#[derive(Default)]
struct Names<'v> {
    few: Vec<&'v [u8]>,
    many: HashSet<&'v [u8]>,
}

impl<'v> Names<'v> {
    /// Adds a name; `false` where it is there already. Of more than `limit`, none is kept.
    fn insert(&mut self, name: &'v [u8], limit: usize) -> bool {
        const FEW: usize = 8;
        if self.few.len() < FEW {
            steps::count(self.few.len());
            let new = !self.few.contains(&name);
            self.few.push(name);
            return new;
        }
        steps::count(name.len());
        if self.many.len() >= limit {
            return !self.few.contains(&name) && !self.many.contains(name);
        }
        !self.few.contains(&name) && self.many.insert(name)
    }
}
