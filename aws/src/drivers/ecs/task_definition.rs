//! `ecs/task-definition`: a revision, found again by the identity in its tags.

use async_trait::async_trait;
use aws_sdk_ecs::operation::deregister_task_definition::builders::DeregisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionOutput;
use aws_sdk_ecs::operation::describe_task_definition::builders::DescribeTaskDefinitionInputBuilder;
use aws_sdk_ecs::operation::list_task_definitions::builders::ListTaskDefinitionsInputBuilder;
use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::types::{SortOrder, TaskDefinition as Described, TaskDefinitionField, TaskDefinitionStatus};
use futures::future::join_all;
use longshore_planner::engine::{Id, Kind, LookUp, Owner, Ownership, Seen, Unread};
use longshore_planner::kinds::ecs::task_definition::{TaskDefinition, TaskDefinitionOutput};
use serde_json::{Map, Value, json};

use super::document::{document, structure, taken, value, written};
use super::{name_of, retag, revisions, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed};
use crate::fault::Fault;
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, identity, managed};

const DESCRIBE: &str = "ecs:DescribeTaskDefinition";
const REGISTER: &str = "ecs:RegisterTaskDefinition";
/// Marks a revision that was rolled back.
const TAG_REJECTED: &str = "longshore.dev/rejected";
/// With which role ECS makes the volumes of its tasks.
const TAG_INFRASTRUCTURE_ROLE: &str = "longshore.dev/infrastructure-role";
/// How many of a family's newest revisions are searched for one of ours. What is older and in no inventory is
/// registered again, which costs a revision and harms nothing.
const SEARCHED: i32 = 10;

pub(crate) struct TaskDefinitionDriver;

/// A revision that is active, and its tags.
pub(super) struct Revision {
    pub(super) described: Described,
    tags: Tags,
}

#[async_trait]
impl Driver for TaskDefinitionDriver {
    type Kind = TaskDefinition;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<TaskDefinition>>, Fault> {
        let known = match &at.entry.physical {
            Some(arn) => describe(aws, arn).await?,
            None => None,
        };
        let revision = match (known, at.member("family")) {
            (Some(revision), _) => Some(revision),
            (None, Some(family)) => search(aws, ownership, family, &at.id).await?,
            (None, None) => None,
        };
        let is_ours = |revision: &Revision| ownership.judge(&revision.tags) == Owner::This;
        match (revision, at.member("deployed")) {
            (revision, Some(arn)) if !revision.as_ref().is_some_and(is_ours) => deployed(aws, at, arn).await,
            (Some(revision), _) => Ok(Some(Found::new(seen(&revision)?, ownership, &revision.tags))),
            (None, _) => Ok(None),
        }
    }

