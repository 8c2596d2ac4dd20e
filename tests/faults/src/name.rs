//! What a call is called: its operation and what it is about, so that a point means the same in every run.

use std::fmt;

use bytes::Bytes;
use longshore_simulator::protocol::{rest_json, rest_xml};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Whom a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Aws,
    Kubernetes,
    /// Not a call: what a watch tells.
    Watch,
}

/// A call, or an event of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) target: Target,
    /// `ecs:CreateService(hello-1a2b)`, `patch:ecsservices/status(shop/hello)`.
    pub(crate) name: String,
    /// Whether it may change something.
    pub(crate) write: bool,
}

/// A call by its name and number: the n-th of this name since the start of the scenario.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    pub(crate) name: String,
    /// From 1.
    pub(crate) nth: usize,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.name, self.nth)
    }
}

/// What tells what a request is about, the most telling first.
const ABOUT: [&str; 48] = [
    "serviceName",
    "service",
    "services.0",
    "clusterName",
    "family",
    "familyPrefix",
    "taskDefinition",
    "resourceArn",
    "cluster",
    "clusters.0",
    "logGroupName",
    "logGroupNamePrefix",
    "RoleName",
    "Name",
    "GroupName",
    "GroupId",
    "GroupId.1",
    "ResourceId.1",
    "Filter.1.Value.1",
    "Names.member.1",
    "Rule",
    "RuleArn",
    "RuleArns.member.1",
    "TargetGroupArn",
    "TargetGroupArns.member.1",
    "ListenerArn",
    "LoadBalancerArn",
    "ResourceArns.member.1",
    "RulePriorities.member.1.RuleArn",
    "PolicyName",
    "ResourceId",
    "ResourceIds.0",
    "ResourceARN",
    "InstanceProfileName",
    "LaunchTemplateName",
    "LaunchTemplateId",
    "AutoScalingGroupName",
    "AutoScalingGroupNames.member.1",
    "SubnetId",
    "CreationToken",
    "ClientToken",
    "MountTargetId",
    "AccessPointId",
    "FileSystemId",
    "StartRecordName",
    "ChangeBatch.Changes.0.ResourceRecordSet.Name",
    "Id",
    "Filters.0.Values.0",
];

/// The name of a request to AWS.
pub(crate) fn of_aws(request: &http::Request<Bytes>) -> Named {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let service = header("authorization").split('/').nth(3).unwrap_or_default().to_owned();
    // These have their operations in method and path.
    let rest = match service.as_str() {
        "elasticfilesystem" | "scheduler" => rest_json::parse(request.method(), request.uri(), request.body()).ok(),
        "route53" => rest_xml::parse(request.method(), request.uri(), request.body()).ok(),
        _ => None,
    };
    let json: Value = match &rest {
        Some((_, input)) => input.clone(),
        None => serde_json::from_slice(request.body()).unwrap_or_default(),
    };
    let form = form(request.body());
    let member = |name: &str| {
        let pointer = format!("/{}", name.replace('.', "/"));
        let in_json = json.pointer(&pointer).and_then(Value::as_str).map(str::to_owned);
        in_json.or_else(|| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
    };
    let operation = match (rest.as_ref(), header("x-amz-target").split_once('.')) {
        (Some((operation, _)), _) => operation.clone(),
        (None, Some((_, operation))) => operation.to_owned(),
        (None, None) => member("Action").unwrap_or_default(),
    };
    let about = ABOUT.iter().find_map(|name| member(name)).unwrap_or_default();
    let write = !longshore_simulator::call::is_read(&operation);
    Named { target: Target::Aws, name: named(&format!("{service}:{operation}"), last_part(&about)), write }
}

/// The name of a call to Kubernetes. Events have names that nobody chose.
pub(crate) fn of_kubernetes(call: &longshore_kubernetes_api::Call) -> Named {
    let about = if call.resource == "events" { String::new() } else { path(&call.key) };
    Named {
        target: Target::Kubernetes,
        name: named(&format!("{}:{}", call.verb, call.resource), &about),
        write: call.write,
    }
}

/// The name of what a watch tells.
pub(crate) fn of_event(event: &longshore_kubernetes_api::Event) -> Named {
    let initial = if event.initial { "initial:" } else { "" };
    let name = named(&format!("event:{initial}{}", event.key.resource), &path(&event.key));
    Named { target: Target::Watch, name, write: false }
}

fn path(key: &longshore_kubernetes_api::Key) -> String {
    [key.namespace.as_str(), key.name.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/")
}

fn named(what: &str, about: &str) -> String {
    if about.is_empty() { what.to_owned() } else { format!("{what}({about})") }
}

/// `hello` of an ARN or a path.
fn last_part(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

fn form(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decoded(key), decoded(value))).collect()
}
