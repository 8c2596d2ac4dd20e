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
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("build");
        let output = Command::new(&script)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot run {}", script.display()))?;
        ensure!(output.status.success(), "the control plane could not be built (see above)");
        let dir = String::from_utf8(output.stdout).context("a path that is not UTF-8")?;
        Ok(Self(PathBuf::from(dir.trim())))
    }

    /// One of `etcd`, `kube-apiserver`, `kube-controller-manager`, `kubectl`.
    pub fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }
}
