//! The XML reader: which tag can stand where, and what happens where another one does.

use std::borrow::Cow;
use std::ops::Range;

use vcc_types::{Field, Recording};

use super::markup::{check_attributes, check_text};
use super::start;
use super::tag::{Kind, Scan, Tag, is_name, is_space, scan};
use crate::encoding::Encoding;
use crate::machine::{Raw, Step, Trouble};
use crate::record::Span;
use crate::{DeviationKind, ErrorKind, Options, Record};

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
    /// How far an unfinished tag was looked at.
    scanned: usize,
    /// The elements that are open around records: the root, and unknown ones inside it.
    pub(super) outer: Vec<String>,
    /// The number of the record that was begun last.
    pub(super) number: u64,
    /// Whether the item is a record.
    pub(super) in_record: bool,
    pub(super) draft: Draft,
    pub(super) pending: Vec<Raw>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
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
    pub(super) open: Option<Open>,
    /// The names of the tags in the value that look like elements.
    pub(super) nested: Vec<Span>,
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
            scanned: 0,
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

    #[inline(always)]
    fn is_plain(&self, raw: &[u8], text: &str) -> bool {
        self.draft.marked == 0 && self.draft.extra.is_empty() && self.finds_nothing(raw, text)
    }

    #[inline(always)]
    fn plain<'b>(&mut self, text: &'b str) -> Record<'b> {
        Record {
            text,
            spans: self.draft.values,
            present: self.draft.present,
            decoded: 0,
            scratch: String::new(),
            extra: Vec::new(),
        }
    }

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
        self.scanned = self.scanned.saturating_sub(bytes);
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

    /// Looks at the tag at `at`, whose `<` is `lead` bytes long.
    #[inline]
    pub(super) fn tag(&mut self, input: Input<'_>, at: usize, lead: usize) -> Scan {
        if self.waits(input, at) {
            return Scan::More;
        }
        let found = scan(input.view, at, lead);
        if found == Scan::More {
            self.looked(input);
        }
        found
    }

    /// Whether it is too early to look again at what was unfinished: what becomes long is looked at
    /// only when it has grown by a part, or small pieces would take a time that grows by the square.
    pub(super) fn waits(&self, input: Input<'_>, at: usize) -> bool {
        let more = !input.ended && !input.cut;
        more && self.scanned > at + 256 && input.view.len() - self.scanned < (self.scanned - at) / 8
    }

    /// Says that what is at the position was looked at to the end of the view.
    pub(super) fn looked(&mut self, input: Input<'_>) {
        self.scanned = input.view.len();
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
        let (span, field) = (self.span(range), self.draft.open.and_then(|open| open.field));
        self.pending.push(Raw { kind, span, field, read_as: read_as.into() });
    }

    pub(super) fn name<'b>(&self, view: &'b [u8], tag: &Tag) -> Cow<'b, str> {
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

    /// Text where only tags can stand.
    pub(super) fn stray_text(&mut self, view: &[u8], end: usize) -> Result<Step, Trouble> {
        let text = view[self.pos..end].trim_ascii_end();
        let span = self.pos..self.pos + text.len();
        check_text(self, view, span.clone());
        self.report(DeviationKind::StrayText, span, "");
        self.pos = end;
        Ok(Step::Other)
    }

    /// What is to be said about a tag that is taken for one.
    pub(super) fn accept(&mut self, view: &[u8], tag: &Tag) -> Result<(), Trouble> {
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
