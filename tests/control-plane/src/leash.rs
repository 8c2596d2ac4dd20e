//! Ends processes when their owner is gone, however it went.
//!
//! A test binary that shares one control plane between its tests keeps it in a static, and statics are never
//! dropped; a panic, Ctrl-C or `kill -9` drops nothing either. So a small shell waits on a pipe that only the owner
//! holds: when the pipe closes, it ends what is still on its list, by process id.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};

/// Reads `+ PID` and `- PID`; at the end of input ends the processes listed, youngest first, kindly and then not.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
pids=
while read -r sign pid; do
  case $sign in
    +) pids="$pid $pids" ;;
    -) kept=; for known in $pids; do [ "$known" = "$pid" ] || kept="$kept $known"; done; pids=$kept ;;
  esac
done
[ -n "$pids" ] || exit 0
kill -TERM $pids 2>/dev/null
for _ in 1 2 3 4 5; do
  sleep 1
  left=; for pid in $pids; do kill -0 "$pid" 2>/dev/null && left="$left $pid"; done
  [ -n "$left" ] || exit 0
done
kill -KILL $left 2>/dev/null
"#;

/// A list of processes that end with this one. Clones share the list.
#[derive(Clone, Debug)]
pub struct Leash(Arc<Mutex<Child>>);

impl Leash {
    /// Starts the waiting shell.
    pub fn new() -> Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Out of the terminal's process group: Ctrl-C must reach the owner, not this.
            .process_group(0)
            .spawn()
            .context("cannot start sh, which ends the processes of a harness that dies")?;
        Ok(Self(Arc::new(Mutex::new(shell))))
    }

    /// From now on `pid` ends when this process does.
    pub fn hold(&self, pid: u32) -> Result<()> {
        self.tell('+', pid)
    }

    /// `pid` has ended and been waited for: its number may soon be somebody else's.
    pub fn let_go(&self, pid: u32) -> Result<()> {
        self.tell('-', pid)
    }

    fn tell(&self, sign: char, pid: u32) -> Result<()> {
        let mut shell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let input = shell.stdin.as_mut().context("the leash has no input")?;
        writeln!(input, "{sign} {pid}").context("the leash is gone")
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        // The last clone closes the pipe and waits, so that an ended leash leaves no process behind.
        if let Some(shell) = Arc::get_mut(&mut self.0) {
            let shell = shell.get_mut().unwrap_or_else(PoisonError::into_inner);
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_ends_with_the_leash_and_what_was_let_go_does_not() {
        let sleeper = || Command::new("sleep").arg("600").spawn().unwrap();
        let (mut held, mut free) = (sleeper(), sleeper());
        let leash = Leash::new().unwrap();
        leash.hold(held.id()).unwrap();
        leash.hold(free.id()).unwrap();
        leash.let_go(free.id()).unwrap();
        // A zombie still counts as alive to `kill -0`: wait for it beside, as an owner's parent would.
        let waiter = std::thread::spawn(move || held.wait().unwrap());
        drop(leash);
        assert!(!waiter.join().unwrap().success(), "the held process was ended by a signal");
        assert!(free.try_wait().unwrap().is_none(), "the released one still runs");
        free.kill().unwrap();
        free.wait().unwrap();
    }
}
