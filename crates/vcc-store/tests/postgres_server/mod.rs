//! PostgreSQL servers for tests: started for this process, and stopped with it.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A server. It stops when this is dropped, and also when this process ends in any other way: a
/// shell between the two waits for the end of its input.
pub(crate) struct Server {
    shell: Child,
    folder: PathBuf,
    pub(crate) port: u16,
}

/// The URL of an empty database of its own, or `None`, after saying so, where there is no server.
pub(crate) fn database() -> Option<String> {
    database_on(base_url()?)
}

/// The same on all nodes of the Citus cluster whose coordinator `VCC_TEST_CITUS_URL` names.
pub(crate) fn citus_database() -> Option<String> {
    let Ok(base) = std::env::var("VCC_TEST_CITUS_URL") else {
        let _ = writeln!(
            std::io::stderr().lock(),
            "\n*** SKIPPED on Citus: VCC_TEST_CITUS_URL is not set ***\n"
        );
        return None;
    };
    // The nodes cannot make two changes at the same time.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let url = database_on(&base)?;
    psql(&url, "CREATE EXTENSION citus").unwrap();
    // Each database has its own list of nodes: it gets that of the database of the URL.
    let nodes = "SELECT groupid, nodename, nodeport FROM pg_dist_node ORDER BY groupid";
    for node in psql(&base, nodes).unwrap().lines() {
        let [group, host, port] = node.split('|').collect::<Vec<_>>()[..] else { continue };
        if group == "0" {
            psql(&url, &format!("SELECT citus_set_coordinator_host('{host}', {port})")).unwrap();
            continue;
        }
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, database) = rest.split_once('/').unwrap();
        let user = authority.rsplit_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
        let name = database.split('?').next().unwrap();
        let worker = |database: &str| format!("{scheme}://{user}{host}:{port}/{database}");
        psql(&worker("postgres"), &format!("CREATE DATABASE {name}")).unwrap();
        psql(&worker(name), "CREATE EXTENSION citus").unwrap();
        psql(&url, &format!("SELECT citus_add_node('{host}', {port})")).unwrap();
    }
    Some(url)
}

/// The URL with a further parameter.
pub(crate) fn with(url: &str, parameter: &str) -> String {
    let joint = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{parameter}")
}

fn database_on(base: &str) -> Option<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("vcc_test_{}_{number}", std::process::id());
    let (server, query) = base.split_once('?').unwrap_or((base, ""));
    let server = &server[..server.rfind('/').filter(|at| *at > 11).unwrap_or(server.len())];
    let out = psql(base, &format!("CREATE DATABASE {name}"));
    assert!(out.is_ok(), "{out:?}");
    Some(format!("{server}/{name}?{query}"))
}

/// The server that `VCC_TEST_POSTGRES_URL` names, or else one started for this process.
fn base_url() -> Option<&'static str> {
    static BASE: OnceLock<Option<String>> = OnceLock::new();
    // Never dropped: it ends with the process.
    static SERVER: OnceLock<Server> = OnceLock::new();
    BASE.get_or_init(|| {
        if let Ok(url) = std::env::var("VCC_TEST_POSTGRES_URL") {
            return Some(url);
        }
        let server = Server::start("")?;
        Some(SERVER.get_or_init(|| server).url("postgres"))
    })
    .as_deref()
}

/// Runs a statement, and returns what it prints.
pub(crate) fn psql(url: &str, statement: &str) -> Result<String, String> {
    let out = Command::new(client("psql"))
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement])
        .output()
        .map_err(|error| error.to_string())?;
    if out.status.success() {
        Ok(String::from_utf8_lossy(&out.stdout).trim_end().to_owned())
    } else {
        Err(String::from_utf8_lossy(&out.stderr).into_owned())
    }
}

/// A client program: that of the server, if it has one.
fn client(name: &str) -> PathBuf {
    bin().map(|bin| bin.join(name)).filter(|path| path.exists()).unwrap_or_else(|| name.into())
}

/// A database as the statements that make it again, without its owner and its rights.
pub(crate) fn dump(url: &str) -> Result<String, String> {
    let out = Command::new(client("pg_dump"))
        .args(["--no-owner", "--no-privileges", "--inserts", "-d", url])
        .output()
        .map_err(|error| error.to_string())?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    // Comments, and commands that only some versions of psql know.
    let dump = String::from_utf8_lossy(&out.stdout);
    let lines = dump
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("--") && !line.starts_with('\\'));
    Ok(lines.map(|line| format!("{line}\n")).collect())
}

