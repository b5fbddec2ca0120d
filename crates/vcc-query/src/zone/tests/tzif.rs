//! Files as others write them, and what is refused, byte by byte.

use super::*;

/// A file to be written.
#[derive(Clone)]
struct File {
    version: u8,
    transitions: Vec<(i64, u8)>,
    types: Vec<i32>,
    leap_seconds: u32,
    footer: Option<&'static str>,
}

/// An hour east of UTC from 1 000 000 000 to 1 100 000 000, and then by a rule.
fn sample() -> File {
    File {
        version: b'2',
        transitions: vec![(1_000_000_000, 1), (1_050_000_000, 2), (1_100_000_000, 0)],
        types: vec![0, 3_600, 3_600],
        leap_seconds: 0,
        footer: Some("AAA0BBB-2,M3.5.0,M10.5.0"),
    }
}

impl File {
    fn write(&self) -> Vec<u8> {
        let mut file = self.block(4);
        if self.version != 0 {
            file.extend(self.block(8));
            if let Some(footer) = self.footer {
                file.push(b'\n');
                file.extend(footer.as_bytes());
                file.push(b'\n');
            }
        }
        file
    }

    fn block(&self, size: usize) -> Vec<u8> {
        let mut block = b"TZif".to_vec();
        block.push(self.version);
        block.extend([0; 15]);
        let types = self.types.len() as u32;
        for count in [types, types, self.leap_seconds, self.transitions.len() as u32, types, 4] {
            block.extend(count.to_be_bytes());
        }
        for (time, _) in &self.transitions {
            block.extend(&time.to_be_bytes()[8 - size..]);
        }
        block.extend(self.transitions.iter().map(|(_, index)| index));
        for offset in &self.types {
            block.extend(offset.to_be_bytes());
            block.extend([0, 0]);
        }
        block.extend(b"AAA\0");
        block.extend(vec![0; self.leap_seconds as usize * (size + 4)]);
        block.extend(vec![0; 2 * types as usize]);
        block
    }

    fn read(&self) -> Zone {
        let table = ZoneTable::read("Test/File", &self.write()).unwrap();
        Zone::from(&*Box::leak(Box::new(table)))
    }
}

fn refused(file: &[u8]) -> String {
    ZoneTable::read("Test/File", file).unwrap_err().to_string()
}

#[test]
fn every_version() {
    for version in [b'2', b'3', b'4'] {
        let zone = File { version, ..sample() }.read();
        assert_eq!(
            changes(&zone, -9_000_000_000, 1_112_000_000),
            // A transition to an equal offset is no change. 2005-03-27T02:00Z is by the rule.
            [(1_000_000_000, 3_600), (1_100_000_000, 0), (1_111_888_800, 7_200)]
        );
        assert_eq!(zone.stretch(i64::MIN), Stretch { offset: 0, until: 1_000_000_000 });
        assert_eq!(zone.stretch(1_000_000_000), Stretch { offset: 3_600, until: 1_100_000_000 });
    }
    // 32 bits, and no rule: the last offset stays.
    let zone = File { version: 0, ..sample() }.read();
    assert_eq!(
        changes(&zone, -9_000_000_000, 9_000_000_000),
        [(1_000_000_000, 3_600), (1_100_000_000, 0)]
    );
    assert_eq!(zone.stretch(1_100_000_000), Stretch { offset: 0, until: i64::MAX });
    let negative = File { version: 0, transitions: vec![(-2_147_483_648, 1)], ..sample() }.read();
    assert_eq!(changes(&negative, -9_000_000_000, 0), [(-2_147_483_648, 3_600)]);
}

#[test]
fn without_a_rule() {
    for footer in [None, Some("")] {
        let zone = File { footer, ..sample() }.read();
        assert_eq!(zone.stretch(1_100_000_000), Stretch { offset: 0, until: i64::MAX });
        assert_eq!(zone.stretch(i64::MAX), Stretch { offset: 0, until: i64::MAX });
    }
    // Nothing but a type: that one, always. A rule beside it holds always.
    let bare = File { transitions: vec![], footer: None, types: vec![-3_600], ..sample() };
    assert_eq!(bare.read().stretch(i64::MIN), Stretch { offset: -3_600, until: i64::MAX });
    let rule = File { footer: Some("AAA5"), ..bare }.read();
    assert_eq!(rule.stretch(i64::MIN), Stretch { offset: -18_000, until: i64::MAX });
}

/// The first block of version 2 and later is for others: its contents may be anything of its length.
#[test]
fn the_first_block_is_skipped() {
    let mut file = sample().write();
    file[44..80].fill(0xFF);
    assert!(ZoneTable::read("Test/File", &file).is_ok());
}

