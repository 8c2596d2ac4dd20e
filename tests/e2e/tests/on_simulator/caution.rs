//! What is right by the spec and yet not done now, and what is said of it.

use anyhow::Result;
use longshore_e2e::{Namespace, Stack, condition, hello, names_all, number, text};
use serde_json::{Value, json};

use crate::stack;

const PAUSED_UNTIL: &str = "ecs.longshore.dev/paused-until";

/// `kubectl annotate`: a value, or a dash to take the annotation away.
fn annotate(ns: &Namespace<'_>, object: &str, annotation: &str) -> Result<()> {
    ns.kubectl(&["annotate", object, "--overwrite", annotation]).map(drop)
}

/// A time a few hours ahead, as GNU date writes it.
pub(crate) fn later() -> Result<String> {
    let output =
        std::process::Command::new("date").args(["--utc", "--date=+3 hours", "+%Y-%m-%dT%H:%M:%SZ"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[test]
fn a_paused_object_says_what_waits_and_goes_on_when_the_pause_ends() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "paused")?;
    let until = later()?;
    annotate(&ns, "ecssvc/hello", &format!("{PAUSED_UNTIL}={until}"))?;
    ns.patch("ecssvc/hello", &json!({"spec": {"desiredCount": 3}}))?;

    ns.wait_until("ecssvc/hello", "it to say what waits", |now| {
        let ready = condition(now, "Ready");
        let pending = now["status"]["pending"].to_string();
        if ready.status != "Unknown" || ready.reason != "Paused" {
            return Err(format!("Ready is {ready}"));
        }
        names_all(&ready.message, &[&until, "kubectl annotate", "1 change waits"])?;
        names_all(&pending, &["update", "desiredCount"])
    })?;
    let service = stack.aws.service_of(&ns.name, "hello")?.unwrap();
    assert_eq!(number(&service, "/desiredCount"), 2, "nothing was changed");

    annotate(&ns, "ecssvc/hello", &format!("{PAUSED_UNTIL}-"))?;
    ns.wait_settled("ecssvc/hello")?;
    let service = stack.aws.service_of(&ns.name, "hello")?.unwrap();
    assert_eq!(number(&service, "/desiredCount"), 3);
    Ok(())
}

#[test]
fn a_pause_that_cannot_be_read_changes_nothing_and_shows_a_right_one() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "paused-wrongly")?;
    annotate(&ns, "ecssvc/hello", &format!("{PAUSED_UNTIL}=tomorrow"))?;
    ns.patch("ecssvc/hello", &json!({"spec": {"desiredCount": 3}}))?;

    ns.wait_until("ecssvc/hello", "the refusal", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.status != "True" || stalled.reason != "InvalidAnnotation" {
            return Err(format!("Stalled is {stalled}"));
        }
        names_all(&stalled.message, &[PAUSED_UNTIL, "tomorrow", "T06:00:00Z"])
    })?;
    let service = stack.aws.service_of(&ns.name, "hello")?.unwrap();
    assert_eq!(number(&service, "/desiredCount"), 2, "nothing was changed");

    annotate(&ns, "ecssvc/hello", &format!("{PAUSED_UNTIL}-"))?;
    ns.wait_settled("ecssvc/hello").map(drop)
}

#[test]
fn a_tag_that_another_program_keeps_writing_is_contended_by_name() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "contended")?;
    ns.patch("ecssvc/hello", &json!({"spec": {"tags": [{"key": "team", "value": "shop"}]}}))?;
    ns.wait_settled("ecssvc/hello")?;
    let arn = stack.aws.service_of(&ns.name, "hello")?.unwrap()["serviceArn"].clone();
    let meddle = || {
        let tags = json!([{"key": "team", "value": "platform"}]);
        stack.aws.ecs("TagResource", &json!({"resourceArn": arn, "tags": tags})).map(drop)
    };

    for time in 1..=3 {
        meddle()?;
        ns.wait_for(&format!("the tag to be put right, time {time}"), || {
            let team = team(stack, &ns)?;
            Ok(if team == "shop" { Ok(()) } else { Err(format!("team is {team}")) })
        })?;
        // The next one undoes what Longshore has seen to be right.
        ns.wait_until("ecssvc/hello", "the correction to have been seen", |now| {
            let corrections = &now["status"]["memory"]["corrections"];
            let times = corrections[0]["times"].as_array().map_or(0, Vec::len);
            if times == time && corrections[0]["seen"] == true { Ok(()) } else { Err(corrections.to_string()) }
        })?;
    }
    meddle()?;

    ns.wait_until("ecssvc/hello", "Stalled, with both values", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.status != "True" || stalled.reason != "Contended" {
            return Err(format!("Stalled is {stalled}"));
        }
        names_all(&stalled.message, &["ecs/service", "tags.team", "\"shop\"", "\"platform\"", "TagResource"])
    })?;
    assert_eq!(team(stack, &ns)?, "platform", "it is left alone");

    // An edit tries again.
    ns.patch("ecssvc/hello", &json!({"spec": {"desiredCount": 3}}))?;
    ns.wait_settled("ecssvc/hello")?;
    assert_eq!(team(stack, &ns)?, "shop");
    Ok(())
}

