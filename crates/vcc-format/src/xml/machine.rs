//! The XML reader: which tag can stand where, and what happens where another one does.

use std::borrow::Cow;
use std::ops::Range;

use vcc_types::{Field, Recording};

use super::ahead::Look;
use super::glance::{Glance, glance};
use super::markup::{Doctype, check_attributes, check_text};
use super::name::{is_name, is_space};
use super::nested::Nested;
use super::outer::Outer;
use super::scanner::Scanner;
use super::tag::{Kind, Scan, Tag};
use super::value::{CDATA, Room};
use crate::encoding::Encoding;
use crate::machine::{Raw, Step, Trouble};
use crate::parts::Span;
use crate::{DeviationKind, ErrorKind, Options, Record, steps};

#[derive(Debug)]
pub(crate) struct Machine {
    pub(super) options: Options,
    pub(super) state: State,
    pub(super) encoding: Encoding,
    /// Where the record, or the piece of markup between records, begins.
    pub(super) item: usize,
    /// Everything before is read.
    pub(super) pos: usize,
    /// How far an unfinished piece was searched for its end.
    pub(super) seen: usize,
    /// An unfinished tag, and where it begins.
    pub(super) scanning: Option<(usize, Scanner)>,
    /// A tag that is whole, but what it is was not known yet.
    pub(super) held: Option<Tag>,
    pub(super) doctype: Option<Doctype>,
    /// What was looked at behind a tag, as far as there is something.
    pub(super) look: Option<Look>,
    /// Whether a byte order mark stands before the document.
    pub(super) bom: bool,
    /// Whether the buffer was UTF-16.
    pub(super) transcoded: bool,
    /// Whether nobody is told what is reported.
    pub(super) silent: bool,
    /// The elements that are open around records: the root, and unknown ones inside it.
    pub(super) outer: Outer,
    /// The number of the record that was begun last.
    pub(super) number: u64,
    /// Whether the item is a record.
    pub(super) in_record: bool,
    pub(super) draft: Draft,
    pub(super) room: Room,
    pub(super) pending: Vec<Raw>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Before anything.
    Start,
    /// Before the declaration.
    Before,
    /// In the declaration.
    Declaration,
    /// Before the root.
    Prolog { doctype: bool },
    /// In the root, between records.
    List,
    /// In a record, between fields.
    Record,
    /// In a field.
    Value,
    /// After the root.
    Epilog,
}

/// A record while it is read. Spans count from the start of the item.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) values: [Span; Field::COUNT],
    pub(super) present: u16,
    /// Bit `i`: there is markup in the value of field `i`.
    pub(super) marked: u16,
    /// How many values there are.
    pub(super) fields: usize,
    pub(super) extra: Vec<Extra>,
    pub(super) open: Option<Open>,
    /// The tags in the value that look like elements.
    pub(super) nested: Nested,
    /// End tags before this place are text of the value.
    pub(super) text_until: usize,
    /// How many bytes were looked at to tell mentions.
    pub(super) looked: usize,
    /// The first field that the open unknown element took with it, and how much was to be
    /// reported before.
    pub(super) swallowed: Option<(usize, usize)>,
    /// An unknown element that nothing closes, by where its value begins and where it ends.
    pub(super) unclosed: Option<(usize, usize)>,
    /// How often the record was read again.
    pub(super) again: u32,
}

#[derive(Debug)]
pub(super) struct Extra {
    pub(super) name: Span,
    pub(super) value: Span,
    pub(super) marked: bool,
}

/// A field whose end tag has not come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) name: Span,
    pub(super) field: Option<Field>,
    pub(super) start: u32,
    pub(super) marked: bool,
}

impl Draft {
    pub(super) fn clear(&mut self) {
        (self.present, self.marked, self.fields, self.open) = (0, 0, 0, None);
        self.extra.clear();
        self.nested.clear();
        (self.text_until, self.looked, self.again) = (0, 0, 0);
        (self.swallowed, self.unclosed) = (None, None);
    }
}

impl crate::machine::Machine for Machine {
    fn new(options: Options) -> Self {
        Self {
            options,
            state: State::Start,
            encoding: Encoding::Utf8,
            item: 0,
            pos: 0,
            seen: 0,
            scanning: None,
            held: None,
            doctype: None,
            look: None,
            bom: false,
            transcoded: false,
            silent: false,
            outer: Outer::default(),
            number: 0,
            in_record: false,
            draft: Draft::default(),
            room: Room::default(),
            pending: Vec::new(),
        }
    }

