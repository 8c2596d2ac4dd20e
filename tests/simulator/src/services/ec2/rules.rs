//! Security-group rules: what one is, and what EC2 tells about them.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::filters::Filters;
use super::{Tags, page, tags};
use crate::call::{Answer, Fault, texts};
use crate::world::World;

/// A rule of a security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// `sgr-0...`
    pub id: String,
    /// Out of the group's members, not into them.
    pub egress: bool,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, another protocol's number, or `-1` for all.
    pub protocol: String,
    /// The first port, or the ICMP type; -1 for all.
    pub from_port: i64,
    /// The last port, or the ICMP code; -1 for all.
    pub to_port: i64,
    /// Who is at the other end.
    pub peer: Peer,
    /// Told, but no part of what makes two rules the same.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Peer {
    /// An IPv4 block.
    Ipv4(String),
    /// An IPv6 block.
    Ipv6(String),
    /// A prefix list, by id.
    PrefixList(String),
    /// The members of a security group, by id.
    Group(String),
}

impl Rule {
    /// Whether two rules are the same to EC2: direction, protocol, ports and peer.
    pub(super) fn same(&self, other: &Self) -> bool {
        (self.egress, &self.protocol, self.from_port, self.to_port, &self.peer)
            == (other.egress, &other.protocol, other.from_port, other.to_port, &other.peer)
    }

    /// Whether the rule counts against the quota of an address family; a group counts against both.
    pub(super) fn counts_for_ipv6(&self, ipv6: bool) -> bool {
        match self.peer {
            Peer::Ipv4(_) | Peer::PrefixList(_) => !ipv6,
            Peer::Ipv6(_) => ipv6,
            Peer::Group(_) => true,
        }
    }
}

const FILTERS: &[&str] = &["group-id", "security-group-rule-id"];

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let filters = Filters::read(input, FILTERS)?;
    let ids = texts(input.get("SecurityGroupRuleId"));
    let groups = &world.ec2.groups;
    if let Some(unknown) = ids.iter().find(|id| !groups.values().any(|group| group.rules.contains_key(*id))) {
        return Err(no_rule(unknown));
    }
    // Most questions name groups: then only those are looked through.
    let looked_at: Vec<_> = match filters.exact("group-id") {
        Some(wanted) => wanted.iter().filter_map(|id| groups.get(id)).collect(),
        None => groups.values().collect(),
    };
    let mut found = Vec::new();
    for group in looked_at {
        for rule in group.rules.values().filter(|rule| ids.is_empty() || ids.contains(&rule.id)) {
            let values = |name: &str| vec![if name == "group-id" { group.id.clone() } else { rule.id.clone() }];
            if filters.pass(values, &rule.tags) {
                found.push((&group.id, rule));
            }
        }
    }
    let (found, next) = page(world, input, &found)?;
    let shown: Vec<Value> = found.into_iter().map(|(group, rule)| shown(world, group, rule)).collect();
    Ok(json!({"securityGroupRuleSet": shown, "nextToken": next}))
}

pub(super) fn no_rule(id: &str) -> Fault {
    let message = format!("The security group rule ID '{id}' does not exist");
    Fault::bad_request("InvalidSecurityGroupRuleId.NotFound", message)
}

/// A rule as `SecurityGroupRule` shows it.
pub(super) fn shown(world: &World, group_id: &str, rule: &Rule) -> Value {
    let mut shown = revoked(group_id, rule);
    shown.insert("groupOwnerId".to_owned(), json!(world.account_id));
    shown.insert(
        "securityGroupRuleArn".to_owned(),
        json!(world.arn("ec2", &format!("security-group-rule/{}", rule.id))),
    );
    shown.insert("tagSet".to_owned(), Value::Array(tags::shown(&rule.tags)));
    if let Some(group) = shown.remove("referencedGroupId") {
        shown.insert("referencedGroupInfo".to_owned(), json!({"groupId": group, "userId": world.account_id}));
    }
    Value::Object(shown)
}

/// A rule as `RevokedSecurityGroupRule` shows it.
pub(super) fn revoked(group_id: &str, rule: &Rule) -> Map<String, Value> {
    let (name, peer) = match &rule.peer {
        Peer::Ipv4(block) => ("cidrIpv4", block),
        Peer::Ipv6(block) => ("cidrIpv6", block),
        Peer::PrefixList(id) => ("prefixListId", id),
        Peer::Group(id) => ("referencedGroupId", id),
    };
    let mut shown = Map::new();
    shown.insert("securityGroupRuleId".to_owned(), json!(rule.id));
    shown.insert("groupId".to_owned(), json!(group_id));
    shown.insert("isEgress".to_owned(), json!(rule.egress));
    shown.insert("ipProtocol".to_owned(), json!(rule.protocol));
    shown.insert("fromPort".to_owned(), json!(rule.from_port));
    shown.insert("toPort".to_owned(), json!(rule.to_port));
    shown.insert(name.to_owned(), json!(peer));
    if let Some(description) = &rule.description {
        shown.insert("description".to_owned(), json!(description));
    }
    shown
}
