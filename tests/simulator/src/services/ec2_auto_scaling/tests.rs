//! Instances of Auto Scaling groups, as a cluster's capacity: from launch template to draining.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::call::{Call, Fault, Service};
use crate::clock::{Clock, EPOCH};
use crate::handler::Simulator;
use crate::services::{ec2, ec2_auto_scaling};
use crate::world_file;

const ROLE: &str = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role";

struct Aws(Simulator);

impl Aws {
    /// The account of the examples with a cluster `main`, and what instances of it are launched from.
    fn new() -> Self {
        let aws = Self(Simulator::new(world_file::seed(), Clock::new(EPOCH, 0.0)));
        aws.ok("ecs", "CreateCluster", &json!({"clusterName": "main"}));
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ]});
        aws.ok("iam", "CreateRole", &json!({"RoleName": "instance", "AssumeRolePolicyDocument": trust.to_string()}));
        aws.ok("iam", "AttachRolePolicy", &json!({"RoleName": "instance", "PolicyArn": ROLE}));
        aws.ok("iam", "CreateInstanceProfile", &json!({"InstanceProfileName": "instance"}));
        aws.ok("iam", "AddRoleToInstanceProfile", &json!({"InstanceProfileName": "instance", "RoleName": "instance"}));
        aws.ok(
            "ec2",
            "CreateLaunchTemplate",
            &json!({"LaunchTemplateName": "main", "LaunchTemplateData": data(&json!({}))}),
        );
        aws
    }

    fn call(&self, service: &str, operation: &str, input: &Value) -> Result<Value, Fault> {
        self.0.with_world(|world| {
            let call = Call {
                service: Service::from_scope(service).unwrap(),
                operation: operation.to_owned(),
                input: input.clone(),
                region: world.region.clone(),
                access_key: "AKIAEXAMPLE".to_owned(),
                account_id: world.account_id.clone(),
                time: world.now,
            };
            world.call(&call)
        })
    }

    fn ok(&self, service: &str, operation: &str, input: &Value) -> Value {
        self.call(service, operation, input).unwrap_or_else(|fault| panic!("{operation} {input}: {fault:?}"))
    }

    /// A group `main` over three zones.
    fn group(&self, minimum: i64, maximum: i64, protects: bool) {
        let input = json!({
            "AutoScalingGroupName": "main", "MinSize": minimum.to_string(), "MaxSize": maximum.to_string(),
            "LaunchTemplate": {"LaunchTemplateName": "main", "Version": "$Latest"},
            "VPCZoneIdentifier": "subnet-0aaa,subnet-0bbb,subnet-0ccc",
            "NewInstancesProtectedFromScaleIn": protects.to_string(),
            "Tags": [{"Key": "Name", "Value": "main", "PropagateAtLaunch": "true"}],
        });
        self.ok("autoscaling", "CreateAutoScalingGroup", &input);
    }

    /// A group with a provider `general` that scales it, and a service of so many tasks of 1,000 MiB on it.
    fn scaled(&self, tasks: u32, maximum: i64) {
        self.group(0, maximum, true);
        let group = self.shown()["AutoScalingGroupARN"].clone();
        let provider = json!({"name": "general", "autoScalingGroupProvider": {
            "autoScalingGroupArn": group,
            "managedScaling": {"status": "ENABLED", "targetCapacity": 100},
            "managedTerminationProtection": "ENABLED",
        }});
        self.ok("ecs", "CreateCapacityProvider", &provider);
        let strategy = json!([{"capacityProvider": "general", "weight": 1}]);
        let put =
            json!({"cluster": "main", "capacityProviders": ["general"], "defaultCapacityProviderStrategy": strategy});
        self.ok("ecs", "PutClusterCapacityProviders", &put);
        let container =
            json!({"name": "web", "image": "nginx", "memory": 1000, "portMappings": [{"containerPort": 80}]});
        let definition = json!({"family": "web", "networkMode": "bridge", "requiresCompatibilities": ["EC2"], "containerDefinitions": [container]});
        self.ok("ecs", "RegisterTaskDefinition", &definition);
        let service = json!({"cluster": "main", "serviceName": "web", "taskDefinition": "web", "desiredCount": tasks,
            "placementStrategy": [{"type": "binpack", "field": "memory"}], "availabilityZoneRebalancing": "DISABLED"});
        self.ok("ecs", "CreateService", &service);
    }

    fn shown(&self) -> Value {
        let answer = self.ok("autoscaling", "DescribeAutoScalingGroups", &json!({"AutoScalingGroupNames": ["main"]}));
        answer["AutoScalingGroups"][0].clone()
    }

    fn in_service(&self) -> Vec<Value> {
        let group = self.shown();
        let instances = group["Instances"].as_array().cloned().unwrap_or_default();
        instances.into_iter().filter(|instance| instance["LifecycleState"] == "InService").collect()
    }

    fn registered(&self) -> u64 {
        let answer = self.ok("ecs", "DescribeClusters", &json!({"clusters": ["main"]}));
        answer["clusters"][0]["registeredContainerInstancesCount"].as_u64().unwrap()
    }

    fn running(&self) -> u64 {
        let answer = self.ok("ecs", "DescribeServices", &json!({"cluster": "main", "services": ["web"]}));
        answer["services"][0]["runningCount"].as_u64().unwrap()
    }

    fn minutes(&self, minutes: u64) {
        for _ in 0..minutes * 12 {
            self.seconds(5);
        }
    }

    fn seconds(&self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }
}

