//! File systems that tasks on instances mount.

use super::*;
use crate::services::ec2;

impl Aws {
    fn asks(&self, service: Service, operation: &str, input: Value) -> Value {
        let call = Call {
            service,
            operation: operation.to_owned(),
            input,
            region: "eu-west-1".to_owned(),
            access_key: "AKIDEXAMPLE".to_owned(),
            account_id: "123456789012".to_owned(),
            time: EPOCH,
        };
        self.0.with_world(|world| world.call(&call)).unwrap()
    }

    /// A file system whose mount target lets one group in.
    fn file_system(&self, lets_in: &str) -> String {
        self.0.with_world(|world| {
            let vpc = ec2::group(world, "sg-0default").unwrap().vpc_id.clone();
            for id in ["sg-0files", "sg-0instances", "sg-0tasks"] {
                ec2::add_group(world, id, &vpc, id, "one of the test", &[].into());
            }
        });
        let made = self.asks(Service::Efs, "CreateFileSystem", json!({"CreationToken": "a"}));
        let id = made["FileSystemId"].as_str().unwrap().to_owned();
        self.seconds(60);
        let target = json!({"FileSystemId": id, "SubnetId": "subnet-0aaa", "SecurityGroups": ["sg-0files"]});
        self.asks(Service::Efs, "CreateMountTarget", target);
        let permission =
            json!({"IpProtocol": "tcp", "FromPort": "2049", "ToPort": "2049", "Groups": [{"GroupId": lets_in}]});
        let rule = json!({"GroupId": "sg-0files", "IpPermissions": [permission]});
        self.asks(Service::Ec2, "AuthorizeSecurityGroupIngress", rule);
        self.seconds(300);
        id
    }

    /// An instance of EC2's, whose agent has registered it.
    fn instance(&self) {
        let data = json!({"ImageId": "ami-0ecsarm", "InstanceType": "m7g.large", "SecurityGroupId": ["sg-0instances"]});
        let template = ("lt-0".to_owned(), 1);
        let id = self.0.with_world(|world| ec2::launch(world, "subnet-0aaa", template, &data, &[].into())).unwrap();
        self.registers(&id);
    }

    fn registers(&self, ec2_instance: &str) {
        let document =
            json!({"instanceId": ec2_instance, "instanceType": "m7g.large", "availabilityZone": "eu-west-1a"});
        let resources = json!([{"name": "CPU", "integerValue": 2048}, {"name": "MEMORY", "integerValue": 7680}]);
        let input = json!({
            "cluster": "main", "instanceIdentityDocument": document.to_string(), "totalResources": resources,
        });
        self.ok("RegisterContainerInstance", &input);
    }

    /// A service with a task that mounts a file system in a network mode.
    fn mounts(&self, file_system: &str, mode: &str) {
        let container = json!([{"name": "web", "image": "nginx", "memory": 512,
            "mountPoints": [{"sourceVolume": "shared", "containerPath": "/data"}]}]);
        let volumes = json!([{"name": "shared", "efsVolumeConfiguration": {"fileSystemId": file_system}}]);
        self.register(&json!({"networkMode": mode, "requiresCompatibilities": ["EC2"], "cpu": null, "memory": null,
            "containerDefinitions": container, "volumes": volumes}));
        let own = json!({"awsvpcConfiguration": {"subnets": ["subnet-0aaa"], "securityGroups": ["sg-0tasks"]}});
        let network = if mode == "awsvpc" { own } else { Value::Null };
        self.create(
            1,
            &json!({"launchType": "EC2", "networkConfiguration": network, "availabilityZoneRebalancing": "DISABLED"}),
        );
        self.seconds(60);
    }
}

#[test]
fn a_task_mounts_by_its_own_interface_if_it_has_one_and_else_by_its_instance_s() {
    let cases = [
        ("bridge", "sg-0instances", true),
        ("host", "sg-0instances", true),
        ("none", "sg-0instances", true),
        ("awsvpc", "sg-0tasks", true),
        ("bridge", "sg-0tasks", false),
        ("host", "sg-0tasks", false),
        ("none", "sg-0tasks", false),
        ("awsvpc", "sg-0instances", false),
    ];
    for (mode, lets_in, mounts) in cases {
        let aws = Aws::new();
        let file_system = aws.file_system(lets_in);
        aws.instance();
        aws.mounts(&file_system, mode);
        assert_eq!(aws.service()["runningCount"] == 1, mounts, "{mode}, and the mount target lets in {lets_in}");
        if !mounts {
            let reason = aws.tasks("STOPPED")[0]["stoppedReason"].as_str().unwrap().to_owned();
            let (begins, ends) = (
                "Error response from daemon: create ecs-hello-2-shared-",
                ": VolumeDriver.Create: mounting volume failed: mount.nfs4: Connection timed out",
            );
            assert!(reason.starts_with(begins) && reason.ends_with(ends), "{mode}: {reason}");
        }
    }
}

#[test]
fn of_an_instance_that_ec2_does_not_know_nobody_can_say_what_it_reaches() {
    let aws = Aws::new();
    let file_system = aws.file_system("sg-0tasks");
    aws.registers("i-0");
    aws.mounts(&file_system, "bridge");
    assert_eq!(aws.service()["runningCount"], 1);
}
