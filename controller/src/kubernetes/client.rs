//! The client, and who this installation is.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, Config};

/// A client without retries of its own (kube repeats writes up to fifteen times): the queue decides when to try again.
pub(crate) async fn client() -> Result<Client> {
    client_of(Config::infer().await.context("no kubeconfig and no service account: set KUBECONFIG")?)
}

/// The same for a configuration that was chosen.
pub(crate) fn client_of(mut config: Config) -> Result<Client> {
    config.default_retry = false;
    Client::try_from(config).context("the Kubernetes client could not be made")
}

/// The UID of `kube-system`: the same for the cluster's life, and no other cluster's.
pub(crate) async fn installation_id(client: &Client) -> Result<String> {
    let namespace = Api::<Namespace>::all(client.clone())
        .get("kube-system")
        .await
        .context("cannot read the namespace kube-system")?;
    namespace.metadata.uid.context("the namespace kube-system has no UID")
}
