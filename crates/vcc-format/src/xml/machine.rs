//! The XML reader: which tag can stand where, and what happens where another one does.

use std::borrow::Cow;
use std::ops::Range;

use vcc_types::{Field, Recording};

use super::markup::{Token, check_attributes, check_text, comment, instruction, token};
use super::tag::{Kind, Scan, Tag, is_name, is_name_start_byte, is_space, scan, starts_with};
use super::value::CDATA;
use super::{fast, start};
use crate::encoding::Encoding;
use crate::machine::{Raw, Step, Trouble};
use crate::record::Span;
use crate::{DeviationKind, ErrorKind, Options, Record};

#[derive(Debug)]
pub(crate) struct Machine {
    pub(super) options: Options,
    state: State,
    pub(super) encoding: Encoding,
    /// Where the record, or the piece of markup between records, begins.
    pub(super) item: usize,
    /// Everything before is read.
    pub(super) pos: usize,
    /// How far an unfinished piece was searched for its end.
    pub(super) seen: usize,
    /// The elements that are open around records: the root, and unknown ones inside it.
    outer: Vec<String>,
    /// The number of the record that was begun last.
    number: u64,
    /// Whether the item is a record.
    in_record: bool,
    pub(super) draft: Draft,
    pub(super) pending: Vec<Raw>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before anything.
    Start,
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
    open: Option<Open>,
    /// The names of the tags in the value that look like elements.
    nested: Vec<Span>,
}

#[derive(Debug)]
pub(super) struct Extra {
    pub(super) name: Span,
    pub(super) value: Span,
    pub(super) marked: bool,
}

/// A field whose end tag has not come.
#[derive(Clone, Copy, Debug)]
struct Open {
    name: Span,
    field: Option<Field>,
    start: u32,
    marked: bool,
}

