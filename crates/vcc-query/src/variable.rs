use vcc_types::Field;

/// A variable that the documentation names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    D,
    Tz,
    StartDate,
    FinishDate,
    N,
    Filter(Field),
}

impl Variable {
    pub(crate) const COUNT: usize = 5 + Field::COUNT;

    /// By index. `startDate` has an index, but is not a variable.
    pub(crate) const ALL: [Variable; Variable::COUNT] = {
        let mut all = [Variable::D; Variable::COUNT];
        all[1] = Variable::Tz;
        all[2] = Variable::StartDate;
        all[3] = Variable::FinishDate;
        all[4] = Variable::N;
        let mut index = 0;
        while index < Field::COUNT {
            all[5 + index] = Variable::Filter(Field::ALL[index]);
            index += 1;
        }
        all
    };

    /// The variable with this name, byte for byte (REQ-7). `None` for `startDate` (FIELD-2).
    pub(crate) fn from_name(name: &[u8]) -> Option<Variable> {
        Variable::index_of(name).map(|index| Variable::ALL[index])
    }

    /// The index in `ALL` of the variable with this name.
    #[inline]
    pub(crate) fn index_of(name: &[u8]) -> Option<usize> {
        Some(match name {
            b"d" => 0,
            b"tz" => 1,
            b"start-date" => 2,
            b"finish-date" => 3,
            b"n" => 4,
            _ => match Field::from_wire_bytes(name)? {
                Field::StartDate => return None,
                field => 5 + field.index(),
            },
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Variable::D => "d",
            Variable::Tz => "tz",
            Variable::StartDate => "start-date",
            Variable::FinishDate => "finish-date",
            Variable::N => "n",
            Variable::Filter(field) => field.query_name(),
        }
    }

    /// The index in `ALL`, from 0 to `COUNT` − 1.
    #[inline]
    pub(crate) fn index(self) -> usize {
        match self {
            Variable::D => 0,
            Variable::Tz => 1,
            Variable::StartDate => 2,
            Variable::FinishDate => 3,
            Variable::N => 4,
            Variable::Filter(field) => 5 + field.index(),
        }
    }

    pub(crate) fn is_date(self) -> bool {
        matches!(self, Variable::D | Variable::StartDate | Variable::FinishDate)
    }

    /// The variable with an example of a value.
    pub(crate) fn example(self) -> String {
        let value = match self {
            Variable::D => "2007-08-05",
            Variable::Tz => "America/New_York",
            Variable::StartDate | Variable::FinishDate => "2007-12-19%2019:16:58Z",
            Variable::N => "101",
            Variable::Filter(Field::AgentId) => "bill",
            Variable::Filter(Field::Channel) => "8005551234",
            Variable::Filter(_) => "0",
        };
        format!("{}={value}", self.name())
    }

    /// The name of every variable, as a message lists them.
    pub(crate) const NAMES: &'static str = "d, tz, start-date, finish-date, n, agentID, phoneNumber, \
        channel, caseID, duration, filename, queueID, queueName, accountNumber, transactionID, \
        extVar1, extVar2, outDialCode, wrapUpCode";

    /// The variable that was meant by an unknown name (REQ-9).
    pub(crate) fn nearest(name: &str) -> Option<Variable> {
        // FIELD-2, and names that other software uses for the same things.
        let plain: String = name
            .chars()
            .take(40)
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if plain.is_empty() {
            return None;
        }
        let named = match plain.as_str() {
            "date" | "dates" | "daterange" => Some(Variable::D),
            "timezone" | "zone" => Some(Variable::Tz),
            "start" => Some(Variable::StartDate),
            "finish" | "end" | "enddate" => Some(Variable::FinishDate),
            "agent" => Some(Variable::Filter(Field::AgentId)),
            "queue" => Some(Variable::Filter(Field::QueueId)),
            "phone" => Some(Variable::Filter(Field::PhoneNumber)),
            _ => None,
        };
        named.or_else(|| {
            Variable::ALL
                .into_iter()
                .filter(|variable| *variable != Variable::Filter(Field::StartDate))
                .map(|variable| {
                    let known: String = variable
                        .name()
                        .chars()
                        .filter(char::is_ascii_alphanumeric)
                        .map(|c| c.to_ascii_lowercase())
                        .collect();
                    (distance(plain.as_bytes(), known.as_bytes()), known.len(), variable)
                })
                .filter(|(distance, length, _)| *distance == 0 || (*distance <= 2 && *length > 4))
                .min_by_key(|(distance, ..)| *distance)
                .map(|(.., variable)| variable)
        })
    }
}

/// What to write instead of an unknown name, if that is clear (REQ-9).
pub(crate) fn hint(name: &str) -> Option<String> {
    let unescaped = without_reference(name);
    if unescaped.len() < name.len() {
        let known = Variable::from_name(unescaped.as_bytes());
        let known = known.map_or(String::new(), |known| format!(", as in &{}=", known.name()));
        return Some(format!("this & was escaped for HTML; it stands alone{known}"));
    }
    if name.starts_with('?') {
        return Some("the query begins after the first ?".into());
    }
    let near = Variable::nearest(name);
    if let Some(near) = near.filter(|near| name.eq_ignore_ascii_case(near.name())) {
        return Some(format!("names are case-sensitive: {}", near.name()));
    }
    custom(name)
        .map(str::to_owned)
        .or_else(|| near.map(|near| format!("did you mean {}?", near.name())))
}

/// The name without the reference to `&` at its beginning, such as `amp;`, which may be there several times.
fn without_reference(mut name: &str) -> &str {
    const REFERENCES: [&str; 4] = ["amp;", "#38;", "#038;", "#x26;"];
    while let Some(rest) = REFERENCES.iter().find_map(|reference| name.strip_prefix(reference)) {
        name = rest;
    }
    name
}

/// Variables of other APIs, and how to ask for the same here.
fn custom(name: &str) -> Option<&'static str> {
    let plain: String = name
        .chars()
        .take(20)
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    Some(match plain.as_str() {
        "limit" | "count" | "size" | "pagesize" | "perpage" | "top" | "rows" | "max" | "first" => {
            "a page holds up to 50 records; n is the number of its first one, as in n=51"
        }
        "offset" | "skip" | "page" | "pagenumber" | "pageno" | "startindex" => {
            "n is the number of the first record of a page, from 1: the second page is n=51"
        }
        "from" | "to" | "since" | "until" | "after" | "before" | "begin" | "fromdate"
        | "todate" | "datefrom" | "dateto" => {
            "a range of dates is d=FROM,UNTIL, as in d=2007-08-05,2007-08-07"
        }
        "end" | "enddate" | "endtime" => {
            "the end of a range is that of d=FROM,UNTIL; a finish is looked up with finish-date"
        }
        "sort" | "sortby" | "order" | "orderby" => {
            "a list is sorted by start, and cannot be otherwise"
        }
        "format" | "output" | "type" => "the format ends the path: files.csv or files.xml",
        "token" | "apikey" | "accesstoken" | "key" | "username" | "user" | "password"
        | "tenant" => "the tenant and its token are sent as user name and password (HTTP Basic)",
        _ => return None,
    })
}

