//! Which types ECS chooses from (EC2 API reference, `InstanceRequirementsRequest`).

use serde_json::Value;

use crate::call::{Fault, texts};
use crate::services::ec2::{self, InstanceType};
use crate::services::ecs::invalid;

/// Refuses what no type is.
pub(super) fn check(given: Option<&Value>) -> Result<(), Fault> {
    let Some(given) = given else { return Ok(()) };
    let both = |one: &str, other: &str| given.get(one).is_some() && given.get(other).is_some();
    if both("allowedInstanceTypes", "excludedInstanceTypes") {
        return Err(invalid("You cannot specify both AllowedInstanceTypes and ExcludedInstanceTypes."));
    }
    if both("spotMaxPricePercentageOverLowestPrice", "maxSpotPriceAsPercentageOfOptimalOnDemandPrice") {
        return Err(invalid("You cannot specify both prices of Spot instances."));
    }
    for required in ["vCpuCount", "memoryMiB"] {
        if given.get(required).and_then(|range| range.get("min")).is_none() {
            return Err(invalid(format!("instanceRequirements must specify {required} with a min.")));
        }
    }
    if of(Some(given)).is_empty() {
        return Err(invalid(
            "No instance types satisfy the instance requirements specified in the Amazon ECS Managed Instances capacity provider.",
        ));
    }
    Ok(())
}

/// The types that satisfy requirements, the smallest first; without any, those of general purpose (developer guide, "Creating a
/// capacity provider for Amazon ECS Managed Instances").
pub(super) fn of(given: Option<&Value>) -> Vec<&'static InstanceType> {
    let mut found: Vec<&InstanceType> = ec2::instance_types()
        .iter()
        .filter(|it| given.map_or_else(|| it.name.starts_with('m'), |given| satisfies(it, given)))
        .collect();
    found.sort_by_key(|it| (it.cpu, it.left()));
    found
}

fn satisfies(it: &InstanceType, given: &Value) -> bool {
    let within = |member: &str, value: i64| {
        let bound = |name: &str| given.get(member).and_then(|range| range.get(name)?.as_f64());
        let value = f64::from(i32::try_from(value).unwrap_or(i32::MAX));
        bound("min").is_none_or(|min| min <= value) && bound("max").is_none_or(|max| value <= max)
    };
    let list = |member: &str| texts(given.get(member));
    let named = |member: &str| list(member).iter().any(|pattern| matches(pattern, it.name));
    let inclusion =
        |member: &str, default: &str, is: bool| match given.get(member).and_then(Value::as_str).unwrap_or(default) {
            "required" => is,
            "excluded" => !is,
            _ => true,
        };
    let arm = it.architecture == "arm64";
    let maker = if arm { "amazon-web-services" } else { "intel" };
    let gpus = i64::try_from(it.gpus).unwrap_or(i64::MAX);
    let accelerated = given.get("acceleratorCount").is_some() || !list("acceleratorTypes").is_empty();
    let of_family = |family: char| it.name.starts_with(family);
    within("vCpuCount", it.cpu / 1024)
        && within("memoryMiB", it.memory)
        && (given.get("allowedInstanceTypes").is_none() || named("allowedInstanceTypes"))
        && !named("excludedInstanceTypes")
        && (list("cpuManufacturers").is_empty() || list("cpuManufacturers").iter().any(|one| one == maker))
        && inclusion("burstablePerformance", "excluded", of_family('t'))
        && inclusion("bareMetal", "excluded", it.name.contains(".metal"))
        && if accelerated { it.gpus > 0 && within("acceleratorCount", gpus) } else { it.gpus == 0 }
}

/// Whether a name is so as a pattern with `*` says.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name
            .strip_prefix(head)
            .is_some_and(|left| (0..=left.len()).filter_map(|at| left.get(at..)).any(|tail| matches(rest, tail))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn types_are_chosen_by_what_they_have_the_smallest_first() {
        let names = |given: Option<Value>| of(given.as_ref()).iter().map(|it| it.name).collect::<Vec<_>>();
        let with = |more: Value| {
            let mut given = json!({"vCpuCount": {"min": 2, "max": 4}, "memoryMiB": {"min": 4096}});
            given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Some(given)
        };
        assert!(names(None).iter().all(|name| name.starts_with('m')));
        assert_eq!(names(with(json!({"allowedInstanceTypes": ["c7g.*"]}))), ["c7g.large", "c7g.xlarge"]);
        let graviton =
            names(with(json!({"cpuManufacturers": ["amazon-web-services"], "excludedInstanceTypes": ["c*", "r*"]})));
        assert_eq!(graviton, ["m7g.large", "m7g.xlarge"]);
        let burstable = names(with(json!({"burstablePerformance": "required", "memoryMiB": {"min": 0, "max": 2048}})));
        assert_eq!(burstable, ["t3.micro", "t4g.micro", "t3.small", "t4g.small"]);
        assert_eq!(names(with(json!({"acceleratorTypes": ["gpu"]}))), ["g4dn.xlarge", "g5.xlarge"]);
        assert!(check(with(json!({"allowedInstanceTypes": ["x9.*"]})).as_ref()).is_err());
        assert!(check(with(json!({"allowedInstanceTypes": ["*"], "excludedInstanceTypes": ["m*"]})).as_ref()).is_err());
    }
}
