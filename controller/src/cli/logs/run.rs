//! What the containers of an `EcsTask`, or of the tasks that a trigger started, write: of those that the status tells, which it
//! does longer than ECS.

use std::fmt::Debug;

use anyhow::{Result, bail};
use kube::core::NamespaceResourceScope;
use kube::{Client, Resource, ResourceExt};
use longshore_aws::tasks::Tail;
use longshore_crds::ecs_task::{ContainerStatus, Phase};
use longshore_crds::{EcsTask, EcsTaskTrigger};
use serde::de::DeserializeOwned;

use super::{INTERVAL, Tails, Wanted, writer};
use crate::cli::deployed::{read, session, title, why};
use crate::kubernetes::ANNOTATION_ENVIRONMENT;

/// A task of ECS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    id: String,
    /// Whether it is among the newest, and not an earlier one.
    newest: bool,
    has_ended: bool,
    containers: Vec<ContainerStatus>,
}

/// An object that tells which tasks there were.
pub(super) trait Runs:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{
    /// The tasks that its status tells.
    fn runs(&self) -> Vec<Run>;
    /// Whether there will be no more.
    fn has_ended(&self) -> bool;
    /// What its conditions say.
    fn why(&self) -> String;
}

impl Runs for EcsTask {
    fn runs(&self) -> Vec<Run> {
        let Some(status) = &self.status else { return vec![] };
        let run = |task: &longshore_crds::ecs_task::RunStatus| Run {
            id: id_of(&task.task_arn),
            newest: status.attempt.is_none_or(|attempt| attempt == task.attempt),
            has_ended: task.last_status == "STOPPED",
            containers: task.containers.clone(),
        };
        status.tasks.iter().map(run).collect()
    }

    fn has_ended(&self) -> bool {
        let phase = self.status.as_ref().and_then(|status| status.phase);
        phase.is_some_and(has_ended)
    }

    fn why(&self) -> String {
        why(self.status.as_ref())
    }
}

impl Runs for EcsTaskTrigger {
    fn runs(&self) -> Vec<Run> {
        let runs = self.status.iter().flat_map(|status| &status.last_runs).enumerate();
        let run = |(place, run): (usize, &longshore_crds::ecs_task_trigger::TriggeredRun)| Run {
            id: id_of(&run.task_arn),
            newest: place == 0 || !has_ended(run.phase),
            has_ended: has_ended(run.phase),
            containers: run.containers.clone(),
        };
        runs.map(run).collect()
    }

    fn has_ended(&self) -> bool {
        false
    }

    fn why(&self) -> String {
        why(self.status.as_ref())
    }
}

fn id_of(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

fn has_ended(phase: Phase) -> bool {
    matches!(phase, Phase::Succeeded | Phase::Failed | Phase::Unknown)
}

/// Prints lines, the oldest first.
pub(super) async fn print<K: Runs>(client: &Client, namespace: &str, name: &str, wanted: &Wanted) -> Result<()> {
    let mut object: K = read(client, namespace, name).await?;
    if wanted.follow && object.runs().is_empty() {
        eprintln!("longshore: no task was started yet{}", object.why());
    }
    // Who applied it a moment ago is before its first turn.
    while wanted.follow && !object.annotations().contains_key(ANNOTATION_ENVIRONMENT) {
        tokio::time::sleep(INTERVAL).await;
        object = read(client, namespace, name).await?;
    }
    let session = session(client, &object).await?;
    let (aws, mut tails) = (session.reader(), Tails::new(wanted));
    loop {
        let all = object.runs();
        match chosen(&all, wanted) {
            Ok(runs) => runs.into_iter().for_each(|run| take_up(&mut tails, run, wanted)),
            // Where nothing was started something may be in a moment.
            Err(_) if wanted.follow && !object.has_ended() => {}
            Err(error) => return Err(error.context(format!("{}{}", title(&object), object.why()))),
        }
        if tails.go_on(&aws, wanted, object.has_ended()).await?.is_break() {
            return Ok(());
        }
        object = read(client, namespace, name).await?;
    }
}

/// The tasks that are meant; none is an error that says what there is.
fn chosen<'a>(all: &'a [Run], wanted: &Wanted) -> Result<Vec<&'a Run>> {
    let any = |run: &Run| wanted.previous || run.newest;
    let runs = wanted.chosen.among(all, |run| run.id.as_str(), |run| run.id.clone(), any)?;
    if runs.is_empty() {
        bail!("no task was started yet");
    }
    Ok(runs)
}

