//! Reads the list of records in a body: XML with quick-xml, CSV with the csv crate, never with the
//! code of the reference.

use std::fmt;

use percent_encoding::percent_decode_str;
use quick_xml::events::Event;
use vcc_types::Field;

use crate::http::Response;

/// The two forms of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `files`, `files.xml`.
    Xml,
    /// `files.csv`.
    Csv,
}

impl Format {
    /// The form that a path asks for.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        // REQ-2b: escapes in a path are the characters that they stand for.
        let path: Vec<u8> = percent_decode_str(path.trim_end_matches('/')).collect();
        if path.ends_with(b".csv") { Format::Csv } else { Format::Xml }
    }
}

/// Why a body is not a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The clause that it breaks.
    pub clause: &'static str,
    /// What is wrong, with the place.
    pub problem: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for Unreadable {}

/// A record as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The values in the order of [`Field::ALL`]; `None` where there was no element or column.
    pub values: [Option<String>; Field::COUNT],
    /// The names of its elements or columns in the order they came.
    pub names: Vec<String>,
}

impl Record {
    /// The value of a field; empty where it is absent.
    #[must_use]
    pub fn text(&self, field: Field) -> &str {
        self.values[field.index()].as_deref().unwrap_or_default()
    }
}

/// A list as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Its records.
    pub records: Vec<Record>,
    /// XML: whether it begins with a declaration of version 1.0.
    pub declared: bool,
    /// CSV: the first row, where it is a header.
    pub header: Option<Vec<String>>,
    /// CSV: the rows below the header.
    pub rows: usize,
}

/// Reads a list.
///
/// # Errors
///
/// Why the body is not a list.
pub fn read(format: Format, response: &Response) -> Result<List, Unreadable> {
    let (malformed, what) = match format {
        Format::Xml => ("OUT-2", "no well-formed XML"),
        Format::Csv => ("OUT-4a", "no CSV"),
    };
    if let Some(coding) = response.header("content-encoding").filter(|coding| *coding != "identity")
    {
        let problem = format!("the body is coded as {coding}, which was not asked for");
        return Err(Unreadable { clause: malformed, problem });
    }
    let text = std::str::from_utf8(&response.body).map_err(|problem| Unreadable {
        clause: malformed,
        problem: format!("the body is {what}: byte {} is not UTF-8", problem.valid_up_to()),
    })?;
    // REQ-2: a list in the other form was not asked for.
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let other = |problem: &str| Unreadable { clause: "REQ-2", problem: problem.into() };
    match format {
        Format::Xml
            if !start.starts_with('<') && csv(start).is_ok_and(|list| list.header.is_some()) =>
        {
            Err(other("the body is a list in CSV, expected XML"))
        }
        Format::Csv if start.starts_with("<?xml") || start.starts_with("<recordings") => {
            Err(other("the body is a list in XML, expected CSV"))
        }
        Format::Xml => xml(text).map_err(|Broken { names, problem }| match names {
            true => {
                Unreadable { clause: "OUT-1a", problem: format!("the body is no list: {problem}") }
            }
            false => {
                Unreadable { clause: malformed, problem: format!("the body is {what}: {problem}") }
            }
        }),
        Format::Csv => csv(text).map_err(|problem| Unreadable {
            clause: malformed,
            problem: format!("the body is {what}: {problem}"),
        }),
    }
}

/// What is wrong with XML: the names of its elements, or its form.
struct Broken {
    names: bool,
    problem: String,
}

impl From<String> for Broken {
    fn from(problem: String) -> Self {
        Self { names: false, problem }
    }
}

/// The records that can be found in any kind of body: for answers that must not hold any.
#[must_use]
pub fn any_records(response: &Response) -> usize {
    let text = String::from_utf8_lossy(&response.body);
    let files = text.matches("<file>").count();
    let rows = csv(&text).map_or(0, |list| if list.header.is_some() { list.rows } else { 0 });
    files.max(rows)
}

fn xml(text: &str) -> Result<List, Broken> {
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
                    return Err(error("the declaration does not stand at the beginning").into());
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
            return Err(format!("<{name}> is there twice"));
        }
        record.names.push(name.clone());
    }
    Ok(())
}

