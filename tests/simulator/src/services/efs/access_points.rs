//! Access points. Nothing of one can be changed but its tags.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Life, SHORT, Tags, file_systems, missing, read_tags, shown_tags};
use crate::call::{Answer, Call, Fault};
use crate::world::World;

#[derive(Clone, Debug, Serialize)]
pub(super) struct AccessPoint {
    id: String,
    token: String,
    pub(super) file_system: String,
    posix_user: Option<Value>,
    root_directory: Value,
    pub(super) life: Life,
    pub(super) tags: Tags,
}

pub(super) fn not_found(id: &str) -> Fault {
    Fault::not_found("AccessPointNotFound", format!("Access point '{id}' does not exist."))
}

/// API reference, `CreateAccessPoint`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let token = call.text("ClientToken").ok_or_else(|| missing("ClientToken"))?;
    if token.len() > 64 {
        return Err(missing("ClientToken"));
    }
    if let Some(known) = world.efs.access_points.values().find(|point| point.token == token) {
        let message = format!("Access point '{}' already exists with client token '{token}'", known.id);
        return Err(Fault::conflict("AccessPointAlreadyExists", message));
    }
    let file_system = file_systems::available(world, call)?.id.clone();
    let root_directory = call.input.get("RootDirectory").filter(|root| root.get("Path").is_some());
    let point = AccessPoint {
        id: world.ids.resource("fsap"),
        token: token.to_owned(),
        file_system,
        posix_user: call.input.get("PosixUser").cloned(),
        root_directory: root_directory.cloned().unwrap_or_else(|| json!({"Path": "/"})),
        life: Life::begun(world.now, SHORT),
        tags: read_tags(call),
    };
    let shown = shown(world, &point);
    world.efs.access_points.insert(point.id.clone(), point);
    Ok(shown)
}

/// All, those of a file system, or one (API reference, `DescribeAccessPoints`).
pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let all = world.efs.access_points.values();
    let found: Vec<&AccessPoint> = match (call.text("FileSystemId"), call.text("AccessPointId")) {
        (Some(_), Some(_)) => return Err(missing("FileSystemId")),
        (Some(id), None) => {
            world.efs.file_systems.get(id).ok_or_else(|| file_systems::not_found(id))?;
            all.filter(|point| point.file_system == id).collect()
        }
        (None, Some(id)) => vec![world.efs.access_points.get(id).ok_or_else(|| not_found(id))?],
        (None, None) => all.collect(),
    };
    let shown: Vec<Value> = found.into_iter().map(|point| shown(world, point)).collect();
    let (page, next) = world.page(&shown, 100, call.text("NextToken"))?;
    Ok(json!({"AccessPoints": page, "NextToken": next}))
}

fn shown(world: &World, point: &AccessPoint) -> Value {
    json!({
        "ClientToken": point.token,
        "Tags": shown_tags(&point.tags),
        "AccessPointId": point.id,
        "AccessPointArn": world.arn("elasticfilesystem", &format!("access-point/{}", point.id)),
        "FileSystemId": point.file_system,
        "PosixUser": point.posix_user,
        "RootDirectory": point.root_directory,
        "OwnerId": world.account_id,
        "LifeCycleState": point.life.state(world.now),
    })
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = call.text("AccessPointId").ok_or_else(|| missing("AccessPointId"))?;
    let gone_at = world.now + SHORT;
    let point = world.efs.access_points.get_mut(id).ok_or_else(|| not_found(id))?;
    point.life.gone_at.get_or_insert(gone_at);
    Ok(Value::Null)
}
