//! `IpPermissions`: several rules in one structure, by protocol and ports; read from inputs and shown in groups.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::rules::{Peer, Rule};
use super::{Tags, invalid_value, number, required};
use crate::call::Fault;
use crate::protocol::query;

/// The rules that an input describes: `IpPermissions`, or the older members for a single block. They have no ids yet.
pub(super) fn read(input: &Value, egress: bool, account_id: &str) -> Result<Vec<Rule>, Fault> {
    let mut rules = Vec::new();
    for permission in query::items(input, "IpPermissions") {
        let (protocol, from_port, to_port) = ports(permission)?;
        let before = rules.len();
        for (peer, description) in peers(permission, account_id)? {
            check_description(description.as_deref())?;
            let (protocol, tags) = (protocol.clone(), Tags::new());
            rules.push(Rule { id: String::new(), egress, protocol, from_port, to_port, peer, description, tags });
        }
        if rules.len() == before {
            return Err(Fault::bad_request(
                "MissingParameter",
                "Either source or destination must be specified in each permission",
            ));
        }
    }
    if let Some(block) = query::text(input, "CidrIp") {
        let (protocol, from_port, to_port) = ports(input)?;
        let (peer, tags) = (Peer::Ipv4(ipv4_block(block)?), Tags::new());
        rules.push(Rule { id: String::new(), egress, protocol, from_port, to_port, peer, description: None, tags });
    }
    Ok(rules)
}

/// Protocol and ports of a permission or a rule request, made canonical: numbers become names, all is -1.
pub(super) fn ports(permission: &Value) -> Result<(String, i64, i64), Fault> {
    let named = required(permission, "IpProtocol")?.to_ascii_lowercase();
    let protocol = match named.as_str() {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "58" => "icmpv6",
        "all" => "-1",
        other => other,
    };
    let (from, to) = (number(permission, "FromPort")?, number(permission, "ToPort")?);
    match protocol {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                return Err(invalid_value(
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
                ));
            };
            if !(0..=65_535).contains(&from) || !(0..=65_535).contains(&to) {
                return Err(invalid_value(format!(
                    "Invalid value '{from}-{to}' for portRange. Ports must be between 0 and 65535."
                )));
            }
            if from > to {
                return Err(invalid_value(format!("Invalid TCP/UDP port range ({from}:{to})")));
            }
            Ok((protocol.to_owned(), from, to))
        }
        "icmp" | "icmpv6" => Ok((protocol.to_owned(), from.unwrap_or(-1), to.unwrap_or(-1))),
        // With all protocols, or one by number, ports mean nothing.
        "-1" => Ok(("-1".to_owned(), -1, -1)),
        other => match other.parse::<u8>() {
            Ok(_) => Ok((other.to_owned(), -1, -1)),
            Err(_) => Err(invalid_value(format!("Invalid value '{other}' for IP protocol. Unknown protocol."))),
        },
    }
}

fn peers(permission: &Value, account_id: &str) -> Result<Vec<(Peer, Option<String>)>, Fault> {
    let mut peers = Vec::new();
    let described = |item: &Value| query::text(item, "Description").map(str::to_owned);
    for item in query::items(permission, "IpRanges") {
        peers.push((Peer::Ipv4(ipv4_block(required(item, "CidrIp")?)?), described(item)));
    }
    for item in query::items(permission, "Ipv6Ranges") {
        peers.push((Peer::Ipv6(ipv6_block(required(item, "CidrIpv6")?)?), described(item)));
    }
    for item in query::items(permission, "PrefixListIds") {
        peers.push((Peer::PrefixList(required(item, "PrefixListId")?.to_owned()), described(item)));
    }
    for item in query::items(permission, "Groups") {
        let owner = query::text(item, "UserId").unwrap_or(account_id);
        let id = required(item, "GroupId")?;
        if owner != account_id {
            return Err(Fault::bad_request(
                "InvalidGroup.NotFound",
                format!("You have specified two resources that belong to different networks: {id}."),
            ));
        }
        peers.push((Peer::Group(id.to_owned()), described(item)));
    }
    Ok(peers)
}

