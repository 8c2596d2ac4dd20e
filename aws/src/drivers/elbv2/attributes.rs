//! Attributes: of load balancers and of target groups they are asked for and set alike.

use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancer_attributes::builders::DescribeLoadBalancerAttributesInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::describe_target_group_attributes::builders::DescribeTargetGroupAttributesInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::modify_load_balancer_attributes::builders::ModifyLoadBalancerAttributesInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group_attributes::builders::ModifyTargetGroupAttributesInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::{LoadBalancerAttribute, TargetGroupAttribute};
use longshore_planner::kinds::elbv2::Attributes;

use super::GONE;
use crate::access::{Aws, Read, Write};
use crate::fault::{Absent, Fault};

/// `None`: it went away meanwhile.
pub(super) async fn of_load_balancer(aws: &Aws<Read>, arn: &str) -> Result<Option<Attributes>, Fault> {
    let request = DescribeLoadBalancerAttributesInputBuilder::default().load_balancer_arn(arn);
    let Some(answer) = aws.read(request).await.absent_if(GONE)? else { return Ok(None) };
    let attributes = answer.attributes.unwrap_or_default().into_iter();
    Ok(Some(attributes.filter_map(|one| Some((one.key?, one.value.unwrap_or_default()))).collect()))
}

/// `None`: it went away meanwhile.
pub(super) async fn of_target_group(aws: &Aws<Read>, arn: &str) -> Result<Option<Attributes>, Fault> {
    let request = DescribeTargetGroupAttributesInputBuilder::default().target_group_arn(arn);
    let Some(answer) = aws.read(request).await.absent_if(GONE)? else { return Ok(None) };
    let attributes = answer.attributes.unwrap_or_default().into_iter();
    Ok(Some(attributes.filter_map(|one| Some((one.key?, one.value.unwrap_or_default()))).collect()))
}

/// All of them: what is not named stays as it is.
pub(super) async fn set_on_load_balancer(aws: &Aws<Write>, arn: &str, want: &Attributes) -> Result<(), Fault> {
    if want.is_empty() {
        return Ok(());
    }
    let attribute = |(key, value): (&String, &String)| LoadBalancerAttribute::builder().key(key).value(value).build();
    let request = ModifyLoadBalancerAttributesInputBuilder::default()
        .load_balancer_arn(arn)
        .set_attributes(Some(want.iter().map(attribute).collect()));
    aws.write(request).await.map(drop)
}

/// All of them: what is not named stays as it is.
pub(super) async fn set_on_target_group(aws: &Aws<Write>, arn: &str, want: &Attributes) -> Result<(), Fault> {
    if want.is_empty() {
        return Ok(());
    }
    let attribute = |(key, value): (&String, &String)| TargetGroupAttribute::builder().key(key).value(value).build();
    let request = ModifyTargetGroupAttributesInputBuilder::default()
        .target_group_arn(arn)
        .set_attributes(Some(want.iter().map(attribute).collect()));
    aws.write(request).await.map(drop)
}
