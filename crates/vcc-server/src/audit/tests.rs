//! Lines and gaps with files and disks, without a server.

use std::cell::RefCell;
use std::path::PathBuf;

use tracing_subscriber::layer::SubscriberExt as _;

use super::file::Target;
use super::queue::Item;
use super::*;

/// The content of a disk, and how many more bytes fit.
#[derive(Default)]
struct Disk {
    written: Vec<u8>,
    room: usize,
    /// Whether the file was removed when it was last written.
    is_removed: bool,
}

thread_local! {
    static DISK: RefCell<Disk> = RefCell::default();
}

fn disk<T>(with: impl FnOnce(&mut Disk) -> T) -> T {
    DISK.with_borrow_mut(with)
}

/// The file on the disk of this thread.
struct OnDisk {
    is_cut: bool,
}

impl Target for OnDisk {
    fn open(_: &Path, _: bool) -> io::Result<Self> {
        Ok(Self { is_cut: disk(|disk| disk.written.last().is_some_and(|last| *last != b'\n')) })
    }

    fn at_once(&self) -> usize {
        10
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        disk(|disk| {
            if self.is_cut && disk.room > 0 {
                disk.room -= 1;
                disk.written.push(b'\n');
                self.is_cut = false;
            }
            let length = bytes.len().min(disk.room);
            if length == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.room -= length;
            disk.written.extend(&bytes[..length]);
            Ok(length)
        })
    }

    fn is_removed(&self) -> bool {
        disk(|disk| {
            let is_removed = std::mem::take(&mut disk.is_removed);
            if is_removed {
                disk.written.clear();
            }
            is_removed
        })
    }
}

fn writer(queue: &Arc<Queue>) -> Writer<OnDisk> {
    disk(|disk| *disk = Disk::default());
    Writer::new(PathBuf::from("audit.jsonl"), queue.clone()).unwrap()
}

fn written() -> String {
    disk(|disk| String::from_utf8(disk.written.clone()).unwrap())
}

const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

#[test]
fn a_line_that_is_cut_is_repeated_as_a_whole() {
    for (room, then) in [
        (0, "one\ntwo\nthree\n"),
        (2, "on\none\ntwo\nthree\n"),
        (4, "one\ntwo\nthree\n"),
        (6, "one\ntw\ntwo\nthree\n"),
        (8, "one\ntwo\nthree\n"),
    ] {
        let queue = Arc::new(Queue::new(1_000));
        let mut writer = writer(&queue);
        disk(|disk| disk.room = room);
        for line in ["one\n", "two\n"] {
            queue.push_or_lose(AT, line.into());
        }
        writer.turn();
        assert_eq!(queue.is_failing(), room < 8, "{room}");
        disk(|disk| disk.room = 100);
        queue.push_or_lose(AT, b"three\n".to_vec());
        while queue.waiting() > 0 {
            writer.turn();
        }
        assert_eq!(written(), then, "{room}");
        assert!(!queue.is_failing() && queue.waiting() == 0);
    }
}

#[test]
fn what_was_written_to_a_removed_file_is_written_again() {
    let queue = Arc::new(Queue::new(1_000));
    let mut writer = writer(&queue);
    disk(|disk| (disk.room, disk.is_removed) = (100, true));
    queue.push_or_lose(AT, b"one\n".to_vec());
    writer.turn();
    assert_eq!(written(), "one\n");
}

/// What is logged while something is done.
fn logged(what: impl FnOnce()) -> String {
    #[derive(Clone, Default)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let log = Log::default();
    let to = log.clone();
    let events = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || to.clone());
    let subscriber = tracing_subscriber::registry().with(events.without_time().with_target(false));
    tracing::subscriber::with_default(subscriber, what);
    let log = log.0.lock().unwrap().clone();
    String::from_utf8(log).unwrap()
}