fn legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn csv(text: &str) -> Result<List, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut list = List::default();
    let documented =
        || Field::ALL.iter().map(|field| field.wire_name().to_owned()).collect::<Vec<_>>();
    let mut names = documented();
    for (number, row) in reader.records().enumerate() {
        let row = row.map_err(|problem| problem.to_string())?;
        if number == 0 && row.iter().any(|name| Field::from_wire_name(name).is_some()) {
            names = row.iter().map(str::to_owned).collect();
            list.header = Some(names.clone());
            continue;
        }
        list.rows += 1;
        if row.len() != names.len() {
            return Err(format!(
                "row {} has {} values, expected {}",
                number + 1,
                row.len(),
                names.len()
            ));
        }
        let mut record = Record { names: names.clone(), ..Record::default() };
        for (name, value) in names.iter().zip(row.iter()) {
            if let Some(field) = Field::from_wire_name(name) {
                record.values[field.index()] = Some(value.to_owned());
            }
        }
        list.records.push(record);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(format: Format, text: &str) -> Result<List, String> {
        let response = Response { status: 200, body: text.into(), ..Response::default() };
        read(format, &response).map_err(|problem| problem.to_string())
    }

    #[test]
    fn what_is_wrong_names_the_clause() {
        for (format, text, clause) in [
            (Format::Xml, "<recordings>", "OUT-2"),
            (Format::Xml, "<files/>", "OUT-1a"),
            (
                Format::Xml,
                "<recordings><file><caseID>1</caseID><caseID>2</caseID></file></recordings>",
                "OUT-1a",
            ),
            (
                Format::Xml,
                "<recordings><recording><agentID>a</agentID></recording></recordings>",
                "OUT-1a",
            ),
            (Format::Xml, "startDate,agentID\r\na,b\r\n", "REQ-2"),
            (Format::Csv, "<?xml version=\"1.0\"?><recordings/>", "REQ-2"),
            (Format::Csv, "agentID,channel\r\na\r\n", "OUT-4a"),
        ] {
            let response = Response { status: 200, body: text.into(), ..Response::default() };
            assert_eq!(read(format, &response).unwrap_err().clause, clause, "{text}");
        }
    }

    #[test]
    fn xml_is_read_as_it_is_meant() {
        let text = "<?xml version='1.0' encoding='UTF-8' ?>\n<recordings>\n<file><agentID>a&amp;b &#13;&#x41;<![CDATA[<]]></agentID>\
                    <outDialCode />\n<wrapUpCode/><extVar1></extVar1><transactionID>1</transactionID><new>x</new></file><!-- c --></recordings>\n";
        let list = read_text(Format::Xml, text).unwrap();
        assert!(list.declared);
        let [record] = &list.records[..] else { panic!("one record") };
        assert_eq!(record.text(Field::AgentId), "a&b \rA<");
        assert_eq!(record.values[Field::OutDialCode.index()].as_deref(), Some(""));
        assert_eq!(record.values[Field::ExtVar1.index()].as_deref(), Some(""));
        assert_eq!(record.values[Field::ExtVar2.index()], None);
        assert_eq!(
            record.names,
            ["agentID", "outDialCode", "wrapUpCode", "extVar1", "transactionID", "new"]
        );
        assert!(!read_text(Format::Xml, "<recordings/>").unwrap().declared);
    }

    #[test]
    fn what_is_no_list_in_xml() {
        for (text, problem) in [
            ("<recordings><file agentID=\"a\"/></recordings>", "it has nothing"),
            ("", "0 root elements"),
            ("<recordings>", "the input ends inside <recordings>"),
            ("<recordings><file><agentID>AT&T</agentID></file></recordings>", ""),
            (
                "<recordings><file><agentID>a&nbsp;b</agentID></file></recordings>",
                "&nbsp; is not declared",
            ),
            ("<recordings><file><queueName>q</></file></recordings>", ""),
            ("<recordings><file><agentID>&#1;</agentID></file></recordings>", "does not allow"),
            ("<recordings><file><agentID>\u{1}</agentID></file></recordings>", "does not allow"),
            ("<recordings><file><agentID>a<b</agentID></file></recordings>", ""),
            ("<recordings/><recordings/>", "2 root elements"),
            ("<recordings/>x", "text outside a field: \"x\""),
            ("<html></html>", "the root element is <html>"),
            (
                "<recordings><file><agentID>a</agentID><agentID>b</agentID></file></recordings>",
                "<agentID> is there twice",
            ),
            (
                "\n<?xml version=\"1.0\"?><recordings/>",
                "the declaration does not stand at the beginning",
            ),
            ("<?xml version=\"1.0\" encoding=\"latin1\"?><recordings/>", "the encoding is latin1"),
            ("<!DOCTYPE x><recordings/>", "document type"),
        ] {
            let found = read_text(Format::Xml, text).unwrap_err();
            assert!(found.contains(problem), "{text}\n{found}");
        }
        let bytes = Response {
            status: 200,
            body: b"<recordings>\xff</recordings>".to_vec(),
            ..Response::default()
        };
        assert!(read(Format::Xml, &bytes).unwrap_err().problem.ends_with("byte 12 is not UTF-8"));
    }

    #[test]
    fn csv_with_and_without_header() {
        let list = read_text(Format::Csv, "agentID,channel\r\n\"a\"\"b,\r\nc\",1\r\n").unwrap();
        assert_eq!(list.records[0].text(Field::AgentId), "a\"b,\r\nc");
        assert_eq!((list.rows, list.header.unwrap().len()), (1, 2));
        let list = read_text(Format::Csv, "d,a,p,c,0,27,f,q,n,0,1,0,0,,\r\n").unwrap();
        assert!(list.header.is_none());
        assert_eq!(list.records[0].text(Field::Duration), "27");
        assert!(
            read_text(Format::Csv, "agentID,channel\r\na,b,c\r\n")
                .unwrap_err()
                .contains("row 2 has 3")
        );
        assert_eq!(read_text(Format::Csv, "").unwrap(), List::default());
    }

    #[test]
    fn records_are_found_in_what_should_hold_none() {
        let count = |body: &str| {
            any_records(&Response { status: 403, body: body.into(), ..Response::default() })
        };
        assert_eq!(count("<recordings><file></file></recordings>"), 1);
        assert_eq!(count("startDate,agentID\r\na,b\r\n"), 1);
        assert_eq!(count("d: expected a date, found x"), 0);
        assert_eq!(count(""), 0);
    }
}
