//! Ports of foreign security groups that an environment's services reach: each is opened once for all of them, by a group
//! of clients that their tasks join, and one rule that lets it in. Both are the environment's, and its turn alone makes
//! them and takes them away (docs/decisions/0011-access.md).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use longshore_crds::EcsServiceSpec;
use longshore_crds::aws_environment::AccessStatus;
use longshore_crds::ecs_service::Access;
use longshore_crds::task_definition::TransportProtocol;

use super::grants::may_open;
use super::obstacle::{Obstacle, Refusal};
use super::scope::Scope;
use crate::engine::{FieldPath, Graph, GraphError, Id, Kind, World};
use crate::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};
use crate::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};
use crate::names;

/// What nobody uses stays for so long: a service that came to want it may not have been heard of yet.
pub const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// The beginning of keys.
const KEY: &str = "access-";

/// A port of a foreign security group, or a range of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Opening {
    /// The foreign group.
    pub security_group_id: String,
    /// The protocol.
    pub protocol: TransportProtocol,
    /// The first port.
    pub from_port: i32,
    /// The last port.
    pub to_port: i32,
}

impl Opening {
    /// What a service asks for.
    pub fn asked(access: &Access) -> Self {
        Self {
            security_group_id: access.security_group.id.clone(),
            protocol: access.protocol.unwrap_or(TransportProtocol::Tcp),
            from_port: access.port,
            to_port: access.to_port.unwrap_or(access.port),
        }
    }

    /// What the status of an environment tells.
    pub fn told(entry: &AccessStatus) -> Self {
        Self {
            security_group_id: entry.security_group_id.clone(),
            protocol: entry.protocol,
            from_port: entry.from_port,
            to_port: entry.to_port,
        }
    }

    /// The key of its group and of its rule.
    pub fn key(&self) -> String {
        let Self { security_group_id, protocol, from_port, to_port } = self;
        format!("{KEY}{security_group_id}-{protocol}-{from_port}-{to_port}")
    }

    /// What has that key.
    pub fn of_key(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix(KEY)?.rsplitn(4, '-');
        let (to_port, from_port) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let word = parts.next()?;
        let protocol = *TransportProtocol::ALL.iter().find(|protocol| protocol.as_str() == word)?;
        Some(Self { security_group_id: parts.next()?.to_owned(), protocol, from_port, to_port })
    }

    /// As a status tells of what is not there yet.
    pub fn entry(&self) -> AccessStatus {
        AccessStatus {
            security_group_id: self.security_group_id.clone(),
            protocol: self.protocol,
            from_port: self.from_port,
            to_port: self.to_port,
            clients_security_group_id: None,
            unused_since: None,
            refused: None,
        }
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { security_group_id, protocol, from_port, to_port } = self;
        if from_port == to_port {
            write!(f, "port {from_port} ({protocol}) of {security_group_id}")
        } else {
            write!(f, "ports {from_port} to {to_port} ({protocol}) of {security_group_id}")
        }
    }
}

/// What a service asks for.
pub fn openings(spec: &EcsServiceSpec) -> BTreeSet<Opening> {
    accesses(spec).map(Opening::asked).collect()
}

/// What a service asks for and no grant covers.
pub fn refused_openings(scope: &Scope, spec: &EcsServiceSpec) -> Vec<Refusal> {
    accesses(spec).filter_map(|access| may_open(scope, &access.security_group.id, &at(access))).collect()
}

fn accesses(spec: &EcsServiceSpec) -> impl Iterator<Item = &Access> {
    spec.network_configuration.iter().flat_map(|network| &network.access)
}

/// The field of the spec.
pub(super) fn at(access: &Access) -> FieldPath {
    FieldPath::from("spec.networkConfiguration.access").item(&access.security_group.id)
}

/// What the services of an environment ask for and use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// What is opened where it is not yet.
    pub wanted: BTreeSet<Opening>,
    /// What is kept as it is: of services that are only observed, suspended, being deleted, or no longer granted it.
    pub kept: BTreeSet<Opening>,
    /// The security groups that tasks are in.
    pub used: BTreeSet<String>,
}

impl Demand {
    fn needs(&self, entry: &AccessStatus) -> bool {
        let opening = Opening::told(entry);
        let joined = entry.clients_security_group_id.as_ref().is_some_and(|id| self.used.contains(id));
        joined || self.wanted.contains(&opening) || self.kept.contains(&opening)
    }
}

