//! What keeps a Fargate task from starting: its volumes, its secrets, its registry, its logs, its file systems, its
//! images.
//!
//! The messages are those of Fargate's platform version 1.4.0 (developer guide, "Stopped task error messages").

use serde_json::Value;

use crate::images;
use crate::services::ecs::task_definitions::{self, Definition};
use crate::services::ecs::tasks::Task;
use crate::services::ecs::{connect, container, ebs, reach, volumes};
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

/// The first thing in a task's way, if there is one. A log group that the driver may create is created, and so are the
/// task's own volumes.
pub(super) fn obstacle(world: &mut World, task: &Task) -> Option<Obstacle> {
    let definition = task_definitions::find(world, &task.definition)?.clone();
    if let Some(reason) = connect::tls_refusal(world, task) {
        return Some(Obstacle::of_task(reason));
    }
    if let Err(reason) = ebs::make(world, task) {
        return Some(Obstacle::of_task(reason));
    }
    let gets_out = reach::gets_out(world, task);
    let role = ExecutionRole { arn: task.execution_role.clone(), task: task.id.clone(), gets_out };
    let found = registry(world, &role, &definition).or_else(|| secrets(world, &role, &definition));
    let containers: Vec<Value> = definition.containers().iter().cloned().chain(connect::proxy(world, task)).collect();
    let found = found.or_else(|| loggers(world, &role, &containers));
    found.or_else(|| mounts(world, task, &definition)).or_else(|| pulls(world, &role, &definition))
}

/// The role that the agent acts under, as messages name it.
struct ExecutionRole {
    arn: Option<String>,
    task: String,
    /// Whether the task's network lets it out.
    gets_out: bool,
}

impl ExecutionRole {
    fn allows(&self, world: &World, action: &str, resource: &str) -> bool {
        self.arn.as_ref().is_some_and(|arn| iam::allows(world, arn, action, resource))
    }

