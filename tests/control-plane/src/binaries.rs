//! The programs of the control plane: built once, found ever after.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Binaries(PathBuf);

impl Binaries {
    /// Runs the script `build`: at once when all is built, some minutes when not, with its progress on standard
    /// error.
    pub fn build() -> Result<Self> {
        Self::built(&[])
    }

    /// The same for Helm, which is the program `helm`.
    pub fn helm() -> Result<Self> {
        Self::built(&["helm"])
    }

    /// The same for Flux's kustomize-controller; beside the program is `kustomizations.yaml`, its kind.
    pub fn flux() -> Result<Self> {
        Self::built(&["kustomize-controller"])
    }

    fn built(arguments: &[&str]) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("build");
        let output = Command::new(&script)
            .args(arguments)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot run {}", script.display()))?;
        ensure!(output.status.success(), "{} {} failed (see above)", script.display(), arguments.join(" "));
        let dir = String::from_utf8(output.stdout).context("a path that is not UTF-8")?;
        Ok(Self(PathBuf::from(dir.trim())))
    }

    /// One of them: of the control plane `etcd`, `kube-apiserver`, `kube-controller-manager`, `kubectl`.
    pub fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }
}
