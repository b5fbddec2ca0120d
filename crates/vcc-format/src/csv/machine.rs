//! The CSV reader: the header, the rows, and what is skipped between them.

use std::ops::Range;

use vcc_types::Recording;

use super::cell::End;
use super::delimiter;
use super::fast::{self, Cells};
use super::header::Column;
use super::heading::{First, Heading};
use super::report::Report;
use super::row::Row;
use super::seam::{self, BOM, Before, Padding, is_padding};
use super::{finish, repair};
use crate::machine::{Pending, Step, Trouble};
use crate::record::ALL;
use crate::xml::other_unicode;
use crate::{DeviationKind, ErrorKind, Options, Record, check};

#[derive(Debug)]
pub(crate) struct Machine {
    options: Options,
    state: State,
    heading: Heading,
    /// Where the row begins.
    item: usize,
    /// Everything before this was read.
    pos: usize,
    row: Row,
    /// Whether the fast path read the row. Then its values are in `cells`, otherwise in `row`.
    usual: bool,
    cells: Cells,
    /// Whether a usual row may hold U+FFFE or U+FFFF.
    high: bool,
    padding: Padding,
    number: u64,
    in_record: bool,
    report: Report,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Header,
    Rows,
}

impl crate::machine::Machine for Machine {
    fn new(options: Options) -> Self {
        Self {
            heading: Heading::new(&options),
            row: Row::new(options.limits.deviations),
            report: Report::new(&options),
            options,
            state: State::Start,
            item: 0,
            pos: 0,
            usual: false,
            cells: Cells::default(),
            high: false,
            padding: Padding::default(),
            number: 0,
            in_record: false,
        }
    }

