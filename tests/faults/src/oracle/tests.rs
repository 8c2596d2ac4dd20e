//! An oracle that sees nothing would be content with everything.

use serde_json::{Map, Value, json};

use super::{Account, Judge, one_off};
use crate::fault::Meanwhile;
use crate::scenario;
use crate::stage::Stage;
use crate::suite::{Suite, runtime};

/// The only member of a map.
fn only(map: &mut Value) -> &mut Value {
    map.as_object_mut().unwrap().values_mut().next().unwrap()
}

/// The member that Longshore has made.
fn own(map: &mut Value) -> &mut Value {
    let own = |thing: &&mut Value| thing["tags"]["longshore.dev/installation"] == "faults";
    map.as_object_mut().unwrap().values_mut().find(own).unwrap()
}

type Bend = fn(&mut Value);

/// At the end of a scenario all is well; with each of these it is not, and that is told.
fn sees(scenario: &str, cases: &[(&str, Bend)]) {
    let all = scenario::all();
    let chosen = all.iter().find(|one| one.name == scenario).unwrap().clone();
    let suite = Suite::of_those(all, |one| one.name == scenario);
    runtime().block_on(async {
        let stage = Stage::of(suite.end_of(&chosen));
        let judge = Judge::begin(&chosen, Meanwhile::Nothing, &stage);
        let world = stage.simulator.with_world(|world| serde_json::to_value(&*world).unwrap());
        let told = |world: Value| judge.differences_of_all(&Account::new(world), &stage);
        assert_eq!(told(world.clone()), [""; 0]);
        for (expected, bend) in cases {
            let mut bent = world.clone();
            bend(&mut bent);
            let told = told(bent);
            assert!(told.iter().any(|problem| problem.contains(expected)), "{expected}: {told:#?}");
        }
    });
}

#[test]
fn the_oracle_sees_what_is_wrong_with_a_service_and_its_cluster() {
    let cases: [(&str, Bend); 12] = [
        ("retention", |world| own(&mut world["logs"]["groups"])["retention_days"] = json!(7)),
        ("an orphan: log group", |world| own(&mut world["logs"]["groups"])["tags"] = json!({})),
        ("boundary", |world| own(&mut world["iam"]["roles"])["boundary"] = json!(null)),
        ("cannot be assumed", |world| own(&mut world["iam"]["roles"])["trust"] = json!("{}")),
        ("may not write logs", |world| own(&mut world["iam"]["roles"])["inline"] = json!({})),
        ("rules of its security group", |world| own(&mut world["ec2"]["groups"])["rules"] = json!({})),
        ("desired count", |world| only(&mut world["ecs"]["services"])["desired"] = json!(9)),
        ("running tasks", |world| only(&mut world["ecs"]["tasks"])["phase"] = json!("STOPPED")),
        ("0 of kind service", |world| only(&mut world["ecs"]["services"])["status"] = json!("INACTIVE")),
        ("capacity providers", |world| only(&mut world["ecs"]["clusters"])["capacity_providers"] = json!([])),
        ("image", |world| {
            let revision = only(&mut only(&mut world["ecs"]["families"])["revisions"]);
            revision["body"]["containerDefinitions"][0]["image"] = json!("another");
        }),
        ("a duplicate", |world| {
            let revisions = &mut only(&mut world["ecs"]["families"])["revisions"];
            let mut second = only(revisions).clone();
            second["arn"] = json!("arn:aws:ecs:eu-west-1:123456789012:task-definition/second:2");
            revisions["2"] = second;
        }),
    ];
    sees("create", &cases);
}

#[test]
fn the_oracle_sees_what_is_wrong_with_a_service_that_is_scaled() {
    let cases: [(&str, Bend); 5] = [
        ("0 of kind scalable target", |world| world["autoscaling"]["targets"] = json!({})),
        ("most tasks", |world| own(&mut world["autoscaling"]["targets"])["maximum"] = json!(99)),
        ("which is not between", |world| only(&mut world["ecs"]["services"])["desired"] = json!(1)),
        ("scaling policies: 1 instead of 2", |world| {
            own(&mut world["autoscaling"]["targets"])["policies"].as_object_mut().unwrap().remove("cpu");
        }),
        ("none of its target groups", |world| {
            let target = own(&mut world["autoscaling"]["targets"]);
            let metric = &mut target["policies"]["requests"]["configuration"]["PredefinedMetricSpecification"];
            metric["ResourceLabel"] = json!("app/public/1/targetgroup/another/2");
        }),
    ];
    sees("autoscale", &cases);
}

