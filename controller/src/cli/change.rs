//! How the command line changes a service: by a merge patch, as kubectl would, under a name of its own.

use anyhow::{Context, Result};
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use longshore_crds::EcsService;
use serde_json::Value;

use super::deployed::title;

/// Not kubectl's: Flux takes back what a manager of that name has set.
const FIELD_MANAGER: &str = "longshore-cli";

/// Patches the service, unless somebody else did meanwhile.
pub(super) async fn change(client: Client, service: &EcsService, patch: &Value) -> Result<()> {
    let api = Api::<EcsService>::namespaced(client, &service.namespace().unwrap_or_default());
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let patched = api.patch(&service.name_any(), &params, &Patch::Merge(patch)).await;
    patched.map(drop).with_context(|| format!("cannot change {}", title(service)))
}

/// How to see what comes of it.
pub(super) fn follow(service: &EcsService) -> String {
    let namespace = service.namespace().unwrap_or_default();
    format!("Follow it: longshore status ecssvc/{} --namespace {namespace}", service.name_any())
}
