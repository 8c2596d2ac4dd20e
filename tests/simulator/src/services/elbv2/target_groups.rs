//! Target groups: what they are, how they come and go.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::health_checks::HealthCheck;
use super::targets::Target;
use super::{
    Tags, associations, at_most, attributes, bounded, checked_name, invalid, load_balancers, misconfigured, paged,
    required, tags,
};
use crate::call::{Answer, Fault};
use crate::protocol::query;
use crate::services::ec2;
use crate::world::World;

/// User guide, "Quotas for your Application Load Balancers": target groups per region.
const TARGET_GROUPS: usize = 3000;

/// A target group. Name, protocol, port, VPC and type stay as they were made.
#[derive(Clone, Debug, Serialize)]
pub struct TargetGroup {
    pub(super) arn: String,
    name: String,
    pub(super) protocol: String,
    version: Option<String>,
    pub(super) port: i64,
    /// The VPC that its targets lie in.
    pub vpc_id: String,
    /// `ip` or `instance`.
    pub target_type: String,
    pub(super) check: HealthCheck,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: Tags,
    /// The load balancer whose listeners or rules forward to it.
    pub balancer: Option<String>,
    /// By address or instance, and port: `10.0.0.4:80`.
    pub(super) targets: BTreeMap<String, Target>,
}

impl TargetGroup {
    pub(super) fn view(&self) -> Value {
        let mut view = json!({
            "TargetGroupArn": self.arn,
            "TargetGroupName": self.name,
            "Protocol": self.protocol,
            "ProtocolVersion": self.version,
            "Port": self.port,
            "VpcId": self.vpc_id,
            "LoadBalancerArns": self.balancer.iter().collect::<Vec<_>>(),
            "TargetType": self.target_type,
            "IpAddressType": "ipv4",
        });
        if let (Some(members), Value::Object(check)) = (view.as_object_mut(), self.check.view()) {
            members.extend(check);
        }
        view
    }

    /// Whether it is what an input asks for.
    fn same(&self, other: &Self) -> bool {
        (&self.protocol, &self.version, self.port, &self.vpc_id, &self.target_type)
            == (&other.protocol, &other.version, other.port, &other.vpc_id, &other.target_type)
            && self.check == other.check
            && self.tags == other.tags
    }
}

/// `CreateTargetGroup`: with the settings of one that is there it answers that one.
pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let mut group = read(world, input)?;
    if let Some(there) = world.elbv2.groups.values().find(|there| there.name == group.name) {
        if there.same(&group) {
            return Ok(json!({"TargetGroups": [there.view()]}));
        }
        let message = format!("A target group with the same name '{}' exists, but with different settings", group.name);
        return Err(Fault::bad_request("DuplicateTargetGroupName", message));
    }
    if world.elbv2.groups.len() >= TARGET_GROUPS {
        let message = format!("The maximum number of target groups is '{TARGET_GROUPS}'");
        return Err(Fault::bad_request("TooManyTargetGroups", message));
    }
    let id = world.ids.hex(16);
    group.arn = world.arn("elasticloadbalancing", &format!("targetgroup/{}/{id}", group.name));
    let view = group.view();
    world.elbv2.groups.insert(group.arn.clone(), group);
    Ok(json!({"TargetGroups": [view]}))
}

/// The target group that an input asks for, its ARN aside.
fn read(world: &World, input: &Value) -> Result<TargetGroup, Fault> {
    let name = checked_name(input, "target group")?.to_owned();
    let target_type = match query::text(input, "TargetType") {
        None | Some("instance") => "instance",
        Some("ip") => "ip",
        Some(other @ ("lambda" | "alb")) => {
            return Err(invalid(format!("The simulator has target types instance and ip only, not {other}")));
        }
        Some(other) => {
            return Err(invalid(format!("Target type '{other}' must be one of 'instance, ip, lambda, alb'")));
        }
    };
    if query::text(input, "IpAddressType").is_some_and(|given| given != "ipv4") {
        return Err(misconfigured("The VPC has no IPv6 CIDR block"));
    }
    let protocol = required(input, "Protocol")?.to_owned();
    if !["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"].contains(&protocol.as_str()) {
        return Err(invalid(format!("Protocol '{protocol}' is not supported for target groups")));
    }
    let version = version(input, &protocol)?;
    let port = bounded(input, "Port", 1..=65_535)?.ok_or_else(|| invalid("A port must be specified"))?;
    let vpc_id = query::text(input, "VpcId").ok_or_else(|| invalid("A VPC ID must be specified"))?.to_owned();
    if ec2::first_address(world, &vpc_id).is_none() {
        return Err(invalid(format!("The VPC ID '{vpc_id}' is not found")));
    }
    let check = HealthCheck::read(input, &protocol, version.as_deref())?;
    Ok(TargetGroup {
        arn: String::new(),
        name,
        protocol,
        version,
        port,
        vpc_id,
        target_type: target_type.to_owned(),
        check,
        attributes: attributes::of_new_target_group(),
        tags: tags::at_creation(input)?,
        balancer: None,
        targets: BTreeMap::new(),
    })
}

