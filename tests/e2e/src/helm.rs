//! Helm, as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use longshore_control_plane::{Binaries, ControlPlane};
use serde_json::{Value, json};

use crate::project;

/// Where the tests install the chart, and under which name.
pub const SYSTEM: &str = "longshore-system";
/// The name of the release, and so of what it makes.
pub const RELEASE: &str = "longshore";

/// The real Helm, on a control plane.
#[derive(Debug)]
pub struct Helm<'a> {
    program: PathBuf,
    plane: &'a ControlPlane,
    dir: PathBuf,
}

impl<'a> Helm<'a> {
    /// Builds it, if need be, which takes minutes. What it keeps for itself goes into `dir`.
    pub fn on(plane: &'a ControlPlane, dir: &Path) -> Result<Self> {
        Ok(Self { program: Binaries::helm()?.path("helm"), plane, dir: dir.join("helm") })
    }

    /// Where the program is, for a shell's PATH.
    pub fn directory(&self) -> Result<PathBuf> {
        self.program.parent().map(Path::to_owned).context("helm is in a directory")
    }

    fn output(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(&self.program);
        for (variable, directory) in
            [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")]
        {
            command.env(variable, self.dir.join(directory));
        }
        command.arg("--kubeconfig").arg(&self.plane.kubeconfig).args(arguments).output().context("cannot run helm")
    }

    /// What it printed; a refusal is an error with its words.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "helm {}: {}", arguments.join(" "), said.trim());
        String::from_utf8(output.stdout).context("helm printed what is not UTF-8")
    }

    /// What it says to what it must refuse.
    pub fn refusal(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        if output.status.success() {
            bail!("this was accepted: helm {}", arguments.join(" "));
        }
        Ok(String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout))
    }

    /// Both charts, as the quick start installs them; the second with these values (`NAME=VALUE`).
    pub fn install(&self, values: &[&str]) -> Result<()> {
        self.install_kinds()?;
        self.install_controller(RELEASE, SYSTEM, values)
    }

    /// The chart of the kinds.
    pub fn install_kinds(&self) -> Result<()> {
        let chart = chart("longshore-crds");
        self.run(&["install", "longshore-crds", &chart, "--namespace", SYSTEM, "--create-namespace"])?;
        self.plane.run(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).map(drop)
    }

    /// The chart of the controller. Nothing runs its pods here.
    pub fn install_controller(&self, release: &str, namespace: &str, values: &[&str]) -> Result<()> {
        let chart = chart("longshore");
        let mut arguments = vec!["install", release, &chart, "--namespace", namespace, "--create-namespace"];
        arguments.extend(values.iter().flat_map(|value| ["--set", *value]));
        self.run(&arguments).map(drop)
    }

    /// A kubeconfig of the service account that a release made: what its pods are let in with.
    pub fn kubeconfig_of(&self, release: &str, namespace: &str) -> Result<PathBuf> {
        let token = self.plane.run(&["--namespace", namespace, "create", "token", release, "--duration=24h"])?;
        let text = std::fs::read_to_string(&self.plane.kubeconfig).context("cannot read the kubeconfig")?;
        let mut config: Value = serde_json::from_str(&text).context("the kubeconfig is no JSON")?;
        config["users"][0]["user"] = json!({"token": token.trim()});
        config["contexts"][0]["context"]["namespace"] = json!(namespace);
        std::fs::create_dir_all(&self.dir).context("cannot make Helm's directory")?;
        let path = self.dir.join(format!("kubeconfig-{namespace}-{release}"));
        std::fs::write(&path, config.to_string()).context("cannot write a kubeconfig")?;
        Ok(path)
    }
}

/// The directory of one of the project's charts.
pub fn chart(name: &str) -> String {
    project("charts").join(name).display().to_string()
}
