//! Launching a task: what ECS checks before a task exists, and the task it makes.

use serde::Serialize;
use serde_json::{Value, json};

use crate::services::ecs::instances::{self, Host, Placement, Shortfall};
use crate::services::ecs::tags::Tags;
use crate::services::ecs::task_definitions::{self, Definition};
use crate::services::ecs::tasks::{Attachment, Container, ContainerStatus, Health, Phase, Task};
use crate::services::ecs::{agenda, capacity_providers, container, lifecycle, network};
use crate::services::{ec2, iam};
use crate::world::World;

/// The service that assumes task and execution roles.
pub(super) const PRINCIPAL: &str = "ecs-tasks.amazonaws.com";

/// A task that is asked for.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Order {
    pub(super) cluster: String,
    pub(super) definition: String,
    pub(super) group: String,
    pub(super) service: Option<String>,
    pub(super) deployment: Option<String>,
    pub(super) started_by: Option<String>,
    pub(super) launch_type: String,
    pub(super) capacity_provider: Option<String>,
    pub(super) network: Option<Value>,
    pub(super) placement: Placement,
    pub(super) overrides: Value,
    pub(super) enable_execute_command: bool,
    pub(super) tags: Tags,
}

/// Why no task came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A role can't be assumed; in ECS's words.
    Role(String),
    /// Fargate has no room.
    Capacity,
    /// No container instance takes it.
    Unplaced(Shortfall),
}

/// Launches a task, or says why not. The answer is its id.
pub(super) fn launch(world: &mut World, order: &Order) -> Result<String, Refusal> {
    let Some(definition) = task_definitions::find(world, &order.definition).cloned() else {
        return Err(Refusal::Role("TaskDefinition not found.".to_owned()));
    };
    let role = |member: &str| {
        order
            .overrides
            .get(member)
            .and_then(Value::as_str)
            .or(definition.text(member))
            .map(|given| role_arn(world, given))
    };
    let (task_role, execution_role) = (role("taskRoleArn"), role("executionRoleArn"));
    for arn in [&task_role, &execution_role].into_iter().flatten() {
        check_role(world, arn)?;
    }
    let host = match order.launch_type.as_str() {
        "FARGATE" => None,
        _ => match instances::place(world, order, &definition) {
            Ok(host) => Some(host),
            // The provider's group is to grow: the task waits for it.
            Err(_) if order.capacity_provider.is_some() => return Ok(wait(world, order, &definition, execution_role)),
            Err(shortfall) => return Err(Refusal::Unplaced(shortfall)),
        },
    };
    if host.is_none()
        && world.settings.fargate_capacity.is_some_and(|most| {
            world.ecs.tasks.values().filter(|task| task.is_live() && task.on_fargate()).count() >= most
        })
    {
        return Err(Refusal::Capacity);
    }
    let task = task(world, order, &definition, (execution_role, host));
    let id = task.id.clone();
    world.ecs.tasks.insert(id.clone(), task);
    let due = world.now + lifecycle::PROVISIONING;
    agenda::wake_task(world, &id, due);
    Ok(id)
}

/// Developer guide, "Amazon ECS task lifecycle": a task of a provider of an Auto Scaling group that finds no room is
/// PROVISIONING until there is an instance for it.
fn wait(world: &mut World, order: &Order, definition: &Definition, execution_role: Option<String>) -> String {
    let mut task = task(world, order, definition, (execution_role, None));
    task.attachment = None;
    task.waits = Some(Box::new(order.clone()));
    let id = task.id.clone();
    world.ecs.tasks.insert(id.clone(), task);
    if let Some(provider) = &order.capacity_provider {
        capacity_providers::task_waits(world, provider);
    }
    id
}

/// Tasks that wait for an instance are placed, the oldest first, as far as there is room now.
pub(super) fn place_waiting(world: &mut World, cluster: &str) {
    let waiting = world.ecs.tasks.values().filter(|task| task.cluster == cluster && !task.stopping);
    let mut waiting: Vec<(i64, String, Order)> =
        waiting.filter_map(|task| Some((task.created_at, task.id.clone(), task.waits.as_deref()?.clone()))).collect();
    waiting.sort_by_key(|(at, id, _)| (*at, id.clone()));
    for (_, id, order) in waiting {
        let Some(definition) = task_definitions::find(world, &order.definition).cloned() else { continue };
        let Ok(host) = instances::place(world, &order, &definition) else { continue };
        let attachment = attachment(world, &order, Some(&host));
        if let Some(task) = world.ecs.tasks.get_mut(&id) {
            (task.host, task.attachment, task.waits) = (Some(host), attachment, None);
        }
        let due = world.now + lifecycle::PROVISIONING;
        agenda::wake_task(world, &id, due);
    }
}

