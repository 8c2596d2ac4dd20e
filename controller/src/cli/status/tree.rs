//! The tree that is printed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use longshore_aws::tasks::{Container, Task};
use longshore_crds::ecs_service::{DeploymentStatus, FailedTask};
use longshore_crds::status::{PendingStep, ResourceStatus};
use serde::de::DeserializeOwned;
use serde_json::Value;
use termtree::Tree;

use super::age::age;

/// The tasks that run or start; else why they are not shown.
pub(super) type Tasks = Result<Vec<Task>, String>;

/// An object that is needed, and its status, or why there is none.
pub(super) struct Needed {
    pub(super) title: String,
    pub(super) status: Result<Value, String>,
}

/// Everything that is told.
pub(super) struct Told {
    pub(super) title: String,
    pub(super) generation: i64,
    /// It is being deleted.
    pub(super) going: bool,
    pub(super) needs: Vec<Needed>,
    /// `None`: its kind has no tasks.
    pub(super) tasks: Option<Tasks>,
    pub(super) status: Value,
    pub(super) now: Timestamp,
}

/// Draws it.
pub(super) fn draw(told: &Told) -> String {
    let status = &told.status;
    let mut tree = Tree::new(headline(told)).with_multiline(true);
    tree.extend(words(status).map(Tree::new));
    tree.extend(group("needs", told.needs.iter().map(|needed| Tree::new(need(needed)))));
    tree.extend(part::<DeploymentStatus>(status, "deployment").map(|it| deployment(&it, told.now)));
    tree.extend(told.tasks.as_ref().map(|tasks| running(tasks, told.now)));
    let pending: Vec<PendingStep> = part(status, "pending").unwrap_or_default();
    tree.extend(group("still to do", pending.iter().map(|it| Tree::new(step(it)))));
    let resources: BTreeMap<String, ResourceStatus> = part(status, "resources").unwrap_or_default();
    tree.extend(group("in AWS", resources.iter().map(|(id, it)| Tree::new(resource(id, it)))));
    tree.to_string()
}

fn group(name: &str, leaves: impl Iterator<Item = Tree<String>>) -> Option<Tree<String>> {
    let leaves: Vec<Tree<String>> = leaves.collect();
    (!leaves.is_empty()).then(|| Tree::new(name.to_owned()).with_leaves(leaves))
}

fn part<T: DeserializeOwned>(status: &Value, name: &str) -> Option<T> {
    serde_json::from_value(status.get(name)?.clone()).ok()
}

fn condition(status: &Value, kind: &str) -> Option<Condition> {
    let conditions: Vec<Condition> = part(status, "conditions")?;
    conditions.into_iter().find(|condition| condition.type_ == kind)
}

fn headline(told: &Told) -> String {
    let going = if told.going { ", being deleted" } else { "" };
    let observed = told.status.get("observedGeneration").and_then(Value::as_i64).unwrap_or(-1);
    let late = match observed {
        -1 => " (nobody has looked at it yet: does Longshore run?)",
        seen if seen < told.generation => " (of the spec before its last change)",
        _ => "",
    };
    format!("{}: {}{going}{late}", told.title, state(&told.status))
}

/// `Ready`, else the reason why not.
fn state(status: &Value) -> String {
    let is_true = |kind: &str| condition(status, kind).filter(|condition| condition.status == "True");
    if let Some(stalled) = is_true("Stalled") {
        return format!("Stalled, {}", stalled.reason);
    }
    match (condition(status, "Ready"), is_true("Reconciling")) {
        (Some(ready), _) if ready.status == "True" => "Ready".to_owned(),
        (_, Some(reconciling)) => format!("in work, {}", reconciling.reason),
        (Some(ready), None) => format!("not ready, {}", ready.reason),
        (None, None) => "not ready".to_owned(),
    }
}

/// What the telling condition says.
fn words(status: &Value) -> Option<String> {
    let telling = |kind: &str| condition(status, kind).filter(|it| it.status == "True" && !it.message.is_empty());
    let found = telling("Stalled").or_else(|| telling("Reconciling")).or_else(|| condition(status, "Ready"));
    found.map(|it| it.message).filter(|message| !message.is_empty())
}

