//! A record: an object of values.

use vcc_types::Field;

use super::draft::{Extra, Part};
use super::machine::{Input, Machine};
use super::text;
use crate::encoding::Encoding;
use crate::machine::{Raw, Step, Trouble};
use crate::parts::{Parts, Piece, Span};
use crate::scan::may_be_forbidden;
use crate::{DeviationKind, ErrorKind, Record, check, steps};

impl Machine {
    /// Reads on in the record. `None`: the view ends inside it.
    pub(super) fn object(&mut self, input: Input<'_>) -> Result<Option<Step>, Trouble> {
        let Input { view, .. } = input;
        while let Some(part) = self.part {
            if !matches!(part, Part::Name | Part::Text | Part::Literal | Part::Nested(..)) {
                self.white_space(view);
            }
            let Some(&byte) = view.get(self.pos) else {
                // A number may go on, but not behind the end.
                return Ok(None);
            };
            match part {
                Part::NameOrEnd | Part::CommaOrEnd if byte == b'}' => {
                    if let Some(comma) = self.draft.comma.take() {
                        let comma = self.item + comma;
                        self.report(DeviationKind::StrayText, comma..comma + 1, "");
                    }
                    return self.check_limits().map(|()| Some(self.end_record(self.pos + 1)));
                }
                Part::NameOrEnd if byte == b'"' => {
                    self.draft.comma = None;
                    self.begin_text(Part::Name);
                }
                Part::CommaOrEnd if byte == b',' => {
                    self.draft.comma = Some(self.pos - self.item);
                    self.pos += 1;
                    self.part = Some(Part::NameOrEnd);
                }
                Part::Name => {
                    let Some(end) = self.text_end(input)? else { return Ok(None) };
                    self.draft.name = self.span(self.item + self.draft.start..end);
                    self.draft.name_escaped = self.draft.value_escaped;
                    self.pos = end + 1;
                    self.part = Some(Part::Colon);
                }
                Part::Colon if byte == b':' => {
                    self.pos += 1;
                    self.part = Some(Part::Value);
                }
                Part::Value => match byte {
                    b'"' => self.begin_text(Part::Text),
                    b'{' | b'[' => {
                        self.begin(Part::Nested(0, false));
                    }
                    b'-' | b'0'..=b'9' | b'a'..=b'z' => self.begin(Part::Literal),
                    _ => return self.refuse(input, part.expected()),
                },
                Part::Text => {
                    let Some(end) = self.text_end(input)? else { return Ok(None) };
                    self.value(view, end, self.draft.value_escaped)?;
                    self.pos = end + 1;
                }
                Part::Literal => {
                    let from = self.seen.max(self.pos);
                    let is_part = |byte: &&u8| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
                    };
                    let end = from + view[from..].iter().take_while(is_part).count();
                    steps::count(end - from);
                    self.seen = end;
                    if end == view.len() {
                        return Ok(None);
                    }
                    let literal = &view[self.pos..end];
                    if !text::is_literal(literal) {
                        return self.refuse(input, "a value in quotes, a number, true or false");
                    }
                    if literal != b"null" {
                        self.note(DeviationKind::JsonLiteral, view, end);
                        self.value(view, end, false)?;
                    }
                    self.pos = end;
                    self.part = Some(Part::CommaOrEnd);
                }
                Part::Nested(depth, quoted) => {
                    let Some(end) = self.nested_end(view, depth, quoted)? else {
                        return Ok(None);
                    };
                    self.note(DeviationKind::NestedElement, view, end);
                    self.value(view, end, false)?;
                    self.pos = end;
                }
                Part::NameOrEnd | Part::Colon | Part::CommaOrEnd => {
                    return self.refuse(input, part.expected());
                }
            }
        }
        Ok(None)
    }

    fn white_space(&mut self, view: &[u8]) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = view.get(self.pos) {
            steps::count(1);
            // An array may be written over many lines.
            if *byte == b'\n' && !self.in_array && !std::mem::replace(&mut self.draft.lines, true) {
                self.report(DeviationKind::JsonLines, self.pos..self.pos + 1, " ");
            }
            self.pos += 1;
        }
    }

    fn begin(&mut self, part: Part) {
        self.draft.start = self.pos - self.item;
        self.draft.value_escaped = false;
        self.seen = self.pos;
        self.part = Some(part);
    }

    fn begin_text(&mut self, part: Part) {
        self.pos += 1;
        self.begin(part);
    }

    /// Where the text ends that begins at the position. `None`: the view ends before.
    fn text_end(&mut self, input: Input<'_>) -> Result<Option<usize>, Trouble> {
        let Input { view, .. } = input;
        let mut at = self.seen.max(self.pos);
        loop {
            let Some(distance) = memchr::memchr3(b'"', b'\\', b'\n', &view[at..]) else {
                steps::count(view.len() - at);
                self.seen = view.len();
                return Ok(None);
            };
            steps::count(distance + 1);
            at += distance;
            match view[at] {
                b'"' => return Ok(Some(at)),
                b'\\' if at + 1 < view.len() => {
                    self.draft.value_escaped = true;
                    at += 2;
                }
                b'\\' => {
                    self.seen = at;
                    return Ok(None);
                }
                _ => {
                    let name = self.part == Some(Part::Name);
                    let what = if name { "a name" } else { "a value" };
                    let message =
                        format!("expected the quote that ends {what}, found the end of the line");
                    return Err(Trouble { kind: ErrorKind::Syntax, at, message });
                }
            }
        }
    }

    /// Where the array or object ends that begins at the position.
    fn nested_end(
        &mut self,
        view: &[u8],
        mut depth: usize,
        mut quoted: bool,
    ) -> Result<Option<usize>, Trouble> {
        let mut at = self.seen.max(self.pos);
        let before = at;
        while let Some(byte) = view.get(at) {
            match byte {
                b'\\' if quoted && at + 1 == view.len() => break,
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth > self.options.limits.depth {
                let message = format!("more than {} brackets are open", self.options.limits.depth);
                return Err(Trouble { kind: ErrorKind::TooDeep, at, message });
            }
            if depth == 0 {
                steps::count(at - before);
                return Ok(Some(at));
            }
        }
        steps::count(at - before);
        (self.seen, self.part) = (at, Some(Part::Nested(depth, quoted)));
        Ok(None)
    }

    /// Reports what the value at the position is, up to `end`.
    fn note(&mut self, kind: DeviationKind, view: &[u8], end: usize) {
        if !self.silent {
            let text = Encoding::Utf8.text(&view[self.pos..end]).into_owned();
            let field = self.field_of(view);
            let span = self.span(self.pos..end);
            self.pending.push(Raw { kind, span, field, read_as: text.into() });
        }
    }

    fn field_of(&self, view: &[u8]) -> Option<Field> {
        let (from, to) = (self.draft.name.0 as usize, self.draft.name.1 as usize);
        let name = &view[self.item + from..self.item + to];
        if !self.draft.name_escaped {
            return Field::from_wire_bytes(name);
        }
        let mut text = String::new();
        text::decode(name, Encoding::Utf8, true, &mut text, |_, _, _| {});
        Field::from_wire_name(&text)
    }

    /// The value that began goes to `end`.
    fn value(&mut self, view: &[u8], end: usize, escaped: bool) -> Result<(), Trouble> {
        self.part = Some(Part::CommaOrEnd);
        let field = self.field_of(view);
        let value = self.span(self.item + self.draft.start..end);
        self.draft.fields += 1;
        let name = self.draft.name;
        match field {
            Some(field) if self.draft.present & (1 << field.index()) == 0 => {
                self.draft.values[field.index()] = value;
                self.draft.present |= 1 << field.index();
                self.draft.escaped |= u16::from(escaped) << field.index();
            }
            _ => {
                let limit = self.options.limits.extra;
                let range = self.item + name.0 as usize..self.item + name.1 as usize;
                if self.draft.extra.len() >= limit {
                    let message = format!("the record has more than {limit} extra values");
                    return Err(Trouble {
                        kind: ErrorKind::TooManyExtra,
                        at: range.start,
                        message,
                    });
                }
                // QUIRK-6: kept beside the fifteen.
                if !self.silent && (field.is_some() || !self.options.expect_extra) {
                    let kind = match field {
                        Some(_) => DeviationKind::RepeatedField,
                        None => DeviationKind::UnknownField,
                    };
                    let text = Encoding::Utf8.text(&view[range.clone()]);
                    self.report(kind, range, format!("extra value {text}"));
                }
                let name_escaped = self.draft.name_escaped;
                self.draft.extra.push(Extra { name, name_escaped, value, escaped });
            }
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), Trouble> {
        let limit = self.options.limits.fields;
        if self.draft.fields <= limit {
            return Ok(());
        }
        let message = format!("the record has more than {limit} values");
        Err(Trouble { kind: ErrorKind::TooManyFields, at: self.item, message })
    }

    /// Makes a record of what was read: `raw` is the item, and `valid` the same if it is UTF-8.
    pub(super) fn finish<'b>(&mut self, raw: &'b [u8], valid: Option<&'b str>) -> Record<'b> {
        let mut record =
            Parts::new(valid.unwrap_or_default(), self.draft.values, self.draft.present);
        let special = valid.is_none() || may_be_forbidden(raw);
        for field in Field::ALL {
            let bit = 1 << field.index();
            if record.present & bit != 0 {
                let (span, escaped) =
                    (self.draft.values[field.index()], self.draft.escaped & bit != 0);
                let piece = self.piece(raw, span, escaped, special, Some(field), &mut record);
                record.spans[field.index()] = piece.span;
                record.decoded |= if piece.decoded { bit } else { 0 };
            }
        }
        for index in 0..self.draft.extra.len() {
            let extra = self.draft.extra[index];
            let name = self.piece(raw, extra.name, extra.name_escaped, special, None, &mut record);
            let value = self.piece(raw, extra.value, extra.escaped, special, None, &mut record);
            record.extra.push((name, value));
        }
        for field in [Field::StartDate, Field::Duration] {
            let text = record.get(field).unwrap_or_default();
            // QUIRK-14
            if let Some(finding) = check::value(field, text, &self.options) {
                let read_as = check::read_as(&finding, text);
                let span = self.draft.values[field.index()];
                self.pending.push(Raw { kind: finding.kind, span, field: Some(field), read_as });
                if let Some(text) = finding.replacement {
                    record.replace(field, &text);
                }
            }
        }
        record.into_record()
    }

    fn piece(
        &mut self,
        raw: &[u8],
        span: Span,
        escaped: bool,
        special: bool,
        field: Option<Field>,
        record: &mut Parts<'_>,
    ) -> Piece {
        let bytes = &raw[span.0 as usize..span.1 as usize];
        let nowhere = record.text.is_empty();
        let decode = escaped || nowhere || (special && may_be_forbidden(bytes));
        if !decode {
            return Piece { span, decoded: false };
        }
        let start = record.scratch.len();
        let (encoding, invalid) = Encoding::Utf8.of_value(bytes);
        let pending = &mut self.pending;
        let silent = self.silent;
        text::decode(bytes, encoding, silent, &mut record.scratch, |kind, part, read_as| {
            let part = (span.0 + part.start as u32, span.0 + part.end as u32);
            pending.push(Raw { kind, span: part, field, read_as: read_as.into() });
        });
        if invalid && !silent {
            // QUIRK-8
            let read_as = record.scratch[start..].to_owned().into();
            pending.push(Raw { kind: DeviationKind::InvalidEncoding, span, field, read_as });
        }
        Piece { span: (start as u32, record.scratch.len() as u32), decoded: true }
    }
}
