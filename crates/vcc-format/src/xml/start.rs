//! The first bytes of a document: what it is, and in which encoding. And the last ones: whether
//! another document follows.

use std::ops::Range;

use super::blank::{BOM, Blank, blank};
use super::declaration;
use super::excerpt::shorten;
use super::lead::starts_with;
use super::machine::{Input, Machine, State};
use super::name::is_space;
use crate::encoding::Encoding;
use crate::machine::{Step, Trouble};
use crate::{DeviationKind, ErrorKind, steps};

/// As many blank characters as are reported at once, and as much white space as is kept.
const RUN: usize = 4096;

/// Whether an XML declaration begins at `at`. `None`: more is needed.
fn is_declaration(view: &[u8], at: usize, all: bool) -> Option<bool> {
    match starts_with(view, at, b"<?xml") {
        None if all => Some(false),
        Some(true) => match view.get(at + 5) {
            None => all.then_some(false),
            // `<?xml-stylesheet` is a processing instruction.
            Some(byte) => Some(is_space(*byte) || *byte == b'?'),
        },
        known => known,
    }
}

impl Machine {
    /// The very first bytes: which kind of encoding, and a byte order mark.
    #[cold]
    pub(super) fn start(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        let view = input.view;
        if view.len() < 4 && !input.ended && !input.cut {
            return Ok(Step::More);
        }
        if let Some(name) = other_unicode(view).filter(|_| !self.transcoded) {
            let message = format!("the document is in {name}, not in UTF-8");
            return Err(Trouble { kind: ErrorKind::Encoding, at: 0, message });
        }
        if view.starts_with(BOM) {
            self.bom = true;
            self.pos = BOM.len();
        }
        self.state = State::Before;
        Ok(Step::Other)
    }

    /// Before the root: white space and a declaration.
    #[cold]
    pub(super) fn before(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        let Input { view, .. } = input;
        if self.pass_before(view) {
            return Ok(Step::Other);
        }
        let all = input.ended || input.cut;
        let from = self.seen.max(self.pos);
        let spaces = view[from..].iter().take_while(|byte| is_space(**byte)).count();
        steps::count(spaces);
        let at = from + spaces;
        self.seen = at;
        // However much there is, little is kept: at least one byte, to be reported before a declaration.
        let before = (at - self.pos).saturating_sub(1);
        // What the limit cuts is not longer for what stands before it.
        let is_cut = input.cut
            && (is_declaration(view, at, false).is_none()
                || matches!(blank(view, at, false), Blank::More));
        let passed = if is_cut { before } else { before / RUN * RUN };
        if passed > 0 {
            self.pos += passed;
            return Ok(Step::Other);
        }
        if at == view.len() {
            if input.ended {
                self.pos = at;
            }
            return self.more(input);
        }
        match is_declaration(view, at, all) {
            None => return self.more(input),
            Some(true) => {
                if at > self.pos {
                    // QUIRK-8: blank lines before the declaration.
                    self.report(DeviationKind::SpaceBeforeDeclaration, self.pos..at, "");
                }
                self.state = State::Declaration;
            }
            Some(false) => self.state = State::Prolog { doctype: false },
        }
        // What shows nothing comes first, since a declaration may follow it.
        if self.state != State::Declaration
            && let Some(step) = self.blanks(input, at, State::Before)
        {
            return step;
        }
        self.pos = at;
        Ok(Step::Other)
    }

    /// What shows nothing, from `at` on. The state becomes `state` where there is some.
    pub(super) fn blanks(
        &mut self,
        input: Input<'_>,
        at: usize,
        state: State,
    ) -> Option<Result<Step, Trouble>> {
        let Input { view, .. } = input;
        let all = input.ended || input.cut;
        let mut end = at;
        loop {
            match blank(view, end, all) {
                Blank::Is(length) if end - at < RUN => end += length,
                Blank::More => {
                    self.state = state;
                    return Some(self.more(input));
                }
                // More of the same may follow.
                _ if end == view.len() && !all && end - at < RUN && end > at => {
                    self.state = state;
                    return Some(self.more(input));
                }
                Blank::ByteOrderMark if end == at => {
                    // QUIRK-17
                    self.bom = true;
                    end += BOM.len();
                    self.report(DeviationKind::StrayByteOrderMark, at..end, "");
                    break;
                }
                _ if end == at => return None,
                _ => {
                    self.report(DeviationKind::StrayText, at..end, "");
                    break;
                }
            }
        }
        steps::count(end - at);
        (self.pos, self.state) = (end, state);
        Some(Ok(Step::Other))
    }

