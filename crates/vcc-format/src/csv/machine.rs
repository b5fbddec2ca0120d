//! The CSV reader: the header, the rows, and which rows are none.

use std::borrow::Cow;
use std::ops::Range;

use vcc_types::{Field, Recording};

use super::fast::{self, Cells};
use super::header::{Column, Header};
use super::row::{Cell, End, Row};
use super::seam::is_padding;
use crate::encoding::Encoding;
use crate::machine::{Raw, Step, Trouble};
use crate::parts::Span;
use crate::xml::other_unicode;
use crate::{DeviationKind, ErrorKind, Options, Record, check};

const BOM: &[u8] = b"\xEF\xBB\xBF";

#[derive(Debug)]
pub(crate) struct Machine {
    pub(super) options: Options,
    pub(super) state: State,
    pub(super) header: Header,
    /// Where the row begins.
    pub(super) item: usize,
    /// Everything before is read.
    pub(super) pos: usize,
    pub(super) row: Row,
    /// Nobody wants to know what is reported.
    pub(super) silent: bool,
    /// Whether the row needed no closer look. Then its values are `cells`, otherwise in `row`.
    pub(super) usual: bool,
    pub(super) cells: Cells,
    /// Whether a usual row may hold U+FFFE or U+FFFF.
    pub(super) high: bool,
    /// How much of the item is padding, as far as it was looked at.
    pub(super) padding: usize,
    number: u64,
    in_record: bool,
    /// Whether an LF alone was reported.
    line_feed: bool,
    /// What is to be said about a header without `startDate`.
    pub(super) lacks_start: Option<String>,
    pub(super) pending: Vec<Raw>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Start,
    Header,
    Rows,
}

impl crate::machine::Machine for Machine {
    fn new(options: Options) -> Self {
        Self {
            options,
            state: State::Start,
            header: Header::default(),
            item: 0,
            pos: 0,
            row: Row::new(),
            silent: false,
            usual: false,
            cells: Cells::default(),
            high: false,
            padding: 0,
            number: 0,
            in_record: false,
            line_feed: false,
            lacks_start: None,
            pending: Vec::new(),
        }
    }

    #[inline]
    fn step(&mut self, buf: &[u8], ended: bool) -> Result<Step, Trouble> {
        if self.state == State::Start {
            return self.start(buf, ended);
        }
        // A row that is unfinished has not moved `pos`.
        self.item = self.pos;
        self.in_record = false;
        let limit = self.options.limits.record_bytes as usize;
        let rest = &buf[self.item..];
        let (view, cut) = match rest.get(..limit) {
            Some(view) if view.len() < rest.len() => (view, true),
            _ => (rest, false),
        };
        let ended = ended && !cut;
        if self.state == State::Rows
            && self.header.documented
            && self.row.is_fresh()
            && let Some(usual) = fast::row(view, self.row.delimiter, &mut self.cells)
            // QUIRK-17: what ends with the header of another page is longer.
            && self.cells.last_length() < self.header.forms.shortest
        {
            if !usual.crlf {
                self.line_feed(usual.length);
            }
            (self.usual, self.high) = (true, usual.high);
            self.number += 1;
            self.in_record = true;
            self.pos = self.item + usual.length;
            return Ok(Step::Record);
        }
        self.usual = false;
        if view.is_empty() && ended {
            return self.end();
        }
        if self.silent && self.row.is_fresh() && self.passes_blank_rows(view) {
            return Ok(Step::Other);
        }
        if self.row.is_fresh()
            && let Some(step) = self.before_row(view, ended || cut)
        {
            return Ok(step);
        }
        let mut end = self.row.read(view, ended);
        self.check_cells()?;
        let mut seam = self.seam(view, end);
        if let Some(place) = seam {
            let whole = end;
            self.row.clear();
            end = self.row.read(&view[..place], true);
            if self.row.open_quote().is_some() {
                // It is in a value after all.
                self.row.clear();
                end = self.row.read(view, ended);
                debug_assert_eq!(end, whole);
                seam = None;
            }
        }
        if self.state == State::Rows && self.needs_repair(end, cut) {
            // QUIRK-9
            end = self.repair(view, seam, end).unwrap_or(end);
        }
        let length = match end {
            End::More if cut => {
                let message = format!("a row is longer than the limit of {limit} bytes");
                let at = self.item + self.row.open_quote().unwrap_or(0);
                self.in_record = self.state == State::Rows;
                return Err(Trouble { kind: ErrorKind::RecordTooLong, at, message });
            }
            End::More => return Ok(Step::More),
            End::CrLf(length) | End::Lf(length) | End::Input(length) => length,
        };
        if matches!(end, End::Input(_)) {
            self.truncated(self.item + length)?;
        }
        self.pos = self.item + length;
        let step = match self.separator_line(view, length) {
            Some(step) => step,
            None if self.state == State::Rows => self.record_row(view, end)?,
            None => self.header_row(view, length)?,
        };
        // A first row that is no header is read again, and reported on then.
        if matches!(end, End::Lf(_)) && self.pos > self.item {
            self.line_feed(length);
        }
        let next = view.get(length).filter(|next| !is_padding(**next));
        if matches!(end, End::Input(_)) && next.is_some() && self.pos > self.item {
            let end = length as u32;
            self.report(DeviationKind::MissingLineEnd, (end, end), "\r\n");
        }
        if step != Step::Record {
            self.row.clear();
        }
        Ok(step)
    }

