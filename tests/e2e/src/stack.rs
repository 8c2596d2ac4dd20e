//! Everything that runs: control plane, AWS, controller.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use longshore_control_plane::{ControlPlane, Leash, Process, Record, wait_for};

use crate::controller::READY;
use crate::environment::environment_on;
use crate::{
    Aws, Controller, Emulator, Helm, Launch, Python, RELEASE, SYSTEM, Simulator, example, programs, project, scratch,
};

/// Who answers as AWS.
#[derive(Clone, Debug)]
pub enum Provider {
    /// Our simulator, with so many simulated seconds to a second.
    Simulator {
        /// 1 is real time.
        speed: u32,
    },
    /// Somebody else's emulator.
    Emulator(Emulator),
    /// Whatever answers at a URL.
    At(String),
    /// Nobody: for what the API server does alone.
    Nobody,
}

/// As whom the controller speaks to Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// As the administrator, with the kinds from crds/generated: nothing but the control plane must be built.
    Administrator,
    /// As nobody yet: whoever starts the stack makes the kinds known and lets controllers in.
    None,
    /// As the service account that the chart makes, with the roles that it makes. Both charts are installed by Helm.
    Chart,
}

/// What to start, and where.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// Who answers as AWS.
    pub provider: Provider,
    /// For logs, data and the kubeconfig; made if need be.
    pub dir: PathBuf,
    /// Whether a controller is started too.
    pub controller: bool,
    /// As whom it speaks to Kubernetes.
    pub rights: Rights,
    /// Called with what is being done, in a few words.
    pub say: fn(&str),
}

impl StackOptions {
    /// For tests: a scratch directory, and nothing survives the test.
    pub fn for_tests(provider: Provider) -> Result<Self> {
        let controller = !matches!(provider, Provider::Nobody);
        Ok(Self { provider, dir: scratch()?, controller, rights: Rights::Chart, say: |_| {} })
    }
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    /// The API server and what belongs to it.
    pub plane: ControlPlane,
    /// What answers as AWS.
    pub aws: Aws,
    dir: PathBuf,
    leash: Leash,
    /// What controllers are let in with.
    kubeconfig: PathBuf,
    /// The simulator or emulator, where this stack started one.
    cloud: Option<Process>,
    controller: Mutex<Option<Controller>>,
}

impl Stack {
    /// Starts everything and applies the CRDs; returns when the controller is ready. The environment of example 00 is
    /// not applied yet: see [`Self::furnish`].
    pub fn start(options: &StackOptions) -> Result<Self> {
        std::fs::create_dir_all(&options.dir).with_context(|| format!("cannot make {}", options.dir.display()))?;
        let dir = std::fs::canonicalize(&options.dir).context("cannot resolve the directory")?;
        let leash = Leash::new()?;
        (options.say)("starting the Kubernetes API server (etcd, kube-apiserver, kube-controller-manager)");
        let plane = ControlPlane::start(&dir, &leash)?;
        (options.say)("starting AWS");
        let (cloud, aws) = start_cloud(&options.provider, &dir, &leash)?;
        (options.say)("teaching Kubernetes Longshore's kinds");
        let kubeconfig = admit(&plane, options.rights, &dir)?;
        let stack = Self { plane, aws, dir, leash, kubeconfig, cloud, controller: Mutex::new(None) };
        if options.controller {
            (options.say)("starting the controller");
            stack.start_controller()?;
        }
        Ok(stack)
    }

    /// Applies example 00: unchanged on the simulator; on an emulator after making what it names, with the ids that
    /// the emulator gave.
    pub fn furnish(&self, provider: &Provider) -> Result<()> {
        let environment = match provider {
            Provider::Emulator(_) => environment_on(&Python::prepare()?.ask("furnish.py", &self.aws, &[])?)?,
            Provider::Simulator { .. } | Provider::At(_) | Provider::Nobody => example("00-environment.yaml")?,
        };
        self.apply(&environment).map(drop)
    }

    /// The simulator's controls. Only for a stack on the simulator.
    pub fn simulator(&self) -> Simulator {
        Simulator::of(&self.aws)
    }

    /// `kubectl apply`, as a user would.
    pub fn apply(&self, text: &str) -> Result<String> {
        let file = self.dir.join(format!("applied-{:016x}.yaml", fingerprint(text)));
        std::fs::write(&file, text).context("cannot write what is to be applied")?;
        self.plane.run(&["apply", "--filename", &file.display().to_string()])
    }

    /// Where logs and the kubeconfig are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn controller(&self) -> MutexGuard<'_, Option<Controller>> {
        self.controller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the controller; returns when it says that it is ready.
    pub fn start_controller(&self) -> Result<()> {
        *self.controller() = Some(self.launch(&Launch::default())?);
        Ok(())
    }

