//! QUIRK-17: the forms in which a header may come again, behind a page without a last line end.

/// What stands between cells (QUIRK-16).
pub(super) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The forms of a header: its own text, and its names (as written or as documented) with all of them quoted
/// or none, and with any delimiter.
#[derive(Debug)]
pub(super) struct Forms {
    text: Vec<u8>,
    names: [Vec<String>; 2],
    /// What stands between the names in `text`.
    delimiter: u8,
    /// No form is shorter. Without a header there is no form.
    shortest: usize,
}

impl Default for Forms {
    fn default() -> Self {
        Forms { text: Vec::new(), names: Default::default(), delimiter: b',', shortest: usize::MAX }
    }
}

impl Forms {
    /// `text`: the header as it stands, without its line end. Empty where there is none.
    pub(super) fn new(text: &[u8], delimiter: u8, names: [Vec<String>; 2]) -> Forms {
        // A value of one column cannot be told from a header behind it.
        if names[0].len() < 2 {
            return Forms::default();
        }
        let text = text.to_vec();
        let joined =
            |names: &Vec<String>| names.iter().map(|name| name.len() + 1).sum::<usize>() - 1;
        let lengths = names.iter().map(joined).chain((!text.is_empty()).then_some(text.len()));
        let shortest = lengths.min().unwrap_or(usize::MAX);
        Forms { text, names, delimiter, shortest }
    }

    /// How long a header is at least.
    #[inline]
    pub(super) fn shortest(&self) -> usize {
        self.shortest
    }

    /// What stood between the names.
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// What is before a header at the end of a row. `present`: what stands between cells now.
    pub(super) fn before<'t>(&self, row: &'t [u8], present: u8) -> Option<&'t [u8]> {
        if row.len() < self.shortest {
            return None;
        }
        let as_it_stands = || {
            let before = row.strip_suffix(&self.text[..])?;
            (!self.text.is_empty()).then_some(before)
        };
        as_it_stands().or_else(|| {
            let mut forms = self.names.iter().flat_map(|names| [(names, true), (names, false)]);
            forms.find_map(|(names, quoted)| before_names(row, names, quoted, present))
        })
    }
}

/// What is before names at the end of a row. The last name decides for most rows.
pub(super) fn before_names<'t>(
    row: &'t [u8],
    names: &[impl AsRef<str>],
    quoted: bool,
    present: u8,
) -> Option<&'t [u8]> {
    let quote: &[u8] = if quoted { b"\"" } else { b"" };
    let name_off = |row: &'t [u8], name: &str| {
        row.strip_suffix(quote)?.strip_suffix(name.as_bytes())?.strip_suffix(quote)
    };
    let (last, others) = names.split_last()?;
    let before = name_off(row, last.as_ref())?;
    let delimiter = delimiter_of(before.last(), present)?;
    if !quoted && names.iter().any(|name| name.as_ref().as_bytes().contains(&delimiter)) {
        return None;
    }
    others
        .iter()
        .rev()
        .try_fold(before, |row, name| name_off(row.strip_suffix(&[delimiter])?, name.as_ref()))
}

/// Whether a text begins with names, all in quotes or without any, with any delimiter between them.
pub(super) fn begins_with_names(text: &[u8], names: &[&[u8]], present: u8) -> bool {
    let quotes: [&[u8]; 2] = [b"", b"\""];
    // With another delimiter, names alone: what stands between cells here may stand in a value there.
    let are_names = names.iter().all(|name| !name.is_empty());
    quotes.into_iter().any(|quote| {
        let first = names.first().map_or(0, |name| name.len() + 2 * quote.len());
        delimiter_of(text.get(first), present).is_some_and(|delimiter| {
            let between = [quote, &[delimiter], quote].concat();
            (are_names || delimiter == present)
                && text.starts_with(&[quote, &names.join(&between[..]), quote].concat())
        })
    })
}

fn delimiter_of(byte: Option<&u8>, present: u8) -> Option<u8> {
    byte.copied().filter(|byte| *byte == present || DELIMITERS.contains(byte))
}
