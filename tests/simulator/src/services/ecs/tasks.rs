//! Tasks: what they are and how answers show them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::wire_time;
use crate::services::ec2::Eni;
use crate::services::ecs::exec;
use crate::services::ecs::failing::Failing;
use crate::services::ecs::instances::Host;
use crate::services::ecs::launch::Order;
use crate::services::ecs::lifecycle::Happening;
use crate::services::ecs::load_balancing::Target;
use crate::services::ecs::tags::{self, Tags};

/// Where a task stands (developer guide, "Amazon ECS task lifecycle").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Phase {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

/// How healthy a task or container says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Health {
    Unknown,
    Healthy,
    Unhealthy,
}

/// Why a task stopped, by the API's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum StopCode {
    TaskFailedToStart,
    EssentialContainerExited,
    UserInitiated,
    ServiceSchedulerInitiated,
    TerminationNotice,
}

/// A task.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) cluster: String,
    pub(super) cluster_arn: String,
    pub(super) definition: String,
    pub(super) group: String,
    /// The service it belongs to, by key.
    pub(super) service: Option<String>,
    /// The deployment it belongs to, by id; the service scheduler's `startedBy`.
    pub(super) deployment: Option<String>,
    pub(super) started_by: Option<String>,
    /// Whether it is meant to stop.
    pub(super) stopping: bool,
    pub(super) phase: Phase,
    pub(super) health: Health,
    /// It once counted as healthy to its service.
    pub(super) counted: bool,
    /// Where it is registered while it runs.
    pub(super) targets: Vec<Target>,
    /// What calls it unhealthy, its grace period being over.
    pub(super) failing: Option<Failing>,
    pub(super) launch_type: String,
    pub(super) capacity_provider: Option<String>,
    /// The container instance that it is on, where it is on one.
    pub(super) host: Option<Host>,
    /// It waits for an instance, as it was ordered.
    pub(super) waits: Option<Box<Order>>,
    pub(super) cpu: Option<String>,
    pub(super) memory: Option<String>,
    pub(super) execution_role: Option<String>,
    pub(super) overrides: Value,
    pub(super) enable_execute_command: bool,
    pub(super) tags: Tags,
    pub(super) containers: Vec<Container>,
    pub(super) attachment: Option<Attachment>,
    pub(super) created_at: i64,
    pub(super) connected_at: Option<i64>,
    pub(super) pull_started_at: Option<i64>,
    pub(super) pull_stopped_at: Option<i64>,
    pub(super) started_at: Option<i64>,
    pub(super) stopping_at: Option<i64>,
    pub(super) execution_stopped_at: Option<i64>,
    pub(super) stopped_at: Option<i64>,
    pub(super) stop_code: Option<StopCode>,
    pub(super) stopped_reason: Option<String>,
    pub(super) version: u64,
    /// When its next transition comes.
    pub(super) due: Option<i64>,
    /// What will happen while it runs, the next first.
    pub(super) ahead: Vec<(i64, Happening)>,
}

/// One container of a task.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Container {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) image: String,
    pub(super) digest: Option<String>,
    pub(super) essential: bool,
    pub(super) status: ContainerStatus,
    pub(super) exit_code: Option<i32>,
    pub(super) reason: Option<String>,
    pub(super) health: Health,
    pub(super) cpu: String,
    pub(super) memory: Option<String>,
}

/// Where a container stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ContainerStatus {
    Pending,
    Running,
    Stopped,
}

/// The network interface of an awsvpc task.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Attachment {
    pub(super) id: String,
    pub(super) subnet: String,
    pub(super) groups: Vec<String>,
    pub(super) zone: Option<String>,
    /// It has a public address too.
    pub(super) public_ip: bool,
    pub(super) eni: Option<Eni>,
}

impl Task {
    /// Meant to run, or not stopped yet.
    pub(super) fn is_live(&self) -> bool {
        self.phase < Phase::Stopped
    }

    /// Counted in `runningCount`.
    pub(super) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Counted in `pendingCount`.
    pub(super) fn is_pending(&self) -> bool {
        self.phase < Phase::Running
    }

    /// Whether its containers are gone; its network interface may not be.
    pub(super) fn has_ended(&self) -> bool {
        self.phase > Phase::Stopping
    }

    /// Whether it runs on Fargate.
    pub(super) fn on_fargate(&self) -> bool {
        self.launch_type == "FARGATE"
    }

