//! Where a command's object is, as kubectl's own options say it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};

use crate::kubernetes::client_of;

#[derive(Debug, Args)]
pub(super) struct Place {
    /// Namespace of the object; left out: the context's
    #[arg(long, short)]
    namespace: Option<String>,
    /// Context of the kubeconfig; left out: the current one
    #[arg(long)]
    context: Option<String>,
    /// The kubeconfig; left out: what KUBECONFIG names, else ~/.kube/config
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
}

impl Place {
    pub(super) async fn client(&self) -> Result<Client> {
        let options = KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
        let config = match &self.kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path).with_context(|| format!("cannot read {}", path.display()))?;
                Config::from_custom_kubeconfig(file, &options).await
            }
            None => Config::from_kubeconfig(&options).await,
        };
        client_of(config.context("no usable kubeconfig: set KUBECONFIG, or name one by --kubeconfig and --context")?)
    }

    pub(super) fn namespace<'a>(&'a self, client: &'a Client) -> &'a str {
        self.namespace.as_deref().unwrap_or_else(|| client.default_namespace())
    }
}
