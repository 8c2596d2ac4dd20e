//! Load balancers: what they are, how they come and go.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::placement::{self, Placement};
use super::{
    Tags, associations, at_most, attributes, checked_name, invalid, misconfigured, not_permitted, paged, required, tags,
};
use crate::call::{Answer, Fault};
use crate::clock::iso_time;
use crate::protocol::query;
use crate::services::wafv2;
use crate::world::World;

/// How long a new load balancer is `provisioning`, in milliseconds. AWS gives no figure; real ones take minutes.
const PROVISIONING: i64 = 120_000;

/// User guide, "Quotas for your Application Load Balancers".
const LOAD_BALANCERS: usize = 50;

/// An Application Load Balancer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct LoadBalancer {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) dns_name: String,
    /// Whether clients outside its VPC can't reach it.
    pub(super) internal: bool,
    pub(super) vpc_id: String,
    /// Its subnet in each zone.
    pub(super) subnets: BTreeMap<String, String>,
    /// Its network interface in each subnet, by subnet.
    pub(super) interfaces: BTreeMap<String, String>,
    pub(super) security_groups: Vec<String>,
    created_at: i64,
    pub(super) active_at: i64,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: Tags,
}

impl LoadBalancer {
    /// Whether it serves by now.
    pub(super) fn is_active(&self, now: i64) -> bool {
        now >= self.active_at
    }

    /// What ARNs of its listeners and their rules have of it, `app/NAME/ID`.
    pub(super) fn path(&self) -> &str {
        self.arn.split_once("loadbalancer/").map_or("", |(_, path)| path)
    }

    fn view(&self, world: &World) -> Value {
        let zones = self.subnets.iter();
        json!({
            "LoadBalancerArn": self.arn,
            "DNSName": self.dns_name,
            "CanonicalHostedZoneId": hosted_zone(&world.region),
            "CreatedTime": iso_time(self.created_at),
            "LoadBalancerName": self.name,
            "Scheme": if self.internal { "internal" } else { "internet-facing" },
            "VpcId": self.vpc_id,
            "State": {"Code": if self.is_active(world.now) { "active" } else { "provisioning" }},
            "Type": "application",
            "AvailabilityZones": zones.map(|(zone, subnet)| placement::zone_view(zone, subnet)).collect::<Vec<_>>(),
            "SecurityGroups": self.security_groups,
            "IpAddressType": "ipv4",
        })
    }
}

/// The hosted zone that load balancers' names lie in (AWS general reference, "Elastic Load Balancing endpoints and
/// quotas"); only the region of the examples is known.
pub fn hosted_zone(region: &str) -> &'static str {
    if region == "eu-west-1" { "Z32O12XQLNTSW2" } else { "Z000000000ELB" }
}

/// `CreateLoadBalancer`: with the settings of one that is there it answers that one.
pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let name = checked_name(input, "load balancer")?.to_owned();
    if name.starts_with("internal-") {
        return Err(invalid(format!("The load balancer name '{name}' cannot begin with 'internal-'")));
    }
    check_type(input)?;
    let internal = is_internal(input)?;
    let tags = tags::at_creation(input)?;
    let place = placement::read(world, input, None)?;
    if let Some(there) = world.elbv2.balancers.values().find(|there| there.name == name) {
        // The operation is idempotent (API reference); that tags are among the settings is taken from reports.
        let same = there.internal == internal
            && there.subnets == place.subnets
            && there.security_groups == place.security_groups
            && there.tags == tags;
        if same {
            return Ok(json!({"LoadBalancers": [there.view(world)]}));
        }
        let message = format!("A load balancer with the same name '{name}' exists, but with different settings");
        return Err(Fault::bad_request("DuplicateLoadBalancerName", message));
    }
    if world.elbv2.balancers.len() >= LOAD_BALANCERS {
        return Err(Fault::bad_request(
            "TooManyLoadBalancers",
            "The maximum number of load balancers has been reached",
        ));
    }
    let arn = add(world, &name, internal, place, tags)?;
    Ok(json!({"LoadBalancers": world.elbv2.balancers.get(&arn).map(|made| vec![made.view(world)])}))
}

fn add(world: &mut World, name: &str, internal: bool, place: Placement, tags: Tags) -> Result<String, Fault> {
    let (id, number) = (world.ids.hex(16), world.ids.number() % 10_000_000_000);
    let arn = world.arn("elasticloadbalancing", &format!("loadbalancer/app/{name}/{id}"));
    let prefix = if internal { "internal-" } else { "" };
    let mut balancer = LoadBalancer {
        dns_name: format!("{prefix}{name}-{number}.{}.elb.amazonaws.com", world.region),
        arn: arn.clone(),
        name: name.to_owned(),
        internal,
        vpc_id: place.vpc_id,
        subnets: place.subnets,
        interfaces: BTreeMap::new(),
        security_groups: place.security_groups,
        created_at: world.now,
        active_at: world.now + PROVISIONING,
        attributes: attributes::of_new_load_balancer(internal),
        tags,
    };
    placement::connect(world, &mut balancer)?;
    world.elbv2.balancers.insert(arn.clone(), balancer);
    Ok(arn)
}

