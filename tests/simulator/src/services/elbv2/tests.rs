//! Elastic Load Balancing's behaviour, asked under simulated time.

mod around;
mod attributes_and_tags;
mod ecs_rollouts;
mod ecs_services;
mod ecs_traffic;
mod health;
mod listeners;
mod load_balancers;
mod requests;
mod rules;
mod target_groups;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::call::{Answer, Call, Service};
use crate::clock::{Clock, EPOCH};
use crate::handler::Simulator;
use crate::images::Behaviour;
use crate::services::{acm, ec2};
use crate::world_file;

use super::{Outcome, Question};

const CERTIFICATE: &str = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
const IMAGE: &str = "public.ecr.aws/shop/orders:1";

/// An account whose clock moves only when a test moves it.
struct Aws(Simulator);

impl Aws {
    /// The account of the examples, with the security groups `sg-balancer`, which lets everyone in by HTTP and
    /// HTTPS, and `sg-app`, which lets `sg-balancer` in on port 8080.
    fn new() -> Self {
        let aws = Self(Simulator::new(world_file::seed(), Clock::new(EPOCH, 0.0)));
        aws.0.with_world(|world| {
            for id in ["sg-balancer", "sg-app"] {
                ec2::add_group(world, id, "vpc-0a1b2c3d", id.trim_start_matches("sg-"), "of a test", &BTreeMap::new());
            }
        });
        for port in [80, 443] {
            aws.let_in("sg-balancer", port, &json!({"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}));
        }
        aws.let_in("sg-app", 8080, &json!({"Groups": [{"GroupId": "sg-balancer"}]}));
        aws
    }

    fn ask(&self, service: Service, operation: &str, input: &Value) -> Answer {
        let call = Call {
            service,
            operation: operation.to_owned(),
            input: input.clone(),
            region: "eu-west-1".to_owned(),
            access_key: "AKIDEXAMPLE".to_owned(),
            account_id: "123456789012".to_owned(),
            time: EPOCH,
        };
        self.0.with_world(|world| world.call(&call))
    }

    fn ok(&self, operation: &str, input: &Value) -> Value {
        let answer = self.ask(Service::Elbv2, operation, input);
        answer.unwrap_or_else(|fault| panic!("{operation} {input}: {fault}"))
    }

    /// The code by which a call is refused.
    fn refused(&self, operation: &str, input: &Value) -> String {
        match self.ask(Service::Elbv2, operation, input) {
            Ok(answer) => panic!("{operation} {input} was answered: {answer}"),
            Err(fault) => fault.code,
        }
    }

    fn ecs(&self, operation: &str, input: &Value) -> Value {
        self.ask(Service::Ecs, operation, input).unwrap_or_else(|fault| panic!("{operation} {input}: {fault}"))
    }

    fn ec2(&self, operation: &str, input: &Value) -> Answer {
        self.ask(Service::Ec2, operation, input)
    }

    fn seconds(&self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }

    /// Moves time second by second until it is so; tells how many seconds that took.
    fn until(&self, most: u64, what: &str, so: impl Fn() -> bool) -> u64 {
        for passed in 0..=most {
            if so() {
                return passed;
            }
            self.seconds(1);
        }
        panic!("not within {most} s: {what}");
    }

    fn rule_about(group: &str, port: i64, peer: &Value) -> Value {
        let mut permission = peer.clone();
        permission["IpProtocol"] = json!("tcp");
        (permission["FromPort"], permission["ToPort"]) = (json!(port), json!(port));
        json!({"GroupId": group, "IpPermissions": [permission]})
    }

    fn let_in(&self, group: &str, port: i64, peer: &Value) {
        self.ec2("AuthorizeSecurityGroupIngress", &Self::rule_about(group, port, peer)).unwrap();
    }

    fn keep_out(&self, group: &str, port: i64, peer: &Value) {
        self.ec2("RevokeSecurityGroupIngress", &Self::rule_about(group, port, peer)).unwrap();
    }

    fn add_certificate(&self, arn: &str) {
        self.0.with_world(|world| acm::add_certificate(world, arn, "example.org", &[]));
    }

    /// What containers of the tests' image do from now on.
    fn behave(&self, behaviour: &Value) {
        let behaviour: Behaviour = serde_json::from_value(behaviour.clone()).unwrap();
        self.0.with_world(|world| world.images.known.insert(IMAGE.to_owned(), behaviour));
    }

    /// A load balancer on the Internet, by its ARN.
    fn balancer(&self, name: &str) -> String {
        let answer = self.ok("CreateLoadBalancer", &balancer(name));
        answer["LoadBalancers"][0]["LoadBalancerArn"].as_str().unwrap().to_owned()
    }

    /// A target group for addresses, checked every ten seconds, by its ARN.
    fn group(&self, name: &str) -> String {
        self.ok("CreateTargetGroup", &group(name))["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap().to_owned()
    }

    /// A listener of HTTP that answers 404, by its ARN.
    fn listener(&self, balancer: &str, port: u16) -> String {
        let input =
            json!({"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": port, "DefaultActions": [fixed(404)]});
        self.ok("CreateListener", &input)["Listeners"][0]["ListenerArn"].as_str().unwrap().to_owned()
    }

    /// A rule of a listener for `/orders/*`, by its ARN.
    fn rule(&self, listener: &str, priority: u32, action: &Value) -> String {
        let input = json!({"ListenerArn": listener, "Priority": priority, "Conditions": [path("/orders/*")], "Actions": [action]});
        self.ok("CreateRule", &input)["Rules"][0]["RuleArn"].as_str().unwrap().to_owned()
    }

    /// A load balancer that is active, its listener on port 80, and a target group that requests for `/orders/*` are
    /// forwarded to: the ARNs of balancer, listener and group.
    fn shop(&self) -> (String, String, String) {
        let (balancer, group) = (self.balancer("shop"), self.group("orders"));
        let listener = self.listener(&balancer, 80);
        self.rule(&listener, 10, &forward(&group));
        self.seconds(180);
        (balancer, listener, group)
    }

    /// Makes the cluster `main` and a revision of `orders`, whose container listens on port 8080.
    fn define(&self, changes: &Value) -> String {
        if self.ask(Service::Ecs, "ListServices", &json!({"cluster": "main"})).is_err() {
            self.ecs("CreateCluster", &json!({"clusterName": "main"}));
        }
        let mut container = json!({"name": "web", "image": IMAGE, "portMappings": [{"containerPort": 8080}]});
        for (member, value) in changes.as_object().into_iter().flatten() {
            container[member] = value.clone();
        }
        let definition = json!({
            "family": "orders", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256",
            "memory": "512", "containerDefinitions": [container],
        });
        let answer = self.ecs("RegisterTaskDefinition", &definition);
        answer["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned()
    }

    /// Runs a task in a private subnet of the first zone, outside any service, and tells its address once it runs.
    fn task(&self) -> String {
        self.define(&json!({}));
        let run = json!({
            "cluster": "main", "taskDefinition": "orders", "launchType": "FARGATE", "networkConfiguration": network(&["subnet-0aaa"]),
        });
        let arn = self.ecs("RunTask", &run)["tasks"][0]["taskArn"].clone();
        self.seconds(30);
        let task = self.ecs("DescribeTasks", &json!({"cluster": "main", "tasks": [arn]}))["tasks"][0].clone();
        assert_eq!(task["lastStatus"], "RUNNING");
        let interface = &task["containers"][0]["networkInterfaces"][0];
        interface["privateIpv4Address"].as_str().unwrap().to_owned()
    }

    fn register(&self, group: &str, address: &str) {
        let targets = json!({"TargetGroupArn": group, "Targets": [{"Id": address, "Port": "8080"}]});
        self.ok("RegisterTargets", &targets);
    }

    /// State, reason and description of each target.
    fn health(&self, group: &str) -> Vec<(String, String, String)> {
        let answer = self.ok("DescribeTargetHealth", &json!({"TargetGroupArn": group}));
        let text = |one: &Value, member: &str| one["TargetHealth"][member].as_str().unwrap_or_default().to_owned();
        let told = answer["TargetHealthDescriptions"].as_array().unwrap();
        told.iter().map(|one| (text(one, "State"), text(one, "Reason"), text(one, "Description"))).collect()
    }

    fn states(&self, group: &str) -> Vec<String> {
        self.health(group).into_iter().map(|(state, _, _)| state).collect()
    }

    /// The URL of a path at a load balancer.
    fn url(&self, balancer: &str, path: &str) -> String {
        let found = self.ok("DescribeLoadBalancers", &json!({"LoadBalancerArns": [balancer]}));
        format!("http://{}{path}", found["LoadBalancers"][0]["DNSName"].as_str().unwrap())
    }

    fn get(&self, balancer: &str, path: &str) -> Outcome {
        self.send(&json!({"url": self.url(balancer, path)}))
    }

    fn send(&self, question: &Value) -> Outcome {
        let question: Question = serde_json::from_value(question.clone()).unwrap();
        self.0.with_world(|world| super::request(world, &question))
    }
}

fn balancer(name: &str) -> Value {
    json!({"Name": name, "Subnets": ["subnet-0ddd", "subnet-0eee", "subnet-0fff"], "SecurityGroups": ["sg-balancer"]})
}

fn group(name: &str) -> Value {
    json!({
        "Name": name, "Protocol": "HTTP", "Port": "8080", "VpcId": "vpc-0a1b2c3d", "TargetType": "ip",
        "HealthCheckIntervalSeconds": "10", "HealthyThresholdCount": "3", "UnhealthyThresholdCount": "2",
    })
}

fn network(subnets: &[&str]) -> Value {
    json!({"awsvpcConfiguration": {"subnets": subnets, "securityGroups": ["sg-app"]}})
}

fn fixed(status: u16) -> Value {
    json!({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status.to_string()}})
}

fn forward(group: &str) -> Value {
    json!({"Type": "forward", "TargetGroupArn": group})
}

fn path(pattern: &str) -> Value {
    json!({"Field": "path-pattern", "Values": [pattern]})
}

/// An input with other members.
fn with(input: &Value, changes: &Value) -> Value {
    let mut all = input.clone();
    for (member, value) in changes.as_object().into_iter().flatten() {
        all[member] = value.clone();
    }
    all
}
