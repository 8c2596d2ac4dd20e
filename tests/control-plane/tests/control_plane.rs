//! The control plane does what tests rely on: namespaces end, service-account tokens work, RBAC is on, and nothing is
//! left running.

#![cfg(test)]

use std::process::Command;
use std::time::Duration;

use longshore_control_plane::{ControlPlane, Leash, Process, Record, wait_for};

#[test]
fn a_real_control_plane_comes_up_works_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut plane = ControlPlane::start(dir.path(), &Leash::new().unwrap()).unwrap();

    assert!(plane.run(&["version"]).unwrap().contains("Server Version: v1.36.3"));
    a_deleted_namespace_goes_with_what_is_in_it(&plane);
    a_service_account_may_do_what_it_was_granted_and_no_more(&plane);

    let mut record = Record::default();
    plane.note(&mut record);
    assert_eq!(record.running(), ["etcd", "kube-apiserver", "kube-controller-manager"]);
    plane.check().unwrap();
    plane.stop().unwrap();
    assert_eq!(record.running(), Vec::<&str>::new());
}

fn a_deleted_namespace_goes_with_what_is_in_it(plane: &ControlPlane) {
    plane.run(&["create", "namespace", "short-lived"]).unwrap();
    plane.run(&["create", "configmap", "inside", "--namespace", "short-lived"]).unwrap();
    plane.run(&["delete", "namespace", "short-lived", "--timeout=60s"]).unwrap();
    let gone = plane.run(&["get", "namespace", "short-lived"]).unwrap_err().to_string();
    assert!(gone.contains("NotFound"), "{gone}");
}

fn a_service_account_may_do_what_it_was_granted_and_no_more(plane: &ControlPlane) {
    plane.run(&["create", "serviceaccount", "reader"]).unwrap();
    let token = plane.run(&["create", "token", "reader"]).unwrap();
    let as_reader = |arguments: &[&str]| {
        // A kubeconfig's own user would win over --token.
        let output = Command::new(&plane.kubectl)
            .args(["--kubeconfig", "/dev/null", "--server", &plane.url, "--insecure-skip-tls-verify"])
            .args(["--token", token.trim()])
            .args(arguments)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };

    let (allowed, refusal) = as_reader(&["get", "configmaps"]);
    assert!(!allowed);
    assert!(refusal.contains("system:serviceaccount:default:reader"), "{refusal}");

    plane.run(&["create", "role", "reader", "--verb=list", "--resource=configmaps"]).unwrap();
    plane.run(&["create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:reader"]).unwrap();
    wait_for("the grant to take effect", Duration::from_secs(20), || {
        let (allowed, refusal) = as_reader(&["get", "configmaps"]);
        Ok(if allowed { Ok(()) } else { Err(refusal) })
    })
    .unwrap();
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Process::start("etcd", Command::new("/nowhere/etcd"), &dir.path().join("log"), None);
    assert!(missing.unwrap_err().to_string().contains("cannot start etcd (/nowhere/etcd)"));
}