/// A role's ARN from its ARN or, as task definitions may give it, its bare name.
fn role_arn(world: &World, given: &str) -> String {
    if given.starts_with("arn:") { given.to_owned() } else { format!("arn:aws:iam::{}:role/{given}", world.account_id) }
}

fn check_role(world: &World, arn: &str) -> Result<(), Refusal> {
    iam::assumable(world, arn, PRINCIPAL, world.now).map_err(|_| {
        Refusal::Role(format!(
            "ECS was unable to assume the role '{arn}' that was provided for this task. Please verify that the role being passed has \
             the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
        ))
    })
}

fn task(
    world: &mut World,
    order: &Order,
    definition: &Definition,
    (execution_role, host): (Option<String>, Option<Host>),
) -> Task {
    let id = world.ids.hex(32);
    let attachment = attachment(world, order, host.as_ref());
    let containers = definition.containers().iter().map(|one| new_container(world, order, &id, one)).collect();
    let size = |member: &str| {
        let text = order.overrides.get(member).and_then(Value::as_str).or(definition.text(member));
        text.map(str::to_owned)
    };
    let mut overrides = order.overrides.clone();
    if let Some(members) = overrides.as_object_mut() {
        members.entry("containerOverrides").or_insert(json!([]));
        members.entry("inferenceAcceleratorOverrides").or_insert(json!([]));
    }
    Task {
        arn: world.arn("ecs", &format!("task/{}/{id}", order.cluster)),
        id,
        cluster: order.cluster.clone(),
        cluster_arn: world.arn("ecs", &format!("cluster/{}", order.cluster)),
        definition: definition.arn.clone(),
        group: order.group.clone(),
        service: order.service.clone(),
        deployment: order.deployment.clone(),
        started_by: order.started_by.clone(),
        stopping: false,
        phase: Phase::Provisioning,
        health: Health::Unknown,
        counted: false,
        targets: Vec::new(),
        failing: None,
        launch_type: order.launch_type.clone(),
        capacity_provider: order.capacity_provider.clone(),
        host,
        waits: None,
        cpu: size("cpu"),
        memory: size("memory"),
        execution_role,
        overrides,
        enable_execute_command: order.enable_execute_command,
        tags: order.tags.clone(),
        containers,
        attachment,
        created_at: world.now,
        connected_at: None,
        pull_started_at: None,
        pull_stopped_at: None,
        started_at: None,
        stopping_at: None,
        execution_stopped_at: None,
        stopped_at: None,
        stop_code: None,
        stopped_reason: None,
        version: 1,
        due: None,
        ahead: Vec::new(),
    }
}

/// A service's tasks spread over its subnets, the one with the fewest first; other tasks take one by their number. On an
/// instance it is one of the instance's zone.
fn attachment(world: &mut World, order: &Order, host: Option<&Host>) -> Option<Attachment> {
    let of_awsvpc = task_definitions::find(world, &order.definition).is_some_and(network::is_awsvpc);
    let configuration = order.network.as_ref().filter(|_| of_awsvpc)?;
    let zone_of = |id: &String| ec2::subnet(world, id).map(|subnet| subnet.availability_zone);
    let mut subnets = network::subnets(configuration);
    subnets.retain(|id| host.is_none_or(|host| host.zone == zone_of(id)));
    let siblings =
        order.service.as_ref().and_then(|key| world.ecs.services.get(key)).map(|service| service.tasks.clone());
    let subnet = if let Some(siblings) = siblings {
        let live = || siblings.iter().filter_map(|id| world.ecs.tasks.get(id)).filter(|task| !task.stopping);
        let here = |task: &&Task, subnet: &str| task.attachment.as_ref().is_some_and(|own| own.subnet == subnet);
        subnets.into_iter().min_by_key(|subnet| live().filter(|task| here(task, subnet)).count())?
    } else {
        let index = usize::try_from(world.ids.number()).unwrap_or_default().checked_rem(subnets.len())?;
        subnets.into_iter().nth(index)?
    };
    let zone = ec2::subnet(world, &subnet).map(|subnet| subnet.availability_zone);
    let (groups, public_ip) = (network::groups(configuration), network::assigns_public_ip(configuration));
    Some(Attachment { id: world.ids.uuid(), subnet, groups, zone, public_ip, eni: None })
}

fn new_container(world: &mut World, order: &Order, task: &str, definition: &Value) -> Container {
    let arn = world.arn("ecs", &format!("container/{}/{task}/", order.cluster)) + &world.ids.uuid();
    let number = |member: &str| definition.get(member).and_then(Value::as_u64).map(|number| number.to_string());
    Container {
        arn,
        name: container::name(definition).to_owned(),
        image: container::image(definition).to_owned(),
        digest: None,
        essential: container::is_essential(definition),
        status: ContainerStatus::Pending,
        exit_code: None,
        reason: None,
        health: Health::Unknown,
        cpu: number("cpu").unwrap_or_else(|| "0".to_owned()),
        memory: number("memory"),
    }
}