/// An AwsEnvironment like the one that all tests share, so that what happens to it happens to no other test, and a
/// namespace whose objects live in it.
fn environment_of_its_own<'a>(stack: &'a Stack, name: &str, rollouts: &Value) -> Result<Namespace<'a>> {
    let shared = stack.plane.run(&["get", "awsenvironment", "default", "--output", "json"])?;
    let mut spec = serde_json::from_str::<Value>(&shared)?["spec"].take();
    spec["rollouts"] = rollouts.clone();
    let kind = "AwsEnvironment";
    let environment =
        json!({"apiVersion": "ecs.longshore.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    stack.apply(&environment.to_string())?;
    let ns = Namespace::create(stack, name)?;
    ns.kubectl(&["label", "namespace", name, &format!("ecs.longshore.dev/environment={name}")])?;
    Ok(ns)
}

#[test]
fn a_paused_environment_holds_changes_and_deletions_of_all_that_lives_in_it() -> Result<()> {
    let stack = stack();
    let ns = environment_of_its_own(stack, "night", &json!({}))?;
    ns.apply(&hello(&ns.name)?)?;
    ns.wait_settled("ecssvc/hello")?;
    let until = later()?;
    ns.kubectl(&["annotate", "awsenvironment", "night", &format!("{PAUSED_UNTIL}={until}")])?;
    let paused = |now: &Value| {
        let ready = condition(now, "Ready");
        if ready.reason != "Paused" {
            return Err(format!("Ready is {ready}"));
        }
        names_all(&ready.message, &[&until, "kubectl annotate awsenvironment night"])
    };
    for object in ["awsenvironment/night", "ecscluster/main", "ecssvc/hello"] {
        ns.wait_until(object, "it to say that it is paused", paused)?;
    }

    ns.kubectl(&["delete", "ecssvc/hello", "--wait=false"])?;
    ns.wait_until("ecssvc/hello", "the deletion to wait", |now| {
        let ready = condition(now, "Ready");
        names_all(&ready.message, &["is being deleted, and waits: paused until", &until])
    })?;
    let service = stack.aws.service_of(&ns.name, "hello")?.unwrap_or_default();
    assert_eq!((text(&service, "/status"), number(&service, "/desiredCount")), ("ACTIVE".to_owned(), 2));

    ns.kubectl(&["annotate", "awsenvironment", "night", &format!("{PAUSED_UNTIL}-")])?;
    ns.wait_for("the service to be gone", || {
        let left = ns.kubectl(&["get", "ecssvc", "--output", "name"])?;
        Ok(if left.trim().is_empty() { Ok(()) } else { Err(left) })
    })?;
    ns.wait_settled("ecscluster/main").map(drop)
}

#[test]
fn more_deletions_than_the_budget_wait_until_they_are_allowed() -> Result<()> {
    const OBJECTS: usize = 12;
    let stack = stack();
    let ns = environment_of_its_own(stack, "budget", &json!({}))?;
    let cluster = |n| {
        let metadata = json!({"name": format!("c{n:02}"), "namespace": ns.name});
        json!({"apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsCluster", "metadata": metadata, "spec": {}})
    };
    let all: Vec<Value> = (0..OBJECTS).map(cluster).collect();
    ns.apply(&json!({"apiVersion": "v1", "kind": "List", "items": all}).to_string())?;
    ns.kubectl(&["wait", "--for=condition=Ready", "ecscluster", "--all", "--timeout=180s"])?;

    ns.kubectl(&["delete", "ecscluster", "--all", "--wait=false"])?;
    let left = ns.wait_for("all but the budget to be gone", || {
        let list: Value = serde_json::from_str(&ns.kubectl(&["get", "ecscluster", "--output", "json"])?)?;
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let waits = items.iter().all(|item| condition(item, "Stalled").reason == "DeletionBudget");
        Ok(if items.len() == OBJECTS - 10 && waits { Ok(items) } else { Err(format!("{} are left", items.len())) })
    })?;
    let message = condition(&left[0], "Stalled").message;
    let environment = "awsenvironment budget";
    names_all(&message, &["10 of 12 objects", "kubectl annotate", environment, "allow-deletions-until="])
        .map_err(anyhow::Error::msg)?;

    let allowed = format!("ecs.longshore.dev/allow-deletions-until={}", later()?);
    ns.kubectl(&["annotate", "awsenvironment", "budget", &allowed])?;
    ns.wait_for("the others to be gone", || {
        let left = ns.kubectl(&["get", "ecscluster", "--output", "name"])?;
        Ok(if left.trim().is_empty() { Ok(()) } else { Err(left) })
    })
}

#[test]
fn other_subnets_of_the_environment_reach_its_services_one_after_the_other() -> Result<()> {
    let stack = stack();
    let ns = environment_of_its_own(stack, "waves", &json!({"maxConcurrent": 1}))?;
    let names = ["hello", "second", "third"];
    for name in names {
        ns.apply(&hello(&ns.name)?.replace("{name: hello, namespace", &format!("{{name: {name}, namespace")))?;
    }
    for name in names {
        ns.wait_settled(&format!("ecssvc/{name}"))?;
    }

    let environment: Value =
        serde_json::from_str(&ns.kubectl(&["get", "awsenvironment", "waves", "--output", "json"])?)?;
    let fewer = json!([environment["spec"]["network"]["privateSubnets"]["ids"][0]]);
    let patch = json!({"spec": {"network": {"privateSubnets": {"ids": fewer}}}});
    ns.kubectl(&["patch", "awsenvironment", "waves", "--type", "merge", "--patch", &patch.to_string()])?;

    let of = |name| stack.aws.service_of(&ns.name, name).map(Option::unwrap_or_default);
    let arns = names.iter().map(|name| Ok(of(name)?["serviceArn"].clone())).collect::<Result<Vec<_>>>()?;
    // All in one answer, so that they are seen at the same moment.
    let asked = json!({"cluster": of("hello")?["clusterArn"], "services": arns});
    let mut waited = false;
    ns.wait_for("all three to be in the one subnet that is left", || {
        let answer = stack.aws.ecs("DescribeServices", &asked)?;
        let services = answer["services"].as_array().cloned().unwrap_or_default();
        let deploys = |service: &&Value| service["deployments"].to_string().contains("IN_PROGRESS");
        let deploying = services.iter().filter(deploys).count();
        anyhow::ensure!(deploying <= 1, "{deploying} deploy at once: {answer}");
        let there = |service: &&Value| service["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == fewer;
        let there = services.iter().filter(there).count();
        for name in names {
            let ready = condition(&ns.get(&format!("ecssvc/{name}"))?, "Ready");
            waited |= ready.reason == "WaitingForWave" && ready.message.contains("place");
        }
        Ok(if there == names.len() { Ok(()) } else { Err(format!("{there} are")) })
    })?;
    assert!(waited, "the others said that they waited");
    for name in names {
        ns.wait_settled(&format!("ecssvc/{name}"))?;
    }
    Ok(())
}

/// The service's tag `team`, as AWS has it.
fn team(stack: &Stack, ns: &Namespace<'_>) -> Result<String> {
    let service = stack.aws.service_of(&ns.name, "hello")?.unwrap_or_default();
    let tags = service["tags"].as_array().cloned().unwrap_or_default();
    let team = tags.iter().find(|tag| tag["key"] == "team");
    Ok(team.map(|tag| text(tag, "/value")).unwrap_or_default())
}
