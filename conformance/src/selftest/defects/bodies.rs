use vcc_types::Field;

use crate::selftest::answered::Answered;
use crate::selftest::asked::Asked;
use crate::selftest::defect::Fault::{Answer, Write};
use crate::selftest::defect::{Family, defect};
use crate::selftest::site::Site;

/// Elements and what they hold, whatever they are.
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

/// CSV written by joining, with `quote` for a value and `end` behind each row.
fn joined(answered: &mut Answered, quote: impl Fn(&str) -> String, between: &str, end: &str) {
    if answered.is_csv() {
        let rows = answered.cells().into_iter().map(|row| {
            let cells: Vec<_> = row.iter().map(|cell| quote(cell)).collect();
            cells.join(between) + end
        });
        answered.body = rows.collect::<String>().into_bytes();
    }
}

fn quoted(cell: &str, always: bool, doubled: &str) -> String {
    if always || cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', doubled))
    } else {
        cell.to_owned()
    }
}

fn columns(answered: &mut Answered, change: impl Fn(Vec<String>) -> Vec<String>) {
    if answered.is_csv() {
        let rows = answered.cells().into_iter().map(|row| {
            let cells: Vec<_> =
                change(row).iter().map(|cell| quoted(cell, false, "\"\"")).collect();
            cells.join(",") + "\r\n"
        });
        answered.body = rows.collect::<String>().into_bytes();
    }
}

fn both(answered: &mut Answered, change: impl Fn(&str) -> String) {
    answered.body = change(&answered.text()).into_bytes();
}

fn list(change: fn(&mut Answered), answered: &mut Answered, _: &Asked, _: &Site) {
    if answered.status == 200 {
        change(answered);
    }
}

macro_rules! xml {
    ($name:literal, $clauses:expr, $says:literal, $change:expr) => {
        defect($name, $clauses, $says, Answer(|answered, _, _| answered.xml($change)))
    };
}