    /// Whether it may use the key that encrypts what is stored under an ARN; the services' own let everybody who may read.
    fn decrypts(&self, world: &World, stored: &str) -> bool {
        let stored = world.foreign.stored(stored);
        let key = stored.and_then(|stored| world.foreign.key(stored, |name| world.arn("kms", name)));
        let Some((key, aliases)) = key else { return stored.is_some_and(|stored| stored.key.is_none()) };
        let by = |alias: Option<&String>| {
            let context = alias.map(|alias| ("kms:resourcealiases".to_owned(), alias.clone())).into_iter().collect();
            let access = iam::Access { role: self.arn.as_deref(), action: "kms:Decrypt", resource: &key, context };
            iam::allowed(world, &access, None)
        };
        by(None) || aliases.iter().any(|alias| by(Some(alias)))
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

/// What fails before anything is pulled.
fn before_pull(problem: &str) -> Obstacle {
    Obstacle::of_task(format!("ResourceInitializationError: unable to pull secrets or registry auth: {problem}"))
}

/// A task that asks AWS for something and gets no answer.
fn no_connection(what: &str, service: &str) -> Obstacle {
    before_pull(&format!(
        "The task cannot pull {what} from {service}: There is a connection issue between the task and {service}. Check \
         your task network configuration. RequestError: send request failed caused by: dial tcp: i/o timeout"
    ))
}

fn registry(world: &World, role: &ExecutionRole, definition: &Definition) -> Option<Obstacle> {
    let action = "ecr:GetAuthorizationToken";
    if !definition.containers().iter().any(|one| images::is_ecr(container::image(one))) {
        return None;
    }
    if !role.gets_out {
        return Some(no_connection("registry auth", "Amazon ECR"));
    }
    (!role.allows(world, action, "*")).then(|| {
        before_pull(&format!(
            "execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 \
             time(s): {}",
            role.denied(world, action, "*")
        ))
    })
}

/// Those of containers, and the credentials of shares (developer guide, "Use `FSx` for Windows File Server volumes with Amazon
/// ECS": the task execution role reads them).
fn secrets(world: &World, role: &ExecutionRole, definition: &Definition) -> Option<Obstacle> {
    let volumes = definition.body.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let at = "/fsxWindowsFileServerVolumeConfiguration/authorizationConfig/credentialsParameter";
    let of_shares = volumes.filter_map(|volume| volume.pointer(at)?.as_str().map(str::to_owned));
    let of_containers = definition.containers().iter().flat_map(container::secrets);
    of_containers.chain(of_shares).find_map(|source| secret(world, role, &source))
}

/// What is in the way of reading one secret or parameter.
fn secret(world: &World, role: &ExecutionRole, source: &str) -> Option<Obstacle> {
    let parameter = !source.contains(":secretsmanager:");
    if !role.gets_out {
        let service = if parameter { "AWS Systems Manager" } else { "AWS Secrets Manager" };
        return Some(no_connection("secrets", service));
    }
    let there = world.foreign.resolve(source);
    let resource = there.map_or_else(|| named_resource(world, source, parameter), str::to_owned);
    let (action, from) = if parameter {
        ("ssm:GetParameters", "secrets from ssm".to_owned())
    } else {
        ("secretsmanager:GetSecretValue", "secret from asm".to_owned())
    };
    let problem = if !role.allows(world, action, &resource) {
        role.denied(world, action, &resource)
    } else if there.is_some_and(|arn| !role.decrypts(world, arn)) {
        cannot_decrypt(&resource, parameter)
    } else if there.is_none() && parameter {
        format!("invalid ssm parameters: {source}")
    } else if there.is_none() {
        format!(
            "failed to fetch secret {resource} from secrets manager: ResourceNotFoundException: Secrets Manager can't \
             find the specified secret."
        )
    } else {
        return None;
    };
    Some(before_pull(&format!(
        "execution resource retrieval failed: unable to retrieve {from}: service call has been retried 1 time(s): {problem}"
    )))
}

/// What the service says that asked KMS for a key of a customer in the role's name.
fn cannot_decrypt(arn: &str, parameter: bool) -> String {
    if parameter {
        return "AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist \
                in this region, or you are not allowed to access."
            .to_owned();
    }
    format!("failed to fetch secret {arn} from secrets manager: AccessDeniedException: Access to KMS is not allowed")
}

/// The ARN of a secret or parameter that isn't there. A Secrets Manager ARN may carry a JSON key, stage and version
/// after the secret's own seven parts.
fn named_resource(world: &World, source: &str, parameter: bool) -> String {
    match (parameter, source.starts_with("arn:")) {
        (false, _) => source.split(':').take(7).collect::<Vec<_>>().join(":"),
        (true, true) => source.to_owned(),
        (true, false) => world.arn("ssm", &format!("parameter/{}", source.trim_start_matches('/'))),
    }
}

fn loggers(world: &mut World, role: &ExecutionRole, containers: &[Value]) -> Option<Obstacle> {
    containers.iter().find_map(|one| {
        let problem = logger(world, role, one)?;
        let reason = format!("ResourceInitializationError: failed to validate logger args: {problem} : exit status 1");
        Some(Obstacle::of_task(reason))
    })
}

/// What is wrong with a container's awslogs driver.
fn logger(world: &mut World, role: &ExecutionRole, one: &Value) -> Option<String> {
    let (group, stream) = log_stream(one, &role.task)?;
    let creates = container::awslogs(one)?.get("awslogs-create-group").and_then(Value::as_str) == Some("true");
    let arn = world.arn("logs", &format!("log-group:{group}"));
    let retried = "create stream has been retried 1 times: failed to create Cloudwatch log";
    if creates && !logs::group_exists(world, &group) {
        let action = "logs:CreateLogGroup";
        // The action's resource is the group, which policies write with and without `:*`.
        if !role.allows(world, action, &arn) && !role.allows(world, action, &format!("{arn}:*")) {
            return Some(format!("{retried} group: {}", role.denied(world, action, &arn)));
        }
        logs::create_group(world, &group);
    }
    let (action, stream) = ("logs:CreateLogStream", format!("{arn}:log-stream:{stream}"));
    if !role.allows(world, action, &stream) {
        return Some(format!("{retried} stream: {}", role.denied(world, action, &stream)));
    }
    (!logs::group_exists(world, &group))
        .then(|| format!("{retried} stream: ResourceNotFoundException: The specified log group does not exist."))
}

/// The log group and stream of a container that logs by awslogs. With a prefix, the stream is named by it, the
/// container and the task (developer guide, "awslogs log driver").
pub(super) fn log_stream(one: &Value, task: &str) -> Option<(String, String)> {
    let options = container::awslogs(one)?;
    let option = |name: &str| options.get(name).and_then(Value::as_str);
    let prefix = option("awslogs-stream-prefix").unwrap_or_default();
    Some((option("awslogs-group")?.to_owned(), format!("{prefix}/{}/{task}", container::name(one))))
}

/// Fargate's words: developer guide, "Stopped task error messages". On an instance the agent has Docker make a volume, whose
/// words those are (amazon-ecs-init, pull request 301; efs-utils, issue 32); the volume is called after the task definition
/// (amazon-ecs-agent, `volumeName`).
fn mounts(world: &mut World, task: &Task, definition: &Definition) -> Option<Obstacle> {
    let volumes::Refusal { volume, why } = volumes::refusal(world, task, definition)?;
    if task.on_fargate() {
        return Some(Obstacle::of_task(format!(
            "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: {why} : \
             unsuccessful EFS utils command execution; code: 32"
        )));
    }
    let Definition { family, revision, .. } = definition;
    Some(Obstacle::of_task(format!(
        "Error response from daemon: create ecs-{family}-{revision}-{volume}-{}: VolumeDriver.Create: mounting volume failed: {why}",
        world.ids.hex(20)
    )))
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
    let failed = |times: u32, why: &str| {
        let text =
            format!("pull image manifest has been retried {times} time(s): failed to resolve ref {reference}: {why}");
        Some(text)
    };
    if !role.gets_out {
        return failed(5, &format!("failed to do request: Head {reference}: dial tcp: i/o timeout"));
    }
    if let Some(repository) = images::ecr_repository_arn(image) {
        let actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
        if actions.iter().any(|action| !role.allows(world, action, &repository)) {
            return failed(1, &format!("unexpected status from HEAD request to {reference}: 403 Forbidden"));
        }
    }
    if world.images.behaviour(image).missing { failed(7, &format!("{reference}: not found")) } else { None }
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
