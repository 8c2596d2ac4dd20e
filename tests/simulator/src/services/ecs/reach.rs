//! Whether a task reaches registries and AWS's endpoints: by its subnet's way out and its security groups.

use crate::services::ec2::{self, Peer, Rule};
use crate::services::ecs::tasks::Attachment;
use crate::world::World;

/// The port of registries and of AWS's endpoints.
const HTTPS: i64 = 443;

/// Whether a task with this attachment gets out to the Internet by HTTPS. In a subnet whose route is an Internet
/// gateway it needs a public address (developer guide, "Amazon ECS task networking options for Fargate").
pub(super) fn gets_out(world: &World, attachment: &Attachment) -> bool {
    let Some(eni) = &attachment.eni else { return false };
    let routed = ec2::subnet(world, &attachment.subnet).is_some_and(|subnet| !subnet.public || attachment.public_ip);
    let lets_out = |id: &String| ec2::group(world, id).is_some_and(|group| group.rules.values().any(lets_https_out));
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
