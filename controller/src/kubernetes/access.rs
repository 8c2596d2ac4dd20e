//! What services ask of their environment: ports of foreign security groups.

use std::collections::BTreeSet;
use std::hash::Hash;

use kube::{Resource, ResourceExt};
use longshore_crds::{AwsEnvironmentSpec, EcsService, Managed, Mode};
use longshore_planner::desired::{Demand, Opening, environment, openings, refused_openings};

use super::index::{Stores, keys};
use crate::object::{Key, ObjectKind};

impl Stores {
    /// What the services of an environment ask for and use.
    pub(crate) fn access_demand(&self, name: &str, spec: &AwsEnvironmentSpec, installation: &str) -> Demand {
        let mut demand = Demand::default();
        for service in self.services.state() {
            if self.environment_of(service.as_ref()) != name {
                continue;
            }
            let (wanted, kept) = self.asked(&service, name, spec, installation);
            demand.wanted.extend(wanted);
            demand.kept.extend(kept);
            demand.used.extend(service.status.iter().flat_map(|status| status.security_group_ids.iter().cloned()));
        }
        demand
    }

    /// What a service asks for: that which is made for it, and that which is only left as it is.
    fn asked(
        &self,
        service: &EcsService,
        name: &str,
        spec: &AwsEnvironmentSpec,
        installation: &str,
    ) -> (BTreeSet<Opening>, BTreeSet<Opening>) {
        let all = openings(&service.spec);
        if all.is_empty() {
            return (all, BTreeSet::new());
        }
        let scope = self.scope(service, installation, name, spec);
        let may = environment::admits(name, spec, &scope.namespace, &scope.namespace_labels).is_ok()
            && refused_openings(&scope, &service.spec).is_empty();
        let managed = service.spec.mode() == Mode::Manage && service.meta().deletion_timestamp.is_none();
        if may && managed { (all, BTreeSet::new()) } else { (BTreeSet::new(), all) }
    }

    /// Who must look again when what an object says of access changes: the environment of a service, the services of an
    /// environment that ask for any.
    pub(super) fn concerned_by_access(&self, key: &Key, environment: Option<&str>) -> Vec<Key> {
        match (key.kind, environment) {
            (ObjectKind::AwsEnvironment, _) => {
                keys(&self.services, |service| asks(service) && self.environment_of(service) == key.name)
            }
            (ObjectKind::EcsService, Some(name)) => vec![environment_key(name)],
            _ => vec![],
        }
    }

    /// The environments of a namespace's services that ask for access.
    pub(super) fn environments_asked_by(&self, namespace: &str) -> BTreeSet<Key> {
        let here = |service: &&EcsService| service.namespace().as_deref() == Some(namespace) && asks(service);
        let services = self.services.state();
        let asking = services.iter().map(AsRef::as_ref).filter(here);
        asking.map(|service| environment_key(&self.environment_of(service))).collect()
    }
}

/// What its environment goes by, of a service; `None`: nothing.
pub(super) fn asked_of_environment(service: &EcsService) -> Option<impl Hash> {
    let status = service.status.as_ref();
    let own = status.and_then(|status| status.security_group_id.as_ref());
    let groups = status.into_iter().flat_map(|status| &status.security_group_ids);
    let further: Vec<String> = groups.filter(|id| Some(*id) != own).cloned().collect();
    let asked = openings(&service.spec);
    let managed = service.spec.mode() == Mode::Manage && service.meta().deletion_timestamp.is_none();
    (!asked.is_empty() || !further.is_empty()).then_some((asked, further, managed))
}

fn asks(service: &EcsService) -> bool {
    service.spec.network_configuration.as_ref().is_some_and(|network| !network.access.is_empty())
}

fn environment_key(name: &str) -> Key {
    Key { kind: ObjectKind::AwsEnvironment, namespace: String::new(), name: name.to_owned() }
}
