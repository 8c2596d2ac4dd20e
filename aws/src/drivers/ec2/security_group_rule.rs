//! `ec2/security-group-rule`: one rule of a group, ours or foreign.

use async_trait::async_trait;
use aws_sdk_ec2::operation::authorize_security_group_egress::builders::AuthorizeSecurityGroupEgressInputBuilder;
use aws_sdk_ec2::operation::authorize_security_group_ingress::builders::AuthorizeSecurityGroupIngressInputBuilder;
use aws_sdk_ec2::operation::revoke_security_group_egress::builders::RevokeSecurityGroupEgressInputBuilder;
use aws_sdk_ec2::operation::revoke_security_group_ingress::builders::RevokeSecurityGroupIngressInputBuilder;
use aws_sdk_ec2::operation::update_security_group_rule_descriptions_egress::builders::UpdateSecurityGroupRuleDescriptionsEgressInputBuilder as DescribeEgress;
use aws_sdk_ec2::operation::update_security_group_rule_descriptions_ingress::builders::UpdateSecurityGroupRuleDescriptionsIngressInputBuilder as DescribeIngress;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroupRule as Described,
    SecurityGroupRuleDescription, UserIdGroupPair,
};
use longshore_planner::engine::{Id, Kind, LookUp, Owner, Ownership, Seen, TAG_INSTALLATION, Text};
use longshore_planner::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule, SecurityGroupRuleOutput};

use super::{retag, specification, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found, filter};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, identity, managed};

const GONE: &[&str] = &["InvalidGroup.NotFound", "InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound"];

pub(crate) struct SecurityGroupRuleDriver;

#[async_trait]
impl Driver for SecurityGroupRuleDriver {
    type Kind = SecurityGroupRule;

    /// By its id, by the identity in its tags, or as the rule of the same tuple, whoever made that.
    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<SecurityGroupRule>>, Fault> {
        let Some(group) = at.member("group") else { return Ok(None) };
        let Some(rules) = aws.joins().rules.get((), group.to_owned()).await? else { return Ok(None) };
        let tagged = |rule: &&Described| identity(ownership, &tags_of(rule.tags())).as_ref() == Some(&at.id);
        let known = |rule: &&Described| {
            rule.security_group_rule_id().is_some() && rule.security_group_rule_id() == at.entry.physical.as_deref()
        };
        let wanted = wanted(at);
        let same = |rule: &&Described| {
            let wanted = wanted.as_ref();
            value(rule).zip(wanted).is_some_and(|(seen, wanted)| seen.same_tuple(wanted))
        };
        let found = rules.iter().find(tagged).or_else(|| rules.iter().find(known)).or_else(|| rules.iter().find(same));
        let Some(found) = found else { return Ok(None) };
        let others = rules.iter().filter(|rule| *rule != found);
        Ok(seen(found, ownership, at).map(|seen| Found { beside: beside(others, ownership), ..seen }))
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let filters = vec![filter(&format!("tag:{TAG_INSTALLATION}"), vec![claims.installation.clone()])];
        let rules = survey.aws().security_group_rules(filters).await?;
        let ours = rules.iter().filter_map(|rule| {
            let id = rule.security_group_rule_id()?;
            let name = format!("{} of {}", id, rule.group_id().unwrap_or_default());
            Ours::of(claims, SecurityGroupRule::NAME, name, id, &tags_of(rule.tags()))
        });
        Ok(ours.collect())
    }

    /// AWS has no two rules of the same tuple; that there is one already satisfies whoever wants it.
    async fn create(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: SecurityGroupRule,
    ) -> Result<Option<String>, Fault> {
        let permission = permission(&want);
        let tags = specification(ResourceType::SecurityGroupRule, marks.with(&want.tags));
        let group = want.group.to_string();
        let made = match want.direction {
            Direction::Ingress => {
                let request = AuthorizeSecurityGroupIngressInputBuilder::default()
                    .group_id(group)
                    .ip_permissions(permission)
                    .tag_specifications(tags);
                aws.write(request).await.map(|answer| answer.security_group_rules)
            }
            Direction::Egress => {
                let request = AuthorizeSecurityGroupEgressInputBuilder::default()
                    .group_id(group)
                    .ip_permissions(permission)
                    .tag_specifications(tags);
                aws.write(request).await.map(|answer| answer.security_group_rules)
            }
        };
        match made.absent_if(&["InvalidPermission.Duplicate"])? {
            Some(rules) => Ok(rules.and_then(|rules| rules.into_iter().find_map(|rule| rule.security_group_rule_id))),
            None => of_same_tuple(&aws.reader(), &want).await,
        }
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: SecurityGroupRule,
        seen: Seen<SecurityGroupRule>,
    ) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        if want.description != seen.value.description {
            describe(aws, &want, id).await?;
        }
        retag(aws, id, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<SecurityGroupRule>) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        let group = seen.value.group.to_string();
        let revoked = match seen.value.direction {
            Direction::Ingress => {
                let request =
                    RevokeSecurityGroupIngressInputBuilder::default().group_id(group).security_group_rule_ids(id);
                aws.write(request).await.map(drop)
            }
            Direction::Egress => {
                let request =
                    RevokeSecurityGroupEgressInputBuilder::default().group_id(group).security_group_rule_ids(id);
                aws.write(request).await.map(drop)
            }
        };
        revoked.absent_if(GONE).map(drop)
    }
}

