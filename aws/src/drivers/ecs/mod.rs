//! ECS.

pub(super) mod capacity_provider;
pub(super) mod cluster;
pub(super) mod cluster_capacity_providers;
mod container_instances;
pub(super) mod deployed;
mod document;
mod in_use;
pub(super) mod managed_capacity_provider;
mod managed_requirements;
pub(super) mod one_off;
mod revisions;
pub(super) mod service;
pub(super) mod task_definition;
pub(super) mod triggered;

use aws_sdk_ecs::operation::list_clusters::builders::ListClustersInputBuilder;
use aws_sdk_ecs::operation::tag_resource::builders::TagResourceInputBuilder;
use aws_sdk_ecs::operation::untag_resource::builders::UntagResourceInputBuilder;
use aws_sdk_ecs::types::Tag;

use crate::access::{Aws, Read, Write};
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

/// The names of all clusters; a page has 100 (API reference, `ListClusters`).
async fn cluster_names(aws: &Aws<Read>) -> Result<Vec<String>, Fault> {
    let mut names = vec![];
    let mut token = None;
    loop {
        let page = aws.read(ListClustersInputBuilder::default().max_results(100).set_next_token(token)).await?;
        names.extend(page.cluster_arns.unwrap_or_default().iter().map(|arn| name_of(arn).to_owned()));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(names);
        }
    }
}

/// What stands behind the last slash of an ARN.
fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
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
