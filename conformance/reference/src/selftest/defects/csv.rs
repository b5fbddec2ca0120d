use crate::selftest::defect::Hook::Answer;
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::outgoing::Outgoing;
use crate::selftest::site::Site;

/// CSV whose rows `write` makes.
fn each_row(outgoing: &mut Outgoing, write: impl Fn(Vec<String>) -> String) {
    if outgoing.is_csv() {
        outgoing.body = outgoing.cells().into_iter().map(write).collect::<String>().into_bytes();
    }
}

/// CSV made by joining, with `quote` for a value and `end` after each row.
fn joined(outgoing: &mut Outgoing, quote: impl Fn(&str) -> String, between: &str, end: &str) {
    each_row(outgoing, |row| {
        let cells: Vec<_> = row.iter().map(|cell| quote(cell)).collect();
        cells.join(between) + end
    });
}

fn quoted(cell: &str, always: bool, doubled: &str) -> String {
    if always || cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', doubled))
    } else {
        cell.to_owned()
    }
}

fn columns(outgoing: &mut Outgoing, change: impl Fn(Vec<String>) -> Vec<String>) {
    each_row(outgoing, |row| {
        let cells: Vec<_> = change(row).iter().map(|cell| quoted(cell, false, "\"\"")).collect();
        cells.join(",") + "\r\n"
    });
}

fn sent_as(outgoing: &mut Outgoing, kind: &'static str) {
    if outgoing.is_csv() {
        outgoing.header("content-type", kind);
    }
}

fn list(change: fn(&mut Outgoing), outgoing: &mut Outgoing, _: &Incoming, _: &Site) {
    if outgoing.status == 200 {
        change(outgoing);
    }
}

macro_rules! csv {
    ($name:literal, $clauses:expr, $says:literal, $change:expr) => {
        defect(
            $name,
            $clauses,
            $says,
            Answer(|outgoing, incoming, site| list($change, outgoing, incoming, site)),
        )
    };
}

