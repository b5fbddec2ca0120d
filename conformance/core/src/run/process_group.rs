use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// How long processes may take to end when they are asked to.
const GRACE: Duration = Duration::from_secs(3);
/// How often to look up from waiting for a process.
pub const TICK: Duration = Duration::from_millis(20);

/// A command in a process group of its own, so that whatever it starts ends with it when this is
/// dropped.
#[derive(Debug)]
pub struct ProcessGroup {
    child: Child,
}

impl ProcessGroup {
    /// Starts a command.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        Ok(Self { child: command.process_group(0).spawn()? })
    }

    /// How the command itself ended; `None` while it runs.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Leaves what still runs of the group running.
    pub fn leave(self) {
        std::mem::forget(self);
    }

    /// The group, which has the number of its first process.
    fn group(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }

    /// Sends a signal to all processes of the group. It is fine if there are none left.
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group() {
            let _ = kill_process_group(group, signal);
        }
    }

    /// Whether the group has a process left.
    fn is_alive(&self) -> bool {
        self.group().is_some_and(|group| test_kill_process_group(group).is_ok())
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            // A process that has ended belongs to its group until somebody waits for it.
            let running = matches!(self.child.try_wait(), Ok(None));
            if !running && !self.is_alive() {
                return;
            }
            thread::sleep(TICK);
        }
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;

    use super::*;

    /// The shell ends when it is asked to, and what it started does not.
    #[test]
    fn what_does_not_want_to_end_is_killed() {
        let line = "(trap '' TERM; echo ready; sleep 20; echo survived) & wait";
        let mut command = Command::new("sh");
        command.args(["-c", line]).stdout(Stdio::piped());
        let mut group = ProcessGroup::spawn(&mut command).unwrap();
        let mut said = BufReader::new(group.child.stdout.take().unwrap());
        let (mut first, mut rest) = (String::new(), String::new());
        said.read_line(&mut first).unwrap();
        drop(group);
        said.read_to_string(&mut rest).unwrap();
        assert_eq!((first.as_str(), rest.as_str()), ("ready\n", ""));
    }
}
