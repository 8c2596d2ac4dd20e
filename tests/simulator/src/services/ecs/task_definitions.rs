//! Task definitions: families of numbered revisions, read, deregistered and deleted.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::clock::wire_time;
use crate::services::ecs::tags::{self, Tags};
use crate::services::ecs::{client, invalid, names};
use crate::world::World;

/// All revisions of one family; numbers are never used twice.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Family {
    pub(super) last: u32,
    pub(super) revisions: BTreeMap<u32, Definition>,
}

/// One revision.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Definition {
    pub(super) arn: String,
    pub(super) family: String,
    pub(super) revision: u32,
    pub(super) status: Status,
    /// As it reads back, without what the other members of this struct say.
    pub(super) body: Value,
    pub(super) tags: Tags,
    pub(super) registered_at: i64,
    pub(super) registered_by: String,
    pub(super) deregistered_at: Option<i64>,
    pub(super) delete_requested_at: Option<i64>,
}

/// Where a revision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    Active,
    Inactive,
    DeleteInProgress,
}

impl Definition {
    /// The container definitions, with defaults filled in.
    pub(super) fn containers(&self) -> &[Value] {
        self.body.get("containerDefinitions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// A text member, such as `executionRoleArn`.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Value::as_str)
    }

    /// Whether tasks of it can run so.
    pub(super) fn supports(&self, launch_type: &str) -> bool {
        crate::call::texts(self.body.get("compatibilities")).iter().any(|compatibility| compatibility == launch_type)
    }

    /// As `DescribeTaskDefinition` shows it.
    pub(super) fn view(&self) -> Value {
        let mut view = self.body.clone();
        if let Some(view) = view.as_object_mut() {
            view.insert("taskDefinitionArn".to_owned(), json!(self.arn));
            view.insert("family".to_owned(), json!(self.family));
            view.insert("revision".to_owned(), json!(self.revision));
            view.insert("status".to_owned(), json!(self.status));
            view.insert("registeredAt".to_owned(), wire_time(self.registered_at));
            view.insert("registeredBy".to_owned(), json!(self.registered_by));
            view.insert("deregisteredAt".to_owned(), self.deregistered_at.map_or(Value::Null, wire_time));
            view.insert("deleteRequestedAt".to_owned(), self.delete_requested_at.map_or(Value::Null, wire_time));
        }
        view
    }
}

/// The family and revision that `family:revision` or an ARN names; a family alone has no revision.
fn parse(world: &World, given: &str) -> Option<(String, Option<u32>)> {
    let name = if given.starts_with("arn:") { names::of_arn(world, given, "task-definition")? } else { given };
    match name.split_once(':') {
        None => Some((name.to_owned(), None)),
        Some((family, revision)) => Some((family.to_owned(), Some(revision.parse().ok()?))),
    }
}

/// The revision that is named; for a family alone its newest active one.
pub(super) fn find<'a>(world: &'a World, given: &str) -> Option<&'a Definition> {
    let (family, revision) = parse(world, given)?;
    let revisions = &world.ecs.families.get(&family)?.revisions;
    match revision {
        Some(revision) => revisions.get(&revision),
        None => revisions.values().rev().find(|definition| definition.status == Status::Active),
    }
}

/// The revision that is named exactly, to change it.
pub(super) fn find_mut<'a>(world: &'a mut World, given: &str) -> Option<&'a mut Definition> {
    let (family, revision) = parse(world, given)?;
    world.ecs.families.get_mut(&family)?.revisions.get_mut(&revision?)
}

/// The revision that a service or task is to run: it must be active.
pub(super) fn runnable<'a>(world: &'a World, given: Option<&str>) -> Result<&'a Definition, Fault> {
    let given = given.ok_or_else(|| client("TaskDefinition can not be blank."))?;
    let definition = find(world, given).ok_or_else(|| client("TaskDefinition not found."))?;
    if definition.status == Status::Active { Ok(definition) } else { Err(client("TaskDefinition is inactive")) }
}

/// `DescribeTaskDefinition`
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let missing = || client("Unable to describe task definition.");
    let definition = find(world, call.text("taskDefinition").unwrap_or_default()).ok_or_else(missing)?;
    let tags = if tags::wanted(call) { tags::view(&definition.tags) } else { json!([]) };
    Ok(json!({"taskDefinition": definition.view(), "tags": tags}))
}

/// `ListTaskDefinitions`: by family name and revision number; `familyPrefix` is a whole family name.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let status = match call.text("status").unwrap_or("ACTIVE") {
        "ACTIVE" => Status::Active,
        "INACTIVE" => Status::Inactive,
        "DELETE_IN_PROGRESS" => Status::DeleteInProgress,
        other => return Err(invalid(format!("Invalid status: {other}"))),
    };
    let wanted = |definition: &&Definition| {
        definition.status == status && call.text("familyPrefix").is_none_or(|family| family == definition.family)
    };
    let definitions = world.ecs.families.values().flat_map(|family| family.revisions.values());
    let mut arns: Vec<String> = definitions.filter(wanted).map(|definition| definition.arn.clone()).collect();
    if call.text("sort") == Some("DESC") {
        arns.reverse();
    }
    let (page, next) = world.page(&arns, names::page_size(call, 100)?, call.text("nextToken"))?;
    Ok(json!({"taskDefinitionArns": page, "nextToken": next}))
}

/// `ListTaskDefinitionFamilies`: here `familyPrefix` is a prefix.
pub(super) fn list_families(world: &mut World, call: &Call) -> Answer {
    let status = call.text("status").unwrap_or("ALL");
    let wanted = |family: &Family| {
        let active = family.revisions.values().any(|definition| definition.status == Status::Active);
        status == "ALL" || active == (status == "ACTIVE")
    };
    let prefix = call.text("familyPrefix").unwrap_or_default();
    let families = world.ecs.families.iter().filter(|(name, family)| name.starts_with(prefix) && wanted(family));
    let families: Vec<String> = families.map(|(name, _)| name.clone()).collect();
    let (page, next) = world.page(&families, names::page_size(call, 100)?, call.text("nextToken"))?;
    Ok(json!({"families": page, "nextToken": next}))
}

/// `DeregisterTaskDefinition`: inactive; what runs goes on running. Repeating it changes nothing.
pub(super) fn deregister(world: &mut World, call: &Call) -> Answer {
    let now = world.now;
    let missing = || client("The specified task definition does not exist.");
    let definition = find_mut(world, call.text("taskDefinition").unwrap_or_default()).ok_or_else(missing)?;
    if definition.status == Status::Active {
        definition.status = Status::Inactive;
        definition.deregistered_at = Some(now);
    }
    Ok(json!({"taskDefinition": definition.view()}))
}

/// `DeleteTaskDefinitions`: at most ten, each deregistered before.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let given = call.texts("taskDefinitions");
    if given.is_empty() || given.len() > 10 {
        return Err(invalid("You must specify between 1 and 10 task definitions."));
    }
    let now = world.now;
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for given in given {
        let mut fail = |reason: &str| failures.push(json!({"arn": given, "reason": reason}));
        match find_mut(world, &given) {
            None => fail(
                "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
            ),
            Some(definition) if definition.status == Status::Active => {
                fail(
                    "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
                );
            }
            Some(definition) => {
                definition.status = Status::DeleteInProgress;
                definition.delete_requested_at = Some(now);
                deleted.push(definition.view());
            }
        }
    }
    Ok(json!({"taskDefinitions": deleted, "failures": failures}))
}
