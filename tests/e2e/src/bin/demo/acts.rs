//! What is shown, in order. Each act ends with a check of what it claims; one that fails ends the demo.

use std::time::Instant;

use anyhow::Result;
use longshore_e2e::{SHOP, Stack, condition, number, project, text};
use serde_json::json;

use crate::screen::Screen;
use crate::stage::Stage;

type Act = fn(&Stage<'_>) -> Result<String>;

const ACTS: [(&str, Act); 6] = [
    ("A service comes up", comes_up),
    ("A new image rolls out", rolls_out),
    ("A bad image is rolled back, and the reason told", rolls_back),
    ("kubectl scale", scales),
    ("A change behind Longshore's back is put right", put_right),
    ("Deleting leaves nothing", deleted),
];

/// Plays all acts and sums up; whether everything came true.
pub(crate) fn play(stack: &Stack, screen: &Screen) -> bool {
    let stage = Stage::new(stack, screen);
    let (began, mut summary, mut failed) = (Instant::now(), Vec::new(), false);
    for (number, (title, act)) in ACTS.iter().enumerate() {
        if failed {
            summary.push(format!("not shown  {title}"));
            continue;
        }
        screen.title(&format!("{}. {title}", number + 1));
        let started = Instant::now();
        match act(&stage) {
            Ok(shown) => summary.push(format!("ok    {:>3} s  {title}: {shown}", started.elapsed().as_secs())),
            Err(error) => {
                failed = true;
                screen.say("This did not come true:");
                screen.quote(&format!("{error:#}"));
                summary.push(format!("FAILED {:>2} s  {title}", started.elapsed().as_secs()));
            }
        }
    }
    screen.title(if failed { "Not everything came true" } else { "Everything came true" });
    screen.quote(&summary.join("\n"));
    screen.say(&format!("It took {} s. Everything that was started ends now.", began.elapsed().as_secs()));
    !failed
}

fn comes_up(stage: &Stage<'_>) -> Result<String> {
    let screen = stage.screen;
    screen.say("A platform team describes the AWS account once, and what each team may name in it:");
    apply(stage, "examples/00-environment.yaml")?;
    screen.say("An application team writes two objects, a cluster and a service of two tasks:");
    screen.quote(&longshore_e2e::example("10-fargate-web.yaml")?);
    apply(stage, "examples/10-fargate-web.yaml")?;
    stage.follow_until_ready()?;
    stage.kubectl("get ecscl,ecssvc -n shop")?;
    screen.say("Its conditions, which `kubectl wait`, Argo CD and Flux read too:");
    stage.conditions()?;
    stage.events()?;
    let (running, tasks) = stage.tasks()?;
    screen.say("What AWS says: two Fargate tasks, each with a network interface and address of its own.");
    screen.quote(&tasks);
    screen.say("And beside them, made for this service alone:");
    for (what, held) in stage.shop.holdings()? {
        screen.quote(&format!("{what:16} {}", held.join(", ")));
    }
    stage.expect(running == 2, &format!("two tasks should run, not {running}"))?;
    Ok("two tasks running, with role, log group and security group of their own".to_owned())
}

fn rolls_out(stage: &Stage<'_>) -> Result<String> {
    let since = stage.stack.simulator().last_call()?;
    stage.screen.say("The image goes from nginx 1.27 to 1.28. New tasks start before old ones stop.");
    set_image(stage, "public.ecr.aws/nginx/nginx:1.28")?;
    let hello = stage.follow_until_ready()?;
    let writes = stage.writes(since)?;
    let (running, tasks) = stage.tasks()?;
    stage.screen.quote(&tasks);
    stage.screen.say(&format!("All that AWS was asked to change for it: {}.", writes.join(", ")));
    stage.expect(running == 2, &format!("two tasks should run, not {running}"))?;
    stage.expect(
        writes == ["RegisterTaskDefinition: 1", "UpdateService: 1"],
        &format!("one new revision and one update were due, not {writes:?}"),
    )?;
    Ok(format!(
        "revision {} runs, with one call each to register and to update",
        text(&hello, "/status/deployment/revision")
    ))
}

fn rolls_back(stage: &Stage<'_>) -> Result<String> {
    let screen = stage.screen;
    let bad = "public.ecr.aws/nginx/nginx:1.29-typo";
    stage.stack.simulator().image(bad, &json!({"missing": true}))?;
    screen.say("Somebody mistypes the tag: no registry has this image. The old tasks go on serving meanwhile.");
    set_image(stage, bad)?;
    let hello = stage.follow("the rollback", |hello| {
        let stalled = condition(hello, "Stalled");
        if stalled.status == "True" && stalled.reason == "RolledBack" {
            Ok(())
        } else {
            Err(format!("Stalled is {stalled}"))
        }
    })?;
    stage.kubectl("get ecssvc -n shop")?;
    let stalled = condition(&hello, "Stalled");
    screen.say("The object says why, in words to act on:");
    screen.quote(&format!("{}: {}", stalled.reason, stalled.message));
    stage.expect(stalled.message.contains(bad), "the message should name the image")?;
    let (running, tasks) = stage.tasks()?;
    screen.say("What runs is the last good revision, and it is not tried again until the object changes:");
    screen.quote(&tasks);
    stage.expect(running == 2, &format!("the two old tasks should run on, not {running}"))?;
    screen.say("The tag is put right:");
    set_image(stage, "public.ecr.aws/nginx/nginx:1.28")?;
    stage.follow_until_ready()?;
    Ok("the object names image, task and ECS's reason; the last good revision never stopped".to_owned())
}

fn scales(stage: &Stage<'_>) -> Result<String> {
    stage.kubectl("scale ecssvc/hello -n shop --replicas=3")?;
    stage.follow_until_ready()?;
    let running = number(&stage.service()?, "/runningCount");
    stage.expect(running == 3, &format!("three tasks should run, not {running}"))?;
    Ok("three tasks, no new revision".to_owned())
}

fn put_right(stage: &Stage<'_>) -> Result<String> {
    let service = stage.service()?;
    stage
        .screen
        .say("Somebody sets the count to 0 in the AWS console. Kubernetes isn't told; Longshore looks by itself.");
    stage.screen.command("aws ecs update-service --desired-count 0 ...", "");
    let asked = json!({"cluster": service["clusterArn"], "service": service["serviceName"], "desiredCount": 0});
    stage.aws().ecs("UpdateService", &asked)?;
    stage.watch_aws("three running tasks", || {
        let now = stage.service()?;
        let (desired, running) = (number(&now, "/desiredCount"), number(&now, "/runningCount"));
        Ok(if (desired, running) == (3, 3) {
            Ok(())
        } else {
            Err(format!("AWS: {running} of {desired} tasks running"))
        })
    })?;
    let (_, tasks) = stage.tasks()?;
    stage.screen.quote(&tasks);
    stage.events()?;
    Ok("three tasks again, by itself".to_owned())
}

fn deleted(stage: &Stage<'_>) -> Result<String> {
    stage
        .screen
        .say("Deleting waits until AWS has let go of everything: tasks, interfaces, group, roles, logs, cluster.");
    stage.kubectl("delete ecssvc/hello ecscl/main -n shop --wait=false")?;
    stage.watch_aws("AWS to hold nothing, and Kubernetes neither", || {
        let mut left: Vec<&str> = stage.shop.holdings()?.into_keys().collect();
        if !stage.stack.plane.run(&["get", "ecssvc,ecscl", "-n", SHOP, "-o", "name"])?.trim().is_empty() {
            left.push("the objects themselves");
        }
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("still there: {}", left.join(", "))) })
    })?;
    stage.kubectl("get longshore -n shop")?;
    Ok("nothing in AWS, no finalizer stuck".to_owned())
}

fn apply(stage: &Stage<'_>, file: &str) -> Result<()> {
    let path = project(file).display().to_string();
    stage.typed(&format!("apply -f {file}"), &["apply", "--filename", &path]).map(drop)
}

fn set_image(stage: &Stage<'_>, image: &str) -> Result<()> {
    let patch =
        format!(r#"[{{"op": "replace", "path": "/spec/task/containerDefinitions/0/image", "value": "{image}"}}]"#);
    stage
        .typed(
            &format!("patch ecssvc/hello -n shop --type=json -p '{patch}'"),
            &["patch", "ecssvc/hello", "--namespace", SHOP, "--type=json", "--patch", &patch],
        )
        .map(drop)
}