/// What instances are launched from; changed.
fn data(changes: &Value) -> Value {
    let mut data = json!({
        "ImageId": "ami-0ecsarm", "InstanceType": "m7g.large",
        "IamInstanceProfile": {"Name": "instance"},
        "SecurityGroupId": ["sg-0default"],
        "UserData": BASE64_STANDARD.encode("#!/bin/bash\necho ECS_CLUSTER=main >> /etc/ecs/ecs.config\n"),
        "MetadataOptions": {"HttpTokens": "required"},
    });
    data.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    data
}

#[test]
fn a_group_keeps_as_many_instances_as_it_wants_spread_over_its_zones() {
    let aws = Aws::new();
    aws.group(3, 6, false);
    aws.minutes(2);
    let zones = |aws: &Aws| {
        let mut zones: Vec<String> =
            aws.in_service().iter().map(|it| it["AvailabilityZone"].as_str().unwrap().to_owned()).collect();
        zones.sort_unstable();
        zones
    };
    assert_eq!(zones(&aws), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
    aws.ok("autoscaling", "SetDesiredCapacity", &json!({"AutoScalingGroupName": "main", "DesiredCapacity": "5"}));
    aws.minutes(2);
    assert_eq!(aws.in_service().len(), 5);
    let ended = aws.in_service()[0]["InstanceId"].clone();
    aws.ok("ec2", "TerminateInstances", &json!({"InstanceId": [ended]}));
    aws.minutes(2);
    assert!(
        aws.in_service().len() == 5 && aws.in_service().iter().all(|it| it["InstanceId"] != ended),
        "one that is ended is replaced"
    );
    aws.ok("autoscaling", "UpdateAutoScalingGroup", &json!({"AutoScalingGroupName": "main", "MaxSize": "3"}));
    aws.minutes(2);
    assert_eq!(zones(&aws), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
}

#[test]
fn an_instance_registers_with_the_cluster_that_its_user_data_name_if_its_role_and_its_network_let_it() {
    let elsewhere = BASE64_STANDARD.encode("echo ECS_CLUSTER=other >> /etc/ecs/ecs.config");
    let cases = [
        ("all there", json!({}), true),
        ("another cluster", json!({"UserData": elsewhere}), false),
        ("no profile", json!({"IamInstanceProfile": {}}), false),
    ];
    for (what, changes, expected) in cases {
        let aws = Aws::new();
        aws.ok(
            "ec2",
            "CreateLaunchTemplateVersion",
            &json!({"LaunchTemplateName": "main", "LaunchTemplateData": data(&changes)}),
        );
        aws.group(1, 1, false);
        aws.minutes(3);
        assert_eq!(aws.registered() == 1, expected, "{what}");
    }
    let aws = Aws::new();
    aws.ok("iam", "DetachRolePolicy", &json!({"RoleName": "instance", "PolicyArn": ROLE}));
    aws.group(1, 1, false);
    aws.minutes(3);
    assert_eq!(aws.registered(), 0, "its role may not register it");
    aws.ok("iam", "AttachRolePolicy", &json!({"RoleName": "instance", "PolicyArn": ROLE}));
    aws.minutes(2);
    assert_eq!(aws.registered(), 1, "the agent tries again");
}

#[test]
fn a_group_that_cannot_launch_does_once_it_can() {
    let aws = Aws::new();
    let wrong = data(&json!({"InstanceType": "m5.large"}));
    aws.ok("ec2", "CreateLaunchTemplateVersion", &json!({"LaunchTemplateName": "main", "LaunchTemplateData": wrong}));
    aws.group(1, 1, false);
    aws.minutes(2);
    assert_eq!(aws.in_service().len(), 0, "an image for arm64 does not run on x86_64");
    aws.ok(
        "ec2",
        "CreateLaunchTemplateVersion",
        &json!({"LaunchTemplateName": "main", "LaunchTemplateData": data(&json!({}))}),
    );
    aws.minutes(3);
    assert_eq!(aws.in_service().len(), 1);
}

#[test]
fn a_provider_grows_its_group_for_tasks_that_wait_and_shrinks_it_when_they_are_gone() {
    let aws = Aws::new();
    aws.scaled(20, 12);
    aws.minutes(6);
    assert_eq!(aws.running(), 20);
    // 7,801 of 8,192 MiB are left to tasks: seven of them on each.
    assert_eq!(aws.in_service().len(), 3, "no more instances than packing needs");
    aws.ok("ecs", "UpdateService", &json!({"cluster": "main", "service": "web", "desiredCount": 5}));
    for _ in 0..30 {
        aws.minutes(1);
        assert!(aws.running() >= 5, "no task is lost with its instance");
    }
    assert_eq!(aws.in_service().len(), 1, "what has no tasks is gone after a quarter of an hour");
    aws.ok("ecs", "UpdateService", &json!({"cluster": "main", "service": "web", "desiredCount": 0}));
    aws.minutes(30);
    assert_eq!((aws.in_service().len(), aws.registered()), (0, 0));
}

#[test]
fn a_refresh_moves_twenty_tasks_to_new_instances_and_never_has_fewer() {
    let aws = Aws::new();
    aws.scaled(20, 12);
    aws.minutes(6);
    aws.ok(
        "ec2",
        "CreateLaunchTemplateVersion",
        &json!({"LaunchTemplateName": "main", "LaunchTemplateData": data(&json!({}))}),
    );
    let before: Vec<Value> = aws.in_service().iter().map(|it| it["InstanceId"].clone()).collect();
    let preferences = json!({"MinHealthyPercentage": "100", "MaxHealthyPercentage": "134", "InstanceWarmup": "90", "ScaleInProtectedInstances": "Refresh"});
    aws.ok("autoscaling", "StartInstanceRefresh", &json!({"AutoScalingGroupName": "main", "Preferences": preferences}));
    let status = |aws: &Aws| {
        let answer = aws.ok("autoscaling", "DescribeInstanceRefreshes", &json!({"AutoScalingGroupName": "main"}));
        answer["InstanceRefreshes"][0]["Status"].as_str().unwrap().to_owned()
    };
    for _ in 0..360 {
        aws.seconds(5);
        assert!(aws.running() >= 20, "{} tasks", aws.running());
        if status(&aws) == "Successful" {
            break;
        }
    }
    assert_eq!(status(&aws), "Successful");
    assert!(aws.in_service().iter().all(|it| !before.contains(&it["InstanceId"])), "{:#}", aws.shown());
}

#[test]
fn a_zone_that_fails_takes_its_instances_and_tasks_come_back_in_the_others() {
    let aws = Aws::new();
    aws.scaled(20, 12);
    aws.minutes(6);
    aws.0.with_world(|world| ec2_auto_scaling::lose_zone(world, Some("eu-west-1a")));
    aws.seconds(10);
    assert!(aws.running() < 20, "they went with it");
    aws.minutes(8);
    assert_eq!(aws.running(), 20);
    assert!(aws.in_service().iter().all(|it| it["AvailabilityZone"] != "eu-west-1a"));
}

#[test]
fn a_spot_instance_ends_two_minutes_after_it_is_told_and_is_drained_only_where_its_agent_is_told_to() {
    let told = "#!/bin/bash\necho ECS_CLUSTER=main >> /etc/ecs/ecs.config\necho ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config\n";
    for (user_data, drains) in [(told, true), (&told[..55], false)] {
        let aws = Aws::new();
        let data = data(&json!({"UserData": BASE64_STANDARD.encode(user_data)}));
        aws.ok(
            "ec2",
            "CreateLaunchTemplateVersion",
            &json!({"LaunchTemplateName": "main", "LaunchTemplateData": data}),
        );
        aws.scaled(0, 3);
        let policy = json!({
            "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateName": "main", "Version": "$Latest"}},
            "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": "0"},
        });
        let update = json!({"AutoScalingGroupName": "main", "MixedInstancesPolicy": policy, "MinSize": "2"});
        aws.ok("autoscaling", "UpdateAutoScalingGroup", &update);
        aws.ok("ecs", "UpdateService", &json!({"cluster": "main", "service": "web", "desiredCount": 4}));
        aws.minutes(4);
        let id = aws.in_service()[0]["InstanceId"].as_str().unwrap().to_owned();
        assert!(aws.0.with_world(|world| ec2::interrupt(world, &id)));
        aws.seconds(1);
        let draining = aws.ok("ecs", "ListContainerInstances", &json!({"cluster": "main", "status": "DRAINING"}));
        assert_eq!(draining["containerInstanceArns"].as_array().unwrap().len() == 1, drains, "{user_data}");
        let shows = |aws: &Aws| aws.in_service().iter().any(|it| it["InstanceId"] == id.as_str());
        aws.seconds(117);
        assert!(shows(&aws), "it has its two minutes");
        aws.seconds(5);
        assert!(!shows(&aws), "{user_data}");
        aws.minutes(5);
        assert_eq!((aws.running(), aws.in_service().len()), (4, 2), "{user_data}");
    }
}

