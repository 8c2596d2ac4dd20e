//! The service whose task definition a one-off task runs.

use kube::{Resource, ResourceExt};
use longshore_crds::ecs_task::RevisionOf;
use longshore_crds::status::ConditionedStatus;
use longshore_crds::task_definition::{LogConfiguration, LogDriver};
use longshore_crds::{ContainerDefinition, EcsService, EcsTask};
use longshore_planner::desired::{Reference, Scope, TaskSource};
use longshore_planner::names;

use super::waiting;
use crate::kubernetes::{ANNOTATION_BASE, Stores};

/// `None`: the task has a template of its own.
pub(crate) fn task_source(task: &EcsTask, scope: &Scope, stores: &Stores) -> Option<Reference<TaskSource>> {
    let from = task.spec.task_from.as_ref()?;
    let (namespace, name) = (&scope.namespace, &from.service.name);
    let what = format!("spec.taskFrom: EcsService {namespace}/{name}");
    let Some(service) = stores.service(namespace, name) else {
        let message = format!(
            "spec.taskFrom: there is no EcsService {name} in namespace {namespace}; make it, or correct the name"
        );
        return Some(waiting("ServiceNotFound", message));
    };
    let its_environment = stores.environment_of(service.as_ref());
    if its_environment != scope.environment_name {
        let message = format!("{what} is in the AwsEnvironment {its_environment}; nothing reaches across");
        return Some(waiting("OtherEnvironment", message));
    }
    if service.meta().deletion_timestamp.is_some() {
        return Some(waiting("ServiceDeleting", format!("{what} is being deleted")));
    }
    let status = service.status.clone().unwrap_or_default();
    let Some(template) = status.template.clone() else {
        return Some(waiting("ServiceNotReady", format!("{what} has no task definition in AWS yet")));
    };
    let revision = match from.revision.unwrap_or(RevisionOf::Deployed) {
        // Applied together with the service, it may be seen before the service's new spec is.
        RevisionOf::Spec if !service.spec.after.is_empty() && !names(&service, task) => {
            let message = format!("{what} does not name this task in its spec.after");
            return Some(waiting("ServiceNotReady", message));
        }
        RevisionOf::Spec if status.observed_generation() == service.meta().generation => template.task_definition_arn,
        RevisionOf::Spec => {
            return Some(waiting("ServiceNotReady", format!("{what} has a new spec, which is not registered yet")));
        }
        RevisionOf::Deployed => match status.memory.and_then(|memory| memory.last_good) {
            Some(good) => good.task_definition_arn,
            None => return Some(waiting("ServiceNotReady", format!("{what} has no revision that has succeeded yet"))),
        },
    };
    Some(Reference::Ready(TaskSource {
        task_definition_arn: revision,
        subnets: template.subnets,
        security_groups: template.security_groups,
        public_ip: template.public_ip,
        containers: containers(&service, scope),
    }))
}

/// The service whose present spec a task runs, where it does: it must not be read from what a watch has told so far, since a
/// task that is applied together with its service would run the spec before.
pub(crate) fn runs_spec_of(task: &EcsTask) -> Option<&str> {
    let from = task.spec.task_from.as_ref()?;
    (from.revision == Some(RevisionOf::Spec)).then_some(from.service.name.as_str())
}

/// Whether the watch has still to tell what the API server says `now`.
pub(crate) fn is_behind(seen: Option<&EcsService>, now: Option<&EcsService>) -> bool {
    match (seen, now) {
        (Some(seen), Some(now)) => {
            let (seen, now) = (seen.meta(), now.meta());
            seen.uid != now.uid || seen.generation < now.generation
        }
        (seen, now) => seen.is_some() != now.is_some(),
    }
}

fn names(service: &EcsService, task: &EcsTask) -> bool {
    service.spec.after.iter().any(|after| after.task.name == task.name_any())
}

/// Those that say nothing of logs write to the service's own group.
fn containers(service: &EcsService, scope: &Scope) -> Vec<ContainerDefinition> {
    let pinned = service.annotations().get(ANNOTATION_BASE).cloned();
    let made = || names::base(&scope.installation, "EcsService", &scope.namespace, &service.name_any());
    let group = format!("/longshore/{}", pinned.unwrap_or_else(made));
    let with_logs = |mut container: ContainerDefinition| {
        let options = [("awslogs-group", &group), ("awslogs-stream-prefix", &container.name)];
        let options = options.map(|(name, value)| (name.to_owned(), value.clone()));
        container.log_configuration.get_or_insert_with(|| LogConfiguration {
            log_driver: LogDriver::Awslogs,
            options: options.into(),
            secret_options: vec![],
        });
        container
    };
    service.spec.task.container_definitions.iter().cloned().map(with_logs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn service(uid: &str, generation: i64) -> EcsService {
        let spec = json!({"cluster": {"name": "main"}, "task": {"containerDefinitions": []}});
        let metadata = json!({"namespace": "shop", "name": "hello", "uid": uid, "generation": generation});
        let object = json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService", "metadata": metadata, "spec": spec,
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn a_watch_is_behind_that_has_not_told_of_the_present_spec() {
        let cases = [
            ("the same spec", Some(("1", 2)), Some(("1", 2)), false),
            ("an edit", Some(("1", 1)), Some(("1", 2)), true),
            ("an edit since the API server was asked", Some(("1", 3)), Some(("1", 2)), false),
            ("made anew", Some(("1", 2)), Some(("2", 1)), true),
            ("just made", None, Some(("1", 1)), true),
            ("just gone", Some(("1", 1)), None, true),
            ("never there", None, None, false),
        ];
        for (what, seen, now, behind) in cases {
            let [seen, now] = [seen, now].map(|it| it.map(|(uid, generation)| service(uid, generation)));
            assert_eq!(is_behind(seen.as_ref(), now.as_ref()), behind, "{what}");
        }
    }

    #[test]
    fn only_a_task_of_the_spec_needs_the_present_one() {
        let from = |revision: Value| json!({"service": {"name": "hello"}, "revision": revision});
        let cases = [
            ("taskFrom", from(json!("Spec")), Some("hello")),
            ("taskFrom", from(json!("Deployed")), None),
            ("taskFrom", from(Value::Null), None),
            ("task", json!({"containerDefinitions": []}), None),
        ];
        for (member, runs, expected) in cases {
            let object = json!({
                "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsTask",
                "metadata": {"namespace": "shop", "name": "migrate"}, "spec": {"cluster": {"name": "main"}, member: runs},
            });
            let task: EcsTask = serde_json::from_value(object).unwrap();
            assert_eq!(runs_spec_of(&task), expected, "{member}: {runs}");
        }
    }
}
