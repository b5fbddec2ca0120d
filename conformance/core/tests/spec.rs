//! The specification is complete: every clause is cited in code and rests on words that the
//! documentation has; every sentence of the documentation leads to clauses, or says why not.

use std::collections::BTreeMap;
use std::path::Path;

use vcc_conformance_core::spec::{Clause, Spec};

const SPEC: &str = include_str!("../SPEC.md");

/// The documentation's sentences with what stands beside them.
fn sentences() -> Vec<(String, String)> {
    let (_, table) = SPEC.split_once("\n| sentence | clauses |\n").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let (sentence, clauses) =
            line.trim_start_matches("| ").trim_end_matches(" |").rsplit_once(" | ").unwrap();
        (sentence.replace("\\|", "|"), clauses.to_owned())
    })
    .collect()
}

/// The words that a clause quotes, if it quotes any.
fn quoted(clause: &Clause) -> Option<&str> {
    clause.documentation.strip_prefix('"')?.strip_suffix('"')
}

#[test]
fn ids_are_unique_and_sections_hold_their_own() {
    let mut seen = BTreeMap::new();
    for clause in Spec::embedded().clauses {
        assert_eq!(seen.insert(clause.id.clone(), ()), None, "{} is there twice", clause.id);
        assert!(clause.sentence.ends_with(['.', ')']), "{}: {}", clause.id, clause.sentence);
        let known = ["http", "library: ", "ingest: ", "not: "];
        assert!(known.iter().any(|word| clause.tested.starts_with(word)), "{}", clause.id);
        assert!(!clause.documentation.is_empty(), "{} rests on nothing", clause.id);
    }
    assert!(seen.len() > 90);
}

#[test]
fn every_sentence_leads_to_clauses_or_says_why_not() {
    let spec = Spec::embedded();
    let sentences = sentences();
    assert!(sentences.len() > 60, "{} sentences", sentences.len());
    for (sentence, clauses) in &sentences {
        if clauses.starts_with("none: ") {
            continue;
        }
        for id in clauses.split(' ') {
            assert!(spec.clauses.iter().any(|clause| clause.id == id), "{sentence}: {id}");
        }
    }
}

#[test]
fn every_quotation_is_in_a_sentence_that_leads_to_its_clause() {
    let sentences = sentences();
    for clause in Spec::embedded().clauses {
        let Some(words) = quoted(&clause) else { continue };
        let from = sentences.iter().filter(|(sentence, _)| sentence.contains(words));
        let leads = from.clone().any(|(_, ids)| ids.split(' ').any(|id| id == clause.id));
        assert!(leads, "{}: {words:?} in {:?}", clause.id, from.collect::<Vec<_>>());
    }
}

/// The id without the letter of its level: `DATE-2a` is cited where `DATE-2` is.
fn base(id: &str) -> &str {
    id.trim_end_matches(|letter: char| letter.is_ascii_lowercase())
}

#[test]
fn every_clause_is_cited_in_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut sources = String::new();
    let suite = ["core", "reference", "command"];
    let mut folders: Vec<_> =
        suite.iter().map(|package| root.join("conformance").join(package).join("src")).collect();
    folders.push(root.join("crates"));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources += &std::fs::read_to_string(&path).unwrap();
            }
        }
    }
    let cited = |id: &str| {
        sources.match_indices(id).any(|(at, _)| {
            !sources[at + id.len()..].starts_with(|next: char| next.is_ascii_digit())
        })
    };
    let missing: Vec<_> = Spec::embedded()
        .clauses
        .into_iter()
        .filter(|clause| !clause.tested.starts_with("not: ") && !cited(base(&clause.id)))
        .map(|clause| clause.id)
        .collect();
    assert!(missing.is_empty(), "cited nowhere: {}", missing.join(" "));
}
