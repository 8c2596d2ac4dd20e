//! Services that find each other by name: what the grant says, and what ECS is told.

use anyhow::{Context, Result};
use longshore_e2e::{Namespace, condition, example, hello};
use serde_json::{Value, json};

use crate::stack;

/// What ECS has of a service's Service Connect.
fn connected(service: &str) -> Result<Value> {
    let service = stack().aws.service_of("connect", service)?.context("the service is there")?;
    Ok(service["deployments"][0]["serviceConnectConfiguration"].clone())
}

#[test]
fn two_services_find_each_other_once_the_namespace_is_granted_and_by_another_name_when_that_is_asked_for() -> Result<()>
{
    let ns = Namespace::create(stack(), "connect")?;
    let cluster =
        hello("connect")?.split("---\n").find(|text| text.contains("kind: EcsCluster")).map(ToOwned::to_owned);
    ns.apply(&cluster.context("example 10 has a cluster")?)?;
    let both = example("20-service-connect.yaml")?.replace("namespace: shop\n", "namespace: connect\n");
    let both = both.replace("namespace: shop}", "namespace: connect}");
    ns.apply(&both)?;
    ns.wait_until("ecssvc/catalog", "it to say what it may not", |now| {
        let stalled = condition(now, "Stalled");
        let said = stalled.reason == "NotGranted" && stalled.message.contains("cloudMapNamespaces");
        if said { Ok(()) } else { Err(stalled.to_string()) }
    })?;

    let grant = json!([{"op": "add", "path": "/spec/iam/grants/-", "value": {
        "namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "connect"}},
        "cloudMapNamespaces": ["shop.internal"]}}]);
    stack().plane.run(&["patch", "awsenvironment", "default", "--type", "json", "--patch", &grant.to_string()])?;
    for service in ["ecssvc/catalog", "ecssvc/front"] {
        ns.wait_settled(service)?;
    }
    let told = connected("catalog")?;
    assert_eq!(told["services"][0]["clientAliases"], json!([{"port": 80, "dnsName": "catalog"}]), "{told:#}");
    assert_eq!(connected("front")?["enabled"], true);

    let services = json!([{"portName": "http", "discoveryName": "catalog",
        "clientAliases": [{"port": 8000, "dnsName": "products"}]}]);
    ns.patch("ecssvc/catalog", &json!({"spec": {"serviceConnectConfiguration": {"services": services}}}))?;
    ns.wait_settled("ecssvc/catalog")?;
    assert_eq!(connected("catalog")?["services"], services);
    ns.kubectl(&["delete", "ecssvc", "--all", "--timeout=120s"])?;
    assert_eq!(stack().aws.security_groups_of("EcsService/connect/catalog")?, [""; 0]);
    Ok(())
}

#[test]
fn a_service_is_found_by_a_name_that_is_made_for_it_until_it_goes() -> Result<()> {
    let ns = Namespace::create(stack(), "registered")?;
    let grant = json!([{"op": "add", "path": "/spec/iam/grants/-", "value": {
        "namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "registered"}},
        "cloudMapNamespaces": ["shop.internal"]}}]);
    stack().plane.run(&["patch", "awsenvironment", "default", "--type", "json", "--patch", &grant.to_string()])?;
    let cluster =
        hello("registered")?.split("---\n").find(|text| text.contains("kind: EcsCluster")).map(ToOwned::to_owned);
    ns.apply(&cluster.context("example 10 has a cluster")?)?;
    ns.apply(&example("20-cloud-map.yaml")?.replace("namespace: shop}", "namespace: registered}"))?;
    ns.wait_settled("ecssvc/inventory")?;
    let service = stack().aws.service_of("registered", "inventory")?.context("the service is there")?;
    let arn = service["serviceRegistries"][0]["registryArn"].as_str().context("it is registered")?.to_owned();
    let found = stack().aws.cloud_map("GetService", &json!({"Id": arn}))?["Service"].clone();
    assert_eq!((&found["Name"], &found["InstanceCount"]), (&json!("inventory"), &json!(2)), "{found:#}");
    ns.kubectl(&["delete", "ecssvc", "--all", "--timeout=240s"])?;
    assert!(stack().aws.cloud_map("GetService", &json!({"Id": arn})).is_err());
    Ok(())
}
