//! IAM.

pub(super) mod instance_profile;
mod listing;
pub(super) mod role;

use aws_sdk_iam::types::Tag;

use crate::fault::Fault;
use crate::tags::Tags;

/// What was asked for is not there.
const GONE: &[&str] = &["NoSuchEntity", "NoSuchEntityException"];

/// IAM's tags as a map.
fn tags_of(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// A map as IAM's tags.
fn tag_list(tags: Tags) -> Result<Vec<Tag>, Fault> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build();
    let tags = tags.into_iter().map(tag).collect::<Result<_, _>>();
    tags.map_err(|error| Fault::unsent("iam:TagRole", &error))
}
