//! The definitions as files: for whoever applies them by themselves, and for the charts.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde::Serialize;

const MADE_BY: &str = "# Made by `make generate`. Change the types in crds/src instead.\n";

/// Where the definitions stand, one file each: to be applied by themselves, and in the chart that installs them. Both
/// hold the same, since a chart can take in nothing from outside its own folder.
pub const DIRECTORIES: [&str; 2] = ["crds/generated", "charts/longshore-crds/files"];

/// From which the chart's rights follow.
pub const KINDS: &str = "charts/longshore/files/kinds.yaml";

/// A kind, as the chart needs to know it.
#[derive(Serialize)]
struct Kind<'a> {
    plural: &'a str,
    scope: &'a str,
    scale: bool,
}

/// Every generated file, by its path from the project's root.
pub fn files(definitions: &[CustomResourceDefinition]) -> Result<BTreeMap<String, String>, serde_saphyr::ser::Error> {
    let mut files = BTreeMap::from([(KINDS.to_owned(), kinds(definitions)?)]);
    for definition in definitions {
        let yaml = yaml(definition)?;
        for directory in DIRECTORIES {
            files.insert(format!("{directory}/{}", file_name(definition)), yaml.clone());
        }
    }
    Ok(files)
}

/// Name of the file of a definition: its kind in lower case.
pub fn file_name(crd: &CustomResourceDefinition) -> String {
    format!("{}.yaml", crd.spec.names.kind.to_lowercase())
}

/// A definition as YAML.
pub fn yaml(crd: &CustomResourceDefinition) -> Result<String, serde_saphyr::ser::Error> {
    let body = serde_saphyr::to_string(crd)?;
    Ok(format!("{MADE_BY}{body}"))
}

fn kinds(definitions: &[CustomResourceDefinition]) -> Result<String, serde_saphyr::ser::Error> {
    let mut kinds: Vec<Kind<'_>> = definitions.iter().map(kind).collect();
    kinds.sort_by_key(|kind| kind.plural);
    Ok(format!("{MADE_BY}{}", serde_saphyr::to_string(&kinds)?))
}

fn kind(definition: &CustomResourceDefinition) -> Kind<'_> {
    let spec = &definition.spec;
    let mut subresources = spec.versions.iter().filter_map(|version| version.subresources.as_ref());
    Kind {
        plural: &spec.names.plural,
        scope: &spec.scope,
        scale: subresources.any(|subresources| subresources.scale.is_some()),
    }
}
