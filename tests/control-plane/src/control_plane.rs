//! Starting and ending the processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::credentials::Credentials;
use crate::{Binaries, Leash, Process, Record, free_port, wait_for};

/// From nothing to ready takes two to four seconds on an idle machine; a busy one gets its time.
const READY: Duration = Duration::from_mins(2);
/// A port may be taken between being found free and being used: then everything is started anew.
const ATTEMPTS: usize = 3;
/// Namespaces are emptied, garbage is collected, service accounts get their tokens. Nothing here runs pods.
const CONTROLLERS: &str =
    "namespace-controller,garbage-collector-controller,serviceaccount-controller,serviceaccount-token-controller";

/// What service accounts do is written down: when a request is answered or, for one that goes on, when the answer begins.
const AUDIT_POLICY: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: Metadata, userGroups: ["system:serviceaccounts"]}
  - {level: None}
"#;

/// A running control plane.
#[derive(Debug)]
pub struct ControlPlane {
    /// The administrator's kubeconfig file.
    pub kubeconfig: PathBuf,
    /// Where the API server answers, over TLS.
    pub url: String,
    /// The kubectl built with it.
    pub kubectl: PathBuf,
    /// What service accounts did, an event of the API server's audit a line.
    pub audit_log: PathBuf,
    /// In the order they were started; ended in the opposite one.
    processes: Vec<Process>,
}