    #[inline]
    fn taken(&self) -> Range<usize> {
        self.item..self.pos
    }

    #[inline(always)]
    fn is_plain(&self, raw: &[u8], text: &str) -> bool {
        self.usual && self.finds_nothing(raw, text)
    }

    #[inline(always)]
    fn plain<'b>(&mut self, text: &'b str) -> Record<'b> {
        Record::short(text, self.cells.short(), (1 << Field::COUNT) - 1, self.cells.doubled)
    }

    fn take<'b>(&mut self, raw: &'b [u8], text: Option<&'b str>) -> Record<'b> {
        let record = self.finish(raw, text);
        if !self.usual {
            self.row.clear();
        }
        record
    }

    fn partial(&mut self, buf: &[u8]) -> Option<Recording> {
        let raw = &buf[self.item..];
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
    }

    fn record(&self) -> Option<u64> {
        self.in_record.then_some(self.number)
    }

    #[inline]
    fn listening(&mut self, listening: bool) {
        self.silent = !listening;
        self.row.lists = listening;
    }

    fn lacks_start(&self) -> Option<&str> {
        self.lacks_start.as_deref()
    }

    fn is_whole(&self, last: Option<u8>) -> bool {
        last.is_some_and(|byte| matches!(byte, b'\n' | b'\r') || is_padding(byte))
    }

    fn open(&self, _: &[u8]) -> Vec<String> {
        let open = self.row.open_quote().and(self.header.columns.get(self.row.cells.len()));
        open.map(column_name).into_iter().collect()
    }
}

pub(super) fn column_name(column: &Column) -> String {
    match column {
        Column::Field(field) => field.wire_name().to_owned(),
        Column::Extra(name) => name.clone(),
    }
}

impl Machine {
    /// The byte order mark.
    #[cold]
    fn start(&mut self, buf: &[u8], ended: bool) -> Result<Step, Trouble> {
        if buf.len() < 4 && !ended {
            return Ok(Step::More);
        }
        // Without a byte order mark the zeros tell.
        let zero = matches!(buf, [0, _, 0, _, ..] | [_, 0, _, 0, ..]).then_some("UTF-16");
        if let Some(name) = other_unicode(buf).or(zero) {
            let message = format!("the document is in {name}, not in UTF-8");
            return Err(Trouble { kind: ErrorKind::Encoding, at: 0, message });
        }
        self.state = State::Header;
        if buf.starts_with(BOM) {
            self.report(DeviationKind::ByteOrderMark, (0, BOM.len() as u32), "");
            self.pos = BOM.len();
        }
        Ok(Step::Other)
    }

    /// The input ended after a row.
    fn end(&mut self) -> Result<Step, Trouble> {
        if self.state == State::Header {
            // QUIRK-9: a list without a header and without a record. Not reported twice.
            self.state = State::Rows;
            self.header = Header::documented();
            self.report(DeviationKind::NoHeader, (0, 0), "no records");
            return Ok(Step::Other);
        }
        Ok(Step::End)
    }

    pub(super) fn report(
        &mut self,
        kind: DeviationKind,
        span: Span,
        read_as: impl Into<Cow<'static, str>>,
    ) {
        self.report_value(kind, span, None, read_as);
    }

    pub(super) fn report_value(
        &mut self,
        kind: DeviationKind,
        span: Span,
        field: Option<Field>,
        read_as: impl Into<Cow<'static, str>>,
    ) {
        if !self.silent {
            self.pending.push(Raw { kind, span, field, read_as: read_as.into() });
        }
    }

    fn line_feed(&mut self, length: usize) {
        if !self.line_feed {
            self.line_feed = true;
            let length = length as u32;
            self.report(DeviationKind::LineFeed, (length - 1, length), "\r\n");
        }
    }

