//! EC2.

pub(super) mod launch_template;
mod launch_template_data;
pub(super) mod security_group;
pub(super) mod security_group_rule;

use aws_sdk_ec2::operation::create_tags::builders::CreateTagsInputBuilder;
use aws_sdk_ec2::operation::delete_tags::builders::DeleteTagsInputBuilder;
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};

use crate::access::{Aws, Write};
use crate::fault::Fault;
use crate::tags::{Retag, Tags};

/// EC2's tags as a map.
pub(crate) fn tags_of(tags: &[Tag]) -> Tags {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    tags.iter().filter_map(pair).collect()
}

fn tag_list(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Tags of something that is about to be made.
fn specification(resource: ResourceType, tags: Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(resource).set_tags(Some(tag_list(tags))).build()
}

/// Tags and untags what has this id.
async fn retag(aws: &Aws<Write>, id: &str, retag: Retag) -> Result<(), Fault> {
    if !retag.set.is_empty() {
        let tags = tag_list(retag.set);
        aws.write(CreateTagsInputBuilder::default().resources(id).set_tags(Some(tags))).await?;
    }
    if !retag.remove.is_empty() {
        // Without a value the tag goes whatever its value is.
        let keys = retag.remove.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        aws.write(DeleteTagsInputBuilder::default().resources(id).set_tags(Some(keys))).await?;
    }
    Ok(())
}

/// The id in an ARN such as `arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1`, or the id itself.
fn id_of(physical: &str) -> &str {
    physical.rsplit('/').next().unwrap_or(physical)
}