fn need(needed: &Needed) -> String {
    match &needed.status {
        Err(why) => format!("{}: {why}", needed.title),
        Ok(status) => {
            let told = words(status).filter(|_| state(status) != "Ready").map(|it| format!(": {it}"));
            format!("{}: {}{}", needed.title, state(status), told.unwrap_or_default())
        }
    }
}

fn deployment(told: &DeploymentStatus, now: Timestamp) -> Tree<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let count = |count: Option<i32>| count.unwrap_or_default();
    let since = age(&text(&told.started_at), now);
    let since = if since.is_empty() { since } else { format!(", begun {since} ago") };
    let line = format!(
        "deployment of {}: {}, {} of {} tasks run, {} start, {} failed{since}",
        text(&told.revision),
        text(&told.rollout_state),
        count(told.running),
        count(told.desired),
        count(told.pending),
        count(told.failed_tasks),
    );
    let reason = told.reason.iter().map(|reason| Tree::new(reason.clone()));
    let failed = told.tasks.iter().map(|task| Tree::new(failed(task)));
    let events = told.events.iter().map(|event| Tree::new(format!("ECS: {event}")));
    Tree::new(line).with_leaves(reason.chain(failed).chain(events))
}

fn failed(task: &FailedTask) -> String {
    let mut said = vec![format!("task {} failed", task.task_id)];
    said.extend(task.stopped_reason.clone());
    for container in &task.containers {
        let exit = container.exit_code.map(|code| format!(" exited with {code}")).unwrap_or_default();
        let reason = container.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let image = container.image.as_ref().map(|image| format!(" ({image})")).unwrap_or_default();
        said.push(format!("container {}{image}{exit}{reason}", container.name));
    }
    said.join(": ")
}

fn running(tasks: &Tasks, now: Timestamp) -> Tree<String> {
    match tasks {
        Err(why) => Tree::new(format!("tasks: not shown, {why}")),
        Ok(tasks) if tasks.is_empty() => Tree::new("tasks: none".to_owned()),
        Ok(tasks) => Tree::new("tasks".to_owned()).with_leaves(tasks.iter().map(|it| task(it, now))),
    }
}

fn task(task: &Task, now: Timestamp) -> Tree<String> {
    let since = if task.started_at.is_empty() { &task.created_at } else { &task.started_at };
    let revision = task.task_definition.rsplit('/').next().unwrap_or_default();
    let parts = [&task.id, &status(&task.last_status, &task.health), revision, &task.zone, &age(since, now)]
        .map(ToOwned::to_owned);
    let line = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<String>>().join("  ");
    let stopping = Some(&task.stopped_reason).filter(|reason| !reason.is_empty());
    let stopping = stopping.map(|reason| Tree::new(format!("stops: {reason}")));
    Tree::new(line).with_leaves(stopping.into_iter().chain(task.containers.iter().map(|it| Tree::new(container(it)))))
}

fn container(container: &Container) -> String {
    let exit = container.exit_code.map(|code| format!(", exited with {code}")).unwrap_or_default();
    let reason = if container.reason.is_empty() { String::new() } else { format!(": {}", container.reason) };
    format!("{} {}{exit}{reason}", container.name, status(&container.last_status, &container.health))
}

/// What has no health check says `UNKNOWN`, which is no news.
fn status(status: &str, health: &str) -> String {
    if health.is_empty() || health == "UNKNOWN" { status.to_owned() } else { format!("{status} {health}") }
}

fn step(step: &PendingStep) -> String {
    let reason = step.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let field = step.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
    format!("{} {}{reason}{field}", step.action, step.resource)
}