    #[inline]
    fn step(&mut self, buf: &[u8], ended: bool) -> Result<Step, Trouble> {
        match self.state {
            State::Record | State::Value => {}
            State::Start | State::Before | State::Declaration => {
                self.item = self.pos;
                let input = Input::new(buf, self.item, &self.options, ended);
                return match self.state {
                    State::Start => self.start(input),
                    State::Before => self.before(input),
                    _ => self.declaration(input),
                };
            }
            _ => {
                let start = self.pos;
                while buf.get(self.pos).is_some_and(|byte| is_space(*byte)) {
                    self.pos += 1;
                }
                steps::count(self.pos - start);
                self.item = self.pos;
                self.in_record = false;
            }
        }
        let input = Input::new(buf, self.item, &self.options, ended);
        if self.state == State::List {
            if !input.view[self.pos..].starts_with(b"<file>") {
                return self.between(input);
            }
            self.begin(self.pos + b"<file>".len());
        }
        match self.state {
            State::Record | State::Value => self.record_step(input),
            _ => self.between(input),
        }
    }

    #[inline]
    fn taken(&self) -> Range<usize> {
        self.item..self.pos
    }

    #[inline(always)]
    fn is_plain(&self, raw: &[u8], text: &str) -> bool {
        self.draft.marked == 0 && self.draft.extra.is_empty() && self.finds_nothing(raw, text)
    }

    #[inline(always)]
    fn plain<'b>(&mut self, text: &'b str) -> Record<'b> {
        Record::plain(text, &self.draft.values, self.draft.present)
    }

    fn take<'b>(&mut self, raw: &'b [u8], text: Option<&'b str>) -> Record<'b> {
        self.finish(raw, text)
    }

    fn partial(&mut self, buf: &[u8]) -> Option<Recording> {
        let raw = &buf[self.item..self.pos];
        self.in_record.then(|| self.finish(raw, core::str::from_utf8(raw).ok()).to_recording())
    }

    fn pending(&mut self) -> &mut Vec<Raw> {
        &mut self.pending
    }

    fn options(&self) -> &Options {
        &self.options
    }

    fn item(&self) -> usize {
        self.item
    }

    fn discarded(&mut self, bytes: usize) {
        self.item -= bytes;
        self.pos -= bytes;
        self.seen = self.seen.saturating_sub(bytes);
        // Both are in the item.
        if let Some((at, _)) = &mut self.scanning {
            *at = at.saturating_sub(bytes);
        }
        if let Some(tag) = &mut self.held {
            tag.discarded(bytes);
        }
    }

    fn record(&self) -> Option<u64> {
        self.in_record.then_some(self.number)
    }

    fn open(&self, buf: &[u8]) -> Vec<String> {
        let mut open: Vec<String> = self.outer.iter().map(Cow::into_owned).collect();
        if matches!(self.state, State::Record | State::Value) {
            open.push("file".to_owned());
            open.extend(
                self.draft
                    .open
                    .map(|field| self.encoding.text(self.bytes(buf, field.name)).into_owned()),
            );
        }
        open
    }

    fn listening(&mut self, listening: bool) {
        self.silent = !listening;
    }

    fn transcoded(&mut self) {
        self.transcoded = true;
    }

    fn is_whole(&self, _: Option<u8>) -> bool {
        self.state == State::Epilog
    }
}

/// What a step looks at.
#[derive(Clone, Copy)]
pub(super) struct Input<'b> {
    /// The buffer, cut where the item becomes too long.
    pub(super) view: &'b [u8],
    /// Whether it was cut.
    pub(super) cut: bool,
    /// Whether the input ends with the view.
    pub(super) ended: bool,
}

impl<'b> Input<'b> {
    #[inline]
    fn new(buf: &'b [u8], item: usize, options: &Options, ended: bool) -> Self {
        let limit = options.limits.record_bytes as usize;
        match buf.get(..item.saturating_add(limit)) {
            Some(view) if view.len() < buf.len() => Self { view, cut: true, ended: false },
            _ => Self { view: buf, cut: false, ended },
        }
    }
}

impl Machine {
    /// The view ends inside something: more is needed, or nothing more may or will come.
    #[cold]
    pub(super) fn more(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        if input.cut {
            let limit = self.options.limits.record_bytes;
            let what = if self.in_record { "a record" } else { "a piece of markup or text" };
            let message = format!("{what} is longer than the limit of {limit} bytes");
            return Err(Trouble { kind: ErrorKind::RecordTooLong, at: self.item, message });
        }
        if !input.ended {
            return Ok(Step::More);
        }
        let expected = match self.state {
            State::Start | State::Before | State::Prolog { .. } if self.pos >= input.view.len() => {
                let message = "expected <recordings>, found nothing".to_owned();
                return Err(Trouble { kind: ErrorKind::NotRecordings, at: self.pos, message });
            }
            State::Epilog if self.item >= input.view.len() => return Ok(Step::End),
            _ if let Some((what, end)) = unclosed(&input.view[self.pos..]) => {
                let message = format!(
                    "expected {end} after the {what} that begins here, found the end of the input"
                );
                return Err(Trouble { kind: ErrorKind::Truncated, at: self.pos, message });
            }
            State::Start | State::Before | State::Declaration | State::Prolog { .. } => {
                "<recordings>".to_owned()
            }
            State::List => "</recordings>".to_owned(),
            State::Record => "</file>".to_owned(),
            State::Value => match self.draft.open {
                Some(open) => {
                    format!("</{}>", self.encoding.text(self.bytes(input.view, open.name)))
                }
                None => "</file>".to_owned(),
            },
            State::Epilog => "nothing but comments".to_owned(),
        };
        let message = format!("expected {expected}, found the end of the input");
        Err(Trouble { kind: ErrorKind::Truncated, at: input.view.len(), message })
    }

