//! Attributes of load balancers, target groups and listeners: which there are, what they may be, what they are at
//! first. API reference, `LoadBalancerAttribute`, `TargetGroupAttribute`, `ListenerAttribute`: those of Application
//! Load Balancers with targets by instance or IP address.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{invalid, listeners, load_balancers, misconfigured, required, target_groups};
use crate::call::{Answer, Fault};
use crate::protocol::query;
use crate::world::World;

/// What values an attribute takes.
#[derive(Clone, Copy)]
enum Takes {
    OneOf(&'static [&'static str]),
    Number(i64, i64),
    /// A number within bounds, or this.
    NumberOr(i64, i64, &'static str),
    Text,
}

use Takes::{Number, NumberOr, OneOf, Text};

const FLAG: Takes = OneOf(&["true", "false"]);

/// Key, value at first, what it takes.
type Table = &'static [(&'static str, &'static str, Takes)];

const LOAD_BALANCER: Table = &[
    ("access_logs.s3.bucket", "", Text),
    ("access_logs.s3.enabled", "false", FLAG),
    ("access_logs.s3.prefix", "", Text),
    ("client_keep_alive.seconds", "3600", Number(60, 604_800)),
    ("connection_logs.s3.bucket", "", Text),
    ("connection_logs.s3.enabled", "false", FLAG),
    ("connection_logs.s3.prefix", "", Text),
    ("deletion_protection.enabled", "false", FLAG),
    ("health_check_logs.s3.bucket", "", Text),
    ("health_check_logs.s3.enabled", "false", FLAG),
    ("health_check_logs.s3.prefix", "", Text),
    ("idle_timeout.timeout_seconds", "60", Number(1, 4000)),
    ("ipv6.deny_all_igw_traffic", "false", FLAG),
    ("load_balancing.cross_zone.enabled", "true", OneOf(&["true"])),
    ("routing.http.desync_mitigation_mode", "defensive", OneOf(&["monitor", "defensive", "strictest"])),
    ("routing.http.drop_invalid_header_fields.enabled", "false", FLAG),
    ("routing.http.preserve_host_header.enabled", "false", FLAG),
    ("routing.http.x_amzn_tls_kx.enabled", "false", FLAG),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", FLAG),
    ("routing.http.xff_client_port.enabled", "false", FLAG),
    ("routing.http.xff_header_processing.mode", "append", OneOf(&["append", "preserve", "remove"])),
    ("routing.http2.enabled", "true", FLAG),
    ("waf.fail_open.enabled", "false", FLAG),
    ("zonal_shift.config.enabled", "false", FLAG),
];

const COUNT: &str = "target_group_health.dns_failover.minimum_healthy_targets.count";
const PERCENTAGE: &str = "target_group_health.dns_failover.minimum_healthy_targets.percentage";
const ROUTING_COUNT: &str = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count";
const ROUTING_PERCENTAGE: &str = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage";

/// How long a target drains after it was deregistered, in seconds.
const DEREGISTRATION_DELAY: &str = "deregistration_delay.timeout_seconds";

const TARGET_GROUP: Table = &[
    (DEREGISTRATION_DELAY, "300", Number(0, 3600)),
    ("load_balancing.algorithm.anomaly_mitigation", "off", OneOf(&["on", "off"])),
    (
        "load_balancing.algorithm.type",
        "round_robin",
        OneOf(&["round_robin", "least_outstanding_requests", "weighted_random"]),
    ),
    (
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        OneOf(&["true", "false", "use_load_balancer_configuration"]),
    ),
    ("slow_start.duration_seconds", "0", NumberOr(30, 900, "0")),
    ("stickiness.app_cookie.cookie_name", "", Text),
    ("stickiness.app_cookie.duration_seconds", "86400", Number(1, 604_800)),
    ("stickiness.enabled", "false", FLAG),
    ("stickiness.lb_cookie.duration_seconds", "86400", Number(1, 604_800)),
    ("stickiness.type", "lb_cookie", OneOf(&["lb_cookie", "app_cookie"])),
    (COUNT, "1", NumberOr(1, 1000, "off")),
    (PERCENTAGE, "off", NumberOr(1, 100, "off")),
    (ROUTING_COUNT, "1", Number(1, 1000)),
    (ROUTING_PERCENTAGE, "off", NumberOr(1, 100, "off")),
];

const LISTENER: Table = &[
    ("routing.http.request.x_amzn_mtls_clientcert.header_name", "", Text),
    ("routing.http.request.x_amzn_mtls_clientcert_issuer.header_name", "", Text),
    ("routing.http.request.x_amzn_mtls_clientcert_leaf.header_name", "", Text),
    ("routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name", "", Text),
    ("routing.http.request.x_amzn_mtls_clientcert_subject.header_name", "", Text),
    ("routing.http.request.x_amzn_mtls_clientcert_validity.header_name", "", Text),
    ("routing.http.request.x_amzn_tls_cipher_suite.header_name", "", Text),
    ("routing.http.request.x_amzn_tls_version.header_name", "", Text),
    ("routing.http.response.access_control_allow_credentials.header_value", "", Text),
    ("routing.http.response.access_control_allow_headers.header_value", "", Text),
    ("routing.http.response.access_control_allow_methods.header_value", "", Text),
    ("routing.http.response.access_control_allow_origin.header_value", "", Text),
    ("routing.http.response.access_control_expose_headers.header_value", "", Text),
    ("routing.http.response.access_control_max_age.header_value", "", Text),
    ("routing.http.response.content_security_policy.header_value", "", Text),
    ("routing.http.response.server.enabled", "true", FLAG),
    ("routing.http.response.strict_transport_security.header_value", "", Text),
    ("routing.http.response.x_content_type_options.header_value", "", Text),
    ("routing.http.response.x_frame_options.header_value", "", Text),
];