    /// Starts a controller as `launch` says; returns when it says that it is ready.
    pub fn launch(&self, launch: &Launch<'_>) -> Result<Controller> {
        self.launch_as(launch, &self.kubeconfig)
    }

    /// The same for whom a kubeconfig lets in.
    pub fn launch_as(&self, launch: &Launch<'_>, kubeconfig: &Path) -> Result<Controller> {
        launch.start(kubeconfig, &self.aws, &self.dir, Some(&self.leash))
    }

    /// Kills the controller as a crash would, in the middle of whatever it is doing.
    pub fn kill_9_controller(&self) -> Result<()> {
        self.controller().as_mut().context("no controller runs")?.process.kill()
    }

    /// Stops the controller where it is, as a machine would that has no time for it.
    pub fn pause_controller(&self) -> Result<()> {
        self.controller().as_ref().context("no controller runs")?.process.pause()
    }

    /// Lets the controller go on.
    pub fn resume_controller(&self) -> Result<()> {
        self.controller().as_ref().context("no controller runs")?.process.resume()
    }

    /// The end of the controller's log.
    pub fn controller_tail(&self, lines: usize) -> String {
        self.controller().as_ref().map(|controller| controller.process.tail(lines)).unwrap_or_default()
    }

    /// Lets everything run on when this process ends, and writes down what to end later.
    pub fn detach(&mut self) -> Result<()> {
        let mut record = Record::default();
        self.plane.note(&mut record);
        self.plane.detach();
        let mut controller = self.controller.lock().unwrap_or_else(PoisonError::into_inner);
        for process in self.cloud.iter_mut().chain(controller.as_mut().map(|controller| &mut controller.process)) {
            record.add(process);
            process.detach();
        }
        record.write(&self.dir)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // The controller first: it would only report that everything else goes away.
        drop(self.controller().take());
    }
}

fn start_cloud(provider: &Provider, dir: &Path, leash: &Leash) -> Result<(Option<Process>, Aws)> {
    match provider {
        Provider::At(url) => Ok((None, Aws::at(url))),
        // The discard port: whoever asks is told at once that nobody listens.
        Provider::Nobody => Ok((None, Aws::at("http://127.0.0.1:9"))),
        Provider::Simulator { speed } => {
            let (process, aws) = start_simulator(*speed, dir, leash)?;
            Ok((Some(process), aws))
        }
        Provider::Emulator(emulator) => {
            let (process, aws) = emulator.start(&Python::prepare()?, dir, leash)?;
            Ok((Some(process), aws))
        }
    }
}

/// Starts the simulator on a free port, with so many simulated seconds to a second; returns when it answers.
pub fn start_simulator(speed: u32, dir: &Path, leash: &Leash) -> Result<(Process, Aws)> {
    let log = dir.join("simulator.log");
    // Its URL is read from the log: one of an earlier run would be another's.
    std::fs::write(&log, "").context("cannot empty the simulator's log")?;
    let mut command = Command::new(programs::simulator()?);
    command.args(["--port", "0", "--speed", &speed.to_string()]);
    let mut process = Process::start("longshore-simulator", command, &log, Some(leash))?;
    let url = wait_for("the simulator's URL", READY, || {
        if let Some(status) = process.ended()? {
            bail!("the simulator ended by itself ({status}):\n{}", process.tail(15));
        }
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let url = text.lines().find(|line| line.starts_with("http://")).map(str::to_owned);
        Ok(url.ok_or_else(|| "nothing printed yet".to_owned()))
    })?;
    Ok((process, Aws::at(&url)))
}

/// Makes the kinds known, and tells with which kubeconfig a controller is let in.
fn admit(plane: &ControlPlane, rights: Rights, dir: &Path) -> Result<PathBuf> {
    match rights {
        Rights::None => Ok(plane.kubeconfig.clone()),
        Rights::Administrator => {
            apply_crds(plane)?;
            Ok(plane.kubeconfig.clone())
        }
        Rights::Chart => {
            let helm = Helm::on(plane, dir)?;
            helm.install(&[])?;
            helm.kubeconfig_of(RELEASE, SYSTEM)
        }
    }
}

fn apply_crds(plane: &ControlPlane) -> Result<()> {
    let dir = project("crds/generated");
    ensure!(dir.is_dir(), "{} is not there: `make generate` writes it", dir.display());
    plane.run(&["apply", "--server-side", "--filename", &dir.display().to_string()])?;
    plane.run(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).map(drop)
}

/// Tells texts apart in file names; nothing more is asked of it.
fn fingerprint(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