/// An IPv4 block with its host bits cleared, as EC2 makes it (API reference, `IpRange`).
pub(super) fn ipv4_block(text: &str) -> Result<String, Fault> {
    let block = text.split_once('/').and_then(|(address, bits)| {
        let (address, bits) =
            (u32::from(address.parse::<Ipv4Addr>().ok()?), bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?);
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        Some(format!("{}/{bits}", Ipv4Addr::from(address & mask)))
    });
    block.ok_or_else(|| invalid_value(format!("CIDR block {text} is malformed")))
}

/// An IPv6 block with its host bits cleared.
pub(super) fn ipv6_block(text: &str) -> Result<String, Fault> {
    let block = text.split_once('/').and_then(|(address, bits)| {
        let (address, bits) =
            (u128::from(address.parse::<Ipv6Addr>().ok()?), bits.parse::<u32>().ok().filter(|bits| *bits <= 128)?);
        let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
        Some(format!("{}/{bits}", Ipv6Addr::from(address & mask)))
    });
    block.ok_or_else(|| invalid_value(format!("CIDR block {text} is malformed")))
}

/// Descriptions of rules and groups take few characters; an apostrophe, say, is refused.
pub(super) fn check_description(description: Option<&str>) -> Result<(), Fault> {
    if description.is_none_or(|text| text.len() <= 255 && text.chars().all(plain)) {
        return Ok(());
    }
    let message = "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
    Err(invalid_value(message))
}

/// The characters of names and descriptions (API reference, `CreateSecurityGroup`).
pub(super) fn plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(character)
}

/// Rules as a group shows them: those of the same protocol and ports together.
pub(super) fn shown<'a>(rules: impl Iterator<Item = &'a Rule>, account_id: &str) -> Vec<Value> {
    let mut permissions: BTreeMap<(&str, i64, i64), [Vec<Value>; 4]> = BTreeMap::new();
    for rule in rules {
        let [blocks, blocks_v6, lists, groups] =
            permissions.entry((&rule.protocol, rule.from_port, rule.to_port)).or_default();
        let (place, mut peer) = match &rule.peer {
            Peer::Ipv4(block) => (blocks, json!({"cidrIp": block})),
            Peer::Ipv6(block) => (blocks_v6, json!({"cidrIpv6": block})),
            Peer::PrefixList(id) => (lists, json!({"prefixListId": id})),
            Peer::Group(id) => (groups, json!({"groupId": id, "userId": account_id})),
        };
        if let (Some(members), Some(description)) = (peer.as_object_mut(), &rule.description) {
            members.insert("description".to_owned(), json!(description));
        }
        place.push(peer);
    }
    permissions.into_iter().map(|(ports, peers)| permission(ports, peers)).collect()
}

fn permission((protocol, from, to): (&str, i64, i64), peers: [Vec<Value>; 4]) -> Value {
    let mut shown = Map::new();
    shown.insert("ipProtocol".to_owned(), json!(protocol));
    // Where all ports are meant, the members are absent.
    if !(protocol == "-1" || protocol.parse::<u8>().is_ok()) {
        shown.insert("fromPort".to_owned(), json!(from));
        shown.insert("toPort".to_owned(), json!(to));
    }
    for (name, list) in ["ipRanges", "ipv6Ranges", "prefixListIds", "groups"].into_iter().zip(peers) {
        shown.insert(name.to_owned(), Value::Array(list));
    }
    Value::Object(shown)
}

/// A rule in the words of EC2's error about a duplicate.
pub(super) fn words(rule: &Rule) -> String {
    let peer = match &rule.peer {
        Peer::Ipv4(peer) | Peer::Ipv6(peer) | Peer::PrefixList(peer) | Peer::Group(peer) => peer,
    };
    let protocol = if rule.protocol == "-1" { "ALL".to_owned() } else { rule.protocol.to_ascii_uppercase() };
    let ports = match rule.from_port {
        -1 => String::new(),
        from => format!(", from port: {from}, to port: {}", rule.to_port),
    };
    format!("peer: {peer}, {protocol}{ports}, ALLOW")
}
