//! The same promises on emulators of AWS that are not ours, as far as those know ECS. What is left out, and why:
//!
//! - rollbacks and failed tasks: neither emulator fails a task or trips a circuit breaker;
//! - a rollout's end: ministack keeps the deployment before for ever beside the new one, and moto's UpdateService
//!   changes the service and never its deployment, so that a change arrives in the service and no rollout ends;
//! - interfaces, security groups and roles of tasks: moto runs no tasks, ministack's have no network interfaces;
//! - availabilityZoneRebalancing: ministack does not know it, so that it is DISABLED there;
//! - exact counts of calls: neither records them;
//! - instances of a cluster's own on ministack, which has no Auto Scaling; on moto they never join the cluster, since nothing
//!   boots there, so that the group has none: tasks on them, draining and Spot interruptions are left out, and so are instance
//!   refreshes, which moto has not.

#![cfg(test)]

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use longshore_e2e::{Emulator, Namespace, Provider, Stack, StackOptions, elements, hello, number, text};
use serde_json::json;

/// One emulator's stack, in a directory of its own, with example 00's environment on the ids that the emulator gave. Each
/// test has one, since they run side by side and look at all that there is.
fn on(emulator: Emulator, dir: &str) -> Result<Stack> {
    let provider = Provider::Emulator(emulator);
    let mut options = StackOptions::for_tests(provider.clone())?;
    options.dir = options.dir.join(dir);
    let stack = Stack::start(&options)?;
    stack.furnish(&provider)?;
    Ok(stack)
}

#[test]
fn on_ministack_example_10_runs_changes_scales_and_leaves_nothing() -> Result<()> {
    let stack = on(Emulator::Ministack, "ministack")?;
    let ns = Namespace::create(&stack, "web")?;
    ns.apply(&on_ministack(&hello(&ns.name)?))?;
    ns.wait_ready("ecssvc/hello")?;
    it_holds_example_10(&ns)?;
    ns.apply(&on_ministack(&with_new_image(&ns)?))?;
    an_image_change_arrives(&ns)?;
    a_scaled_service_has_its_tasks(&ns)?;
    deleted_it_leaves_nothing(&ns)
}

#[test]
fn on_moto_example_10_runs_changes_and_leaves_nothing() -> Result<()> {
    let stack = on(Emulator::Moto, "moto")?;
    let ns = Namespace::with_hello(&stack, "web")?;
    it_holds_example_10(&ns)?;
    ns.apply(&with_new_image(&ns)?)?;
    an_image_change_arrives(&ns)?;
    deleted_it_leaves_nothing(&ns)
}

/// Of a group of Auto Scaling alone: of `CreateCapacityProvider` moto (5.1) reads no `managedInstancesProvider`.
#[test]
fn on_moto_what_instances_of_a_clusters_own_are_made_of_comes_changes_and_leaves_nothing() -> Result<()> {
    let stack = on(Emulator::Moto, "moto-capacity")?;
    let ns = Namespace::create(&stack, "web")?;
    let entry = |more: &str| {
        format!(
            "apiVersion: ecs.longshore.dev/v1alpha1\nkind: EcsCluster\nmetadata: {{name: main, namespace: web}}\nspec:\n  \
             ec2Capacity: [{{name: general, minSize: 0, {more}}}]\n  \
             defaultCapacityProviderStrategy: [{{capacityProvider: general, weight: 1}}]\n"
        )
    };
    ns.apply(&entry("instanceType: m5.large, maxSize: 2"))?;
    ns.wait_settled("ecscluster/main")?;
    let aws = &stack.aws;
    let groups = || aws.autoscaling("DescribeAutoScalingGroups", &[]);
    let made = groups()?;
    assert_eq!((elements(&made, "MaxSize"), elements(&made, "InstanceType")), (vec!["2".to_owned()], vec![]));
    let cluster = aws.cluster_of("web", "main")?.context("there is no cluster")?;
    assert_eq!(cluster["capacityProviders"].as_array().map(Vec::len), Some(1), "{cluster}");
    assert_eq!(elements(&aws.iam("ListInstanceProfiles", &[])?, "InstanceProfileName").len(), 1);

    let spot =
        "instancesDistribution: {onDemandPercentageAboveBaseCapacity: 0, spotAllocationStrategy: capacity-optimized}";
    ns.apply(&entry(&format!("instanceTypes: [m5.xlarge, m5.large], maxSize: 3, {spot}")))?;
    ns.wait_settled("ecscluster/main")?;
    let changed = groups()?;
    assert_eq!(elements(&changed, "MaxSize"), ["3"]);
    assert_eq!(elements(&changed, "InstanceType"), ["m5.xlarge", "m5.large"]);
    assert_eq!(elements(&changed, "SpotAllocationStrategy"), ["capacity-optimized"]);

    deleted_it_leaves_nothing(&ns)?;
    let left = [
        elements(&groups()?, "AutoScalingGroupName"),
        elements(&aws.ec2("DescribeLaunchTemplates", &[])?, "launchTemplateId"),
        elements(&aws.iam("ListInstanceProfiles", &[])?, "InstanceProfileName"),
    ];
    assert_eq!(left, [vec![], vec![], vec![] as Vec<String>], "left in AWS");
    Ok(())
}

