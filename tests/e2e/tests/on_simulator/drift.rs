//! What somebody changes in AWS behind Longshore's back is put right, and told.

use anyhow::Result;
use longshore_e2e::{Aws, Namespace, elements, number};
use serde_json::json;

use crate::stack;

#[test]
fn what_was_changed_behind_its_back_is_put_right() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "drift")?;
    let aws = &stack.aws;
    let service = aws.service_of(&ns.name, "hello")?.unwrap();
    let role = aws.roles_of("EcsService/drift/hello")?.remove(0);
    let policies = policies(aws, &role)?;
    assert!(!policies.is_empty(), "the execution role has a policy to lose");

    aws.ecs(
        "UpdateService",
        &json!({"cluster": service["clusterArn"], "service": service["serviceName"], "desiredCount": 0}),
    )?;
    for policy in &policies {
        aws.iam("DeleteRolePolicy", &[("RoleName", &role), ("PolicyName", policy)])?;
    }

    ns.wait_for("two running tasks and the role's policies", || {
        let now = aws.service_of(&ns.name, "hello")?.unwrap();
        let counts = (number(&now, "/desiredCount"), number(&now, "/runningCount"));
        let right = counts == (2, 2) && self::policies(aws, &role)? == policies;
        Ok(if right {
            Ok(())
        } else {
            Err(format!("desired and running are {counts:?}, policies {:?}", self::policies(aws, &role)?))
        })
    })
}

fn policies(aws: &Aws, role: &str) -> Result<Vec<String>> {
    Ok(elements(&aws.iam("ListRolePolicies", &[("RoleName", role)])?, "member"))
}

#[test]
fn a_service_deleted_behind_its_back_comes_again() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "drift-deleted")?;
    let service = stack.aws.service_of(&ns.name, "hello")?.unwrap();

    stack.aws.ecs(
        "DeleteService",
        &json!({"cluster": service["clusterArn"], "service": service["serviceName"], "force": true}),
    )?;

    ns.wait_for("the service to be there again", || {
        let now = stack.aws.service_of(&ns.name, "hello")?;
        let running = now.as_ref().filter(|now| now["status"] == "ACTIVE").map(|now| number(now, "/runningCount"));
        Ok(if running == Some(2) { Ok(()) } else { Err(format!("running: {running:?}")) })
    })
}