fn take_up(tails: &mut Tails, run: &Run, wanted: &Wanted) {
    for container in run.containers.iter().filter(|container| wanted.chosen.means(&container.name)) {
        match (&container.log_group, &container.log_stream) {
            (Some(group), Some(stream)) => {
                let tail = |since, last| Tail::of_stream(group, stream, since, last);
                tails.take_up(writer(&container.name, &run.id), tail);
            }
            _ if run.has_ended => {
                tails.elsewhere(
                    &container.name,
                    "to no log group that is known: its log driver is not awslogs".to_owned(),
                );
            }
            // Who follows waits for it to start.
            _ if !wanted.follow => {
                tails.elsewhere(&container.name, "nothing yet: its task has not started; --follow waits".to_owned());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn arn(id: &str) -> String {
        format!("arn:aws:ecs:eu-west-1:123456789012:task/main/{id}")
    }

    fn one_off(status: &Value) -> EcsTask {
        let spec = json!({"cluster": {"name": "main"}});
        let object = json!({"apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsTask",
            "metadata": {"name": "migrate", "namespace": "shop"}, "spec": spec, "status": status});
        serde_json::from_value(object).unwrap()
    }

    fn trigger(runs: &Value) -> EcsTaskTrigger {
        let object = json!({"apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsTaskTrigger",
            "metadata": {"name": "nightly", "namespace": "shop"},
            "spec": {"cluster": {"name": "main"}, "schedule": {"expression": "rate(1 hour)"}}, "status": {"lastRuns": runs}});
        serde_json::from_value(object).unwrap()
    }

    fn ids(runs: &[Run], wanted: &Wanted) -> Result<Vec<String>, String> {
        let runs = chosen(runs, wanted).map_err(|error| error.to_string())?;
        Ok(runs.into_iter().map(|run| run.id.clone()).collect())
    }

    #[test]
    fn of_a_one_off_task_the_last_attempt_is_meant() {
        let task = |id: &str, attempt: u32| json!({"taskArn": arn(id), "attempt": attempt, "lastStatus": "STOPPED"});
        let object = one_off(&json!({"phase": "Failed", "attempt": 2, "tasks": [task("ab1", 1), task("cd2", 2)]}));
        let previous = Wanted { previous: true, ..Wanted::default() };
        assert_eq!(ids(&object.runs(), &Wanted::default()), Ok(vec!["cd2".to_owned()]));
        assert_eq!(ids(&object.runs(), &previous), Ok(vec!["ab1".to_owned(), "cd2".to_owned()]));
        assert!(object.has_ended() && !one_off(&json!({"phase": "Running"})).has_ended());
        assert!(ids(&one_off(&json!({})).runs(), &previous).unwrap_err().contains("no task was started"));
    }

    #[test]
    fn of_a_trigger_the_newest_run_is_meant_and_what_still_runs() {
        let run =
            |id: &str, phase: &str| json!({"taskArn": arn(id), "phase": phase, "createdAt": "2026-11-28T04:15:00Z"});
        let object = trigger(&json!([run("ef3", "Succeeded"), run("cd2", "Running"), run("ab1", "Failed")]));
        assert_eq!(ids(&object.runs(), &Wanted::default()), Ok(vec!["ef3".to_owned(), "cd2".to_owned()]));
        assert!(!object.has_ended(), "there will be more");
    }
}
