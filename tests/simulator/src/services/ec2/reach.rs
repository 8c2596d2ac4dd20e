//! Whether a TCP connection gets through, by the security groups at both of its ends.
//!
//! VPC user guide, "Security group rules": an interface's groups are taken together, there are no rules that deny,
//! and answers to what was let through are let through. Inside a VPC every subnet has a route to every other.

use std::net::Ipv4Addr;

use super::{Eni, Peer, Rule};
use crate::world::World;

/// The port of registries and of AWS's endpoints.
const HTTPS: i64 = 443;

/// Whether an interface gets out to the Internet by HTTPS. In a subnet whose route is an Internet gateway it needs a public
/// address (ECS developer guide, "Amazon ECS task networking options for Fargate").
pub fn gets_out(world: &World, eni: &Eni, public_ip: bool) -> bool {
    let routed = super::subnet(world, &eni.subnet_id).is_some_and(|subnet| !subnet.public || public_ip);
    let lets_out = |id: &String| super::group(world, id).is_some_and(|group| group.rules.values().any(lets_https_out));
    routed && eni.groups.iter().any(lets_out)
}

/// A prefix list may hold the addresses that are needed; the simulator knows none, and believes it.
fn lets_https_out(rule: &Rule) -> bool {
    let everyone = match &rule.peer {
        Peer::Ipv4(block) => block == "0.0.0.0/0",
        Peer::PrefixList(_) => true,
        Peer::Ipv6(_) | Peer::Group(_) => false,
    };
    let port = rule.protocol == "-1" || rule.protocol == "tcp" && (rule.from_port..=rule.to_port).contains(&HTTPS);
    rule.egress && everyone && port
}

/// Whether one interface reaches another on a TCP port: the first's groups let it out, the second's let it in.
pub fn reaches(world: &World, from: &Eni, to: &Eni, port: i64) -> bool {
    let (Ok(source), Ok(destination)) = (from.private_ip.parse(), to.private_ip.parse()) else { return false };
    let out = any_rule(world, &from.groups, |rule| rule.egress && allows(rule, port, destination, &to.groups));
    out && lets_in(world, &to.groups, source, &from.groups, port)
}

/// Whether groups let in, on a TCP port, who has this address and is in these groups of its own.
pub fn lets_in(world: &World, groups: &[String], source: Ipv4Addr, source_groups: &[String], port: i64) -> bool {
    any_rule(world, groups, |rule| !rule.egress && allows(rule, port, source, source_groups))
}

fn any_rule(world: &World, groups: &[String], fits: impl Fn(&Rule) -> bool) -> bool {
    groups.iter().filter_map(|id| super::group(world, id)).any(|group| group.rules.values().any(&fits))
}

/// Whether a rule is about this TCP port and peer. What prefix lists hold the simulator doesn't know: none of its
/// own addresses.
fn allows(rule: &Rule, port: i64, peer: Ipv4Addr, peer_groups: &[String]) -> bool {
    let by_port = rule.protocol == "-1" || rule.protocol == "tcp" && (rule.from_port..=rule.to_port).contains(&port);
    let by_peer = match &rule.peer {
        Peer::Ipv4(block) => in_block(block, peer),
        Peer::Group(id) => peer_groups.contains(id),
        Peer::Ipv6(_) | Peer::PrefixList(_) => false,
    };
    by_port && by_peer
}

/// Whether an address lies in a block such as `10.0.0.0/8`.
fn in_block(block: &str, address: Ipv4Addr) -> bool {
    let parsed = block.split_once('/').and_then(|(first, bits)| {
        Some((u32::from(first.parse::<Ipv4Addr>().ok()?), bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?))
    });
    parsed.is_some_and(|(first, bits)| {
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        u32::from(address) & mask == first & mask
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_in_a_block_or_not() {
        let cases = [
            ("0.0.0.0/0", true),
            ("10.0.0.0/8", true),
            ("10.0.32.0/19", true),
            ("10.0.0.0/19", false),
            ("10.0.32.7/32", true),
            ("10.0.32.8/32", false),
            ("nonsense", false),
        ];
        for (block, expected) in cases {
            assert_eq!(in_block(block, Ipv4Addr::new(10, 0, 32, 7)), expected, "{block}");
        }
    }
}
