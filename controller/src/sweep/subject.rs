//! What an object wants, for comparison: made of what Kubernetes tells, without a call.

use std::fmt;

use kube::ResourceExt;
use kube::runtime::reflector::{ObjectRef, Store};
use longshore_crds::status::OwnerStatus;
use longshore_planner::desired::{Facts, Memory, Need, Obstacle, environment};
use longshore_planner::engine::{Graph, Subject, World};

use super::settled;
use crate::kubernetes::{ANNOTATION_ENVIRONMENT, Stores};
use crate::object::{Key, Object, ObjectKind};
use crate::reconcile::{Reconciler, facts_of, inventory, options, unfinished};

/// An object that is compared with AWS.
pub(super) struct Candidate {
    pub(super) key: Key,
    /// What it wants, or why that cannot be told without a turn.
    pub(super) subject: Result<Subject, Lack>,
    /// Whether its status tells what was seen.
    pub(super) tells: Tells,
}

impl Candidate {
    /// What AWS must be asked before it is known what the object wants.
    pub(super) fn needs(&self) -> &[Need] {
        match &self.subject {
            Err(Lack::Needs(needs)) => needs,
            _ => &[],
        }
    }
}

/// Why it cannot be told without a turn what an object wants.
pub(crate) enum Lack {
    /// AWS must be asked something first.
    Needs(Vec<Need>),
    /// For people.
    Told(String),
}

impl From<String> for Lack {
    fn from(why: String) -> Self {
        Self::Told(why)
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Needs(needs) => {
                let needs: Vec<String> = needs.iter().map(ToString::to_string).collect();
                write!(f, "facts are missing: {}", needs.join(", "))
            }
            Self::Told(why) => f.write_str(why),
        }
    }
}

/// Whether what was seen of what is wanted stands in the status.
type Tells = Box<dyn Fn(&Graph, &World) -> bool + Send + Sync>;

/// The objects of an environment that the sweep looks after, those of a namespace beside each other.
pub(super) fn settled_in(stores: &Stores, environment: &str) -> Vec<Key> {
    let mut keys = settled_keys(&stores.clusters, stores, environment);
    keys.extend(settled_keys(&stores.services, stores, environment));
    keys.extend(settled_keys(&stores.load_balancers, stores, environment));
    keys.extend(settled_keys(&stores.file_systems, stores, environment));
    keys.sort_by(|a, b| (&a.namespace, &a.name, a.kind).cmp(&(&b.namespace, &b.name, b.kind)));
    keys
}

fn settled_keys<O: Object>(store: &Store<O>, stores: &Stores, environment: &str) -> Vec<Key> {
    let objects = store.state();
    let here = objects.iter().filter(|object| settled(object.as_ref()));
    let here = here.filter(|object| stores.environment_of(object.as_ref()) == environment);
    here.map(|object| Key::of(O::KIND, object.as_ref())).collect()
}

/// The object of a key, if it is still there and settled.
pub(super) fn find(key: &Key, shell: &Reconciler, facts: &Facts) -> Option<Candidate> {
    match key.kind {
        // What has run is not put right.
        ObjectKind::AwsEnvironment | ObjectKind::EcsTask | ObjectKind::EcsTaskTrigger => None,
        ObjectKind::EcsCluster => candidate(key, &shell.stores.clusters, shell, facts),
        ObjectKind::EcsService => candidate(key, &shell.stores.services, shell, facts),
        ObjectKind::ApplicationLoadBalancer => candidate(key, &shell.stores.load_balancers, shell, facts),
        ObjectKind::EfsFileSystem => candidate(key, &shell.stores.file_systems, shell, facts),
    }
}

fn candidate<O: Object>(key: &Key, store: &Store<O>, shell: &Reconciler, facts: &Facts) -> Option<Candidate> {
    let object =
        store.get(&ObjectRef::new(&key.name).within(&key.namespace)).filter(|object| settled(object.as_ref()))?;
    let environment = shell.stores.environment(&shell.stores.environment_of(object.as_ref()));
    let unfinished = environment.and_then(|environment| unfinished(object.as_ref(), &environment, &shell.clock));
    let users = object.users(&shell.stores);
    Some(Candidate {
        key: key.clone(),
        subject: match unfinished {
            Some(why) => Err(Lack::Told(why)),
            None => subject(object.as_ref(), &shell.stores, &shell.installation, facts),
        },
        tells: Box::new(move |graph, world| object.tells(graph, world, &users)),
    })
}

/// What an object wants, by what Kubernetes and its status tell; the error says what is in the way. `facts`: what AWS
/// was asked already.
pub(crate) fn subject<O: Object>(
    object: &O,
    stores: &Stores,
    installation: &str,
    facts: &Facts,
) -> Result<Subject, Lack> {
    let namespace = object.namespace().unwrap_or_default();
    let labels = stores.namespace_labels(&namespace);
    let pinned = object.annotations().get(ANNOTATION_ENVIRONMENT).map(String::as_str);
    let name = environment::select(object.managed().aws_environment(), &labels, pinned).map_err(|no| no.to_string())?;
    let found = stores.environment(&name).ok_or_else(|| format!("there is no AwsEnvironment {name}"))?;
    environment::admits(&name, &found.spec, &namespace, &labels).map_err(|no| no.to_string())?;
    let scope = stores.scope(object, installation, &name, &found.spec);
    let status = object.status().cloned().unwrap_or_default();
    let memory = Memory::read(status.memory());
    let facts: Facts = facts.clone().into_iter().chain(facts_of(&found)).collect();
    let desired = object.desired(&scope, &facts, stores, &memory).map_err(lack)?;
    Ok(Subject {
        ownership: scope.ownership(),
        graph: desired.graph,
        inventory: inventory::read(status.resources()),
        options: options(object),
    })
}

fn lack(obstacle: Obstacle) -> Lack {
    match obstacle {
        Obstacle::Needs(needs) => Lack::Needs(needs),
        Obstacle::Refused(refusals) => {
            Lack::Told(refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        Obstacle::Waiting { message, .. } => Lack::Told(message),
    }
}