#[test]
fn what_is_refused() {
    let block = sample().block(4).len();
    let from = |file: File| refused(&file.write());
    let with = |at: usize, bytes: &[u8]| {
        let mut file = sample().write();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        refused(&file)
    };
    let header = "expected a header of 44 bytes that begins with TZif";
    for (message, expected) in [
        (refused(b""), format!("{header} at byte 0")),
        (refused(b"TZif2"), format!("{header} at byte 0")),
        (with(0, b"tzif"), format!("{header} at byte 0")),
        (with(block, b"tzif"), format!("{header} at byte {block}")),
        (with(4, b"1"), "expected a version from 1 to 4 at byte 4".into()),
        (with(4, b"5"), "expected a version from 1 to 4 at byte 4".into()),
        (
            with(block + 32, &[0xFF; 4]),
            format!("expected more bytes, as the header says at byte {}", sample().write().len()),
        ),
        (
            from(File { leap_seconds: 1, ..sample() }),
            format!(
                "expected no leap seconds, which the files of \"right\" count at byte {}",
                block + 8 + 28
            ),
        ),
        (
            from(File { types: vec![], transitions: vec![], ..sample() }),
            format!("expected one type of local time or more at byte {}", 48 + 36),
        ),
        (
            from(File { types: vec![0, 86_400, 0], ..sample() }),
            format!("expected an offset of less than a day at byte {}", block + 44 + 3 * 9 + 6),
        ),
        (
            from(File { types: vec![i32::MIN, 0, 0], ..sample() }),
            format!("expected an offset of less than a day at byte {}", block + 44 + 3 * 9),
        ),
        (
            from(File { transitions: vec![(5, 0), (5, 1)], ..sample() }),
            format!("expected a time after the one before it at byte {}", block - 5 + 44 + 8),
        ),
        (
            from(File { transitions: vec![(5, 0), (7, 3), (9, 0)], ..sample() }),
            format!(
                "expected the number of one of the types of local time at byte {}",
                block + 44 + 25
            ),
        ),
        (
            from(File { footer: Some("AAA"), ..sample() }),
            format!(
                "expected an offset of less than 24 hours, such as 5 or -5:30 at byte {}",
                File { footer: None, ..sample() }.write().len() + 4
            ),
        ),
        (
            refused(&sample().write()[..sample().write().len() - 1]),
            format!("expected a line end after the rule at byte {}", sample().write().len() - 1),
        ),
        (
            refused(&[&sample().write()[..], b"x"].concat()),
            format!("expected the end of the file at byte {}", sample().write().len()),
        ),
        (
            refused(&[&File { footer: None, ..sample() }.write()[..], b"AAA0"].concat()),
            format!(
                "expected a line end, and the rule of the zone at byte {}",
                File { footer: None, ..sample() }.write().len()
            ),
        ),
        (
            refused(&vec![0; ZoneTable::MAX_LENGTH + 1]),
            "expected the end of the file at byte 1048576".into(),
        ),
    ] {
        assert_eq!(message, format!("Test/File: {expected} of its data"));
    }
}

/// Every cut of a file is refused, but the one before the rule: some writers leave that out.
#[test]
fn a_file_that_is_cut() {
    let whole = sample().write();
    let bare = File { footer: None, ..sample() }.write().len();
    for length in 0..whole.len() {
        let result = ZoneTable::read("Test/File", &whole[..length]);
        assert_eq!(result.is_ok(), length == bare, "{length}");
    }
}

#[test]
fn names() {
    let read = |name: &str| ZoneTable::read(name, &sample().write());
    for name in ["UTC", "Etc/GMT+8", "America/Argentina/Buenos_Aires", "Company/Fixed", "GMT-0"] {
        assert_eq!(read(name).unwrap().name(), name);
    }
    for name in [
        "",
        "Factory",
        "localtime",
        "posixrules",
        "posix/UTC",
        "right/UTC",
        "Etc/Unknown",
        "/UTC",
        "UTC/",
        "a//b",
        "../UTC",
        "a/./b",
        "a b",
        "ü",
        "\0",
        "UTC\n",
    ] {
        let error = read(name).unwrap_err();
        assert_eq!((error.name(), error.at()), (name, None));
        let found = if name.is_empty() { "nothing".to_owned() } else { format!("{name:?}") };
        assert_eq!(
            error.to_string(),
            format!("expected the name of a zone, such as America/New_York, found {found}")
        );
    }
}
