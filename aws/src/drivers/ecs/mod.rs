//! ECS.

pub(super) mod cluster;
mod document;
pub(super) mod service;
pub(super) mod task_definition;

use aws_sdk_ecs::operation::tag_resource::builders::TagResourceInputBuilder;
use aws_sdk_ecs::operation::untag_resource::builders::UntagResourceInputBuilder;
use aws_sdk_ecs::types::Tag;

use crate::access::{Aws, Write};
use crate::fault::Fault;
use crate::tags::{Retag, Tags};

/// ECS's tags as a map.
fn tags_of(tags: &[Tag]) -> Tags {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    tags.iter().filter_map(pair).collect()
}

/// A map as ECS's tags.
fn tag_list(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Tags and untags what has this ARN.
async fn retag(aws: &Aws<Write>, arn: &str, retag: Retag) -> Result<(), Fault> {
    if !retag.set.is_empty() {
        let tags = tag_list(retag.set);
        aws.write(TagResourceInputBuilder::default().resource_arn(arn).set_tags(Some(tags))).await?;
    }
    if !retag.remove.is_empty() {
        let keys = Some(retag.remove);
        aws.write(UntagResourceInputBuilder::default().resource_arn(arn).set_tag_keys(keys)).await?;
    }
    Ok(())
}
