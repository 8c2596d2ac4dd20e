//! Any service, and what `DescribeServices` makes of one.

use serde_json::{Value, json};

use crate::any::{Any, flag, list, nothing, number, object, one_of};

/// The least that `CreateService` is asked for.
pub(crate) fn plain() -> Value {
    json!({
        "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/main",
        "name": "hello",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:3",
        "launchType": "FARGATE",
        "schedulingStrategy": "REPLICA",
        "deploymentConfiguration": {
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": true, "rollback": true},
        },
        "network": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-a"], "assignPublicIp": "DISABLED"},
        "availabilityZoneRebalancing": "ENABLED",
        "propagateTags": "SERVICE",
    })
}

/// Any service of members that AWS fills in, drops or has no order for.
pub(crate) fn any_service() -> Any {
    let strings = |texts: &[&str]| list(texts.iter().map(|text| json!(text)).collect(), &nothing());
    let network = object(
        &[
            ("subnets", strings(&["subnet-a", "subnet-b", "subnet-c"])),
            ("securityGroups", strings(&["sg-a", "sg-b"])),
            ("assignPublicIp", one_of(&["ENABLED", "DISABLED"])),
        ],
        &[],
    );
    let providers = list(
        vec![json!({"capacityProvider": "FARGATE"}), json!({"capacityProvider": "FARGATE_SPOT"})],
        &object(&[], &[("weight", number(0..=1)), ("base", number(0..=1))]),
    );
    let plain = plain();
    let member = |name: &'static str| (name, one_of(std::slice::from_ref(&plain[name])));
    object(
        &[
            member("cluster"),
            member("name"),
            member("taskDefinition"),
            member("schedulingStrategy"),
            ("deploymentConfiguration", deployment(&strings(&["alarm-a", "alarm-b"]))),
            ("network", network),
            ("availabilityZoneRebalancing", one_of(&["ENABLED", "DISABLED"])),
        ],
        &[
            ("launchType", one_of(&["FARGATE"])),
            ("capacityProviderStrategy", providers),
            ("desiredCount", number(0..=2)),
            ("platformVersion", one_of(&["LATEST", "1.4.0"])),
            ("healthCheckGracePeriodSeconds", number(0..=1)),
            ("enableEcsManagedTags", flag()),
            ("propagateTags", one_of(&["NONE", "SERVICE", "TASK_DEFINITION"])),
            ("restartedAt", one_of(&["2026-11-24T10:00:00Z"])),
            ("tags", one_of(&[json!({}), json!({"a": "b"})])),
        ],
    )
}

fn deployment(alarm_names: &Any) -> Any {
    let threshold = json!({"type": "COUNT", "value": 5});
    let breaker = object(
        &[("enable", flag()), ("rollback", flag())],
        &[("resetOnHealthyTask", flag()), ("thresholdConfiguration", one_of(&[threshold]))],
    );
    let alarms =
        object(&[("alarmNames", alarm_names.clone()), ("enable", flag()), ("rollback", one_of(&[false]))], &[]);
    object(
        &[
            ("minimumHealthyPercent", number(50..=100)),
            ("maximumPercent", number(101..=200)),
            ("deploymentCircuitBreaker", breaker),
        ],
        &[
            ("strategy", one_of(&["ROLLING"])),
            ("bakeTimeInMinutes", number(0..=1)),
            ("alarms", alarms),
            ("earlySuccessCriteria", one_of(&[json!({"enable": false})])),
        ],
    )
}

/// What is observed of a service that was created so: the members of `DescribeServices`, with the defaults of
/// `CreateService` (API reference) filled in, and lists without order turned round.
pub(crate) fn described(created: &Value) -> Value {
    let mut service = created.clone();
    let members = service.as_object_mut().unwrap();
    let strategy = members.get("capacityProviderStrategy").and_then(Value::as_array).is_some_and(|s| !s.is_empty());
    if strategy {
        members.remove("launchType");
    }
    let filled = json!({
        "desiredCount": 1, "platformVersion": "1.4.0", "healthCheckGracePeriodSeconds": 0, "propagateTags": "NONE",
        "capacityProviderStrategy": [], "serviceRegistries": [], "placementConstraints": [], "placementStrategy": [],
        "enableEcsManagedTags": false, "enableExecuteCommand": false, "volumeConfigurations": [],
        "vpcLatticeConfigurations": [], "status": "ACTIVE", "platformFamily": "Linux", "loadBalancers": [],
    });
    for (name, value) in filled.as_object().unwrap() {
        members.entry(name).or_insert_with(|| value.clone());
    }
    if members["platformVersion"] == "LATEST" {
        members["platformVersion"] = json!("1.4.0");
    }
    for provider in members["capacityProviderStrategy"].as_array_mut().unwrap() {
        fill(provider, &json!({"weight": 0, "base": 0}));
    }
    members["capacityProviderStrategy"].as_array_mut().unwrap().reverse();
    for list in ["subnets", "securityGroups"] {
        members["network"][list].as_array_mut().unwrap().reverse();
    }
    let deployment = &mut members["deploymentConfiguration"];
    let alarms = json!({"alarmNames": [], "enable": false, "rollback": false});
    let breaker = json!({"enable": false, "rollback": false});
    fill(
        deployment,
        &json!({"strategy": "ROLLING", "bakeTimeInMinutes": 0, "lifecycleHooks": [], "alarms": alarms,
            "deploymentCircuitBreaker": breaker}),
    );
    deployment["alarms"]["alarmNames"].as_array_mut().unwrap().reverse();
    let threshold = json!({"type": "BOUNDED_PERCENT", "value": 50});
    fill(
        &mut deployment["deploymentCircuitBreaker"],
        &json!({"resetOnHealthyTask": true, "thresholdConfiguration": threshold}),
    );
    service
}

fn fill(object: &mut Value, defaults: &Value) {
    let object = object.as_object_mut().unwrap();
    for (name, value) in defaults.as_object().unwrap() {
        object.entry(name).or_insert_with(|| value.clone());
    }
}
