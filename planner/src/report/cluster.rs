//! What an `EcsCluster`'s status tells.

use std::collections::BTreeSet;

use longshore_crds::EcsClusterStatus;
use longshore_crds::ecs_cluster::Ec2CapacityStatus;

use crate::desired::MountAccess;
use crate::engine::{Graph, Id, Kind, Seen, World};
use crate::kinds::autoscaling::auto_scaling_group::{AutoScalingGroup, AutoScalingGroupDetail, InstanceRefresh};
use crate::kinds::ec2::launch_template::LaunchTemplate;
use crate::kinds::ec2::security_group::SecurityGroup;
use crate::kinds::ecs::capacity_provider::CapacityProvider;
use crate::kinds::ecs::cluster::{Cluster, ClusterDetail};
use crate::kinds::ecs::managed_capacity_provider::ManagedCapacityProvider;

/// Fills in what AWS says of a cluster; of one that could not be read, what was told before stays.
pub fn fill_cluster(status: &mut EcsClusterStatus, graph: &Graph, world: &World) {
    fill_capacity(status, graph, world);
    let id = graph.iter().map(|(id, _)| id).find(|id| id.kind == Cluster::NAME);
    if id.is_some_and(|id| world.unknown.contains_key(id)) {
        return;
    }
    let seen = id.and_then(|id| world.seen::<Cluster>(id));
    let detail = seen.as_ref().and_then(Seen::detail::<ClusterDetail>);
    status.cluster_arn = seen.as_ref().and_then(|seen| seen.outputs.get("arn").cloned());
    status.cluster_status = detail.as_ref().map(|detail| detail.status.clone());
    status.active_services_count = detail.as_ref().map(|detail| detail.active_services);
    status.running_tasks_count = detail.as_ref().map(|detail| detail.running_tasks);
    status.pending_tasks_count = detail.as_ref().map(|detail| detail.pending_tasks);
}

fn fill_capacity(status: &mut EcsClusterStatus, graph: &Graph, world: &World) {
    let of_entry = |id: &Id| [CapacityProvider::NAME, ManagedCapacityProvider::NAME].contains(&id.kind.as_str());
    let names: BTreeSet<&str> = graph.iter().filter(|(id, _)| of_entry(id)).map(|(id, _)| id.key.as_str()).collect();
    let told = |name: &str| {
        let before = status.ec2_capacity.iter().find(|entry| entry.name == name);
        let unread = world.unknown.keys().any(|id| id.key == name);
        let mounts = mounts(name, graph, world, before);
        let entry = before.filter(|_| unread).cloned().unwrap_or_else(|| capacity(name, graph, world));
        Ec2CapacityStatus { mount_target_security_group_ids: mounts, ..entry }
    };
    status.ec2_capacity = names.into_iter().map(told).collect();
}

/// Where the instances of an entry are let in: what was told stays where it could not be read, and while a rule that was taken
/// away is made again, for services go by it.
fn mounts(name: &str, graph: &Graph, world: &World, before: Option<&Ec2CapacityStatus>) -> Vec<String> {
    let told = |group: &String| before.is_some_and(|before| before.mount_target_security_group_ids.contains(group));
    let wanted = graph.iter().filter_map(|(id, _)| {
        let mount = MountAccess::of_id(id).filter(|mount| mount.entry == name)?;
        (world.get(id).is_some() || told(&mount.security_group_id)).then_some(mount.security_group_id)
    });
    wanted.collect::<BTreeSet<String>>().into_iter().collect()
}

/// What is seen of one entry.
fn capacity(name: &str, graph: &Graph, world: &World) -> Ec2CapacityStatus {
    let group = seen::<AutoScalingGroup>(name, graph, world);
    let detail = group.as_ref().and_then(Seen::detail::<AutoScalingGroupDetail>);
    let provider = seen::<CapacityProvider>(name, graph, world);
    let managed = seen::<ManagedCapacityProvider>(name, graph, world).map(|provider| provider.value.name);
    let of_provider = provider.as_ref().map(|provider| provider.value.auto_scaling_group.to_string());
    let refresh = detail.as_ref().and_then(|detail| detail.refresh.as_ref()).filter(|refresh| refresh.is_active());
    Ec2CapacityStatus {
        name: name.to_owned(),
        capacity_provider: provider.map(|provider| provider.value.name).or(managed),
        auto_scaling_group_arn: group.and_then(|group| group.outputs.get("arn").cloned()).or(of_provider),
        security_group_id: seen::<SecurityGroup>(name, graph, world).and_then(|it| it.outputs.get("id").cloned()),
        mount_target_security_group_ids: vec![],
        image_id: seen::<LaunchTemplate>(name, graph, world).map(|template| template.value.image.id),
        desired_capacity: detail.as_ref().map(|detail| detail.desired_capacity),
        in_service: detail.as_ref().map(|detail| detail.in_service),
        instance_refresh: refresh.map(told),
    }
}

fn told(refresh: &InstanceRefresh) -> String {
    let done = refresh.percentage.map(|percentage| format!(", {percentage} %")).unwrap_or_default();
    format!("{}{done}", refresh.status)
}

