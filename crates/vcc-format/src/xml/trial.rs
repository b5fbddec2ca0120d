//! An end tag in a value that closes nothing is taken for text until what follows decides
//! (QUIRK-18), so that the tags behind it are looked at once. Only where nobody is told.

use super::ahead::{AHEAD, is_known};
use super::glance::{Glance, glance};
use super::machine::Machine;
use super::name::is_space;
use super::tag::Kind;
use crate::scan::find;

/// The open element, as far as what stands in it is concerned.
#[derive(Clone, Copy)]
pub(super) struct Around<'v> {
    pub(super) own: &'v [u8],
    pub(super) in_field: bool,
    /// How many elements may be open in it.
    pub(super) room: usize,
}

impl Machine {
    /// The end tag at `start`, of so many bytes, and what follows it up to where that is known to be
    /// text: as [`closes`](super::ahead::Ahead::closes) has it. `None`: it is none, or only a closer
    /// look tells, and nothing was read.
    pub(super) fn try_as_text(
        &mut self,
        view: &[u8],
        start: usize,
        length: usize,
        around: Around<'_>,
    ) -> Option<usize> {
        let until = start + length + AHEAD;
        if view.len() < until {
            return None;
        }
        self.nested.try_on();
        let end = self.text_until(view, start + length, until, around);
        match end {
            Some(end) => {
                self.nested.keep();
                self.ahead.is_text_until(end - self.item);
            }
            None => self.nested.take_back(),
        }
        end
    }

    fn text_until(
        &mut self,
        view: &[u8],
        from: usize,
        until: usize,
        around: Around<'_>,
    ) -> Option<usize> {
        let mut rest = view.get(from..)?;
        // Whether there was any tag but end tags, after which text decides nothing.
        let mut opened = false;
        loop {
            if rest.first() != Some(&b'<') {
                let next = || rest.iter().find(|byte| !is_space(**byte));
                if !opened && next().is_some_and(|byte| *byte != b'<') {
                    return Some(view.len() - rest.len());
                }
                rest = &rest[find(rest, 0, b'<')..];
            }
            let at = view.len() - rest.len();
            if matches!(rest.get(1)?, b'!' | b'?') {
                return None;
            }
            let tag = match glance(rest) {
                Glance::Unsure => return None,
                Glance::Text if !opened => return Some(at),
                Glance::Text => {
                    rest = &rest[1..];
                    continue;
                }
                Glance::Tag(tag) => tag,
            };
            let name = &rest[tag.name()];
            if at + tag.len() > until {
                return Some(at);
            }
            match tag.kind {
                Kind::End if name == around.own || name.is_empty() => return Some(at),
                Kind::End if matches!(name, b"file" | b"recordings") => return None,
                // It closes one in the value, or is text as well.
                Kind::End => {
                    self.nested.close(&view[self.item..], name);
                }
                _ if !around.in_field || is_known(name) => return None,
                // The slow road reads on in it.
                _ if tag.percent_gt() && rest[1..tag.len()].contains(&b'<') => return None,
                _ if tag.percent_gt() => opened = true,
                kind => {
                    opened = true;
                    if kind == Kind::Start && self.nested.len() < around.room {
                        let from = at - self.item + tag.name().start;
                        self.nested.push((from as u32, (from + name.len()) as u32), name);
                    }
                }
            }
            rest = &rest[tag.len()..];
        }
    }
}

#[cfg(test)]
mod tests {
    use vcc_types::Recording;

    use super::super::{Reader, StreamReader};
    use super::AHEAD;
    use crate::{Error, Options};

    /// What a value may be full of,
    const MANY: [&str; 12] = [
        "</b>",
        "</b >",
        " ",
        "<b>",
        "<i></b> ",
        "<b></i><a %x>",
        "<b%gt;</i>",
        "<b/></caseID>",
        "<site></section>",
        "</b><a b='<c>'>",
        "<b><i>x</b></i>",
        "</b\n>",
    ];
    /// and what may come then.
    const FEW: [&str; 22] = [
        "",
        "x",
        "</b>",
        "</i>",
        "<i>",
        "</",
        "</>",
        "<",
        "<<",
        "<!b>",
        "<!-- -->",
        "<?p ?>",
        "<caseID>2</caseID>",
        "</caseID>",
        "</agentID>",
        "</site>",
        "<file>",
        "</file>",
        "<recordings>",
        "</recordings>",
        "<a b='</agentID>'>",
        "<a b='x<",
    ];

    fn all(records: impl Iterator<Item = Result<Recording, Error>>) -> (Vec<Recording>, String) {
        let (mut list, mut error) = (Vec::new(), String::new());
        for record in records {
            match record {
                Ok(record) => list.push(record),
                Err(found) => error = found.to_string(),
            }
        }
        (list, error)
    }

    /// Whether anybody listens decides which road is taken, and nothing else: also where what tells
    /// text from a tag is as far away as it may be.
    #[test]
    fn a_trial_tells_what_a_look_tells() {
        let mut state: usize = 18;
        let mut below = |most: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        };
        let mut values = 0;
        for _ in 0..1500 {
            let own = ["agentID", "site"][below(2)];
            let mut value = String::new();
            for _ in 0..1 + below(2) {
                value.push_str(FEW[below(3)]);
                let (one, other) = (MANY[below(12)], MANY[below(12)]);
                let length = value.len() + [40, AHEAD - below(24)][below(2)];
                while value.len() < length {
                    value.push_str(if below(50) == 0 { other } else { one });
                }
                for _ in 0..below(4) {
                    value.push_str(FEW[below(FEW.len())]);
                }
            }
            let rest = " ".repeat([0, AHEAD + 10][below(2)]);
            let document = format!(
                "<recordings><file><{own}>{value}</{own}><caseID>1</caseID></file>{rest}</recordings>"
            );
            let mut told = Vec::new();
            let reader = Reader::with(document.as_bytes(), Options::tolerant(), &mut told);
            let expected = all(reader.recordings());
            let found = all(Reader::new(document.as_bytes()).recordings());
            assert_eq!(found, expected, "{document}");
            let found = all(StreamReader::new(document.as_bytes()).recordings());
            assert_eq!(found, expected, "{document}");
            values += expected.0.iter().map(|record| record.fields().count()).sum::<usize>();
        }
        assert!(values > 1000, "{values}");
    }
}
