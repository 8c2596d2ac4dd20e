//! A container definition's defaults, as `DescribeTaskDefinition` reads them back, and what it asks for.

use serde_json::{Map, Value, json};

/// Lists that read back empty when they were left out.
const LISTS: [&str; 5] = ["environment", "mountPoints", "volumesFrom", "portMappings", "systemControls"];

/// Fills a container definition's defaults in place.
pub(super) fn fill(container: &mut Value, network_mode: &str) {
    let Some(members) = container.as_object_mut() else { return };
    for list in LISTS {
        members.entry(list).or_insert(json!([]));
    }
    members.entry("cpu").or_insert(json!(0));
    members.entry("essential").or_insert(json!(true));
    // ECS says so of a log router, given or not (seen of the real one: hashicorp/terraform-provider-aws#41394).
    if members.contains_key("firelensConfiguration") {
        members.entry("user").or_insert(json!("0"));
    }
    for port in members.get_mut("portMappings").and_then(Value::as_array_mut).into_iter().flatten() {
        fill_port(port, network_mode);
    }
    if let Some(check) = members.get_mut("healthCheck").and_then(Value::as_object_mut) {
        fill_health_check(check);
    }
}

/// Under `awsvpc` and `host` the host port is the container port; else it is given at run time, which reads as 0.
fn fill_port(port: &mut Value, network_mode: &str) {
    let Some(port) = port.as_object_mut() else { return };
    let container_port = port.get("containerPort").cloned().unwrap_or(json!(0));
    let same = ["awsvpc", "host"].contains(&network_mode) && !port.contains_key("containerPortRange");
    let zero = port.get("hostPort").and_then(Value::as_i64).unwrap_or_default() == 0;
    if same && zero {
        port.insert("hostPort".to_owned(), container_port);
    } else if !port.contains_key("containerPortRange") {
        port.entry("hostPort").or_insert(json!(0));
    }
    port.entry("protocol").or_insert(json!("tcp"));
}

fn fill_health_check(check: &mut Map<String, Value>) {
    check.entry("interval").or_insert(json!(30));
    check.entry("timeout").or_insert(json!(5));
    check.entry("retries").or_insert(json!(3));
}

/// A container's name.
pub(super) fn name(container: &Value) -> &str {
    container.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// A container's image.
pub(super) fn image(container: &Value) -> &str {
    container.get("image").and_then(Value::as_str).unwrap_or_default()
}

/// What a container of this name runs, its words joined by spaces, where the task's overrides or its definition say so.
pub(super) fn command(definitions: &[Value], overrides: &Value, wanted: &str) -> Option<String> {
    let of = |all: &[Value]| {
        let words = all.iter().find(|one| name(one) == wanted)?.get("command")?.as_array()?.clone();
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        (!words.is_empty()).then(|| words.join(" "))
    };
    let overrides = overrides.get("containerOverrides").and_then(Value::as_array).cloned().unwrap_or_default();
    of(&overrides).or_else(|| of(definitions))
}

/// Whether the task ends with this container.
pub(super) fn is_essential(container: &Value) -> bool {
    container.get("essential").and_then(Value::as_bool).unwrap_or(true)
}

/// The ARNs or parameter names that its secrets come from, those of its log driver and registry included.
pub(super) fn secrets(container: &Value) -> Vec<String> {
    let listed = |list: Option<&Value>| -> Vec<String> {
        let items = list.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.get("valueFrom").and_then(Value::as_str)).map(str::to_owned).collect()
    };
    let mut sources = listed(container.get("secrets"));
    sources.extend(listed(container.pointer("/logConfiguration/secretOptions")));
    let registry = container.pointer("/repositoryCredentials/credentialsParameter").and_then(Value::as_str);
    sources.extend(registry.map(str::to_owned));
    sources
}

/// The options of its awslogs driver, if it has that one.
pub(super) fn awslogs(container: &Value) -> Option<&Map<String, Value>> {
    let driver = container.pointer("/logConfiguration/logDriver").and_then(Value::as_str)?;
    if driver != "awslogs" {
        return None;
    }
    container.pointer("/logConfiguration/options").and_then(Value::as_object)
}

/// Whether it routes other containers' logs.
pub(super) fn is_router(container: &Value) -> bool {
    container.get("firelensConfiguration").is_some_and(Value::is_object)
}

/// Whether its logs go to the task's router.
pub(super) fn is_routed(container: &Value) -> bool {
    container.pointer("/logConfiguration/logDriver").is_some_and(|driver| driver == "awsfirelens")
}

/// Its port mappings.
pub(super) fn mappings(container: &Value) -> impl Iterator<Item = &Value> {
    container.get("portMappings").and_then(Value::as_array).into_iter().flatten()
}

/// A port mapping's protocol: TCP where it says none.
pub(super) fn protocol(mapping: &Value) -> &str {
    mapping.get("protocol").and_then(Value::as_str).unwrap_or("tcp")
}

/// The TCP ports that its port mappings name.
pub(super) fn ports(container: &Value) -> Vec<i64> {
    let tcp = mappings(container).filter(|port| protocol(port) == "tcp");
    tcp.filter_map(|port| port.get("containerPort").and_then(Value::as_i64)).collect()
}
