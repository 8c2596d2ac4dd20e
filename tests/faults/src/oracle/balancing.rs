//! What an `ApplicationLoadBalancer` must have in AWS, and a service that is behind one.

use serde_json::{Value, json};

use super::Want;
use super::aws::{Account, Thing, differs};

/// How AWS differs from what a load balancer asks for.
pub(super) fn differences(account: &Account, want: &Want) -> Vec<String> {
    let mut found = vec![];
    let group = account.only(want, "security group", &mut found);
    if let Some(group) = group {
        let listeners = list(&want.spec["listeners"]);
        let cidrs = list(&want.spec["ingressCidrs"]);
        let open = listeners
            .flat_map(|listener| cidrs.clone().map(|cidr| into(listener["port"].as_i64(), &json!({"Ipv4": cidr}))));
        let vpc = &account.world["ec2"]["vpcs"][want.environment["network"]["vpcId"].as_str().unwrap_or_default()];
        let out = rule(true, "-1", Some(-1), &json!({"Ipv4": vpc["cidr"]}));
        rules(group, open.chain([out]).collect(), &mut found);
    }
    let Some(balancer) = account.only(want, "load balancer", &mut found) else { return found };
    let internal = want.spec["scheme"] == "internal";
    differs(&mut found, "internal", &balancer.value["internal"], &json!(internal));
    differs(&mut found, "security groups", &balancer.value["security_groups"], &json!([group.map(|group| &group.id)]));
    let subnets = &want.environment["network"][if internal { "privateSubnets" } else { "publicSubnets" }]["ids"];
    let is = balancer.value["subnets"].as_object().into_iter().flat_map(|subnets| subnets.values());
    same("subnets", is.cloned(), list(subnets).cloned(), &mut found);
    listeners(account, want, balancer, &mut found);
    found
}

fn listeners(account: &Account, want: &Want, balancer: &Thing, found: &mut Vec<String>) {
    let is = account.of_object(want, "listener").into_iter().map(|listener| {
        let value = &listener.value;
        json!([value["load_balancer"], value["port"], value["https"], value["certificate"]])
    });
    let shall = list(&want.spec["listeners"]).map(|listener| {
        let https = listener["protocol"] == "HTTPS";
        json!([balancer.id, listener["port"], https, listener["certificateArns"][0]])
    });
    same("listeners", is, shall, found);
}

/// How AWS differs from what a service asks for that is behind load balancers.
pub(super) fn of_service(account: &Account, want: &Want, service: &Thing, found: &mut Vec<String>) {
    let groups = account.of_object(want, "target group");
    let mut wanted = vec![];
    let mut attached = vec![];
    let mut entries = 0;
    for entry in list(&want.spec["loadBalancers"]) {
        entries += 1;
        let name = entry["name"].as_str().unwrap_or_default();
        let version = entry["protocolVersion"].as_str().unwrap_or("HTTP1");
        let of_entry = groups.iter().find(|group| group.key() == name && group.value["version"] == version);
        let Some(group) = of_entry else {
            found.push(format!("there is no target group for {name} with {version}"));
            continue;
        };
        if shifts(want) {
            entries += 1;
            let other = groups
                .iter()
                .find(|other| other.key() == format!("{name}.alternate") && other.value["version"] == version);
            let Some(other) = other else {
                found.push(format!("there is no second target group for {name}"));
                continue;
            };
            let (rule, live) = shifted(account, want, entry, (group, other), found);
            targets(live, &entry["containerPort"], &service.value["desired"], found);
            wanted.push(rule.0);
            attached.push(json!({"containerName": entry["containerName"], "containerPort": entry["containerPort"],
                "targetGroupArn": group.id, "advancedConfiguration": {"alternateTargetGroupArn": other.id,
                "productionListenerRule": rule.1, "roleArn": role(account, want)}}));
            continue;
        }
        targets(group, &entry["containerPort"], &service.value["desired"], found);
        let listener = listener(account, want, entry).map(|listener| &listener.id);
        wanted.extend(list(&entry["rules"]).map(|rule| {
            json!([listener, sorted(list(&rule["hosts"])), sorted(list(&rule["paths"])), [[group.id, 1]]])
        }));
        attached.push(json!({"containerName": entry["containerName"], "containerPort": entry["containerPort"],
            "targetGroupArn": group.id}));
    }
    if groups.len() != entries && !want.forgotten {
        found.push(format!("{} target groups instead of {entries}", groups.len()));
    }
    let is = account.of_object(want, "listener rule").into_iter().map(|rule| {
        let to = &rule.value["actions"][0]["effect"]["Forward"]["groups"];
        json!([rule.value["listener"], asked(rule, "Host"), asked(rule, "Path"), to])
    });
    let is = is.filter(|rule| !want.forgotten || wanted.contains(rule)).collect::<Vec<Value>>();
    same("listener rules", is.into_iter(), wanted.into_iter(), found);
    let is = list(&service.value["revision"]["attached"]["loadBalancers"]);
    same("attached target groups", is.cloned(), attached.into_iter(), found);
}

/// Whether deployments shift traffic.
pub(super) fn shifts(want: &Want) -> bool {
    let strategy = text(&want.spec["deploymentConfiguration"]["strategy"]);
    !strategy.is_empty() && strategy != "ROLLING"
}

/// The role with which ECS shifts it.
fn role(account: &Account, want: &Want) -> Option<String> {
    let roles = account.of_object(want, "role").into_iter();
    roles.map(|role| role.id.clone()).find(|id| id.ends_with("-infra"))
}

