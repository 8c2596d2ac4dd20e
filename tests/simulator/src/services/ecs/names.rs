//! Names and ARNs, as callers may give them.

use crate::call::{Call, Fault};
use crate::services::ecs::invalid;
use crate::world::World;

/// The part of an ECS ARN after its kind: `main/hello` of `arn:aws:ecs:eu-west-1:123456789012:service/main/hello`.
/// None when the ARN is of another kind, account or region.
pub(super) fn of_arn<'a>(world: &World, arn: &'a str, kind: &str) -> Option<&'a str> {
    let prefix = world.arn("ecs", kind);
    arn.strip_prefix(prefix.as_str())?.strip_prefix('/')
}

/// The name of the cluster that a call names, `default` when it names none. It needn't exist.
pub(super) fn cluster_name(world: &World, call: &Call) -> Result<String, Fault> {
    short_cluster(world, call.text("cluster").unwrap_or("default"))
}

/// A cluster's name from its name or ARN.
pub(super) fn short_cluster(world: &World, given: &str) -> Result<String, Fault> {
    if given.starts_with("arn:") {
        return of_arn(world, given, "cluster").map(str::to_owned).ok_or_else(cluster_not_found);
    }
    Ok(given.to_owned())
}

/// The key of a service from its name or ARN (either format) and the cluster that the call names.
pub(super) fn service_key(world: &World, cluster: &str, given: &str) -> String {
    let name = of_arn(world, given, "service").unwrap_or(given);
    if name.contains('/') { name.to_owned() } else { format!("{cluster}/{name}") }
}

/// A task's id from its id or ARN.
pub(super) fn task_id(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given)
}

/// Whether a name has only letters, digits, hyphens and underscores, and at most 255 of them.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "-_".contains(character))
}

/// The cluster isn't there, or isn't active.
pub(super) fn cluster_not_found() -> Fault {
    Fault::bad_request("ClusterNotFoundException", "Cluster not found.")
}

/// The service isn't there.
pub(super) fn service_not_found() -> Fault {
    Fault::bad_request("ServiceNotFoundException", "Service not found.")
}

/// The `maxResults` of a list call: AWS's default and bound when it is left out.
pub(super) fn page_size(call: &Call, default: usize) -> Result<usize, Fault> {
    match call.input.get("maxResults").and_then(serde_json::Value::as_i64) {
        None => Ok(default),
        Some(size) => match usize::try_from(size) {
            Ok(size @ 1..=100) => Ok(size),
            _ => Err(invalid("maxResults should be between 1 and 100.")),
        },
    }
}
