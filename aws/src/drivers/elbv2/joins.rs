//! Reads of load balancing, joined.
//!
//! Of a list of names or ARNs of which one is not there, Elastic Load Balancing tells nothing but that: each is then
//! asked for by itself.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::operation::describe_listeners::builders::DescribeListenersInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancers::builders::DescribeLoadBalancersInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::describe_rules::builders::DescribeRulesInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::describe_tags::builders::DescribeTagsInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::builders::DescribeTargetGroupsInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, Rule, TagDescription, TargetGroup};

use super::{GONE, tags_of};
use crate::access::Core;
use crate::fault::{Absent, Fault};
use crate::tags::Tags;

/// "You can describe up to 20", API reference of `DescribeTags`, `DescribeLoadBalancers` and `DescribeTargetGroups`.
pub(crate) const AT_ONCE: usize = 20;
/// The most, and the default, of a page (API reference, `PageSize`).
const PAGE: i32 = 400;

/// Load balancers by name.
pub(crate) async fn read_load_balancers(
    core: Arc<Core>,
    names: Vec<String>,
) -> Result<HashMap<String, Arc<LoadBalancer>>, Fault> {
    let ask = |names| async {
        let request = DescribeLoadBalancersInputBuilder::default().set_names(Some(names));
        core.send(request).await.map(|answer| answer.load_balancers.unwrap_or_default())
    };
    Ok(load_balancers_by_name(there(names, ask).await?))
}

/// Target groups by name.
pub(crate) async fn read_target_groups(
    core: Arc<Core>,
    names: Vec<String>,
) -> Result<HashMap<String, Arc<TargetGroup>>, Fault> {
    let ask = |names| async {
        let request = DescribeTargetGroupsInputBuilder::default().set_names(Some(names));
        core.send(request).await.map(|answer| answer.target_groups.unwrap_or_default())
    };
    Ok(target_groups_by_name(there(names, ask).await?))
}

/// The tags of any of them by ARN.
pub(crate) async fn read_tags(core: Arc<Core>, arns: Vec<String>) -> Result<HashMap<String, Arc<Tags>>, Fault> {
    let ask = |arns| async {
        let request = DescribeTagsInputBuilder::default().set_resource_arns(Some(arns));
        core.send(request).await.map(|answer| answer.tag_descriptions.unwrap_or_default())
    };
    let tagged = there(arns, ask).await?.into_iter();
    let entry = |one: TagDescription| Some((one.resource_arn.clone()?, Arc::new(tags_of(one.tags()))));
    Ok(tagged.filter_map(entry).collect())
}

/// Those of a list that are there.
async fn there<T, F>(keys: Vec<String>, ask: impl Fn(Vec<String>) -> F) -> Result<Vec<T>, Fault>
where
    F: Future<Output = Result<Vec<T>, Fault>>,
{
    if let Some(all) = ask(keys.clone()).await.absent_if(GONE)? {
        return Ok(all);
    }
    let several = keys.len() > 1;
    let mut found = vec![];
    // A list of one has been asked for as such.
    for key in keys.into_iter().filter(|_| several) {
        found.extend(ask(vec![key]).await.absent_if(GONE)?.unwrap_or_default());
    }
    Ok(found)
}

/// The listeners of each load balancer, by its ARN.
pub(crate) async fn read_listeners(
    core: Arc<Core>,
    load_balancers: Vec<String>,
) -> Result<HashMap<String, Arc<Vec<Listener>>>, Fault> {
    let mut found = HashMap::new();
    for arn in load_balancers {
        if let Some(listeners) = listeners(&core, &arn).await? {
            found.insert(arn, Arc::new(listeners));
        }
    }
    Ok(found)
}

async fn listeners(core: &Core, load_balancer: &str) -> Result<Option<Vec<Listener>>, Fault> {
    let request = DescribeListenersInputBuilder::default().load_balancer_arn(load_balancer).page_size(PAGE);
    let (mut found, mut marker) = (vec![], None);
    loop {
        let page = core.send(request.clone().set_marker(marker)).await.absent_if(GONE)?;
        let Some(page) = page else { return Ok(None) };
        found.extend(page.listeners.unwrap_or_default());
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(Some(found));
        }
    }
}

/// The rules of each listener, by its ARN.
pub(crate) async fn read_rules(
    core: Arc<Core>,
    listeners: Vec<String>,
) -> Result<HashMap<String, Arc<Vec<Rule>>>, Fault> {
    let mut found = HashMap::new();
    for arn in listeners {
        if let Some(rules) = rules(&core, &arn).await? {
            found.insert(arn, Arc::new(rules));
        }
    }
    Ok(found)
}

async fn rules(core: &Core, listener: &str) -> Result<Option<Vec<Rule>>, Fault> {
    let request = DescribeRulesInputBuilder::default().listener_arn(listener).page_size(PAGE);
    let (mut found, mut marker) = (vec![], None);
    loop {
        let page = core.send(request.clone().set_marker(marker)).await.absent_if(GONE)?;
        let Some(page) = page else { return Ok(None) };
        found.extend(page.rules.unwrap_or_default());
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(Some(found));
        }
    }
}

/// Every target group of the account and region, by name.
pub(crate) async fn all_target_groups(core: &Core) -> Result<HashMap<String, Arc<TargetGroup>>, Fault> {
    let request = DescribeTargetGroupsInputBuilder::default().page_size(PAGE);
    let (mut found, mut marker) = (HashMap::new(), None);
    loop {
        let page = core.send(request.clone().set_marker(marker)).await?;
        found.extend(target_groups_by_name(page.target_groups.unwrap_or_default()));
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// Every load balancer of the account and region, by name.
pub(crate) async fn all_load_balancers(core: &Core) -> Result<HashMap<String, Arc<LoadBalancer>>, Fault> {
    let request = DescribeLoadBalancersInputBuilder::default().page_size(PAGE);
    let (mut found, mut marker) = (HashMap::new(), None);
    loop {
        let page = core.send(request.clone().set_marker(marker)).await?;
        found.extend(load_balancers_by_name(page.load_balancers.unwrap_or_default()));
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

fn load_balancers_by_name(there: Vec<LoadBalancer>) -> HashMap<String, Arc<LoadBalancer>> {
    there
        .into_iter()
        .filter_map(|one| Some((one.load_balancer_name().map(ToOwned::to_owned)?, Arc::new(one))))
        .collect()
}

fn target_groups_by_name(there: Vec<TargetGroup>) -> HashMap<String, Arc<TargetGroup>> {
    there.into_iter().filter_map(|one| Some((one.target_group_name().map(ToOwned::to_owned)?, Arc::new(one)))).collect()
}
