//! `vcc decode`: its messages beside the document.

mod common;

use std::fs;

use common::{Folder, run, vcc};

#[test]
fn a_local_time_that_the_clock_skipped_is_kept_and_said() {
    let folder = Folder::new("decode-gap");
    let rows = [
        "2007-03-11T01:59:59",
        "2007-03-11T02:30:00",
        "2007-03-11T02:00:00",
        "2007-03-11T03:00:00",
    ];
    let document =
        format!("startDate,agentID\r\n{}", rows.map(|row| format!("{row},bill\r\n")).concat());
    fs::write(folder.join("a.csv"), document).unwrap();
    let mut command = vcc(&folder, "");
    command.args(["decode", "a.csv", "--tz", "America/New_York"]);
    let (code, stdout, stderr) = run(&mut command);
    assert_eq!(code, 0, "{stderr}");
    let starts: Vec<_> = stdout.lines().skip(1).map(|row| row.split(',').next().unwrap()).collect();
    assert_eq!(
        starts,
        ["2007-03-11T01:59:59-05:00", rows[1], rows[2], "2007-03-11T03:00:00-04:00"]
    );
    assert!(
        stderr.contains(
            "a.csv: the clock of America/New_York skipped 2 local times, such as 2007-03-11T02:00:00: starts \
             there have no offset and stay as they are"
        ),
        "{stderr}"
    );
    let (_, _, stderr) = run(command.arg("--quiet"));
    assert_eq!(stderr, "");
}
