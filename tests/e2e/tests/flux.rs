//! Flux's kustomize-controller, for real: it applies the repository in examples/gitops, waits for health, names the service
//! that was rolled back, whose own condition says why, corrects drift and prunes. Its source-controller cannot be had as a
//! Go module: the artifact of a `GitRepository` is written here, and served by Python.

#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use longshore_control_plane::{Binaries, Leash, Process, free_port, wait_for};
use longshore_e2e::{Namespace, Provider, Stack, StackOptions, condition, example, names_all, project, text};
use serde_json::{Value, json};

const PROVIDER: Provider = Provider::Simulator { speed: 20 };
const FLUX: &str = "flux-system";
const STAGING: &str = "shop-staging";
const PATIENCE: Duration = Duration::from_mins(3);

/// Everything that Flux has here.
struct Flux<'a> {
    stack: &'a Stack,
    repository: std::path::PathBuf,
    port: u16,
    _leash: Leash,
    _processes: [Process; 2],
}

impl<'a> Flux<'a> {
    fn start(stack: &'a Stack) -> Result<Self> {
        let dir = stack.dir().join("flux");
        let repository = dir.join("repository");
        fs::create_dir_all(dir.join("served")).context("cannot make a directory")?;
        command("cp", &["-R", &project("examples/gitops").display().to_string(), &repository.display().to_string()])?;
        let binaries = Binaries::flux()?;
        let kinds = binaries.path("kustomizations.yaml").display().to_string();
        stack.plane.run(&["apply", "--server-side", "--filename", &kinds])?;
        stack.apply(&sources().to_string())?;
        stack.plane.run(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"])?;
        stack.plane.run(&["create", "namespace", FLUX])?;
        let (port, leash) = (free_port()?, Leash::new()?);
        let mut server = Command::new("python3");
        server.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]).current_dir(dir.join("served"));
        let server = Process::start("python3 -m http.server", server, &dir.join("server.log"), Some(&leash))?;
        let mut controller = Command::new(binaries.path("kustomize-controller"));
        controller
            .args(["--watch-all-namespaces", "--metrics-addr=0", "--requeue-dependency=2s"])
            .arg(format!("--health-addr=127.0.0.1:{}", free_port()?))
            .env("KUBECONFIG", &stack.plane.kubeconfig)
            .env("RUNTIME_NAMESPACE", FLUX);
        let controller = Process::start("kustomize-controller", controller, &dir.join("controller.log"), Some(&leash))?;
        Ok(Self { stack, repository, port, _leash: leash, _processes: [server, controller] })
    }

    /// What a push is, and source-controller's fetching of it.
    fn push(&self, revision: &str) -> Result<()> {
        let file = format!("{revision}.tar.gz");
        let served = self.stack.dir().join("flux/served").join(&file).display().to_string();
        command(
            "tar",
            &["--create", "--gzip", "--file", &served, "--directory", &self.repository.display().to_string(), "."],
        )?;
        let digest = command("sha256sum", &[&served])?;
        let digest = digest.split(' ').next().context("sha256sum prints a digest")?;
        let url = format!("http://127.0.0.1:{}/{file}", self.port);
        self.stack.apply(&repository(&url).to_string())?;
        let artifact = json!({"status": {
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "stored",
                "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}],
            "artifact": {"path": file, "url": url, "revision": format!("main@sha1:{revision}"), "digest": format!("sha256:{digest}"),
                "lastUpdateTime": "2026-01-01T00:00:00Z"},
        }});
        let patch =
            ["patch", "gitrepository", FLUX, "--namespace", FLUX, "--subresource=status", "--type=merge", "--patch"];
        self.stack.plane.run(&[&patch[..], &[&artifact.to_string()]].concat()).map(drop)
    }

    fn change(&self, file: &str, from: &str, to: &str) -> Result<()> {
        let path = self.repository.join(file);
        let before = fs::read_to_string(&path).with_context(|| file.to_owned())?;
        ensure!(before.contains(from), "{file} has no {from}");
        fs::write(&path, before.replace(from, to)).context("cannot write")
    }

    fn account(&self) -> Result<Value> {
        let text = self.stack.plane.run(&[
            "get",
            "kustomization.kustomize.toolkit.fluxcd.io",
            "apps",
            "--namespace",
            FLUX,
            "--output",
            "json",
        ])?;
        serde_json::from_str(&text).context("no JSON")
    }

    /// Waits for Flux's verdict of a revision.
    fn wait(&self, what: &str, revision: &str, mut look: impl FnMut(&Value) -> Result<(), String>) -> Result<Value> {
        let found = wait_for(what, PATIENCE, || {
            let now = self.account()?;
            let attempted = text(&now, "/status/lastAttemptedRevision");
            if !attempted.ends_with(revision) {
                return Ok(Err(format!("it has tried {attempted:?}")));
            }
            Ok(look(&now).map(|()| now))
        });
        found.with_context(|| fs::read_to_string(self.stack.dir().join("flux/controller.log")).unwrap_or_default())
    }

    fn ready(&self, revision: &str) -> Result<Value> {
        self.wait("Flux to be content", revision, |now| {
            let ready = condition(now, "Ready");
            let applied = text(now, "/status/lastAppliedRevision");
            if ready.status == "True" && applied.ends_with(revision) { Ok(()) } else { Err(format!("{ready}")) }
        })
    }

    fn reconcile_now(&self, at: &str) -> Result<()> {
        let asked = format!("reconcile.fluxcd.io/requestedAt={at}");
        let annotate = [
            "annotate",
            "--overwrite",
            "kustomization.kustomize.toolkit.fluxcd.io",
            "apps",
            "--namespace",
            FLUX,
            &asked,
        ];
        self.stack.plane.run(&annotate).map(drop)
    }
}

