//! The definitions as the YAML files in `crds/generated`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

/// Name of the file of a definition: its kind in lower case.
pub fn file_name(crd: &CustomResourceDefinition) -> String {
    format!("{}.yaml", crd.spec.names.kind.to_lowercase())
}

/// A definition as YAML.
pub fn yaml(crd: &CustomResourceDefinition) -> Result<String, serde_saphyr::ser::Error> {
    let body = serde_saphyr::to_string(crd)?;
    Ok(format!(
        "# Made by `cargo run -p longshore-crds --bin crds -- crds/generated`. Change the types in crds/src instead.\n{body}"
    ))
}
