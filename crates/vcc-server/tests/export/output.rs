//! Writing an export: to a file, into a pipe, on a full disk.

use std::io::Read as _;
use std::process::Stdio;

use crate::FORMATS;
use crate::command::{export, three};
use crate::common::command::{Folder, command};

#[cfg(unix)]
#[test]
fn a_file_has_its_name_once_it_is_whole() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = three();
    let [file, partial] = ["a.csv", "a.csv.partial"].map(|name| folder.path(name));
    let name = file.to_str().unwrap();
    // Left by an export that was killed, and readable by everyone.
    folder.write("a.csv.partial", &"x".repeat(9_999));
    let ran = export(&folder, &["--output", name]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), export(&folder, &[]).stdout);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!partial.exists());

    // Killed while the file had both names: it belongs to the user who asked for it.
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "whole").unwrap();
    std::fs::hard_link(&file, &partial).unwrap();
    assert_eq!(export(&folder, &["--output", name]).code, 1);
    std::fs::rename(&file, folder.path("kept.csv")).unwrap();
    assert_eq!(export(&folder, &["--output", name]).code, 0);
    assert_eq!(std::fs::read_to_string(folder.path("kept.csv")).unwrap(), "whole");

    // Another process is writing it.
    std::fs::remove_file(&file).unwrap();
    let other = std::fs::File::create(&partial).unwrap();
    other.lock().unwrap();
    let ran = export(&folder, &["--output", name]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains(&format!("another process is making {name}")), "{}", ran.stderr);
    assert!(!file.exists());
}

/// More text than a pipe holds.
fn many() -> Folder {
    let folder = Folder::new();
    let mut rows = String::from("startDate,transactionID,extVar1\n");
    for number in 0..20_000 {
        let long = "x".repeat(50);
        rows += &format!("2007-12-19T19:16:36-08:00,{number},{long}\n");
    }
    let ran = folder.import(&[&folder.write("many.csv", &rows)]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    folder
}

#[test]
fn who_has_enough_ends_it_quietly() {
    let folder = many();
    for format in FORMATS {
        let arguments =
            ["export", "--tenant", "acme", "--format", format, "--store", &folder.store];
        let mut child =
            command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]), "{format}");
    }
}

/// A full disk is an error, not the end of the list.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_said() {
    let folder = many();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let arguments = ["export", "--tenant", "acme", "--store", &folder.store];
    let output = command(&arguments).stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("error: cannot write stdout: No space left on device"), "{said}");
}
