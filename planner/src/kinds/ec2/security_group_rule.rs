//! `ec2/security-group-rule`: one path for every rule, in groups of ours and foreign ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// One rule of a security group. A rule of the same group, direction, protocol, ports and peer is the same rule,
/// whoever made it: AWS has no two of them (`InvalidPermission.Duplicate`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupRule {
    /// The group that has the rule, by id.
    pub group: Text,
    /// Into the group's interfaces, or out of them.
    pub direction: Direction,
    /// `tcp`, `udp`, `icmp`, a number, or `-1` for all.
    pub protocol: String,
    /// The first port; -1 with all protocols.
    pub from_port: i32,
    /// The last port; -1 with all protocols.
    pub to_port: i32,
    /// Who is at the other end.
    pub peer: Peer,
    /// Which object it is for; at most 255 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// The direction of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// To the group's interfaces.
    Ingress,
    /// From the group's interfaces.
    Egress,
}

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Peer {
    /// An IPv4 range.
    CidrIpv4(String),
    /// An IPv6 range.
    CidrIpv6(String),
    /// The interfaces of a security group, by id.
    Group(Text),
    /// A prefix list, by id.
    PrefixList(String),
}

impl Peer {
    /// An address range of either family.
    pub fn cidr(range: &str) -> Self {
        if range.contains(':') { Self::CidrIpv6(range.to_owned()) } else { Self::CidrIpv4(range.to_owned()) }
    }

    /// Ranges as EC2 keeps them: without bits behind the prefix, and IPv6 in its short form (API reference,
    /// `AuthorizeSecurityGroupIngress`: "we modify it to its canonical form").
    fn normalise(self) -> Self {
        match self {
            Self::CidrIpv4(range) => Self::CidrIpv4(canonical(&range).unwrap_or(range)),
            Self::CidrIpv6(range) => Self::CidrIpv6(canonical(&range).unwrap_or(range)),
            other => other,
        }
    }
}

fn canonical(range: &str) -> Option<String> {
    let (address, bits) = range.split_once('/')?;
    let bits: u32 = bits.parse().ok()?;
    let network: IpAddr = match address.parse().ok()? {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or_default();
            Ipv4Addr::from(u32::from(address) & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or_default();
            Ipv6Addr::from(u128::from(address) & mask).into()
        }
    };
    Some(format!("{network}/{bits}"))
}

outputs! {
    /// What others refer to.
    SecurityGroupRuleOutput {
        /// `sgr-...`.
        Id = "id",
    }
}

impl Kind for SecurityGroupRule {
    const NAME: &'static str = "ec2/security-group-rule";
    const TEARDOWN: u8 = teardown::SECURITY_GROUP_RULE;
    const FIXED: &'static [&'static str] = &["group", "direction", "protocol", "fromPort", "toPort", "peer"];
    // The whole tuple: a rule that somebody else made carries nothing of ours to be found by.
    const ADDRESS: &'static [&'static str] = Self::FIXED;
    // API reference, DeleteSecurityGroup: a group goes with its rules; only those of other groups that refer to it are
    // in the way.
    const PART_OF: Option<&'static str> = Some("group");
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] = &[
        "RevokeSecurityGroupIngress",
        "RevokeSecurityGroupEgress",
        "ModifySecurityGroupRules",
        "CreateTags",
        "DeleteTags",
    ];
    type Output = SecurityGroupRuleOutput;

    fn normalise(mut self) -> Self {
        self.protocol = protocol_name(&self.protocol);
        // API reference, IpPermission: rules of other protocols, and of all, are on all ports.
        if !matches!(self.protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6") {
            (self.from_port, self.to_port) = (-1, -1);
        }
        self.peer = self.peer.normalise();
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}

/// EC2 answers with the names of the four protocols that have one, also where they were given by number (API
/// reference, `IpPermission`; IANA, "Protocol Numbers").
fn protocol_name(protocol: &str) -> String {
    let lower = protocol.to_ascii_lowercase();
    match lower.as_str() {
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        _ => lower,
    }
}

impl SecurityGroupRule {
    /// `CreateSecurityGroup` adds this rule itself; it is kept knowingly, since tasks must reach their registry and logs.
    pub fn everything_out(group: Text) -> Self {
        Self {
            group,
            direction: Direction::Egress,
            protocol: "-1".to_owned(),
            from_port: -1,
            to_port: -1,
            peer: Peer::CidrIpv4("0.0.0.0/0".to_owned()),
            description: String::new(),
            tags: Tags::new(),
        }
    }

    /// Whether both are the same rule to AWS.
    pub fn same_tuple(&self, other: &Self) -> bool {
        let (a, b) = (self.clone().normalise(), other.clone().normalise());
        (a.group, a.direction, a.protocol, a.from_port, a.to_port, a.peer)
            == (b.group, b.direction, b.protocol, b.from_port, b.to_port, b.peer)
    }
}
