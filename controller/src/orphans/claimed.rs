//! What objects say that they own.

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;
use kube::runtime::reflector::Store;
use longshore_aws::{Cadence, Claims, Fault, Ours, Session};
use longshore_crds::status::{OwnerStatus, ResourceStatus};
use longshore_crds::{AwsEnvironment, AwsEnvironmentSpec};
use longshore_planner::desired::{Facts, access_graph};
use serde::Serialize;

use crate::kubernetes::Stores;
use crate::object::{Key, Object, ObjectKind};
use crate::reconcile::{inventory, scope_of};
use crate::sweep::subject;

/// Identities, as they are printed, and the ARN or id of each where it is known.
type Resources = BTreeMap<String, Option<String>>;

/// What all objects of all environments own: roles are an account's, not a region's.
pub(crate) struct Claimed {
    /// By object, as tags name it.
    objects: BTreeMap<String, Resources>,
    claims: Claims,
}

/// A resource that nobody claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Orphan {
    /// Its kind, such as `iam/role`.
    pub(crate) kind: &'static str,
    /// What AWS knows it by.
    pub(crate) name: String,
    /// Its ARN or id.
    pub(crate) physical: String,
    /// The object in its tags.
    pub(crate) object: String,
    /// Its identity within that object.
    pub(crate) resource: String,
    /// Why nobody claims it, and what to do.
    pub(crate) message: String,
}

impl Claimed {
    /// By the objects that are there: what their statuses remember, and what they want.
    pub(crate) fn of(stores: &Stores, installation: &str) -> Self {
        let claims = Claims { installation: installation.to_owned(), ..Claims::default() };
        let mut claimed = Self { objects: BTreeMap::new(), claims };
        for environment in stores.environments.state() {
            claimed.add_environment(&environment, stores);
        }
        claimed.add(&stores.clusters, stores, installation);
        claimed.add(&stores.services, stores, installation);
        claimed.add(&stores.load_balancers, stores, installation);
        claimed.add(&stores.file_systems, stores, installation);
        claimed.add(&stores.tasks, stores, installation);
        claimed.add(&stores.triggers, stores, installation);
        claimed
    }

    /// What an environment has opened for its services.
    fn add_environment(&mut self, environment: &AwsEnvironment, stores: &Stores) {
        let installation = self.claims.installation.clone();
        let status = environment.status.clone().unwrap_or_default();
        let mut resources = self.remembered(&status.resources);
        let demand = stores.access_demand(&environment.name_any(), &environment.spec, &installation);
        let all = demand.wanted.union(&demand.kept).cloned().collect();
        if let Ok(graph) = access_graph(&scope_of(environment, &installation), &all) {
            for (id, _) in graph.iter() {
                resources.entry(id.to_string()).or_default();
            }
        }
        self.objects.insert(Key::of(ObjectKind::AwsEnvironment, environment).to_string(), resources);
    }

    /// What a status remembers.
    fn remembered(&mut self, resources: &BTreeMap<String, ResourceStatus>) -> Resources {
        let mut found = Resources::new();
        for (id, entry) in &inventory::read(resources).0 {
            self.claims.known.extend(entry.physical.clone());
            self.claims.known.extend(entry.address.values().flatten().cloned());
            found.insert(id.to_string(), entry.physical.clone());
        }
        found
    }

    fn add<O: Object>(&mut self, store: &Store<O>, stores: &Stores, installation: &str) {
        for object in store.state() {
            let status = object.status().cloned().unwrap_or_default();
            let mut resources = self.remembered(status.resources());
            // A status that was lost is written again by the next turn; what the spec asks for is no orphan until then.
            if let Ok(subject) = subject(object.as_ref(), stores, installation, &Facts::new()) {
                for (id, _) in subject.graph.iter() {
                    resources.entry(id.to_string()).or_default();
                }
            }
            self.objects.insert(Key::of(O::KIND, object.as_ref()).to_string(), resources);
        }
    }

