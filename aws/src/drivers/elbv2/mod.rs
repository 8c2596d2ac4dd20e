//! Elastic Load Balancing: Application Load Balancers, and what stands behind them.

mod attributes;
pub(super) mod joins;
pub(super) mod listener;
mod listener_action;
pub(super) mod listener_rule;
pub(super) mod load_balancer;
pub(super) mod target_group;
mod web_acl;

use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::operation::add_tags::builders::AddTagsInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::remove_tags::builders::RemoveTagsInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::Tag;
use longshore_planner::engine::Owner;
use serde::de::DeserializeOwned;

use crate::access::{Aws, Read, Write};
use crate::drivers::already_exists;
use crate::fault::Fault;
use crate::tags::{Marks, Retag, Tags};

/// What an ARN leads to that is not there.
const GONE: &[&str] = &["LoadBalancerNotFound", "ListenerNotFound", "RuleNotFound", "TargetGroupNotFound"];

/// Tags as a map.
fn tags_of(tags: &[Tag]) -> Tags {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    tags.iter().filter_map(pair).collect()
}

fn tag_list(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Tags and untags what has this ARN.
async fn retag(aws: &Aws<Write>, arn: &str, change: Retag) -> Result<(), Fault> {
    if !change.set.is_empty() {
        let tags = Some(tag_list(change.set));
        aws.write(AddTagsInputBuilder::default().resource_arns(arn).set_tags(tags)).await?;
    }
    if !change.remove.is_empty() {
        let keys = Some(change.remove);
        aws.write(RemoveTagsInputBuilder::default().resource_arns(arn).set_tag_keys(keys)).await?;
    }
    Ok(())
}

impl<A> Aws<A> {
    /// The tags of a load balancer, listener, rule or target group; `None`: it went away meanwhile.
    async fn elb_tags(&self, arn: &str) -> Result<Option<Arc<Tags>>, Fault> {
        self.joins().elb_tags.get((), arn.to_owned()).await
    }
}

/// The end of an ARN, as metrics name what it leads to.
fn suffix<'a>(arn: &'a str, after: &str) -> &'a str {
    arn.split_once(after).map_or(arn, |(_, suffix)| suffix)
}

/// One of AWS's words as the planner's own. One that it does not know belongs to what Longshore never makes.
fn word<T: DeserializeOwned>(operation: &str, member: &str, text: Option<&str>) -> Result<T, Fault> {
    let word = text.unwrap_or_default();
    serde_json::from_value(word.into()).map_err(|_| {
        Fault::fix(
            operation,
            "Unsuitable",
            format!("what is there has the {member} \"{word}\", which Longshore has no use for"),
            "give this one another name",
        )
    })
}

/// The ARN of what was made, or made before, by this object. What AWS answers to a create (`answered`) may be another's
/// with the same settings; tags say so. A read may be older than the create, and show none.
async fn made_by_us(
    aws: &Aws<Read>,
    marks: &Marks<'_>,
    operation: &str,
    name: &str,
    arn: Option<String>,
    answered: bool,
) -> Result<String, Fault> {
    let Some(arn) = arn else {
        return Err(Fault::wait(operation, "NotVisibleYet", format!("{name} exists, and AWS does not show it yet")));
    };
    let owner = aws.elb_tags(&arn).await?.map(|tags| marks.judge(&tags));
    match owner {
        Some(Owner::This) => Ok(arn),
        None if answered => Ok(arn),
        _ => Err(already_exists(operation, name)),
    }
}