#[test]
fn what_is_not_spot_is_not_taken_back() {
    let aws = Aws::new();
    aws.group(1, 1, false);
    aws.minutes(2);
    let id = aws.in_service()[0]["InstanceId"].as_str().unwrap().to_owned();
    assert!(!aws.0.with_world(|world| ec2::interrupt(world, &id)));
}

#[test]
fn tasks_with_dynamic_ports_are_targets_on_their_instances_if_those_are_opened() {
    // A group's members reach one another; the other group lets nobody in.
    for (instances, expected) in [("sg-0default", "healthy"), ("sg-0database", "unhealthy")] {
        behind_a_load_balancer(instances, expected);
    }
}

fn behind_a_load_balancer(instances: &str, expected: &str) {
    let aws = Aws::new();
    let data = data(&json!({"SecurityGroupId": [instances]}));
    aws.ok("ec2", "CreateLaunchTemplateVersion", &json!({"LaunchTemplateName": "main", "LaunchTemplateData": data}));
    aws.scaled(0, 3);
    let balancer = json!({"Name": "public", "Subnets": ["subnet-0ddd", "subnet-0eee", "subnet-0fff"], "SecurityGroups": ["sg-0default"]});
    let balancer =
        aws.ok("elasticloadbalancing", "CreateLoadBalancer", &balancer)["LoadBalancers"][0]["LoadBalancerArn"].clone();
    let group = json!({"Name": "web", "Protocol": "HTTP", "Port": "80", "VpcId": "vpc-0a1b2c3d", "TargetType": "instance", "HealthCheckIntervalSeconds": "10"});
    let group =
        aws.ok("elasticloadbalancing", "CreateTargetGroup", &group)["TargetGroups"][0]["TargetGroupArn"].clone();
    let forward = json!({"LoadBalancerArn": balancer, "Port": "80", "Protocol": "HTTP", "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}]});
    aws.ok("elasticloadbalancing", "CreateListener", &forward);
    let service = json!({"cluster": "main", "serviceName": "behind", "taskDefinition": "web", "desiredCount": 4,
        "loadBalancers": [{"targetGroupArn": group, "containerName": "web", "containerPort": 80}],
        "healthCheckGracePeriodSeconds": 6000, "availabilityZoneRebalancing": "DISABLED"});
    aws.ok("ecs", "CreateService", &service);
    aws.minutes(6);
    let states = |aws: &Aws| {
        let answer = aws.ok("elasticloadbalancing", "DescribeTargetHealth", &json!({"TargetGroupArn": group}));
        let all = answer["TargetHealthDescriptions"].as_array().unwrap().clone();
        let port = |it: &Value| it["Target"]["Port"].as_i64().unwrap();
        assert!(
            all.iter().all(|it| port(it) >= 32_768 && it["Target"]["Id"].as_str().unwrap().starts_with("i-")),
            "{answer:#}"
        );
        let mut states: Vec<String> =
            all.iter().map(|it| it["TargetHealth"]["State"].as_str().unwrap().to_owned()).collect();
        states.dedup();
        (all.len(), states)
    };
    assert_eq!(states(&aws), (4, vec![expected.to_owned()]), "{instances}");
    aws.ok("ecs", "UpdateService", &json!({"cluster": "main", "service": "behind", "desiredCount": 1}));
    aws.minutes(8);
    assert_eq!(states(&aws).0, 1, "{instances}: what is gone is a target no more");
}

#[test]
fn what_is_in_use_cannot_be_deleted() {
    let aws = Aws::new();
    aws.scaled(1, 2);
    aws.minutes(4);
    let cases = [
        ("iam", "DeleteInstanceProfile", json!({"InstanceProfileName": "instance"}), "DeleteConflict"),
        ("iam", "DeleteRole", json!({"RoleName": "instance"}), "DeleteConflict"),
        ("autoscaling", "DeleteAutoScalingGroup", json!({"AutoScalingGroupName": "main"}), "ResourceInUse"),
        ("ecs", "DeleteCapacityProvider", json!({"capacityProvider": "general"}), "ClientException"),
        (
            "ecs",
            "PutClusterCapacityProviders",
            json!({"cluster": "main", "capacityProviders": [], "defaultCapacityProviderStrategy": []}),
            "ResourceInUseException",
        ),
        ("ecs", "DeleteCluster", json!({"cluster": "main"}), "ClusterContainsServicesException"),
    ];
    for (service, operation, input, code) in cases {
        let refused = aws.call(service, operation, &input).unwrap_err();
        assert_eq!(refused.code, code, "{operation}: {}", refused.message);
    }
    aws.ok("ecs", "DeleteService", &json!({"cluster": "main", "service": "web", "force": true}));
    aws.minutes(2);
    aws.ok(
        "ecs",
        "PutClusterCapacityProviders",
        &json!({"cluster": "main", "capacityProviders": [], "defaultCapacityProviderStrategy": []}),
    );
    aws.seconds(20);
    let contains = aws.call("ecs", "DeleteCluster", &json!({"cluster": "main"})).unwrap_err();
    assert_eq!(contains.code, "ClusterContainsContainerInstancesException");
    aws.ok("ecs", "DeleteCapacityProvider", &json!({"capacityProvider": "general"}));
    aws.ok("autoscaling", "DeleteAutoScalingGroup", &json!({"AutoScalingGroupName": "main", "ForceDelete": "true"}));
    aws.minutes(2);
    aws.ok("ecs", "DeleteCluster", &json!({"cluster": "main"}));
    aws.ok("ec2", "DeleteLaunchTemplate", &json!({"LaunchTemplateName": "main"}));
    aws.ok("iam", "RemoveRoleFromInstanceProfile", &json!({"InstanceProfileName": "instance", "RoleName": "instance"}));
    aws.ok("iam", "DeleteInstanceProfile", &json!({"InstanceProfileName": "instance"}));
}

#[test]
fn providers_are_refused_that_ecs_refuses() {
    let aws = Aws::new();
    aws.group(0, 1, false);
    let of = |name: &str, more: Value| {
        let mut provider = json!({"autoScalingGroupArn": "main"});
        provider.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"name": name, "autoScalingGroupProvider": provider})
    };
    let protects = json!({"managedScaling": {"status": "ENABLED"}, "managedTerminationProtection": "ENABLED"});
    let cases = [
        (of("ecs-own", json!({})), "cannot be prefixed"),
        (of("general", protects), "must have instance protection from scale in enabled"),
        (of("general", json!({"autoScalingGroupArn": "none"})), "does not exist"),
        (of("general", json!({"managedScaling": {"targetCapacity": 101}})), "must be between 1 and 100"),
    ];
    for (input, words) in cases {
        let refused = aws.call("ecs", "CreateCapacityProvider", &input).unwrap_err();
        assert!(refused.message.contains(words), "{input}: {}", refused.message);
    }
    aws.ok("ecs", "CreateCapacityProvider", &of("general", json!({})));
    let again = aws.call("ecs", "CreateCapacityProvider", &of("other", json!({}))).unwrap_err();
    assert!(again.message.contains("already being used"), "{}", again.message);
    let shown =
        aws.ok("ecs", "DescribeCapacityProviders", &json!({"capacityProviders": ["general", "FARGATE", "none"]}));
    assert_eq!(
        (shown["capacityProviders"].as_array().unwrap().len(), shown["failures"].as_array().unwrap().len()),
        (2, 1)
    );
}