type Attributes = BTreeMap<String, String>;

fn defaults(table: Table) -> Attributes {
    table.iter().map(|(key, value, _)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What a new load balancer has; an internal one keeps Internet gateways out.
pub(super) fn of_new_load_balancer(internal: bool) -> Attributes {
    let mut attributes = defaults(LOAD_BALANCER);
    attributes.insert("ipv6.deny_all_igw_traffic".to_owned(), internal.to_string());
    attributes
}

/// What a new target group has.
pub(super) fn of_new_target_group() -> Attributes {
    defaults(TARGET_GROUP)
}

/// What a new listener has.
pub(super) fn of_new_listener() -> Attributes {
    defaults(LISTENER)
}

/// A target group's deregistration delay, in milliseconds.
pub(super) fn deregistration_delay(attributes: &Attributes) -> i64 {
    attributes.get(DEREGISTRATION_DELAY).and_then(|seconds| seconds.parse::<i64>().ok()).unwrap_or(300) * 1000
}

/// The attributes that an input changes, each checked.
fn changes(input: &Value, what: &str, table: Table) -> Result<Attributes, Fault> {
    let mut changes = Attributes::new();
    for item in query::items(input, "Attributes") {
        let key = required(item, "Key")?;
        let value = query::text(item, "Value").unwrap_or_default();
        let known = table.iter().find(|(known, _, _)| *known == key);
        let (_, _, takes) = known.ok_or_else(|| invalid(format!("{what} attribute key '{key}' is not recognized")))?;
        check(key, value, *takes)?;
        if changes.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("{what} attribute key '{key}' cannot be specified more than once")));
        }
    }
    if changes.is_empty() {
        return Err(invalid("At least one attribute must be specified"));
    }
    Ok(changes)
}

fn check(key: &str, value: &str, takes: Takes) -> Result<(), Fault> {
    let within = |least: i64, most: i64| value.parse().is_ok_and(|number: i64| (least..=most).contains(&number));
    let (fits, wanted) = match takes {
        OneOf(values) => (values.contains(&value), format!("one of '{}'", values.join(", "))),
        Number(least, most) => (within(least, most), format!("between '{least}' and '{most}' inclusive")),
        NumberOr(least, most, or) => {
            (value == or || within(least, most), format!("'{or}' or between '{least}' and '{most}' inclusive"))
        }
        Text => (value.chars().count() <= 1024, "at most 1024 characters long".to_owned()),
    };
    if fits { Ok(()) } else { Err(invalid(format!("'{key}' value '{value}' must be {wanted}"))) }
}

fn shown(attributes: &Attributes) -> Value {
    let list: Vec<Value> = attributes.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    json!({"Attributes": list})
}

pub(super) fn describe_load_balancer(world: &World, input: &Value) -> Answer {
    load_balancers::named(world, input).map(|balancer| shown(&balancer.attributes))
}

/// Whether a log's bucket exists, and lets the log in, isn't looked at: the simulator has no buckets.
pub(super) fn modify_load_balancer(world: &mut World, input: &Value) -> Answer {
    let balancer = load_balancers::named(world, input)?;
    let (arn, mut after) = (balancer.arn.clone(), balancer.attributes.clone());
    after.extend(changes(input, "Load balancer", LOAD_BALANCER)?);
    for log in ["access_logs", "connection_logs", "health_check_logs"] {
        let value = |member: &str| after.get(&format!("{log}.s3.{member}")).map(String::as_str).unwrap_or_default();
        if value("enabled") == "true" && value("bucket").is_empty() {
            return Err(misconfigured(format!("An S3 bucket must be specified when '{log}.s3.enabled' is true")));
        }
    }
    let answer = shown(&after);
    if let Some(balancer) = world.elbv2.balancers.get_mut(&arn) {
        balancer.attributes = after;
    }
    Ok(answer)
}

pub(super) fn describe_target_group(world: &World, input: &Value) -> Answer {
    target_groups::named(world, input).map(|group| shown(&group.attributes))
}

pub(super) fn modify_target_group(world: &mut World, input: &Value) -> Answer {
    let group = target_groups::named(world, input)?;
    let (arn, mut after) = (group.arn.clone(), group.attributes.clone());
    after.extend(changes(input, "Target group", TARGET_GROUP)?);
    let is = |key: &str, wanted: &str| after.get(key).is_some_and(|value| value == wanted);
    // User guide, "Slow start mode": round robin is the only algorithm that has it.
    if !is("slow_start.duration_seconds", "0") && !is("load_balancing.algorithm.type", "round_robin") {
        return Err(misconfigured("Slow start is only supported with the load balancing algorithm 'round_robin'"));
    }
    if is("load_balancing.algorithm.anomaly_mitigation", "on")
        && !is("load_balancing.algorithm.type", "weighted_random")
    {
        return Err(misconfigured(
            "Anomaly mitigation is only supported with the load balancing algorithm 'weighted_random'",
        ));
    }
    let answer = shown(&after);
    if let Some(group) = world.elbv2.groups.get_mut(&arn) {
        group.attributes = after;
    }
    Ok(answer)
}

pub(super) fn describe_listener(world: &World, input: &Value) -> Answer {
    listeners::named(world, input).map(|listener| shown(&listener.attributes))
}

pub(super) fn modify_listener(world: &mut World, input: &Value) -> Answer {
    let listener = listeners::named(world, input)?;
    let (arn, mut after) = (listener.arn.clone(), listener.attributes.clone());
    after.extend(changes(input, "Listener", LISTENER)?);
    let answer = shown(&after);
    if let Some(listener) = world.elbv2.listeners.get_mut(&arn) {
        listener.attributes = after;
    }
    Ok(answer)
}