    /// A revision cannot change, and its identity is the hash of its content: so the list of active revisions, a hundred
    /// a call, tells all but tags. Those are read in every turn of the object, and in no survey.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<TaskDefinition>> {
        let reads = asks.iter().map(|ask| async {
            // Without its ARN it must be searched for, and is then read as a whole.
            let Some((arn, family, revision)) = known(ask.at) else {
                let found = self.read(survey.aws(), ask.ownership, ask.at).await?;
                return Ok(found.map(Glimpsed::whole));
            };
            if !is_active(survey, arn, family).await? {
                return Ok(None);
            }
            let value = TaskDefinition {
                family: family.to_owned(),
                task_role_arn: None,
                execution_role_arn: None,
                infrastructure_role_arn: None,
                content: longshore_crds::TaskDefinition::default(),
                deployed: None,
                rejected: false,
                tags: Tags::new(),
            };
            let seen = Seen::active(value)
                .with_output(TaskDefinitionOutput::Arn, arn)
                .with_output(TaskDefinitionOutput::Family, family)
                .with_output(TaskDefinitionOutput::Revision, revision);
            Ok(Some(Glimpsed { found: Found::untagged(seen), unread: Unread::Value }))
        });
        join_all(reads).await
    }

    /// Only families whose names Longshore may have made are looked through, and of those only revisions that no object
    /// knows: each costs a call. A family that a spec named, whose object is gone, is not found.
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let active = revisions::active(survey.aws(), None, usize::MAX).await?;
        let unclaimed = active.found.keys().filter(|arn| {
            let made =
                revisions::name_of(arn).is_some_and(|(family, _)| generated(family) || claims.known.contains(family));
            made && !claims.known.contains(*arn)
        });
        let mut ours = vec![];
        for arn in unclaimed {
            let Some(revision) = describe(survey.aws(), arn).await? else { continue };
            ours.extend(Ours::of(claims, TaskDefinition::NAME, name_of(arn), arn, &revision.tags));
        }
        Ok(ours)
    }

    /// AWS has no token for this call: after a lost reply the revision is found by its tag, and not made again.
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: TaskDefinition) -> Result<Option<String>, Fault> {
        if let Some(revision) = search(&aws.reader(), marks.ownership, &want.family, marks.id).await? {
            return Ok(revision.described.task_definition_arn);
        }
        let request = request(&want)?.set_tags(Some(tag_list(all_tags(&marks, &want))));
        let answer = aws.write(request).await?;
        Ok(answer.task_definition.and_then(|revision| revision.task_definition_arn))
    }

    /// Only tags can be changed; the content is part of the identity.
    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: TaskDefinition,
        seen: Seen<TaskDefinition>,
    ) -> Result<(), Fault> {
        let mut change = Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner);
        if want.rejected && !seen.value.rejected {
            change.set.insert(TAG_REJECTED.to_owned(), "true".to_owned());
        }
        if !want.rejected && seen.value.rejected {
            change.remove.push(TAG_REJECTED.to_owned());
        }
        match &want.infrastructure_role_arn {
            Some(arn) if seen.value.infrastructure_role_arn.as_ref() != Some(arn) => {
                change.set.insert(TAG_INFRASTRUCTURE_ROLE.to_owned(), arn.to_string());
            }
            None if seen.value.infrastructure_role_arn.is_some() => {
                change.remove.push(TAG_INFRASTRUCTURE_ROLE.to_owned());
            }
            _ => {}
        }
        retag(aws, seen.outputs.get("arn").map_or("", String::as_str), change).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<TaskDefinition>) -> Result<(), Fault> {
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        aws.write(DeregisterTaskDefinitionInputBuilder::default().task_definition(arn)).await.map(drop)
    }
}

/// The revision's ARN, family and number, where the inventory has them.
fn known(at: &LookUp) -> Option<(&str, &str, &str)> {
    let arn = at.entry.physical.as_deref()?;
    let (family, revision) = revisions::name_of(arn)?;
    Some((arn, family, revision))
}

/// Whether a revision is in the list of all active ones; where that is too long, in its family's.
async fn is_active(survey: &Survey, arn: &str, family: &str) -> Result<bool, Fault> {
    let all = survey.lists().revisions.get((), |()| revisions::active(survey.aws(), None, survey.objects())).await?;
    if all.whole || all.found.contains_key(arn) {
        return Ok(all.found.contains_key(arn));
    }
    let family = revisions::active(survey.aws(), Some(family), usize::MAX).await?;
    Ok(family.found.contains_key(arn))
}

/// Whether a family's name ends in a hash, as those do that no spec names (`names::base` of the planner).
fn generated(family: &str) -> bool {
    let hash = family.rsplit_once('-').map_or("", |(_, hash)| hash);
    hash.len() == 8 && hash.chars().all(|digit| digit.is_ascii_hexdigit())
}

/// The revision of this ARN, if it is active.
pub(super) async fn describe(aws: &Aws<Read>, arn: &str) -> Result<Option<Revision>, Fault> {
    let active = |revision: &Revision| revision.described.status() == Some(&TaskDefinitionStatus::Active);
    Ok(registered(aws, arn).await?.filter(active))
}

