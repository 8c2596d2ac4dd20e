//! The quick start, word for word.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use longshore_e2e::{Controller, Launch, Provider, RELEASE, SYSTEM, Stack, project};

use crate::{bare, deployment, helm};

const PROVIDER: Provider = Provider::Simulator { speed: 20 };

/// What needs Docker or nodes, of which there are none here.
const NOT_HERE: [&str; 3] = ["make image", "kind create cluster", "kind load docker-image"];
/// In whose place the harness starts the Deployment's command line.
const ROLLOUT: &str = "kubectl --namespace longshore-system rollout status deployment/longshore";

#[test]
fn the_commands_of_the_quick_start_work_as_they_stand_and_both_pages_have_the_same() -> Result<()> {
    let commands = commands_of("docs/install.md", "## Without any cloud account")?;
    ensure!(commands == commands_of("README.md", "## Install it")?, "README.md and docs/install.md differ");
    let stack = bare("quick-start", PROVIDER)?;
    let mut controller: Option<Controller> = None;
    for command in &commands {
        if NOT_HERE.iter().any(|absent| command.starts_with(absent)) {
            continue;
        }
        if command == ROLLOUT {
            let deployment = deployment(&stack, SYSTEM, RELEASE)?;
            let kubeconfig = helm(&stack)?.kubeconfig_of(RELEASE, SYSTEM)?;
            controller =
                Some(stack.launch_as(&Launch { deployment: Some(&deployment), ..Launch::default() }, &kubeconfig)?);
            continue;
        }
        let said = run(&stack, command)?;
        if command.ends_with("get ecsservices") {
            ensure!(said.contains("hello") && said.contains("True"), "{said}");
        }
    }
    ensure!(controller.is_some(), "the quick start waits for the controller: {ROLLOUT}");
    Ok(())
}

/// By a shell, in the project's directory, as somebody who has just cloned it.
fn run(stack: &Stack, command: &str) -> Result<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let kubectl = stack.plane.kubectl.parent().context("kubectl is in a directory")?;
    let helm = helm(stack)?.directory()?;
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(project(""))
        .env("KUBECONFIG", &stack.plane.kubeconfig)
        .env("PATH", format!("{}:{}:{path}", kubectl.display(), helm.display()))
        .output()
        .context("no shell")?;
    ensure!(output.status.success(), "$ {command}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What stands behind the prompts of the first listing of a section.
fn commands_of(page: &str, section: &str) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(project(page)).with_context(|| page.to_owned())?;
    let (_, section_text) =
        text.split_once(&format!("{section}\n")).with_context(|| format!("{page}: no {section}"))?;
    let (_, listing) = section_text.split_once("```console\n").context("no listing")?;
    let (listing, _) = listing.split_once("```").context("the listing does not end")?;
    Ok(listing.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect())
}
