use vcc_conformance_core::fixture::{
    BodyExpect, CsvExpect, Expect, Fields, HeaderExpect, OrderOf, Quotes, StartForm, Status,
    StatusKind,
};
use vcc_conformance_core::words::counted;

/// What an answer must be, one sentence for each demand.
pub(super) fn demands(expect: &Expect) -> Vec<String> {
    let mut all = Vec::from_iter(status(expect));
    all.extend(records(expect));
    all.extend(starts(expect));
    let values = expect.values.iter().flat_map(|(key, fields)| {
        fields.iter().map(move |(field, text)| format!("{field} of {key} is {text:?}"))
    });
    all.extend(values);
    all.extend(expect.headers.iter().map(|(name, header)| self::header(name, header)));
    all.extend(expect.body.iter().flat_map(body));
    all.extend(
        expect
            .xml
            .filter(|xml| xml.declaration)
            .map(|_| "the XML begins with a declaration of version 1.0".to_owned()),
    );
    all.extend(expect.csv.iter().flat_map(csv));
    all.extend(earlier(expect));
    all
}

fn status(expect: &Expect) -> Option<String> {
    let several = |codes: &[u16]| codes.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
    Some(match &expect.status {
        None if !expect.speaks_of_records() => return None,
        None => "status 200".into(),
        Some(Status::One(code)) => format!("status {code}"),
        Some(Status::Several(codes)) => format!("status {}", several(codes)),
        Some(Status::Kind(StatusKind::ClientError)) => "a status from 400 to 499".into(),
        Some(Status::Kind(StatusKind::Any)) => "any status".into(),
    })
}

fn records(expect: &Expect) -> Vec<String> {
    let keys = |keys: &[String]| keys.join(", ");
    let mut all = Vec::new();
    match &expect.records {
        Some(records) if records.is_empty() => all.push("no record".into()),
        Some(records) if expect.ordered => {
            all.push(format!("these records in this order, and no other: {}", keys(records)));
        }
        Some(records) => all.push(format!("these records, and no other: {}", keys(records))),
        None => {}
    }
    all.extend(expect.count.map(|count| counted(count, "record")));
    all.extend(expect.at_most.map(|most| format!("{} at most", counted(most, "record"))));
    for (word, list) in [
        ("no record apart from these", &expect.among),
        ("these records are there", &expect.includes),
        ("these records are not there", &expect.excludes),
    ] {
        all.extend(list.as_ref().map(|list| format!("{word}: {}", keys(list))));
    }
    if expect.no_records {
        all.push("no record can be read from it".into());
    }
    all.extend(expect.fields.map(|fields| {
        match fields {
            Fields::All => "every record has the fifteen fields, each once",
            Fields::Ordered => "every record has the fifteen fields in the documented order",
        }
        .to_owned()
    }));
    all
}

fn starts(expect: &Expect) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(expect.order.map(|order| match order {
        OrderOf::StartAscending => "the earliest start first".to_owned(),
        OrderOf::StartDescending => "the latest start first".to_owned(),
    }));
    all.extend(expect.start_form.map(|form| {
        match form {
            StartForm::Offset => "every startDate has seconds and an offset, or Z",
            StartForm::Numeric => "every startDate has seconds and an offset in digits",
            StartForm::Z => "every startDate ends in Z",
        }
        .to_owned()
    }));
    all.extend(expect.zone.as_ref().map(|zones| {
        let zones = zones.as_slice().iter().map(|zone| match zone.as_str() {
            "tenant" => "of the tenant's zone".to_owned(),
            "query" => "of the zone that the query names".to_owned(),
            "utc" => "of UTC".to_owned(),
            name => format!("of {name}"),
        });
        format!("every startDate has the offset {}", zones.collect::<Vec<_>>().join(" or "))
    }));
    all
}

fn header(name: &str, header: &HeaderExpect) -> String {
    let HeaderExpect { is, contains, matches, present } = header;
    let mut demands = Vec::new();
    demands.extend(is.as_ref().map(|text| format!("is {text:?}")));
    demands.extend(contains.as_ref().map(|text| format!("contains {text:?}")));
    demands.extend(matches.as_ref().map(|text| format!("matches {text}")));
    match present {
        Some(false) => demands.push("is not there".into()),
        _ if demands.is_empty() => demands.push("is there".into()),
        _ => {}
    }
    format!("the header {name} {}", demands.join(" and "))
}

fn body(body: &BodyExpect) -> Vec<String> {
    let mut all = Vec::new();
    match body.empty {
        Some(true) => all.push("the body is empty".into()),
        Some(false) => all.push("the body is not empty".into()),
        None => {}
    }
    for (word, texts) in [
        ("contains", &body.contains),
        ("does not contain", &body.lacks),
        ("matches", &body.matches),
    ] {
        all.extend(texts.iter().map(|text| format!("the body {word} {text:?}")));
    }
    all.extend(body.starts.as_ref().map(|text| format!("the body begins {text:?}")));
    all.extend(body.max.map(|most| format!("the body has {} at most", counted(most, "byte"))));
    all.extend(body.hex.as_ref().map(|hex| format!("the body contains the bytes {hex}")));
    all
}

fn csv(csv: &CsvExpect) -> Vec<String> {
    let mut all = Vec::new();
    if csv.header {
        all.push("the CSV begins with the documented names in the documented order".into());
    }
    if csv.crlf {
        all.push("every row of the CSV ends in CR LF".into());
    }
    if let Some(Quotes::Minimal) = csv.quotes {
        all.push("in the CSV only values that need quotes have them".into());
    }
    all.extend(
        csv.rows.map(|rows| format!("{} below the header of the CSV", counted(rows, "row"))),
    );
    all
}

fn earlier(expect: &Expect) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(
        expect
            .same_records_as
            .map(|step| format!("the same records in the same order as in step {step}")),
    );
    all.extend(expect.goes_on_from.map(|goes| {
        format!("it begins with the records of step {} after the first {}", goes.step, goes.skip)
    }));
    all.extend(
        expect.same_body_as.map(|step| format!("the same status and body as in step {step}")),
    );
    all.extend(expect.same_headers_as.as_ref().map(|same| {
        let names = match same.names.is_empty() {
            true => "headers, but for Date,".to_owned(),
            false => same.names.join(", "),
        };
        let set = if same.set { ", and no header more or less" } else { "" };
        format!("the same {names} as in step {}{set}", same.step)
    }));
    all
}
