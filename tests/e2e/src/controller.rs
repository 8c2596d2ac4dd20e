//! The controller as a process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longshore_control_plane::{Leash, Process, free_port, wait_for};
use serde_json::Value;

use crate::aws::ACCESS_KEY;
use crate::{Aws, programs, text};

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
    /// A Deployment whose command line and environment are taken in place of all these, but for the address.
    pub deployment: Option<&'a Value>,
}

impl Default for Launch<'_> {
    /// Looks often, so that drift is seen and a rollout followed within the patience of a test or of a spectator.
    fn default() -> Self {
        Self {
            name: "controller",
            access_key: ACCESS_KEY,
            resync: "15s",
            rollout_interval: "1s",
            installation: None,
            deployment: None,
        }
    }
}

impl Launch<'_> {
    /// Starts it; returns when it says that it is ready, to lead or to stand by.
    pub fn start(&self, kubeconfig: &Path, aws: &Aws, dir: &Path, leash: Option<&Leash>) -> Result<Controller> {
        let listen = format!("127.0.0.1:{}", free_port()?);
        let mut command = Command::new(programs::longshore()?);
        command
            .args(self.arguments())
            .env("LONGSHORE_LISTEN", &listen)
            .envs(self.deployment.into_iter().flat_map(environment_of))
            .env("KUBECONFIG", kubeconfig)
            .envs(aws.environment())
            .env("AWS_ACCESS_KEY_ID", self.access_key)
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

    fn arguments(&self) -> Vec<String> {
        if let Some(deployment) = self.deployment {
            let all = container(deployment)["args"].as_array().into_iter().flatten().filter_map(Value::as_str);
            // Another address: several run side by side here, in no pods of their own.
            return all.filter(|argument| !argument.starts_with("--listen=")).map(str::to_owned).collect();
        }
        let mut all = vec!["controller", "--resync", self.resync, "--rollout-interval", self.rollout_interval];
        all.extend(self.installation.into_iter().flat_map(|installation| ["--installation", installation]));
        all.into_iter().map(str::to_owned).collect()
    }
}

fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

fn environment_of(deployment: &Value) -> impl Iterator<Item = (String, String)> {
    let variables = container(deployment)["env"].as_array().into_iter().flatten();
    variables.map(|variable| (text(variable, "/name"), text(variable, "/value")))
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