/// `iam/role execution-role: arn:...`
fn resource(id: &str, told: &ResourceStatus) -> String {
    let name = id.rsplit_once('@').map_or(id, |(name, _)| name).replacen(':', " ", 1);
    format!("{name}: {}", told.physical.as_deref().unwrap_or("not there yet"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
        json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": "2026-11-28T11:00:00Z"})
    }

    fn told(status: Value) -> Told {
        Told {
            title: "EcsService/shop/hello".to_owned(),
            generation: 2,
            going: false,
            needs: vec![],
            tasks: None,
            status,
            now: "2026-11-28T12:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_first_line_says_whether_it_is_ready_and_of_which_spec() {
        let (ready, not) = (condition("Ready", "True", "Ready", ""), condition("Ready", "False", "NotReady", ""));
        let stalled = condition("Stalled", "True", "NotGranted", "ask");
        let working = condition("Reconciling", "True", "RollingOut", "1 of 2");
        let cases = [
            (json!({"observedGeneration": 2, "conditions": [ready]}), "hello: Ready\n"),
            (
                json!({"observedGeneration": 1, "conditions": [ready]}),
                "hello: Ready (of the spec before its last change)\n",
            ),
            (
                json!({"observedGeneration": -1}),
                "hello: not ready (nobody has looked at it yet: does Longshore run?)\n",
            ),
            (json!({"observedGeneration": 2, "conditions": [stalled, not]}), "hello: Stalled, NotGranted\n"),
            (json!({"observedGeneration": 2, "conditions": [not, working]}), "hello: in work, RollingOut\n"),
            (json!({"observedGeneration": 2, "conditions": [not]}), "hello: not ready, NotReady\n"),
        ];
        for (status, expected) in cases {
            let drawn = draw(&told(status));
            assert!(drawn.contains(expected), "{drawn}");
        }
        assert!(draw(&Told { going: true, ..told(json!({})) }).contains("being deleted"));
    }

    #[test]
    fn everything_stands_at_its_place() {
        let status = json!({
            "observedGeneration": 2,
            "conditions": [condition("Ready", "False", "RollingOut", ""), condition("Reconciling", "True", "RollingOut", "1 of 2 tasks run")],
            "deployment": {
                "revision": "hello:4", "rolloutState": "IN_PROGRESS", "running": 1, "desired": 2, "pending": 1, "failedTasks": 1,
                "startedAt": "2026-11-28T11:56:00Z",
                "tasks": [{"taskId": "c3", "stoppedReason": "Essential container exited", "containers": [{"name": "web", "image": "nginx", "exitCode": 7}]}],
                "events": ["(service hello) has started 1 tasks"],
            },
            "pending": [{"action": "wait", "resource": "ecs/service:service", "reason": "1 of 2 tasks run", "field": "spec"}],
            "resources": {
                "iam/role:execution-role@ab": {"physical": "arn:aws:iam::123456789012:role/hello"},
                "ecs/service:service@cd": {},
            },
        });
        let container = Container {
            name: "web".to_owned(),
            last_status: "RUNNING".to_owned(),
            health: "HEALTHY".to_owned(),
            ..Container::default()
        };
        let task = Task {
            id: "a1".to_owned(),
            task_definition: "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:4".to_owned(),
            last_status: "RUNNING".to_owned(),
            health: "UNKNOWN".to_owned(),
            zone: "eu-west-1a".to_owned(),
            started_at: "2026-11-28T11:57:00Z".to_owned(),
            containers: vec![container],
            ..Task::default()
        };
        let needs = vec![
            Needed {
                title: "EcsCluster/shop/main".to_owned(),
                status: Ok(json!({"conditions": [condition("Ready", "True", "Ready", "")]})),
            },
            Needed { title: "EfsFileSystem/shop/media".to_owned(), status: Err("there is none".to_owned()) },
        ];
        let drawn = draw(&Told { needs, tasks: Some(Ok(vec![task])), ..told(status) });
        let expected = "\
EcsService/shop/hello: in work, RollingOut
├── 1 of 2 tasks run
├── needs
│   ├── EcsCluster/shop/main: Ready
│   └── EfsFileSystem/shop/media: there is none
├── deployment of hello:4: IN_PROGRESS, 1 of 2 tasks run, 1 start, 1 failed, begun 4m ago
│   ├── task c3 failed: Essential container exited: container web (nginx) exited with 7
│   └── ECS: (service hello) has started 1 tasks
├── tasks
│   └── a1  RUNNING  hello:4  eu-west-1a  3m
│       └── web RUNNING HEALTHY
├── still to do
│   └── wait ecs/service:service: 1 of 2 tasks run (spec)
└── in AWS
    ├── ecs/service service: not there yet
    └── iam/role execution-role: arn:aws:iam::123456789012:role/hello
";
        assert_eq!(drawn, expected);
    }

    #[test]
    fn without_rights_in_aws_the_rest_is_shown_all_the_same() {
        let drawn =
            draw(&Told { tasks: Some(Err("no credentials".to_owned())), ..told(json!({"observedGeneration": 2})) });
        assert!(drawn.contains("tasks: not shown, no credentials"), "{drawn}");
    }
}
