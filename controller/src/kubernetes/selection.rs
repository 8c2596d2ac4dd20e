//! Which objects this installation looks after: all, or those of some namespaces and environments.

use k8s_openapi::api::core::v1::Namespace;
use kube::core::{ClusterResourceScope, NamespaceResourceScope};
use kube::runtime::watcher;
use kube::{Api, Client, Resource};
use longshore_crds::AwsEnvironment;

/// What is looked after; left empty, everything. Two installations in one cluster must share nothing.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Namespaces by name, with all objects in them.
    pub namespaces: Vec<String>,
    /// `AwsEnvironment`s by name.
    pub environments: Vec<String>,
}

/// A list of one kind.
pub(super) struct Source<K> {
    pub(super) api: Api<K>,
    /// By which fields it is narrowed, as the API server reads them.
    pub(super) fields: Option<String>,
}

impl<K> Source<K> {
    pub(super) fn watched(&self) -> watcher::Config {
        let config = watcher::Config::default().streaming_lists();
        match &self.fields {
            Some(fields) => config.fields(fields),
            None => config,
        }
    }
}

impl Selection {
    /// The lists that together hold all objects of a kind that lives in namespaces.
    pub(super) fn objects<K>(&self, client: &Client) -> Vec<Source<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        if self.namespaces.is_empty() {
            return vec![Source { api: Api::all(client.clone()), fields: None }];
        }
        let namespaces = self.namespaces.iter();
        namespaces.map(|name| Source { api: Api::namespaced(client.clone(), name), fields: None }).collect()
    }

    /// The lists that together hold all `AwsEnvironment`s.
    pub(super) fn environments(&self, client: &Client) -> Vec<Source<AwsEnvironment>> {
        named(client, &self.environments)
    }

    /// The lists that together hold all namespaces.
    pub(super) fn namespaces(&self, client: &Client) -> Vec<Source<Namespace>> {
        named(client, &self.namespaces)
    }
}

/// By name, since a right that is limited to names covers only lists that ask for one of them.
fn named<K>(client: &Client, names: &[String]) -> Vec<Source<K>>
where
    K: Resource<DynamicType = (), Scope = ClusterResourceScope>,
{
    let all = || Api::all(client.clone());
    if names.is_empty() {
        return vec![Source { api: all(), fields: None }];
    }
    names.iter().map(|name| Source { api: all(), fields: Some(format!("metadata.name={name}")) }).collect()
}