    /// Its Availability Zone.
    pub(super) fn zone(&self) -> Option<&str> {
        let attached = self.attachment.as_ref().and_then(|attachment| attachment.zone.as_deref());
        attached.or(self.host.as_ref().and_then(|host| host.zone.as_deref()))
    }

    /// What it is meant to be.
    pub(super) fn desired_status(&self) -> &'static str {
        if self.stopping { "STOPPED" } else { "RUNNING" }
    }

    /// As `DescribeTasks` shows it.
    pub(super) fn view(&self, with_tags: bool) -> Value {
        let time = |at: Option<i64>| at.map_or(Value::Null, wire_time);
        json!({
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition,
            "group": self.group,
            "startedBy": self.started_by,
            "desiredStatus": self.desired_status(),
            "lastStatus": self.phase,
            "healthStatus": self.health,
            "launchType": self.launch_type,
            "capacityProviderName": self.capacity_provider,
            "containerInstanceArn": self.host.as_ref().map(|host| &host.arn),
            "platformVersion": self.on_fargate().then_some("1.4.0"),
            "platformFamily": self.on_fargate().then_some("Linux"),
            "cpu": self.cpu,
            "memory": self.memory,
            "overrides": self.overrides,
            "enableExecuteCommand": self.enable_execute_command,
            "availabilityZone": self.zone(),
            "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
            "attachments": self.attachment.iter().map(|attachment| self.attachment_view(attachment)).collect::<Vec<_>>(),
            "containers": self.containers.iter().map(|container| self.container_view(container)).collect::<Vec<_>>(),
            "connectivity": self.connected_at.map(|_| "CONNECTED"),
            "connectivityAt": time(self.connected_at),
            "createdAt": wire_time(self.created_at),
            "pullStartedAt": time(self.pull_started_at),
            "pullStoppedAt": time(self.pull_stopped_at),
            "startedAt": time(self.started_at),
            "stoppingAt": time(self.stopping_at),
            "executionStoppedAt": time(self.execution_stopped_at),
            "stoppedAt": time(self.stopped_at),
            "stopCode": self.stop_code,
            "stoppedReason": self.stopped_reason,
            "tags": if with_tags { tags::view(&self.tags) } else { json!([]) },
            "version": self.version,
            "inferenceAccelerators": [],
        })
    }

    fn attachment_view(&self, attachment: &Attachment) -> Value {
        let detail = |name: &str, value: &str| json!({"name": name, "value": value});
        let mut details = vec![detail("subnetId", &attachment.subnet)];
        if let Some(eni) = &attachment.eni {
            details.push(detail("networkInterfaceId", &eni.id));
            details.push(detail("macAddress", &eni.mac_address));
            details.push(detail("privateDnsName", &eni.private_dns_name));
            details.push(detail("privateIPv4Address", &eni.private_ip));
        }
        let status = match self.phase {
            Phase::Provisioning => "PRECREATED",
            Phase::Stopped => "DELETED",
            _ => "ATTACHED",
        };
        json!({"id": attachment.id, "type": "ElasticNetworkInterface", "status": status, "details": details})
    }

    /// The container's ports on its host, once it runs.
    fn bindings_view(&self, container: &Container) -> Value {
        let bound = self.host.iter().filter(|_| self.phase >= Phase::Running).flat_map(|host| &host.bindings);
        let own = bound.filter(|binding| binding.container == container.name);
        own.map(|binding| {
            json!({"bindIP": "0.0.0.0", "containerPort": binding.port, "hostPort": binding.host, "protocol": binding.protocol})
        })
        .collect()
    }

    fn container_view(&self, container: &Container) -> Value {
        let attachment = self.attachment.as_ref();
        let eni = attachment.and_then(|attachment| attachment.eni.as_ref().map(|eni| (attachment, eni)));
        let interface = |(attachment, eni): (&Attachment, &Eni)| json!({"attachmentId": attachment.id, "privateIpv4Address": eni.private_ip});
        json!({
            "containerArn": container.arn,
            "taskArn": self.arn,
            "name": container.name,
            "image": container.image,
            "imageDigest": container.digest,
            "runtimeId": container.digest.as_ref().map(|digest| format!("{}-{}", self.id, digest.get(7..17).unwrap_or_default())),
            "lastStatus": container.status,
            "exitCode": container.exit_code,
            "reason": container.reason,
            "networkBindings": self.bindings_view(container),
            "networkInterfaces": eni.map(interface).into_iter().collect::<Vec<_>>(),
            "managedAgents": exec::agents(self, container),
            "healthStatus": container.health,
            "cpu": container.cpu,
            "memory": container.memory,
        })
    }
}
