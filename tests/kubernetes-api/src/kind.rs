//! The kinds that the API serves, as data.

use std::sync::Arc;

use serde_json::Value;

/// Why a custom resource definition could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// Not YAML, or not what YAML can be read into.
    #[error("the definition is not YAML: {0}")]
    Yaml(#[from] serde_saphyr::Error),
    /// Something that every definition has is missing.
    #[error("the definition has no {0}")]
    Missing(&'static str),
}

/// One kind, and the rules that the API server has for it.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own; no two of them make a state")]
pub(crate) struct Kind {
    /// As objects say it: `EcsService`.
    pub(crate) name: String,
    /// Empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    /// As in paths. Unique here, whatever the group.
    pub(crate) plural: String,
    pub(crate) namespaced: bool,
    /// Whether a custom resource definition made it.
    pub(crate) custom: bool,
    /// Whether status is written through a subresource of its own, and only through it.
    pub(crate) status: bool,
    /// Whether changes of the spec are counted in `metadata.generation`.
    pub(crate) generation: bool,
    /// Whether a PUT of something absent creates it.
    pub(crate) create_on_update: bool,
    /// Whether a PUT may leave the resourceVersion out.
    pub(crate) unconditional_update: bool,
    /// The structural schema, by which defaults are filled and unknown fields dropped. Nothing is validated.
    pub(crate) schema: Option<Value>,
}

impl Kind {
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// As messages name it: `ecsservices.ecs.longshore.dev`.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// A `CustomResourceDefinition`, read: its stored version.
    fn from_definition(yaml: &str) -> Result<Self, DefinitionError> {
        let definition: Value = serde_saphyr::from_str(yaml)?;
        let text = |pointer, name| {
            let found = definition.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            found.ok_or(DefinitionError::Missing(name))
        };
        let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
        let stored = versions.and_then(|all| all.iter().find(|version| version["storage"] == true));
        let stored = stored.ok_or(DefinitionError::Missing("stored version"))?;
        Ok(Self {
            group: text("/spec/group", "group")?,
            version: stored["name"].as_str().ok_or(DefinitionError::Missing("name of the stored version"))?.to_owned(),
            name: text("/spec/names/kind", "kind")?,
            plural: text("/spec/names/plural", "plural")?,
            namespaced: text("/spec/scope", "scope")? == "Namespaced",
            custom: true,
            status: stored.pointer("/subresources/status").is_some(),
            generation: true,
            create_on_update: false,
            unconditional_update: false,
            schema: stored.pointer("/schema/openAPIV3Schema").cloned(),
        })
    }
}

/// The kinds that an API serves. Cheap to clone: many APIs in one test share what was read once.
#[derive(Clone, Debug)]
pub struct Kinds(Arc<Vec<Kind>>);

impl Kinds {
    /// The kinds of Kubernetes' own that Longshore uses (namespaces, events of `events.k8s.io/v1`, leases), and those
    /// of these custom resource definitions, each a YAML document.
    pub fn new<'a>(definitions: impl IntoIterator<Item = &'a str>) -> Result<Self, DefinitionError> {
        let mut kinds = Vec::from(own());
        for definition in definitions {
            kinds.push(Kind::from_definition(definition)?);
        }
        Ok(Self(Arc::new(kinds)))
    }

    /// The kind served under this name in paths.
    pub(crate) fn plural(&self, plural: &str) -> Option<&Kind> {
        self.0.iter().find(|kind| kind.plural == plural)
    }

    /// The kind that an object says it is.
    pub(crate) fn of(&self, object: &Value) -> Option<&Kind> {
        self.0.iter().find(|kind| object["kind"] == *kind.name && object["apiVersion"] == *kind.api_version())
    }
}

/// What the API server does with its own kinds (registry strategies of kube-apiserver 1.36; held by the conformance
/// test).
fn own() -> [Kind; 3] {
    let kind = |group: &str, kind: &str, plural: &str| Kind {
        group: group.to_owned(),
        version: "v1".to_owned(),
        name: kind.to_owned(),
        plural: plural.to_owned(),
        namespaced: true,
        custom: false,
        status: false,
        generation: false,
        create_on_update: true,
        unconditional_update: false,
        schema: None,
    };
    [
        Kind {
            namespaced: false,
            status: true,
            create_on_update: false,
            unconditional_update: true,
            ..kind("", "Namespace", NAMESPACES)
        },
        Kind { unconditional_update: true, ..kind("events.k8s.io", "Event", "events") },
        kind("coordination.k8s.io", "Lease", "leases"),
    ]
}

/// The plural of Namespace, whose objects have rules of their own.
pub(crate) const NAMESPACES: &str = "namespaces";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_says_how_its_kind_is_served() {
        let yaml = "
            spec:
              group: example.dev
              names: {kind: Boat, plural: boats}
              scope: Cluster
              versions:
              - {name: v1, storage: false}
              - {name: v2, storage: true, subresources: {status: {}}, schema: {openAPIV3Schema: {type: object}}}";
        let kinds = Kinds::new([yaml]).unwrap();
        let boat = kinds.plural("boats").unwrap();
        assert_eq!(boat.api_version(), "example.dev/v2");
        assert_eq!(boat.qualified(), "boats.example.dev");
        assert!(!boat.namespaced && boat.status && boat.generation);
        assert_eq!(boat.schema, Some(serde_json::json!({"type": "object"})));
        assert_eq!(kinds.plural("namespaces").unwrap().api_version(), "v1");
    }

    #[test]
    fn a_definition_without_what_every_one_has_is_refused() {
        let refused = Kinds::new(["spec: {versions: [{name: v1, storage: true}]}"]).unwrap_err();
        assert_eq!(refused.to_string(), "the definition has no group");
    }
}
