//! What this version makes and sees, written down for later versions: `planner/tests/upgrade` shows that they find
//! nothing to do about it. A version's files are its own: they change with it until it is released, and never after.

use std::path::{Path, PathBuf};

use longshore_simulator::images::Behaviour;
use serde_json::{Value, json};

use crate::account::Account;
use crate::examples::{self, image};
use crate::object::thing;
use crate::stack::Stack;

/// Set to write the files anew: `make generate` does.
const UPDATE: &str = "LONGSHORE_RECORD_WORLDS";

fn file(case: &str) -> PathBuf {
    let folder = format!("../planner/tests/upgrade/worlds/{}", env!("CARGO_PKG_VERSION"));
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(format!("{case}.json"))
}

/// Everything that a plan for the service is made from, and that outlives the process that saw it.
async fn recorded(account: &Account, stack: &mut Stack, patch: &Value) -> Value {
    let cluster = stack.cluster.converge(account).await;
    let (world, plan) = stack.service().planned(account).await;
    assert!(plan.converged(), "only what is settled is recorded: {plan:#?}");
    let outputs = &thing(&cluster, "cluster").outputs;
    json!({
        "spec": examples::service(patch),
        "cluster": {"arn": outputs["arn"], "name": outputs["name"]},
        "memory": stack.service().memory.write(None),
        "inventory": stack.service().inventory,
        "world": world,
    })
}

fn holds(case: &str, found: &Value) {
    let (file, text) = (file(case), format!("{found:#}\n"));
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &text).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == text, "{} is not what this version makes: run `make generate`", file.display());
}

#[tokio::test(start_paused = true)]
async fn what_this_version_makes_is_written_down() {
    let cases = [
        ("plain", json!({})),
        (
            "with-roles-tags-and-secrets",
            json!({
                "tags": [{"key": "Owner", "value": "anna"}],
                "taskRole": {"policy": {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::in/*"}]}},
                "networkConfiguration": {"awsvpcConfiguration": {"securityGroups": ["sg-0database"]}},
                "task": {"containerDefinitions": [{
                    "name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [{"containerPort": 80}],
                    "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": ""}],
                    "secrets": [{"name": "S", "valueFrom":
                        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf"}],
                    "healthCheck": {"command": ["CMD", "true"]},
                }]},
            }),
        ),
    ];
    for (case, patch) in cases {
        let account = Account::new().await;
        let mut stack = Stack::converged_with(&account, &patch).await;
        holds(case, &recorded(&account, &mut stack, &patch).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_rolled_back_is_written_down() {
    let account = Account::new().await;
    let missing = Behaviour { missing: true, ..Behaviour::default() };
    account.simulator.with_world(|world| world.images.known.insert("public.ecr.aws/nginx/nginx:typo".into(), missing));
    let mut stack = Stack::converged(&account).await;
    stack.change(&image("typo"));
    stack.converge(&account).await;
    let found = recorded(&account, &mut stack, &image("typo")).await;
    assert!(found["memory"]["rejected"].is_object(), "it was rolled back: {:#}", found["memory"]);
    holds("rolled-back", &found);
}
