//! Tags of groups.

use aws_sdk_autoscaling::operation::create_or_update_tags::builders::CreateOrUpdateTagsInputBuilder;
use aws_sdk_autoscaling::operation::delete_tags::builders::DeleteTagsInputBuilder;
use aws_sdk_autoscaling::types::{Tag, TagDescription};

use crate::access::{Aws, Write};
use crate::fault::Fault;
use crate::tags::{Retag, Tags};

const GROUP: &str = "auto-scaling-group";

pub(super) fn tags_of(tags: &[TagDescription]) -> Tags {
    let pair = |tag: &TagDescription| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    tags.iter().filter_map(pair).collect()
}

/// Instances that are launched later get them too.
pub(super) fn tag_list(group: &str, tags: Tags) -> Vec<Tag> {
    let tag = |(key, value): (String, String)| {
        let tag = Tag::builder().resource_id(group).resource_type(GROUP).key(key).value(value);
        tag.propagate_at_launch(true).build()
    };
    tags.into_iter().map(tag).collect()
}

pub(super) async fn retag(aws: &Aws<Write>, group: &str, retag: Retag) -> Result<(), Fault> {
    if !retag.set.is_empty() {
        let tags = tag_list(group, retag.set);
        aws.write(CreateOrUpdateTagsInputBuilder::default().set_tags(Some(tags))).await?;
    }
    if !retag.remove.is_empty() {
        let keys = retag.remove.into_iter().map(|key| (key, String::new())).collect();
        let request = DeleteTagsInputBuilder::default().set_tags(Some(tag_list(group, keys)));
        aws.write(request).await?;
    }
    Ok(())
}
