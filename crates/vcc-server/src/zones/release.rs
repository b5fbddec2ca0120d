//! Releases of the tz database, such as `2026a`. `2026za` comes after `2026z`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use vcc_query::{BuiltIn, ZoneData as _};

/// The longest first line that is looked at, in bytes.
const LONGEST: u64 = 256;

/// The release of a zoneinfo folder. `tzdata.zi` begins with `# version 2026a`; macOS has the bare
/// release in `+VERSION`. `None` if there is neither, or if it says no release.
pub(super) fn of(folder: &Path) -> Option<String> {
    let first_line = |name: &str| {
        let path = folder.join(name);
        // Reading a pipe of that name would block.
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let mut line = String::new();
        BufReader::new(File::open(path).ok()?.take(LONGEST)).read_line(&mut line).ok()?;
        Some(line)
    };
    let zi = first_line("tzdata.zi");
    let zi = zi.as_deref().and_then(|line| line.trim_end().strip_prefix("# version "));
    let plain = first_line("+VERSION");
    let plain = plain.as_deref().map(str::trim);
    [zi, plain].into_iter().flatten().find(|text| release(text).is_some()).map(str::to_owned)
}

/// Whether a release is newer than that of the bundled data. One that is not known is older.
pub(super) fn is_newer(version: Option<&str>) -> bool {
    is_after(version, BuiltIn.version())
}

fn is_after(version: Option<&str>, other: Option<&str>) -> bool {
    match (version.and_then(release), other.and_then(release)) {
        (Some(version), Some(other)) => version > other,
        (version, _) => version.is_some(),
    }
}

/// The release that a text begins with: a year and letters, which sort as text. A private build may have
/// something after it, such as `2026a-3-gdeadbee` or `2026a-dirty`.
fn release(text: &str) -> Option<&str> {
    let (year, rest) = text.split_at_checked(4)?;
    let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
    let (_, more) = rest.split_at(letters);
    let more_is_well = |more: &str| {
        more.len() <= 32
            && more.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-+._".contains(&byte))
    };
    let is_release = year.bytes().all(|byte| byte.is_ascii_digit())
        && (1..=2).contains(&letters)
        && (more.is_empty() || more.starts_with('-') && more_is_well(more));
    is_release.then(|| &text[..4 + letters])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_in_the_order_that_they_came() {
        let order = ["1996l", "2025b", "2025z", "2025za", "2025zb", "2026a", "2026f", "2099z"];
        for (at, one) in order.iter().enumerate() {
            for (other_at, other) in order.iter().enumerate() {
                assert_eq!(is_after(Some(one), Some(other)), at > other_at, "{one} {other}");
            }
        }
        // What is after the release does not make it newer.
        assert!(!is_after(Some("2026a-3-gdeadbee"), Some("2026a")));
        assert!(is_after(Some("2026b-dirty"), Some("2026a")));
    }

    #[test]
    fn what_is_no_release_is_not_known_and_older() {
        for text in [
            "",
            "2026",
            "26a",
            "2026A",
            "2026abc",
            "2026a ",
            "2026a\u{7}",
            "unknown",
            "2026a/../x",
            "éé26a",
            "2026a-é",
            "+026a",
        ] {
            assert_eq!(release(text), None, "{text:?}");
            assert!(!is_after(Some(text), Some("2026a")), "{text:?}");
        }
        assert!(!is_after(None, Some("2026a")) && !is_after(None, None));
        assert!(is_after(Some("2026a"), None));
    }

    #[test]
    fn the_release_of_a_folder_is_in_its_files() {
        for (files, release) in [
            (&[("tzdata.zi", "# version 2099z\n# This zic input")][..], Some("2099z")),
            (&[("tzdata.zi", "# version 2099z\r\nR")], Some("2099z")),
            (&[("tzdata.zi", "# version 2024b-2-g1f2e3d\n")], Some("2024b-2-g1f2e3d")),
            (&[("+VERSION", "2024a\n")], Some("2024a")),
            (&[("tzdata.zi", "# version 2025a\n"), ("+VERSION", "2099z")], Some("2025a")),
            (&[("tzdata.zi", "# version unknown\n"), ("+VERSION", "2024a")], Some("2024a")),
            (&[("tzdata.zi", "# This zic input\n# version 2099z\n")], None),
            (&[("tzdata.zi", "# version 2099z, with a sentence\n")], None),
            (&[("tzdata.zi", "")], None),
            (&[], None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in files {
                std::fs::write(folder.path().join(name), text).unwrap();
            }
            assert_eq!(of(folder.path()).as_deref(), release, "{files:?}");
        }
        // Not a line, however long it is.
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tzdata.zi"), "# version 2099".repeat(1 << 16)).unwrap();
        assert_eq!(of(folder.path()), None);
        std::fs::write(folder.path().join("tzdata.zi"), b"# version 2099z\xff\n").unwrap();
        assert_eq!(of(folder.path()), None);
        std::fs::remove_file(folder.path().join("tzdata.zi")).unwrap();
        std::fs::create_dir(folder.path().join("tzdata.zi")).unwrap();
        assert_eq!(of(folder.path()), None);
        assert_eq!(of(&folder.path().join("nowhere")), None);
    }
}