#[test]
fn a_launch_template_has_versions_and_reads_back_by_the_names_of_answers() {
    let aws = Aws::new();
    let named = json!({"LaunchTemplateName": "main"});
    let again = aws
        .call("ec2", "CreateLaunchTemplate", &json!({"LaunchTemplateName": "main", "LaunchTemplateData": {}}))
        .unwrap_err();
    assert_eq!(again.code, "InvalidLaunchTemplateName.AlreadyExistsException");
    let more = json!({"LaunchTemplateName": "main", "SourceVersion": "1", "LaunchTemplateData": {"InstanceType": "m7g.xlarge"}});
    aws.ok("ec2", "CreateLaunchTemplateVersion", &more);
    let versions = aws.ok("ec2", "DescribeLaunchTemplateVersions", &named)["launchTemplateVersionSet"].clone();
    let of = |index: usize, member: &str| versions[index]["launchTemplateData"][member].clone();
    assert_eq!((of(0, "instanceType"), of(1, "instanceType")), (json!("m7g.xlarge"), json!("m7g.large")));
    assert_eq!(
        (of(0, "securityGroupIdSet"), of(0, "metadataOptions")),
        (json!(["sg-0default"]), json!({"httpTokens": "required"}))
    );
    aws.ok("ec2", "ModifyLaunchTemplate", &json!({"LaunchTemplateName": "main", "SetDefaultVersion": "2"}));
    let shown = aws.ok("ec2", "DescribeLaunchTemplates", &json!({}))["launchTemplates"][0].clone();
    assert_eq!((&shown["defaultVersionNumber"], &shown["latestVersionNumber"]), (&json!(2), &json!(2)));
    let unknown = json!({"LaunchTemplateName": "main", "LaunchTemplateVersion": ["7"]});
    let unknown = aws.call("ec2", "DescribeLaunchTemplateVersions", &unknown).unwrap_err();
    assert_eq!(unknown.code, "InvalidLaunchTemplateId.VersionNotFound");
}