#[test]
fn the_oracle_sees_what_is_wrong_with_a_load_balancer_and_who_is_behind_it() {
    let cases: [(&str, Bend); 11] = [
        ("ApplicationLoadBalancer/shop/public: rules of its", |world| {
            open(world, "ApplicationLoadBalancer/shop/public");
        }),
        ("EcsService/shop/orders: rules of its", |world| open(world, "EcsService/shop/orders")),
        ("an orphan: listener rule", |world| own(&mut world["elbv2"]["rules"])["tags"] = json!({})),
        ("listener rules", |world| own(&mut world["elbv2"]["rules"])["conditions"] = json!([])),
        ("listener rules", |world| {
            own(&mut world["elbv2"]["rules"])["actions"][0]["effect"]["Forward"]["groups"] = json!([["another", 1]]);
        }),
        ("listeners", |world| own(&mut world["elbv2"]["listeners"])["port"] = json!(8080)),
        ("internal", |world| own(&mut world["elbv2"]["balancers"])["internal"] = json!(true)),
        ("security groups", |world| own(&mut world["elbv2"]["balancers"])["security_groups"] = json!([])),
        ("0 targets on 80 of 2", |world| {
            for target in own(&mut world["elbv2"]["groups"])["targets"].as_object_mut().unwrap().values_mut() {
                target["state"] = json!({"Unhealthy": "Timeout"});
            }
        }),
        ("there is no target group", |world| own(&mut world["elbv2"]["groups"])["version"] = json!("GRPC")),
        ("attached target groups", |world| {
            only(&mut world["ecs"]["services"])["revision"]["attached"]["loadBalancers"] = json!([]);
        }),
    ];
    sees("balanced", &cases);
}

#[test]
fn the_oracle_sees_what_is_wrong_with_services_that_find_each_other() {
    fn attached(world: &mut Value) -> &mut Value {
        let services = world["ecs"]["services"].as_object_mut().unwrap().values_mut();
        let mut attached = services.map(|service| &mut service["revision"]["attached"]["serviceConnectConfiguration"]);
        attached.find(|connect| connect["services"].is_array()).unwrap()
    }
    let cases: [(&str, Bend); 5] = [
        ("Service Connect: false", |world| attached(world)["enabled"] = json!(false)),
        ("names that clients use", |world| attached(world)["services"][0]["clientAliases"][0]["port"] = json!(81)),
        ("tasks that answer to catalog", |world| {
            for service in world["servicediscovery"]["services"].as_object_mut().unwrap().values_mut() {
                service["instances"] = json!({});
            }
        }),
        ("EcsService/shop/catalog: rules of its", |world| open(world, "EcsService/shop/catalog")),
        ("EcsService/shop/catalog: rules of its", |world| close(world, "EcsService/shop/catalog")),
    ];
    sees("connected", &cases);
}

#[test]
fn the_oracle_sees_what_is_wrong_with_names_in_cloud_map() {
    fn registry(world: &mut Value) -> &mut Value {
        let mut services = world["servicediscovery"]["services"].as_object_mut().unwrap().values_mut();
        services.find(|service| service["name"] == "inventory").unwrap()
    }
    let cases: [(&str, Bend); 6] = [
        ("nothing is found under \"inventory\"", |world| registry(world)["name"] = json!("another")),
        ("the namespace of the name", |world| registry(world)["namespace"] = json!("ns-ops00000000000")),
        ("records of the name", |world| registry(world)["records"][0]["ttl"] = json!(5)),
        ("tasks that are found by name", |world| registry(world)["instances"] = json!({})),
        ("where tasks are registered", |world| {
            only(&mut world["ecs"]["services"])["revision"]["attached"]["serviceRegistries"] = json!([]);
        }),
        ("an orphan: registry", |world| registry(world)["tags"] = json!({})),
    ];
    sees("registered", &cases);
}

#[test]
fn the_oracle_sees_what_is_wrong_with_names() {
    fn record<'a>(world: &'a mut Value, kind: &str) -> &'a mut Value {
        let records = world["route53"]["zones"]["Z0EXAMPLECOM"]["records"].as_object_mut().unwrap();
        records.values_mut().find(|record| record["set"]["Type"] == kind).unwrap()
    }
    let cases: [(&str, Bend); 3] = [
        ("what shop.example.com leads to", |world| {
            record(world, "A")["set"]["AliasTarget"]["DNSName"] = json!("another.");
        }),
        ("an orphan: record", |world| record(world, "TXT")["set"]["ResourceRecords"] = json!([])),
        ("a record of nobody's", |world| {
            let mut second = record(world, "A").clone();
            second["set"]["Name"] = json!("another.example.com.");
            world["route53"]["zones"]["Z0EXAMPLECOM"]["records"]["another"] = second;
        }),
    ];
    sees("named", &cases);
}

