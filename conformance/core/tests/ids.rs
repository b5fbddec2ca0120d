//! A frozen edition stays as it is: a case of a frozen edition that is edited, and an id that comes
//! back, fail here.

use vcc_conformance_core::edition::{self, Contents, EDITION, FROZEN, Next};
use vcc_conformance_core::embedded::{DATASET, LOCK, SUITE};

#[test]
fn frozen_editions_stay_as_they_are() {
    let now = Contents::of(SUITE.iter().copied(), DATASET.iter().copied()).unwrap();
    let Next { text, problems } = edition::next(LOCK, &now).unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let other = |line: &&str| !LOCK.lines().any(|locked| locked == *line);
    let new: Vec<_> = text.lines().filter(other).take(5).collect();
    assert!(
        text == LOCK,
        "ids.lock is not up to date: cargo run --release -p vcc-conformance -- update\n{}",
        new.join("\n")
    );
}

#[test]
fn the_page_of_editions_begins_with_the_current_one_and_has_all() {
    let page = include_str!("../EDITIONS.md");
    let named: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.split(' ').next().unwrap())
        .collect();
    let expected: Vec<_> = [EDITION].into_iter().chain(FROZEN.into_iter().rev()).collect();
    assert_eq!(named, expected);
    // The retired ids of each are listed by name.
    for line in edition::read(LOCK).unwrap() {
        let told = line.gone.is_none() || page.contains(&format!("`{}`", line.id));
        assert!(told, "EDITIONS.md does not say why {} is gone", line.id);
    }
}
