//! Instances: launched by Auto Scaling, they boot, carry a role, and run what their user data says of ECS's agent.
//!
//! Source: EC2 API reference; user guide, "Instance lifecycle".

use serde::Serialize;
use serde_json::{Value, json};

use super::filters::Filters;
use super::instance_types::{InstanceType, instance_type as instance_type_of};
use super::interfaces::{create_eni, delete_eni};
use super::{Eni, Tags, agent, page, selected, tags};
use crate::agenda::Agenda;
use crate::call::{Answer, Fault, texts};
use crate::clock::iso_time;
use crate::protocol::query;
use crate::services::{ec2, ec2_auto_scaling, ecs, iam};
use crate::world::World;

/// From launch to `running`, and to the agent's registration, in milliseconds: of the order that instances of the
/// ECS-optimised image show; AWS gives no figures.
const BOOTS: i64 = 15_000;
const REGISTERS: i64 = 45_000;
/// From the call to `terminated`.
const ENDS: i64 = 30_000;
/// How long one that is terminated is still described (user guide, "Terminate an instance": about an hour).
const REMEMBERED: i64 = 3_600_000;
/// An instance.
#[derive(Clone, Debug, Serialize)]
pub struct Instance {
    /// `i-0...`
    pub id: String,
    /// Its type.
    pub instance_type: String,
    image: String,
    /// Where it lies.
    pub zone: String,
    /// Its network interface, while it has one.
    pub eni: Option<Eni>,
    /// ARN or name.
    pub(super) profile: Option<String>,
    pub(super) user_data: String,
    metadata: Value,
    /// How it stands.
    pub state: State,
    launched: i64,
    pub(super) tags: Tags,
    /// The template it was launched from and its version.
    pub template: (String, i64),
    /// Whether EC2 may take it back.
    pub spot: bool,
    /// When EC2 takes it back, once it has said so.
    pub(super) taken_back: Option<i64>,
}

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It boots.
    Pending,
    /// It runs.
    Running,
    /// It is told to end.
    ShuttingDown,
    /// It is gone, and still described.
    Terminated,
}

impl Instance {
    /// When it was launched, in milliseconds since the epoch.
    pub fn launched_at(&self) -> i64 {
        self.launched
    }
}

impl State {
    /// Whether it costs money.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }

    fn view(self) -> Value {
        let code = match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
        };
        json!({"code": code, "name": self})
    }
}

/// Which instance something happens to.
pub(super) type Wakes = Agenda<String>;

/// Launches an instance in a subnet, as a template's data says.
pub fn launch(
    world: &mut World,
    subnet: &str,
    template: (String, i64),
    data: &Value,
    given: &Tags,
) -> Result<String, Fault> {
    let text = |member: &str| query::text(data, member);
    let instance_type = text("InstanceType").unwrap_or("m1.small").to_owned();
    let known = instance_type_of(&instance_type).ok_or_else(|| {
        let message = format!(
            "Your requested instance type ({instance_type}) is not supported in your requested Availability Zone."
        );
        Fault::bad_request("Unsupported", message)
    })?;
    let image = text("ImageId").unwrap_or_default().to_owned();
    check_image(world, &image, known)?;
    let profile =
        data.get("IamInstanceProfile").and_then(|profile| query::text(profile, "Arn").or(query::text(profile, "Name")));
    if let Some(unknown) = profile.filter(|profile| !iam::is_profile(world, profile)) {
        let message = format!(
            "Value ({unknown}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
        );
        return Err(Fault::bad_request("InvalidParameterValue", message));
    }
    let groups = texts(data.get("SecurityGroupId"));
    let id = world.ids.resource("i");
    let eni = create_eni(world, subnet, &groups, &format!("Primary network interface of {id}"))?;
    let mut own = given.clone();
    for specification in query::items(data, "TagSpecification") {
        if query::text(specification, "ResourceType") == Some("instance") {
            own.extend(tags::pairs(specification)?);
        }
    }
    let instance = Instance {
        id: id.clone(),
        image,
        zone: ec2::subnet(world, subnet).map(|subnet| subnet.availability_zone).unwrap_or_default(),
        eni: Some(eni),
        profile: profile.map(str::to_owned),
        user_data: ec2::user_data(text("UserData").unwrap_or_default()).unwrap_or_default(),
        metadata: data.get("MetadataOptions").cloned().unwrap_or(json!({})),
        state: State::Pending,
        launched: world.now,
        tags: own,
        instance_type,
        template,
        spot: data.pointer("/InstanceMarketOptions/MarketType").and_then(Value::as_str) == Some("spot"),
        taken_back: None,
    };
    world.ec2.instances.insert(id.clone(), instance);
    wake(world, &id, BOOTS);
    Ok(id)
}

/// Images are known by the parameters that name them.
fn check_image(world: &World, image: &str, of: &InstanceType) -> Result<(), Fault> {
    let Some(architecture) = world.foreign.images.get(image) else {
        let message = format!("The image id '[{image}]' does not exist");
        return Err(Fault::bad_request("InvalidAMIID.NotFound", message));
    };
    if architecture == of.architecture {
        return Ok(());
    }
    let message = format!(
        "The architecture '{}' of the specified instance type does not match the architecture '{architecture}' of the specified AMI.",
        of.architecture
    );
    Err(Fault::bad_request("InvalidParameterValue", message))
}

