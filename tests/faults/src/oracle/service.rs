//! What an `EcsService` must have in AWS.

use longshore_simulator::images::Images;
use serde_json::{Value, json};

use super::aws::{Account, Thing, differs, is_of_pipeline};
use super::balancing::shifts;
use super::{Want, access, balancing, connect, names, registries, scaling, storage};

/// Revisions that are kept to go back to, beside the one in use (docs: the last two).
const KEPT: usize = 2;
/// Days that logs are kept, unless the spec says otherwise.
const RETENTION: i64 = 30;

/// How AWS differs from what a service asks for.
pub(super) fn differences(account: &Account, want: &Want) -> Vec<String> {
    let mut found = vec![];
    logs(account, want, &mut found);
    let group = security_group(account, want, &mut found);
    let Roles { execution, task, infrastructure } = roles(account, want, &mut found);
    let Some(service) = account.only(want, "service", &mut found) else { return found };
    runs(account, want, service, &mut found);
    storage::volumes(account, want, service, infrastructure.as_deref(), &mut found);
    network(account, want, service, group.as_deref(), &mut found);
    balancing::of_service(account, want, service, &mut found);
    names::of_service(account, want, &mut found);
    connect::of_service(account, want, service, &mut found);
    registries::of_service(account, want, service, &mut found);
    scaling::of_service(account, want, service, &mut found);
    if let Some(definition) = definition(account, want, service, &mut found) {
        differs(&mut found, "execution role", &definition["executionRoleArn"], &json!(execution));
        differs(&mut found, "task role", &definition["taskRoleArn"], &json!(task));
    }
    found
}

fn logs(account: &Account, want: &Want, found: &mut Vec<String>) {
    let Some(group) = account.only(want, "log group", found) else { return };
    let days = want.spec["logs"]["retentionInDays"].as_i64().unwrap_or(RETENTION);
    differs(found, "retention", &group.value["retention_days"], &json!(days));
}

/// Its own group: everything out; in from load balancers and from the services that it names, and nothing else.
fn security_group(account: &Account, want: &Want, found: &mut Vec<String>) -> Option<String> {
    if !has_interfaces(&want.spec) {
        let groups: Vec<String> = account.of_object(want, "security group").iter().map(|it| it.id.clone()).collect();
        differs(found, "security groups of tasks that share their instance's", &json!(groups), &json!([]));
        return None;
    }
    let group = account.only(want, "security group", found)?;
    differs(found, "VPC", &group.value["vpc_id"], &want.environment["network"]["vpcId"]);
    let all_out = balancing::rule(true, "-1", Some(-1), &json!({"Ipv4": "0.0.0.0/0"}));
    let open = balancing::let_in(account, want).chain(connect::let_in(account, want));
    balancing::rules(group, open.chain([all_out]).collect(), found);
    Some(group.id.clone())
}

/// The ARNs of a service's roles.
struct Roles {
    execution: Option<String>,
    task: Option<String>,
    infrastructure: Option<String>,
}