    /// The last row ends with the input, which RFC 4180 allows. A quote that is open says that it
    /// broke off (QUIRK-7).
    fn truncated(&mut self, at: usize) -> Result<(), Trouble> {
        if self.row.open_quote().is_none() {
            return Ok(());
        }
        if self.state == State::Rows {
            self.number += 1;
            self.in_record = true;
        }
        let message = "expected a whole row, found the end of the input inside quotes".to_owned();
        Err(Trouble { kind: ErrorKind::Truncated, at, message })
    }

    /// The text of a cell, for names.
    pub(super) fn name(&self, view: &[u8], cell: Cell) -> String {
        let text = Encoding::Utf8.text(&view[cell.start as usize..cell.end as usize]);
        if cell.doubled { text.replace("\"\"", "\"") } else { text.into_owned() }
    }

    pub(super) fn names(&self, view: &[u8]) -> Vec<String> {
        self.row.cells.iter().map(|cell| self.name(view, *cell)).collect()
    }

    /// Whether there are too many cells, as soon as there are.
    fn check_cells(&mut self) -> Result<(), Trouble> {
        let limit = self.options.limits.fields;
        if self.row.cells.len() <= limit {
            return Ok(());
        }
        let message = if self.state == State::Rows {
            (self.number, self.in_record) = (self.number + 1, true);
            format!("the record has more than {limit} values")
        } else {
            format!("the header has more than {limit} columns")
        };
        // However many were read: the same are whole.
        self.row.cells.truncate(limit);
        Err(Trouble { kind: ErrorKind::TooManyFields, at: self.item, message })
    }

    pub(super) fn report_bare(&mut self) {
        if self.silent {
            return;
        }
        let last = self.row.cells.last().map_or(0, |cell| cell.end);
        for (kind, at) in std::mem::take(&mut self.row.bare) {
            let text = match kind {
                DeviationKind::BareQuote => "\"",
                _ if at < last => "\r",
                _ => "",
            };
            self.report(kind, (at, at + 1), text);
        }
    }

    /// Whether there is nothing in a row, or nothing but white space where that is no value.
    pub(super) fn is_blank(&self, view: &[u8]) -> bool {
        match self.row.cells[..] {
            [cell] if self.state == State::Rows && self.header.columns.len() < 2 => {
                cell.start == 0 && cell.end == 0
            }
            [cell] if cell.start == cell.end => cell.start == 0,
            [cell] if view[cell.start as usize].is_ascii_graphic() => false,
            [cell] => cell.start == 0 && check::trim(&self.name(view, cell)).is_empty(),
            _ => false,
        }
    }

    fn record_row(&mut self, view: &[u8], end: End) -> Result<Step, Trouble> {
        if self.is_blank(view) {
            let blank = !matches!(end, End::Input(_)) || self.row.cells[0].end > 0;
            if blank {
                self.report(DeviationKind::BlankRow, (0, (self.pos - self.item) as u32), "");
            }
            return Ok(Step::Other);
        }
        if let Some(delimiter) = self.delimiter_of_page(view, self.pos - self.item) {
            // QUIRK-16, QUIRK-17: the row is read again.
            let last = self.row.cells.last().map_or(0, |cell| cell.end);
            self.row.delimiter = delimiter;
            self.report(DeviationKind::Delimiter, (0, last), char::from(delimiter).to_string());
            self.pos = self.item;
            return Ok(Step::Other);
        }
        if let Some(step) = self.repeated_header(view, self.pos - self.item)? {
            return Ok(step);
        }
        self.number += 1;
        self.in_record = true;
        let limits = self.options.limits;
        let cells = self.row.cells.len();
        let error = |kind, message| Err(Trouble { kind, at: self.item, message });
        let columns = self.header.columns.len();
        let is_extra = |column: &&Column| matches!(column, Column::Extra(_));
        if cells > columns
            && self.header.columns.iter().filter(is_extra).count() + cells - columns > limits.extra
        {
            let message = format!("the record has more than {} extra values", limits.extra);
            return error(ErrorKind::TooManyExtra, message);
        }
        self.report_bare();
        let last = self.row.cells.last().map_or(0, |cell| cell.end);
        if cells < columns && !self.silent {
            // QUIRK-9: never shifted; what is missing is missing at the end.
            let missing = self.header.columns[cells..].iter().map(column_name);
            let missing: Vec<String> = missing.collect();
            let read_as = format!("absent: {}", missing.join(", "));
            self.report(DeviationKind::ShortRow, (0, last), read_as);
        } else if cells > columns {
            let first = self.row.cells[columns].start;
            let read_as = format!("{} extra values", cells - columns);
            self.report(DeviationKind::LongRow, (first, last), read_as);
        }
        if end == End::Input(view.len()) && cells < columns {
            // The row may be whole, or what stands last may be cut.
            self.report(DeviationKind::UnendedRow, (last, last), "\r\n");
        }
        Ok(Step::Record)
    }
}
