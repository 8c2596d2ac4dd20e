//! Several tools apply one object: none sees a difference that it did not make.

use anyhow::{Context, Result, ensure};
use longshore_e2e::{Namespace, hello, text};
use serde_json::{Value, json};

use crate::stack;

const GIT: &str = "--field-manager=argocd-controller";
const PLATFORM: &str = "--field-manager=platform";

/// Writes an object to a file that kubectl reads.
fn file(ns: &Namespace<'_>, name: &str, text: &str) -> Result<String> {
    let path = ns.stack.dir().join(format!("{}-{name}.yaml", ns.name));
    std::fs::write(&path, text)?;
    Ok(path.display().to_string())
}

/// Who has a part of the service's spec.
fn managers_of_spec(ns: &Namespace<'_>) -> Result<Vec<String>> {
    let shown = ns.kubectl(&["get", "ecssvc/hello", "--show-managed-fields", "--output", "json"])?;
    let object: Value = serde_json::from_str(&shown)?;
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let with_spec = entries.iter().filter(|entry| entry["fieldsV1"].get("f:spec").is_some());
    let mut managers: Vec<String> = with_spec.map(|entry| text(entry, "/manager")).collect();
    managers.sort_unstable();
    Ok(managers)
}

fn containers(object: &Value) -> Vec<&str> {
    let containers = object["spec"]["task"]["containerDefinitions"].as_array().map(Vec::as_slice).unwrap_or_default();
    containers.iter().filter_map(|container| container["name"].as_str()).collect()
}

#[test]
fn two_tools_apply_parts_of_one_service_server_side_and_nothing_goes_back_and_forth() -> Result<()> {
    let ns = Namespace::create(stack(), "two-tools")?;
    let whole = file(&ns, "git", &hello(&ns.name)?)?;
    let sidecar = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService",
        "metadata": {"name": "hello", "namespace": ns.name, "annotations": {"platform.example.com/owner": "shop"}},
        "spec": {
            "tags": [{"key": "Team", "value": "shop"}],
            "task": {"containerDefinitions": [
                {"name": "agent", "image": "public.ecr.aws/docker/library/busybox:1.36", "essential": false},
            ]},
        },
    });
    let part = file(&ns, "platform", &sidecar.to_string())?;
    let apply = |manager: &str, path: &str| ns.kubectl(&["apply", "--server-side", manager, "--filename", path]);
    apply(GIT, &whole)?;
    ns.wait_settled("ecssvc/hello")?;
    apply(PLATFORM, &part)?;
    let settled = ns.wait_settled("ecssvc/hello")?;
    ensure!(containers(&settled) == ["web", "agent"], "{:#}", settled["spec"]);
    let managers = managers_of_spec(&ns)?;
    ensure!(managers == ["argocd-controller", "platform"], "{managers:?}");

    for _ in 0..2 {
        apply(GIT, &whole)?;
        apply(PLATFORM, &part)?;
    }
    for (manager, path) in [(GIT, &whole), (PLATFORM, &part)] {
        let same = ns.kubectl(&["diff", "--server-side", manager, "--filename", path]);
        same.with_context(|| format!("{manager} sees a difference"))?;
    }
    let after = ns.get("ecssvc/hello")?;
    ensure!(after["metadata"]["generation"] == settled["metadata"]["generation"], "another generation: {after:#}");
    ensure!(after["status"]["deployment"]["id"] == settled["status"]["deployment"]["id"], "{:#}", after["status"]);
    Ok(())
}

#[test]
fn who_applies_client_side_sees_no_difference_once_longshore_has_written_what_it_writes() -> Result<()> {
    let ns = Namespace::create(stack(), "client-side")?;
    let path = file(&ns, "objects", &hello(&ns.name)?)?;
    ns.kubectl(&["apply", "--filename", &path])?;
    ns.wait_settled("ecssvc/hello")?;
    ns.wait_settled("ecscl/main")?;
    ns.kubectl(&["diff", "--filename", &path]).context("kubectl apply would change something")?;
    let said = ns.kubectl(&["apply", "--filename", &path])?;
    ensure!(said.lines().all(|line| line.ends_with("unchanged")), "{said}");

    // Whoever scales by hand is undone by the next apply, once, and Longshore takes no side.
    ns.kubectl(&["scale", "ecssvc/hello", "--replicas=1"])?;
    ns.wait_settled("ecssvc/hello")?;
    let said = ns.kubectl(&["apply", "--filename", &path])?;
    ensure!(said.contains("ecsservice.ecs.longshore.dev/hello configured"), "{said}");
    ns.wait_settled("ecssvc/hello")?;
    ns.kubectl(&["diff", "--filename", &path]).context("kubectl apply would change something again")?;
    Ok(())
}