    #[inline]
    fn step(&mut self, buf: &[u8], ended: bool) -> Result<Step, Trouble> {
        if self.state == State::Start {
            return self.start(buf, ended);
        }
        // An unfinished row has not moved `pos`.
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
            && self.heading.header().is_documented()
            && self.row.is_fresh()
            && let Some(usual) = fast::row(view, self.row.delimiter(), &mut self.cells)
            // QUIRK-17: what ends with the header of another page is longer.
            && self.cells.last_length() < self.heading.header().forms().shortest()
        {
            if !usual.crlf {
                self.report.line_feed(usual.length);
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
        if self.row.is_fresh()
            && let Some(step) = self.before_row(view, ended, cut)
        {
            return Ok(step);
        }
        let end = self.read(view, ended, cut)?;
        let Some(length) = end.length() else {
            if !cut {
                return Ok(Step::More);
            }
            let message = format!("a row is longer than the limit of {limit} bytes");
            let at = self.item + self.row.open_quote().unwrap_or(0);
            self.in_record = self.state == State::Rows;
            return Err(Trouble { kind: ErrorKind::RecordTooLong, at, message });
        };
        if matches!(end, End::Input(_)) {
            self.truncated(self.item + length)?;
        }
        self.pos = self.item + length;
        let step = match delimiter::of_separator_line(&view[..length]) {
            Some((delimiter, length)) => {
                self.row.set_delimiter(delimiter);
                let read_as = char::from(delimiter).to_string();
                self.report.say(DeviationKind::SeparatorLine, (0, length as u32), read_as);
                Step::Other
            }
            None if self.state == State::Rows => self.record_row(view, end)?,
            None => self.header_row(view, length)?,
        };
        // A first row that is no header is read again, and reported on then.
        if matches!(end, End::Lf(_)) && self.pos > self.item {
            self.report.line_feed(length);
        }
        let next = view.get(length).filter(|next| !is_padding(**next));
        if matches!(end, End::Input(_)) && next.is_some() && self.pos > self.item {
            let end = length as u32;
            self.report.say(DeviationKind::MissingLineEnd, (end, end), "\r\n");
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
        self.usual && finish::finds_nothing(&self.cells, self.high, raw, text, &self.options)
    }

    #[inline(always)]
    fn plain<'b>(&mut self, text: &'b str) -> Record<'b> {
        Record::short(text, self.cells.short(), ALL, self.cells.doubled)
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

    fn pending(&mut self) -> &mut Pending {
        self.report.pending()
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
        self.report.silence(!listening);
        self.row.list(listening);
    }

    fn lacks_start(&self) -> Option<&str> {
        self.heading.lacks_start()
    }

    fn is_whole(&self, last: Option<u8>) -> bool {
        last.is_some_and(|byte| matches!(byte, b'\n' | b'\r') || is_padding(byte))
    }

    fn open(&self, _: &[u8]) -> Vec<String> {
        let columns = self.heading.header().columns();
        let open = self.row.open_quote().and(columns.get(self.row.cells().len()));
        open.map(Column::name).into_iter().collect()
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
            self.report.say(DeviationKind::ByteOrderMark, (0, BOM.len() as u32), "");
            self.pos = BOM.len();
        }
        Ok(Step::Other)
    }

    /// The input ended after a row.
    fn end(&mut self) -> Result<Step, Trouble> {
        if self.state == State::Header {
            // QUIRK-9: a list without a header and without a record. Not reported twice.
            self.state = State::Rows;
            self.heading.is_missing();
            self.report.say(DeviationKind::NoHeader, (0, 0), "no records");
            return Ok(Step::Other);
        }
        Ok(Step::End)
    }

    /// Skips what is no part of a row although a row could begin here.
    fn before_row(&mut self, view: &[u8], ended: bool, cut: bool) -> Option<Step> {
        if self.report.is_silent() {
            let blank = seam::blank_rows(view);
            self.pos = self.item + blank;
            if blank > 0 {
                return Some(Step::Other);
            }
        }
        match seam::before_row(view, ended || cut, &mut self.padding, &mut self.report)? {
            Before::More => Some(Step::More),
            Before::Bytes(bytes) => {
                self.pos = self.item + bytes;
                Some(Step::Other)
            }
        }
    }

    /// Reads on in the row that begins `view`, of which no more is read if it is `cut`.
    fn read(&mut self, view: &[u8], ended: bool, cut: bool) -> Result<End, Trouble> {
        let mut end = self.row.read(view, ended);
        self.check_cells()?;
        let header = self.heading.header();
        let mut seam = match self.state {
            State::Rows => seam::behind_row(&self.row, header, view, end),
            _ => seam::behind_header(&self.row, self.heading.also(), view, end),
        };
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
        if self.state == State::Rows && repair::is_needed(&self.row, end, cut) {
            // QUIRK-9
            let columns = header.columns().len();
            end = repair::repair(&mut self.row, columns, view, seam, end).unwrap_or(end);
        }
        Ok(end)
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

    /// Whether there are too many cells, as soon as there are.
    fn check_cells(&mut self) -> Result<(), Trouble> {
        let limit = self.options.limits.fields;
        if self.row.cells().len() <= limit {
            return Ok(());
        }
        let message = if self.state == State::Rows {
            (self.number, self.in_record) = (self.number + 1, true);
            format!("the record has more than {limit} values")
        } else {
            format!("the header has more than {limit} columns")
        };
        // The number of complete values must not depend on how many were read.
        self.row.truncate(limit);
        Err(Trouble { kind: ErrorKind::TooManyFields, at: self.item, message })
    }

    /// Whether there is nothing in a row, or nothing but white space where that is no value.
    fn is_blank(&self, view: &[u8]) -> bool {
        match self.row.cells() {
            [cell] if self.state == State::Rows && self.heading.header().columns().len() < 2 => {
                cell.start == 0 && cell.end == 0
            }
            [cell] if cell.start == cell.end => cell.start == 0,
            [cell] if view[cell.start as usize].is_ascii_graphic() => false,
            [cell] => cell.start == 0 && check::trim(&cell.name(view)).is_empty(),
            _ => false,
        }
    }

    /// A row that may be a header.
    fn header_row(&mut self, view: &[u8], length: usize) -> Result<Step, Trouble> {
        if self.is_blank(view) {
            self.report.say(DeviationKind::BlankRow, (0, length as u32), "");
            return Ok(Step::Other);
        }
        let first = self.heading.first(&mut self.row, view, length, &mut self.report);
        let first = first.map_err(|trouble| self.in_buffer(trouble))?;
        if first != First::Header {
            // The row is read again.
            self.pos = self.item;
        }
        if first != First::Divided {
            self.state = State::Rows;
        }
        Ok(Step::Other)
    }

    fn record_row(&mut self, view: &[u8], end: End) -> Result<Step, Trouble> {
        let length = self.pos - self.item;
        if self.is_blank(view) {
            if !matches!(end, End::Input(_)) || self.row.last() > 0 {
                self.report.say(DeviationKind::BlankRow, (0, length as u32), "");
            }
            return Ok(Step::Other);
        }
        let (cells, last) = (self.row.cells().len(), self.row.last());
        let header = self.heading.header();
        if cells < header.columns().len()
            && let Some(delimiter) = delimiter::of_page(
                &view[..length],
                self.row.delimiter(),
                header,
                self.options.limits.fields,
            )
        {
            // QUIRK-16, QUIRK-17: the row is read again.
            self.row.set_delimiter(delimiter);
            let read_as = char::from(delimiter).to_string();
            self.report.say(DeviationKind::Delimiter, (0, last), read_as);
            self.pos = self.item;
            return Ok(Step::Other);
        }
        let again = self.heading.again(&self.row, view, length, &mut self.report);
        if again.map_err(|trouble| self.in_buffer(trouble))? {
            return Ok(Step::Other);
        }
        self.number += 1;
        self.in_record = true;
        let (limit, columns) = (self.options.limits.extra, self.heading.header().columns());
        let is_extra = |column: &&Column| matches!(column, Column::Extra(_));
        if cells > columns.len()
            && columns.iter().filter(is_extra).count() + cells - columns.len() > limit
        {
            let message = format!("the record has more than {limit} extra values");
            return Err(Trouble { kind: ErrorKind::TooManyExtra, at: self.item, message });
        }
        self.report.bare(&mut self.row);
        if cells < columns.len() && !self.report.is_silent() {
            // QUIRK-9: values are never shifted; the missing ones are those at the end.
            let missing: Vec<String> = columns[cells..].iter().map(Column::name).collect();
            let read_as = format!("absent: {}", missing.join(", "));
            self.report.say(DeviationKind::ShortRow, (0, last), read_as);
        } else if cells > columns.len() {
            let first = self.row.cells()[columns.len()].start;
            let read_as = format!("{} extra values", cells - columns.len());
            self.report.say(DeviationKind::LongRow, (first, last), read_as);
        }
        if end == End::Input(view.len()) && cells < columns.len() {
            // The row may be complete, or its last value may be cut.
            self.report.say(DeviationKind::UnendedRow, (last, last), "\r\n");
        }
        Ok(Step::Record)
    }

    /// Makes a record of the row: `raw` begins with it.
    fn finish<'b>(&mut self, raw: &'b [u8], text: Option<&'b str>) -> Record<'b> {
        let (options, report) = (&self.options, &mut self.report);
        match self.usual {
            true => finish::usual(&self.cells, self.high, raw, text, options, report),
            false => finish::row(&self.row, self.heading.header(), raw, text, options, report),
        }
    }

    /// A trouble that counts from the start of the row.
    fn in_buffer(&self, trouble: Trouble) -> Trouble {
        Trouble { at: self.item + trouble.at, ..trouble }
    }
}