/// Something is due for an instance after so many milliseconds.
pub(super) fn wake(world: &mut World, id: &str, after: i64) {
    let at = world.now + after;
    world.ec2.wakes.add(at, id.to_owned());
}

/// Something is due for an instance.
pub(super) fn advance(world: &mut World, id: &str) {
    let Some(instance) = world.ec2.instances.get_mut(id) else { return };
    if instance.state.is_live() && instance.taken_back.is_some_and(|at| at <= world.now) {
        return terminate(world, id);
    }
    match instance.state {
        State::Pending => {
            instance.state = State::Running;
            wake(world, id, REGISTERS - BOOTS);
        }
        State::Running => agent::register(world, id),
        State::ShuttingDown => {
            instance.state = State::Terminated;
            let eni = instance.eni.take();
            if let Some(eni) = eni {
                delete_eni(world, &eni.id);
            }
            wake(world, id, REMEMBERED);
        }
        State::Terminated => drop(world.ec2.instances.remove(id)),
    }
}

/// Ends an instance; one that ends already goes on as it was. Its agent is gone at once.
pub fn terminate(world: &mut World, id: &str) {
    let Some(instance) = world.ec2.instances.get_mut(id).filter(|instance| instance.state.is_live()) else { return };
    instance.state = State::ShuttingDown;
    wake(world, id, ENDS);
    ecs::instance_is_gone(world, id);
    ec2_auto_scaling::instance_has_ended(world, id);
}

/// `TerminateInstances`
pub(super) fn terminate_all(world: &mut World, input: &Value) -> Answer {
    let ids = texts(input.get("InstanceId"));
    if let Some(unknown) = ids.iter().find(|id| !world.ec2.instances.contains_key(*id)) {
        return Err(no_instance(unknown));
    }
    let mut changed = Vec::new();
    for id in &ids {
        let before = world.ec2.instances.get(id).map(|instance| instance.state.view());
        terminate(world, id);
        let now = world.ec2.instances.get(id).map(|instance| instance.state.view());
        changed.push(json!({"instanceId": id, "previousState": before, "currentState": now}));
    }
    Ok(json!({"instancesSet": changed}))
}

/// `DescribeInstances`: each in a reservation of its own.
pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let filters =
        Filters::read(input, &["instance-state-name", "instance-id", "vpc-id", "subnet-id", "instance-type"])?;
    let values = |instance: &Instance, name: &str| match name {
        "instance-state-name" => vec![json!(instance.state).as_str().unwrap_or_default().to_owned()],
        "instance-id" => vec![instance.id.clone()],
        "instance-type" => vec![instance.instance_type.clone()],
        "subnet-id" => instance.eni.iter().map(|eni| eni.subnet_id.clone()).collect(),
        _ => instance.eni.iter().filter_map(|eni| Some(ec2::subnet(world, &eni.subnet_id)?.vpc_id)).collect(),
    };
    let all = selected(&world.ec2.instances, input, "InstanceId", &filters, values, |it| &it.tags, no_instance)?;
    let views: Vec<Value> = all.into_iter().map(|instance| reservation(world, instance)).collect();
    let (page, next) = page(world, input, &views)?;
    Ok(json!({"reservationSet": page, "nextToken": next}))
}

fn no_instance(id: &str) -> Fault {
    Fault::bad_request("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist"))
}

fn reservation(world: &World, instance: &Instance) -> Value {
    let eni = instance.eni.as_ref();
    let groups: Vec<Value> = eni.iter().flat_map(|eni| &eni.groups).map(|id| json!({"groupId": id})).collect();
    let mut metadata = json!({"state": "applied"});
    if let (Some(shown), Some(given)) = (metadata.as_object_mut(), instance.metadata.as_object()) {
        shown.extend(given.iter().map(|(name, value)| (query::lower_first(name), value.clone())));
    }
    let mut view = json!({
        "reservationId": format!("r-{}", instance.id.trim_start_matches("i-")),
        "ownerId": world.account_id,
        "groupSet": [],
        "instancesSet": [{
            "instanceId": instance.id,
            "imageId": instance.image,
            "instanceState": instance.state.view(),
            "instanceType": instance.instance_type,
            "launchTime": iso_time(instance.launched),
            "placement": {"availabilityZone": instance.zone},
            "subnetId": eni.map(|eni| eni.subnet_id.clone()),
            "privateIpAddress": eni.map(|eni| eni.private_ip.clone()),
            "privateDnsName": eni.map(|eni| eni.private_dns_name.clone()),
            "iamInstanceProfile": instance.profile.as_ref().map(|arn| json!({"arn": arn})),
            "metadataOptions": metadata,
            "groupSet": groups,
            "tagSet": tags::shown(&instance.tags),
            "instanceLifecycle": instance.spot.then_some("spot"),
        }],
    });
    if let Some(members) = view.pointer_mut("/instancesSet/0").and_then(Value::as_object_mut) {
        members.retain(|_, value| !value.is_null());
    }
    view
}
