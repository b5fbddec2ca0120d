//! Records whose start cannot be read.

mod common;

use common::{Folder, Service, calls, run, vcc};
use vcc_types::{Field, Recording};

/// A service may give such records with some windows alone, and may have two that are equal.
#[test]
fn records_without_a_start_are_kept_as_often_as_they_are_there_and_counted() {
    let list = calls(300, 600);
    let odd =
        |agent: &str| Recording::new().with(Field::StartDate, "soon").with(Field::AgentId, agent);
    let with = [
        ("2007-12-18T00:00:01Z", vec![odd("a"), odd("a")]),
        ("2007-12-19T00:00:01Z", vec![odd("b"), odd("c"), odd("d")]),
        // Again what is there, and no more often.
        ("2007-12-20T00:00:01Z", vec![odd("a"), odd("b")]),
    ];
    let with = with.map(|(at, records)| (at.parse().unwrap(), records));
    let service = Service::start(move |asked| {
        let window = asked.window.as_ref().unwrap();
        let odd = with.iter().filter(|(at, _)| window.contains(*at));
        let odd = odd.flat_map(|(_, records)| records.clone());
        let is_in = |recording: &&Recording| {
            recording.start().is_some_and(|start| window.contains(start.to_utc()))
        };
        let all = odd.chain(list.iter().filter(is_in).cloned());
        all.skip(asked.n as usize - 1).take(50).collect()
    });
    let folder = Folder::new("apart");
    let mut command = vcc(&folder, service.url());
    command.args(["export", "--from", "2007-12-18", "--to", "2007-12-21", "--tz", "UTC"]);
    let (code, _, stderr) = run(command.args(["--out", "a.csv", "--window-pages", "2"]));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(folder.read("a.csv").lines().count(), 301);
    let apart = folder.read("a.csv.apart.jsonl");
    let mut agents: Vec<_> = apart.lines().map(|line| line.split('"').nth(7).unwrap()).collect();
    agents.sort_unstable();
    assert_eq!(agents, ["a", "a", "b", "c", "d"], "{apart}");
    assert!(folder.read("a.csv.manifest.json").contains("\"apart\": 5,"), "{stderr}");
    assert!(
        stderr.contains("warning: 5 records whose start cannot be read are not in the file"),
        "{stderr}"
    );
}