impl ControlPlane {
    /// Builds what is missing, starts everything under `dir` (which must exist) and waits until it is ready. It ends
    /// when the value is dropped or, by the `leash`, when this process ends in whatever way; unless it is
    /// [let go](Self::detach).
    pub fn start(dir: &Path, leash: &Leash) -> Result<Self> {
        let binaries = Binaries::build()?;
        let dir = fs::canonicalize(dir).with_context(|| format!("no directory {}", dir.display()))?;
        let mut attempt = 1;
        loop {
            match Self::attempt(&dir, &binaries, leash) {
                Err(error) if attempt < ATTEMPTS && port_was_taken(&dir) => {
                    eprintln!("control plane: a port was taken, trying again ({error:#})");
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn attempt(dir: &Path, binaries: &Binaries, leash: &Leash) -> Result<Self> {
        // Data of an earlier life would be under keys that are no longer known.
        for name in ["etcd", "logs"] {
            if dir.join(name).exists() {
                fs::remove_dir_all(dir.join(name)).with_context(|| format!("cannot empty {name}"))?;
            }
        }
        fs::create_dir_all(dir.join("logs")).context("cannot make the log directory")?;
        let credentials = Credentials::make(dir)?;
        let (client, peer, secure) = (free_port()?, free_port()?, free_port()?);
        let url = format!("https://127.0.0.1:{secure}");
        let kubeconfig = dir.join("kubeconfig");
        fs::write(dir.join("audit-policy.yaml"), AUDIT_POLICY).context("cannot write the audit policy")?;
        credentials.write_kubeconfig(&kubeconfig, &url)?;

        let mut plane = Self {
            kubeconfig,
            url,
            kubectl: binaries.path("kubectl"),
            audit_log: audit_log(dir),
            processes: Vec::new(),
        };
        plane.launch("etcd", etcd(binaries, dir, client, peer), dir, leash)?;
        plane.launch("kube-apiserver", api_server(binaries, &credentials, dir, client, secure), dir, leash)?;
        plane.wait_until_ready()?;
        let manager = controller_manager(binaries, &credentials, &plane.kubeconfig);
        plane.launch("kube-controller-manager", manager, dir, leash)?;
        plane.wait_for_service_accounts()?;
        Ok(plane)
    }

    fn launch(&mut self, name: &str, command: Command, dir: &Path, leash: &Leash) -> Result<()> {
        let log = dir.join("logs").join(format!("{name}.log"));
        self.processes.push(Process::start(name, command, &log, Some(leash))?);
        Ok(())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        wait_for("the API server to be ready", READY, || {
            self.check()?;
            Ok(succeeded(&self.kubectl(&["get", "--raw", "/readyz"])?))
        })
        .with_context(|| self.tails())
    }

    /// Nothing can be created in a namespace before its service account `default` exists; that it does shows that
    /// the controllers run.
    fn wait_for_service_accounts(&mut self) -> Result<()> {
        wait_for("the first service account", READY, || {
            self.check()?;
            Ok(succeeded(&self.kubectl(&["get", "serviceaccount", "default", "--namespace", "default"])?))
        })
        .with_context(|| self.tails())
    }

    /// Fails when one of the processes has ended.
    pub fn check(&mut self) -> Result<()> {
        for process in &mut self.processes {
            if let Some(status) = process.ended()? {
                bail!("{} ended by itself ({status})", process.name());
            }
        }
        Ok(())
    }

    /// Runs kubectl as administrator; a refusal is in the output, not an error.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<Output> {
        Command::new(&self.kubectl)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments)
            .output()
            .context("cannot run kubectl")
    }

    /// Runs kubectl as administrator and returns what it printed; a refusal is an error with kubectl's words.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.kubectl(arguments)?;
        ensure!(
            output.status.success(),
            "kubectl {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        String::from_utf8(output.stdout).context("kubectl printed what is not UTF-8")
    }

    /// The end of every log, to be shown when something failed.
    pub fn tails(&self) -> String {
        self.processes
            .iter()
            .map(|process| format!("the end of {}:\n{}", process.log().display(), process.tail(15)))
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// Adds its processes to a record.
    pub fn note(&self, record: &mut Record) {
        for process in &self.processes {
            record.add(process);
        }
    }

    /// Lets it run on when this value is dropped and this process has ended.
    pub fn detach(&mut self) {
        for process in &mut self.processes {
            process.detach();
        }
    }

    /// Ends every process: kindly, then by force. Dropping does the same, but cannot tell of failures.
    pub fn stop(&mut self) -> Result<()> {
        while let Some(mut process) = self.processes.pop() {
            process.stop()?;
        }
        Ok(())
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        // A Vec drops its items in the order of their start: the API server would wait for an etcd that is gone.
        while let Some(process) = self.processes.pop() {
            drop(process);
        }
    }
}

fn audit_log(dir: &Path) -> PathBuf {
    dir.join("logs/audit.log")
}

fn etcd(binaries: &Binaries, dir: &Path, client: u16, peer: u16) -> Command {
    let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    let mut command = Command::new(binaries.path("etcd"));
    command
        .arg(format!("--data-dir={}", dir.join("etcd").display()))
        .arg(format!("--listen-client-urls={client}"))
        .arg(format!("--advertise-client-urls={client}"))
        .arg(format!("--listen-peer-urls={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .arg(format!("--initial-cluster=default={peer}"))
        .arg("--log-level=warn")
        // Its data need not outlive the machine.
        .arg("--unsafe-no-fsync");
    command
}

fn api_server(binaries: &Binaries, credentials: &Credentials, dir: &Path, etcd: u16, secure: u16) -> Command {
    let mut command = Command::new(binaries.path("kube-apiserver"));
    command
        .arg(format!("--etcd-servers=http://127.0.0.1:{etcd}"))
        .arg("--bind-address=127.0.0.1")
        .arg("--advertise-address=127.0.0.1")
        .arg("--endpoint-reconciler-type=none")
        .arg(format!("--secure-port={secure}"))
        .arg(format!("--cert-dir={}", credentials.certificates.display()))
        .arg(format!("--token-auth-file={}", credentials.tokens.display()))
        .arg("--authorization-mode=RBAC")
        .arg(format!("--audit-policy-file={}", dir.join("audit-policy.yaml").display()))
        .arg(format!("--audit-log-path={}", audit_log(dir).display()))
        .arg("--service-cluster-ip-range=10.0.0.0/24")
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .arg(format!("--service-account-key-file={}", credentials.verifying_key.display()))
        .arg(format!("--service-account-signing-key-file={}", credentials.signing_key.display()));
    command
}

fn controller_manager(binaries: &Binaries, credentials: &Credentials, kubeconfig: &Path) -> Command {
    let mut command = Command::new(binaries.path("kube-controller-manager"));
    command
        .arg(format!("--kubeconfig={}", kubeconfig.display()))
        .arg(format!("--controllers={CONTROLLERS}"))
        .arg(format!("--service-account-private-key-file={}", credentials.signing_key.display()))
        .arg(format!("--root-ca-file={}", credentials.authority().display()))
        .arg("--leader-elect=false")
        // It serves nothing that is asked for here.
        .arg("--secure-port=0");
    command
}

fn port_was_taken(dir: &Path) -> bool {
    ["etcd", "kube-apiserver"].iter().any(|name| {
        let log = fs::read(dir.join("logs").join(format!("{name}.log"))).unwrap_or_default();
        String::from_utf8_lossy(&log).contains("address already in use")
    })
}

/// "Not yet" is what kubectl said last.
fn succeeded(output: &Output) -> Result<(), String> {
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("no reason given").to_owned())
    }
}
