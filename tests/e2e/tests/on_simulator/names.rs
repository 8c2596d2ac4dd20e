//! Names for external-dns: a `DNSEndpoint` where a service asks for one, by rights that the chart gives when told to.

use anyhow::{Context, Result};
use longshore_control_plane::ControlPlane;
use longshore_e2e::{Helm, Namespace, RELEASE, SYSTEM, balanced, chart, condition, text};
use serde_json::{Value, json};

use crate::stack;

/// As much of external-dns's definition as is needed here.
fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "dnsendpoints.externaldns.k8s.io",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test's"}},
        "spec": {
            "group": "externaldns.k8s.io", "scope": "Namespaced",
            "names": {"kind": "DNSEndpoint", "listKind": "DNSEndpointList", "plural": "dnsendpoints",
                "singular": "dnsendpoint"},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    })
}

fn with_external_dns(plane: &ControlPlane, dir: &std::path::Path) -> Result<()> {
    let chart = chart("longshore");
    let upgrade = ["upgrade", RELEASE, &chart, "--namespace", SYSTEM, "--set", "externalDns.enabled=true"];
    Helm::on(plane, dir)?.run(&upgrade).map(drop)
}

/// `kubectl annotate`, so that it has its turn now.
fn look(ns: &Namespace<'_>, at: &str) -> Result<()> {
    ns.kubectl(&["annotate", "ecssvc/orders", &format!("look={at}"), "--overwrite"]).map(drop)
}

fn entry(service: &Value, dns: &Value) -> Result<Value> {
    let mut entry = service.pointer("/spec/loadBalancers/0").context("it is behind a load balancer")?.clone();
    entry["dns"] = dns.clone();
    Ok(json!({"spec": {"loadBalancers": [entry]}}))
}

#[test]
fn a_dns_endpoint_is_made_where_the_chart_allows_it_kept_and_taken_away_and_one_of_somebody_else_stays() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "names")?;
    ns.apply(&balanced(&ns.name)?)?;
    ns.wait_ready("ecssvc/orders")?;
    let service = ns.get("ecssvc/orders")?;
    ns.patch("ecssvc/orders", &entry(&service, &json!({"dnsEndpoint": true}))?)?;
    ns.wait_until("ecssvc/orders", "it to say what it lacks", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.reason == "NoDnsEndpoint" && stalled.message.contains("externalDns.enabled") {
            Ok(())
        } else {
            Err(stalled.to_string())
        }
    })?;
    assert_eq!(ns.get("ecssvc/orders")?["status"]["runningCount"], 2, "nothing else is held up");

    stack.apply(&definition().to_string())?;
    stack.plane.run(&["wait", "--for=condition=Established", "crd/dnsendpoints.externaldns.k8s.io"])?;
    let theirs = json!({"apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
        "metadata": {"name": "orders", "namespace": ns.name}, "spec": {"endpoints": []}});
    ns.apply(&theirs.to_string())?;
    with_external_dns(&stack.plane, stack.dir())?;
    look(&ns, "1")?;
    ns.wait_until("ecssvc/orders", "it to say whose it is", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.reason == "AlreadyExists" { Ok(()) } else { Err(stalled.to_string()) }
    })?;
    assert_eq!(ns.get("dnsendpoint/orders")?["spec"], theirs["spec"]);

    ns.kubectl(&["delete", "dnsendpoint/orders"])?;
    look(&ns, "2")?;
    ns.wait_settled("ecssvc/orders")?;
    let made = ns.get("dnsendpoint/orders")?;
    let name = text(&ns.get("alb/public")?, "/status/dnsName");
    let expected = json!([{"dnsName": "shop.example.com", "recordType": "CNAME", "targets": [name]}]);
    assert_eq!(made["spec"]["endpoints"], expected);
    assert_eq!(made["metadata"]["ownerReferences"][0]["uid"], service["metadata"]["uid"]);

    ns.patch("dnsendpoint/orders", &json!({"spec": {"endpoints": []}}))?;
    look(&ns, "3")?;
    ns.wait_for("it to be put right", || {
        let now = ns.get("dnsendpoint/orders")?["spec"]["endpoints"].clone();
        Ok(if now == expected { Ok(()) } else { Err(now.to_string()) })
    })?;

    ns.patch("ecssvc/orders", &entry(&service, &Value::Null)?)?;
    ns.kubectl(&["wait", "--for=delete", "dnsendpoint/orders", "--timeout=60s"])?;
    let after = ns.wait_settled("ecssvc/orders")?;
    assert_eq!(after["metadata"]["annotations"]["ecs.longshore.dev/dns-endpoint"], Value::Null);
    Ok(())
}
