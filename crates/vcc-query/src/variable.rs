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

    /// By index. `startDate` has a place and is none.
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

    /// The variable with this name, byte for byte (REQ-7). `startDate` is none (FIELD-2).
    pub(crate) fn from_name(name: &[u8]) -> Option<Variable> {
        Some(match name {
            b"d" => Variable::D,
            b"tz" => Variable::Tz,
            b"start-date" => Variable::StartDate,
            b"finish-date" => Variable::FinishDate,
            b"n" => Variable::N,
            _ => match Field::from_wire_bytes(name)? {
                Field::StartDate => return None,
                field => Variable::Filter(field),
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

    /// From 0 to `COUNT` − 1: the place in `ALL`.
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

    /// The variable with a value that it may have.
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

    /// The variable that was meant by a name that is none (REQ-9).
    pub(crate) fn nearest(name: &str) -> Option<Variable> {
        // FIELD-2, and names that other software gives to the same things.
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
            "offset" | "page" | "skip" => Some(Variable::N),
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

/// How many single letters must be put in, left out or replaced to make one name the other.
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
