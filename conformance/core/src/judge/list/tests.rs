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
            "<agentID> appears twice",
        ),
        ("\n<?xml version=\"1.0\"?><recordings/>", "the declaration is not at the beginning"),
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
        read_text(Format::Csv, "agentID,channel\r\na,b,c\r\n").unwrap_err().contains("row 2 has 3")
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