fn check_type(input: &Value) -> Result<(), Fault> {
    match query::text(input, "Type") {
        None | Some("application") => {}
        Some(other @ ("network" | "gateway")) => {
            return Err(invalid(format!("The simulator has load balancers of type application only, not {other}")));
        }
        Some(other) => {
            return Err(invalid(format!(
                "Load balancer type '{other}' must be one of 'application, network, gateway'"
            )));
        }
    }
    check_ip_address_type(query::text(input, "IpAddressType"))
}

/// The VPCs of the simulator have no IPv6 addresses, so only one type fits them.
fn check_ip_address_type(given: Option<&str>) -> Result<(), Fault> {
    match given {
        None | Some("ipv4") => Ok(()),
        Some("dualstack" | "dualstack-without-public-ipv4") => {
            let message = "You must specify subnets with an associated IPv6 CIDR block";
            Err(Fault::bad_request("InvalidSubnet", message))
        }
        Some(other) => Err(invalid(format!("IP address type '{other}' is not valid"))),
    }
}

fn is_internal(input: &Value) -> Result<bool, Fault> {
    match query::text(input, "Scheme") {
        None | Some("internet-facing") => Ok(false),
        Some("internal") => Ok(true),
        Some(other) => {
            let message = format!("Scheme '{other}' must be one of 'internet-facing, internal'");
            Err(Fault::bad_request("InvalidScheme", message))
        }
    }
}

/// `DescribeLoadBalancers`: all, or those of these ARNs or names, each of which must be there.
pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let (arns, names) = (at_most(input, "LoadBalancerArns", 20)?, at_most(input, "Names", 20)?);
    if !arns.is_empty() && !names.is_empty() {
        return Err(invalid("Load balancer names and load balancer ARNs cannot be specified at the same time"));
    }
    let all = &world.elbv2.balancers;
    let missing: Vec<&String> = arns
        .iter()
        .filter(|arn| !all.contains_key(*arn))
        .chain(names.iter().filter(|name| !all.values().any(|balancer| balancer.name == **name)))
        .collect();
    if !missing.is_empty() {
        let names = missing.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
        let message = format!("Load balancers [{}] not found", names.replace('\'', ""));
        return Err(Fault::bad_request("LoadBalancerNotFound", message));
    }
    let wanted = |balancer: &&LoadBalancer| {
        (arns.is_empty() || arns.contains(&balancer.arn)) && (names.is_empty() || names.contains(&balancer.name))
    };
    let views: Vec<Value> = all.values().filter(wanted).map(|balancer| balancer.view(world)).collect();
    paged(world, input, "LoadBalancers", &views)
}

/// `DeleteLoadBalancer`: its listeners go with it; one that isn't there is no error.
pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let arn = required(input, "LoadBalancerArn")?.to_owned();
    let Some(balancer) = world.elbv2.balancers.get(&arn) else { return Ok(json!({})) };
    if balancer.attributes.get("deletion_protection.enabled").is_some_and(|value| value == "true") {
        let message = format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
        return Err(not_permitted(message));
    }
    let left: Vec<String> = balancer.interfaces.values().cloned().collect();
    placement::leave(world, &left);
    world.elbv2.balancers.remove(&arn);
    let gone: Vec<String> =
        world.elbv2.listeners.values().filter(|one| one.load_balancer == arn).map(|one| one.arn.clone()).collect();
    world.elbv2.listeners.retain(|listener, _| !gone.contains(listener));
    world.elbv2.rules.retain(|_, rule| !gone.contains(&rule.listener));
    associations::refresh(world);
    wafv2::forget(world, &arn);
    Ok(json!({}))
}

/// `SetIpAddressType`
pub(super) fn set_ip_address_type(world: &World, input: &Value) -> Answer {
    named(world, input)?;
    let given = required(input, "IpAddressType")?;
    check_ip_address_type(Some(given))?;
    Ok(json!({"IpAddressType": given}))
}

/// Whether the load balancer of this ARN serves by now; none where there is none.
pub fn is_active(world: &World, arn: &str) -> Option<bool> {
    world.elbv2.balancers.get(arn).map(|balancer| balancer.is_active(world.now))
}

/// The load balancer that an input names by `LoadBalancerArn`.
pub(super) fn named<'a>(world: &'a World, input: &Value) -> Result<&'a LoadBalancer, Fault> {
    let arn = required(input, "LoadBalancerArn")?;
    if !arn.contains(":loadbalancer/") {
        return Err(invalid(format!("'{arn}' is not a valid load balancer ARN")));
    }
    world.elbv2.balancers.get(arn).ok_or_else(|| not_found(arn))
}

pub(super) fn not_found(arn: &str) -> Fault {
    Fault::bad_request("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"))
}

/// An error about where a load balancer lies, in EC2's words under Elastic Load Balancing's code.
pub(super) fn from_ec2(fault: Fault) -> Fault {
    match fault.code.as_str() {
        "InvalidSubnetID.NotFound" => Fault::bad_request("SubnetNotFound", fault.message),
        "InvalidGroup.NotFound" => Fault::bad_request("InvalidSecurityGroup", fault.message),
        "InsufficientFreeAddressesInSubnet" => Fault::bad_request("InvalidSubnet", fault.message),
        _ => misconfigured(fault.message),
    }
}