/// The execution role, that of ECS itself for volumes, and the task role where the spec has one. A revision that is kept keeps its role, too.
fn roles(account: &Account, want: &Want, found: &mut Vec<String>) -> Roles {
    let all = account.of_object(want, "role");
    let of_ecs = |role: &&Thing| role.id.ends_with("-infra") || role.id.ends_with("-hooks");
    let (of_ecs, all): (Vec<&Thing>, Vec<&Thing>) = all.into_iter().partition(of_ecs);
    let infrastructure = infrastructure(want, &of_ecs, found);
    let wants_task = !want.spec["taskRole"].is_null() || storage::mounts(&want.spec).next().is_some();
    let kept = |role: &&&Thing| {
        let mut definitions = account.of_object(want, "task definition").into_iter();
        definitions.any(|definition| definition.value["body"]["taskRoleArn"] == role.id.as_str())
    };
    let execution = all.iter().find(|role| role.id.ends_with("-execution"));
    let task = all.iter().find(|role| role.id.ends_with("-task")).filter(|role| wants_task || !kept(role));
    let others = all.iter().filter(|role| !wants_task && kept(role)).count();
    if all.len() != 1 + usize::from(wants_task) + others || execution.is_none() || task.is_some() != wants_task {
        found.push(format!("its roles are {:?}", all.iter().map(|role| &role.id).collect::<Vec<_>>()));
    }
    for role in &all {
        let trust = role.value["trust"].as_str().unwrap_or_default();
        if !trust.contains("ecs-tasks.amazonaws.com") {
            found.push(format!("{} cannot be assumed by tasks: {trust}", role.id));
        }
        differs(found, "boundary", &role.value["boundary"], &want.environment["iam"]["permissionsBoundaryArn"]);
    }
    let logs = execution.map(|role| role.value["inline"].to_string()).unwrap_or_default();
    if !logs.contains("logs:PutLogEvents") {
        found.push(format!("the execution role may not write logs: {logs}"));
    }
    if let Some(task) = task {
        let inline = task.value["inline"].as_object().and_then(|inline| inline.values().next()?.as_str());
        let policy: Value = inline.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let action = |policy: &Value| policy["Statement"][0]["Action"].clone();
        let wanted = &want.spec["taskRole"]["policy"];
        let mounting = json!(["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]);
        let wanted = if wanted.is_null() { mounting } else { action(wanted) };
        // One action and a list of one are the same to IAM.
        let listed = |actions: Value| if actions.is_array() { actions } else { json!([actions]) };
        differs(found, "policy", &listed(action(&policy)), &listed(wanted));
    }
    Roles { execution: execution.map(|role| role.id.clone()), task: task.map(|role| role.id.clone()), infrastructure }
}

/// The role with which ECS makes volumes or shifts traffic, if the service has any; it may stay as long as a revision that
/// had some.
fn infrastructure(want: &Want, roles: &[&Thing], found: &mut Vec<String>) -> Option<String> {
    let volumes = want.spec["volumeConfigurations"].as_array().is_some_and(|volumes| !volumes.is_empty());
    let needs = [
        (volumes, "AmazonECSInfrastructureRolePolicyForVolumes"),
        (shifts(want), "AmazonECSInfrastructureRolePolicyForLoadBalancers"),
    ];
    let mut needs = needs.into_iter().filter(|(needed, _)| *needed).peekable();
    needs.peek()?;
    let role = roles.iter().find(|role| role.id.ends_with("-infra"))?;
    differs(found, "boundary", &role.value["boundary"], &want.environment["iam"]["permissionsBoundaryArn"]);
    let (trust, attached) = (role.value["trust"].to_string(), role.value["attached"].to_string());
    if !trust.contains("ecs.amazonaws.com") || needs.any(|(_, policy)| !attached.contains(policy)) {
        found.push(format!("ECS cannot do by {} what it must: {trust} {attached}", role.id));
    }
    Some(role.id.clone())
}

/// Its cluster, and its tasks: as many as asked for, all of the revision in use.
fn runs(account: &Account, want: &Want, service: &Thing, found: &mut Vec<String>) {
    let cluster = want.spec["cluster"]["name"].as_str().unwrap_or_default();
    let tag = format!("EcsCluster/{}/{cluster}", want.namespace);
    let arn = account
        .things
        .iter()
        .find(|it| it.kind == "cluster" && it.value["tags"]["longshore.dev/object"] == tag.as_str());
    differs(found, "cluster", &service.value["cluster_arn"], &json!(arn.map(|cluster| &cluster.id)));
    let revision = &service.value["revision"]["task_definition"];
    differs(found, "restart", &service.value["tags"]["longshore.dev/restarted-at"], &want.spec["restartedAt"]);
    // Where it follows metrics the spec's own is nobody's business.
    let said = Some(&want.spec["desiredCount"]).filter(|_| want.spec["autoscaling"].is_null());
    if let Some(wanted) = said.and_then(Value::as_u64) {
        differs(found, "desired count", &service.value["desired"], &json!(wanted));
    }
    let tasks = service.value["tasks"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let tasks: Vec<&Value> = tasks.map(|id| &account.world["ecs"]["tasks"][id]).collect();
    let running = tasks
        .iter()
        .filter(|task| task["phase"] == "RUNNING" && task["stopping"] == false && &task["definition"] == revision);
    let deployments = service.value["deployments"].as_array().map_or(0, Vec::len);
    if !want.deploying {
        differs(found, "running tasks of the revision", &json!(running.count()), &service.value["desired"]);
        differs(found, "deployments", &json!(deployments), &json!(1));
    }
    differs(found, "launch type", &service.value["revision"]["launch_type"], &want.spec["launchType"]);
    for member in ["placementStrategy", "placementConstraints"] {
        let wanted = if want.spec[member].is_null() { json!([]) } else { want.spec[member].clone() };
        differs(found, member, &service.value["plain"][member], &wanted);
    }
}

/// Whether its tasks have network interfaces of their own.
pub(super) fn has_interfaces(spec: &Value) -> bool {
    let provider = spec["capacityProviderStrategy"][0]["capacityProvider"].as_str().unwrap_or("FARGATE");
    let on_instances = spec["launchType"] == "EC2" || !provider.starts_with("FARGATE");
    match spec["task"]["networkMode"].as_str() {
        None => !on_instances,
        Some(mode) => mode == "awsvpc",
    }
}

fn network(account: &Account, want: &Want, service: &Thing, group: Option<&str>, found: &mut Vec<String>) {
    if !has_interfaces(&want.spec) {
        return;
    }
    let is = &service.value["revision"]["network"]["awsvpcConfiguration"];
    differs(found, "subnets", &is["subnets"], &want.environment["network"]["privateSubnets"]["ids"]);
    let clients = storage::mounts(&want.spec).filter_map(|name| storage::clients(account, want, name));
    let access = access::clients(account, want).into_iter().map(Some);
    let mut groups: Vec<Option<&str>> = std::iter::once(group).chain(clients.map(Some)).chain(access).collect();
    let mut in_groups: Vec<Option<&str>> =
        is["securityGroups"].as_array().into_iter().flatten().map(Value::as_str).collect();
    groups.sort_unstable();
    in_groups.sort_unstable();
    differs(found, "security groups", &json!(in_groups), &json!(groups));
}

/// The task definition in use, as the spec asks for; beside it no more than the few that are kept.
fn definition(account: &Account, want: &Want, service: &Thing, found: &mut Vec<String>) -> Option<Value> {
    let all = account.of_object(want, "task definition");
    if all.is_empty() || all.len() > 1 + KEPT {
        found.push(format!("{} active task definitions", all.len()));
    }
    // Whose images a pipeline deploys may run what that has registered.
    let pipelines = list(&want.spec["ignoreChanges"]).next().is_some();
    let candidates = account.things.iter().filter(|thing| thing.kind == "task definition");
    let mut candidates = candidates.filter(|thing| thing.object() == want.tag() || pipelines);
    let in_use = candidates.find(|definition| service.value["revision"]["task_definition"] == definition.id.as_str());
    let Some(in_use) = in_use else {
        found.push("its task definition is not active, or not its own".to_owned());
        return None;
    };
    let (is, shall) = (&in_use.value["body"], &want.spec["task"]);
    for wanted in containers(shall) {
        let container = containers(is).find(|one| one["name"] == wanted["name"]).unwrap_or(&Value::Null);
        let of_end = want.image.clone().map(Value::from);
        let image = match (of_end, pipelines) {
            (None, true) => image_of_pipeline(account, in_use).unwrap_or_else(|| container["image"].clone()),
            (of_end, _) => of_end.unwrap_or_else(|| image(account, want, &wanted["image"])),
        };
        differs(found, "image", &container["image"], &image);
    }
    differs(found, "number of containers", &json!(containers(is).count()), &json!(containers(shall).count()));
    for size in ["cpu", "memory"] {
        let wanted = shall[size].as_u64().map_or_else(|| shall[size].clone(), |number| json!(number.to_string()));
        differs(found, size, &is[size], &wanted);
    }
    Some(is.clone())
}

/// The image that a pipeline has registered last, if it has any yet: before, the service has what it began with.
fn image_of_pipeline(account: &Account, in_use: &Thing) -> Option<Value> {
    let definitions = account.things.iter().filter(|thing| thing.kind == "task definition" && is_of_pipeline(thing));
    let of_family = definitions.filter(|thing| thing.value["family"] == in_use.value["family"]);
    let last = of_family.max_by_key(|thing| thing.value["revision"].as_i64())?;
    Some(last.value["body"]["containerDefinitions"][0]["image"].clone())
}

/// The image that the spec means: by its tag, or by what that stands for now.
fn image(account: &Account, want: &Want, image: &Value) -> Value {
    if want.spec["imageResolution"] != "FollowTag" {
        return image.clone();
    }
    let images: Images = serde_json::from_value(account.world["images"].clone()).unwrap_or_default();
    let tagged = image.as_str().unwrap_or_default();
    let digest = images.digest(tagged).filter(|_| tagged.contains(".dkr.ecr."));
    let parts = digest.zip(tagged.rsplit_once(':'));
    parts.map_or_else(|| image.clone(), |(digest, (name, _))| json!(format!("{name}@{digest}")))
}

fn containers(task: &Value) -> impl Iterator<Item = &Value> {
    list(&task["containerDefinitions"])
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