#[test]
fn flux_applies_waits_for_health_names_the_service_of_a_bad_image_at_once_corrects_drift_and_prunes() -> Result<()> {
    let stack = Stack::start(&StackOptions::for_tests(PROVIDER)?)?;
    stack.apply(&example("00-environment.yaml")?)?;
    let flux = Flux::start(&stack)?;
    flux.push("1")?;
    stack.apply(&fs::read_to_string(project("examples/gitops/flux/staging/apps.yaml"))?)?;
    let staging = Namespace::of(&stack, STAGING);

    let good = flux.ready("1")?;
    names_all(&condition(&good, "Ready").message, &["Applied revision"]).map_err(anyhow::Error::msg)?;
    // It was not content before the service was.
    ensure!(condition(&staging.get("ecssvc/hello")?, "Ready").status == "True", "healthy only when the service is");

    staging.kubectl(&["scale", "ecssvc/hello", "--replicas=4"])?;
    flux.reconcile_now("1")?;
    staging.wait_until("ecssvc/hello", "Flux to undo what was done by hand", |now| {
        if now["spec"]["desiredCount"] == 1 { Ok(()) } else { Err(now["spec"]["desiredCount"].to_string()) }
    })?;
    staging.wait_settled("ecssvc/hello")?;

    stack.simulator().image("public.ecr.aws/nginx/nginx:1.28-typo", &json!({"missing": true}))?;
    flux.change("apps/staging/kustomization.yaml", "\"1.28\"", "\"1.28-typo\"")?;
    flux.push("2")?;
    let bad = flux.wait("Flux to tell of the rollback", "2", |now| {
        let ready = condition(now, "Ready");
        if ready.status == "False" {
            names_all(&ready.message, &["EcsService/shop-staging/hello", "Failed"])
        } else {
            Err(ready.to_string())
        }
    })?;
    names_all(&condition(&bad, "Ready").message, &["failed early due to stalled resources"])
        .map_err(anyhow::Error::msg)?;
    names_all(&condition(&staging.get("ecssvc/hello")?, "Stalled").message, &["CannotPullContainerError"])
        .map_err(anyhow::Error::msg)?;

    flux.change("apps/staging/kustomization.yaml", "\"1.28-typo\"", "\"1.28\"")?;
    flux.push("3")?;
    flux.ready("3")?;
    flux.change("apps/base/kustomization.yaml", ", hello.yaml", "")?;
    flux.change("apps/staging/kustomization.yaml", "replicas:\n  - {name: hello, count: 1}\n", "")?;
    flux.push("4")?;
    flux.ready("4")?;
    staging.wait_for("what was taken out of Git to be gone from AWS", || {
        let held = stack.aws.holdings("EcsService", STAGING, "hello")?;
        Ok(if held.is_empty() { Ok(()) } else { Err(format!("{held:?}")) })
    })?;
    Ok(())
}

/// The kinds of sources, of which kustomize-controller watches three.
fn sources() -> Value {
    let kinds = [("GitRepository", "gitrepositories"), ("OCIRepository", "ocirepositories"), ("Bucket", "buckets")];
    let free = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definitions = kinds.map(|(kind, plural)| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.source.toolkit.fluxcd.io")},
            "spec": {
                "group": "source.toolkit.fluxcd.io", "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
                "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": free, "status": free}}}}],
            },
        })
    });
    json!({"apiVersion": "v1", "kind": "List", "items": definitions})
}

fn repository(url: &str) -> Value {
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": FLUX, "namespace": FLUX}, "spec": {"url": url, "interval": "1m"}})
}

fn command(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).current_dir(Path::new("/")).output();
    let output = output.with_context(|| format!("cannot run {program}"))?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
