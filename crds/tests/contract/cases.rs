//! Mistakes as data: `tests/cases/*.yaml`, as merge patches of the examples.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::{fs, path::Path};

/// One mistake, what is said of it, and what to write instead.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What is wrong, in words.
    pub(crate) says: String,
    /// The manifest that is patched, by the name of its object.
    of: String,
    /// Where given, the object that stands before the change.
    from: Option<Value>,
    with: Value,
    /// Part of the answer.
    pub(crate) refused: String,
    instead: Value,
    /// The file that the case stands in.
    #[serde(skip)]
    pub(crate) file: String,
}

impl Case {
    /// The object before the change, where the case is about a change.
    pub(crate) fn before(&self) -> Option<Value> {
        self.from.as_ref().map(|from| patched(manifest(&self.of), from))
    }

    /// The object with the mistake.
    pub(crate) fn mistake(&self) -> Value {
        patched(self.base(), &self.with)
    }

    /// The object as it should be.
    pub(crate) fn remedy(&self) -> Value {
        patched(self.base(), &self.instead)
    }

    fn base(&self) -> Value {
        self.before().unwrap_or_else(|| manifest(&self.of))
    }
}

/// All cases, of all files but those of types and bounds, which only the API server checks.
pub(crate) fn of_rules() -> Vec<Case> {
    all().into_iter().filter(|case| case.file != "schema.yaml").collect()
}

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &Path| -> Vec<Case> {
        let mut cases: Vec<Case> = serde_saphyr::from_str(&fs::read_to_string(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for case in &mut cases {
            case.file = path.file_name().unwrap().to_string_lossy().into_owned();
        }
        cases
    };
    paths.iter().flat_map(|path| read(path)).collect()
}

/// The objects of a file with several documents.
pub(crate) fn documents(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files whose objects are taken as they stand.
pub(crate) const EXAMPLES: [&str; 13] = [
    "../examples/00-environment.yaml",
    "../examples/10-fargate-web.yaml",
    "../examples/20-shop-orders.yaml",
    "../examples/20-load-balancer.yaml",
    "../examples/20-file-system.yaml",
    "../examples/20-volumes-and-logs.yaml",
    "../examples/20-service-connect.yaml",
    "../examples/20-cloud-map.yaml",
    "../examples/30-blue-green.yaml",
    "../examples/30-ec2-four-services.yaml",
    "../examples/30-managed-instances.yaml",
    "../examples/30-scaling.yaml",
    "../examples/40-tasks.yaml",
];

/// An object of the examples, of one of our kinds, by its name.
pub(crate) fn manifest(name: &str) -> Value {
    let ours = |object: &Value| {
        object["metadata"]["name"] == name && object["apiVersion"].as_str().unwrap().starts_with(longshore_crds::GROUP)
    };
    EXAMPLES.iter().flat_map(|file| documents(file)).find(ours).unwrap_or_else(|| panic!("no example is named {name}"))
}

/// A JSON merge patch (RFC 7396).
fn patched(target: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut object = match target {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    for (key, change) in changes {
        let old = object.remove(key).unwrap_or(Value::Null);
        if !change.is_null() {
            object.insert(key.clone(), patched(old, change));
        }
    }
    Value::Object(object)
}
