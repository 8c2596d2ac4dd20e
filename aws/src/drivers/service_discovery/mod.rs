//! Cloud Map.

pub(super) mod listing;
pub(super) mod namespaces;
pub(super) mod service;

use aws_sdk_servicediscovery::operation::list_tags_for_resource::builders::ListTagsForResourceInputBuilder;
use aws_sdk_servicediscovery::operation::tag_resource::builders::TagResourceInputBuilder;
use aws_sdk_servicediscovery::operation::untag_resource::builders::UntagResourceInputBuilder;
use aws_sdk_servicediscovery::types::Tag;

use crate::access::{Aws, Read, Write};
use crate::fault::{Absent, Fault};
use crate::tags::{Retag, Tags};

/// `None`: it went away meanwhile.
async fn tags_of(aws: &Aws<Read>, arn: &str) -> Result<Option<Tags>, Fault> {
    let request = ListTagsForResourceInputBuilder::default().resource_arn(arn);
    let answer = aws.read(request).await.absent_if(&["ResourceNotFoundException"])?;
    let tags = |tags: Vec<Tag>| tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    Ok(answer.map(|answer| answer.tags.map(tags).unwrap_or_default()))
}

/// Tags as Cloud Map takes them. Both members are always there, so that none is left out.
fn tag_list(tags: Tags) -> Vec<Tag> {
    tags.into_iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

async fn retag(aws: &Aws<Write>, arn: &str, change: Retag) -> Result<(), Fault> {
    if !change.set.is_empty() {
        aws.write(TagResourceInputBuilder::default().resource_arn(arn).set_tags(Some(tag_list(change.set)))).await?;
    }
    if !change.remove.is_empty() {
        let keys = Some(change.remove);
        aws.write(UntagResourceInputBuilder::default().resource_arn(arn).set_tag_keys(keys)).await?;
    }
    Ok(())
}
