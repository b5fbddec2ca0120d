//! The cases that each known defect fails, as `selftest` measured them: `signatures.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::symptom::Symptom;

/// What a server with one known defect fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// The name of the defect.
    pub defect: &'a str,
    /// The name of its family.
    pub family: &'a str,
    /// What it does; completes a sentence that begins with "a server".
    pub says: &'a str,
    /// How each case that it fails does so, by the id of the case.
    pub symptoms: BTreeMap<String, Symptom>,
}

impl Signature<'_> {
    /// The ids of the cases that it fails, in their order.
    pub fn cases(&self) -> impl Iterator<Item = &str> + Clone {
        self.symptoms.keys().map(String::as_str)
    }
}

/// The signatures that are embedded here, in the order of the defects. They are read once.
#[must_use]
pub fn embedded() -> &'static [Signature<'static>] {
    static EMBEDDED: LazyLock<Vec<Signature<'static>>> =
        LazyLock::new(|| read(crate::embedded::SIGNATURES));
    &EMBEDDED
}

/// Reads what [`text`] writes.
#[must_use]
pub fn read(text: &str) -> Vec<Signature<'_>> {
    let mut all: Vec<Signature<'_>> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ").and_then(|rest| rest.split_once('/')) {
            None => {
                let mut columns = line.split('\t');
                let mut column = || columns.next().unwrap_or_default();
                let (defect, family, says) = (column(), column(), column());
                all.push(Signature { defect, family, says, symptoms: BTreeMap::new() });
            }
            Some((chapter, names)) => {
                let mut names = names.split(' ');
                // An unreadable symptom says nothing about how the cases failed.
                let symptom = names.next().and_then(|text| text.parse().ok()).unwrap_or_default();
                if let Some(signature) = all.last_mut() {
                    let ids = names.map(|name| format!("{chapter}/{name}"));
                    signature.symptoms.extend(ids.map(|id| (id, symptom)));
                }
            }
        }
    }
    all
}

/// Signatures as `signatures.txt` has them: a line a defect (its name, its family and what it does,
/// with tabs between), then a line for each folder of cases that it fails in one way, with the
/// [`Symptom`] behind the folder's name.
#[must_use]
pub fn text(signatures: &[Signature<'_>]) -> String {
    let mut text = String::from(
        "# The cases that each defect of `selftest` fails. Written by `vcc-conformance update`, for new cases, and\n\
         # by `vcc-conformance selftest --signatures FILE`, for all.\n",
    );
    for Signature { defect, family, says, symptoms } in signatures {
        // A folder is named once for each symptom.
        let mut chapters: BTreeMap<(&str, Symptom), Vec<&str>> = BTreeMap::new();
        for (case, symptom) in symptoms {
            let (chapter, name) = case.split_once('/').unwrap_or(("", case));
            chapters.entry((chapter, *symptom)).or_default().push(name);
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{defect}\t{family}\t{says}");
        for ((chapter, symptom), names) in chapters {
            let _ = writeln!(text, "  {chapter}/{symptom} {}", names.join(" "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_signatures_is_read_as_it_was_written() {
        let symptoms =
            [("near/start", ""), ("paging/a", "+-"), ("paging/b", "+-"), ("paging/c", "404")]
                .map(|(id, symptom)| (id.to_owned(), symptom.parse().unwrap()));
        let written = text(&[Signature {
            defect: "page-of-49",
            family: "pages and n",
            says: "whose pages hold 49",
            symptoms: symptoms.into(),
        }]);
        let lines: Vec<_> = written.lines().skip(2).collect();
        let head = "page-of-49\tpages and n\twhose pages hold 49";
        assert_eq!(lines, [head, "  near/ start", "  paging/404 c", "  paging/+- a b"]);
        let [signature] = &read(&written)[..] else { panic!("one defect") };
        assert_eq!((signature.defect, signature.family), ("page-of-49", "pages and n"));
        assert_eq!(signature.says, "whose pages hold 49");
        assert!(signature.cases().eq(["near/start", "paging/a", "paging/b", "paging/c"]));
        assert_eq!(signature.symptoms["paging/b"].to_string(), "+-");
        let all = embedded();
        assert!(all.len() > 500);
        assert_eq!(text(all), crate::embedded::SIGNATURES);
    }
}
