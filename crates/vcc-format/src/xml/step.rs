//! A step of the XML reader: which part reads on, by what is open.

use std::borrow::Cow;
use std::ops::Range;

use vcc_types::Recording;

use super::ahead::Ahead;
use super::doctype::Doctype;
use super::draft::Draft;
use super::lookup::Lookup;
use super::machine::{Input, Machine, State};
use super::name::is_space;
use super::nested::Nested;
use super::notes::Notes;
use super::outer::Outer;
use super::unclosed::Unclosed;
use super::value::Room;
use crate::encoding::Encoding;
use crate::machine::{Pending, Step, Trouble};
use crate::{Options, Record, steps};

impl crate::machine::Machine for Machine {
    fn new(options: Options) -> Self {
        Self {
            notes: Notes::new(&options),
            options,
            state: State::Start,
            item: 0,
            pos: 0,
            seen: 0,
            number: 0,
            in_record: false,
            encoding: Encoding::Utf8,
            bom: false,
            transcoded: false,
            lookup: Lookup::default(),
            doctype: Doctype::default(),
            outer: Outer::default(),
            draft: Draft::default(),
            nested: Nested::default(),
            ahead: Ahead::default(),
            unclosed: Unclosed::default(),
            room: Room::default(),
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
        self.draft.is_plain() && self.finds_nothing(raw, text)
    }

    #[inline(always)]
    fn plain<'b>(&mut self, text: &'b str) -> Record<'b> {
        Record::plain(text, self.draft.values(), self.draft.present())
    }

    fn take<'b>(&mut self, raw: &'b [u8], text: Option<&'b str>) -> Record<'b> {
        self.finish(raw, text)
    }

    fn partial(&mut self, buf: &[u8]) -> Option<Recording> {
        let raw = &buf[self.item..self.pos];
        self.in_record.then(|| self.finish(raw, core::str::from_utf8(raw).ok()).to_recording())
    }

    fn pending(&mut self) -> &mut Pending {
        self.notes.all()
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
        self.lookup.discarded(bytes);
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
                    .opened()
                    .map(|field| self.encoding.text(self.bytes(buf, field.name)).into_owned()),
            );
        }
        open
    }

    fn listening(&mut self, listening: bool) {
        self.notes.listening(listening);
    }

    fn transcoded(&mut self) {
        self.transcoded = true;
    }

    fn is_whole(&self, _: Option<u8>) -> bool {
        self.state == State::Epilog
    }
}
