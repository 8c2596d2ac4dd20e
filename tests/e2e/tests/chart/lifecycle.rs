//! Installed, upgraded, rolled back, uninstalled.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use longshore_e2e::{Helm, Launch, Namespace, Provider, RELEASE, SYSTEM, Stack, chart};
use serde_json::Value;

use crate::{bare, deployment, helm};

const PROVIDER: Provider = Provider::Simulator { speed: 20 };

#[test]
fn an_upgrade_brings_new_definitions_a_rollback_the_old_command_line_and_an_uninstall_leaves_objects_and_aws()
-> Result<()> {
    let stack = bare("lifecycle", PROVIDER)?;
    let helm = helm(&stack)?;
    the_version_before(&stack, &helm)?;
    ensure!(!columns(&stack)?.contains("Rollout"), "the older definition has no such column");

    for name in ["longshore-crds", "longshore"] {
        helm.run(&["upgrade", name, &chart(name), "--namespace", SYSTEM, "--reset-then-reuse-values"])?;
    }
    ensure!(columns(&stack)?.contains("Rollout"), "the upgrade brought the new definition: {}", columns(&stack)?);
    ensure!(arguments(&stack)?.contains("--resync=15s"), "the user's values are kept: {}", arguments(&stack)?);

    stack.furnish(&PROVIDER)?;
    let kubeconfig = helm.kubeconfig_of(RELEASE, SYSTEM)?;
    let now = deployment(&stack, SYSTEM, RELEASE)?;
    let mut controller = stack.launch_as(&Launch { deployment: Some(&now), ..Launch::default() }, &kubeconfig)?;
    let kept = Namespace::with_hello(&stack, "kept")?;
    let owned = kept.holdings()?;
    controller.process.stop()?;

    helm.run(&["upgrade", "longshore", &chart("longshore"), "--namespace", SYSTEM, "--set", "resync=99s"])?;
    ensure!(arguments(&stack)?.contains("--resync=99s"), "{}", arguments(&stack)?);
    helm.run(&["rollback", "longshore", "2", "--namespace", SYSTEM])?;
    ensure!(arguments(&stack)?.contains("--resync=15s"), "rolled back: {}", arguments(&stack)?);

    for name in ["longshore", "longshore-crds"] {
        helm.run(&["uninstall", name, "--namespace", SYSTEM])?;
    }
    let left =
        stack.plane.run(&["get", "deployments,roles,serviceaccounts", "--namespace", SYSTEM, "--output", "name"])?;
    ensure!(left.trim() == "serviceaccount/default", "left in the namespace: {left}");
    let left = stack.plane.run(&[
        "get",
        "clusterroles,clusterrolebindings",
        "--selector",
        "app.kubernetes.io/part-of=longshore",
        "--output",
        "name",
    ])?;
    ensure!(left.is_empty(), "left in the cluster: {left}");
    ensure!(kept.get("ecssvc/hello")?["spec"]["desiredCount"] == 2, "the object is there");
    ensure!(kept.holdings()? == owned, "and all that it has in AWS");

    // Installed again, it goes on with what it finds.
    helm.install_controller(RELEASE, SYSTEM, &["resync=15s"])?;
    helm.run(&["install", "longshore-crds", &chart("longshore-crds"), "--namespace", SYSTEM, "--take-ownership"])?;
    let kubeconfig = helm.kubeconfig_of(RELEASE, SYSTEM)?;
    let _controller = stack.launch_as(&Launch { name: "again", ..Launch::default() }, &kubeconfig)?;
    kept.kubectl(&["scale", "ecssvc/hello", "--replicas=3"])?;
    kept.wait_settled("ecssvc/hello")?;
    let names = |held: std::collections::BTreeMap<&'static str, Vec<String>>| held.into_keys().collect::<Vec<_>>();
    ensure!(names(kept.holdings()?) == names(owned), "nothing was made twice");
    Ok(())
}

/// There is no earlier release yet: the present charts under a lower version, with a definition that lacks a column.
fn the_version_before(stack: &Stack, helm: &Helm<'_>) -> Result<()> {
    for name in ["longshore-crds", "longshore"] {
        let copy = stack.dir().join(name);
        copy_tree(Path::new(&chart(name)), &copy)?;
        rewrite(&copy.join("Chart.yaml"), |text| text.replace("\nversion: ", "\nversion: 0.0.1-before."))?;
        if name == "longshore-crds" {
            rewrite(&copy.join("files/ecsservice.yaml"), |text| text.replace("name: Rollout", "name: Older"))?;
        }
        let directory = copy.display().to_string();
        let values = if name == "longshore" { &["--set", "resync=15s,rolloutInterval=1s"][..] } else { &[] };
        let install = ["install", name, &directory, "--namespace", SYSTEM, "--create-namespace"];
        helm.run(&[&install[..], values].concat())?;
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).context("cannot make a directory")?;
    for entry in fs::read_dir(from).context("no chart")? {
        let (entry, target): (PathBuf, _) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if entry.is_dir() {
            copy_tree(&entry, &target)?;
        } else {
            fs::copy(&entry, &target).context("cannot copy a file")?;
        }
    }
    Ok(())
}

fn rewrite(path: &Path, change: impl Fn(&str) -> String) -> Result<()> {
    let before = fs::read_to_string(path).context("cannot read a file")?;
    let after = change(&before);
    ensure!(after != before, "{} has nothing of what is to be changed", path.display());
    fs::write(path, after).context("cannot write a file")
}

fn columns(stack: &Stack) -> Result<String> {
    let path = "jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}";
    stack.plane.run(&["get", "crd", "ecsservices.ecs.longshore.dev", "--output", path])
}

fn arguments(stack: &Stack) -> Result<String> {
    let deployment: Value = deployment(stack, SYSTEM, RELEASE)?;
    Ok(deployment["spec"]["template"]["spec"]["containers"][0]["args"].to_string())
}
