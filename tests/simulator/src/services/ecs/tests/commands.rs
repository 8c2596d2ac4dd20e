//! Commands in containers.

use super::*;

const NO_ROLE: &str =
    "a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.";
const CHANNELS: &str = "ssmmessages:*";

/// A task definition with a task role that allows these actions.
fn with_role(aws: &Aws, actions: &[&str]) -> String {
    let role = aws.role("app", actions);
    aws.seconds(10);
    aws.register(&json!({"taskRoleArn": role}))
}

fn execute(aws: &Aws) -> Result<Value, (String, String)> {
    let task = aws.tasks("RUNNING").first().map_or(json!("none"), |task| task["taskArn"].clone());
    aws.call("ExecuteCommand", &json!({"cluster": "main", "task": task, "command": "sh", "interactive": true}))
}

#[test]
fn a_service_or_task_without_a_task_role_is_refused() {
    let aws = Aws::new();
    let mut input = service(1);
    input["enableExecuteCommand"] = json!(true);
    let (code, message) = aws.call("CreateService", &input).unwrap_err();
    assert_eq!(
        (code.as_str(), message),
        ("InvalidParameterException", format!("The service couldn't be created because {NO_ROLE}"))
    );
    aws.create(1, &json!({}));
    let update = json!({"cluster": "main", "service": "hello", "enableExecuteCommand": true});
    let (code, message) = aws.call("UpdateService", &update).unwrap_err();
    assert_eq!(
        (code.as_str(), message),
        ("InvalidParameterException", format!("The service couldn't be updated because {NO_ROLE}"))
    );
    let mut run = json!({"cluster": "main", "taskDefinition": "hello", "launchType": "FARGATE",
        "networkConfiguration": service(1)["networkConfiguration"], "enableExecuteCommand": true});
    let (code, message) = aws.call("RunTask", &run).unwrap_err();
    assert_eq!(code, "InvalidParameterException");
    assert!(message.ends_with("in your task definition or as a task override and try again."), "{message}");
    let role = aws.role("app", &[CHANNELS]);
    aws.seconds(10);
    run["overrides"] = json!({"taskRoleArn": role});
    assert!(aws.call("RunTask", &run).is_ok());
}

#[test]
fn a_command_runs_where_the_agent_runs_and_may_talk_to_systems_manager() {
    let cases = [
        (json!({"enableExecuteCommand": true}), &[CHANNELS][..], None),
        (json!({"enableExecuteCommand": true}), &["ssmmessages:Create*"][..], Some("TargetNotConnectedException")),
        (json!({}), &[CHANNELS][..], Some("InvalidParameterException")),
    ];
    for (changes, actions, refused) in cases {
        let aws = Aws::new();
        with_role(&aws, actions);
        aws.steady(1, &changes);
        let agents = aws.tasks("RUNNING")[0]["containers"][0]["managedAgents"].clone();
        let enabled = changes["enableExecuteCommand"] == true;
        assert_eq!(agents[0]["lastStatus"].as_str(), enabled.then_some("RUNNING"), "{agents}");
        let code = execute(&aws).err().map(|(code, _)| code);
        assert_eq!(code.as_deref(), refused, "{changes} {actions:?}");
    }
}

#[test]
fn a_task_of_before_the_switch_takes_no_commands() {
    let aws = Aws::new();
    with_role(&aws, &[CHANNELS]);
    aws.steady(1, &json!({}));
    aws.update(&json!({"enableExecuteCommand": true}));
    let (code, message) = execute(&aws).unwrap_err();
    assert_eq!(code, "InvalidParameterException");
    assert!(message.contains("was not enabled when the task was run"), "{message}");
}
