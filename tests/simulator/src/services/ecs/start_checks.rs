//! What keeps a Fargate task from starting: its secrets, its registry, its logs, its images.
//!
//! The messages are those of Fargate's platform version 1.4.0 (developer guide, "Stopped task error messages").

use serde_json::Value;

use crate::images;
use crate::services::ecs::container;
use crate::services::ecs::task_definitions::{self, Definition};
use crate::services::ecs::tasks::Task;
use crate::services::{iam, logs};
use crate::world::World;

/// Why a task can't start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// The task's `stoppedReason`.
    pub(super) reason: String,
    /// The container that is to blame, by name, if one is.
    pub(super) container: Option<String>,
}

impl Obstacle {
    fn of_task(reason: String) -> Self {
        Self { reason, container: None }
    }
}

/// The first thing in a task's way, if there is one. A log group that the driver may create is created.
pub(super) fn obstacle(world: &mut World, task: &Task) -> Option<Obstacle> {
    let definition = task_definitions::find(world, &task.definition)?.clone();
    let role = ExecutionRole { arn: task.execution_role.clone(), task: task.id.clone() };
    let found = registry(world, &role, &definition).or_else(|| secrets(world, &role, &definition));
    found.or_else(|| loggers(world, &role, &definition)).or_else(|| pulls(world, &role, &definition))
}

/// The role that the agent acts under, as messages name it.
struct ExecutionRole {
    arn: Option<String>,
    task: String,
}

impl ExecutionRole {
    fn allows(&self, world: &World, action: &str, resource: &str) -> bool {
        self.arn.as_ref().is_some_and(|arn| iam::allows(world, arn, action, resource))
    }

    fn denied(&self, world: &World, action: &str, resource: &str) -> String {
        let name = self.arn.as_deref().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
        format!(
            "AccessDeniedException: User: arn:aws:sts::{}:assumed-role/{name}/{} is not authorized to perform: {action} on resource: \
             {resource} because no identity-based policy allows the {action} action",
            world.account_id, self.task
        )
    }
}

fn registry(world: &World, role: &ExecutionRole, definition: &Definition) -> Option<Obstacle> {
    let action = "ecr:GetAuthorizationToken";
    let private = definition.containers().iter().any(|one| images::is_ecr(container::image(one)));
    (private && !role.allows(world, action, "*")).then(|| {
        Obstacle::of_task(format!(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to \
             retrieve ecr registry auth: service call has been retried 1 time(s): {}",
            role.denied(world, action, "*")
        ))
    })
}

fn secrets(world: &World, role: &ExecutionRole, definition: &Definition) -> Option<Obstacle> {
    let sources = definition.containers().iter().flat_map(container::secrets);
    sources.map(|source| secret_source(world, &source)).find_map(|(action, resource, from)| {
        (!role.allows(world, action, &resource)).then(|| {
            Obstacle::of_task(format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to \
                 retrieve {from}: service call has been retried 1 time(s): {}",
                role.denied(world, action, &resource)
            ))
        })
    })
}

/// The action and resource that reading a secret needs, and where it is said to come from. A Secrets Manager ARN may
/// carry a JSON key, stage and version after the secret's own seven parts.
fn secret_source(world: &World, source: &str) -> (&'static str, String, &'static str) {
    if source.starts_with("arn:") && source.contains(":secretsmanager:") {
        let secret = source.split(':').take(7).collect::<Vec<_>>().join(":");
        return ("secretsmanager:GetSecretValue", secret, "secret from asm");
    }
    let parameter = if source.starts_with("arn:") {
        source.to_owned()
    } else {
        world.arn("ssm", &format!("parameter/{}", source.trim_start_matches('/')))
    };
    ("ssm:GetParameters", parameter, "secrets from ssm")
}

fn loggers(world: &mut World, role: &ExecutionRole, definition: &Definition) -> Option<Obstacle> {
    definition.containers().iter().find_map(|one| {
        let problem = logger(world, role, one)?;
        let reason = format!("ResourceInitializationError: failed to validate logger args: {problem} : exit status 1");
        Some(Obstacle::of_task(reason))
    })
}

/// What is wrong with a container's awslogs driver.
fn logger(world: &mut World, role: &ExecutionRole, one: &Value) -> Option<String> {
    let options = container::awslogs(one)?;
    let option = |name: &str| options.get(name).and_then(Value::as_str);
    let group = option("awslogs-group").unwrap_or_default().to_owned();
    let arn = world.arn("logs", &format!("log-group:{group}"));
    if !logs::group_exists(world, &group) && option("awslogs-create-group") == Some("true") {
        let action = "logs:CreateLogGroup";
        if !role.allows(world, action, &format!("{arn}:*")) {
            let denied = role.denied(world, action, &arn);
            return Some(format!(
                "create stream has been retried 1 times: failed to create Cloudwatch log group: {denied}"
            ));
        }
        logs::create_group(world, &group);
    }
    let stream = format!("{arn}:log-stream:*");
    let action = "logs:CreateLogStream";
    if !role.allows(world, action, &stream) {
        let denied = role.denied(world, action, &format!("{arn}:log-stream:"));
        return Some(format!(
            "create stream has been retried 1 times: failed to create Cloudwatch log stream: {denied}"
        ));
    }
    (!logs::group_exists(world, &group)).then(|| {
        "create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified \
         log group does not exist."
            .to_owned()
    })
}

fn pulls(world: &World, role: &ExecutionRole, definition: &Definition) -> Option<Obstacle> {
    definition.containers().iter().find_map(|one| {
        let reason = pull(world, role, container::image(one))?;
        Some(Obstacle {
            reason: format!("CannotPullContainerError: {reason}"),
            container: Some(container::name(one).to_owned()),
        })
    })
}

/// Why an image can't be pulled.
fn pull(world: &World, role: &ExecutionRole, image: &str) -> Option<String> {
    let reference = full_reference(image);
    if let Some(repository) = images::ecr_repository_arn(image) {
        let actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
        if actions.iter().any(|action| !role.allows(world, action, &repository)) {
            return Some(format!(
                "pull image manifest has been retried 1 time(s): failed to resolve ref {reference}: unexpected status from HEAD request \
                 to {reference}: 403 Forbidden"
            ));
        }
    }
    let missing = world.images.behaviour(image).missing;
    missing.then(|| {
        format!(
            "pull image manifest has been retried 7 time(s): failed to resolve ref {reference}: {reference}: not found"
        )
    })
}

/// An image's whole reference: a bare name lies in Docker Hub's library.
fn full_reference(image: &str) -> String {
    let (name, tag) = images::split_tag(image);
    let tagged = if image.contains('@') || image.ends_with(&format!(":{tag}")) {
        image.to_owned()
    } else {
        format!("{name}:{tag}")
    };
    match name.split_once('/') {
        None => format!("docker.io/library/{tagged}"),
        Some((first, _)) if first.contains('.') || first.contains(':') || first == "localhost" => tagged,
        Some(_) => format!("docker.io/{tagged}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_image_lies_in_docker_hub() {
        let cases = [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
            ("public.ecr.aws/nginx/nginx:1.27", "public.ecr.aws/nginx/nginx:1.27"),
            ("localhost:5000/app", "localhost:5000/app:latest"),
        ];
        for (image, reference) in cases {
            assert_eq!(full_reference(image), reference);
        }
    }
}
