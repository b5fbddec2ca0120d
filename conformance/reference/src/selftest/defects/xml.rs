use vcc_types::Field;

use crate::selftest::defect::Hook::Answer;
use crate::selftest::defect::{Family, defect};
use crate::selftest::outgoing::Outgoing;

/// Elements and their content.
fn elements(text: &str, change: impl Fn(&str, &str) -> Option<String>) -> String {
    let mut text = text.to_owned();
    for field in Field::ALL {
        let name = field.wire_name();
        let mut out = String::new();
        let mut rest = text.as_str();
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        while let Some(at) = rest.find(&open) {
            let value_at = at + open.len();
            let Some(length) = rest[value_at..].find(&close) else { break };
            let value = &rest[value_at..value_at + length];
            let end = value_at + length + close.len();
            match change(name, value) {
                Some(other) => {
                    out.push_str(&rest[..at]);
                    out.push_str(&other);
                }
                None => out.push_str(&rest[..end]),
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
        text = out;
    }
    text
}

/// Other values between the tags of XML.
fn values(text: &str, change: impl Fn(&str) -> String) -> String {
    elements(text, |name, value| Some(format!("<{name}>{}</{name}>", change(value))))
}

fn sent_as(outgoing: &mut Outgoing, kind: &'static str) {
    if outgoing.is_xml() {
        outgoing.header("content-type", kind);
    }
}

macro_rules! xml {
    ($name:literal, $clauses:expr, $says:literal, $change:expr) => {
        defect($name, $clauses, $says, Answer(|outgoing, _, _| outgoing.xml($change)))
    };
}

pub(super) const XML: Family = Family {
    name: "XML",
    defects: &[
        xml!("no-declaration", &["OUT-2"], "whose XML has no declaration", |text| {
            text.split_once("?>").map_or(text, |(_, rest)| rest.trim_start()).to_owned()
        }),
        xml!("version-1-1", &["OUT-2"], "whose XML declares version 1.1", |text| {
            text.replacen("version=\"1.0\"", "version=\"1.1\"", 1)
        }),
        xml!(
            "ampersands-raw",
            &["OUT-2", "OUT-1a", "OUT-6a"],
            "that does not escape & in XML",
            |text| { text.replace("&amp;", "&") }
        ),
        xml!("angles-raw", &["OUT-2", "OUT-1a"], "that does not escape < in XML", |text| {
            text.replace("&lt;", "<")
        }),
        xml!("cdata-end-raw", &["OUT-2", "OUT-1a"], "that does not escape ]]> in XML", |text| {
            text.replace("]]&gt;", "]]>")
        }),
        xml!("nothing-escaped", &["OUT-2", "OUT-1a"], "that escapes nothing in XML", |text| {
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&")
        }),
        xml!("escaped-twice", &["OUT-1a"], "that escapes twice in XML", |text| {
            values(text, |value| value.replace('&', "&amp;"))
        }),
        xml!("named-entities", &["OUT-2"], "that writes entities of HTML in XML", |text| {
            text.replace('ü', "&uuml;").replace('é', "&eacute;").replace('ö', "&ouml;")
        }),
        xml!(
            "cdata-naive",
            &["OUT-2", "OUT-1a", "OUT-6a"],
            "that wraps values in CDATA without a look at ]]>",
            |text| {
                values(text, |value| {
                    let raw = value
                        .replace("&lt;", "<")
                        .replace("&gt;", ">")
                        .replace("&quot;", "\"")
                        .replace("&#13;", "\r")
                        .replace("&amp;", "&");
                    if raw == value { raw } else { format!("<![CDATA[{raw}]]>") }
                })
            }
        ),
        xml!("line-ends-raw", &["OUT-6a"], "that writes CR and tab raw in XML", |text| {
            text.replace("&#13;", "\r")
                .replace("&#xD;", "\r")
                .replace("&#10;", "\n")
                .replace("&#9;", "\t")
        }),
        xml!("other-root", &["OUT-1a"], "whose root is another element", |text| {
            text.replace("<recordings", "<files").replace("</recordings", "</files")
        }),
        xml!("other-record", &["OUT-1a"], "whose records are other elements", |text| {
            text.replace("<file>", "<recording>").replace("</file>", "</recording>")
        }),
        xml!("root-in-a-namespace", &["OUT-1a"], "whose root is in a namespace", |text| {
            text.replacen("<recordings", "<r:recordings xmlns:r=\"urn:r\"", 1)
                .replace("</recordings", "</r:recordings")
        }),
        xml!(
            "empty-list-without-root",
            &["OUT-2", "OUT-1a", "PAGE-3a", "DATE-1", "FIELD-1a"],
            "whose empty list has no root",
            |text| { if text.contains("<file>") { text.to_owned() } else { String::new() } }
        ),
        xml!("wrapped", &["OUT-1a"], "whose root is inside of another", |text| {
            let (head, rest) = text.split_once("?>").unwrap_or(("", text));
            format!("{head}?><response>{}</response>", rest.trim())
        }),
        xml!("not-closed", &["OUT-2"], "that does not close its root", |text| {
            text.replace("</recordings>", "")
        }),
        xml!(
            "as-documented",
            &["OUT-2", "OUT-1a"],
            "whose XML is as malformed as the documentation's",
            |text| {
                text.replace("</queueName>", "</>").replace("</recordings>", "%lt;/recordings>")
            }
        ),
        xml!("field-missing", &["OUT-1a"], "that leaves a field out", |text| {
            elements(text, |name, _| (name == "accountNumber").then(String::new))
        }),
        xml!("empty-fields-missing", &["OUT-1a"], "that leaves empty fields out of XML", |text| {
            let mut text = text.to_owned();
            for field in Field::ALL {
                text = text.replace(&format!("<{} />", field.wire_name()), "");
                text = text.replace(&format!("<{}/>", field.wire_name()), "");
            }
            text
        }),
        xml!("field-misspelt", &["OUT-1a"], "that misspells a field", |text| {
            text.replace("agentID>", "agentId>").replace("<agentID ", "<agentId ")
        }),
        xml!("fields-in-another-order", &["OUT-1b"], "whose fields are in another order", |text| {
            let mut out = String::new();
            let mut rest = text;
            while let Some((before, after)) = rest.split_once("<file>") {
                let (record, tail) = after.split_once("</file>").unwrap_or((after, ""));
                let at = record.find("<phoneNumber").unwrap_or(0);
                let (one, other) = record.split_at(at);
                out.push_str(&format!("{before}<file>{other}{one}</file>"));
                rest = tail;
            }
            out.push_str(rest);
            out
        }),
        xml!("values-in-attributes", &["OUT-1a"], "that writes values as attributes", |text| {
            elements(text, |name, value| {
                Some(format!("<{name} value=\"{}\"/>", value.replace('"', "&quot;")))
            })
        }),
        xml!("nil-for-empty", &["OUT-1a"], "that writes null for empty fields of XML", |text| {
            let mut text = text.to_owned();
            for field in Field::ALL {
                let name = field.wire_name();
                text = text.replace(&format!("<{name} />"), &format!("<{name}>null</{name}>"));
                text = text.replace(&format!("<{name}/>"), &format!("<{name}>null</{name}>"));
            }
            text
        }),
        defect(
            "xml-as-html",
            &["OUT-5"],
            "whose XML is sent as text/html",
            Answer(|outgoing, _, _| {
                sent_as(outgoing, "text/html; charset=utf-8");
            }),
        ),
        defect(
            "xml-without-charset",
            &["OUT-5"],
            "whose XML is sent without a charset",
            Answer(|outgoing, _, _| {
                sent_as(outgoing, "application/xml");
            }),
        ),
        defect(
            "latin-1-declared",
            &["OUT-2", "OUT-5", "OUT-1a"],
            "that declares another encoding than it writes",
            Answer(|outgoing, _, _| {
                outgoing.xml(|text| text.replacen("UTF-8", "ISO-8859-1", 1));
                sent_as(outgoing, "application/xml; charset=iso-8859-1");
            }),
        ),
        defect(
            "latin-1-written",
            &["OUT-2", "OUT-1a"],
            "that writes Latin-1 and declares UTF-8",
            Answer(|outgoing, _, _| {
                if outgoing.is_xml() {
                    outgoing.in_latin_1();
                }
            }),
        ),
        xml!(
            "surrogates",
            &["OUT-2", "OUT-1a"],
            "that writes two surrogates for a character beyond U+FFFF",
            |text| {
                text.chars()
                    .map(|c| {
                        let mut units = [0; 2];
                        match c.encode_utf16(&mut units) {
                            [high, low] => format!("&#{high};&#{low};"),
                            _ => c.to_string(),
                        }
                    })
                    .collect()
            }
        ),
    ],
};
