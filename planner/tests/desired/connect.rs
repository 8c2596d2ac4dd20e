//! How services find each other: what is asked of ECS, and which rights and grants it takes.

use longshore_planner::desired::{Facts, Memory, Obstacle, ecs_cluster};
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::objects::{container, desire, environment, hello, merge, node, refused, scope, spec, value};

const NAMESPACE: &str = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-1";
const REGISTRY: &str = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1";
const AUTHORITY: &str = "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/1";

/// Example 10, whose port has a name, offering that.
fn offering(offer: &Value, more: &Value) -> Value {
    let mut offered = json!({"portName": "http", "clientAliases": [{"port": 80}]});
    merge(&mut offered, offer);
    let mut connect = json!({"enabled": true, "services": [offered]});
    merge(&mut connect, more);
    let web = container(&json!({"portMappings": [{"containerPort": 80, "name": "http"}]}));
    json!({"task": {"containerDefinitions": [web]}, "serviceConnectConfiguration": connect})
}

fn granting(lists: &Value) -> longshore_planner::desired::Scope {
    let mut grant = json!({"namespaces": {}});
    merge(&mut grant, lists);
    scope(environment(&json!({"iam": {"grants": [grant]}})))
}

#[test]
fn what_is_offered_is_asked_for_with_its_names() {
    let desired = desire(&granting(&json!({})), &hello(&offering(&json!({}), &json!({}))), &Memory::default()).unwrap();
    let service: Service = value(&desired, "service");
    let connect = service.service_connect.expect("it is on");
    assert_eq!(connect.namespace, None, "the cluster's");
    assert_eq!(connect.services[0].service.discovery_name.as_deref(), Some("http"));
    assert!(node::<Role>(&desired, "infrastructure-role").is_none(), "nothing is encrypted");
    let off =
        desire(&granting(&json!({})), &hello(&offering(&json!({}), &json!({"enabled": false}))), &Memory::default());
    assert_eq!(value::<Service>(&off.unwrap(), "service").service_connect, None);
}

#[test]
fn a_port_without_that_name_is_refused_with_the_names_that_there_are() {
    let refusals = refused(&offering(&json!({"portName": "web"}), &json!({})));
    let [(reason, at, message)] = refusals.as_slice() else { panic!("{refusals:?}") };
    assert_eq!(reason, "PortNotNamed");
    assert_eq!(at, "spec.serviceConnectConfiguration.services[web].portName");
    assert!(message.contains("they are http"), "{message}");
}

#[test]
fn what_is_named_of_others_needs_a_grant() {
    let tls = |more: &Value| {
        let mut tls = json!({"issuerCertificateAuthority": {"awsPcaAuthorityArn": AUTHORITY}});
        merge(&mut tls, more);
        offering(&json!({"tls": tls}), &json!({}))
    };
    let role = "arn:aws:iam::123456789012:role/admin";
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1";
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:other/x-AbCdEf";
    let log =
        json!({"logConfiguration": {"logDriver": "splunk", "secretOptions": [{"name": "t", "valueFrom": secret}]}});
    let authority = json!({"certificateAuthorityArns": [AUTHORITY]});
    let connect = "spec.serviceConnectConfiguration";
    let of_tls = format!("{connect}.services[http].tls");
    let cases = [
        (
            offering(&json!({}), &json!({"namespace": NAMESPACE})),
            "cloudMapNamespaces",
            NAMESPACE,
            format!("{connect}.namespace"),
        ),
        (
            offering(&json!({}), &json!({"namespace": "shop"})),
            "cloudMapNamespaces",
            "shop",
            format!("{connect}.namespace"),
        ),
        (
            tls(&json!({})),
            "certificateAuthorityArns",
            AUTHORITY,
            format!("{of_tls}.issuerCertificateAuthority.awsPcaAuthorityArn"),
        ),
        (tls(&json!({"roleArn": role})), "roleArns", role, format!("{of_tls}.roleArn")),
        (tls(&json!({"kmsKey": key})), "keyArns", key, format!("{of_tls}.kmsKey")),
        (offering(&json!({}), &log), "secretArns", secret, format!("{connect}.logConfiguration.secretOptions")),
        (
            json!({"serviceRegistries": [{"registryArn": REGISTRY}]}),
            "registryArns",
            REGISTRY,
            "spec.serviceRegistries.registryArn".into(),
        ),
    ];
    for (patch, list, what, field) in cases {
        // Only what this case is about is missing.
        let mut lists = if list == "certificateAuthorityArns" { json!({}) } else { authority.clone() };
        let outcome = desire(&granting(&lists), &hello(&patch), &Memory::default());
        let Err(Obstacle::Refused(refusals)) = outcome else { panic!("{patch}: {outcome:?}") };
        let told: Vec<_> = refusals.iter().map(|refusal| (refusal.reason.as_str(), &refusal.at.0)).collect();
        assert_eq!(told, [("NotGranted", &field)], "{patch}");
        merge(&mut lists, &json!({list: [what]}));
        assert!(desire(&granting(&lists), &hello(&patch), &Memory::default()).is_ok(), "{list} covers {what}");
    }
}

#[test]
fn encryption_is_by_a_role_that_is_made_for_ecs_or_one_that_is_named() {
    let tls = |role: Option<&str>| json!({"tls": {"issuerCertificateAuthority": {"awsPcaAuthorityArn": AUTHORITY}, "roleArn": role}});
    let named = "arn:aws:iam::123456789012:role/tls";
    let scope = granting(&json!({"certificateAuthorityArns": [AUTHORITY], "roleArns": [named]}));
    let role_of = |role: Option<&str>| {
        let desired = desire(&scope, &hello(&offering(&tls(role), &json!({}))), &Memory::default()).unwrap();
        let service: Service = value(&desired, "service");
        let tls = service.service_connect.unwrap().services[0].tls.clone().unwrap();
        let made =
            node::<Role>(&desired, "infrastructure-role").map(|_| value::<Role>(&desired, "infrastructure-role"));
        (tls.role_arn.unwrap(), made)
    };
    let (arn, made) = role_of(None);
    let attached: Vec<String> = made.unwrap().attached.into_iter().collect();
    assert!(arn.known().is_none() && attached[0].ends_with("ServiceConnectTransportLayerSecurity"), "{attached:?}");
    let (arn, made) = role_of(Some(named));
    assert_eq!((arn.known(), made), (Some(named), None));
}

#[test]
fn the_proxys_log_is_written_by_the_execution_role() {
    let log = json!({"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/proxies"}}});
    let desired = desire(&granting(&json!({})), &hello(&offering(&json!({}), &log)), &Memory::default()).unwrap();
    let role: Role = value(&desired, "execution-role");
    let allowed = role.inline["task-definition"].to_string();
    assert!(allowed.contains("log-group:/proxies:*"), "{allowed}");
}

#[test]
fn a_cluster_names_a_namespace_by_a_grant() {
    let cluster =
        spec("10-fargate-web.yaml", "EcsCluster", &json!({"serviceConnectDefaults": {"namespace": NAMESPACE}}));
    for (lists, granted) in [(json!({}), false), (json!({"cloudMapNamespaces": [NAMESPACE]}), true)] {
        assert_eq!(ecs_cluster(&granting(&lists), &cluster, &Facts::new(), &Memory::default()).is_ok(), granted);
    }
}
