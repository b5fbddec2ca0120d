use quick_xml::events::Event;
use vcc_types::Field;

use super::{List, Record};

/// What is wrong with XML: the names of its elements, or its form.
pub(super) struct Broken {
    pub(super) names: bool,
    pub(super) problem: String,
}

impl From<String> for Broken {
    fn from(problem: String) -> Self {
        Self { names: false, problem }
    }
}

pub(super) fn read(text: &str) -> Result<List, Broken> {
    // A byte order mark may stand before the declaration (XML 1.0, 4.3.3).
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(at) = text.find(|c: char| !legal(c)) {
        return Err(format!("byte {at} is a character that XML 1.0 does not allow").into());
    }
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut list = List::default();
    let mut open: Vec<String> = Vec::new();
    let mut value = String::new();
    let mut roots = 0;
    // An element that a list does not have. It is reported only if the whole is well-formed.
    let mut stranger: Option<String> = None;
    loop {
        let at = reader.buffer_position();
        let error = |what: &str| format!("near byte {at}: {what}");
        let event = reader.read_event().map_err(|problem| error(&problem.to_string()))?;
        match event {
            Event::Decl(decl) => {
                if at != 0 {
                    return Err(error("the declaration is not at the beginning").into());
                }
                list.declared = decl.version().is_ok_and(|version| version == "1.0");
                if let Some(Ok(encoding)) = decl.encoding()
                    && !encoding.eq_ignore_ascii_case("utf-8")
                {
                    return Err(
                        error(&format!("the encoding is {encoding}, expected UTF-8")).into()
                    );
                }
            }
            Event::Start(tag) => {
                attributes(&tag).map_err(|what| error(&what))?;
                roots += usize::from(open.is_empty());
                if open.len() > 2 {
                    return Err(error(&format!("<{}> in a field", tag.name().as_ref())).into());
                }
                if let Err(what) = enter(&mut list, &open, tag.name().as_ref()) {
                    stranger.get_or_insert_with(|| error(&what));
                }
                open.push(tag.name().as_ref().to_owned());
                value.clear();
            }
            Event::Empty(tag) => {
                attributes(&tag).map_err(|what| error(&what))?;
                roots += usize::from(open.is_empty());
                if open.len() > 2 {
                    return Err(error(&format!("<{}> in a field", tag.name().as_ref())).into());
                }
                if let Err(what) = enter(&mut list, &open, tag.name().as_ref()) {
                    stranger.get_or_insert_with(|| error(&what));
                }
                open.push(tag.name().as_ref().to_owned());
                if let Err(what) = leave(&mut list, &open, "") {
                    stranger.get_or_insert_with(|| error(&what));
                }
                open.pop();
                value.clear();
            }
            Event::End(_) => {
                if let Err(what) = leave(&mut list, &open, &value) {
                    stranger.get_or_insert_with(|| error(&what));
                }
                open.pop();
                value.clear();
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                if text.contains("]]>") {
                    return Err(error("]]> in text").into());
                }
                let outside = open.len() < 3;
                if outside && !text.chars().all(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
                    return Err(error(&format!("text outside a field: {:?}", text.trim())).into());
                }
                value.push_str(&text);
            }
            Event::CData(text) => value.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character =
                    reference.resolve_char_ref().map_err(|problem| error(&problem.to_string()))?;
                let name = reference.into_inner();
                let character = character
                    .or_else(|| match name.as_ref() {
                        "amp" => Some('&'),
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => None,
                    })
                    .ok_or_else(|| error(&format!("&{name}; is not declared")))?;
                if !legal(character) {
                    return Err(error(&format!(
                        "&{name}; is a character that XML 1.0 does not allow"
                    ))
                    .into());
                }
                if open.is_empty() {
                    return Err(error("a reference outside the root element").into());
                }
                value.push(character);
            }
            Event::Comment(_) | Event::PI(_) => {}
            Event::DocType(_) => return Err(error("a document type declaration").into()),
            Event::Eof => break,
        }
    }
    if let Some(name) = open.last() {
        return Err(format!("the input ends inside <{name}>").into());
    }
    if roots != 1 {
        return Err(format!("{roots} root elements").into());
    }
    // OUT-1a: a record without an id does not have the documented elements.
    let nameless = |record: &&Record| record.values[Field::TransactionId.index()].is_none();
    if let Some(record) = list.records.iter().find(nameless) {
        let names =
            if record.names.is_empty() { "nothing".into() } else { record.names.join(", ") };
        stranger.get_or_insert_with(|| format!("a <file> without <transactionID>; it has {names}"));
    }
    match stranger {
        Some(problem) => Err(Broken { names: true, problem }),
        None => Ok(list),
    }
}

fn attributes(tag: &quick_xml::events::BytesStart<'_>) -> Result<(), String> {
    tag.attributes()
        .try_for_each(|attribute| attribute.map(drop).map_err(|problem| problem.to_string()))
}

fn enter(list: &mut List, open: &[String], name: &str) -> Result<(), String> {
    match open.len() {
        0 if name != "recordings" => {
            Err(format!("the root element is <{name}>, expected <recordings>"))
        }
        1 if name != "file" => Err(format!("<{name}> in <recordings>, expected <file>")),
        1 => {
            list.records.push(Record::default());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn leave(list: &mut List, open: &[String], value: &str) -> Result<(), String> {
    if let ([_, _, name], Some(record)) = (open, list.records.last_mut()) {
        if let Some(field) = Field::from_wire_name(name)
            && record.values[field.index()].replace(value.to_owned()).is_some()
        {
            return Err(format!("<{name}> appears twice"));
        }
        record.names.push(name.clone());
    }
    Ok(())
}

fn legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
