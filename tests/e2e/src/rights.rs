//! What a service account may do in Kubernetes, and what it did: roles against the API server's audit log.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result};
use longshore_control_plane::ControlPlane;
use serde_json::Value;

/// Leave to do one thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// `""` is the core group.
    pub group: String,
    /// With its subresource: `ecsservices/status`.
    pub resource: String,
    /// As Kubernetes calls it.
    pub verb: String,
    /// Where the rule names objects: these only.
    pub names: BTreeSet<String>,
}

impl fmt::Display for Right {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, resource, verb, names } = self;
        write!(to, "{verb} {resource} in the API group {group:?}")?;
        if names.is_empty() { Ok(()) } else { write!(to, " of {names:?}") }
    }
}

impl Right {
    fn covers(&self, used: &Use) -> bool {
        (&self.group, &self.resource, &self.verb) == (&used.group, &used.resource, &used.verb)
            && (self.names.is_empty() || self.names.contains(&used.name))
    }
}

/// What was done once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    group: String,
    resource: String,
    verb: String,
    name: String,
    refused: bool,
}

/// How rights and what was done with them differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What the API server refused, in words.
    pub missing: BTreeSet<String>,
    /// What nobody did, in words.
    pub unused: BTreeSet<String>,
}

/// Compares what `account`, as the audit log names it, may do with what it did.
pub fn compare(rights: &BTreeSet<Right>, audit: &str, account: &str) -> Result<Difference> {
    let mut used = BTreeSet::new();
    for line in audit.lines() {
        let event: Value = serde_json::from_str(line).context("a line of the audit log is no JSON")?;
        if event["user"]["username"] == account {
            used.insert(use_of(&event));
        }
    }
    let missing = used.iter().filter(|used| used.refused || !rights.iter().any(|right| right.covers(used)));
    let unused = rights.iter().filter(|right| !used.iter().any(|used| !used.refused && right.covers(used)));
    Ok(Difference {
        missing: missing
            .map(|Use { group, resource, verb, name, .. }| {
                format!("{verb} {resource} {name:?} in the API group {group:?}")
            })
            .collect(),
        unused: unused.map(ToString::to_string).collect(),
    })
}

fn use_of(event: &Value) -> Use {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let reference = &event["objectRef"];
    let mut resource = text(&reference["resource"]);
    if let Some(subresource) = reference["subresource"].as_str() {
        resource = format!("{resource}/{subresource}");
    }
    Use {
        group: text(&reference["apiGroup"]),
        resource,
        verb: text(&event["verb"]),
        name: text(&reference["name"]),
        refused: event["annotations"]["authorization.k8s.io/decision"] == "forbid",
    }
}

/// What the roles bound to a service account allow, wherever they allow it.
pub fn rights_of(plane: &ControlPlane, namespace: &str, account: &str) -> Result<BTreeSet<Right>> {
    let list = |kinds: &str| -> Result<Value> {
        serde_json::from_str(&plane.run(&["get", kinds, "--all-namespaces", "--output", "json"])?).context("no JSON")
    };
    let roles = list("roles,clusterroles")?;
    let bindings = list("rolebindings,clusterrolebindings")?;
    let mut rights = BTreeSet::new();
    for binding in items(&bindings["items"]) {
        let bound = items(&binding["subjects"]).any(|subject| {
            subject["kind"] == "ServiceAccount" && subject["name"] == account && subject["namespace"] == namespace
        });
        if !bound {
            continue;
        }
        let role = items(&roles["items"]).find(|role| {
            let named =
                role["metadata"]["name"] == binding["roleRef"]["name"] && role["kind"] == binding["roleRef"]["kind"];
            named
                && (role["kind"] == "ClusterRole" || role["metadata"]["namespace"] == binding["metadata"]["namespace"])
        });
        let role = role.with_context(|| format!("a binding names no role: {}", binding["metadata"]["name"]))?;
        items(&role["rules"]).for_each(|rule| rights.extend(rights_in(rule)));
    }
    Ok(rights)
}

fn rights_in(rule: &Value) -> Vec<Right> {
    let texts =
        |member: &str| items(&rule[member]).filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>();
    let mut rights = vec![];
    for group in texts("apiGroups") {
        for resource in texts("resources") {
            for verb in texts("verbs") {
                rights.push(Right {
                    group: group.clone(),
                    resource: resource.clone(),
                    verb,
                    names: texts("resourceNames"),
                });
            }
        }
    }
    rights
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn right(words: &str, names: &[&str]) -> Right {
        let (verb, resource) = words.split_once(' ').unwrap();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Right { group: "g".to_owned(), resource: resource.to_owned(), verb: verb.to_owned(), names }
    }

    fn event(words: &str, name: &str, decision: &str) -> String {
        let (verb, resource) = words.split_once(' ').unwrap();
        let (resource, subresource) = resource.split_once('/').map_or((resource, None), |(r, s)| (r, Some(s)));
        json!({
            "user": {"username": "us"}, "verb": verb, "annotations": {"authorization.k8s.io/decision": decision},
            "objectRef": {"apiGroup": "g", "resource": resource, "subresource": subresource, "name": name},
        })
        .to_string()
    }

    #[test]
    fn what_was_refused_is_missing_and_what_nobody_did_is_unused() {
        let rights = BTreeSet::from([
            right("get things", &[]),
            right("patch things/status", &[]),
            right("delete things", &[]),
            right("get leases", &["ours"]),
        ]);
        let stranger = json!({"user": {"username": "them"}, "verb": "delete", "objectRef": {"apiGroup": "g", "resource": "things"}});
        let audit = [
            event("get things", "a", "allow"),
            event("patch things/status", "a", "allow"),
            event("create things", "a", "forbid"),
            event("get leases", "theirs", "forbid"),
            stranger.to_string(),
        ];
        let found = compare(&rights, &audit.join("\n"), "us").unwrap();
        let words = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>();
        assert_eq!(
            words(&found.missing),
            [r#"create things "a" in the API group "g""#, r#"get leases "theirs" in the API group "g""#]
        );
        assert_eq!(
            words(&found.unused),
            [r#"delete things in the API group "g""#, r#"get leases in the API group "g" of {"ours"}"#]
        );
    }

    #[test]
    fn a_rule_is_all_its_groups_resources_and_verbs() {
        let rule = json!({"apiGroups": ["g"], "resources": ["a", "b/status"], "verbs": ["get", "patch"]});
        let expected = ["get a", "patch a", "get b/status", "patch b/status"].map(|words| right(words, &[]));
        assert_eq!(rights_in(&rule), expected);
    }
}
