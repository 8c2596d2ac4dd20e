//! Rolling updates behind a load balancer, as clients see them.

use super::*;

impl Aws {
    pub(super) fn probe(&self, balancer: &str) {
        let question: Question = serde_json::from_value(json!({"url": self.url(balancer, "/orders/1")})).unwrap();
        self.0.with_world(|world| world.probes.add("orders".to_owned(), question, world.now));
    }

    /// How many seconds failed, and the first failures.
    pub(super) fn failed(&self) -> (u64, Value) {
        let seen = self.0.with_world(|world| world.probes.view())["probes"][0].clone();
        (seen["secondsFailed"].as_u64().unwrap(), seen["firstFailures"].clone())
    }
}

#[test]
fn a_rolling_update_loses_no_request() {
    for desired in [1, 3] {
        let aws = Aws::new();
        let (balancer, group) = aws.steady(desired, &json!({}));
        aws.probe(&balancer);
        let new = aws.define(&json!({"environment": [{"name": "a", "value": "b"}]}));
        aws.update(&json!({"taskDefinition": new}));
        aws.until(900, "the second deployment completes", || aws.completed());
        aws.seconds(400);
        assert_eq!(aws.failed().0, 0, "{:#}", aws.failed().1);
        let expected = vec!["healthy".to_owned(); usize::try_from(desired).unwrap()];
        assert_eq!(aws.states(&group), expected);
        assert!(aws.tasks("RUNNING").iter().all(|task| task["taskDefinitionArn"] == new));
    }
}

#[test]
fn an_update_that_never_gets_healthy_is_rolled_back_without_a_failure() {
    let aws = Aws::new();
    let breaker = json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
    let (balancer, _) = aws.steady(2, &breaker);
    let before = aws.service()["taskDefinition"].clone();
    aws.probe(&balancer);
    let broken = "public.ecr.aws/shop/orders:broken";
    let unhealthy = serde_json::from_value(json!({"unhealthy": true})).unwrap();
    aws.0.with_world(|world| world.images.known.insert(broken.to_owned(), unhealthy));
    let new = aws.define(&json!({"image": broken}));
    aws.update(&json!({"taskDefinition": new}));
    let rolled_back = || {
        let listed = aws.ecs("ListServiceDeployments", &json!({"cluster": "main", "service": "orders"}));
        listed["serviceDeployments"][0]["status"] == "ROLLBACK_SUCCESSFUL"
    };
    aws.until(3600, "rolled back", rolled_back);
    assert_eq!(aws.service()["taskDefinition"], before);
    assert_eq!(aws.failed().0, 0, "{:#}", aws.failed().1);
}

#[test]
fn a_task_that_crashes_is_missed_until_its_health_check_says_so() {
    let aws = Aws::new();
    let (balancer, group) = aws.steady(2, &json!({}));
    aws.probe(&balancer);
    let task = aws.tasks("RUNNING")[0]["taskArn"].as_str().unwrap().to_owned();
    aws.0.with_world(|world| crate::services::ecs::stop_task_from_outside(world, &task, None, Some(1))).unwrap();
    aws.until(300, "two healthy targets again", || {
        aws.states(&group).iter().filter(|state| *state == "healthy").count() == 2
    });
    // ECS takes a task that has ended off the load balancer at once.
    assert_eq!(aws.failed().0, 0, "{:#}", aws.failed().1);
}

#[test]
fn an_unhealthy_task_is_replaced_before_it_is_stopped() {
    let aws = Aws::new();
    let (_, group) = aws.steady(2, &json!({}));
    let second = "sg-second";
    aws.0.with_world(|world| {
        ec2::add_group(world, second, "vpc-0a1b2c3d", "second", "of a test", &BTreeMap::new());
        // One of the tasks comes behind a group that lets nobody in.
        let target = world.elbv2.groups[&group].targets.values().next().unwrap().id.clone();
        let eni = ec2::interface_at(world, "vpc-0a1b2c3d", target.parse().unwrap()).unwrap();
        ec2::put_into_groups(world, &eni.id, &[second.to_owned()]).unwrap();
    });
    let (mut fewest, mut most) = (9, 0);
    for _ in 0..120 {
        let running = aws.service()["runningCount"].as_u64().unwrap();
        (fewest, most) = (fewest.min(running), most.max(running));
        aws.seconds(1);
    }
    assert_eq!((fewest, most), (2, 3), "the replacement ran beside the one that it replaces");
    assert_eq!(aws.states(&group).iter().filter(|state| *state == "healthy").count(), 2);
}

#[test]
fn a_container_that_gets_unhealthy_is_borne_with_and_replaced_in_the_same_way() {
    // grace period -> when the first task stops at the earliest, in seconds after it started
    for (grace, earliest) in [(0, 60), (200, 200)] {
        let aws = Aws::new();
        let check = json!({"healthCheck": {"command": ["CMD", "false"], "interval": 20, "retries": 3}});
        let (_, _, group) = aws.shop();
        aws.behave(&json!({"unhealthy": true}));
        aws.define(&check);
        let plain = json!({"loadBalancers": [], "healthCheckGracePeriodSeconds": grace});
        aws.ecs("CreateService", &with(&super::ecs_services::service(&group, 1), &plain));
        aws.until(60, "running", || aws.service()["runningCount"] == 1);
        let stopped = aws.until(600, "the first task stops", || !aws.tasks("STOPPED").is_empty());
        assert!(stopped >= earliest, "grace {grace}: stopped after {stopped} s");
        assert_eq!(aws.tasks("STOPPED")[0]["stoppedReason"], "Task failed container health checks");
        assert_eq!(aws.service()["runningCount"], 1, "its replacement runs already");
    }
}