impl Draft {
    fn clear(&mut self) {
        (self.present, self.marked, self.fields, self.open) = (0, 0, 0, None);
        self.extra.clear();
        self.nested.clear();
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
            outer: Vec::new(),
            number: 0,
            in_record: false,
            draft: Draft::default(),
            pending: Vec::new(),
        }
    }

    #[inline]
    fn step(&mut self, buf: &[u8], ended: bool) -> Result<Step, Trouble> {
        match self.state {
            State::Record | State::Value => {}
            State::Start => return self.start(Input::new(buf, self.item, &self.options, ended)),
            _ => {
                while buf.get(self.pos).is_some_and(|byte| is_space(*byte)) {
                    self.pos += 1;
                }
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

    #[inline]
    fn take<'b>(&mut self, raw: &'b [u8], text: Option<&'b str>) -> Record<'b> {
        self.finish(raw, text)
    }

    fn partial(&mut self, buf: &[u8]) -> Option<Recording> {
        let raw = &buf[self.item..self.pos];
        self.in_record.then(|| self.finish(raw, core::str::from_utf8(raw).ok()).to_owned())
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
    }

    fn record(&self) -> Option<u64> {
        self.in_record.then_some(self.number)
    }

    fn open(&self, buf: &[u8]) -> Vec<String> {
        let mut open = self.outer.clone();
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
            State::Start | State::Prolog { .. } if self.item >= input.view.len() => {
                let message = "expected <recordings>, found nothing".to_owned();
                return Err(Trouble { kind: ErrorKind::NotRecordings, at: self.item, message });
            }
            State::Epilog if self.item >= input.view.len() => return Ok(Step::End),
            State::Start | State::Prolog { .. } => "<recordings>".to_owned(),
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

    pub(super) fn bytes<'b>(&self, buf: &'b [u8], span: Span) -> &'b [u8] {
        &buf[self.item + span.0 as usize..self.item + span.1 as usize]
    }

    /// Counts from the start of the item. Items are no longer than `Limits::record_bytes`, so that
    /// it fits.
    fn span(&self, range: Range<usize>) -> Span {
        ((range.start - self.item) as u32, (range.end - self.item) as u32)
    }

    pub(super) fn report(
        &mut self,
        kind: DeviationKind,
        range: Range<usize>,
        read_as: impl Into<Cow<'static, str>>,
    ) {
        let (span, field) = (self.span(range), self.draft.open.and_then(|open| open.field));
        self.pending.push(Raw { kind, span, field, read_as: read_as.into() });
    }

    fn name<'b>(&self, view: &'b [u8], tag: &Tag) -> Cow<'b, str> {
        self.encoding.text(&view[tag.name.clone()])
    }

    /// Before the root: a byte order mark, white space, a declaration.
    #[cold]
    fn start(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        match start::read(input.view, input.cut || input.ended) {
            Ok(None) => self.more(input),
            Ok(Some(start)) => {
                self.encoding = start.encoding;
                if let Some(space) = start.misplaced_space {
                    // QUIRK-8: blank lines before the declaration.
                    self.report(DeviationKind::SpaceBeforeDeclaration, space, "");
                }
                self.pos = start.end;
                self.state = State::Prolog { doctype: false };
                Ok(Step::Other)
            }
            Err((kind, at, message)) => Err(Trouble { kind, at, message }),
        }
    }

    /// One piece before, between or after records.
    fn between(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        let Input { view, .. } = input;
        if self.pos >= view.len() {
            return self.more(input);
        }
        match token(self, input)? {
            Token::More => self.more(input),
            Token::Ignored(end) => {
                self.pos = end;
                Ok(Step::Other)
            }
            Token::Doctype(end) if self.state == (State::Prolog { doctype: false }) => {
                self.pos = end;
                self.state = State::Prolog { doctype: true };
                Ok(Step::Other)
            }
            Token::Doctype(_) => Err(self.unexpected("a document type declaration")),
            Token::Text(end) => match self.state {
                State::List => self.stray_text(view, end),
                // Whatever it is, it begins with text: an excerpt says more than a name.
                State::Epilog => Err(self.trailing()),
                _ => match start::excerpt(view, self.pos, input.cut || input.ended) {
                    Some(found) => {
                        let message = format!("expected <recordings>, found the text {found}");
                        Err(Trouble { kind: ErrorKind::NotRecordings, at: self.pos, message })
                    }
                    None => self.more(input),
                },
            },
            Token::Tag(tag) => match self.state {
                State::List => self.list_tag(view, tag),
                State::Epilog => Err(self.trailing()),
                _ => self.root(view, tag),
            },
            Token::None => match self.state {
                State::Epilog => Err(self.trailing()),
                _ => Err(self.unexpected("a `<` that begins no tag")),
            },
        }
    }

    fn trailing(&self) -> Trouble {
        let message = "expected the end of the input after </recordings>".to_owned();
        Trouble { kind: ErrorKind::TrailingContent, at: self.pos, message }
    }

    pub(super) fn unexpected(&self, found: &str) -> Trouble {
        let expected = match self.state {
            State::Start | State::Prolog { .. } => "<recordings>",
            State::List => "<file> or </recordings>",
            State::Record | State::Value => "a field or </file>",
            State::Epilog => "the end of the input",
        };
        let message = format!("expected {expected}, found {found}");
        Trouble { kind: ErrorKind::Syntax, at: self.pos, message }
    }

    fn syntax(&self, tag: &Tag, view: &[u8], expected: &str) -> Trouble {
        let found = self.encoding.text(&view[tag.start..tag.end]);
        let message = format!("expected {expected}, found {}", start::shorten(&found));
        Trouble { kind: ErrorKind::Syntax, at: tag.start, message }
    }

    fn root(&mut self, view: &[u8], tag: Tag) -> Result<Step, Trouble> {
        let name = self.name(view, &tag);
        if name != "recordings" || tag.kind == Kind::End {
            let html = name.eq_ignore_ascii_case("html");
            let what = if html { "a page of HTML" } else { "another document" };
            let found = self.encoding.text(&view[tag.start..tag.end]);
            let found = start::shorten(&found);
            let message = format!("expected <recordings>, found {found}: this is {what}");
            return Err(Trouble { kind: ErrorKind::NotRecordings, at: tag.start, message });
        }
        self.accept(view, &tag)?;
        self.pos = tag.end;
        self.state = State::Epilog;
        if tag.kind == Kind::Start {
            self.outer.push(name.into_owned());
            self.state = State::List;
        }
        Ok(Step::Other)
    }

    fn list_tag(&mut self, view: &[u8], tag: Tag) -> Result<Step, Trouble> {
        let name = self.name(view, &tag);
        match (tag.kind, &*name) {
            (Kind::Start, "file") => {
                self.begin(tag.start);
                self.accept(view, &tag)?;
                self.pos = tag.end;
                // The record goes on with the next step, and its item stays where it is.
                Ok(Step::Other)
            }
            (Kind::Empty, "file") => {
                self.begin(tag.start);
                self.accept(view, &tag)?;
                Ok(self.end(tag.end))
            }
            (Kind::Start | Kind::Empty, "recordings") => {
                Err(self.syntax(&tag, view, "<file> or </recordings>"))
            }
            (Kind::Start | Kind::Empty, known) if Field::from_wire_name(known).is_some() => {
                Err(self.syntax(&tag, view, "<file> before a field"))
            }
            (Kind::Start | Kind::Empty, unknown) => {
                // QUIRK-6: nothing to keep it in, but the records inside it are read.
                self.check_name(&tag, unknown)?;
                self.report(DeviationKind::UnknownElement, tag.start..tag.end, "");
                self.accept(view, &tag)?;
                if tag.kind == Kind::Start {
                    self.outer.push(name.into_owned());
                    self.check_depth(self.outer.len(), tag.start)?;
                }
                self.pos = tag.end;
                Ok(Step::Other)
            }
            (Kind::End, "") => {
                self.accept(view, &tag)?;
                let closed = self.outer.pop().unwrap_or_default();
                let read_as = format!("</{closed}>");
                self.report(DeviationKind::EmptyEndTag, tag.start..tag.end, read_as);
                Ok(self.after_outer(tag.end))
            }
            (Kind::End, name) => {
                self.accept(view, &tag)?;
                match self.outer.iter().rposition(|open| open == name) {
                    Some(place) => {
                        if place + 1 < self.outer.len() {
                            let tags = self.outer[place..].iter().rev();
                            let read_as: String = tags.map(|open| format!("</{open}>")).collect();
                            let span = tag.start..tag.end;
                            self.report(DeviationKind::UnclosedElement, span, read_as);
                        }
                        self.outer.truncate(place);
                    }
                    None => self.report(DeviationKind::StrayEndTag, tag.start..tag.end, ""),
                }
                Ok(self.after_outer(tag.end))
            }
        }
    }

    fn after_outer(&mut self, end: usize) -> Step {
        self.pos = end;
        if self.outer.is_empty() {
            self.state = State::Epilog;
        }
        Step::Other
    }

    /// Begins a record, whose item is the present one; the first field may follow at `pos`.
    #[inline]
    fn begin(&mut self, pos: usize) {
        self.pos = pos;
        self.draft.clear();
        self.number += 1;
        self.in_record = true;
        self.state = State::Record;
    }

    fn end(&mut self, pos: usize) -> Step {
        self.pos = pos;
        self.draft.open = None;
        self.state = State::List;
        Step::Record
    }

    /// Ends the record, unless it has too many values.
    #[inline]
    fn end_record(&mut self, pos: usize) -> Result<Step, Trouble> {
        let limit = self.options.limits.fields;
        if self.draft.fields > limit {
            let message = format!("the record has more than {limit} values");
            return Err(Trouble { kind: ErrorKind::TooManyFields, at: self.item, message });
        }
        Ok(self.end(pos))
    }

    #[inline]
    fn record_step(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        let Input { view, .. } = input;
        let shallow = self.outer.len() + 2 <= self.options.limits.depth;
        loop {
            if self.state == State::Value {
                if !self.value(input)? {
                    return self.more(input);
                }
                continue;
            }
            if shallow {
                self.pos = fast::fields(view, self.pos, self.item, &mut self.draft);
            }
            while view.get(self.pos).is_some_and(|byte| is_space(*byte)) {
                self.pos += 1;
            }
            if view[self.pos..].starts_with(b"</file>") {
                return self.end_record(self.pos + b"</file>".len());
            }
            if self.pos >= view.len() {
                return self.more(input);
            }
            match token(self, input)? {
                Token::More => return self.more(input),
                Token::Ignored(end) => self.pos = end,
                Token::Text(end) => {
                    self.stray_text(view, end)?;
                }
                Token::Tag(tag) => {
                    if let Some(step) = self.record_tag(view, tag)? {
                        return Ok(step);
                    }
                }
                Token::Doctype(_) => {
                    return Err(self.unexpected("a document type declaration"));
                }
                Token::None => return Err(self.unexpected("a `<` that begins no tag")),
            }
        }
    }

    fn record_tag(&mut self, view: &[u8], tag: Tag) -> Result<Option<Step>, Trouble> {
        let name = self.name(view, &tag);
        match (tag.kind, &*name) {
            (Kind::Start | Kind::Empty, "file") | (Kind::End, "recordings") => {
                // QUIRK-12: the tag is read again, outside the record.
                self.report(DeviationKind::MissingRecordEnd, tag.start..tag.end, "</file>");
                return self.end_record(tag.start).map(Some);
            }
            (Kind::Start | Kind::Empty, "recordings") => {
                return Err(self.syntax(&tag, view, "a field or </file>"));
            }
            (Kind::Start | Kind::Empty, _) => self.field(view, &tag, &name)?,
            (Kind::End, "") => {
                self.report(DeviationKind::EmptyEndTag, tag.start..tag.end, "</file>");
                self.accept(view, &tag)?;
                return self.end_record(tag.end).map(Some);
            }
            (Kind::End, "file") => {
                self.accept(view, &tag)?;
                return self.end_record(tag.end).map(Some);
            }
            (Kind::End, _) => {
                self.report(DeviationKind::StrayEndTag, tag.start..tag.end, "");
                self.accept(view, &tag)?;
                self.pos = tag.end;
            }
        }
        Ok(None)
    }

    /// The start of a field, known or not.
    fn field(&mut self, view: &[u8], tag: &Tag, name: &str) -> Result<(), Trouble> {
        let field = Field::from_wire_name(name);
        let repeated = field.is_some_and(|field| self.draft.present & (1 << field.index()) != 0);
        self.check_depth(self.outer.len() + 2, tag.start)?;
        if field.is_none() {
            self.check_name(tag, name)?;
        }
        self.accept(view, tag)?;
        // QUIRK-6: kept beside the fifteen.
        if repeated {
            let (kind, span) = (DeviationKind::RepeatedField, tag.start..tag.end);
            self.report(kind, span, format!("extra value {name}"));
        } else if field.is_none() && !self.options.expect_extra {
            let (kind, span) = (DeviationKind::UnknownField, tag.start..tag.end);
            self.report(kind, span, format!("extra value {name}"));
        }
        self.pos = tag.end;
        let start = (tag.end - self.item) as u32;
        let name = self.span(tag.name.clone());
        self.draft.open = Some(Open { name, field, start, marked: false });
        self.draft.nested.clear();
        if tag.kind == Kind::Empty {
            return self.close(tag.end);
        }
        self.state = State::Value;
        Ok(())
    }

    /// The value of the open field ends before `end`.
    fn close(&mut self, end: usize) -> Result<(), Trouble> {
        self.state = State::Record;
        let Some(open) = self.draft.open.take() else { return Ok(()) };
        let value = (open.start, (end - self.item) as u32);
        self.draft.fields += 1;
        match open.field {
            Some(field) if self.draft.present & (1 << field.index()) == 0 => {
                self.draft.values[field.index()] = value;
                self.draft.present |= 1 << field.index();
                self.draft.marked |= u16::from(open.marked) << field.index();
            }
            _ => {
                let limit = self.options.limits.extra;
                if self.draft.extra.len() >= limit {
                    let message = format!("the record has more than {limit} extra values");
                    let at = self.item + open.name.0 as usize;
                    return Err(Trouble { kind: ErrorKind::TooManyExtra, at, message });
                }
                self.draft.extra.push(Extra { name: open.name, value, marked: open.marked });
            }
        }
        Ok(())
    }

    /// Reads on in the value of the open field. `false`: the view ends inside it.
    fn value(&mut self, input: Input<'_>) -> Result<bool, Trouble> {
        let Input { view, .. } = input;
        while self.state == State::Value {
            match memchr::memchr(b'<', &view[self.pos..]) {
                Some(distance) => self.pos += distance,
                None => {
                    self.pos = view.len();
                    return Ok(false);
                }
            }
            let ignored = match view.get(self.pos + 1) {
                None => return Ok(false),
                Some(b'!') => match starts_with(view, self.pos, b"<!--") {
                    None => return Ok(false),
                    Some(true) => comment(self, input),
                    Some(false) => match starts_with(view, self.pos, CDATA) {
                        None => return Ok(false),
                        Some(true) => super::markup::find(self, view, CDATA.len(), b"]]>"),
                        Some(false) => Some(0),
                    },
                },
                Some(b'?') => match view.get(self.pos + 2) {
                    None => return Ok(false),
                    Some(byte) if is_name_start_byte(*byte) => instruction(self, input)?,
                    Some(_) => Some(0),
                },
                Some(b'/') => match scan(view, self.pos, 1) {
                    Scan::More => return Ok(false),
                    Scan::None => Some(0),
                    Scan::Tag(tag) => {
                        self.end_tag_in_value(view, &tag)?;
                        continue;
                    }
                },
                Some(byte) if is_name_start_byte(*byte) => match scan(view, self.pos, 1) {
                    Scan::More => return Ok(false),
                    Scan::None => Some(0),
                    Scan::Tag(tag) => {
                        self.start_tag_in_value(view, &tag)?;
                        continue;
                    }
                },
                Some(_) => Some(0),
            };
            match ignored {
                None => return Ok(false),
                // QUIRK-11: no tag, so text.
                Some(0) => {
                    self.report(DeviationKind::RawLessThan, self.pos..self.pos + 1, "<");
                    self.pos += 1;
                }
                Some(end) => {
                    if let Some(open) = &mut self.draft.open {
                        open.marked = true;
                    }
                    self.pos = end;
                }
            }
        }
        Ok(true)
    }

    fn end_tag_in_value(&mut self, view: &[u8], tag: &Tag) -> Result<(), Trouble> {
        let Some(open) = self.draft.open else { return Ok(()) };
        let name = &view[tag.name.clone()];
        let nested = if name.is_empty() {
            // QUIRK-1. In a known field there are no elements, only text that looks like some.
            let innermost = self.draft.nested.len().checked_sub(1);
            innermost.filter(|_| open.field.is_none())
        } else {
            let item = &view[self.item..];
            let is_name = |span: &Span| &item[span.0 as usize..span.1 as usize] == name;
            self.draft.nested.iter().rposition(is_name)
        };
        if let Some(place) = nested {
            self.draft.nested.truncate(place);
            self.pos = tag.end;
            return Ok(());
        }
        let own = self.bytes(view, open.name);
        let read_as = |tag: &Tag| {
            let own = self.encoding.text(own);
            if tag.percent_gt || name != own.as_bytes() {
                format!("</{own}>")
            } else {
                String::new()
            }
        };
        let (span, read_as) = (tag.start..tag.end, read_as(tag));
        if name == own {
            self.accept(view, tag)?;
        } else if name.is_empty() {
            self.report(DeviationKind::EmptyEndTag, span, read_as);
            self.accept(view, tag)?;
        } else if matches!(name, b"file" | b"recordings") {
            // QUIRK-5: it closes what is open inside, and is read again after that.
            self.report(DeviationKind::UnclosedElement, span, read_as);
            self.pos = tag.start;
            return self.close(tag.start);
        } else {
            // QUIRK-5
            self.report(DeviationKind::MismatchedEndTag, span, read_as);
            self.accept(view, tag)?;
        }
        self.pos = tag.end;
        self.close(tag.start)
    }

    fn start_tag_in_value(&mut self, view: &[u8], tag: &Tag) -> Result<(), Trouble> {
        let Some(open) = self.draft.open else { return Ok(()) };
        let name = &view[tag.name.clone()];
        let known = open.field.is_some() && Field::from_wire_bytes(name).is_some();
        if name == b"file" || known {
            // QUIRK-12 for the record, and the same for a field: the tag that can only stand
            // outside ends what is open.
            let read_as = format!("</{}>", self.encoding.text(self.bytes(view, open.name)));
            self.report(DeviationKind::UnclosedElement, tag.start..tag.end, read_as);
            self.pos = tag.start;
            return self.close(tag.start);
        }
        if tag.percent_gt {
            self.report(DeviationKind::RawLessThan, self.pos..self.pos + 1, "<");
            self.pos += 1;
            return Ok(());
        }
        // QUIRK-11: an element cannot stand in a field.
        let kind = match open.field {
            Some(_) => DeviationKind::RawLessThan,
            None => DeviationKind::NestedElement,
        };
        let read_as = self.encoding.text(&view[tag.start..tag.end]).into_owned();
        self.report(kind, tag.start..tag.end, read_as);
        if tag.kind == Kind::Start {
            let name = self.span(tag.name.clone());
            self.draft.nested.push(name);
            self.check_depth(self.outer.len() + 2 + self.draft.nested.len(), tag.start)?;
        }
        self.pos = tag.end;
        Ok(())
    }

    /// Text where only tags can stand.
    fn stray_text(&mut self, view: &[u8], end: usize) -> Result<Step, Trouble> {
        let text = view[self.pos..end].trim_ascii_end();
        let span = self.pos..self.pos + text.len();
        check_text(self, view, span.clone());
        self.report(DeviationKind::StrayText, span, "");
        self.pos = end;
        Ok(Step::Other)
    }

    /// What is to be said about a tag that is taken for one.
    fn accept(&mut self, view: &[u8], tag: &Tag) -> Result<(), Trouble> {
        let percent_lt = view[tag.start] != b'<';
        if percent_lt || tag.percent_gt {
            // QUIRK-2
            let slash = if tag.kind == Kind::End { "/" } else { "" };
            let rest = self.encoding.text(&view[tag.name.start..tag.rest.end]);
            let close = if tag.kind == Kind::Empty { "/>" } else { ">" };
            let read_as = format!("<{slash}{rest}{close}");
            self.report(DeviationKind::PercentReference, tag.start..tag.end, read_as);
        }
        if tag.rest.is_empty() { Ok(()) } else { check_attributes(self, view, tag) }
    }

    fn check_name(&self, tag: &Tag, name: &str) -> Result<(), Trouble> {
        if is_name(name) {
            return Ok(());
        }
        let message = format!("expected a tag, found {name:?}, which is no name");
        Err(Trouble { kind: ErrorKind::Syntax, at: tag.start, message })
    }

    fn check_depth(&self, depth: usize, at: usize) -> Result<(), Trouble> {
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
