//! What is attached to a service beside load balancers: EBS volumes, Service Connect, registrations.

use super::*;

const POLICY: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes";
const LEGACY: &str = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-legacy0000000";

impl Aws {
    /// A role that this service may assume, with these policies.
    fn role_of(&self, principal: &str, policies: &[&str]) -> String {
        let arn = "arn:aws:iam::123456789012:role/infrastructure".to_owned();
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}]});
        let attached: Vec<String> = policies.iter().map(|policy| (*policy).to_owned()).collect();
        self.0.with_world(|world| iam::add_role(world, &arn, &trust.to_string(), &attached, &[].into())).unwrap();
        arn
    }

    fn volumes(&self) -> usize {
        self.0.with_world(|world| world.ecs.volumes.len())
    }

    /// How many answer to a name of Cloud Map; none: there is no such name.
    fn answering(&self, name: &str) -> Option<usize> {
        let dump = self.0.with_world(|world| serde_json::to_value(&world.servicediscovery)).unwrap();
        let services = dump["services"].as_object().unwrap().values();
        let mut found = services.filter(|service| service["name"] == name);
        found.next().map(|service| service["instances"].as_object().unwrap().len())
    }
}

fn volume(role: &str) -> Value {
    json!({"volumeConfigurations": [{"name": "data", "managedEBSVolume": {"roleArn": role, "sizeInGiB": 5}}]})
}

fn connect(port_name: &str, discovery_name: &str) -> Value {
    let offer = json!({"portName": port_name, "discoveryName": discovery_name, "clientAliases": [{"port": 80}]});
    json!({"serviceConnectConfiguration": {"enabled": true, "namespace": "shop.internal", "services": [offer]}})
}

fn named_port() -> Value {
    let mappings = json!([{"containerPort": 80, "name": "http"}]);
    json!({"containerDefinitions": [{"name": "web", "image": "nginx", "portMappings": mappings}]})
}

#[test]
fn a_task_gets_a_volume_by_a_role_that_ecs_may_use_and_says_so_otherwise() {
    let cases = [
        ("ecs.amazonaws.com", vec![POLICY], true),
        ("ecs.amazonaws.com", vec![], false),
        ("ecs-tasks.amazonaws.com", vec![POLICY], false),
    ];
    for (principal, policies, makes) in cases {
        let aws = Aws::new();
        aws.register(&json!({"volumes": [{"name": "data", "configuredAtLaunch": true}]}));
        aws.create(1, &volume(&aws.role_of(principal, &policies)));
        aws.seconds(16);
        assert_eq!(aws.volumes(), usize::from(makes), "{principal} {policies:?}");
        if makes {
            aws.ok("DeleteService", &json!({"cluster": "main", "service": "hello", "force": true}));
            aws.seconds(60);
            assert_eq!(aws.volumes(), 0, "it goes with its task");
        } else {
            let reason = aws.tasks("STOPPED")[0]["stoppedReason"].as_str().unwrap().to_owned();
            assert!(reason.starts_with("ECS was unable to assume the configured ECS Infrastructure Role"), "{reason}");
        }
    }
}

#[test]
fn a_volume_and_its_configuration_belong_together() {
    let aws = Aws::new();
    let role = aws.role_of("ecs.amazonaws.com", &[POLICY]);
    let refused = |aws: &Aws, changes: &Value| {
        let mut input = service(1);
        for (member, value) in changes.as_object().unwrap() {
            input[member] = value.clone();
        }
        aws.call("CreateService", &input).unwrap_err().0
    };
    assert_eq!(refused(&aws, &volume(&role)), "InvalidParameterException", "no such volume");
    aws.register(&json!({"volumes": [{"name": "data", "configuredAtLaunch": true}]}));
    assert_eq!(refused(&aws, &json!({})), "InvalidParameterException", "no configuration");
    let mut sizeless = volume(&role);
    sizeless["volumeConfigurations"][0]["managedEBSVolume"].as_object_mut().unwrap().remove("sizeInGiB");
    assert_eq!(refused(&aws, &sizeless), "InvalidParameterException", "no size");
}

#[test]
fn a_name_is_answered_by_the_tasks_that_run_and_belongs_to_one_service() {
    let aws = Aws::new();
    aws.register(&named_port());
    aws.create(2, &connect("http", "orders"));
    assert_eq!(aws.answering("orders"), Some(0));
    aws.until(30, "running", |service| service["runningCount"] == 2);
    assert_eq!(aws.answering("orders"), Some(2));
    let resources = aws.service()["deployments"][0]["serviceConnectResources"].clone();
    assert_eq!(resources[0]["discoveryName"], "orders", "{resources}");
    let mut other = service(1);
    other["serviceName"] = json!("other");
    other["serviceConnectConfiguration"] = connect("http", "orders")["serviceConnectConfiguration"].clone();
    assert_eq!(aws.call("CreateService", &other).unwrap_err().0, "InvalidParameterException");
    aws.update(&json!({"serviceConnectConfiguration": {"enabled": false}}));
    aws.until(300, "the next deployment completes", |service| rollout(service) == "COMPLETED");
    assert_eq!(aws.answering("orders"), None);
}

#[test]
fn what_is_offered_must_be_there_and_so_must_the_namespace_and_the_registry() {
    let aws = Aws::new();
    aws.register(&named_port());
    let mut nowhere = connect("http", "orders");
    nowhere["serviceConnectConfiguration"]["namespace"] = json!("nowhere");
    let registry = json!({"serviceRegistries": [{"registryArn": LEGACY.replace("legacy", "gone")}]});
    let cases = [
        (connect("grpc", "orders"), "InvalidParameterException"),
        (nowhere, "NamespaceNotFoundException"),
        (registry, "InvalidParameterException"),
    ];
    for (changes, code) in cases {
        let mut input = service(1);
        for (member, value) in changes.as_object().unwrap() {
            input[member] = value.clone();
        }
        assert_eq!(aws.call("CreateService", &input).unwrap_err().0, code, "{changes}");
    }
}

#[test]
fn a_task_is_registered_while_it_runs() {
    let aws = Aws::new();
    aws.steady(1, &json!({"serviceRegistries": [{"registryArn": LEGACY, "port": 80}]}));
    assert_eq!(aws.answering("legacy"), Some(1));
    aws.update(&json!({"desiredCount": 0}));
    aws.seconds(30);
    assert_eq!(aws.answering("legacy"), Some(0));
}
