//! `elbv2/load-balancer`, without its listeners.

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::create_load_balancer::builders::CreateLoadBalancerInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::delete_load_balancer::builders::DeleteLoadBalancerInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::set_ip_address_type::builders::SetIpAddressTypeInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::set_security_groups::builders::SetSecurityGroupsInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::set_subnets::builders::SetSubnetsInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    IpAddressType, LoadBalancer as Described, LoadBalancerSchemeEnum, LoadBalancerStateEnum,
};
use longshore_planner::engine::{Kind, LookUp, Ownership, Seen, State, Text};
use longshore_planner::kinds::elbv2::Attributes;
use longshore_planner::kinds::elbv2::load_balancer::{LoadBalancer, LoadBalancerOutput};

use super::{GONE, attributes, joins, made_by_us, retag, suffix, tag_list, web_acl, word};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, managed};

const CREATE: &str = "elasticloadbalancing:CreateLoadBalancer";
const DESCRIBE: &str = "elasticloadbalancing:DescribeLoadBalancers";

pub(crate) struct LoadBalancerDriver;

/// There are few: a sweep reads each of them as a whole, at twenty a call and some calls of each one's own.
#[async_trait]
impl Driver for LoadBalancerDriver {
    type Kind = LoadBalancer;

    /// WAF is asked only about a load balancer that was given a web ACL: what others associate is theirs.
    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<LoadBalancer>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        let Some(described) = aws.joins().load_balancers.get((), name.to_owned()).await? else { return Ok(None) };
        let arn = described.load_balancer_arn().unwrap_or_default();
        let Some(tags) = aws.elb_tags(arn).await? else { return Ok(None) };
        let Some(attributes) = attributes::of_load_balancer(aws, arn).await? else { return Ok(None) };
        let web_acl_arn = if at.member("webAclArn").is_some() { web_acl::of(aws, arn).await? } else { None };
        let kind = LoadBalancer { attributes, web_acl_arn, tags: managed(&tags), ..kind(&described)? };
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let seen = Seen::active(kind)
            .with_output(LoadBalancerOutput::Arn, arn)
            .with_output(LoadBalancerOutput::ArnSuffix, suffix(arn, ":loadbalancer/"))
            .with_output(LoadBalancerOutput::DnsName, text(described.dns_name()))
            .with_output(LoadBalancerOutput::HostedZoneId, text(described.canonical_hosted_zone_id()));
        let seen = Seen { state: state(&described), ..seen };
        Ok(Some(Found::new(seen, ownership, &tags)))
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let mut ours = vec![];
        for (name, described) in joins::all_load_balancers(&survey.aws().core()).await? {
            let arn = described.load_balancer_arn().unwrap_or_default();
            let tags = survey.aws().elb_tags(arn).await?.unwrap_or_default();
            ours.extend(Ours::of(claims, LoadBalancer::NAME, name, arn, &tags));
        }
        Ok(ours)
    }

    /// Asked for one that exists with the same settings, AWS answers with that (API reference, `CreateLoadBalancer`). A
    /// web ACL can be associated only once the load balancer is active, and follows then.
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: LoadBalancer) -> Result<Option<String>, Fault> {
        let request = CreateLoadBalancerInputBuilder::default()
            .name(&want.name)
            .scheme(LoadBalancerSchemeEnum::from(want.scheme.as_str()))
            .ip_address_type(IpAddressType::from(want.ip_address_type.as_str()))
            .set_subnets(Some(want.subnets.clone()))
            .set_security_groups(Some(groups(&want)))
            .set_tags(Some(tag_list(marks.with(&want.tags))));
        let made = aws.write(request).await.absent_if(&["DuplicateLoadBalancerName"])?;
        let arn = made.and_then(|made| made.load_balancers?.into_iter().next()?.load_balancer_arn);
        let (reader, answered) = (aws.reader(), arn.is_some());
        let arn = if answered {
            arn
        } else {
            let there = reader.joins().load_balancers.get((), want.name.clone()).await?;
            there.and_then(|there| there.load_balancer_arn.clone())
        };
        let arn = made_by_us(&reader, &marks, CREATE, &want.name, arn, answered).await?;
        attributes::set_on_load_balancer(aws, &arn, &want.attributes).await?;
        Ok(Some(arn))
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: LoadBalancer,
        seen: Seen<LoadBalancer>,
    ) -> Result<(), Fault> {
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        if want.subnets != seen.value.subnets {
            let request = SetSubnetsInputBuilder::default().load_balancer_arn(arn);
            aws.write(request.set_subnets(Some(want.subnets.clone()))).await?;
        }
        if want.security_groups != seen.value.security_groups {
            let request = SetSecurityGroupsInputBuilder::default().load_balancer_arn(arn);
            aws.write(request.set_security_groups(Some(groups(&want)))).await?;
        }
        if want.ip_address_type != seen.value.ip_address_type {
            let request = SetIpAddressTypeInputBuilder::default().load_balancer_arn(arn);
            aws.write(request.ip_address_type(IpAddressType::from(want.ip_address_type.as_str()))).await?;
        }
        if want
            .attributes
            .iter()
            .any(|(name, value)| seen.value.attributes.get(name).map_or("", String::as_str) != value)
        {
            attributes::set_on_load_balancer(aws, arn, &want.attributes).await?;
        }
        retag(aws, arn, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await?;
        if want.web_acl_arn != seen.value.web_acl_arn {
            web_acl::set(aws, arn, want.web_acl_arn.as_ref()).await?;
        }
        Ok(())
    }

    /// Its listeners and their rules go with it.
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<LoadBalancer>) -> Result<(), Fault> {
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        let request = DeleteLoadBalancerInputBuilder::default().load_balancer_arn(arn);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

fn groups(want: &LoadBalancer) -> Vec<String> {
    want.security_groups.iter().map(ToString::to_string).collect()
}

/// All that one description tells.
fn kind(described: &Described) -> Result<LoadBalancer, Fault> {
    let zones = described.availability_zones().iter();
    Ok(LoadBalancer {
        name: described.load_balancer_name().unwrap_or_default().to_owned(),
        scheme: word(DESCRIBE, "scheme", described.scheme().map(LoadBalancerSchemeEnum::as_str))?,
        ip_address_type: word(DESCRIBE, "IP address type", described.ip_address_type().map(IpAddressType::as_str))?,
        subnets: zones.filter_map(|zone| zone.subnet_id().map(ToOwned::to_owned)).collect(),
        security_groups: described.security_groups().iter().map(|id| Text::from(id.as_str())).collect(),
        attributes: Attributes::new(),
        web_acl_arn: None,
        tags: Tags::new(),
    })
}

fn state(described: &Described) -> State {
    let Some(state) = described.state() else { return State::Active };
    let reason = state.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    match state.code() {
        Some(LoadBalancerStateEnum::Provisioning) => {
            State::Pending("the load balancer is being provisioned, which takes minutes".to_owned())
        }
        Some(LoadBalancerStateEnum::Failed) => {
            State::Pending(format!("AWS could not set the load balancer up{reason}"))
        }
        _ => State::Active,
    }
}