    /// An XML declaration, which stands at the position.
    #[cold]
    pub(super) fn declaration(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        let Input { view, .. } = input;
        let at = self.pos;
        let mut from = self.seen.max(at + 5);
        let end = loop {
            let Some(distance) = memchr::memchr2(b'<', b'>', &view[from.min(view.len())..]) else {
                steps::count(view.len().saturating_sub(from));
                self.seen = view.len();
                return self.more(input);
            };
            steps::count(distance + 1);
            from += distance + 1;
            if view[from - 1] == b'<' {
                let message = "expected ?> after the XML declaration that begins here, found a `<`";
                return Err(Trouble { kind: ErrorKind::Syntax, at, message: message.to_owned() });
            }
            if view[from - 2] == b'?' {
                break from;
            }
        };
        let declaration = declaration::read(view, at, end).map_err(|(at, message)| Trouble {
            kind: ErrorKind::Syntax,
            at,
            message: message.to_owned(),
        })?;
        if let Some(label) = declaration.encoding {
            self.label(view, label)?;
        }
        self.pos = end;
        self.state = State::Prolog { doctype: false };
        Ok(Step::Other)
    }

    /// The name of an encoding in a declaration.
    fn label(&mut self, view: &[u8], label: Range<usize>) -> Result<(), Trouble> {
        let text = String::from_utf8_lossy(&view[label.clone()]);
        let wide = names_other_unicode(&text);
        let Some(encoding) = Encoding::from_label(&text).or(wide.then_some(Encoding::Utf8)) else {
            let message = format!(
                "the document is in {}; read are UTF-8, UTF-16, ISO-8859-1 and windows-1252",
                shorten(&text)
            );
            return Err(Trouble { kind: ErrorKind::Encoding, at: label.start, message });
        };
        let plain = matches!(encoding, Encoding::Utf8 | Encoding::Ascii);
        // QUIRK-16: the bytes say better what they are.
        let wrong = match self.transcoded {
            true => !wide,
            false => wide || (self.bom && !plain),
        };
        if wrong {
            let kind = DeviationKind::EncodingLabel;
            self.report(kind, label, if self.transcoded { "UTF-16" } else { "UTF-8" });
        }
        self.encoding = if wrong || self.transcoded { Encoding::Utf8 } else { encoding };
        Ok(())
    }

    /// Whether another document begins at the position, by its declaration (QUIRK-17). `None`: more
    /// is needed.
    pub(super) fn joins(&self, input: Input<'_>) -> Option<bool> {
        is_declaration(input.view, self.pos, input.ended || input.cut)
    }

    /// QUIRK-17: what stands at the position, up to `end`, begins another document.
    pub(super) fn seam(&mut self, end: usize) {
        if !self.outer.is_empty() {
            let read_as = self.end_tags(0);
            self.report(DeviationKind::UnclosedElement, self.pos..end, read_as);
            self.outer.close(0);
        }
        self.report(DeviationKind::JoinedDocument, self.pos..end, "");
        self.encoding = Encoding::Utf8;
    }
}

/// Whether a label names UTF-16 or UTF-32, in one of their spellings.
fn names_other_unicode(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    let names = ["utf-16", "utf16", "utf-32", "utf32", "ucs-2", "ucs2", "ucs-4", "iso-10646-ucs-"];
    label == "unicode" || names.iter().any(|name| label.starts_with(name))
}

/// The names of UTF-16 and UTF-32, by a byte order mark or by the zeros in `<`.
pub(crate) fn other_unicode(view: &[u8]) -> Option<&'static str> {
    match view {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'<', 0, ..] | [0, b'<', ..] => Some("UTF-16"),
        _ => None,
    }
}
