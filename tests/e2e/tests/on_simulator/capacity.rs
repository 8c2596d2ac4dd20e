//! Examples 30: services on the instances that their cluster has of its own, and on those that ECS manages.

use anyhow::{Context, Result, ensure};
use longshore_e2e::{Namespace, condition, example, text};
use serde_json::{Value, json};

use crate::stack;

const SERVICES: [&str; 4] = ["api", "billing", "search", "mail"];

/// Instances of the cluster whose agents are registered.
fn registered(world: &Value) -> usize {
    let instances = world["ecs"]["instances"].as_object().into_iter().flatten();
    instances.filter(|(_, it)| it["inactive"] == false && text(it, "/cluster").starts_with("apps-ec2-")).count()
}

/// What carries the tags of an object of a namespace, by what it is.
fn left(world: &Value, namespace: &str) -> Vec<String> {
    let namespace = format!("/{namespace}/");
    let places = [
        ("role", &world["iam"]["roles"]),
        ("instance profile", &world["iam"]["instance_profiles"]),
        ("launch template", &world["ec2"]["templates"]),
        ("security group", &world["ec2"]["groups"]),
        ("Auto Scaling group", &world["ec2_auto_scaling"]["groups"]),
        ("capacity provider", &world["ecs"]["providers"]),
        ("cluster", &world["ecs"]["clusters"]),
        ("service", &world["ecs"]["services"]),
        ("load balancer", &world["elbv2"]["balancers"]),
        ("target group", &world["elbv2"]["groups"]),
    ];
    let mut found = vec![];
    for (kind, things) in places {
        let gone = |it: &&Value| it["inactive"] == true || it["active"] == false || it["status"] == "INACTIVE";
        let of = |it: &&Value| {
            let tag = &it["tags"]["longshore.dev/object"];
            tag.as_str().or(tag[0].as_str()).is_some_and(|object| object.contains(&namespace))
        };
        let there = things.as_object().into_iter().flat_map(|things| things.values());
        found.extend(there.filter(|it| !gone(it)).filter(of).map(|_| kind.to_owned()));
    }
    found
}

#[test]
fn example_30_unchanged_runs_four_services_each_under_its_own_role_and_leaves_nothing() -> Result<()> {
    let stack = stack();
    let apps = Namespace::of(stack, "apps");
    // Example 00 stands already: other tests add to the environment, which applying it again would take away.
    apps.apply(&example("30-ec2-four-services.yaml")?)?;
    apps.apply(&example("30-ec2-search-and-mail.yaml")?)?;
    for object in ["ecscl/ec2", "alb/internal", "ecssvc/api", "ecssvc/billing", "ecssvc/search", "ecssvc/mail"] {
        apps.wait_ready(object)?;
    }

    apps.wait_for("a task to answer behind the load balancer", || {
        let host = text(&apps.get("alb/internal")?, "/status/dnsName");
        let question = json!({"url": format!("http://{host}/api/1"), "sourceIp": "10.0.0.1"});
        let outcome = stack.simulator().request(&question)?;
        Ok(if outcome["status"] == 200 { Ok(()) } else { Err(outcome.to_string()) })
    })?;

    for service in SERVICES {
        let roles = stack.aws.roles_of(&format!("EcsService/apps/{service}"))?;
        let tasks: Vec<&String> = roles.iter().filter(|role| role.ends_with("-task")).collect();
        ensure!(tasks.len() == 1 && tasks[0].starts_with(&format!("apps-{service}-")), "{service}: {roles:?}");
    }
    // All tasks together take less than one instance; three are the fewest, and a tenth of them is to be free.
    let instances = registered(&stack.simulator().world()?);
    ensure!((3..=4).contains(&instances), "{instances} instances");
    let status = apps.get("ecscl/ec2")?["status"]["ec2Capacity"][0].clone();
    ensure!(text(&status, "/imageId") == "ami-0ecsarm" && status["inService"].as_u64() >= Some(3), "{status:#}");

    apps.kubectl(&["delete", "ecssvc,alb,ecscl", "--all", "--wait=false"])?;
    leaves_nothing(&apps)
}

