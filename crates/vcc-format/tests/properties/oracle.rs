//! Other people's parsers, read as lists of recordings.

use quick_xml::Reader;
use quick_xml::events::Event;
use vcc_types::{Field, Recording};

#[derive(Debug)]
pub(crate) enum Oracle {
    /// It is refused.
    Refused(String),
    /// It is a list of recordings and nothing else.
    Records(Vec<Recording>),
    /// It is in an encoding that quick-xml reads only as an extra.
    Encoding,
    /// It is something else, or would take more than events to tell.
    Other(&'static str),
}

/// Reads a document through the events of quick-xml.
pub(crate) fn quick_xml(data: &[u8]) -> Oracle {
    match events(data) {
        Ok(oracle) => oracle,
        Err(error) => Oracle::Refused(error.to_string()),
    }
}

struct Open {
    name: String,
    text: String,
}

fn events(data: &[u8]) -> Result<Oracle, Box<dyn std::error::Error>> {
    let Ok(text) = std::str::from_utf8(data) else { return Ok(Oracle::Encoding) };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut records = Vec::new();
    let mut record: Option<Recording> = None;
    let mut field: Option<Open> = None;
    let (mut inside, mut roots, mut other) = (false, 0, None);
    // After something else, events are still read: what is refused is refused.
    let mut depth = 0_usize;
    loop {
        let event = reader.read_event()?;
        match event {
            Event::Eof => break,
            Event::Start(tag) => {
                depth += 1;
                let name = tag.name().as_ref().to_owned();
                if let Err(error) = tag.attributes().try_for_each(|attribute| attribute.map(drop)) {
                    return Err(error.into());
                }
                match (&mut record, &field) {
                    _ if !inside && roots == 0 && name == "recordings" => {
                        (inside, roots) = (true, 1);
                    }
                    (None, _) if inside && name == "file" => record = Some(Recording::new()),
                    (Some(_), None) if name != "file" && name != "recordings" => {
                        field = Some(Open { name, text: String::new() });
                    }
                    _ => other = Some("another element"),
                }
            }
            Event::Empty(tag) => {
                let name = tag.name().as_ref().to_owned();
                if let Err(error) = tag.attributes().try_for_each(|attribute| attribute.map(drop)) {
                    return Err(error.into());
                }
                match (&mut record, &field) {
                    _ if !inside && roots == 0 && name == "recordings" => roots = 1,
                    (None, _) if inside && name == "file" => records.push(Recording::new()),
                    (Some(record), None) if name != "file" && name != "recordings" => {
                        add(record, &name, "");
                    }
                    _ => other = Some("another element"),
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if let Some(open) = field.take() {
                    if let Some(record) = &mut record {
                        add(record, &open.name, &open.text);
                    }
                } else if let Some(record) = record.take() {
                    records.push(record);
                } else {
                    inside = false;
                }
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                match &mut field {
                    Some(open) => open.text.push_str(&text),
                    None if text.trim_matches([' ', '\t', '\r', '\n', '\u{FEFF}']).is_empty() => {}
                    None => other = Some("text between elements"),
                }
            }
            Event::CData(text) => {
                let text = text.xml10_content();
                match &mut field {
                    Some(open) => open.text.push_str(&text),
                    None => other = Some("text between elements"),
                }
            }
            Event::GeneralRef(reference) => {
                let text = match reference.resolve_char_ref()? {
                    Some(character) => character.to_string(),
                    None => match quick_xml::escape::resolve_predefined_entity(&reference) {
                        Some(text) => text.to_owned(),
                        None => return Err("an unknown entity".into()),
                    },
                };
                match &mut field {
                    Some(open) => open.text.push_str(&text),
                    None => other = Some("text between elements"),
                }
            }
            Event::Decl(declaration) => {
                // Other encodings are a feature of quick-xml that is not on; it reads US-ASCII, but
                // not as one that has 128 characters.
                if let Some(encoding) = declaration.encoding() {
                    let encoding = encoding?.to_ascii_lowercase();
                    if !matches!(&*encoding, "utf-8" | "utf8") && !data.is_ascii() {
                        return Ok(Oracle::Encoding);
                    }
                }
            }
            Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
        }
    }
    if depth > 0 {
        other = Some("an element that is not closed");
    }
    if roots == 0 {
        other = Some("no list");
    }
    Ok(match other {
        Some(what) => Oracle::Other(what),
        None => Oracle::Records(records),
    })
}

fn add(record: &mut Recording, name: &str, text: &str) {
    match Field::from_wire_name(name) {
        Some(field) if record.get(field).is_none() => record.set(field, text),
        _ => record.push_extra(name, text),
    }
}

/// Whether a parser that checks well-formedness takes it.
pub(crate) fn is_well_formed(data: &[u8]) -> bool {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    // roxmltree does not look at where the target of an instruction ends, nor whether `<?xmL` is
    // one.
    let has_name = |instruction: &str| {
        let inner = instruction.split("?>").next().unwrap_or_default();
        let target = inner.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
        let reserved = target.eq_ignore_ascii_case("xml") && target != "xml";
        !reserved && target.chars().all(|c| c.is_alphanumeric() || "_-.:".contains(c))
    };
    let text = std::str::from_utf8(data).ok().filter(|text| text.split("<?").skip(1).all(has_name));
    // Nor at the characters of a document type: XML has no U+0000 in the literal of an entity.
    let is_char = |c: char| {
        (c >= ' ' || matches!(c, '\t' | '\n' | '\r')) && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    let text = text.filter(|text| text.chars().all(is_char));
    text.is_some_and(|text| roxmltree::Document::parse_with_options(text, options).is_ok())
}

/// Whether an offset is in the XML declaration, whose values roxmltree does not look at.
pub(crate) fn is_in_declaration(data: &[u8], offset: u64) -> bool {
    let end = String::from_utf8_lossy(data).find("?>").unwrap_or(0);
    data.trim_ascii_start().starts_with(b"<?xml") && offset <= end as u64
}

/// Reads a document with a header through the `csv` crate.
pub(crate) fn csv(data: &[u8]) -> Vec<Recording> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(data);
    let names = reader.headers().unwrap().clone();
    let records = reader.records().map(|row| {
        let row = row.unwrap();
        let mut record = Recording::new();
        for (name, text) in names.iter().zip(&row) {
            add(&mut record, name, text);
        }
        record
    });
    records.collect()
}
