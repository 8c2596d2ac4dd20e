//! What `RegisterTaskDefinition` refuses, in ECS's words where they are known.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::call::{Fault, texts};
use crate::images;
use crate::services::ecs::{client, container, fargate, names};

/// How many containers a task definition may have (developer guide, "Amazon ECS service quotas").
const CONTAINERS: usize = 10;

/// The largest task definition, in bytes.
const SIZE: usize = 64 * 1024;

/// Checks the input of `RegisterTaskDefinition`.
pub(super) fn check(input: &Value) -> Result<(), Fault> {
    let text = |member: &str| input.get(member).and_then(Value::as_str).unwrap_or_default();
    let family = text("family");
    if family.is_empty() {
        return Err(client("Family should not be null or empty."));
    }
    if !names::is_plain(family) {
        return Err(client("Family contains invalid characters."));
    }
    let containers = input.get("containerDefinitions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if containers.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if containers.len() > CONTAINERS {
        return Err(client(format!("Too many containers: a task definition can have at most {CONTAINERS}.")));
    }
    if input.to_string().len() > SIZE {
        return Err(client("Actual length exceeds the maximum length of 65536 for a task definition."));
    }
    for role in ["taskRoleArn", "executionRoleArn"] {
        if !text(role).is_empty() && text(role).starts_with("arn:") && !text(role).contains(":role/") {
            return Err(client("Role is not valid"));
        }
    }
    check_names(containers)?;
    check_log_router(containers)?;
    check_s3_files(input)?;
    for one in containers {
        check_container(input, one, containers)?;
    }
    let requires = texts(input.get("requiresCompatibilities"));
    // Developer guide, "Amazon ECS task networking for Amazon ECS Managed Instances". The words are the simulator's own.
    let managed = requires.iter().any(|required| required == "MANAGED_INSTANCES");
    if managed && !["awsvpc", "host"].contains(&text("networkMode")) {
        return Err(client("Managed Instances require that network mode be set to awsvpc or host."));
    }
    if requires.iter().any(|required| required == "FARGATE") { check_fargate(input, containers) } else { Ok(()) }
}

fn check_names(containers: &[Value]) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    for one in containers {
        let name = container::name(one);
        if name.is_empty() {
            return Err(client("Container.name should not be null or empty."));
        }
        if !names::is_plain(name) {
            return Err(client("Container.name contains invalid characters."));
        }
        if !seen.insert(name) {
            return Err(client(format!("Container definitions should have unique names: {name} is given twice.")));
        }
    }
    if containers.iter().any(container::is_essential) {
        Ok(())
    } else {
        Err(client("A task definition must have at least one essential container."))
    }
}

/// In ECS's words (turnerlabs/fargate#60, hashicorp/terraform-provider-aws#11551,
/// cloudposse/terraform-aws-ecs-container-definition#97).
fn check_log_router(containers: &[Value]) -> Result<(), Fault> {
    let router = containers.iter().find(|one| container::is_router(one));
    let sent = containers.iter().any(container::is_routed);
    let user = router.and_then(|one| one.get("user")).and_then(Value::as_str);
    match router {
        None if sent => Err(client(
            "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be \
             configured in one of the containers.",
        )),
        Some(_) if !sent => Err(client(
            "When a firelensConfiguration object is specified, at least one container has to be configured with the \
             awsfirelens log driver.",
        )),
        Some(_) if user.is_some_and(|user| user != "0") => {
            Err(client("If 'user' field is specified on firelens container, then 'UID' has to be '0'."))
        }
        _ => Ok(()),
    }
}

/// API reference, `S3FilesVolumeConfiguration`: "Your task definition must include a Task IAM Role".
fn check_s3_files(input: &Value) -> Result<(), Fault> {
    let volumes = input.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let mounts = volumes.into_iter().any(|volume| volume.get("s3filesVolumeConfiguration").is_some());
    let role = input.get("taskRoleArn").and_then(Value::as_str).unwrap_or_default();
    if mounts && role.is_empty() {
        return Err(client("A taskRoleArn is required when using s3filesVolumeConfiguration."));
    }
    Ok(())
}

fn check_container(input: &Value, one: &Value, all: &[Value]) -> Result<(), Fault> {
    let name = container::name(one);
    let number = |member: &str| one.get(member).and_then(Value::as_u64);
    if container::image(one).is_empty() {
        return Err(client("Container.image should not be null or empty."));
    }
    if input.get("memory").and_then(Value::as_str).is_none()
        && number("memory").or(number("memoryReservation")).is_none()
    {
        return Err(client(format!(
            "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
        )));
    }
    let task_memory = input.get("memory").and_then(Value::as_str).and_then(fargate::mebibytes).map(u64::from);
    if number("memory").zip(task_memory).is_some_and(|(own, task)| own > task) {
        return Err(client("The 'memory' setting for container is greater than for the task."));
    }
    if number("memory").zip(number("memoryReservation")).is_some_and(|(hard, soft)| soft > hard) {
        return Err(client("'memoryReservation' must not be greater than 'memory'."));
    }
    check_ports(input, one)?;
    check_references(input, one, all)
}