    /// Looks at the tag at `at`, whose `<` is `lead` bytes long.
    #[inline]
    pub(super) fn tag(&mut self, input: Input<'_>, at: usize, lead: usize) -> Scan {
        if let Some(tag) = self.held.take().filter(|tag| tag.start == at) {
            return Scan::Tag(tag);
        }
        let mut scanner = match self.scanning.take() {
            Some((begun, scanner)) if begun == at => scanner,
            _ if lead > 1 => Scanner::new(lead),
            _ => match glance(&input.view[at..]) {
                Glance::Tag(tag) => return Scan::Tag(tag.at(at)),
                Glance::Text => return Scan::None,
                Glance::Unsure => Scanner::new(lead),
            },
        };
        let found = scanner.scan(&input.view[at..], at);
        if found == Scan::More {
            self.scanning = Some((at, scanner));
        }
        found
    }

    pub(super) fn bytes<'b>(&self, buf: &'b [u8], span: Span) -> &'b [u8] {
        &buf[self.item + span.0 as usize..self.item + span.1 as usize]
    }

    /// Counts from the start of the item. Items are no longer than `Limits::record_bytes`, so that
    /// it fits.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        ((range.start - self.item) as u32, (range.end - self.item) as u32)
    }

    pub(super) fn report(
        &mut self,
        kind: DeviationKind,
        range: Range<usize>,
        read_as: impl Into<Cow<'static, str>>,
    ) {
        if self.silent {
            return;
        }
        let (span, field) = (self.span(range), self.draft.open.and_then(|open| open.field));
        self.pending.push(Raw { kind, span, field, read_as: read_as.into() });
    }

    pub(super) fn name<'b>(&self, view: &'b [u8], tag: &Tag) -> Cow<'b, str> {
        self.encoding.text(&view[tag.name.clone()])
    }

    /// Text where only tags can stand.
    pub(super) fn stray_text(&mut self, view: &[u8], end: usize) -> Result<Step, Trouble> {
        let spaces = view[self.pos..end].iter().rev().take_while(|byte| is_space(**byte)).count();
        let span = self.pos..end - spaces;
        check_text(self, view, span.clone());
        self.report(DeviationKind::StrayText, span, "");
        self.pos = end;
        Ok(Step::Other)
    }

    /// What is to be said about a tag that is taken for one.
    pub(super) fn accept(&mut self, view: &[u8], tag: &Tag) {
        if self.silent {
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
            check_attributes(self, view, tag);
        }
    }

    pub(super) fn check_name(&self, tag: &Tag, name: &str) -> Result<(), Trouble> {
        if is_name(name) {
            return Ok(());
        }
        let message = format!("expected a tag, found {name:?}, which is no name");
        Err(Trouble { kind: ErrorKind::Syntax, at: tag.start, message })
    }

    pub(super) fn check_depth(&self, depth: usize, at: usize) -> Result<(), Trouble> {
        let limit = self.options.limits.depth;
        if depth <= limit {
            return Ok(());
        }
        let message = format!("more than {limit} elements are open");
        Err(Trouble { kind: ErrorKind::TooDeep, at, message })
    }

    /// Whether the reader is in or after the root, where a tag of `%lt;` can stand for a real one.
    pub(super) fn may_stand(&self, name: &[u8]) -> bool {
        matches!(name, b"" | b"file" | b"recordings") || Field::from_wire_bytes(name).is_some()
    }
}

/// The piece of markup that is unfinished at the position of a machine, if it is one that takes all
/// that follows with it, and how it would end.
fn unclosed(rest: &[u8]) -> Option<(&'static str, &'static str)> {
    let starts = |start: &[u8]| rest.starts_with(start);
    if starts(b"<!--") {
        Some(("comment", "-->"))
    } else if starts(CDATA) {
        Some(("CDATA section", "]]>"))
    } else if starts(b"<!DOCTYPE") {
        Some(("document type declaration", ">"))
    } else if starts(b"<?") {
        let declaration = starts(b"<?xml") && rest.get(5).is_some_and(|byte| is_space(*byte));
        Some((if declaration { "XML declaration" } else { "processing instruction" }, "?>"))
    } else {
        None
    }
}
