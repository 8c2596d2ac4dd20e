//! The Python environment of the tests: boto3 to ask AWS with code that is not ours, moto and ministack to be AWS.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::aws::{ACCESS_KEY, Aws, REGION};
use crate::project;

/// A Python with boto3, moto and ministack.
#[derive(Clone, Debug)]
pub struct Python(PathBuf);

impl Python {
    /// Installs what is missing, once, into the cache.
    pub fn prepare() -> Result<Self> {
        let script = project("tests/e2e/python/venv");
        let output = Command::new(&script)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot run {}", script.display()))?;
        ensure!(output.status.success(), "the Python environment could not be made (see above)");
        let dir = String::from_utf8(output.stdout).context("a path that is not UTF-8")?;
        Ok(Self(PathBuf::from(dir.trim())))
    }

    /// A program that one of the packages installed.
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(name)
    }

    /// Runs a script of `tests/e2e/python` against an AWS; what it prints is JSON.
    pub fn ask(&self, script: &str, aws: &Aws, arguments: &[&str]) -> Result<Value> {
        let output = Command::new(self.program("python"))
            .arg(project("tests/e2e/python").join(script))
            .args(arguments)
            .env("AWS_ENDPOINT_URL", aws.url())
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", "dummy")
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .output()
            .context("cannot run Python")?;
        answer(script, arguments, &output)
    }

    /// Runs a script of `tests/e2e/python` that reads `input` and asks nobody; what it prints is JSON.
    pub fn run(&self, script: &str, arguments: &[&str], input: &str) -> Result<Value> {
        let mut process = Command::new(self.program("python"))
            .arg(project("tests/e2e/python").join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run Python")?;
        if let Some(mut stdin) = process.stdin.take() {
            // One that does not read it may have ended.
            let _ = stdin.write_all(input.as_bytes());
        }
        answer(script, arguments, &process.wait_with_output().context("cannot wait for Python")?)
    }
}

fn answer(script: &str, arguments: &[&str], output: &Output) -> Result<Value> {
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{script} {}: {}", arguments.join(" "), errors.trim());
    serde_json::from_slice(&output.stdout).with_context(|| format!("{script} printed no JSON"))
}
