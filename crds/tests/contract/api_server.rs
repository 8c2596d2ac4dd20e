//! The same promises, asked of a real API server.

use crate::cases::{self, Case};
use longshore_control_plane::{ControlPlane, Leash, wait_for};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

const NAMESPACE: &str = "cases";

#[test]
fn the_api_server_takes_the_examples_and_tells_each_mistake_its_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let mut plane = ControlPlane::start(directory.path(), &Leash::new().unwrap()).unwrap();
    install(&plane);
    the_examples_are_taken(&plane);
    scale_is_the_desired_count(&plane);
    an_object_that_nobody_has_looked_at_says_so(&plane);
    a_null_is_the_same_as_nothing(&plane);
    mistakes_are_told(&plane, directory.path());
    changes_are_told(&plane, directory.path());
    plane.stop().unwrap();
}

fn install(plane: &ControlPlane) {
    let generated = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    plane.run(&["apply", "--server-side", "-f", generated.to_str().unwrap()]).unwrap();
    plane.run(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]).unwrap();
    plane.run(&["create", "namespace", NAMESPACE]).unwrap();
    wait_for("the kinds to be served", Duration::from_mins(1), || {
        let found = plane.run(&["api-resources", "--categories=longshore", "--output=name"])?;
        Ok(if found.lines().count() == longshore_crds::crds().len() { Ok(()) } else { Err(found) })
    })
    .unwrap();
}

fn the_examples_are_taken(plane: &ControlPlane) {
    for file in cases::EXAMPLES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        plane.run(&["apply", "-f", path.to_str().unwrap()]).unwrap();
    }
}

fn scale_is_the_desired_count(plane: &ControlPlane) {
    plane.run(&["scale", "ecssvc/hello", "--namespace=shop", "--replicas=5"]).unwrap();
    let count = plane.run(&["get", "ecssvc/hello", "--namespace=shop", "--output=jsonpath={.spec.desiredCount}"]);
    assert_eq!(count.unwrap(), "5");
}

fn an_object_that_nobody_has_looked_at_says_so(plane: &ControlPlane) {
    let status = plane.run(&["get", "ecssvc/hello", "--namespace=shop", "--output=jsonpath={.status}"]).unwrap();
    assert_eq!(status, r#"{"observedGeneration":-1}"#);
}

fn a_null_is_the_same_as_nothing(plane: &ControlPlane) {
    let patch = r#"{"spec":{"launchType":null,"task":{"memory":"0.5 GB"}}}"#;
    plane.run(&["patch", "ecssvc/hello", "--namespace=shop", "--type=merge", "--dry-run=server", "-p", patch]).unwrap();
}

/// Writes objects to files of their own, named by the case's number, so that kubectl's answers can be told apart.
fn write(directory: &Path, objects: &[(usize, Value)]) {
    fs::create_dir_all(directory).unwrap();
    for (number, object) in objects {
        fs::write(directory.join(format!("{number:03}.json")), object.to_string()).unwrap();
    }
}

/// The object, in a namespace and under a name of its own (unless the case is about the name).
fn placed(number: usize, case: &Case, mut object: Value) -> Value {
    if object["kind"] != "AwsEnvironment" {
        object["metadata"]["namespace"] = json!(NAMESPACE);
    }
    if !case.refused.contains("metadata.name") {
        object["metadata"]["name"] = json!(format!("case-{number}"));
    }
    object
}

/// What the server answers, by the case's number; nothing where it agrees.
fn answers(plane: &ControlPlane, verb: &str, directory: &Path) -> BTreeMap<usize, String> {
    let output = plane.kubectl(&[verb, "--dry-run=server", "-f", directory.to_str().unwrap()]).unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let number =
        |line: &str| line.split(".json\"").next().and_then(|before| before.get(before.len() - 3..)?.parse().ok());
    text.lines().map(|line| (number(line).unwrap_or_else(|| panic!("of no case: {line}")), line.to_owned())).collect()
}

fn compare(numbered: &[(usize, Case)], mistakes: &BTreeMap<usize, String>, remedies: &BTreeMap<usize, String>) {
    let mut wrong = Vec::new();
    for (number, case) in numbered {
        let said = mistakes.get(number).map_or("nothing", String::as_str);
        if !said.contains(&case.refused) {
            wrong.push(format!("{}: expected {:?}, got {said}", case.says, case.refused));
        }
        if let Some(said) = remedies.get(number) {
            wrong.push(format!("{}: the remedy is refused too: {said}", case.says));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn mistakes_are_told(plane: &ControlPlane, directory: &Path) {
    let numbered: Vec<_> = cases::all().into_iter().enumerate().filter(|(_, case)| case.before().is_none()).collect();
    assert!(numbered.len() > 60, "the cases have not been found");
    let (mistakes, remedies) = write_both(&numbered, directory, "create");
    compare(&numbered, &answers(plane, "create", &mistakes), &answers(plane, "create", &remedies));
}

fn changes_are_told(plane: &ControlPlane, directory: &Path) {
    let numbered: Vec<_> = cases::all().into_iter().enumerate().filter(|(_, case)| case.before().is_some()).collect();
    let standing = directory.join("standing");
    let objects: Vec<_> =
        numbered.iter().map(|(number, case)| (*number, placed(*number, case, case.before().unwrap()))).collect();
    write(&standing, &objects);
    plane.run(&["create", "-f", standing.to_str().unwrap()]).unwrap();
    for (_, object) in objects.iter().filter(|(_, object)| object["status"].is_object()) {
        stand_with_status(plane, object);
    }
    let (mistakes, remedies) = write_both(&numbered, directory, "replace");
    compare(&numbered, &answers(plane, "replace", &mistakes), &answers(plane, "replace", &remedies));
}

/// What is created has no status: that is a resource of its own.
fn stand_with_status(plane: &ControlPlane, object: &Value) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let (kind, name) = (text("/kind").to_lowercase(), text("/metadata/name"));
    let status = json!({"status": object["status"]}).to_string();
    let patch =
        ["patch", &kind, &name, "--namespace", NAMESPACE, "--subresource=status", "--type=merge", "-p", &status];
    plane.run(&patch).unwrap();
}

fn write_both(numbered: &[(usize, Case)], directory: &Path, verb: &str) -> (std::path::PathBuf, std::path::PathBuf) {
    let of = |object: fn(&Case) -> Value| -> Vec<_> {
        numbered.iter().map(|(number, case)| (*number, placed(*number, case, object(case)))).collect()
    };
    let (mistakes, remedies) = (directory.join(verb).join("mistakes"), directory.join(verb).join("remedies"));
    write(&mistakes, &of(Case::mistake));
    write(&remedies, &of(Case::remedy));
    (mistakes, remedies)
}
