//! A process with its output in a file, ended by its id.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::{Leash, wait_for};

/// How long a process may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(8);

/// A process that was started here. It ends when this value is dropped, unless it was [let go](Self::detach).
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    leash: Option<Leash>,
    detached: bool,
}

impl Process {
    /// Starts `command` with its standard output and error appended to `log`.
    ///
    /// With a `leash`, it ends with this process in whatever way that ends. It gets a process group of its own, so
    /// that Ctrl-C in a terminal reaches only its owner, who ends it in order.
    pub fn start(name: &str, mut command: Command, log: &Path, leash: Option<&Leash>) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone().context("cannot share a log file")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name} ({})", command.get_program().display()))?;
        if let Some(leash) = leash {
            leash.hold(child.id())?;
        }
        Ok(Self { name: name.to_owned(), child, log: log.to_owned(), leash: leash.cloned(), detached: false })
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait().with_context(|| format!("cannot ask after {}", self.name))?;
        if status.is_some() {
            self.forget();
        }
        Ok(status)
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last `lines` lines of its output.
    pub fn tail(&self, lines: usize) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        all.iter().skip(all.len().saturating_sub(lines)).copied().collect::<Vec<_>>().join("\n")
    }

    /// Asks it to end (SIGTERM), waits, and kills it when it takes too long.
    pub fn stop(&mut self) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        self.signal(Signal::TERM)?;
        let asked =
            wait_for("the process to end", GRACE, || Ok(self.child.try_wait()?.map(drop).ok_or_else(String::new)));
        if asked.is_err() {
            return self.kill();
        }
        self.forget();
        Ok(())
    }

    /// Kills it at once (SIGKILL), as a crash would.
    pub fn kill(&mut self) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        self.child.kill().with_context(|| format!("cannot kill {}", self.name))?;
        self.child.wait().with_context(|| format!("cannot wait for {}", self.name))?;
        self.forget();
        Ok(())
    }

    /// Stops it where it is (SIGSTOP): nothing of it runs, and it notices nothing.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Lets it live on when this process ends.
    pub fn detach(&mut self) {
        self.forget();
        self.detached = true;
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw).context("not a process id")?;
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.name))
    }

    fn forget(&mut self) {
        if let Some(leash) = self.leash.take() {
            let _ = leash.let_go(self.child.id());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.detached {
            let _ = self.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, log: &Path) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start("a shell", command, log, None).unwrap()
    }

    #[test]
    fn output_goes_to_the_log_and_the_tail_is_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let mut process = shell("echo one; echo two >&2; echo three", &dir.path().join("log"));
        let status = wait_for("its end", Duration::from_secs(10), || Ok(process.ended()?.ok_or_else(String::new)));
        assert!(status.unwrap().success());
        assert_eq!(process.tail(2), "two\nthree");
    }

    #[test]
    fn a_paused_process_does_nothing_until_it_is_resumed() {
        let dir = tempfile::tempdir().unwrap();
        let mut process =
            shell("trap 'echo woken; exit 0' USR1; echo ready; while :; do sleep 0.05; done", &dir.path().join("log"));
        let says = |process: &Process, word: &str| {
            let said = process.tail(1);
            Ok(if said == word { Ok(()) } else { Err(said) })
        };
        wait_for("its trap", Duration::from_secs(10), || says(&process, "ready")).unwrap();
        process.pause().unwrap();
        process.signal(Signal::USR1).unwrap();
        wait_for("it to be stopped", Duration::from_secs(10), || {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", process.id()))?;
            Ok(if state.contains(") T ") { Ok(()) } else { Err(state) })
        })
        .unwrap();
        assert_eq!(process.tail(1), "ready");
        process.resume().unwrap();
        wait_for("its word", Duration::from_secs(10), || says(&process, "woken")).unwrap();
        process.stop().unwrap();
    }

    #[test]
    fn a_stopped_process_can_tidy_up_and_a_killed_one_cannot() {
        let dir = tempfile::tempdir().unwrap();
        let script = "trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
        for (kill, expected) in [(false, "ready\ntidied"), (true, "ready")] {
            let mut process = shell(script, &dir.path().join(format!("log-{kill}")));
            wait_for("its trap", Duration::from_secs(10), || {
                Ok(if process.tail(1) == "ready" { Ok(()) } else { Err(String::new()) })
            })
            .unwrap();
            if kill { process.kill() } else { process.stop() }.unwrap();
            assert_eq!(process.tail(9), expected);
            assert!(process.ended().unwrap().is_some());
        }
    }
}
