//! What stands between a spec and a graph, and what comes out when nothing does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use longshore_crds::application_load_balancer::{IpAddressType, ListenerProtocol};
use longshore_crds::aws_environment::AccessStatus;
use longshore_crds::ecs_cluster::{Ec2Capacity, Ec2CapacityStatus};
use longshore_crds::ecs_service::CapacityProviderStrategyItem;
use longshore_crds::ecs_task::Phase;
use longshore_crds::{ContainerDefinition, EcsClusterSpec};

use super::claims::Claim;
use super::ecs_cluster::provider_name;
use super::ecs_service::is_fargate_provider;
use super::priorities::TakenPriority;
use super::scope::Scope;
use crate::engine::{FieldPath, Graph, GraphError, Id, Inventory, Ownership, Plan, World};
use crate::kinds::route53::record_set::{Alias, RecordType};
use crate::one_off::Order;
use crate::report::RolledBack;
use crate::triggered::Watch;

/// A question to AWS whose answer the graph depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The ids of the subnets of a VPC that carry all of these tags.
    Subnets {
        /// The VPC.
        vpc_id: String,
        /// All of them must match.
        tags: BTreeMap<String, String>,
    },
    /// The zones of subnets.
    SubnetZones {
        /// The subnets.
        subnet_ids: Vec<String>,
    },
    /// The address ranges of a VPC.
    VpcCidrs {
        /// The VPC.
        vpc_id: String,
    },
    /// The priorities of a listener that are taken.
    ListenerRules {
        /// The listener.
        listener_arn: String,
    },
    /// The certificates of ACM that are issued and cover a host.
    Certificates {
        /// The host, which may begin with `*.`.
        host: String,
    },
    /// The network interfaces that are in a security group.
    Interfaces {
        /// The group.
        security_group_id: String,
    },
    /// The security groups that carry an object's tags.
    SecurityGroupsOf {
        /// The object.
        ownership: Ownership,
    },
    /// The rules of security groups, whosesoever these are, that carry an object's tags.
    SecurityGroupRulesOf {
        /// The object.
        ownership: Ownership,
    },
    /// What a tag of an image in ECR stands for.
    ImageDigest {
        /// The repository's name, in the environment's account and region.
        repository: String,
        /// The tag.
        tag: String,
    },
    /// What a service runs now.
    Deployed {
        /// ARN of its cluster.
        cluster: String,
        /// Its name.
        service: String,
    },
    /// The roles of the tasks of a revision.
    RevisionRoles {
        /// Its ARN.
        arn: String,
    },
    /// The image that a parameter of AWS's names.
    MachineImage {
        /// Its name, which begins with `/aws/service/`.
        parameter: String,
    },
    /// What Secrets Manager tells of a secret beside its value.
    Secret {
        /// Its ARN, with or without the six characters that AWS added to its name.
        arn: String,
    },
    /// What Parameter Store tells of a parameter beside its value.
    Parameter {
        /// Its ARN.
        arn: String,
    },
    /// The namespaces of Cloud Map that are meant.
    CloudMapNamespaces {
        /// A name, which several may have, or an ARN.
        named: String,
    },
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subnets { vpc_id, tags } => {
                let tags: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
                write!(f, "the subnets of {vpc_id} with the tags {}", tags.join(", "))
            }
            Self::SubnetZones { subnet_ids } => write!(f, "the zones of {}", subnet_ids.join(", ")),
            Self::VpcCidrs { vpc_id } => write!(f, "the address ranges of {vpc_id}"),
            Self::ListenerRules { listener_arn } => write!(f, "the rules of {listener_arn}"),
            Self::Certificates { host } => write!(f, "the certificates of ACM for {host}"),
            Self::Interfaces { security_group_id } => write!(f, "the network interfaces in {security_group_id}"),
            Self::SecurityGroupsOf { ownership } => write!(f, "the security groups of {}", ownership.object),
            Self::SecurityGroupRulesOf { ownership } => write!(f, "the security group rules of {}", ownership.object),
            Self::ImageDigest { repository, tag } => write!(f, "the digest of the image {repository}:{tag}"),
            Self::Deployed { service, .. } => write!(f, "what {service} runs"),
            Self::RevisionRoles { arn } => write!(f, "the roles of {arn}"),
            Self::MachineImage { parameter } => write!(f, "the image that {parameter} names"),
            Self::Secret { arn } | Self::Parameter { arn } => write!(f, "the key and the version of {arn}"),
            Self::CloudMapNamespaces { named } => write!(f, "the Cloud Map namespace {named}"),
        }
    }
}