/// The entries of an environment's status, by what services ask for and use now.
pub fn entries(told: &[AccessStatus], demand: &Demand, now: Timestamp) -> Vec<AccessStatus> {
    let wanted = demand.wanted.iter().map(|opening| (opening.clone(), opening.entry()));
    let told = told.iter().map(|entry| (Opening::told(entry), entry.clone()));
    let all: BTreeMap<Opening, AccessStatus> = wanted.chain(told).collect();
    let marked = all.into_values().map(|entry| {
        let unused_since = if demand.needs(&entry) { None } else { entry.unused_since.clone().or(Some(Time(now))) };
        AccessStatus { unused_since, ..entry }
    });
    marked.collect()
}

/// Whether nobody has used it for long enough. It may go once nothing is in its group.
pub fn is_due(entry: &AccessStatus, now: Timestamp) -> bool {
    entry.unused_since.as_ref().is_some_and(|since| now.duration_since(since.0) >= GRACE)
}

/// Groups and rules. `scope` is the environment's own.
pub fn access_graph(scope: &Scope, openings: &BTreeSet<Opening>) -> Result<Graph, GraphError> {
    let mut graph = Graph::default();
    for opening in openings {
        let description = format!("Longshore: {}: who reaches {opening}", scope.ownership().object);
        let clients = SecurityGroup {
            name: format!(
                "{}-{}",
                names::base(&scope.installation, scope.object_kind, "longshore", &scope.name),
                opening.key()
            ),
            vpc_id: scope.environment.network.vpc_id.clone(),
            description: description.clone(),
            tags: scope.tags(&[]),
        };
        let clients = graph.add(&opening.key(), clients, "", &[])?.out(SecurityGroupOutput::Id);
        let rule = SecurityGroupRule {
            group: opening.security_group_id.as_str().into(),
            direction: Direction::Ingress,
            protocol: opening.protocol.to_string(),
            from_port: opening.from_port,
            to_port: opening.to_port,
            peer: Peer::Group(clients),
            description,
            tags: scope.tags(&[]),
        };
        graph.add(&opening.key(), rule, "", &[])?;
    }
    Ok(graph)
}

/// What came of it: the group of each entry once both it and its rule are there, and why AWS refuses, by key. What was told
/// stays where it could not be read, and while a rule that was taken away is made again.
pub fn opened(entry: &AccessStatus, graph: &Graph, world: &World, refused: &BTreeMap<String, String>) -> AccessStatus {
    let key = Opening::told(entry).key();
    let id_of = |kind: &str| graph.iter().map(|(id, _)| id).find(|id| id.kind == kind && id.key == key);
    let seen = |id: &Id| world.get(id).and_then(|thing| thing.outputs.get("id").cloned());
    let (group, rule) = (id_of(SecurityGroup::NAME), id_of(SecurityGroupRule::NAME));
    let unread = [group, rule].into_iter().flatten().any(|id| world.unknown.contains_key(id));
    let before = entry.clients_security_group_id.clone();
    let clients = group.and_then(seen).filter(|id| before.as_ref() == Some(id) || rule.and_then(seen).is_some());
    AccessStatus {
        clients_security_group_id: if unread || group.is_none() { before } else { clients },
        refused: refused.get(&key).cloned(),
        ..entry.clone()
    }
}

/// The group that a service's tasks join to reach what it asks for.
pub fn clients_group(opening: &Opening, environment: &str, told: &[AccessStatus]) -> Result<String, Obstacle> {
    let entry = told.iter().find(|entry| Opening::told(entry) == *opening);
    let at = FieldPath::from("spec.networkConfiguration.access").item(&opening.security_group_id);
    match entry {
        Some(AccessStatus { refused: Some(why), .. }) => {
            let message = format!("the AwsEnvironment {environment} cannot open {opening}: {why}");
            Err(Refusal::new("AccessRefused", at, message).into())
        }
        Some(AccessStatus { clients_security_group_id: Some(id), unused_since: None, .. }) => Ok(id.clone()),
        _ => Err(Obstacle::Waiting {
            reason: "AccessNotReady".to_owned(),
            message: format!("{at}: the AwsEnvironment {environment} has not opened {opening} yet"),
        }),
    }
}
