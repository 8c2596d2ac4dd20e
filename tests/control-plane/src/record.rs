//! What runs under a directory, written down, so that another process can end it later (`make down`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::{Process, wait_for};

/// The processes of one directory, in the order they were started.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Record {
    processes: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    name: String,
    pid: u32,
    /// Its command line when it was written down: a number that now belongs to something else is left alone.
    command: String,
}

impl Record {
    /// Adds a running process.
    pub fn add(&mut self, process: &Process) {
        let pid = process.id();
        self.processes.push(Entry {
            name: process.name().to_owned(),
            pid,
            command: command_line(pid).unwrap_or_default(),
        });
    }

    /// Writes it into `dir`.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let path = file(dir);
        let text = serde_json::to_string_pretty(self).context("a record that is not JSON")?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads the one in `dir`; `None` where nothing was started.
    pub fn read(dir: &Path) -> Result<Option<Self>> {
        let path = file(dir);
        match fs::read(&path) {
            Ok(bytes) => {
                Ok(Some(serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// The names of those that still run.
    pub fn running(&self) -> Vec<&str> {
        self.processes.iter().filter(|entry| entry.runs()).map(|entry| entry.name.as_str()).collect()
    }
}

impl Entry {
    fn runs(&self) -> bool {
        command_line(self.pid).is_some_and(|command| command == self.command)
    }

    fn end(&self, limit: Duration) -> Result<()> {
        self.signal(Signal::TERM);
        let asked = wait_for("its end", limit, || Ok(if self.runs() { Err(String::new()) } else { Ok(()) }));
        if asked.is_err() {
            self.signal(Signal::KILL);
            wait_for(&format!("the end of {}, killed", self.name), limit, || {
                Ok(if self.runs() { Err("it is still there".to_owned()) } else { Ok(()) })
            })?;
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.runs()) {
            // It may have ended in between; `end` looks again.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Ends what the record in `dir` lists, the youngest first, and removes the record. Returns the names of those that
/// ran.
pub fn ended(dir: &Path) -> Result<Vec<String>> {
    let Some(record) = Record::read(dir)? else { return Ok(Vec::new()) };
    let ran = record.running().into_iter().map(str::to_owned).collect();
    for entry in record.processes.iter().rev() {
        entry.end(Duration::from_secs(10))?;
    }
    fs::remove_file(file(dir)).context("cannot remove the record")?;
    Ok(ran)
}

fn file(dir: &Path) -> PathBuf {
    dir.join("processes.json")
}

/// Whether there is a running process of this number.
pub fn runs(pid: u32) -> bool {
    command_line(pid).is_some()
}

/// The command line of a running process; `None` when there is no such process, or only its unreaped remains.
fn command_line(pid: u32) -> Option<String> {
    let output = Command::new("ps").args(["-o", "stat=,command=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (state, command) = text.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| command.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_down_is_ended_by_another_and_a_reused_number_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let sleeper = || {
            let mut command = Command::new("sleep");
            command.arg("600");
            Process::start("sleeper", command, &dir.path().join("log"), None).unwrap()
        };
        let (mut ours, mut other) = (sleeper(), sleeper());
        let mut record = Record::default();
        record.add(&ours);
        record.processes.push(Entry { name: "gone".to_owned(), pid: other.id(), command: "something else".to_owned() });
        record.write(dir.path()).unwrap();

        assert_eq!(ended(dir.path()).unwrap(), ["sleeper"]);
        assert!(ours.ended().unwrap().is_some());
        assert!(other.ended().unwrap().is_none());
        assert!(Record::read(dir.path()).unwrap().is_none(), "the record is gone");
        assert_eq!(ended(dir.path()).unwrap(), Vec::<String>::new(), "a second time is fine");
    }
}
