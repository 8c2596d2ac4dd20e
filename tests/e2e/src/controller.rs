//! The controller as a process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longshore_control_plane::{Leash, Process, free_port, wait_for};

use crate::aws::{ACCESS_KEY, REGION};
use crate::{Aws, programs};

/// Starting a process and seeing it ready; generous, for a machine that is busy building.
pub(crate) const READY: Duration = Duration::from_mins(1);

/// How a controller is started.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// It writes `NAME.log`.
    pub name: &'a str,
    /// By which the simulator tells its calls from those of others.
    pub access_key: &'a str,
    /// `--resync`
    pub resync: &'a str,
    /// `--rollout-interval`
    pub rollout_interval: &'a str,
    /// `--installation`, where it is not to be the cluster's own.
    pub installation: Option<&'a str>,
}

impl Default for Launch<'_> {
    /// Looks often, so that drift is seen and a rollout followed within the patience of a test or of a spectator.
    fn default() -> Self {
        Self { name: "controller", access_key: ACCESS_KEY, resync: "15s", rollout_interval: "1s", installation: None }
    }
}

impl Launch<'_> {
    /// Starts it; returns when it says that it is ready, to lead or to stand by.
    pub fn start(&self, kubeconfig: &Path, aws: &Aws, dir: &Path, leash: Option<&Leash>) -> Result<Controller> {
        let listen = format!("127.0.0.1:{}", free_port()?);
        let mut command = Command::new(programs::longshore()?);
        command
            .args(["controller", "--listen", &listen])
            .args(["--resync", self.resync, "--rollout-interval", self.rollout_interval])
            .args(self.installation.into_iter().flat_map(|installation| ["--installation", installation]))
            .env("KUBECONFIG", kubeconfig)
            .env("AWS_ENDPOINT_URL", aws.url())
            .env("AWS_ACCESS_KEY_ID", self.access_key)
            .env("AWS_SECRET_ACCESS_KEY", "dummy")
            .env("AWS_REGION", REGION)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env_remove("AWS_PROFILE");
        let log = dir.join(format!("{}.log", self.name));
        let mut process = Process::start("longshore controller", command, &log, leash)?;
        let web = Aws::at(&format!("http://{listen}"));
        let ready = wait_for("the controller to be ready", READY, || {
            if let Some(status) = process.ended()? {
                bail!("the controller ended by itself ({status})");
            }
            Ok(web.answers("/readyz"))
        });
        ready.with_context(|| format!("the end of {}:\n{}", process.log().display(), process.tail(25)))?;
        Ok(Controller { process, web })
    }
}

/// A running controller. It ends when this value is dropped.
#[derive(Debug)]
pub struct Controller {
    /// The process.
    pub process: Process,
    web: Aws,
}

impl Controller {
    /// What it tells of itself now, as Prometheus reads it.
    pub fn metrics(&self) -> Result<String> {
        self.web.text("/metrics")
    }
}