/// The revision that a service runs, or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployedRevision {
    /// Its ARN.
    pub arn: String,
    /// By container.
    pub images: BTreeMap<String, String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Subnet ids, sorted.
    Subnets(Vec<String>),
    /// By the subnet's id; one that is not there is left out.
    SubnetZones(BTreeMap<String, String>),
    /// Address ranges, of IPv4 and IPv6.
    VpcCidrs(Vec<String>),
    /// The rule that a listener has by default is none of them: it has no number.
    ListenerRules(Vec<TakenPriority>),
    /// ARNs, the one that is valid the longest first.
    Certificates(Vec<String>),
    /// Ids, sorted.
    Interfaces(Vec<String>),
    /// `None`: there is no such service.
    Deployed(Option<DeployedRevision>),
    /// Of its tasks.
    RevisionRoles(RevisionRoles),
    /// The identities in their tags.
    SecurityGroupsOf(BTreeSet<Id>),
    /// The identities in their tags.
    SecurityGroupRulesOf(BTreeSet<Id>),
    /// Such as `sha256:...`; `None`: there is no such image.
    ImageDigest(Option<String>),
    /// `ami-...`; `None`: there is no such parameter.
    MachineImage(Option<String>),
    /// Of a secret or parameter; `None`: it is not there.
    Stored(Option<StoredFact>),
    /// By ARN, also those that other accounts share.
    CloudMapNamespaces(Vec<CloudMapNamespace>),
}

/// A namespace of Cloud Map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudMapNamespace {
    /// Its ARN.
    pub arn: String,
    /// Whether DNS knows none of its names.
    pub http: bool,
}

/// What stands for a namespace whose names DNS does not know.
const HTTP: &str = "HTTP";

impl CloudMapNamespace {
    /// Of what was remembered.
    pub(super) fn read(text: &str) -> Self {
        let (arn, kind) = text.split_once(' ').unwrap_or((text, ""));
        Self { arn: arn.to_owned(), http: kind == HTTP }
    }

    /// `ns-...`.
    pub(super) fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }
}

impl fmt::Display for CloudMapNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.arn, if self.http { HTTP } else { "DNS" })
    }
}

/// The roles of the tasks of a revision, by ARN, as far as there are any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevisionRoles {
    /// The application's.
    pub task: Option<String>,
    /// By which ECS starts them.
    pub execution: Option<String>,
}

/// What stands for a role that there is not.
const NO_ROLE: &str = "-";

impl RevisionRoles {
    /// Of what was remembered.
    pub(super) fn read(text: &str) -> Self {
        let role = |text: &str| Some(text.to_owned()).filter(|text| text != NO_ROLE);
        let (task, execution) = text.split_once(' ').unwrap_or((NO_ROLE, NO_ROLE));
        Self { task: role(task), execution: role(execution) }
    }
}

impl fmt::Display for RevisionRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |role: &Option<String>| role.clone().unwrap_or_else(|| NO_ROLE.to_owned());
        write!(f, "{} {}", or(&self.task), or(&self.execution))
    }
}

/// What is known of a secret or parameter beside its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFact {
    /// Its whole ARN.
    pub arn: String,
    /// Id, ARN or alias of the key that encrypts it; `None`: no key, or the service's own.
    pub key: Option<String>,
    /// The version that is read now.
    pub version: String,
}

