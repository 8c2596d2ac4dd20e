//! The generated files, and what holds for every schema.

use longshore_crds::{crds, generated};
use serde_json::Value;
use std::{fs, path::Path};

#[test]
fn the_generated_files_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let expected = generated::files(&crds()).unwrap();
    for (path, text) in &expected {
        let written = fs::read_to_string(root.join(path)).unwrap_or_default();
        assert!(written == *text, "{path} is stale: run `make generate`");
    }
    for directory in generated::DIRECTORIES {
        for entry in fs::read_dir(root.join(directory)).unwrap() {
            let path = format!("{directory}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(expected.contains_key(&path), "{path} belongs to no kind");
        }
    }
}

/// Half of what `kubectl apply` can keep of one in an annotation (262,144 bytes).
#[test]
fn no_definition_is_larger_than_130_kb() {
    for crd in crds() {
        let size = serde_json::to_string(&crd).unwrap().len();
        assert!(size < 130_000, "{} has {size} bytes as JSON: shorten descriptions", crd.spec.names.kind);
    }
}

#[test]
fn every_kind_has_its_short_name_category_and_columns() {
    let facts: Vec<_> = crds()
        .iter()
        .map(|crd| {
            let names = &crd.spec.names;
            let columns = crd.spec.versions[0].additional_printer_columns.as_ref().unwrap();
            let plain = columns.iter().filter(|column| column.priority.unwrap_or(0) == 0);
            assert_eq!(names.categories.as_deref(), Some(&["longshore".to_owned()][..]));
            (names.short_names.clone().unwrap().join(","), plain.map(|column| column.name.clone()).collect::<Vec<_>>())
        })
        .collect();
    let expected = [
        ("awsenv", vec!["Ready", "Reason", "Account", "Region", "Age"]),
        ("ecscl", vec!["Ready", "Reason", "Services", "Running", "Pending", "Age"]),
        ("ecssvc", vec!["Ready", "Reason", "Desired", "Running", "Revision", "Rollout", "Progress", "Age"]),
        ("alb", vec!["Ready", "Reason", "Scheme", "DNS name", "Age"]),
        ("efs", vec!["Ready", "Reason", "File system", "Age"]),
        ("ecstask", vec!["Phase", "Reason", "Attempt", "Started", "Completed", "Age"]),
        ("ecstrig", vec!["Schedule", "Timezone", "Events", "Suspend", "Next", "Last", "Ready", "Reason", "Age"]),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(short, columns)| (short.to_owned(), columns.into_iter().map(str::to_owned).collect::<Vec<_>>()))
        .collect();
    assert_eq!(facts, expected);
}

/// Calls `look` with each schema below `schema` and its path.
fn walk(path: &str, schema: &Value, look: &mut dyn FnMut(&str, &Value)) {
    look(path, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), property, look);
    }
    if schema["items"].is_object() {
        walk(&format!("{path}[]"), &schema["items"], look);
    }
    if schema["additionalProperties"].is_object() {
        walk(&format!("{path}{{}}"), &schema["additionalProperties"], look);
    }
}

fn walk_specs(mut look: impl FnMut(&str, &Value)) {
    for crd in crds() {
        let schema = crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        let schema = serde_json::to_value(schema).unwrap();
        walk(&format!("{}.spec", crd.spec.names.kind), &schema["properties"]["spec"], &mut look);
    }
}

/// Bounds of Kubernetes' own `LabelSelector` are Kubernetes' business.
fn of_kubernetes(path: &str) -> bool {
    path.contains(".matchExpressions") || path.contains(".matchLabels")
}

#[test]
fn nothing_in_a_spec_has_a_default_or_may_be_null() {
    walk_specs(|path, schema| {
        assert!(schema.get("default").is_none(), "{path} has a default: Git and the API server would fight over it");
        assert_ne!(schema["nullable"], true, "{path}: has() in a rule would be true for null");
    });
}

#[test]
fn every_list_of_a_spec_has_a_bound_and_says_how_it_is_merged() {
    walk_specs(|path, schema| {
        if schema["type"] == "array" && !of_kubernetes(path) {
            assert!(schema["maxItems"].is_u64(), "{path} has no maxItems: rules over it cost without end");
            assert!(schema["x-kubernetes-list-type"].is_string(), "{path} has no list type");
        }
        if schema["additionalProperties"].is_object() && !of_kubernetes(path) {
            assert!(schema["maxProperties"].is_u64(), "{path} has no maxProperties");
        }
    });
}

#[test]
fn a_list_whose_items_have_a_required_name_is_keyed_by_it() {
    walk_specs(|path, schema| {
        let required = schema["items"]["required"].as_array().cloned().unwrap_or_default();
        if !of_kubernetes(path) && required.iter().any(|member| member == "name") {
            let free = path.ends_with("proxyConfiguration.properties");
            assert!(free || schema["x-kubernetes-list-map-keys"] == serde_json::json!(["name"]), "{path} has no key");
        }
    });
}

#[test]
fn an_object_that_nobody_has_looked_at_is_not_taken_for_healthy() {
    for crd in crds() {
        let schema = crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        let schema = serde_json::to_value(schema).unwrap();
        let default = &schema["properties"]["status"]["default"];
        assert_eq!(default, &serde_json::json!({ "observedGeneration": -1 }), "{}", crd.spec.names.kind);
    }
}

#[test]
fn helm_leaves_every_definition_where_it_is() {
    for crd in longshore_crds::crds() {
        let policy = crd.metadata.annotations.as_ref().and_then(|found| found.get("helm.sh/resource-policy"));
        assert_eq!(policy.map(String::as_str), Some("keep"), "{:?}", crd.metadata.name);
    }
}
