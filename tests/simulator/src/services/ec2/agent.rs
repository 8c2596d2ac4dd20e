//! What an instance runs: ECS's agent, as its user data configure it.

use super::instance_types::instance_type as instance_type_of;
use super::instances::wake;
use crate::services::{ec2, ecs, iam};
use crate::world::World;

/// How long before its end a Spot instance is told of it (user guide, "Spot Instance interruption notices").
const NOTICE: i64 = 120_000;

/// The agent registers with the cluster that its configuration names, by the instance's role and over its network
/// (developer guide, "Amazon ECS container instance IAM role"); where it cannot, it tries again.
pub(super) fn register(world: &mut World, id: &str) {
    let Some(instance) = world.ec2.instances.get(id).cloned() else { return };
    let Some(cluster) = setting(&instance.user_data, "ECS_CLUSTER").or_else(|| Some("default".to_owned())) else {
        return;
    };
    let role = instance.profile.as_ref().and_then(|profile| iam::role_of(world, profile));
    let arn = world.arn("ecs", &format!("cluster/{cluster}"));
    let may = role.is_some_and(|role| {
        let assumable = iam::assumable(world, &role, "ec2.amazonaws.com", world.now).is_ok();
        assumable && iam::allows(world, &role, "ecs:RegisterContainerInstance", &arn)
    });
    let gets_out = instance.eni.as_ref().is_some_and(|eni| ec2::gets_out(world, eni, false));
    let size = instance_type_of(&instance.instance_type);
    let Some(size) = size.filter(|_| may && gets_out && ecs::is_cluster(world, &cluster)) else {
        return wake(world, id, 30_000);
    };
    ecs::register_agent(world, &cluster, &instance, size);
    if instance.taken_back.is_some() {
        hears_of_its_end(world, id);
    }
}

/// EC2 takes a Spot instance back, and says so before. Whether there is such an instance.
pub fn interrupt(world: &mut World, id: &str) -> bool {
    let now = world.now;
    let live = world.ec2.instances.get_mut(id).filter(|instance| instance.state.is_live() && instance.spot);
    let Some(instance) = live else { return false };
    if instance.taken_back.is_none() {
        instance.taken_back = Some(now + NOTICE);
        wake(world, id, NOTICE);
        hears_of_its_end(world, id);
    }
    true
}

/// The agent drains its instance if it is told to, which it is not by default (developer guide, "Configuring Amazon ECS Linux
/// container instances to receive Spot Instance notices").
fn hears_of_its_end(world: &mut World, id: &str) {
    let told = world
        .ec2
        .instances
        .get(id)
        .and_then(|instance| setting(&instance.user_data, "ECS_ENABLE_SPOT_INSTANCE_DRAINING"));
    if told.as_deref() == Some("true") {
        ecs::drain_by_agent(world, id);
    }
}

/// A variable of the agent's configuration, as user data write it.
fn setting(user_data: &str, name: &str) -> Option<String> {
    let (_, rest) = user_data.split_once(&format!("{name}="))?;
    let value: String = rest.chars().take_while(|it| !it.is_whitespace() && !"\"'>;".contains(*it)).collect();
    Some(value)
}