/// The answers so far.
pub type Facts = BTreeMap<Need, Fact>;

/// Another object, or a thing in AWS that Longshore does not own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference<T> {
    /// It is not there or not ready.
    Waiting {
        /// A `CamelCase` word.
        reason: String,
        /// What is waited for, and why.
        message: String,
    },
    /// It can be used.
    Ready(T),
}

impl<T> Reference<T> {
    /// What can be used.
    pub fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(thing) => Some(thing),
            Self::Waiting { .. } => None,
        }
    }
}

/// A cluster to run in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterReference {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Where tasks run that say nothing of it: on instances, or on Fargate.
    pub on_instances: bool,
    /// Capacity providers of its own, as AWS knows them, by the names of their entries.
    pub providers: BTreeMap<String, String>,
    /// The entries among them whose instances somebody else made.
    pub foreign: BTreeSet<String>,
    /// The entries among them whose instances ECS manages.
    pub managed: BTreeSet<String>,
    /// What its default strategy names.
    pub default_providers: Vec<String>,
    /// The entries among them whose instances it has made, each with the security groups of mount targets that let these in.
    /// Nothing, of a cluster that is only named and where nobody asks.
    pub instances: BTreeMap<String, BTreeSet<String>>,
}

impl ClusterReference {
    /// One that is made by this spec: its default strategy says where tasks run. `base`: of its object's names.
    pub fn of_spec(self, base: &str, spec: &EcsClusterSpec) -> Self {
        let names = spec.default_capacity_provider_strategy.iter().map(|item| item.capacity_provider.as_str());
        let of_default = |item: &CapacityProviderStrategyItem| item.capacity_provider.clone();
        let name = |entry: &Ec2Capacity| entry.name.clone();
        let provider = |entry: &Ec2Capacity| (entry.name.clone(), provider_name(base, entry));
        Self {
            on_instances: names.into_iter().any(|name| !is_fargate_provider(name)),
            providers: spec.ec2_capacity.iter().map(provider).collect(),
            foreign: spec.ec2_capacity.iter().filter(|it| it.auto_scaling_group_arn.is_some()).map(name).collect(),
            managed: spec.ec2_capacity.iter().filter(|it| it.managed_instances.is_some()).map(name).collect(),
            default_providers: spec.default_capacity_provider_strategy.iter().map(of_default).collect(),
            ..self
        }
    }

    /// With what its status tells of its instances.
    #[must_use]
    pub fn with_instances(self, spec: &EcsClusterSpec, told: &[Ec2CapacityStatus]) -> Self {
        let reached = |entry: &Ec2Capacity| {
            let told = told.iter().find(|told| told.name == entry.name);
            told.map(|told| told.mount_target_security_group_ids.iter().cloned().collect()).unwrap_or_default()
        };
        let made = spec.ec2_capacity.iter().filter(|entry| entry.auto_scaling_group_arn.is_none());
        Self { instances: made.map(|entry| (entry.name.clone(), reached(entry))).collect(), ..self }
    }

    /// A strategy by the names that AWS knows: one that is an entry of the cluster's means that.
    pub(super) fn strategy(&self, asked: &[CapacityProviderStrategyItem]) -> Vec<CapacityProviderStrategyItem> {
        let named = |item: &CapacityProviderStrategyItem| {
            let own = self.providers.get(&item.capacity_provider);
            CapacityProviderStrategyItem {
                capacity_provider: own.unwrap_or(&item.capacity_provider).clone(),
                ..item.clone()
            }
        };
        asked.iter().map(named).collect()
    }

    /// The base of the names of an `EcsCluster`: as pinned, or as it will be.
    pub fn base(scope: &Scope, namespace: &str, name: &str, pinned: Option<String>) -> String {
        let cluster = Scope {
            object_kind: "EcsCluster",
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            base: pinned,
            ..scope.clone()
        };
        cluster.base()
    }