/// Runs the statements of a file.
pub(crate) fn restore(url: &str, file: &Path) {
    let out = Command::new(client("psql"))
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f"])
        .arg(file)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

impl Server {
    /// Starts an empty server with further settings, a line each.
    pub(crate) fn start(settings: &str) -> Option<Self> {
        let folder = folder()?;
        let data = folder.join("data");
        let initdb = format!(
            "{} -D {} -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8",
            quoted(&bin()?.join("initdb")),
            quoted(&data)
        );
        as_postgres(&initdb);
        Some(Self::run(folder, settings))
    }

    /// Starts a hot standby of this server.
    pub(crate) fn standby(&self, name: &str) -> Option<Self> {
        let folder = folder()?;
        let bin = bin()?;
        let backup = bin.join("pg_basebackup");
        let backup = if backup.exists() { backup } else { "pg_basebackup".into() };
        as_postgres(&format!(
            "{} -D {} -X stream -c fast -R -d 'host=127.0.0.1 port={} user=postgres \
             application_name={name}'",
            quoted(&backup),
            quoted(&folder.join("data")),
            self.port
        ));
        Some(Self::run(folder, ""))
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut input) = self.shell.stdin.take() {
            let _ = input.write_all(b"keep\n");
        }
        let _ = self.shell.wait();
    }

    /// Starts again on the same port as a standby of another server.
    pub(crate) fn restart_following(&mut self, primary: &Self) {
        as_postgres(&format!("touch {}", quoted(&self.folder.join("data/standby.signal"))));
        // After what `pg_basebackup -R` wrote, which would otherwise win.
        let conninfo = format!(
            "primary_conninfo = 'host=127.0.0.1 port={} user=postgres application_name=again'\n",
            primary.port
        );
        let auto = self.folder.join("data/postgresql.auto.conf");
        let mut auto = std::fs::OpenOptions::new().append(true).open(auto).unwrap();
        auto.write_all(conninfo.as_bytes()).unwrap();
        self.shell = shell(&self.folder, self.port, "");
        assert!(self.wait(), "{}", log(&self.folder));
    }

    /// Makes a standby the primary.
    pub(crate) fn promote(&self) {
        psql(&self.url("postgres"), "SELECT pg_promote(true, 30)").unwrap();
    }

    fn run(folder: PathBuf, settings: &str) -> Self {
        // Another process may take the port between its choice and its use.
        for _ in 0..5 {
            let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
            let shell = shell(&folder, port, settings);
            let mut server = Self { shell, folder: folder.clone(), port };
            if server.wait() {
                return server;
            }
            server.folder = PathBuf::new();
        }
        panic!("PostgreSQL does not start: {}", log(&folder));
    }

    /// Waits until the server answers; `false` if it has ended instead.
    fn wait(&mut self) -> bool {
        let until = Instant::now() + Duration::from_secs(120);
        while Instant::now() < until {
            if psql(&self.url("postgres"), "SELECT 1").is_ok() {
                return true;
            }
            if self.shell.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if self.folder.parent().is_some() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Runs a server below a shell, which stops the server when its own input ends, and then removes
/// its folder, unless the input says `keep`.
fn shell(folder: &Path, port: u16, settings: &str) -> Child {
    let data = folder.join("data");
    let mut conf =
        std::fs::OpenOptions::new().append(true).open(data.join("postgresql.conf")).unwrap();
    writeln!(
        conf,
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nfsync = off\n\
         full_page_writes = off\nmax_connections = 200\nshared_buffers = 64MB\n\
         wal_keep_size = 256MB\nwal_receiver_status_interval = 1s\nwal_retrieve_retry_interval = 200ms\n\
         {settings}"
    )
    .unwrap();
    let script = format!(
        "exec 3<&0; {postgres} -D {folder}/data >> {folder}/log 2>&1 < /dev/null & server=$!
         (read word <&3; echo \"$word\" > {folder}/word; kill -QUIT $server) &
         wait $server
         [ ! -e {folder}/word ] || [ \"$(cat {folder}/word)\" = keep ] || rm -rf {folder}
         rm -f {folder}/word",
        postgres = quoted(&bin().unwrap().join("postgres")),
        folder = quoted(folder),
    );
    command(&script)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Where PostgreSQL's programs are; `None`, said once and loudly, where they are not.
fn bin() -> Option<PathBuf> {
    static BIN: OnceLock<Option<PathBuf>> = OnceLock::new();
    BIN.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<_> = std::env::split_paths(&path).collect();
        if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
            folders.extend(versions.flatten().map(|version| version.path().join("bin")));
        }
        let found = folders.into_iter().find(|folder| folder.join("initdb").exists());
        if found.is_none() {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "PostgreSQL is not installed, and its tests are not to be skipped here");
            let _ = writeln!(
                std::io::stderr().lock(),
                "\n*** SKIPPED: PostgreSQL (initdb) is not installed, and VCC_TEST_POSTGRES_URL is \
                 not set ***\n"
            );
        }
        found
    })
    .clone()
}

/// A new folder in which the user of the server may write.
fn folder() -> Option<PathBuf> {
    bin()?;
    let folder = tempfile::Builder::new().prefix("vcc-postgres-").tempdir().unwrap().keep();
    if is_root() {
        let owner = Command::new("chown").arg(user()).arg(&folder).status().unwrap();
        assert!(owner.success());
    }
    Some(folder)
}

fn as_postgres(script: &str) {
    let out = command(script).output().unwrap();
    assert!(out.status.success(), "{script}: {}", String::from_utf8_lossy(&out.stderr));
}

/// A shell as a user that PostgreSQL accepts: it refuses root.
fn command(script: &str) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", user(), "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.args(["-c", script]).current_dir("/");
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn user() -> &'static str {
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    if known.lines().any(|line| line.starts_with("postgres:")) { "postgres" } else { "nobody" }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}
