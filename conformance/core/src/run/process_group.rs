use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long processes may take to end when they are asked to.
const GRACE: Duration = Duration::from_secs(3);
/// How long a wait for a process lasts before anything else is looked at.
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

    /// Lets what still runs of the group go on.
    pub fn leave(self) {
        std::mem::forget(self);
    }

    /// Sends a signal to all processes of the group; `false` where it has none left. The shell sends it,
    /// since not every system has a command for it.
    fn signal(&self, name: &str) -> bool {
        let mut kill = Command::new("sh");
        kill.args(["-c", r#"kill -s "$0" -- "-$1""#, name, &self.child.id().to_string()]);
        kill.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal("TERM");
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            // One that has ended belongs to its group until it has been waited for.
            let running = matches!(self.child.try_wait(), Ok(None));
            if !running && !self.signal("0") {
                return;
            }
            thread::sleep(TICK);
        }
        self.signal("KILL");
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};

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
