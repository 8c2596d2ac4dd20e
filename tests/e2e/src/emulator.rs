//! Emulators of AWS that are not ours. They know ECS less well than the simulator does, but nobody bent them to make
//! Longshore pass.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use longshore_control_plane::{Leash, Process, free_port, wait_for};
use serde_json::json;

use crate::{Aws, Python};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulator {
    /// moto's server: no tasks run; a service shows the running count it was told to at the start.
    Moto,
    /// ministack: a service runs its tasks at once, and every deployment is complete when it begins.
    Ministack,
}

impl Emulator {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Moto => "moto",
            Self::Ministack => "ministack",
        }
    }

    /// Starts it on a loopback port; returns when it answers.
    pub fn start(self, python: &Python, dir: &Path, leash: &Leash) -> Result<(Process, Aws)> {
        let port = free_port()?;
        let aws = Aws::at(&format!("http://127.0.0.1:{port}"));
        let log = dir.join(format!("{}.log", self.name()));
        let mut process = Process::start(self.name(), self.command(python, port), &log, Some(leash))?;
        wait_for(&format!("{} to answer", self.name()), Duration::from_mins(1), || {
            if let Some(status) = process.ended()? {
                bail!("{} ended by itself ({status}):\n{}", self.name(), process.tail(15));
            }
            Ok(aws.ecs("ListClusters", &json!({})).map(drop).map_err(|error| format!("{error:#}")))
        })?;
        Ok((process, aws))
    }

    fn command(self, python: &Python, port: u16) -> Command {
        match self {
            Self::Moto => {
                let mut command = Command::new(python.program("moto_server"));
                command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
                // moto starts no tasks; this is the count that it shows for a service, the one example 10 asks for.
                command.env("MOTO_ECS_SERVICE_RUNNING", "2");
                command
            }
            Self::Ministack => {
                let mut command = Command::new(python.program("ministack"));
                command
                    .env("GATEWAY_PORT", port.to_string())
                    .env("BIND_HOST", "127.0.0.1")
                    .env("MINISTACK_ACCOUNT_ID", "123456789012")
                    .env("MINISTACK_REGION", "eu-west-1");
                command
            }
        }
    }
}