/// The revision of this ARN, active or not. ECS says `ClientException` of those that never were.
pub(super) async fn registered(aws: &Aws<Read>, arn: &str) -> Result<Option<Revision>, Fault> {
    let request = DescribeTaskDefinitionInputBuilder::default().task_definition(arn).include(TaskDefinitionField::Tags);
    let answer: DescribeTaskDefinitionOutput = match aws.read(request).await {
        Ok(answer) => answer,
        Err(fault) if fault.is("ClientException") && fault.message.contains("Unable to describe") => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let tags = tags_of(answer.tags());
    Ok(answer.task_definition.map(|described| Revision { described, tags }))
}

/// What a revision says of its tasks, if it is there.
pub(super) async fn content(aws: &Aws<Read>, arn: &str) -> Result<Option<longshore_crds::TaskDefinition>, Fault> {
    let Some(revision) = describe(aws, arn).await? else { return Ok(None) };
    Ok(Some(seen(&revision)?.value.content))
}

/// What somebody else deployed, under an identity of its own: the planner takes it for the wanted one only where its
/// fields are the same.
async fn deployed(aws: &Aws<Read>, at: &LookUp, arn: &str) -> Result<Option<Found<TaskDefinition>>, Fault> {
    let Some(revision) = describe(aws, arn).await? else { return Ok(None) };
    let seen = Seen { owner: Owner::Shared, ..seen(&revision)? };
    let id = Id { fixed: format!("deployed-{}", name_of(arn)), ..at.id.clone() };
    Ok(Some(Found { tagged: Some(id), ..Found::untagged(seen) }))
}

/// Ours among the newest revisions of a family.
async fn search(aws: &Aws<Read>, ownership: &Ownership, family: &str, id: &Id) -> Result<Option<Revision>, Fault> {
    let request = ListTaskDefinitionsInputBuilder::default()
        .family_prefix(family)
        .status(TaskDefinitionStatus::Active)
        .sort(SortOrder::Desc)
        .max_results(SEARCHED);
    let arns = aws.read(request).await?.task_definition_arns.unwrap_or_default();
    for arn in arns {
        let revision = describe(aws, &arn).await?;
        if let Some(revision) = revision.filter(|revision| identity(ownership, &revision.tags).as_ref() == Some(id)) {
            return Ok(Some(revision));
        }
    }
    Ok(None)
}

fn seen(revision: &Revision) -> Result<Seen<TaskDefinition>, Fault> {
    let described = &revision.described;
    let mut content = document(DESCRIBE, Described::SCHEMA, described)?;
    if let Some(members) = content.as_object_mut() {
        // What was never given, some write as an empty text (ministack does).
        members.retain(|_, member| member.as_str() != Some(""));
    }
    let kind = json!({
        "family": content.get("family"),
        "taskRoleArn": content.get("taskRoleArn"),
        "executionRoleArn": content.get("executionRoleArn"),
        "infrastructureRoleArn": revision.tags.get(TAG_INFRASTRUCTURE_ROLE),
        "content": content,
        "rejected": revision.tags.contains_key(TAG_REJECTED),
        "tags": managed(&revision.tags),
    });
    Ok(Seen::active(value(DESCRIBE, kind)?)
        .with_output(TaskDefinitionOutput::Arn, described.task_definition_arn().unwrap_or_default())
        .with_output(TaskDefinitionOutput::Family, described.family().unwrap_or_default())
        .with_output(TaskDefinitionOutput::Revision, described.revision().to_string()))
}

fn all_tags(marks: &Marks<'_>, want: &TaskDefinition) -> Tags {
    let mut tags = marks.with(&want.tags);
    if want.rejected {
        tags.insert(TAG_REJECTED.to_owned(), "true".to_owned());
    }
    tags.extend(want.infrastructure_role_arn.as_ref().map(|arn| (TAG_INFRASTRUCTURE_ROLE.to_owned(), arn.to_string())));
    tags
}

fn request(want: &TaskDefinition) -> Result<RegisterTaskDefinitionInputBuilder, Fault> {
    let mut whole = written(REGISTER, want)?;
    let mut members = match taken(&mut whole, "/content") {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for member in ["family", "taskRoleArn", "executionRoleArn"] {
        members.insert(member.to_owned(), taken(&mut whole, &format!("/{member}")));
    }
    for size in ["cpu", "memory"] {
        // A number in the spec, a string to ECS.
        if let Some(Value::Number(number)) = members.get(size) {
            let text = number.to_string();
            members.insert(size.to_owned(), text.into());
        }
    }
    members.retain(|_, member| !member.is_null());
    let input = structure(REGISTER, &Value::Object(members), RegisterTaskDefinitionInput::deserialize)?;
    Ok(RegisterTaskDefinitionInputBuilder::default()
        .set_family(input.family)
        .set_task_role_arn(input.task_role_arn)
        .set_execution_role_arn(input.execution_role_arn)
        .set_network_mode(input.network_mode)
        .set_container_definitions(input.container_definitions)
        .set_volumes(input.volumes)
        .set_placement_constraints(input.placement_constraints)
        .set_requires_compatibilities(input.requires_compatibilities)
        .set_cpu(input.cpu)
        .set_memory(input.memory)
        .set_pid_mode(input.pid_mode)
        .set_ipc_mode(input.ipc_mode)
        .set_proxy_configuration(input.proxy_configuration)
        .set_ephemeral_storage(input.ephemeral_storage)
        .set_runtime_platform(input.runtime_platform)
        .set_enable_fault_injection(input.enable_fault_injection))
}
