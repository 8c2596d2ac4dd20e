//! Elastic File System.

pub(super) mod access_point;
mod detail;
pub(super) mod file_system;
pub(super) mod joins;
pub(super) mod mount_target;

use aws_sdk_efs::operation::tag_resource::builders::TagResourceInputBuilder;
use aws_sdk_efs::operation::untag_resource::builders::UntagResourceInputBuilder;
use aws_sdk_efs::types::{FileSystemDescription, LifeCycleState, Tag};
use longshore_planner::engine::State;
use std::collections::HashMap;
use std::sync::Arc;

use crate::access::{Aws, Write};
use crate::fault::Fault;
use crate::survey::Survey;
use crate::tags::{Retag, Tags};

/// What an id leads to that is not there.
const GONE: &[&str] = &["FileSystemNotFound", "MountTargetNotFound", "AccessPointNotFound"];

/// Tags as a map.
fn tags_of(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// Tags as EFS takes them. Both members are always there, so that none is left out.
fn tag_list(tags: Tags) -> Vec<Tag> {
    tags.into_iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

/// Tags and untags a file system or an access point.
async fn retag(aws: &Aws<Write>, id: &str, change: Retag) -> Result<(), Fault> {
    if !change.set.is_empty() {
        aws.write(TagResourceInputBuilder::default().resource_id(id).set_tags(Some(tag_list(change.set)))).await?;
    }
    if !change.remove.is_empty() {
        let keys = Some(change.remove);
        aws.write(UntagResourceInputBuilder::default().resource_id(id).set_tag_keys(keys)).await?;
    }
    Ok(())
}

/// The end of an ARN, or an id as it is.
fn id_of(physical: &str) -> &str {
    physical.rsplit('/').next().unwrap_or(physical)
}

/// `None`: it is no more (API reference, `LifeCycleState`).
fn state(what: &str, state: Option<&LifeCycleState>) -> Option<State> {
    match state {
        Some(LifeCycleState::Deleted) => None,
        Some(LifeCycleState::Deleting) => Some(State::Deleting(format!("EFS is deleting the {what}"))),
        Some(LifeCycleState::Available) => Some(State::Active),
        Some(other) => Some(State::Pending(format!("the {what} is {}", other.as_str()))),
        None => Some(State::Pending(format!("EFS does not tell the state of the {what}"))),
    }
}

/// Every file system of the account, by id.
async fn all(survey: &Survey) -> Result<Arc<HashMap<String, Arc<FileSystemDescription>>>, Fault> {
    let list = |()| async move { joins::all_file_systems(&survey.aws().core()).await };
    survey.lists().file_systems.get((), list).await
}