macro_rules! csv {
    ($name:literal, $clauses:expr, $says:literal, $change:expr) => {
        defect(
            $name,
            $clauses,
            $says,
            Answer(|answered, asked, site| list($change, answered, asked, site)),
        )
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
            Answer(|answered, _, _| {
                if answered.is_xml() {
                    answered.header("content-type", "text/html; charset=utf-8");
                }
            }),
        ),
        defect(
            "xml-without-charset",
            &["OUT-5"],
            "whose XML is sent without a charset",
            Answer(|answered, _, _| {
                if answered.is_xml() {
                    answered.header("content-type", "application/xml");
                }
            }),
        ),
        defect(
            "latin-1-declared",
            &["OUT-2", "OUT-5", "OUT-1a"],
            "that declares another encoding than it writes",
            Answer(|answered, _, _| {
                answered.xml(|text| text.replacen("UTF-8", "ISO-8859-1", 1));
                if answered.is_xml() {
                    answered.header("content-type", "application/xml; charset=iso-8859-1");
                }
            }),
        ),
        defect(
            "latin-1-written",
            &["OUT-2", "OUT-1a"],
            "that writes Latin-1 and declares UTF-8",
            Answer(|answered, _, _| {
                if answered.is_xml() {
                    let text = answered.text();
                    answered.body =
                        text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
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

pub(super) const CSV: Family = Family {
    name: "CSV",
    defects: &[
        csv!("commas-raw", &["OUT-4a", "OUT-4b"], "that does not quote in CSV", |answered| {
            joined(answered, str::to_owned, ",", "\r\n");
        }),
        csv!(
            "quotes-not-doubled",
            &["OUT-4a", "OUT-4b"],
            "that does not double quotes in CSV",
            |answered| {
                joined(answered, |cell| quoted(cell, false, "\""), ",", "\r\n");
            }
        ),
        csv!(
            "quotes-by-backslash",
            &["OUT-4a", "OUT-4b"],
            "that escapes quotes in CSV with a backslash",
            |answered| {
                joined(answered, |cell| quoted(cell, false, "\\\""), ",", "\r\n");
            }
        ),
        csv!("quotes-everywhere", &["OUT-4b"], "that quotes every value in CSV", |answered| {
            joined(answered, |cell| quoted(cell, true, "\"\""), ",", "\r\n");
        }),
        csv!(
            "line-ends-unquoted",
            &["OUT-4a", "OUT-6a"],
            "that does not quote line ends in CSV",
            |answered| {
                joined(
                    answered,
                    |cell| {
                        if cell.contains([',', '"']) {
                            quoted(cell, true, "\"\"")
                        } else {
                            cell.to_owned()
                        }
                    },
                    ",",
                    "\r\n",
                );
            }
        ),
        csv!("csv-with-lf", &["OUT-4b"], "whose CSV has LF for CR LF", |answered| {
            joined(answered, |cell| quoted(cell, false, "\"\""), ",", "\n");
        }),
        csv!(
            "csv-with-semicolons",
            &["OUT-4a", "OUT-4b"],
            "whose CSV has semicolons for commas",
            |answered| {
                joined(answered, |cell| quoted(cell, cell.contains(';'), "\"\""), ";", "\r\n");
            }
        ),
        csv!("csv-with-tabs", &["OUT-4a", "OUT-4b"], "whose CSV has tabs for commas", |answered| {
            joined(answered, |cell| quoted(cell, cell.contains('\t'), "\"\""), "\t", "\r\n");
        }),
        csv!(
            "csv-with-spaces",
            &["OUT-4a", "OUT-4b"],
            "whose CSV has spaces behind commas",
            |answered| {
                joined(answered, |cell| quoted(cell, false, "\"\""), ", ", "\r\n");
            }
        ),
        csv!("no-header", &["OUT-4b", "PAGE-3b"], "whose CSV has no header row", |answered| {
            answered.csv(|text| text.split_once("\r\n").map_or(text, |(_, rest)| rest).to_owned());
        }),
        csv!(
            "header-in-lower-case",
            &["OUT-4b", "OUT-4a"],
            "whose header row is in lower case",
            |answered| {
                answered.csv(|text| {
                    let (header, rest) = text.split_once("\r\n").unwrap_or((text, ""));
                    format!("{}\r\n{rest}", header.to_lowercase())
                });
            }
        ),
        csv!(
            "header-of-titles",
            &["OUT-4b", "OUT-4a"],
            "whose header row has titles in place of names",
            |answered| {
                answered.csv(|text| {
                    let (header, rest) = text.split_once("\r\n").unwrap_or((text, ""));
                    let header =
                        header.replace("startDate", "Start Date").replace("agentID", "Agent ID");
                    format!("{header}\r\n{rest}")
                });
            }
        ),
        csv!(
            "header-again",
            &["OUT-4a", "OUT-4b", "PAGE-3b"],
            "whose header row comes twice",
            |answered| {
                answered.csv(|text| {
                    let (header, rest) = text.split_once("\r\n").unwrap_or((text, ""));
                    format!("{header}\r\n{header}\r\n{rest}")
                });
            }
        ),
        csv!(
            "columns-in-another-order",
            &["OUT-4b"],
            "whose columns are in another order",
            |answered| {
                columns(answered, |mut row| {
                    row.swap(1, 2);
                    row
                });
            }
        ),
        csv!("column-missing", &["OUT-4a", "OUT-4b"], "whose CSV lacks a column", |answered| {
            columns(answered, |mut row| {
                row.remove(9);
                row
            });
        }),
        csv!("column-added", &["OUT-4b"], "whose CSV has a column more", |answered| {
            columns(answered, |mut row| {
                row.push("1".into());
                row
            });
        }),
        csv!(
            "last-row-missing",
            &["OUT-4a", "PAGE-5a"],
            "whose CSV lacks its last row",
            |answered| {
                let last = answered.cells().len().saturating_sub(2);
                let at = std::cell::Cell::new(0);
                answered.rows(|row| {
                    at.set(at.get() + 1);
                    (at.get() <= last).then(|| row.to_vec())
                });
            }
        ),
        csv!(
            "byte-order-mark",
            &["OUT-4b", "OUT-4a"],
            "whose CSV begins with a byte-order mark",
            |answered| {
                answered.csv(|text| format!("\u{feff}{text}"));
            }
        ),
        csv!(
            "formulas-guarded",
            &["OUT-4a", "OUT-4b"],
            "that puts a quote before what a spreadsheet would compute",
            |answered| {
                answered.rows(|row| {
                    let guarded = row.iter().enumerate().map(|(at, cell)| {
                        if at > 0 && cell.starts_with(['=', '+', '-', '@']) {
                            format!("'{cell}")
                        } else {
                            cell.clone()
                        }
                    });
                    Some(guarded.collect())
                });
            }
        ),
        csv!(
            "numbers-as-formulas",
            &["OUT-4a", "OUT-4b"],
            "that writes digits in CSV as =\"…\"",
            |answered| {
                answered.rows(|row| {
                    let digits = row.iter().map(|cell| {
                        let digits =
                            cell.starts_with('0') && cell.bytes().all(|byte| byte.is_ascii_digit());
                        if digits { format!("=\"{cell}\"") } else { cell.clone() }
                    });
                    Some(digits.collect())
                });
            }
        ),
        csv!(
            "zeros-lost-in-csv",
            &["OUT-4a"],
            "that writes digits in CSV as numbers",
            |answered| {
                answered.rows(|row| {
                    let numbers = row.iter().map(|cell| {
                        cell.parse::<u64>().map_or_else(|_| cell.clone(), |n| n.to_string())
                    });
                    Some(numbers.collect())
                });
            }
        ),
        csv!("null-in-csv", &["OUT-4a"], "that writes NULL for empty values of CSV", |answered| {
            answered.rows(|row| {
                let cells = row
                    .iter()
                    .map(|cell| if cell.is_empty() { "NULL".into() } else { cell.clone() });
                Some(cells.collect())
            });
        }),
        csv!("csv-in-latin-1", &["OUT-4a", "OUT-5"], "whose CSV is in Latin-1", |answered| {
            if answered.is_csv() {
                let text = answered.text();
                answered.body =
                    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
            }
        }),
        csv!("csv-as-plain-text", &["OUT-5"], "whose CSV is sent as text/plain", |answered| {
            if answered.is_csv() {
                answered.header("content-type", "text/plain; charset=utf-8");
            }
        }),
        csv!(
            "csv-as-a-download",
            &["OUT-5"],
            "whose CSV is sent as application/octet-stream",
            |answered| {
                if answered.is_csv() {
                    answered.header("content-type", "application/octet-stream");
                }
            }
        ),
        csv!(
            "csv-without-charset",
            &["OUT-5"],
            "whose CSV is sent without a charset",
            |answered| {
                if answered.is_csv() {
                    answered.header("content-type", "text/csv");
                }
            }
        ),
        csv!(
            "empty-csv-without-header",
            &["PAGE-3b", "OUT-4b"],
            "whose empty CSV has no header row",
            |answered| {
                answered.csv(|text| {
                    if text.lines().count() < 2 { String::new() } else { text.to_owned() }
                });
            }
        ),
    ],
};

pub(super) const VALUES: Family = Family {
    name: "values",
    defects: &[
        defect(
            "values-trimmed-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that trims the values it writes",
            Write(|_, value| value.trim().into()),
        ),
        defect(
            "spaces-are-nothing",
            &["OUT-1a", "OUT-4a"],
            "that writes nothing for a value of spaces",
            Write(|_, value| if value.trim().is_empty() { String::new() } else { value.into() }),
        ),
        defect(
            "line-ends-normalised",
            &["OUT-6a", "OUT-4a"],
            "that writes LF for every line end in a value",
            Write(|_, value| value.replace("\r\n", "\n").replace('\r', "\n")),
        ),
        defect(
            "line-ends-as-spaces",
            &["OUT-6a", "OUT-4a", "OUT-1a"],
            "that writes a space for line ends and tabs in values",
            Write(|_, value| value.replace(['\r', '\n', '\t'], " ")),
        ),
        defect(
            "tabs-as-spaces",
            &["OUT-6a", "OUT-4a", "OUT-1a"],
            "that writes a space for a tab in a value",
            Write(|_, value| value.replace('\t', " ")),
        ),
        defect(
            "line-feeds-doubled",
            &["OUT-6a", "OUT-4a"],
            "that writes CR LF for LF in values",
            Write(|_, value| value.replace("\r\n", "\n").replace('\n', "\r\n")),
        ),
        defect(
            "ascii-in-answers",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that writes ? for characters beyond ASCII",
            Write(|_, value| value.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()),
        ),
        defect(
            "basic-plane-in-answers",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that writes U+FFFD for characters beyond U+FFFF",
            Write(|_, value| {
                value.chars().map(|c| if c > '\u{ffff}' { '\u{fffd}' } else { c }).collect()
            }),
        ),
        defect(
            "decoded-twice-in-answers",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that writes UTF-8 taken for Latin-1",
            Write(|_, value| {
                value
                    .bytes()
                    .map(char::from)
                    .filter(|c| !('\u{80}'..'\u{a0}').contains(c))
                    .collect()
            }),
        ),
        defect(
            "numbers-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that writes values of digits as numbers",
            Write(|_, value| value.parse::<u64>().map_or_else(|_| value.into(), |n| n.to_string())),
        ),
        defect(
            "absent-is-zero-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that writes 0 for empty values",
            Write(|_, value| if value.is_empty() { "0".into() } else { value.into() }),
        ),
        defect(
            "absent-is-none-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that writes None for empty values",
            Write(|_, value| if value.is_empty() { "None".into() } else { value.into() }),
        ),
        defect(
            "values-cut-in-answers",
            &["OUT-1a", "OUT-4a"],
            "that cuts values at 32 characters",
            Write(|_, value| value.chars().take(32).collect()),
        ),
        defect(
            "markup-stripped",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that strips < and & from values",
            Write(|_, value| value.replace(['<', '>', '&'], "")),
        ),
        defect(
            "quotes-curled",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that writes other quotes than there are",
            Write(|_, value| value.replace('"', "'")),
        ),
        defect(
            "hashes-stripped",
            &["CALL-1", "CALL-2", "OUT-1a"],
            "that strips # from channels",
            Write(
                |field, value| {
                    if field == Field::Channel { value.replace('#', "") } else { value.into() }
                },
            ),
        ),
        defect(
            "unknown-kinds-hidden",
            &["CALL-3", "OUT-1a"],
            "that hides kinds of call that it does not know",
            Write(|field, value| {
                let known = ["#virtual_outbound#", "#virtual_daa#"].contains(&value);
                if field == Field::Channel && value.starts_with('#') && !known {
                    String::new()
                } else {
                    value.into()
                }
            }),
        ),
        defect(
            "outbound-queues-hidden",
            &["CALL-1", "OUT-1a"],
            "that hides the queue of outbound calls",
            Write(|_, value| if value == "QUEUE_OUTBOUND" { String::new() } else { value.into() }),
        ),
        defect(
            "direct-queues-hidden",
            &["CALL-2", "OUT-1a"],
            "that hides the queue of direct calls",
            Write(
                |_, value| {
                    if value == "QUEUE_DIRECT_AGENT_ACCESS" { String::new() } else { value.into() }
                },
            ),
        ),
        defect(
            "words-in-lower-case",
            &["OUT-1a", "OUT-4a"],
            "that writes external values in lower case",
            Write(
                |field, value| {
                    if field == Field::ExtVar1 { value.to_lowercase() } else { value.into() }
                },
            ),
        ),
        defect(
            "numbers-formatted",
            &["OUT-1a", "OUT-4a", "CALL-1", "CALL-2", "CALL-3"],
            "that writes phone numbers with a +1",
            Write(|field, value| {
                let digits = value.len() == 10 && value.bytes().all(|byte| byte.is_ascii_digit());
                if field == Field::PhoneNumber && digits {
                    format!("+1{value}")
                } else {
                    value.into()
                }
            }),
        ),
        defect(
            "folders-cut",
            &["OUT-1a", "OUT-4a", "CALL-4"],
            "that writes file names without their folder",
            Write(|field, value| match (field, value.rsplit_once('/')) {
                (Field::Filename, Some((_, name))) => name.into(),
                _ => value.into(),
            }),
        ),
        defect(
            "sequences-of-tilde-cut",
            &["OUT-1a", "FIELD-5"],
            "that cuts queue ids at ~~",
            Write(|field, value| match (field, value.split_once("~~")) {
                (Field::QueueId, Some((name, _))) => name.into(),
                _ => value.into(),
            }),
        ),
        defect(
            "unescaped-in-answers",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that decodes percent-escapes in values",
            Write(|_, value| crate::selftest::asked::decode(value)),
        ),
        defect(
            "entities-decoded",
            &["OUT-1a", "OUT-4a", "OUT-2"],
            "that decodes entities in values",
            Write(|_, value| {
                value.replace("&lt;", "<").replace("&copy", "©").replace("&amp;", "&")
            }),
        ),
        defect(
            "durations-in-minutes",
            &["OUT-1a", "OUT-4a"],
            "that writes durations as minutes and seconds",
            Write(|field, value| match (field, value.parse::<u64>()) {
                (Field::Duration, Ok(seconds)) => {
                    format!("{:02}:{:02}", seconds / 60, seconds % 60)
                }
                _ => value.into(),
            }),
        ),
        defect(
            "answers-cut",
            &["OUT-2", "OUT-4a", "PAGE-5a", "OUT-1a"],
            "whose answers end after 4,096 bytes",
            Answer(|answered, _, _| {
                if answered.status == 200 {
                    answered.body.truncate(4_096);
                }
            }),
        ),
        defect(
            "warnings-before-answers",
            &["OUT-2", "OUT-4a", "OUT-4b"],
            "that writes a warning before its answers",
            Answer(|answered, _, _| {
                if answered.status == 200 {
                    both(answered, |text| format!("Warning: deprecated\n{text}"));
                }
            }),
        ),
    ],
};