    /// The cluster that an `EcsCluster` makes, by what is known of it without its status: where a service is looked for
    /// that goes together with its cluster. `base` and `cluster_name`: as pinned and as its spec says, where there are
    /// any.
    pub fn of_object(
        scope: &Scope,
        namespace: &str,
        name: &str,
        base: Option<String>,
        cluster_name: Option<String>,
    ) -> Self {
        let name = cluster_name.unwrap_or_else(|| Self::base(scope, namespace, name, base));
        Self { arn: scope.arn("ecs", &format!("cluster/{name}")), name, ..Self::default() }
    }
}

/// A listener to stand behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerReference {
    /// Its ARN.
    pub listener_arn: String,
    /// The security group of its load balancer, which is let in on the tasks' port.
    pub security_group_id: String,
    /// What clients speak there; `None` where that is not known, of a listener that Longshore does not own.
    pub protocol: Option<ListenerProtocol>,
    /// Where its load balancer is found in DNS; `None` where that is not known.
    pub address: Option<Address>,
    /// The patterns of hosts that the object's namespace may claim; `None`: any. See [`super::claimable`].
    pub hosts: Option<Vec<String>>,
    /// What counts of all that is claimed there, the object's own too. See [`super::claims`] and [`super::counting`].
    pub claims: Vec<Claim>,
}

/// Where a load balancer is found in DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its name, and the zone of that.
    pub alias: Alias,
    /// Of which types it has addresses.
    pub types: &'static [RecordType],
}

impl Address {
    /// Of the load balancer that has this name, in AWS's hosted zone for such names.
    pub fn new(dns_name: String, hosted_zone_id: String, ip_address_type: Option<IpAddressType>) -> Self {
        let types: &[RecordType] = match ip_address_type {
            None | Some(IpAddressType::Ipv4) => &[RecordType::A],
            Some(IpAddressType::Dualstack) => &RecordType::ALL,
            Some(IpAddressType::DualstackWithoutPublicIpv4) => &[RecordType::Aaaa],
        };
        Self { alias: Alias { dns_name, hosted_zone_id }, types }
    }
}

/// A file system to mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSystemReference {
    /// Its id.
    pub file_system_id: String,
    /// The security group whose members reach it.
    pub clients_security_group_id: String,
    /// That of its mount targets; `None`: it has not told it yet.
    pub security_group_id: Option<String>,
    /// The ids of the access points that its spec names, by name; `None`: not made yet.
    pub access_points: BTreeMap<String, Option<String>>,
}

/// Another service, whose tasks are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceReference {
    /// Its own security group.
    pub security_group_id: String,
}

/// A service whose task definition a one-off task runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskSource {
    /// ARN of the revision.
    pub task_definition_arn: String,
    /// Where its tasks run.
    pub subnets: Vec<String>,
    /// The groups that they are in.
    pub security_groups: Vec<String>,
    /// Whether they have public addresses.
    pub public_ip: bool,
    /// Its containers; those that write to the service's own log group say so.
    pub containers: Vec<ContainerDefinition>,
}

/// A one-off task that a revision waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskReference {
    /// How far it is; `None`: nobody has looked at it yet.
    pub phase: Option<Phase>,
    /// The revision that it runs, once it is started.
    pub task_definition_arn: Option<String>,
    /// What it says of itself.
    pub message: String,
}

/// Everything that a service refers to, as the other objects stand.
#[derive(Clone, Debug)]
pub struct References {
    /// The cluster to run in.
    pub cluster: Reference<ClusterReference>,
    /// The listener of each entry of `loadBalancers` that names one, by the entry's name.
    pub listeners: BTreeMap<String, Reference<ListenerReference>>,
    /// The `testListener` of each entry that names one.
    pub test_listeners: BTreeMap<String, Reference<ListenerReference>>,
    /// The services of `networkConfiguration.allowFrom`, by namespace and name.
    pub services: BTreeMap<(String, String), Reference<ServiceReference>>,
    /// The file systems of `task.volumes`, by namespace and name.
    pub file_systems: BTreeMap<(String, String), Reference<FileSystemReference>>,
    /// What the service's environment has opened for services.
    pub access: Vec<AccessStatus>,
    /// The one-off tasks of `after` that are there, by name.
    pub tasks: BTreeMap<String, TaskReference>,
    /// The ARNs of the service's own revisions, by the hash of their content.
    pub revisions: BTreeMap<String, String>,
    /// The revision that its last deployment is of.
    pub deployed: Option<String>,
}

