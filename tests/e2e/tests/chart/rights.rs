//! What the chart allows is what the controller does: no more, and no less.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use longshore_e2e::{
    Difference, Launch, Namespace, Provider, RELEASE, SHOP, SYSTEM, compare, example, longshore, rights_of,
};

use serde_json::json;

use crate::{bare, deployment, helm};

const PROVIDER: Provider = Provider::Simulator { speed: 20 };

/// An object of each kind that lives in a namespace, by the example that has it. A new kind comes here.
const EXAMPLES: [(&str, &[&str]); 5] = [
    ("00-environment.yaml", &["awsenv/default"]),
    ("10-fargate-web.yaml", &["ecscl/main", "ecssvc/hello"]),
    ("20-file-system.yaml", &["efs/shared", "ecssvc/uploads"]),
    ("20-load-balancer.yaml", &["alb/public", "ecssvc/orders"]),
    ("40-tasks.yaml", &["ecstask/migrate-142", "ecstrig/nightly-report", "ecstrig/on-upload"]),
];

#[test]
fn helm_install_then_every_example_becomes_ready_by_the_rights_of_the_chart_and_none_of_them_is_unused() -> Result<()> {
    let stack = bare("rights", PROVIDER)?;
    let helm = helm(&stack)?;
    helm.install(&["resync=15s", "rolloutInterval=1s"])?;
    let kubeconfig = helm.kubeconfig_of(RELEASE, SYSTEM)?;
    let deployment = deployment(&stack, SYSTEM, RELEASE)?;
    let mut controller =
        stack.launch_as(&Launch { deployment: Some(&deployment), ..Launch::default() }, &kubeconfig)?;
    let shop = Namespace::of(&stack, SHOP);
    for (file, objects) in EXAMPLES {
        shop.apply(&example(file)?)?;
        for object in objects {
            shop.wait_ready(object)?;
        }
    }
    // An Event that is told again is written again, and not made anew.
    for replicas in ["3", "2", "3"] {
        shop.kubectl(&["scale", "ecssvc/hello", &format!("--replicas={replicas}")])?;
        shop.wait_settled("ecssvc/hello")?;
    }
    let orphans =
        Command::new(longshore()?).arg("orphans").env("KUBECONFIG", &kubeconfig).envs(stack.aws.environment()).output();
    let orphans = orphans.context("cannot run longshore orphans")?;
    ensure!(orphans.status.success(), "longshore orphans: {}", String::from_utf8_lossy(&orphans.stderr));
    // It goes by itself.
    shop.patch("ecstask/migrate-142", &json!({"spec": {"ttlSecondsAfterFinished": 1}}))?;
    shop.kubectl(&["wait", "--for=delete", "ecstask/migrate-142", "--timeout=3m"])?;
    shop.kubectl(&["delete", "ecstrig", "--all", "--timeout=3m"])?;
    shop.kubectl(&["delete", "ecssvc,alb", "--all", "--timeout=3m"])?;
    shop.kubectl(&["delete", "efs,ecscl", "--all", "--timeout=3m"])?;
    controller.process.stop()?;

    let rights = rights_of(&stack.plane, SYSTEM, RELEASE)?;
    let audit = std::fs::read_to_string(&stack.plane.audit_log).context("no audit log")?;
    let difference = compare(&rights, &audit, &format!("system:serviceaccount:{SYSTEM}:{RELEASE}"))?;
    ensure!(
        difference == Difference::default(),
        "charts/longshore and what the controller did differ. What is missing goes into charts/longshore/templates/_rules.tpl \
         or rbac.yaml, and into docs/operations.md; what is unused goes out of them, unless this test only lacks an object of \
         a new kind: then an example of it goes into EXAMPLES. {difference:#?}"
    );
    ensure!(!rights.iter().any(|right| right.resource.contains("secret")), "no Secrets: {rights:?}");
    Ok(())
}