#[test]
fn what_becomes_of_lines_is_logged() {
    let queue = Arc::new(Queue::new(150));
    let mut writer = writer(&queue);
    let log = logged(|| {
        for line in ["one\n", "two\n", "three\n", "four\n"] {
            queue.push_or_lose(AT, line.into());
        }
        writer.turn();
        disk(|disk| disk.room = 1_000);
        writer.turn();
        queue.push_or_lose(AT, b"five\n".to_vec());
        disk(|disk| disk.room = 0);
        writer.turn();
        // Reported once, although two ask for it.
        queue.end();
        queue.close();
        assert!(!writer.turn());
    });
    // The third is no news.
    let said = "ERROR the audit log cannot be written: there is no room for more lines dropped=1
 WARN the audit log is written again lost=2
ERROR the audit log cannot be written: audit.jsonl: no storage space waiting=1 dropped=2
ERROR the audit log ends without lines that should be in it lines=1
";
    assert_eq!(log, said);
}

/// As on a network file system without its server.
#[test]
fn a_writer_that_hangs_is_seen() {
    let queue = Queue::new(1_000);
    let log = logged(|| {
        queue.push_or_lose(AT, b"one\n".to_vec());
        assert!(!queue.is_failing());
        queue.pass(Duration::from_secs(2));
        assert!(queue.is_failing());
        for line in ["two\n", "three\n"] {
            queue.push_or_lose(AT, line.into());
        }
    });
    assert_eq!(
        log,
        "ERROR the audit log cannot be written: its lines have waited for more than a second waiting=2\n"
    );
    let (done, _) = oneshot::channel();
    assert!(!queue.push_or_refuse(b"four\n".to_vec(), done));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_long_line_in_a_pipe_is_whole_or_is_repeated_as_a_whole() {
    use std::io::BufRead as _;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let fifo = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let audit = Audit::append(&path).unwrap().with_values();
    // Longer than two pages of memory, of which a pipe has sixteen.
    let query = Query::parse(&format!("extVar1={}", "x".repeat(8_184))).unwrap();
    let who = Who { tenant: "acme", token: 1, peer: None };
    for records in 0..20 {
        audit.record(AT, who, &query, records).await.unwrap();
    }
    // The pipe is full within a line.
    let began = std::time::Instant::now();
    while !audit.is_failing() {
        assert!(began.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    audit.reopen();
    let reading = std::thread::spawn(move || {
        let mut lines = std::io::BufReader::new(fifo).lines().map(Result::unwrap);
        let (mut whole, mut cut) = (0, 0);
        while whole < 20 {
            match serde_json::from_str::<serde_json::Value>(&lines.next().unwrap()) {
                Ok(line) => {
                    assert_eq!(line["records"], whole);
                    whole += 1;
                }
                Err(_) => cut += 1,
            }
        }
        cut
    });
    assert_eq!(audit.flush(Duration::from_secs(60)).await, 0);
    assert_eq!(reading.join().unwrap(), 1);
}

#[test]
fn what_is_lost_has_a_line_in_its_place() {
    // Two lines have room.
    let queue = Arc::new(Queue::new(150));
    let mut writer = writer(&queue);
    for line in ["one\n", "two\n", "three\n", "four\n"] {
        queue.push_or_lose(AT, line.into());
    }
    assert_eq!(queue.waiting(), 2);
    disk(|disk| disk.room = 1_000);
    writer.turn();
    queue.push_or_lose(AT, b"five\n".to_vec());
    writer.turn();
    let gap = "{\"at\":\"1970-01-01T00:00:00.000Z\",\"lost\":2}\n";
    assert_eq!(written(), format!("one\ntwo\n{gap}five\n"));
    assert_eq!(queue.counts.dropped.load(Relaxed), 2);
    assert_eq!(queue.counts.written.load(Relaxed), 3);
}

#[test]
fn an_answer_that_nobody_waits_for_leaves_no_line() {
    let queue = Arc::new(Queue::new(1_000));
    let mut writer = writer(&queue);
    let (done, gave_up) = oneshot::channel();
    assert!(queue.push_or_refuse(b"one\n".to_vec(), done));
    let (done, mut waits) = oneshot::channel();
    assert!(queue.push_or_refuse(b"two\n".to_vec(), done));
    writer.turn();
    // What failed once is refused at once.
    let (done, _) = oneshot::channel();
    assert!(!queue.push_or_refuse(b"three\n".to_vec(), done));
    queue.refuse(AT);
    drop(gave_up);
    assert!(waits.try_recv().is_err());
    disk(|disk| disk.room = 1_000);
    writer.turn();
    writer.turn();
    let gap = "{\"at\":\"1970-01-01T00:00:00.000Z\",\"refused\":1}\n";
    assert_eq!(written(), format!("two\n{gap}"));
    assert!(waits.try_recv().is_ok() && !queue.is_failing());
    assert!(queue.waiting() == 0 && queue.is_empty());
}

#[test]
fn a_mark_does_not_wait_for_what_comes_after_it() {
    let queue = Arc::new(Queue::new(1_000));
    let mut writer = writer(&queue);
    let (done, mut told) = oneshot::channel();
    queue.mark(done);
    queue.push_or_lose(AT, b"one\n".to_vec());
    writer.turn();
    assert!(told.try_recv().is_ok() && queue.waiting() == 1);
    let (done, mut told) = oneshot::channel();
    queue.mark(done);
    disk(|disk| disk.room = 1_000);
    writer.turn();
    writer.turn();
    assert!(told.try_recv().is_ok() && queue.waiting() == 0);
}

#[test]
fn memory_is_bounded_while_nothing_is_written() {
    let queue = Queue::new(10_000);
    for _ in 0..100_000 {
        queue.push_or_lose(AT, b"a line\n".to_vec());
        queue.refuse(AT);
    }
    let mut items = std::collections::VecDeque::new();
    queue.next(&mut items, None);
    assert!(items.len() < 300, "{}", items.len());
    let lines = items.iter().filter(|item| matches!(item, Item::Line { .. })).count() as u64;
    assert_eq!(lines + queue.counts.dropped.load(Relaxed), 100_000);
}

#[tokio::test]
async fn a_file_that_ends_within_a_line_is_gone_on_with_on_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    for (before, line) in [("", 0), ("{}\n", 1), ("{\"at\":", 1)] {
        std::fs::write(&path, before).unwrap();
        let query = Query::parse("").unwrap();
        let who = Who { tenant: "acme", token: 1, peer: None };
        let audit = Audit::append(&path).unwrap().with_failure(AuditFailure::Refuse);
        audit.record(DateTime::UNIX_EPOCH, who, &query, 0).await.unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let record = text.lines().nth(line).unwrap();
        assert!(record.starts_with("{\"at\":\"1970") && text.ends_with('\n'), "{text}");
        assert_eq!(text.lines().count(), line + 1, "{text}");
    }
}

/// A file that may be written but not read: only what was written here tells whether its last line has an
/// end. An empty file has no line.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_gone_on_with_on_the_next_line_too() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    for (before, is_cut, after) in
        [("{\"at\":", true, "{\"at\":\n{}\n"), ("{}\n", false, "{}\n{}\n"), ("", true, "{}\n")]
    {
        let path = directory.path().join("audit.jsonl");
        std::fs::write(&path, before).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o200)).unwrap();
        if std::fs::File::open(&path).is_ok() {
            return run_as_nobody(
                "audit::tests::a_file_that_cannot_be_read_is_gone_on_with_on_the_next_line_too",
            );
        }
        let mut file = super::file::LogFile::open(&path, is_cut).unwrap();
        file.write(b"{}\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        std::fs::remove_file(&path).unwrap();
    }
}

/// Runs a test in another process, as an ordinary user: root may read every file.
#[cfg(unix)]
fn run_as_nobody(test: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;

    const NOBODY: u32 = 65_534;
    // Other users may not have access to the folder of this program.
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = directory.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = std::process::Command::new(program);
    command.args(["--exact", test]).current_dir("/").gid(NOBODY).uid(NOBODY);
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}