pub(super) const CSV: Family = Family {
    name: "CSV",
    defects: &[
        csv!("commas-raw", &["OUT-4a", "OUT-4b"], "that does not quote in CSV", |outgoing| {
            joined(outgoing, str::to_owned, ",", "\r\n");
        }),
        csv!(
            "quotes-not-doubled",
            &["OUT-4a", "OUT-4b"],
            "that does not double quotes in CSV",
            |outgoing| {
                joined(outgoing, |cell| quoted(cell, false, "\""), ",", "\r\n");
            }
        ),
        csv!(
            "quotes-by-backslash",
            &["OUT-4a", "OUT-4b"],
            "that escapes quotes in CSV with a backslash",
            |outgoing| {
                joined(outgoing, |cell| quoted(cell, false, "\\\""), ",", "\r\n");
            }
        ),
        csv!("quotes-everywhere", &["OUT-4b"], "that quotes every value in CSV", |outgoing| {
            joined(outgoing, |cell| quoted(cell, true, "\"\""), ",", "\r\n");
        }),
        csv!(
            "line-ends-unquoted",
            &["OUT-4a", "OUT-6a"],
            "that does not quote line ends in CSV",
            |outgoing| {
                joined(
                    outgoing,
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
        csv!("csv-with-lf", &["OUT-4b"], "whose CSV has LF for CR LF", |outgoing| {
            joined(outgoing, |cell| quoted(cell, false, "\"\""), ",", "\n");
        }),
        csv!(
            "csv-with-semicolons",
            &["OUT-4a", "OUT-4b"],
            "whose CSV has semicolons for commas",
            |outgoing| {
                joined(outgoing, |cell| quoted(cell, cell.contains(';'), "\"\""), ";", "\r\n");
            }
        ),
        csv!("csv-with-tabs", &["OUT-4a", "OUT-4b"], "whose CSV has tabs for commas", |outgoing| {
            joined(outgoing, |cell| quoted(cell, cell.contains('\t'), "\"\""), "\t", "\r\n");
        }),
        csv!(
            "csv-with-spaces",
            &["OUT-4a", "OUT-4b"],
            "whose CSV has spaces behind commas",
            |outgoing| {
                joined(outgoing, |cell| quoted(cell, false, "\"\""), ", ", "\r\n");
            }
        ),
        csv!("no-header", &["OUT-4b", "PAGE-3b"], "whose CSV has no header row", |outgoing| {
            outgoing.csv(|text| text.split_once("\r\n").map_or(text, |(_, rest)| rest).to_owned());
        }),
        csv!(
            "header-in-lower-case",
            &["OUT-4b", "OUT-4a"],
            "whose header row is in lower case",
            |outgoing| {
                outgoing.csv(|text| {
                    let (header, rest) = text.split_once("\r\n").unwrap_or((text, ""));
                    format!("{}\r\n{rest}", header.to_lowercase())
                });
            }
        ),
        csv!(
            "header-of-titles",
            &["OUT-4b", "OUT-4a"],
            "whose header row has titles in place of names",
            |outgoing| {
                outgoing.csv(|text| {
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
            |outgoing| {
                outgoing.csv(|text| {
                    let (header, rest) = text.split_once("\r\n").unwrap_or((text, ""));
                    format!("{header}\r\n{header}\r\n{rest}")
                });
            }
        ),
        csv!(
            "columns-in-another-order",
            &["OUT-4b"],
            "whose columns are in another order",
            |outgoing| {
                columns(outgoing, |mut row| {
                    row.swap(1, 2);
                    row
                });
            }
        ),
        csv!("column-missing", &["OUT-4a", "OUT-4b"], "whose CSV lacks a column", |outgoing| {
            columns(outgoing, |mut row| {
                row.remove(9);
                row
            });
        }),
        csv!("column-added", &["OUT-4b"], "whose CSV has a column more", |outgoing| {
            columns(outgoing, |mut row| {
                row.push("1".into());
                row
            });
        }),
        csv!(
            "last-row-missing",
            &["OUT-4a", "PAGE-5a"],
            "whose CSV lacks its last row",
            |outgoing| {
                let last = outgoing.cells().len().saturating_sub(2);
                let at = std::cell::Cell::new(0);
                outgoing.rows(|row| {
                    at.set(at.get() + 1);
                    (at.get() <= last).then(|| row.to_vec())
                });
            }
        ),
        csv!(
            "byte-order-mark",
            &["OUT-4b", "OUT-4a"],
            "whose CSV begins with a byte-order mark",
            |outgoing| {
                outgoing.csv(|text| format!("\u{feff}{text}"));
            }
        ),
        csv!(
            "formulas-guarded",
            &["OUT-4a", "OUT-4b"],
            "that puts a quote before what a spreadsheet would compute",
            |outgoing| {
                outgoing.rows(|row| {
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
            |outgoing| {
                outgoing.rows(|row| {
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
            |outgoing| {
                outgoing.rows(|row| {
                    let numbers = row.iter().map(|cell| {
                        cell.parse::<u64>().map_or_else(|_| cell.clone(), |n| n.to_string())
                    });
                    Some(numbers.collect())
                });
            }
        ),
        csv!("null-in-csv", &["OUT-4a"], "that writes NULL for empty values of CSV", |outgoing| {
            outgoing.rows(|row| {
                let cells = row
                    .iter()
                    .map(|cell| if cell.is_empty() { "NULL".into() } else { cell.clone() });
                Some(cells.collect())
            });
        }),
        csv!("csv-in-latin-1", &["OUT-4a", "OUT-5"], "whose CSV is in Latin-1", |outgoing| {
            if outgoing.is_csv() {
                outgoing.in_latin_1();
            }
        }),
        csv!("csv-as-plain-text", &["OUT-5"], "whose CSV is sent as text/plain", |outgoing| {
            sent_as(outgoing, "text/plain; charset=utf-8");
        }),
        csv!(
            "csv-as-a-download",
            &["OUT-5"],
            "whose CSV is sent as application/octet-stream",
            |outgoing| {
                sent_as(outgoing, "application/octet-stream");
            }
        ),
        csv!(
            "csv-without-charset",
            &["OUT-5"],
            "whose CSV is sent without a charset",
            |outgoing| {
                sent_as(outgoing, "text/csv");
            }
        ),
        csv!(
            "empty-csv-without-header",
            &["PAGE-3b", "OUT-4b"],
            "whose empty CSV has no header row",
            |outgoing| {
                outgoing.csv(|text| {
                    if text.lines().count() < 2 { String::new() } else { text.to_owned() }
                });
            }
        ),
    ],
};
