//! Mount targets, each with a network interface in its subnet.

use serde::Serialize;
use serde_json::{Value, json};

use super::{LONG, Life, file_systems, missing};
use crate::call::{Answer, Call, Fault};
use crate::services::ec2;
use crate::world::World;

#[derive(Clone, Debug, Serialize)]
pub(super) struct MountTarget {
    pub(super) id: String,
    pub(super) file_system: String,
    subnet: String,
    pub(super) zone: String,
    vpc: String,
    pub(super) interface: String,
    pub(super) life: Life,
}

fn not_found(id: &str) -> Fault {
    Fault::not_found("MountTargetNotFound", format!("Mount target '{id}' does not exist."))
}

fn named(world: &World, call: &Call) -> Result<MountTarget, Fault> {
    let id = call.text("MountTargetId").ok_or_else(|| missing("MountTargetId"))?;
    world.efs.mount_targets.get(id).cloned().ok_or_else(|| not_found(id))
}

/// API reference, `CreateMountTarget`: one in each zone, all in one VPC; without groups, the VPC's default group.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let subnet = call.text("SubnetId").ok_or_else(|| missing("SubnetId"))?;
    let file_system = file_systems::available(world, call)?.id.clone();
    let lies = ec2::subnet(world, subnet)
        .ok_or_else(|| Fault::bad_request("SubnetNotFound", format!("The subnet ID '{subnet}' does not exist")))?;
    let mut there = world.efs.mount_targets.values().filter(|target| target.file_system == file_system);
    if there.any(|target| target.zone == lies.availability_zone || target.vpc != lies.vpc_id) {
        let message = "mount target already exists in this AZ, or the file system has mount targets in another VPC";
        return Err(Fault::conflict("MountTargetConflict", message));
    }
    let id = world.ids.resource("fsmt");
    let about = format!("EFS mount target for {file_system} ({id})");
    let eni = ec2::create_eni(world, subnet, &call.texts("SecurityGroups"), &about).map_err(of_interface)?;
    let target = MountTarget {
        id: id.clone(),
        file_system,
        subnet: subnet.to_owned(),
        zone: lies.availability_zone,
        vpc: lies.vpc_id,
        interface: eni.id,
        life: Life::begun(world.now, LONG),
    };
    let shown = shown(world, &target);
    world.efs.mount_targets.insert(id, target);
    Ok(shown)
}

/// EC2's refusals in EFS's words (API reference, `CreateMountTarget`).
fn of_interface(fault: Fault) -> Fault {
    let code = match fault.code.as_str() {
        "InvalidGroup.NotFound" | "InvalidParameter" => "SecurityGroupNotFound",
        "SecurityGroupsPerInterfaceLimitExceeded" => "SecurityGroupLimitExceeded",
        "InsufficientFreeAddressesInSubnet" => return Fault::conflict("NoFreeAddressesInSubnet", fault.message),
        _ => "BadRequest",
    };
    Fault::bad_request(code, fault.message)
}

/// By the file system or the mount target (API reference, `DescribeMountTargets`).
pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let found = match (call.text("FileSystemId"), call.text("MountTargetId")) {
        (Some(id), None) => {
            world.efs.file_systems.get(id).ok_or_else(|| file_systems::not_found(id))?;
            world.efs.mount_targets.values().filter(|target| target.file_system == id).cloned().collect()
        }
        (None, Some(_)) => vec![named(world, call)?],
        _ => return Err(missing("FileSystemId")),
    };
    let shown: Vec<Value> = found.iter().map(|target| shown(world, target)).collect();
    let (page, next) = world.page(&shown, 100, call.text("Marker"))?;
    Ok(json!({"MountTargets": page, "NextMarker": next}))
}

fn shown(world: &World, target: &MountTarget) -> Value {
    json!({
        "OwnerId": world.account_id,
        "MountTargetId": target.id,
        "FileSystemId": target.file_system,
        "SubnetId": target.subnet,
        "LifeCycleState": target.life.state(world.now),
        "IpAddress": ec2::interface(world, &target.interface).map(|eni| eni.private_ip),
        "NetworkInterfaceId": target.interface,
        "AvailabilityZoneName": target.zone,
        "VpcId": target.vpc,
    })
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let (id, gone_at) = (named(world, call)?.id, world.now + LONG / 2);
    if let Some(target) = world.efs.mount_targets.get_mut(&id) {
        target.life.gone_at.get_or_insert(gone_at);
    }
    Ok(Value::Null)
}

pub(super) fn groups(world: &World, call: &Call) -> Answer {
    let target = named(world, call)?;
    let groups = ec2::interface(world, &target.interface).map(|eni| eni.groups).unwrap_or_default();
    Ok(json!({"SecurityGroups": groups}))
}

pub(super) fn modify_groups(world: &mut World, call: &Call) -> Answer {
    let target = named(world, call)?;
    ec2::put_into_groups(world, &target.interface, &call.texts("SecurityGroups")).map_err(of_interface)?;
    Ok(Value::Null)
}
