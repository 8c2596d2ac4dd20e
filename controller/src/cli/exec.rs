//! `longshore exec`: a command in a container, by ECS Exec and AWS's session-manager-plugin.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use longshore_aws::tasks::{CommandSession, Container, Task, execute_command, tasks};
use serde_json::json;
use tokio::process::Command;

use super::deployed::{Deployed, OfService, title};
use super::running::Chosen;

/// What carries the terminal to the container and back.
const PLUGIN: &str = "session-manager-plugin";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    of: OfService,
    #[command(flatten)]
    chosen: Chosen,
    /// The command and its arguments, after --
    #[arg(last = true, default_value = "/bin/sh")]
    command: Vec<String>,
}

/// Runs the command, and ends as the session does.
pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let plugin = plugin(std::env::var_os("PATH").as_deref())?;
    let (client, service) = arguments.of.read().await?;
    let deployed = Deployed::of(&client, &service).await?;
    let aws = deployed.session.writer();
    let all = tasks(&aws.reader(), &deployed.cluster, &deployed.name).await.context("cannot ask for its tasks")?;
    let (task, container) = choose(&arguments.chosen, &all).with_context(|| title(&service))?;
    let command = spoken(&arguments.command);
    let session = execute_command(&aws, &deployed.cluster, &task.id, &container.name, &command).await;
    let session =
        session.with_context(|| format!("cannot run {command} in container {} of task {}", container.name, task.id))?;
    eprintln!("longshore: {command} in container {} of task {}", container.name, task.id);
    attach(&plugin, &session, &deployed, &target(&deployed.cluster, task, container)).await
}

/// The newest task that commands can be run in, and the container.
fn choose<'a>(chosen: &Chosen, all: &'a [Task]) -> Result<(&'a Task, &'a Container)> {
    let running = |task: &Task| task.last_status == "RUNNING" && task.desired_status == "RUNNING";
    let tasks = chosen.tasks(all, running)?;
    let of = |task: &&'a Task| chosen.container(task).map(|container| (*task, container));
    let all: Vec<(&Task, &Container)> = tasks.iter().map(of).collect::<Result<_>>()?;
    let Some((first, container)) = all.first().copied() else { bail!("the service has no tasks") };
    match all.iter().find(|(_, container)| is_listening(container)) {
        Some(found) => Ok(*found),
        None => bail!(unavailable(first, container)),
    }
}

fn is_listening(container: &Container) -> bool {
    container.agent.as_ref().is_some_and(|agent| agent.status == "RUNNING")
}

/// Why no command can be run, and what to do.
fn unavailable(task: &Task, container: &Container) -> String {
    let id = &task.id;
    if !task.enable_execute_command {
        return format!(
            "task {id} was started without ECS Exec: set spec.enableExecuteCommand: true, and restart the service by \
             longshore restart (docs/exec.md)"
        );
    }
    let Some(agent) = &container.agent else {
        return format!(
            "container {} of task {id} has no agent to run commands yet; try again in a moment",
            container.name
        );
    };
    let reason = if agent.reason.is_empty() { String::new() } else { format!(": {}", agent.reason) };
    format!(
        "the agent that runs commands in container {} of task {id} is {}{reason}. It needs the task role's four \
         ssmmessages actions, a way to Systems Manager, and a root file system that is not read-only (docs/exec.md)",
        container.name, agent.status
    )
}

/// As Systems Manager names a container.
fn target(cluster: &str, task: &Task, container: &Container) -> String {
    let cluster = cluster.rsplit('/').next().unwrap_or(cluster);
    format!("ecs:{cluster}_{}_{}", task.id, container.runtime_id)
}

/// One line, as a shell would read it.
fn spoken(command: &[String]) -> String {
    let plain =
        |word: &String| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c));
    let quoted = |word: &String| {
        if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) }
    };
    command.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Found before AWS is asked for anything: a session that nobody attaches to stays open for minutes.