/// The rule of an entry whose traffic is shifted, as it must be and by its ARN, and the group that all of it goes to, which is
/// the one that has the tasks: ECS's choice, and nobody else's.
fn shifted<'a>(
    account: &Account,
    want: &Want,
    entry: &Value,
    (group, other): (&'a Thing, &'a Thing),
    found: &mut Vec<String>,
) -> ((Value, Value), &'a Thing) {
    let asks = &entry["rules"][0];
    let (hosts, paths) = (sorted(list(&asks["hosts"])), sorted(list(&asks["paths"])));
    let is_it = |rule: &&Thing| asked(rule, "Host") == hosts && asked(rule, "Path") == paths;
    let rules = account.of_object(want, "listener rule");
    let rule = rules.iter().copied().find(is_it);
    let leads = rule.map(|rule| rule.value["actions"][0]["effect"]["Forward"]["groups"].clone()).unwrap_or_default();
    let weight = |of: &Thing| list(&leads).find(|one| one[0] == of.id.as_str()).and_then(|one| one[1].as_i64());
    let listener = listener(account, want, entry).map(|listener| &listener.id);
    let (live, idle) = if weight(group) == Some(100) { (group, other) } else { (other, group) };
    if (weight(live), weight(idle)) != (Some(100), Some(0)) {
        found.push(format!("the rule leads to {leads}, and at rest one of the two must have all"));
    }
    let going = |target: &Value| target["state"] == "Draining";
    if !idle.value["targets"].as_object().into_iter().flat_map(|all| all.values()).all(going) {
        found.push(format!("{} has tasks, and gets no traffic", idle.id));
    }
    let arn = json!(rule.map(|rule| &rule.id));
    ((json!([listener, hosts, paths, leads]), arn), live)
}

/// What a rule asks for in a field of its conditions.
fn asked<'a>(rule: &'a Thing, field: &str) -> Vec<&'a str> {
    let conditions = list(&rule.value["conditions"]).filter(|condition| condition["field"] == field);
    sorted(conditions.flat_map(|condition| list(&condition["values"])))
}

/// As many as there are tasks, on the container's port, healthy or about to be: after a few health checks it is known.
/// Beside them none but those that go.
fn targets(group: &Thing, port: &Value, desired: &Value, found: &mut Vec<String>) {
    let all: Vec<&Value> = group.value["targets"].as_object().into_iter().flat_map(|all| all.values()).collect();
    let is = |target: &Value, states: &[&str]| states.contains(&text(&target["state"]));
    let here = |target: &&&Value| is(target, &["Healthy", "Registering", "Checking"]) && target["port"] == *port;
    let here = all.iter().filter(here).count();
    let going = all.iter().filter(|target| is(target, &["Draining"])).count();
    if json!(here) != *desired || here + going != all.len() {
        found.push(format!("{here} targets on {port} of {desired}, and {going} that go, of {all:?}"));
    }
}

fn listener<'a>(account: &'a Account, want: &Want, entry: &Value) -> Option<&'a Thing> {
    let of = format!("ApplicationLoadBalancer/{}/{}", want.namespace, text(&entry["loadBalancer"]["name"]));
    let mut listeners = account.things.iter().filter(|thing| thing.kind == "listener" && thing.object() == of);
    listeners.find(|listener| listener.key() == text(&entry["listener"]))
}

/// What a service's group must let in: from each load balancer's group, on the container's port and no other.
pub(super) fn let_in(account: &Account, want: &Want) -> impl Iterator<Item = Value> {
    list(&want.spec["loadBalancers"]).map(|entry| {
        let of = format!("ApplicationLoadBalancer/{}/{}", want.namespace, text(&entry["loadBalancer"]["name"]));
        let group = account.things.iter().find(|thing| thing.kind == "security group" && thing.object() == of);
        into(entry["containerPort"].as_i64(), &json!({"Group": group.map(|group| &group.id)}))
    })
}

/// A rule of a security group.
pub(super) fn rule(egress: bool, protocol: &str, port: Option<i64>, peer: &Value) -> Value {
    json!([egress, protocol, port, port, peer])
}

pub(super) fn into(port: Option<i64>, peer: &Value) -> Value {
    rule(false, "tcp", port, peer)
}

/// The rules of a security group are those, and no others.
pub(super) fn rules(group: &Thing, shall: Vec<Value>, found: &mut Vec<String>) {
    let is = group.value["rules"].as_object().into_iter().flat_map(|rules| rules.values());
    let is = is.map(|it| json!([it["egress"], it["protocol"], it["from_port"], it["to_port"], it["peer"]]));
    same("rules of its security group", is, shall.into_iter(), found);
}

/// In whatever order.
fn same(what: &str, is: impl Iterator<Item = Value>, shall: impl Iterator<Item = Value>, found: &mut Vec<String>) {
    let texts = |all: &mut dyn Iterator<Item = Value>| {
        let mut texts: Vec<String> = all.map(|value| value.to_string()).collect();
        texts.sort();
        json!(texts)
    };
    let (mut is, mut shall) = (is, shall);
    differs(found, what, &texts(&mut is), &texts(&mut shall));
}

fn list(value: &Value) -> impl Iterator<Item = &Value> + Clone {
    value.as_array().into_iter().flatten()
}

fn sorted<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<&'a str> {
    let mut texts: Vec<&str> = values.filter_map(Value::as_str).collect();
    texts.sort_unstable();
    texts
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