    /// Looks through the account and region of an environment, and the hosted zones that it grants.
    pub(crate) async fn orphans(
        &self,
        session: &Session,
        environment: &AwsEnvironmentSpec,
    ) -> Result<Vec<Orphan>, Fault> {
        let survey = session.survey(usize::MAX, Cadence::everything());
        let claims = Claims { hosted_zones: hosted_zones(environment), ..self.claims.clone() };
        let mut orphans: Vec<Orphan> =
            survey.ours(&claims).await?.into_iter().filter_map(|ours| self.judge(ours)).collect();
        orphans.sort_by(|a, b| (&a.object, a.kind, &a.name).cmp(&(&b.object, b.kind, &b.name)));
        Ok(orphans)
    }

    /// `None` where an object claims it.
    fn judge(&self, ours: Ours) -> Option<Orphan> {
        let message = match self.objects.get(&ours.object) {
            None if ours.object.is_empty() => {
                "its tags no longer say whose it is; if nothing uses it, delete it in AWS".to_owned()
            }
            None => format!(
                "there is no {}; if nothing uses it, delete it in AWS; if the object was lost, apply it again, and it \
                 takes this up",
                ours.object
            ),
            Some(resources) => match resources.get(&ours.resource) {
                Some(None) => return None,
                Some(Some(physical)) if same(physical, &ours.physical) => return None,
                Some(Some(other)) => {
                    format!("{} has {other} in its place; if nothing uses it, delete it in AWS", ours.object)
                }
                None => format!("{} does not know it; if nothing uses it, delete it in AWS", ours.object),
            },
        };
        let Ours { kind, name, physical, object, resource } = ours;
        Some(Orphan { kind, name, physical, object, resource, message })
    }
}

/// Those granted by their ids: a pattern does not say which there are.
fn hosted_zones(environment: &AwsEnvironmentSpec) -> BTreeSet<String> {
    let grants = environment.iam.iter().flat_map(|iam| &iam.grants);
    grants.flat_map(|grant| &grant.hosted_zone_ids).filter(|id| !id.contains(['*', '?'])).cloned().collect()
}

/// Right after it was made a resource may be known by its id, and later by its ARN, which ends in that.
fn same(one: &str, other: &str) -> bool {
    let within = |arn: &str, id: &str| arn.strip_suffix(id).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    within(one, other) || within(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_the_arn_that_ends_in_it_are_the_same() {
        let arn = "arn:aws:ec2:eu-west-1:1:security-group/sg-12";
        for (one, other, expected) in
            [(arn, "sg-12", true), ("sg-12", arn, true), (arn, arn, true), (arn, "sg-2", false), ("sg-1", arn, false)]
        {
            assert_eq!(same(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_resource_is_an_orphan_unless_its_object_knows_just_that_one() {
        let hello: Resources =
            [("iam/role:execution@1", Some("arn:aws:iam::1:role/hello")), ("ecs/service:service@2", None)]
                .into_iter()
                .map(|(id, physical)| (id.to_owned(), physical.map(str::to_owned)))
                .collect();
        let claimed =
            Claimed { objects: [("EcsService/shop/hello".to_owned(), hello)].into(), claims: Claims::default() };
        let cases = [
            ("EcsService/shop/hello", "iam/role:execution@1", "arn:aws:iam::1:role/hello", None),
            ("EcsService/shop/hello", "ecs/service:service@2", "any", None),
            ("EcsService/shop/hello", "iam/role:execution@1", "arn:aws:iam::1:role/another", Some("in its place")),
            ("EcsService/shop/hello", "iam/role:task@3", "any", Some("does not know it")),
            ("EcsService/shop/gone", "iam/role:execution@1", "any", Some("there is no EcsService/shop/gone")),
            ("", "", "any", Some("no longer say whose it is")),
        ];
        for (object, resource, physical, expected) in cases {
            let ours = Ours {
                kind: "iam/role",
                name: "hello".to_owned(),
                physical: physical.to_owned(),
                object: object.to_owned(),
                resource: resource.to_owned(),
            };
            let found = claimed.judge(ours).map(|orphan| orphan.message);
            match expected {
                None => assert_eq!(found, None, "{object} {resource} {physical}"),
                Some(words) => assert!(found.is_some_and(|message| message.contains(words)), "{object} {resource}"),
            }
        }
    }
}
