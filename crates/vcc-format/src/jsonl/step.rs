//! A step of the reader of JSON lines, and what stands between records.

use std::ops::Range;

use vcc_types::Recording;

use super::draft::{Draft, Part};
use super::machine::{Input, Machine};
use crate::machine::{Pending, Step, Trouble};
use crate::xml::{Blank, blank, other_unicode};
use crate::{DeviationKind, ErrorKind, Options, Record, steps};

impl crate::machine::Machine for Machine {
    fn new(options: Options) -> Self {
        Self {
            pending: Pending::new(&options),
            options,
            item: 0,
            pos: 0,
            seen: 0,
            part: None,
            draft: Draft::default(),
            started: false,
            in_array: false,
            in_line: false,
            cr_lf: false,
            in_record: false,
            number: 0,
            silent: false,
        }
    }

    fn step(&mut self, buf: &[u8], ended: bool) -> Result<Step, Trouble> {
        if !self.started {
            return self.start(buf, ended);
        }
        if self.part.is_none() {
            self.in_record = false;
            self.item = self.pos;
        }
        let limit = self.options.limits.record_bytes as usize;
        let input = match buf.get(..self.item.saturating_add(limit)) {
            Some(view) if view.len() < buf.len() => Input { view, cut: true, ended: false },
            _ => Input { view: buf, cut: false, ended },
        };
        let found = match self.part {
            None => self.between(input)?,
            Some(_) => self.object(input)?,
        };
        match found {
            Some(step) => Ok(step),
            None => self.more(input),
        }
    }

    fn taken(&self) -> Range<usize> {
        self.item..self.pos
    }

    fn is_plain(&self, raw: &[u8], text: &str) -> bool {
        self.draft.is_plain(raw, text, &self.options)
    }

    fn plain<'b>(&mut self, text: &'b str) -> Record<'b> {
        self.draft.plain(text)
    }

    fn take<'b>(&mut self, raw: &'b [u8], text: Option<&'b str>) -> Record<'b> {
        self.finish(raw, text)
    }

    fn partial(&mut self, buf: &[u8]) -> Option<Recording> {
        let raw = &buf[self.item..self.pos];
        self.in_record.then(|| self.finish(raw, core::str::from_utf8(raw).ok()).to_recording())
    }

    fn pending(&mut self) -> &mut Pending {
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
        let in_value = self.part.is_some_and(Part::is_value);
        let name = in_value.then(|| self.draft.open_name(&buf[self.item..])).flatten();
        name.into_iter().collect()
    }

    fn listening(&mut self, listening: bool) {
        self.silent = !listening;
    }

    fn is_whole(&self, _: Option<u8>) -> bool {
        self.part.is_none() && !self.in_array
    }
}

impl Machine {
    #[cold]
    fn start(&mut self, buf: &[u8], ended: bool) -> Result<Step, Trouble> {
        if buf.len() < 4 && !ended {
            return Ok(Step::More);
        }
        let zero = matches!(buf, [0, _, 0, _, ..] | [_, 0, _, 0, ..]).then_some("UTF-16");
        if let Some(name) = other_unicode(buf).or(zero) {
            let message = format!("the document is in {name}, not in UTF-8");
            return Err(Trouble { kind: ErrorKind::Encoding, at: 0, message });
        }
        self.started = true;
        Ok(Step::Other)
    }

    #[cold]
    fn more(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        if input.cut {
            let limit = self.options.limits.record_bytes;
            let what = if self.part.is_some() { "a record" } else { "what stands between records" };
            let message = format!("{what} is longer than the limit of {limit} bytes");
            return Err(Trouble { kind: ErrorKind::RecordTooLong, at: self.item, message });
        }
        if !input.ended {
            return Ok(Step::More);
        }
        let expected = match self.part {
            None if self.in_array => "a record or ] at the end of the array",
            None => return Ok(Step::End),
            Some(part) => part.expected(),
        };
        let message = format!("expected {expected}, found the end of the input");
        Err(Trouble { kind: ErrorKind::Truncated, at: input.view.len(), message })
    }

    /// One thing between records. `None`: more is needed.
    fn between(&mut self, input: Input<'_>) -> Result<Option<Step>, Trouble> {
        let Input { view, .. } = input;
        let all = input.ended || input.cut;
        let at = self.pos;
        steps::count(1);
        let Some(&byte) = view.get(at) else { return Ok(None) };
        let mut kind = None;
        let mut end = at + 1;
        match byte {
            b' ' | b'\t' => {}
            b'\r' if view.len() == end && !all => return Ok(None),
            b'\r' => {
                if view.get(end) == Some(&b'\n') && !std::mem::replace(&mut self.cr_lf, true) {
                    kind = Some(DeviationKind::JsonCrLf);
                }
            }
            b'\n' => {
                let blank = !std::mem::replace(&mut self.in_line, false);
                kind = (blank && !self.in_array).then_some(DeviationKind::JsonBlankLine);
            }
            b'[' if !self.in_array => {
                (self.in_array, self.in_line) = (true, true);
                kind = Some(DeviationKind::JsonArray);
            }
            b']' if self.in_array => (self.in_array, self.in_line) = (false, true),
            b',' => {
                self.in_line = true;
                kind = (!self.in_array).then_some(DeviationKind::StrayText);
            }
            b'{' => {
                self.in_line = true;
                self.draft.clear();
                self.number += 1;
                self.in_record = true;
                self.part = Some(Part::NameOrEnd);
                (self.pos, self.seen) = (end, end);
                return self.object(input);
            }
            _ => match blank(view, at, all) {
                Blank::More => return Ok(None),
                Blank::ByteOrderMark => {
                    end = at + 3;
                    kind = Some(DeviationKind::StrayByteOrderMark);
                }
                Blank::Is(length) => {
                    end = at + length;
                    kind = Some(DeviationKind::StrayText);
                }
                Blank::None => return self.refuse(input, "a record in braces"),
            },
        }
        if let Some(kind) = kind {
            let read_as = if kind == DeviationKind::JsonCrLf { "\n" } else { "" };
            self.report(kind, at..end, read_as);
        }
        self.pos = end;
        Ok(Some(Step::Other))
    }
}