fn check_ports(input: &Value, one: &Value) -> Result<(), Fault> {
    let shares_host_ports =
        ["awsvpc", "host"].contains(&input.get("networkMode").and_then(Value::as_str).unwrap_or_default());
    for port in one.get("portMappings").and_then(Value::as_array).into_iter().flatten() {
        let number = |member: &str| port.get(member).and_then(Value::as_i64);
        let (inner, outer) = (number("containerPort"), number("hostPort").filter(|port| *port != 0));
        if inner.is_none() && port.get("containerPortRange").is_none() {
            return Err(client("Container port or container port range must be specified."));
        }
        if inner.is_some_and(|port| !(1..=65535).contains(&port)) {
            return Err(client("Invalid container port: it must be between 1 and 65535."));
        }
        if shares_host_ports && inner.zip(outer).is_some_and(|(inner, outer)| inner != outer) {
            return Err(client(
                "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
            ));
        }
    }
    Ok(())
}

/// What a container mentions must be there: containers it depends on, volumes it mounts.
fn check_references(input: &Value, one: &Value, all: &[Value]) -> Result<(), Fault> {
    let name = container::name(one);
    for dependency in one.get("dependsOn").and_then(Value::as_array).into_iter().flatten() {
        let other = dependency.get("containerName").and_then(Value::as_str).unwrap_or_default();
        if other == name {
            return Err(client(format!("Container '{name}' cannot depend on itself.")));
        }
        if !all.iter().any(|container| container::name(container) == other) {
            return Err(client(format!(
                "Invalid dependsOn: container '{name}' depends on '{other}', which is not in the task definition."
            )));
        }
    }
    for mount in one.get("mountPoints").and_then(Value::as_array).into_iter().flatten() {
        let volume = mount.get("sourceVolume").and_then(Value::as_str).unwrap_or_default();
        let volumes = input.get("volumes").and_then(Value::as_array).into_iter().flatten();
        if !volumes.into_iter().any(|there| there.get("name").and_then(Value::as_str) == Some(volume)) {
            return Err(client(format!("Unknown volume '{volume}'.")));
        }
    }
    Ok(())
}

fn check_fargate(input: &Value, containers: &[Value]) -> Result<(), Fault> {
    let text = |member: &str| input.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    if text("networkMode") != Some("awsvpc") {
        return Err(client("Fargate only supports network mode \u{2018}awsvpc\u{2019}."));
    }
    let cpu = text("cpu").ok_or_else(|| client("Fargate requires that 'cpu' be defined at the task level."))?;
    let memory =
        text("memory").ok_or_else(|| client("Fargate requires that 'memory' be defined at the task level."))?;
    let size = fargate::cpu_units(cpu).zip(fargate::mebibytes(memory));
    if !size.is_some_and(|(cpu, memory)| fargate::is_size(cpu, memory)) {
        let message = format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values."
        );
        return Err(client(message));
    }
    let total: u64 = containers.iter().filter_map(|one| one.get("cpu").and_then(Value::as_u64)).sum();
    if size.is_some_and(|(cpu, _)| total > u64::from(cpu)) {
        return Err(client(
            "Invalid 'cpu' setting for task: the containers' CPU units add up to more than the task's.",
        ));
    }
    let storage = input.pointer("/ephemeralStorage/sizeInGiB").and_then(Value::as_i64);
    if storage.is_some_and(|size| !(21..=200).contains(&size)) {
        return Err(client("EphemeralStorage sizeInGiB must be between 21 and 200."));
    }
    if containers.iter().any(|one| one.get("privileged").and_then(Value::as_bool) == Some(true)) {
        return Err(client("Tasks using Fargate do not support privileged containers."));
    }
    // API reference, FirelensConfiguration.options.
    let from_s3 =
        |one: &Value| one.pointer("/firelensConfiguration/options/config-file-type") == Some(&Value::from("s3"));
    if containers.iter().any(from_s3) {
        return Err(client("Tasks hosted on Fargate only support the file configuration file type."));
    }
    let volumes = input.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let of_instances = ["dockerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"];
    for volume in volumes {
        if of_instances.iter().any(|kind| volume.get(kind).is_some()) || volume.pointer("/host/sourcePath").is_some() {
            return Err(client("Tasks using Fargate do not support this kind of volume."));
        }
    }
    check_execution_role(text("executionRoleArn").is_some(), containers)
}

/// What the agent does on a container's behalf needs an execution role.
fn check_execution_role(given: bool, containers: &[Value]) -> Result<(), Fault> {
    if given {
        return Ok(());
    }
    let needs = |what: &str| {
        Err(client(format!("Fargate requires task definition to have execution role ARN to support {what}.")))
    };
    for one in containers {
        if container::awslogs(one).is_some() {
            return needs("log driver awslogs");
        }
        if images::is_ecr(container::image(one)) {
            return needs("ECR images");
        }
        if !container::secrets(one).is_empty() {
            return Err(client(
                "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
            ));
        }
    }
    Ok(())
}