/// HTTP/1.1 unless told otherwise; only groups of HTTP and HTTPS have one.
fn version(input: &Value, protocol: &str) -> Result<Option<String>, Fault> {
    let http = ["HTTP", "HTTPS"].contains(&protocol);
    match query::text(input, "ProtocolVersion") {
        None => Ok(http.then(|| "HTTP1".to_owned())),
        Some(version @ ("HTTP1" | "HTTP2" | "GRPC")) if http => Ok(Some(version.to_owned())),
        Some(other) => Err(invalid(format!("Protocol version '{other}' is not supported for protocol '{protocol}'"))),
    }
}

/// `DescribeTargetGroups`: all, those of a load balancer, or those of these ARNs or names, which must be there.
pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let (arns, names) = (at_most(input, "TargetGroupArns", 20)?, at_most(input, "Names", 20)?);
    let balancer = query::text(input, "LoadBalancerArn");
    let filters = [!arns.is_empty(), !names.is_empty(), balancer.is_some()];
    if filters.iter().filter(|given| **given).count() > 1 {
        return Err(invalid("Only one of target group ARNs, names and a load balancer ARN can be specified"));
    }
    if balancer.is_some() {
        load_balancers::named(world, input)?;
    }
    let all = &world.elbv2.groups;
    let missing = arns.iter().any(|arn| !all.contains_key(arn))
        || names.iter().any(|name| !all.values().any(|group| group.name == *name));
    if missing {
        return Err(not_found());
    }
    let wanted = |group: &&TargetGroup| {
        (arns.is_empty() || arns.contains(&group.arn))
            && (names.is_empty() || names.contains(&group.name))
            && balancer.is_none_or(|balancer| group.balancer.as_deref() == Some(balancer))
    };
    let views: Vec<Value> = all.values().filter(wanted).map(TargetGroup::view).collect();
    paged(world, input, "TargetGroups", &views)
}

/// `ModifyTargetGroup`: health check settings; what isn't given stays.
pub(super) fn modify(world: &mut World, input: &Value) -> Answer {
    let group = named(world, input)?;
    let (arn, check) = (group.arn.clone(), group.check.changed(input, &group.protocol)?);
    let group = world.elbv2.groups.get_mut(&arn).ok_or_else(not_found)?;
    group.check = check;
    Ok(json!({"TargetGroups": [group.view()]}))
}

/// `DeleteTargetGroup`: "You can delete a target group if it is not referenced by any actions." One that isn't there
/// is no error, as is reported of the real one.
pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let arn = checked_arn(input)?.to_owned();
    if associations::is_used(world, &arn) {
        let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Fault::bad_request("ResourceInUse", message));
    }
    world.elbv2.groups.remove(&arn);
    Ok(json!({}))
}

fn checked_arn(input: &Value) -> Result<&str, Fault> {
    let arn = required(input, "TargetGroupArn")?;
    if arn.contains(":targetgroup/") {
        Ok(arn)
    } else {
        Err(invalid(format!("'{arn}' is not a valid target group ARN")))
    }
}

/// The target group that an input names by `TargetGroupArn`.
pub(super) fn named<'a>(world: &'a World, input: &Value) -> Result<&'a TargetGroup, Fault> {
    world.elbv2.groups.get(checked_arn(input)?).ok_or_else(not_found)
}

pub(super) fn not_found() -> Fault {
    Fault::bad_request("TargetGroupNotFound", "One or more target groups not found")
}
