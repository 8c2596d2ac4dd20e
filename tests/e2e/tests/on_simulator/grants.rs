//! A service may name what the environment grants its namespace, and nothing else.

use anyhow::Result;
use longshore_e2e::{Namespace, condition, hello, names_all};

use crate::stack;

/// What is named, where in the object, and what stands in for it in example 10.
struct Reach {
    namespace: &'static str,
    named: &'static str,
    at: &'static str,
    from: &'static str,
    to: &'static str,
}

const OUT_OF_REACH: [Reach; 4] = [
    Reach {
        namespace: "foreign-role",
        named: "arn:aws:iam::123456789012:role/admin",
        at: "taskRoleArn",
        from: "    cpu: 256\n",
        to: "    cpu: 256\n    taskRoleArn: arn:aws:iam::123456789012:role/admin\n",
    },
    Reach {
        namespace: "foreign-secret",
        named: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:payments/key-AbCdEf",
        at: "secrets",
        from: "        portMappings:",
        to: "        secrets: [{name: KEY, valueFrom: \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:payments/key-AbCdEf\"}]\n        portMappings:",
    },
    Reach {
        namespace: "foreign-policy",
        named: "arn:aws:iam::aws:policy/AdministratorAccess",
        at: "taskRole",
        from: "  task:",
        to: "  taskRole: {managedPolicyArns: [\"arn:aws:iam::aws:policy/AdministratorAccess\"]}\n  task:",
    },
    Reach {
        namespace: "foreign-action",
        named: "iam:CreateUser",
        at: "taskRole",
        from: "  task:",
        to: "  taskRole: {policy: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Action: \"iam:CreateUser\", Resource: \"*\"}]}}\n  task:",
    },
];

#[test]
fn what_no_grant_covers_is_refused_on_the_object_and_no_call_is_made_for_it() -> Result<()> {
    let stack = stack();
    for reach in &OUT_OF_REACH {
        let ns = Namespace::create(stack, reach.namespace)?;
        let before = stack.simulator().last_call()?;
        let text = hello(&ns.name)?.replacen(reach.from, reach.to, 1);
        assert!(text.contains(reach.named), "the example still has the line that is replaced");
        ns.apply(&text)?;
        // Its cluster names nothing foreign: once that is there, the service can be waiting for nothing else.
        ns.wait_ready("ecscl/main")?;

        ns.wait_until("ecssvc/hello", "the refusal", |object| {
            let stalled = condition(object, "Stalled");
            if stalled.status != "True" {
                return Err(format!("Stalled is {stalled}"));
            }
            names_all(&stalled.message, &[reach.named, reach.at, "grant"])
        })?;

        let about = [format!("EcsService/{}/", ns.name), reach.named.to_owned()];
        let calls = stack.simulator().calls(before, &about)?;
        assert!(calls.is_empty(), "no AWS call is made for it, but {calls:#?}");
    }
    Ok(())
}

#[test]
fn what_a_grant_covers_is_used() -> Result<()> {
    let stack = stack();
    let ns = Namespace::create(stack, "granted")?;
    let role = "  taskRole: {managedPolicyArns: [\"arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess\"]}\n  task:";
    ns.apply(&hello(&ns.name)?.replacen("  task:", role, 1))?;
    ns.wait_ready("ecssvc/hello")?;

    let mut attached = String::new();
    for role in stack.aws.roles_of("EcsService/granted/hello")? {
        attached += &stack.aws.iam("ListAttachedRolePolicies", &[("RoleName", &role)])?;
    }
    assert!(attached.contains("arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"), "{attached}");
    Ok(())
}
