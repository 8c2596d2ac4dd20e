//! A service as it stands in AWS, asked by the rights of whoever asks.

use std::fmt::Debug;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt};
use longshore_aws::{Edge, Session, SessionConfig};
use longshore_crds::status::{ConditionType, ConditionedStatus};
use longshore_crds::{AwsEnvironment, EcsService};
use serde::de::DeserializeOwned;

use super::place::Place;
use super::target::ServiceName;
use crate::kubernetes::ANNOTATION_ENVIRONMENT;

/// A service by name.
#[derive(Debug, Args)]
pub(super) struct OfService {
    /// The service: ecssvc/NAME
    service: ServiceName,
    #[command(flatten)]
    place: Place,
}

impl OfService {
    /// The API of its namespace, and what it is there.
    pub(super) async fn read(&self) -> Result<(Client, EcsService)> {
        let client = self.place.client().await?;
        let ServiceName(name) = &self.service;
        let service = read(&client, self.place.namespace(&client), name).await?;
        Ok((client, service))
    }
}

/// An object by name.
pub(super) async fn read<K>(client: &Client, namespace: &str, name: &str) -> Result<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let (api, kind) = (Api::<K>::namespaced(client.clone(), namespace), K::kind(&()));
    let found = api.get_opt(name).await.with_context(|| format!("cannot read {kind} {namespace}/{name}"))?;
    found.ok_or_else(|| anyhow!("there is no {kind} {namespace}/{name}; --namespace chooses another namespace"))
}

/// `EcsService/shop/hello`
pub(super) fn title<K: Resource<DynamicType = ()>>(object: &K) -> String {
    format!("{}/{}/{}", K::kind(&()), object.namespace().unwrap_or_default(), object.name_any())
}

/// Where a service is in AWS.
pub(super) struct Deployed {
    /// ARN of the cluster.
    pub(super) cluster: String,
    /// The service's name there.
    pub(super) name: String,
    pub(super) session: Session,
}

impl Deployed {
    /// Opens a session of one's own: what one may not see in AWS, Longshore's rights do not show.
    pub(super) async fn of(client: &Client, service: &EcsService) -> Result<Self> {
        let status = service.status.as_ref();
        let arns = status.and_then(|status| Some((status.cluster_arn.clone()?, status.service_arn.clone()?)));
        let Some((cluster, arn)) = arns else { bail!("{} is not in AWS yet{}", title(service), why(status)) };
        let name = arn.rsplit('/').next().unwrap_or(&arn).to_owned();
        Ok(Self { cluster, name, session: session(client, service).await? })
    }
}

/// What the conditions of an object say for it.
pub(super) fn why<S: ConditionedStatus>(status: Option<&S>) -> String {
    let told = |kind| status.and_then(|status| status.condition(kind)).filter(|it| !it.message.is_empty());
    let condition = told(ConditionType::Stalled).or_else(|| told(ConditionType::Ready));
    condition.map(|it| format!(": {}: {}", it.reason, it.message)).unwrap_or_default()
}

/// With one's own credentials, for the account of an object's environment.
pub(super) async fn session<K: Resource<DynamicType = ()>>(client: &Client, object: &K) -> Result<Session> {
    let pinned = object.annotations().get(ANNOTATION_ENVIRONMENT);
    let name = pinned.ok_or_else(|| anyhow!("{} is in no AwsEnvironment yet", title(object)))?;
    let environment = Api::<AwsEnvironment>::all(client.clone()).get(name).await;
    let spec = environment.with_context(|| format!("cannot read AwsEnvironment {name}, which says the account"))?.spec;
    let config = SessionConfig {
        environment: name.clone(),
        account_id: spec.account_id.clone(),
        region: spec.region,
        assume_role: None,
        session_name: "longshore".to_owned(),
    };
    let opened = async {
        let session = Session::open(&config, &Edge::default()).await?;
        session.verify_account().await.map(|_| session)
    };
    opened.await.with_context(|| {
        format!(
            "AWS is asked with your own credentials, as the aws command line would: they must be for account {} \
             (AWS_PROFILE, AWS_ACCESS_KEY_ID and so on)",
            spec.account_id
        )
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The service hello, with this beside its name and this status.
    pub(in crate::cli) fn service(metadata: &Value, status: &Value) -> EcsService {
        let mut object = json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService",
            "metadata": metadata, "status": status,
            "spec": {"cluster": {"name": "main"}, "task": {"containerDefinitions": []}},
        });
        object["metadata"]["name"] = json!("hello");
        object["metadata"]["namespace"] = json!("shop");
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn of_what_is_not_in_aws_the_conditions_say_why() {
        let condition = json!({
            "type": "Stalled", "status": "True", "reason": "NotGranted", "message": "ask for it",
            "lastTransitionTime": "2026-11-28T12:00:00Z",
        });
        let why = |status: Value| why(service(&json!({}), &status).status.as_ref());
        assert_eq!(why(json!({"conditions": [condition]})), ": NotGranted: ask for it");
        assert_eq!(why(json!({})), "");
    }
}
