//! What the acts share: commands shown and run, waiting with a live line, looking at AWS.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use longshore_control_plane::wait_for;
use longshore_e2e::{Aws, Namespace, SHOP, Stack, condition, number, text};
use serde_json::{Value, json};

use crate::screen::Screen;

/// Longer than anything here takes, ten times as fast as ECS.
const PATIENCE: Duration = Duration::from_mins(4);

/// Where everything is shown.
pub(crate) struct Stage<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) shop: Namespace<'a>,
    pub(crate) screen: &'a Screen,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(stack: &'a Stack, screen: &'a Screen) -> Self {
        Self { stack, shop: Namespace::of(stack, SHOP), screen }
    }

    pub(crate) fn aws(&self) -> &Aws {
        &self.stack.aws
    }

    /// Runs a kubectl command and shows both.
    pub(crate) fn kubectl(&self, typed: &str) -> Result<String> {
        let arguments: Vec<&str> = typed.split(' ').collect();
        self.typed(typed, &arguments)
    }

    /// The same, with arguments that have spaces in them.
    pub(crate) fn typed(&self, typed: &str, arguments: &[&str]) -> Result<String> {
        let printed = self.stack.plane.run(arguments)?;
        self.screen.command(&format!("kubectl {typed}"), &printed);
        Ok(printed)
    }

    /// Follows the service with a live line, until `done` says so.
    pub(crate) fn follow(&self, what: &str, mut done: impl FnMut(&Value) -> Result<(), String>) -> Result<Value> {
        wait_for(what, PATIENCE, || {
            let hello = self.shop.get("ecssvc/hello")?;
            self.screen.progress(&in_brief(&hello));
            Ok(done(&hello).map(|()| hello))
        })
        .with_context(|| self.shop.report("ecssvc/hello"))
    }

    /// Follows the service until it is Ready for its present spec.
    pub(crate) fn follow_until_ready(&self) -> Result<Value> {
        self.follow("the service to be Ready", |hello| {
            let ready = condition(hello, "Ready");
            let current = number(hello, "/metadata/generation") == ready.generation;
            if current && ready.status == "True" { Ok(()) } else { Err(format!("Ready is {ready}")) }
        })
    }

    /// Waits for something in AWS, with a live line that says what is so far.
    pub(crate) fn watch_aws(&self, what: &str, mut look: impl FnMut() -> Result<Result<(), String>>) -> Result<()> {
        wait_for(what, PATIENCE, || {
            let seen = look()?;
            if let Err(so_far) = &seen {
                self.screen.progress(so_far);
            }
            Ok(seen)
        })
        .with_context(|| self.shop.report("ecssvc/hello"))
    }

    /// The service as AWS describes it.
    pub(crate) fn service(&self) -> Result<Value> {
        self.aws().service_of(SHOP, "hello")?.context("AWS has no service for shop/hello")
    }

    /// What AWS says of the service's tasks, a line each, and how many run.
    pub(crate) fn tasks(&self) -> Result<(usize, String)> {
        let service = self.service()?;
        let asked = json!({"cluster": service["clusterArn"], "serviceName": service["serviceName"]});
        let arns = self.aws().ecs("ListTasks", &asked)?;
        let asked = json!({"cluster": service["clusterArn"], "tasks": arns["taskArns"]});
        let tasks = self.aws().ecs("DescribeTasks", &asked)?["tasks"].take();
        let tasks = tasks.as_array().cloned().unwrap_or_default();
        let running = tasks.iter().filter(|task| task["lastStatus"] == "RUNNING").count();
        Ok((running, tasks.iter().map(one_task).collect::<Vec<_>>().join("\n")))
    }

    /// Shows the events that Kubernetes has for the service.
    pub(crate) fn events(&self) -> Result<()> {
        self.kubectl("events -n shop --for ecsservice/hello").map(drop)
    }

    /// Shows the conditions of the service.
    pub(crate) fn conditions(&self) -> Result<()> {
        let hello = self.shop.get("ecssvc/hello")?;
        for kind in ["Ready", "Reconciling", "Stalled"] {
            self.screen.quote(&format!("{kind:12} {}", condition(&hello, kind)));
        }
        Ok(())
    }

    /// How often AWS was asked to change something for this service since `since`.
    pub(crate) fn writes(&self, since: u64) -> Result<Vec<String>> {
        self.stack.simulator().write_counts(since, &self.shop.aws_names()?)
    }

    pub(crate) fn expect(&self, true_now: bool, otherwise: &str) -> Result<()> {
        ensure!(true_now, "{otherwise}\n{}", self.shop.report("ecssvc/hello"));
        Ok(())
    }
}

/// One line on where the service stands.
fn in_brief(hello: &Value) -> String {
    let status = &hello["status"];
    let rollout = text(status, "/deployment/rolloutState");
    let ready = condition(hello, "Ready");
    format!(
        "{} of {} tasks running{} | {}: {}",
        number(status, "/runningCount"),
        number(status, "/desiredCount"),
        if rollout.is_empty() { String::new() } else { format!(", rollout {rollout}") },
        if ready.reason.is_empty() { "not looked at yet" } else { &ready.reason },
        ready.message,
    )
}

fn one_task(task: &Value) -> String {
    let detail = |name: &str| {
        let details = task["attachments"][0]["details"].as_array().cloned().unwrap_or_default();
        details.iter().find(|detail| detail["name"] == name).map(|detail| text(detail, "/value")).unwrap_or_default()
    };
    let last = |arn: String| arn.rsplit('/').next().unwrap_or_default().to_owned();
    format!(
        "task {}  {}  {}  {}  {}  {}",
        last(text(task, "/taskArn")),
        text(task, "/lastStatus"),
        text(task, "/launchType"),
        last(text(task, "/taskDefinitionArn")),
        detail("networkInterfaceId"),
        detail("privateIPv4Address"),
    )
}