fn leaves_nothing(ns: &Namespace<'_>) -> Result<()> {
    ns.wait_for("nothing to be left", || {
        let left = left(&stack().simulator().world()?, &ns.name);
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
    })
}

/// Live instances of the capacity providers of a namespace's cluster: whether they run tasks, by the type that ECS chose.
fn managed(world: &Value, namespace: &str) -> Vec<(String, bool)> {
    let instances = world["ecs"]["instances"].as_object().into_iter().flatten();
    let of = instances.filter(|(_, it)| it["inactive"] == false && text(it, "/cluster").starts_with(namespace));
    let tasks = world["ecs"]["tasks"].as_object();
    let runs = |id: &str| {
        let mut tasks = tasks.into_iter().flatten();
        tasks.any(|(_, task)| task["phase"] == "RUNNING" && task["host"]["instance"] == id)
    };
    of.map(|(id, it)| (text(it, "/instance_type"), runs(id))).collect()
}

#[test]
fn managed_instances_are_launched_for_tasks_move_with_another_provider_and_leave_nothing() -> Result<()> {
    let ns = Namespace::create(stack(), "managed-instances")?;
    let objects = example("30-managed-instances.yaml")?.replace("namespace: apps", &format!("namespace: {}", ns.name));
    ns.apply(&objects)?;
    for object in ["ecscl/managed", "ecssvc/thumbnails"] {
        ns.wait_ready(object)?;
    }
    let instances = managed(&stack().simulator().world()?, &ns.name);
    ensure!(!instances.is_empty() && instances.iter().all(|(_, runs)| *runs), "{instances:?}");
    let provider = |ns: &Namespace<'_>| {
        let status = ns.get("ecscl/managed")?["status"]["ec2Capacity"][0].clone();
        status["capacityProvider"].as_str().map(str::to_owned).with_context(|| format!("{status:#}"))
    };
    let before = provider(&ns)?;
    ensure!(stack().simulator().world()?["ecs"]["providers"][before.as_str()]["inactive"] == false, "{before}");

    // What ECS cannot change: another provider comes. A service that names the entry moves to it.
    let strategy = json!([{"capacityProvider": "general", "weight": 1}]);
    ns.patch("ecssvc/thumbnails", &json!({"spec": {"capacityProviderStrategy": strategy}}))?;
    ns.wait_settled("ecssvc/thumbnails")?;
    let spot = json!([{"name": "general", "managedInstances": {"capacityOptionType": "SPOT"}}]);
    ns.patch("ecscl/managed", &json!({"spec": {"ec2Capacity": spot}}))?;
    ns.wait_for("the provider before to be gone", || {
        let providers = stack().simulator().world()?["ecs"]["providers"].clone();
        let there = providers[before.as_str()]["inactive"] == false;
        Ok(if there { Err(format!("{before} is there")) } else { Ok(()) })
    })?;
    for object in ["ecscl/managed", "ecssvc/thumbnails"] {
        ns.wait_settled(object)?;
    }
    ensure!(provider(&ns)? != before, "another provider has the entry's name");
    let service = stack().aws.service_of(&ns.name, "thumbnails")?.context("the service")?;
    ensure!(service["runningCount"] == 2 && service["deployments"].as_array().map(Vec::len) == Some(1), "{service:#}");

    ns.kubectl(&["delete", "ecssvc,ecscl", "--all", "--wait=false"])?;
    leaves_nothing(&ns)
}

#[test]
fn what_a_cluster_asks_of_an_unknown_parameter_is_told_by_its_field() -> Result<()> {
    let ns = Namespace::create(stack(), "capacity-refused")?;
    let cluster = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsCluster",
        "metadata": {"name": "ec2", "namespace": ns.name},
        "spec": {"ec2Capacity": [{
            "name": "general", "instanceType": "m7g.large", "maxSize": 1, "amiParameter": "/aws/service/nothing",
        }]},
    });
    ns.apply(&cluster.to_string())?;
    ns.wait_until("ecscl/ec2", "the parameter to be told", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.reason == "NoImage" && stalled.message.starts_with("spec.ec2Capacity[general].amiParameter: ") {
            Ok(())
        } else {
            Err(stalled.to_string())
        }
    })
}
