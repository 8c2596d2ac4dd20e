//! Facts that an object's graph depends on and only AWS knows.

use std::collections::BTreeMap;

use aws_sdk_ec2::operation::describe_network_interfaces::builders::DescribeNetworkInterfacesInputBuilder;
use aws_sdk_ec2::operation::describe_subnets::builders::DescribeSubnetsInputBuilder;
use aws_sdk_ec2::operation::describe_vpcs::builders::DescribeVpcsInputBuilder;
use aws_sdk_ec2::types::{Filter, SecurityGroup};
use aws_sdk_ecr::operation::describe_images::builders::DescribeImagesInputBuilder;
use aws_sdk_ecr::types::ImageIdentifier;
use longshore_planner::desired::{Fact, Need};
use longshore_planner::engine::{Ownership, TAG_INSTALLATION, TAG_OBJECT};

use crate::access::{Aws, Read};
use crate::certificates;
use crate::drivers::{cloud_map_namespaces, deployed, ec2_tags, filter, revision_roles, taken_priorities};
use crate::fault::{Absent, Fault};
use crate::stored;
use crate::tags::identity;

/// Answers one need. That nothing is found is an answer too: what to make of it is the planner's to say.
pub async fn find(aws: &Aws<Read>, need: &Need) -> Result<Fact, Fault> {
    match need {
        Need::Subnets { vpc_id, tags } => {
            let by_tag = tags.iter().map(|(key, value)| filter(&format!("tag:{key}"), vec![value.clone()]));
            let filters = by_tag.chain([filter("vpc-id", vec![vpc_id.clone()])]).collect();
            let request = DescribeSubnetsInputBuilder::default().set_filters(Some(filters)).max_results(1000);
            let mut ids: Vec<String> = vec![];
            let mut token = None;
            loop {
                let page = aws.read(request.clone().set_next_token(token)).await?;
                ids.extend(page.subnets.unwrap_or_default().into_iter().filter_map(|subnet| subnet.subnet_id));
                token = page.next_token.filter(|token| !token.is_empty());
                if token.is_none() {
                    ids.sort();
                    return Ok(Fact::Subnets(ids));
                }
            }
        }
        Need::SubnetZones { subnet_ids } => subnet_zones(aws, subnet_ids).await,
        Need::VpcCidrs { vpc_id } => vpc_cidrs(aws, vpc_id).await,
        Need::ListenerRules { listener_arn } => taken_priorities(aws, listener_arn).await.map(Fact::ListenerRules),
        Need::Certificates { host } => certificates::of(aws, host).await.map(Fact::Certificates),
        Need::Interfaces { security_group_id } => interfaces(aws, security_group_id).await,
        Need::SecurityGroupsOf { ownership } => security_groups_of(aws, ownership).await,
        Need::SecurityGroupRulesOf { ownership } => security_group_rules_of(aws, ownership).await,
        Need::ImageDigest { repository, tag } => image_digest(aws, repository, tag).await.map(Fact::ImageDigest),
        Need::Deployed { cluster, service } => deployed(aws, cluster, service).await.map(Fact::Deployed),
        Need::RevisionRoles { arn } => revision_roles(aws, arn).await.map(Fact::RevisionRoles),
        Need::MachineImage { parameter } => stored::machine_image(aws, parameter).await.map(Fact::MachineImage),
        Need::Secret { arn } => stored::secret(aws, arn).await.map(Fact::Stored),
        Need::Parameter { arn } => stored::parameter(aws, arn).await.map(Fact::Stored),
        Need::CloudMapNamespaces { named } => cloud_map_namespaces(aws, named).await.map(Fact::CloudMapNamespaces),
    }
}

async fn interfaces(aws: &Aws<Read>, security_group_id: &str) -> Result<Fact, Fault> {
    let filters = Some(vec![filter("group-id", vec![security_group_id.to_owned()])]);
    let request = DescribeNetworkInterfacesInputBuilder::default().set_filters(filters).max_results(1000);
    let (mut ids, mut token): (Vec<String>, _) = (vec![], None);
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        let interfaces = page.network_interfaces.unwrap_or_default().into_iter();
        ids.extend(interfaces.filter_map(|interface| interface.network_interface_id));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            ids.sort();
            return Ok(Fact::Interfaces(ids));
        }
    }
}

async fn security_groups_of(aws: &Aws<Read>, ownership: &Ownership) -> Result<Fact, Fault> {
    let groups = aws.security_groups(of(ownership), SecurityGroup::group_id).await?;
    let ours = groups.values().filter_map(|group| identity(ownership, &ec2_tags(group.tags())));
    Ok(Fact::SecurityGroupsOf(ours.collect()))
}

async fn security_group_rules_of(aws: &Aws<Read>, ownership: &Ownership) -> Result<Fact, Fault> {
    let rules = aws.security_group_rules(of(ownership)).await?;
    let ours = rules.iter().filter_map(|rule| identity(ownership, &ec2_tags(rule.tags())));
    Ok(Fact::SecurityGroupRulesOf(ours.collect()))
}

/// What carries an object's tags.
fn of(ownership: &Ownership) -> Vec<Filter> {
    let tags = [(TAG_INSTALLATION, &ownership.installation), (TAG_OBJECT, &ownership.object)];
    tags.into_iter().map(|(tag, value)| filter(&format!("tag:{tag}"), vec![value.clone()])).collect()
}

/// `None`: there is no such repository or image.
async fn image_digest(aws: &Aws<Read>, repository: &str, tag: &str) -> Result<Option<String>, Fault> {
    let image = ImageIdentifier::builder().image_tag(tag).build();
    let request = DescribeImagesInputBuilder::default().repository_name(repository).image_ids(image);
    let found = aws.read(request).await.absent_if(&["ImageNotFoundException", "RepositoryNotFoundException"])?;
    let images = found.and_then(|found| found.image_details).unwrap_or_default();
    Ok(images.into_iter().find_map(|image| image.image_digest))
}

/// By a filter: of ids of which one is not there, EC2 would tell nothing but that.
async fn subnet_zones(aws: &Aws<Read>, ids: &[String]) -> Result<Fact, Fault> {
    let filters = Some(vec![filter("subnet-id", ids.to_vec())]);
    let request = DescribeSubnetsInputBuilder::default().set_filters(filters).max_results(1000);
    let (mut zones, mut token) = (BTreeMap::new(), None);
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        let subnets = page.subnets.unwrap_or_default().into_iter();
        zones.extend(subnets.filter_map(|subnet| Some((subnet.subnet_id?, subnet.availability_zone?))));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(Fact::SubnetZones(zones));
        }
    }
}

/// The ranges that are associated with a VPC; the primary one is among them.
async fn vpc_cidrs(aws: &Aws<Read>, vpc_id: &str) -> Result<Fact, Fault> {
    let answer = aws.read(DescribeVpcsInputBuilder::default().vpc_ids(vpc_id)).await?;
    let mut cidrs: Vec<String> = vec![];
    for vpc in answer.vpcs.unwrap_or_default() {
        cidrs.extend(vpc.cidr_block);
        let more = vpc.cidr_block_association_set.unwrap_or_default();
        cidrs.extend(more.into_iter().filter_map(|more| more.cidr_block));
        let ipv6 = vpc.ipv6_cidr_block_association_set.unwrap_or_default();
        cidrs.extend(ipv6.into_iter().filter_map(|more| more.ipv6_cidr_block));
    }
    cidrs.sort();
    cidrs.dedup();
    Ok(Fact::VpcCidrs(cidrs))
}
