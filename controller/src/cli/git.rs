//! Which tool brought an object from Git, by what that tool writes on it.

use kube::ResourceExt;

/// The tool's object, in words; none: nothing says that it comes from Git.
pub(super) fn source(object: &impl ResourceExt) -> Option<String> {
    let label = |key: &str| object.labels().get(key);
    // Argo CD's tracking by annotation is its default (Argo CD, "Resource Tracking").
    let argo = object.annotations().get("argocd.argoproj.io/tracking-id");
    let application = argo.map(|id| id.split(':').next().unwrap_or(id));
    let flux = label("kustomize.toolkit.fluxcd.io/name").map(|name| format!("Flux's Kustomization {name}"));
    let release = label("helm.toolkit.fluxcd.io/name").map(|name| format!("Flux's HelmRelease {name}"));
    flux.or(release).or_else(|| application.map(|name| format!("Argo CD's Application {name}")))
}