fn it_holds_example_10(ns: &Namespace) -> Result<()> {
    let aws = &ns.stack.aws;
    let service = aws.service_of(&ns.name, "hello")?.unwrap();
    assert_eq!((number(&service, "/desiredCount"), text(&service, "/launchType").as_str()), (2, "FARGATE"));
    let network = &service["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["subnets"].as_array().map(Vec::len), Some(3), "the environment's private subnets: {network}");
    assert_eq!(network["securityGroups"], json!(aws.security_groups_of("EcsService/web/hello")?), "its own group");
    assert_eq!(aws.task_definitions_of(&ns.name, "hello")?.len(), 1);
    assert_eq!(aws.roles_of("EcsService/web/hello")?.len(), 1, "an execution role of its own");
    Ok(())
}

/// ministack does not know `availabilityZoneRebalancing`: it accepts it and never shows it.
fn on_ministack(example: &str) -> String {
    example.replace("  launchType: FARGATE\n", "  launchType: FARGATE\n  availabilityZoneRebalancing: DISABLED\n")
}

fn with_new_image(ns: &Namespace) -> Result<String> {
    Ok(hello(&ns.name)?.replace("nginx:1.27", "nginx:1.28"))
}

fn an_image_change_arrives(ns: &Namespace) -> Result<()> {
    ns.wait_until("ecssvc/hello", "the service to have the new image", |_| {
        image(ns).map_err(|error| format!("{error:#}")).and_then(|image| match image.as_str() {
            "public.ecr.aws/nginx/nginx:1.28" => Ok(()),
            other => Err(format!("it has {other}")),
        })
    })
}

/// The image of the revision that the service names.
fn image(ns: &Namespace) -> Result<String> {
    let service = ns.stack.aws.service_of(&ns.name, "hello")?.context("there is no service")?;
    let named = ns.stack.aws.ecs("DescribeTaskDefinition", &json!({"taskDefinition": service["taskDefinition"]}))?;
    Ok(text(&named, "/taskDefinition/containerDefinitions/0/image"))
}

fn a_scaled_service_has_its_tasks(ns: &Namespace) -> Result<()> {
    ns.kubectl(&["scale", "ecssvc/hello", "--replicas=3"])?;
    ns.wait_for("three tasks", || {
        let service = ns.stack.aws.service_of(&ns.name, "hello")?.context("there is no service")?;
        let running = number(&service, "/runningCount");
        Ok(if running == 3 { Ok(()) } else { Err(format!("{running} tasks run")) })
    })
}

fn deleted_it_leaves_nothing(ns: &Namespace) -> Result<()> {
    ns.kubectl(&["delete", "namespace", &ns.name, "--timeout=180s"])
        .map_err(|error| anyhow::anyhow!("{error:#}\n{}", ns.report("ecssvc/hello")))?;
    assert_eq!(ns.holdings()?, BTreeMap::new(), "left in AWS");
    Ok(())
}
