//! ECS's behaviour, asked through the in-memory door under simulated time.

mod attached;
mod clusters;
mod commands;
mod errors;
mod instances;
mod lifecycle;
mod mounting;
mod one_off_tasks;
mod rollback;
mod rolling_updates;
mod starting;
mod task_definitions;
mod updates;

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::call::{Call, Service};
use crate::clock::{Clock, EPOCH};
use crate::handler::Simulator;
use crate::services::iam;
use crate::world_file;

/// An account whose clock moves only when a test moves it.
struct Aws(Simulator);

impl Aws {
    /// The account of the examples, with a cluster `main` and revision 1 of `hello`.
    fn new() -> Self {
        let aws = Self(Simulator::new(world_file::seed(), Clock::new(EPOCH, 0.0)));
        aws.ok("CreateCluster", &json!({"clusterName": "main", "capacityProviders": ["FARGATE", "FARGATE_SPOT"]}));
        aws.register(&json!({}));
        aws
    }

    /// What a call answers: its output, or the error's code and message.
    fn call(&self, operation: &str, input: &Value) -> Result<Value, (String, String)> {
        let request = http::Request::post("/")
            .header("x-amz-target", format!("AmazonEC2ContainerServiceV20141113.{operation}"))
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270101/eu-west-1/ecs/aws4_request, SignedHeaders=host, Signature=0",
            )
            .body(Bytes::from(input.to_string()))
            .unwrap();
        let response = self.0.handle(request);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        if response.status().is_success() {
            return Ok(body);
        }
        Err((body["__type"].as_str().unwrap().to_owned(), body["message"].as_str().unwrap().to_owned()))
    }

    fn ok(&self, operation: &str, input: &Value) -> Value {
        self.call(operation, input).unwrap_or_else(|error| panic!("{operation} {input}: {error:?}"))
    }

    /// Registers a revision of `hello`: one container `web`, changed by `changes` to the input.
    fn register(&self, changes: &Value) -> String {
        let input = changed(task_definition("public.ecr.aws/nginx/nginx:1.27"), changes);
        let answer = self.ok("RegisterTaskDefinition", &input);
        answer["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned()
    }

    fn register_image(&self, image: &str) -> String {
        self.register(&json!({"containerDefinitions": task_definition(image)["containerDefinitions"]}))
    }

    /// Creates the service `hello` with so many tasks, its input changed by `changes`.
    fn create(&self, desired: u32, changes: &Value) -> Value {
        let input = changed(service(desired), changes);
        self.ok("CreateService", &input)["service"].clone()
    }

    /// A service that has reached its steady state.
    fn steady(&self, desired: u32, changes: &Value) -> Value {
        self.create(desired, changes);
        self.until(300, "the first deployment completes", |service| rollout(service) == "COMPLETED");
        self.service()
    }

    fn update(&self, changes: &Value) -> Value {
        let input = changed(json!({"cluster": "main", "service": "hello"}), changes);
        self.ok("UpdateService", &input)["service"].clone()
    }

    fn service(&self) -> Value {
        let answer =
            self.ok("DescribeServices", &json!({"cluster": "main", "services": ["hello"], "include": ["TAGS"]}));
        answer["services"][0].clone()
    }

    /// The tasks of the service `hello` that are meant to run, or to stop.
    fn tasks(&self, desired_status: &str) -> Vec<Value> {
        let listed = self.ok("ListTasks", &json!({"cluster": "main", "desiredStatus": desired_status}));
        if listed["taskArns"].as_array().unwrap().is_empty() {
            return Vec::new();
        }
        let input = json!({"cluster": "main", "tasks": listed["taskArns"], "include": ["TAGS"]});
        self.ok("DescribeTasks", &input)["tasks"].as_array().unwrap().clone()
    }

    fn seconds(&self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }

    /// Moves time second by second until the service is so; tells how many seconds that took.
    fn until(&self, most: u64, what: &str, so: impl Fn(&Value) -> bool) -> u64 {
        for passed in 0..=most {
            let service = self.service();
            if so(&service) {
                return passed;
            }
            assert!(passed < most, "not within {most} s: {what}; the service is {service:#}");
            self.seconds(1);
        }
        most
    }

    /// The messages of the service's events, the newest first.
    fn events(&self) -> Vec<String> {
        let service = self.service();
        let events = service["events"].as_array().unwrap();
        events.iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
    }

    fn has_event(&self, part: &str) -> bool {
        self.events().iter().any(|event| event.contains(part))
    }

    /// Takes the rule away by which EC2 lets a new group's members out.
    fn revoke_egress(&self, group: &str) {
        let input = json!({
            "GroupId": group,
            "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        });
        let call = Call {
            service: Service::Ec2,
            operation: "RevokeSecurityGroupEgress".to_owned(),
            input,
            region: "eu-west-1".to_owned(),
            access_key: "AKIDEXAMPLE".to_owned(),
            account_id: "123456789012".to_owned(),
            time: EPOCH,
        };
        self.0.with_world(|world| world.call(&call)).unwrap();
    }

    /// Puts a role into the account that ECS tasks can assume, with one policy.
    fn role(&self, name: &str, actions: &[&str]) -> String {
        let arn = format!("arn:aws:iam::123456789012:role/{name}");
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ]});
        let policy =
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
        let inline = [("own".to_owned(), policy.to_string())].into();
        self.0.with_world(|world| iam::add_role(world, &arn, &trust.to_string(), &[], &inline)).unwrap();
        arn
    }
}

/// An input with other members; `null` takes one out.
fn changed(mut input: Value, changes: &Value) -> Value {
    for (member, value) in changes.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    input.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    input
}

fn rollout(service: &Value) -> &str {
    service["deployments"][0]["rolloutState"].as_str().unwrap_or_default()
}

fn task_definition(image: &str) -> Value {
    json!({
        "family": "hello",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "web", "image": image, "portMappings": [{"containerPort": 80}]}],
    })
}

fn service(desired: u32) -> Value {
    json!({
        "cluster": "main",
        "serviceName": "hello",
        "taskDefinition": "hello",
        "launchType": "FARGATE",
        "desiredCount": desired,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0aaa", "subnet-0bbb"], "securityGroups": ["sg-0default"]}},
    })
}
