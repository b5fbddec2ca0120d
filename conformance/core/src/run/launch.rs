//! A target that the suite starts itself, and data that it has loaded.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::process_group::{ProcessGroup, TICK};
use crate::clock;
use crate::dataset::{ExportFormat, Tenant, export};
use crate::fixture::Request;

/// The dataset in a folder of its own, which is removed when this is dropped.
#[derive(Debug)]
pub struct Exported {
    folder: PathBuf,
}

impl Exported {
    /// Writes the dataset into a new folder below that for temporary files.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub fn new(tenants: &[Tenant]) -> std::io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("vcc-conformance-{}", std::process::id()));
        export(tenants, ExportFormat::Csv, &folder)?;
        Ok(Self { folder })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        // What cannot be removed is left for the system to clean up.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A command of the user's, and its environment: `VCC_DATA` (the folder with `tenants.json` and a
/// CSV a tenant), `VCC_HOST`, `VCC_PORT`, `VCC_URL`, `VCC_TENANT`, `VCC_TOKEN` and `VCC_TZ`.
fn command(
    line: &str,
    data: &Path,
    tenants: &[Tenant],
    host: &str,
    port: u16,
    url: &str,
) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).stdin(Stdio::null());
    command.env("VCC_DATA", data).env("VCC_HOST", host).env("VCC_PORT", port.to_string());
    command.env("VCC_URL", url);
    if let Some(tenant) = tenants.iter().find(|tenant| tenant.name == Request::TENANT) {
        command.env("VCC_TENANT", &tenant.name).env("VCC_TOKEN", &tenant.token);
        command.env("VCC_TZ", &tenant.tz);
    }
    command
}

/// Runs a command that loads the dataset into a target, until `stop` or until the time of the run is
/// over.
///
/// # Errors
///
/// It cannot be run, it fails, or it was stopped.
pub fn seed(
    line: &str,
    data: &Path,
    tenants: &[Tenant],
    url: &str,
    (stop, until): (&AtomicBool, Instant),
) -> Result<(), String> {
    let error = |problem: &dyn std::fmt::Display| format!("--seed-cmd: {problem}");
    let mut command = command(line, data, tenants, "", 0, url);
    let mut group =
        ProcessGroup::spawn(command.stdout(Stdio::null())).map_err(|problem| error(&problem))?;
    loop {
        match group.ended().map_err(|problem| error(&problem))? {
            Some(status) if status.success() => {
                // The target may need what it leaves running.
                group.leave();
                return Ok(());
            }
            Some(status) => return Err(error(&status)),
            None if stop.load(Ordering::Relaxed) => {
                return Err(error(&"the run was stopped before it was done"));
            }
            None if Instant::now() >= until => return Err(error(&OVER)),
            None => thread::sleep(TICK),
        }
    }
}

/// The message for a command that takes longer than the run may.
const OVER: &str = "the time for the run was over before it was done (--deadline)";

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Launched {
    // Ends the server when it is dropped.
    _group: ProcessGroup,
    url: String,
}

impl Launched {
    /// Starts a server on a free port of loopback and waits until it takes connections, for `wait` at
    /// most and within the time of the run, or until `stop`.
    ///
    /// # Errors
    ///
    /// It cannot be started, ends, or takes none in time or before it was stopped.
    pub fn start(
        line: &str,
        data: &Path,
        tenants: &[Tenant],
        wait: Duration,
        (stop, over): (&AtomicBool, Instant),
    ) -> Result<Self, String> {
        let error = |problem: &dyn std::fmt::Display| format!("--server-cmd: {problem}");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|problem| error(&problem))?
            .port();
        let url = format!("http://127.0.0.1:{port}");
        let mut command = command(line, data, tenants, "127.0.0.1", port, &url);
        let mut group = ProcessGroup::spawn(command.stdout(Stdio::null()))
            .map_err(|problem| error(&problem))?;
        let until = clock::after(Instant::now(), wait);
        loop {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(Self { _group: group, url });
            }
            if stop.load(Ordering::Relaxed) {
                return Err(error(&"the run was stopped before it took a connection"));
            }
            if let Ok(Some(status)) = group.ended() {
                return Err(error(&format!("it ended before it took a connection: {status}")));
            }
            if Instant::now() >= over {
                return Err(error(
                    &"it took no connection before the time for the run was over (--deadline)",
                ));
            }
            if Instant::now() >= until {
                return Err(error(&format!(
                    "no connection on VCC_PORT within {} s",
                    wait.as_secs()
                )));
            }
            thread::sleep(TICK);
        }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}