fn plugin(path: Option<&OsStr>) -> Result<PathBuf> {
    let found =
        path.iter().flat_map(std::env::split_paths).map(|folder| folder.join(PLUGIN)).find(|file| is_program(file));
    match found {
        Some(found) => Ok(found),
        None => bail!(
            "there is no {PLUGIN} in PATH: it carries the terminal to the container, for the aws command line too. AWS's \
             Systems Manager user guide, \"Install the Session Manager plugin\", says how to install it"
        ),
    }
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The plugin's arguments are those that the aws command line gives it (aws-cli,
/// `awscli/customizations/ecs/executecommand.py`): the session, the region, the operation, no profile, what it is
/// attached to.
async fn attach(plugin: &Path, session: &CommandSession, deployed: &Deployed, target: &str) -> Result<()> {
    let told = json!({
        "SessionId": session.session_id,
        "StreamUrl": session.stream_url,
        "TokenValue": session.token,
    });
    let parameters = json!({"Target": target});
    // Ctrl-C is for the command in the container.
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
        .context("cannot listen for SIGINT")?;
    let mut child = Command::new(plugin)
        .args([&told.to_string(), &deployed.session.config().region, "StartSession", "", &parameters.to_string()])
        .stdin(Stdio::inherit())
        .spawn()
        .with_context(|| format!("cannot run {}", plugin.display()))?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.context("cannot wait for the session")?,
            _ = interrupt.recv() => {}
        }
    };
    ensure!(status.success(), "the session ended with {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_aws::tasks::Agent;

    fn task(id: &str, enabled: bool, agent: Option<(&str, &str)>) -> Task {
        let agent = agent.map(|(status, reason)| Agent { status: status.to_owned(), reason: reason.to_owned() });
        let container =
            Container { name: "web".to_owned(), runtime_id: "r-1".to_owned(), agent, ..Container::default() };
        Task {
            id: id.to_owned(),
            last_status: "RUNNING".to_owned(),
            desired_status: "RUNNING".to_owned(),
            enable_execute_command: enabled,
            containers: vec![container],
            ..Task::default()
        }
    }

    #[test]
    fn the_newest_task_whose_agent_runs_is_taken_and_otherwise_it_says_what_is_missing() {
        let cases = [
            (vec![task("a", true, Some(("PENDING", ""))), task("b", true, Some(("RUNNING", "")))], Ok("b")),
            (vec![task("a", false, None)], Err("without ECS Exec")),
            (vec![task("a", true, None)], Err("no agent")),
            (vec![task("a", true, Some(("STOPPED", "no route")))], Err("STOPPED: no route")),
        ];
        for (all, expected) in cases {
            let told = choose(&Chosen::default(), &all).map(|(task, _)| task.id.clone()).map_err(|e| e.to_string());
            match expected {
                Ok(id) => assert_eq!(told.as_deref(), Ok(id)),
                Err(words) => assert!(told.as_ref().unwrap_err().contains(words), "{told:?}"),
            }
        }
    }

    #[test]
    fn a_container_is_named_as_systems_manager_does() {
        let task = task("a", true, None);
        let cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";
        assert_eq!(target(cluster, &task, &task.containers[0]), "ecs:main_a_r-1");
    }

    #[test]
    fn words_stay_words() {
        let command = ["sh", "-c", "echo it's $HOME", ""].map(ToOwned::to_owned);
        assert_eq!(spoken(&command), r"sh -c 'echo it'\''s $HOME' ''");
    }

    #[test]
    fn without_the_plugin_it_says_where_to_find_it() {
        let folder = std::env::temp_dir().join("no such folder");
        let error = plugin(Some(folder.as_os_str())).unwrap_err().to_string();
        assert!(
            error.contains("session-manager-plugin") && error.contains("Install the Session Manager plugin"),
            "{error}"
        );
        assert!(plugin(None).is_err());
    }
}