/// The tuple that is looked for, as far as the inventory tells it.
fn wanted(at: &LookUp) -> Option<SecurityGroupRule> {
    let direction = match at.member("direction")? {
        "ingress" => Direction::Ingress,
        "egress" => Direction::Egress,
        _ => return None,
    };
    Some(SecurityGroupRule {
        group: Text::from(at.member("group")?),
        direction,
        protocol: at.member("protocol")?.to_owned(),
        from_port: at.member("fromPort")?.parse().ok()?,
        to_port: at.member("toPort")?.parse().ok()?,
        peer: serde_json::from_str(at.member("peer")?).ok()?,
        description: String::new(),
        tags: std::collections::BTreeMap::new(),
    })
}

/// A rule as it is seen by who looked for it: ours under the identity that made it, else shared.
fn seen(rule: &Described, ownership: &Ownership, at: &LookUp) -> Option<Found<SecurityGroupRule>> {
    let tags = tags_of(rule.tags());
    let id = rule.security_group_rule_id().unwrap_or_default();
    let kind = SecurityGroupRule { tags: managed(&tags), ..value(rule)? };
    let seen = Seen::active(kind).with_output(SecurityGroupRuleOutput::Id, id);
    let tagged = identity(ownership, &tags).filter(|id| id.same_place(&at.id));
    let owner = if tagged.is_some() { Owner::This } else { Owner::Shared };
    Some(Found { tagged, ..Found::untagged(Seen { owner, ..seen }) })
}

/// This object's rules and nobody's. Of its own those are taken away that it does not want, also where its status has
/// forgotten them; of nobody's those in a group that it made, and in no other.
fn beside<'a>(
    others: impl Iterator<Item = &'a Described>,
    ownership: &Ownership,
) -> Vec<(Option<Id>, Seen<SecurityGroupRule>)> {
    let told = |rule: &Described| {
        let tags = tags_of(rule.tags());
        let tagged = identity(ownership, &tags).filter(|id| id.kind == SecurityGroupRule::NAME);
        if tagged.is_none() && tags.contains_key(TAG_INSTALLATION) {
            return None;
        }
        let seen = Seen::active(SecurityGroupRule { tags: managed(&tags), ..value(rule)? });
        Some((tagged, seen.with_output(SecurityGroupRuleOutput::Id, rule.security_group_rule_id()?)))
    };
    others.filter_map(told).collect()
}

/// `None` for a rule whose other end is of no kind that the planner knows.
fn value(rule: &Described) -> Option<SecurityGroupRule> {
    let peer = if let Some(range) = rule.cidr_ipv4() {
        Peer::CidrIpv4(range.to_owned())
    } else if let Some(range) = rule.cidr_ipv6() {
        Peer::CidrIpv6(range.to_owned())
    } else if let Some(list) = rule.prefix_list_id() {
        Peer::PrefixList(list.to_owned())
    } else {
        Peer::Group(Text::from(rule.referenced_group_info()?.group_id()?))
    };
    Some(SecurityGroupRule {
        group: Text::from(rule.group_id()?),
        direction: if rule.is_egress() == Some(true) { Direction::Egress } else { Direction::Ingress },
        protocol: rule.ip_protocol()?.to_owned(),
        from_port: rule.from_port().unwrap_or(-1),
        to_port: rule.to_port().unwrap_or(-1),
        peer,
        description: rule.description().unwrap_or_default().to_owned(),
        tags: std::collections::BTreeMap::new(),
    })
}

fn permission(want: &SecurityGroupRule) -> IpPermission {
    let description = Some(want.description.clone()).filter(|text| !text.is_empty());
    let permission = IpPermission::builder().ip_protocol(&want.protocol);
    let permission =
        if want.protocol == "-1" { permission } else { permission.from_port(want.from_port).to_port(want.to_port) };
    match &want.peer {
        Peer::CidrIpv4(range) => {
            permission.ip_ranges(IpRange::builder().cidr_ip(range).set_description(description).build())
        }
        Peer::CidrIpv6(range) => {
            permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(range).set_description(description).build())
        }
        Peer::Group(group) => permission.user_id_group_pairs(
            UserIdGroupPair::builder().group_id(group.to_string()).set_description(description).build(),
        ),
        Peer::PrefixList(list) => permission
            .prefix_list_ids(PrefixListId::builder().prefix_list_id(list).set_description(description).build()),
    }
    .build()
}

async fn of_same_tuple(aws: &Aws<Read>, want: &SecurityGroupRule) -> Result<Option<String>, Fault> {
    let rules = aws.joins().rules.get((), want.group.to_string()).await?.unwrap_or_default();
    let same = rules.iter().find(|rule| value(rule).is_some_and(|seen| seen.same_tuple(want)));
    Ok(same.and_then(|rule| rule.security_group_rule_id.clone()))
}

async fn describe(aws: &Aws<Write>, want: &SecurityGroupRule, id: &str) -> Result<(), Fault> {
    // Left out, the description is taken away.
    let description = SecurityGroupRuleDescription::builder()
        .security_group_rule_id(id)
        .set_description(Some(want.description.clone()).filter(|text| !text.is_empty()))
        .build();
    let group = want.group.to_string();
    match want.direction {
        Direction::Ingress => {
            let request = DescribeIngress::default().group_id(group).security_group_rule_descriptions(description);
            aws.write(request).await.map(drop)
        }
        Direction::Egress => {
            let request = DescribeEgress::default().group_id(group).security_group_rule_descriptions(description);
            aws.write(request).await.map(drop)
        }
    }
}
