//! Services, and the command that queries them.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::Runtime;
use vcc_format::xml;
use vcc_query::{Context, Query, Zone};
use vcc_server::{Server, ServerBuilder, Tls};
use vcc_store::{Sqlite, Store, StoredRecord, Token};
use vcc_types::{Dialect, Field, Recording};

pub(crate) const TENANT: &str = "acme";
pub(crate) const TOKEN: &str = "ac12343934687a839cf";

/// The reference server with a list of its own.
pub(crate) struct Reference {
    url: String,
    runtime: Runtime,
    server: Option<Server>,
}

impl Reference {
    pub(crate) fn start(recordings: &[Recording], zone: &str) -> Self {
        Self::with(recordings, zone, "http://127.0.0.1", |server| server)
    }

    /// An HTTPS service on `localhost`, and its certificate as PEM.
    pub(crate) fn encrypted(recordings: &[Recording], zone: &str) -> (Self, String) {
        let (tls, certificate) = Tls::self_signed(&["localhost".to_owned()]).unwrap();
        let server = Self::with(recordings, zone, "https://localhost", |server| server.tls(tls));
        (server, certificate)
    }

    fn with(
        recordings: &[Recording],
        zone: &str,
        host: &str,
        set: impl FnOnce(ServerBuilder) -> ServerBuilder,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let store = Sqlite::in_memory().unwrap();
            let epoch = DateTime::UNIX_EPOCH;
            let tenant = store.add_tenant(TENANT, zone.parse().unwrap(), epoch).await.unwrap();
            store.add_token(tenant.id, Token::from_secret(TOKEN).hash(), "", epoch).await.unwrap();
            let records: Vec<_> =
                recordings.iter().map(|recording| StoredRecord::new(recording).unwrap()).collect();
            store.import(tenant.id, records.into()).await.unwrap();
            set(Server::builder(Arc::new(store))).start("127.0.0.1:0").await.unwrap()
        });
        let url = format!("{host}:{}", server.local_addr().port());
        Self { url, runtime, server: Some(server) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let guard = self.runtime.enter();
        drop(self.server.take());
        drop(guard);
    }
}

/// A service that a test invents: the list at each request, and how a page is cut out of it.
pub(crate) struct Service {
    url: String,
    requests: Arc<AtomicUsize>,
}

/// A request: the window of `d`, `n`, and the number of the request, from 0.
pub(crate) struct Asked {
    pub(crate) window: Option<vcc_query::Window>,
    pub(crate) n: u64,
    pub(crate) number: usize,
}

impl Service {
    pub(crate) fn start(answer: impl Fn(&Asked) -> Vec<Recording> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let (count, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (count, answer) = (Arc::clone(&count), Arc::clone(&answer));
                thread::spawn(move || serve(stream.unwrap(), &count, &*answer));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

fn serve(mut stream: TcpStream, count: &AtomicUsize, answer: &dyn Fn(&Asked) -> Vec<Recording>) {
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split(' ').nth(1).unwrap();
        let query = Query::parse(target.split_once('?').map_or("", |(_, query)| query)).unwrap();
        let now = DateTime::UNIX_EPOCH;
        let context = Context { now, tenant_tz: Zone::UTC, dialect: Dialect::default() };
        let asked = Asked {
            window: query.resolve(&context).unwrap().window,
            n: query.n().unwrap_or(1),
            number: count.fetch_add(1, Ordering::Relaxed),
        };
        let mut writer = xml::Writer::new(Vec::new());
        for recording in answer(&asked) {
            writer.write(&recording).unwrap();
        }
        let body = writer.finish().unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() {
            return;
        }
    }
}

/// A service that answers every request with a status, and shows its head on an HTML page.
pub(crate) fn echo(status: u16) -> String {
    answering(move |head| {
        let body = format!("<html>{}</html>", head.replace("\r\n", " "));
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.into_bytes(), body.into_bytes()]
    })
}

/// A service that writes any bytes, piece by piece, and then closes the connection.
pub(crate) fn answering<I: IntoIterator<Item = Vec<u8>>>(
    answer: impl Fn(&str) -> I + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), Arc::clone(&answer));
            thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") {
                    if stream.read(&mut byte).unwrap_or(0) == 0 {
                        return;
                    }
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                for piece in answer(&head) {
                    if stream.write_all(&piece).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

/// The page of a conforming service.
pub(crate) fn page(list: &[Recording], asked: &Asked) -> Vec<Recording> {
    let is_in = |recording: &&Recording| {
        let start = recording.start().map(|start| start.to_utc());
        asked.window.as_ref().is_none_or(|window| start.is_some_and(|start| window.contains(start)))
    };
    list.iter().filter(is_in).skip(asked.n as usize - 1).take(50).cloned().collect()
}

/// Recordings from 2007-12-18T00:00:00Z on, this many seconds apart.
pub(crate) fn calls(count: usize, apart: i64) -> Vec<Recording> {
    let begin: DateTime<Utc> = "2007-12-18T00:00:00Z".parse().unwrap();
    let call = |number: usize| {
        let start = begin + TimeDelta::seconds(apart * number as i64);
        Recording::new()
            .with(Field::StartDate, &start.to_rfc3339())
            .with(Field::AgentId, if number.is_multiple_of(2) { "bill" } else { "Smith, \"Ann\"" })
            .with(Field::CaseId, "007")
            .with(Field::Duration, "27")
            .with(Field::TransactionId, &number.to_string())
    };
    (0..count).map(call).collect()
}

/// The command, with only the settings that a test gives.
pub(crate) fn vcc(folder: &Path, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcc"));
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("VCC_") || name_text.to_ascii_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    command
        .env("VCC_URL", url)
        .env("VCC_TENANT", TENANT)
        .env("VCC_TOKEN", TOKEN)
        .env("VCC_PLAIN_HTTP", "1")
        .env("XDG_CONFIG_HOME", folder)
        .env("HOME", folder)
        .stdin(Stdio::null())
        .current_dir(folder);
    command
}

/// Runs it, and returns exit code, stdout and stderr.
pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// Runs a command on a terminal of its own with this many columns, talks to it, and returns what it shows
/// from then on. If the system has no `setsid`, it says so and returns `None`.
#[cfg(unix)]
pub(crate) fn at_a_terminal(
    command: &Command,
    columns: u16,
    talk: impl FnOnce(&mut std::fs::File),
) -> Option<String> {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    let main = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&main).unwrap();
    unlockpt(&main).unwrap();
    let size = Winsize { ws_row: 25, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&main, size).unwrap();
    let name = ptsname(&main, Vec::new()).unwrap().into_string().unwrap();
    let open = || {
        let terminal = std::fs::OpenOptions::new().read(true).write(true).open(&name);
        Stdio::from(terminal.unwrap())
    };
    // It has to be the command's controlling terminal, because prompts open /dev/tty.
    let mut session = Command::new("setsid");
    session.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => session.env(name, value),
            None => session.env_remove(name),
        };
    }
    session.current_dir(command.get_current_dir().unwrap());
    let child = session.stdin(open()).stdout(open()).stderr(open()).spawn();
    drop(session);
    let Ok(mut child) = child else {
        let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: there is no `setsid` here ***\n");
        return None;
    };
    let mut main = std::fs::File::from(main);
    talk(&mut main);
    let mut shown = Vec::new();
    // When the last process on a terminal ends, reading fails.
    let _ = main.read_to_end(&mut shown);
    assert!(child.wait().unwrap().success(), "{}", String::from_utf8_lossy(&shown));
    Some(String::from_utf8(shown).unwrap())
}

/// A folder that is removed after the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("vcc-cli-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl std::ops::Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