fn seen<K: Kind>(key: &str, graph: &Graph, world: &World) -> Option<Seen<K>> {
    let id = graph.iter().map(|(id, _)| id).find(|id| id.kind == K::NAME && id.key == key)?;
    world.seen::<K>(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Unreadable;
    use serde_json::json;

    #[test]
    fn what_could_not_be_read_is_told_as_before_and_what_is_gone_is_not_told() {
        let cluster: Cluster = serde_json::from_value(json!({"name": "shop", "tags": {}})).unwrap();
        let mut graph = Graph::default();
        let id = graph.add("cluster", cluster, "spec", &[]).unwrap().id;
        let before = EcsClusterStatus { cluster_arn: Some("arn".to_owned()), ..EcsClusterStatus::default() };
        let unread = World { unknown: [(id, Unreadable::for_now("a time-out"))].into(), ..World::default() };
        for (world, told) in [(unread, Some("arn".to_owned())), (World::default(), None)] {
            let mut status = before.clone();
            fill_cluster(&mut status, &graph, &world);
            assert_eq!(status.cluster_arn, told);
        }
    }

    /// A group and its provider, added to a graph under the name of their entry.
    fn entry(graph: &mut Graph, name: &str) -> (Id, AutoScalingGroup) {
        let group: AutoScalingGroup = serde_json::from_value(json!({
            "name": format!("shop-main-1-{name}"), "launchTemplate": "lt-1", "version": "2", "instancesFrom": "2",
            "minSize": 1, "maxSize": 3, "subnets": ["subnet-a"], "protectsNewInstances": true,
        }))
        .unwrap();
        let provider: CapacityProvider = serde_json::from_value(json!({
            "name": format!("shop-main-1-{name}"), "autoScalingGroup": "arn:group", "managedDraining": "ENABLED",
            "managedTerminationProtection": "ENABLED",
            "scaling": {
                "status": "ENABLED", "targetCapacity": 100, "minimumScalingStepSize": 1,
                "maximumScalingStepSize": 10, "instanceWarmupPeriod": 300,
            },
        }))
        .unwrap();
        let id = graph.add(name, group.clone(), "spec", &[]).unwrap().id;
        graph.add(name, provider, "spec", &[]).unwrap();
        (id, group)
    }

    #[test]
    fn each_entry_is_told_as_it_was_seen_and_one_that_could_not_be_read_as_before() {
        let mut graph = Graph::default();
        let groups = ["general", "spot"].map(|name| entry(&mut graph, name));
        let thing = |group: &AutoScalingGroup, desired_capacity| {
            let detail = AutoScalingGroupDetail { desired_capacity, ..AutoScalingGroupDetail::default() };
            crate::engine::Thing::erase(Seen { detail: json!(detail), ..Seen::active(group.clone()) }).unwrap()
        };
        let before = |name: &str| Ec2CapacityStatus {
            name: name.to_owned(),
            desired_capacity: Some(9),
            ..Ec2CapacityStatus::default()
        };
        for (unread, expected) in [(None, [2, 3]), (Some(0), [9, 3]), (Some(1), [2, 9])] {
            let mut world = World::default();
            for (number, (id, group)) in groups.iter().enumerate() {
                if unread == Some(number) {
                    world.unknown.insert(id.clone(), Unreadable::for_now("a time-out"));
                } else {
                    world.things.insert(id.clone(), thing(group, [2, 3][number]));
                }
            }
            let ec2_capacity = vec![before("general"), before("spot")];
            let mut status = EcsClusterStatus { ec2_capacity, ..EcsClusterStatus::default() };
            fill_cluster(&mut status, &graph, &world);
            let told: Vec<Option<i32>> = status.ec2_capacity.iter().map(|entry| entry.desired_capacity).collect();
            assert_eq!(told, expected.map(Some), "{unread:?}");
        }
    }

    #[test]
    fn instances_are_told_as_their_group_has_them() {
        let mut graph = Graph::default();
        let (group_id, group) = entry(&mut graph, "general");
        let refresh =
            InstanceRefresh { status: "InProgress".to_owned(), percentage: Some(40), ..InstanceRefresh::default() };
        let detail = AutoScalingGroupDetail { desired_capacity: 2, in_service: 1, refresh: Some(refresh) };
        let seen = Seen { detail: json!(detail), ..Seen::active(group) }.with_output("arn", "arn:group");
        let thing = crate::engine::Thing::erase(seen).unwrap();
        let world = World { things: [(group_id, thing)].into(), ..World::default() };
        let mut status = EcsClusterStatus::default();
        fill_cluster(&mut status, &graph, &world);
        let told = Ec2CapacityStatus {
            name: "general".to_owned(),
            auto_scaling_group_arn: Some("arn:group".to_owned()),
            desired_capacity: Some(2),
            in_service: Some(1),
            instance_refresh: Some("InProgress, 40 %".to_owned()),
            ..Ec2CapacityStatus::default()
        };
        assert_eq!(status.ec2_capacity, [told]);
    }
}