/// The edit distance: how many letters must be inserted, removed or replaced to turn one name into the
/// other.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use vcc_types::Dialect;

    use super::*;
    use crate::{Context, Query, Zone};

    #[test]
    fn the_list_holds_every_name() {
        let names = Variable::ALL
            .iter()
            .filter(|variable| **variable != Variable::Filter(Field::StartDate));
        let names: Vec<_> = names.map(|variable| variable.name()).collect();
        assert_eq!(Variable::NAMES, names.join(", "));
    }

    /// The table for readers has each variable once, in this order, and all that it shows is read.
    #[test]
    fn the_readme_has_every_variable() {
        let (_, table) = include_str!("../README.md").split_once("## Variables\n").unwrap();
        let (table, _) = table.split_once("\n## ").unwrap();
        let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| `")).collect();
        let names: Vec<_> = rows.iter().map(|row| row.split('`').nth(1).unwrap()).collect();
        assert_eq!(names.join(", "), Variable::NAMES);
        let context = Context {
            now: DateTime::UNIX_EPOCH,
            tenant_tz: Zone::UTC,
            dialect: Dialect::default(),
        };
        for (name, row) in names.iter().zip(rows) {
            let cells: Vec<_> = row.trim_matches(['|', ' ']).split(" | ").collect();
            let [_, _, examples, _] = cells[..] else { panic!("{row}") };
            let examples: Vec<_> = examples.split('`').skip(1).step_by(2).collect();
            assert!(!examples.is_empty(), "{row}");
            for example in examples {
                let is_of = |part: &str| part.split('=').next() == Some(*name);
                assert!(example.split('&').any(is_of), "{example}");
                Query::parse(example).unwrap().resolve(&context).unwrap();
            }
        }
    }
}
