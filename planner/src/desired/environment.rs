//! Which environment an object belongs to, and whether it may.

use std::collections::BTreeMap;

use longshore_crds::{AwsEnvironmentSpec, NamespacesFrom};

use super::labels::matches;
use super::obstacle::Refusal;

/// The label by which a namespace chooses an environment for its objects.
pub const LABEL: &str = "ecs.longshore.dev/environment";
/// The environment of objects and namespaces that name none.
pub const DEFAULT: &str = "default";

/// The environment of an object: its own word, else its namespace's, else `default`. Once pinned it stays: an object
/// whose environment became another would leave everything behind and make it again elsewhere.
pub fn select(
    own: Option<&str>,
    namespace_labels: &BTreeMap<String, String>,
    pinned: Option<&str>,
) -> Result<String, Refusal> {
    let asked = own.or(namespace_labels.get(LABEL).map(String::as_str)).unwrap_or(DEFAULT);
    match pinned {
        Some(pinned) if pinned != asked => Err(Refusal::new(
            "EnvironmentChanged",
            "spec.awsEnvironment",
            format!(
                "the object lives in the AwsEnvironment {pinned}, but its spec or its namespace's label {LABEL} now \
                 names {asked}; put {pinned} back, or delete the object and make it again to move it"
            ),
        )),
        _ => Ok(asked.to_owned()),
    }
}

/// Whether an environment admits a namespace; left out, it admits none.
pub fn admits(
    name: &str,
    environment: &AwsEnvironmentSpec,
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let allowed = environment.allowed_namespaces.as_ref().is_some_and(|allowed| match allowed.from {
        NamespacesFrom::All => true,
        NamespacesFrom::Same => false,
        NamespacesFrom::Selector => allowed.selector.as_ref().is_some_and(|selector| matches(selector, labels)),
    });
    if allowed {
        return Ok(());
    }
    Err(Refusal::new(
        "NamespaceNotAllowed",
        "spec.awsEnvironment",
        format!(
            "the AwsEnvironment {name} does not admit the namespace {namespace}; ask the platform team to add it to \
             that object's spec.allowedNamespaces, or name another environment"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_objects_own_word_goes_before_its_namespaces() {
        let labelled = BTreeMap::from([(LABEL.to_owned(), "staging".to_owned())]);
        let none = BTreeMap::new();
        let cases = [
            (Some("own"), &labelled, None, Ok("own")),
            (None, &labelled, None, Ok("staging")),
            (None, &none, None, Ok("default")),
            (None, &labelled, Some("staging"), Ok("staging")),
            (None, &labelled, Some("default"), Err("EnvironmentChanged")),
            (Some("own"), &none, Some("default"), Err("EnvironmentChanged")),
        ];
        for (own, labels, pinned, expected) in cases {
            let found = select(own, labels, pinned).map_err(|refusal| refusal.reason);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{own:?} {labels:?} {pinned:?}");
        }
    }
}