impl References {
    /// Of a service that refers to nothing but its cluster.
    pub fn to_cluster(cluster: Reference<ClusterReference>) -> Self {
        Self {
            cluster,
            listeners: BTreeMap::new(),
            test_listeners: BTreeMap::new(),
            services: BTreeMap::new(),
            file_systems: BTreeMap::new(),
            access: vec![],
            tasks: BTreeMap::new(),
            revisions: BTreeMap::new(),
            deployed: None,
        }
    }
}

/// What an object wants.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// The resources.
    pub graph: Graph,
    /// What there may be of the object as its spec had been written otherwise, and which only the status tells: looked for
    /// where that is lost.
    pub otherwise: Graph,
    /// What will work and is probably not meant.
    pub warnings: Vec<Warning>,
    /// The revision that the spec asks for was rolled back, and is not tried again.
    pub rolled_back: Option<RolledBack>,
    /// What was looked up outside the spec, by name, to be remembered.
    pub pins: BTreeMap<String, String>,
    /// The revision that the spec asks for is not rolled out for now.
    pub held: Option<Held>,
    /// A task that is run to its end once the resources are as they should be.
    pub order: Option<Order>,
    /// Where the tasks are found that AWS starts by itself.
    pub watch: Option<Watch>,
    /// Hosts that external-dns is asked to lead to a name.
    pub endpoints: BTreeMap<String, String>,
}

impl Desired {
    /// Where to look, beside what is `remembered`.
    pub fn look_at(&self, remembered: &Inventory) -> Graph {
        let otherwise = if remembered.0.is_empty() { self.otherwise.clone() } else { Graph::default() };
        self.graph.clone().with(&otherwise)
    }

    /// What is remembered, and where that is lost, what there may be: until it is known not to be there, whatever comes
    /// between.
    pub fn remembered(&self, remembered: Inventory) -> Inventory {
        if !remembered.0.is_empty() {
            return remembered;
        }
        Inventory::default().with(&self.otherwise, &World::default(), &Plan::default())
    }
}

/// Why a revision is not rolled out for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Only a person can mend it.
    pub stalled: bool,
    /// A `CamelCase` word.
    pub reason: &'static str,
    /// What is waited for, and what to do.
    pub message: String,
}

/// Something that will work and is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The field of the spec.
    pub at: FieldPath,
    /// What will happen, and what to write instead.
    pub message: String,
}

/// Something that only a change of the object or of its environment can mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A `CamelCase` word.
    pub reason: String,
    /// The field of the spec.
    pub at: FieldPath,
    /// What is wrong, why, and what to do.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(reason: &str, at: impl Into<FieldPath>, message: impl Into<String>) -> Self {
        Self { reason: reason.to_owned(), at: at.into(), message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.0.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.at, self.message) }
    }
}

/// Why there is no graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// AWS must be asked first.
    Needs(Vec<Need>),
    /// A person must change something.
    Refused(Vec<Refusal>),
    /// Another object must come first.
    Waiting {
        /// A `CamelCase` word.
        reason: String,
        /// What is waited for, and why.
        message: String,
    },
}

impl From<GraphError> for Obstacle {
    fn from(error: GraphError) -> Self {
        Self::Refused(vec![Refusal::new("Invalid", "spec", error.to_string())])
    }
}

impl From<Vec<Refusal>> for Obstacle {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::Refused(refusals)
    }
}

impl From<Refusal> for Obstacle {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}
