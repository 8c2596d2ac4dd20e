//! What runs on instances that are to go.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::builders::DescribeAutoScalingGroupsInputBuilder;
use aws_sdk_autoscaling::types::AutoScalingGroup;
use aws_sdk_ecs::types::{AutoScalingGroupProvider, ContainerInstance, SchedulingStrategy, Task};
use longshore_planner::engine::TAG_OBJECT;

use super::container_instances::{of_cluster, tasks_on, whose};
use crate::access::{Aws, Read};
use crate::fault::Fault;

const PUT: &str = "ecs:PutClusterCapacityProviders";
/// How many instances are asked what they run: the words name no more.
const ASKED: usize = 20;

/// Providers are taken from a cluster before their instances go. Of services that use them ECS says so itself; tasks with a
/// launch type know no provider, and would go with their instances. A daemon goes with its instance by its nature.
pub(super) async fn refuse_in_use(aws: &Aws<Read>, cluster: &str, providers: &[&str]) -> Result<(), Fault> {
    let mut made = BTreeSet::new();
    for name in providers {
        if is_of_made_group(aws, name).await? {
            made.insert(*name);
        }
    }
    if made.is_empty() {
        return Ok(());
    }
    let of_these =
        |instance: &&ContainerInstance| instance.capacity_provider_name().is_some_and(|it| made.contains(it));
    let busy = |instance: &&ContainerInstance| instance.running_tasks_count() + instance.pending_tasks_count() > 0;
    let instances = of_cluster(aws, cluster).await?;
    let mut users: BTreeMap<String, usize> = BTreeMap::new();
    for instance in instances.iter().filter(of_these).filter(busy).take(ASKED) {
        for task in tasks_on(aws, cluster, instance.container_instance_arn().unwrap_or_default()).await? {
            if task.capacity_provider_name().is_none() && !is_of_daemon(aws, cluster, &task).await? {
                *users.entry(whose(&task)).or_default() += 1;
            }
        }
    }
    if users.is_empty() { Ok(()) } else { Err(in_use(&made, &users)) }
}

/// Whether a provider's group is one that was made for it, and goes with it: it has an object's tags.
async fn is_of_made_group(aws: &Aws<Read>, provider: &str) -> Result<bool, Fault> {
    let Some(found) = aws.joins().capacity_providers.get((), provider.to_owned()).await? else { return Ok(false) };
    let arn =
        found.auto_scaling_group_provider().map(AutoScalingGroupProvider::auto_scaling_group_arn).unwrap_or_default();
    let Some((_, name)) = arn.rsplit_once("autoScalingGroupName/") else { return Ok(false) };
    let request = DescribeAutoScalingGroupsInputBuilder::default().auto_scaling_group_names(name);
    let groups = aws.read(request).await?.auto_scaling_groups.unwrap_or_default();
    Ok(groups.iter().flat_map(AutoScalingGroup::tags).any(|tag| tag.key() == Some(TAG_OBJECT)))
}

async fn is_of_daemon(aws: &Aws<Read>, cluster: &str, task: &Task) -> Result<bool, Fault> {
    let Some(name) = task.group().and_then(|group| group.strip_prefix("service:")) else { return Ok(false) };
    let service = aws.joins().services.get(cluster.to_owned(), name.to_owned()).await?;
    Ok(service.is_some_and(|service| service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon)))
}

fn in_use(providers: &BTreeSet<&str>, users: &BTreeMap<String, usize>) -> Fault {
    let named = |(whose, count): (&String, &usize)| match count {
        1 => whose.clone(),
        count => format!("{whose} ({count} tasks)"),
    };
    let users: Vec<String> = users.iter().map(named).collect();
    let providers: Vec<&str> = providers.iter().copied().collect();
    Fault::wait(
        PUT,
        "InstancesInUse",
        format!(
            "tasks with launchType: EC2 run on the instances of {}, which are to go, and would go with them: {}; move them to \
             another capacity provider or cluster, stop them, or put the entry of ec2Capacity back",
            providers.join(" and "),
            users.join(", ")
        ),
    )
}