#[test]
fn the_oracle_sees_what_is_wrong_with_what_an_environment_has_opened() {
    fn database(world: &mut Value) -> &mut Value {
        &mut world["ec2"]["groups"]["sg-0database"]["rules"]
    }
    let cases: [(&str, Bend); 4] = [
        ("sg-0database has no rule", |world| {
            for rule in database(world).as_object_mut().unwrap().values_mut() {
                rule["to_port"] = json!(65_535);
            }
        }),
        ("number of things of kind rule: 0", |world| *database(world) = json!({})),
        ("number of things of kind security group: 2", |world| {
            let mut second = opened(world).clone();
            second["id"] = json!("sg-0second");
            world["ec2"]["groups"]["sg-0second"] = second;
        }),
        ("security groups", |world| opened(world)["tags"]["longshore.dev/object"] = json!("AwsEnvironment/another")),
    ];
    sees("access", &cases);
}

#[test]
fn the_oracle_sees_what_runs_on_and_what_was_run_a_second_time() {
    let runs_on: Bend = |world| {
        let tasks = world["ecs"]["tasks"].as_object_mut().unwrap().values_mut();
        let of_object = |task: &&mut Value| task["tags"]["longshore.dev/object"] == "EcsTask/shop/migrate-142";
        let mut tasks: Vec<&mut Value> = tasks.filter(of_object).collect();
        tasks[0]["phase"] = json!("RUNNING");
    };
    sees("task", &[("a task of EcsTask/shop/migrate-142 runs on", runs_on)]);
    let run = |attempt: &str, token: &str, minutes: i64| (attempt.to_owned(), token.to_owned(), minutes * 60_000);
    let cases = [
        (vec![run("1", "a", 0), run("1", "a", 59), run("2", "b", 60)], 0),
        (vec![run("1", "a", 0), run("1", "a", 60)], 1),
        (vec![run("1", "a", 0), run("1", "b", 1)], 1),
    ];
    for (calls, expected) in cases {
        assert_eq!(one_off::judge(calls.clone().into_iter()).len(), expected, "{calls:?}");
    }
}

#[test]
fn the_oracle_sees_whom_mount_targets_let_in() {
    let cases: [(&str, Bend); 4] = [
        ("instances that the mount targets of shared let in", |w| let_nobody_in(w, "EcsCluster/")),
        ("instances that the mount targets of shared let in", |w| let_others_in(w, "EcsCluster/")),
        ("rules of its security group", |w| let_nobody_in(w, "EfsFileSystem/")),
        ("rules of its security group", |w| let_others_in(w, "EfsFileSystem/")),
    ];
    sees("mounted-by-instances", &cases);
}

/// The rules of mount targets' groups.
fn rules_of_mount_targets(world: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let groups = world["ec2"]["groups"].as_object_mut().unwrap().values_mut();
    let is_it = |group: &&mut Value| {
        let tag = |name: &str| group["tags"][format!("longshore.dev/{name}")].as_str().unwrap_or_default();
        tag("object").starts_with("EfsFileSystem/") && tag("resource").contains(":security-group@")
    };
    groups.filter(is_it).filter_map(|group| group["rules"].as_object_mut())
}

fn is_of(rule: &Value, kind: &str) -> bool {
    rule["tags"]["longshore.dev/object"].as_str().unwrap_or_default().starts_with(kind)
}

/// Whom objects of a kind have let in there is let in no more.
fn let_nobody_in(world: &mut Value, kind: &str) {
    rules_of_mount_targets(world).for_each(|rules| rules.retain(|_, rule| !is_of(rule, kind)));
}

/// Somebody else is.
fn let_others_in(world: &mut Value, kind: &str) {
    for rule in rules_of_mount_targets(world).flat_map(|rules| rules.values_mut()).filter(|rule| is_of(rule, kind)) {
        rule["peer"] = json!({"Group": "sg-0other"});
    }
}

/// The group of clients.
fn opened(world: &mut Value) -> &mut Value {
    let mut groups = world["ec2"]["groups"].as_object_mut().unwrap().values_mut();
    groups.find(|group| group["tags"]["longshore.dev/object"] == super::access::OWNER).unwrap()
}

/// Everybody is let in.
fn open(world: &mut Value, object: &str) {
    for rule in rules_of(world, object).values_mut().filter(|rule| rule["egress"] == false) {
        rule["peer"] = json!({"Ipv4": "0.0.0.0/0"});
        rule["to_port"] = json!(65_535);
    }
}

/// Nobody is.
fn close(world: &mut Value, object: &str) {
    rules_of(world, object).retain(|_, rule| rule["egress"] == true);
}

/// The rules of an object's own group.
fn rules_of<'a>(world: &'a mut Value, object: &str) -> &'a mut Map<String, Value> {
    let groups = world["ec2"]["groups"].as_object_mut().unwrap();
    let group = groups.values_mut().find(|group| group["tags"]["longshore.dev/object"] == object).unwrap();
    group["rules"].as_object_mut().unwrap()
}
