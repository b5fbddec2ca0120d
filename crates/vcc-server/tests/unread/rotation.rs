//! The audit log's file, removed or renamed while it is written.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::command::Folder;
use crate::server::Server;
use crate::{lines, until};

#[test]
fn a_file_that_is_removed_is_made_again() {
    let folder = Folder::new();
    let audits = folder.path("audits");
    std::fs::create_dir(&audits).unwrap();
    let audit = format!("--audit={}", audits.join("audit").display());
    let mut server = Server::start_in(folder, &[&audit], Stdio::null());
    let mut client = server.client();
    client.expect(200, 5);
    until("the lines are written", || server.metric("vcc_audit_lines_waiting") == 0);
    std::fs::remove_dir_all(&audits).unwrap();
    client.expect(200, 7);
    until("/readyz is red", || !server.is_ready());
    std::fs::create_dir(&audits).unwrap();
    until("/readyz is green", || server.is_ready());
    client.expect(200, 1);
    server.stop();
    let read = std::fs::read_to_string(audits.join("audit")).unwrap();
    assert_eq!(lines(&read, "lost"), (8, 0));
}

#[test]
fn a_file_that_is_renamed_is_opened_anew_at_sighup() {
    for failure in ["serve", "refuse"] {
        let folder = Folder::new();
        let path = folder.path("audit");
        let audit = format!("--audit={}", path.display());
        let failure = format!("--audit-failure={failure}");
        let mut server = Server::start_in(folder, &[&audit, &failure], Stdio::null());
        let is_over = AtomicBool::new(false);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..2)
                .map(|_| {
                    let mut client = server.client();
                    let is_over = &is_over;
                    scope.spawn(move || {
                        let mut statuses = Vec::new();
                        while !is_over.load(Ordering::Relaxed) {
                            statuses.push(client.get().0);
                        }
                        statuses
                    })
                })
                .collect();
            let is_written = || std::fs::metadata(&path).is_ok_and(|file| file.len() > 10_000);
            for number in 1..=3 {
                until("there are lines in the file", is_written);
                std::fs::rename(&path, path.with_extension(number.to_string())).unwrap();
                server.signal("-HUP");
            }
            until("there are lines in the new file", is_written);
            is_over.store(true, Ordering::Relaxed);
            asking.into_iter().flat_map(|asking| asking.join().unwrap()).collect()
        });
        server.stop();
        let files = (1..=3).map(|number| path.with_extension(number.to_string()));
        let written: usize = files
            .chain([path.clone()])
            .map(|file| lines(&std::fs::read_to_string(file).unwrap(), "lost").0)
            .sum();
        let answered = statuses.iter().filter(|status| **status == 200).count();
        // A very busy machine may refuse some requests, and still have the lines of some of these.
        let refused = statuses.iter().filter(|status| **status == 503).count();
        assert_eq!(answered + refused, statuses.len());
        assert!(refused == 0 || failure.ends_with("refuse"));
        assert!((answered..=answered + refused).contains(&written), "{written} of {answered}");
    }
}

#[test]
fn sighup_ends_nothing_where_there_is_no_audit() {
    let mut server = Server::start(&[], Stdio::null());
    server.signal("-HUP");
    server.client().expect(200, 1);
    server.stop();
}
