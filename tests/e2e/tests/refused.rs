//! Bad objects are refused by the API server, with words that name the field and say what to write instead. No
//! webhook, no controller, no AWS is needed for it.

#![cfg(test)]

use std::sync::LazyLock;

use anyhow::Result;
use longshore_e2e::{Namespace, Provider, Stack, StackOptions, example, hello, names_all};

/// A control plane with Longshore's kinds, and nothing else.
fn stack() -> &'static Stack {
    static STACK: LazyLock<Stack> = LazyLock::new(|| {
        let start = || {
            let stack = Stack::start(&StackOptions::for_tests(Provider::Nobody)?)?;
            stack.furnish(&Provider::Nobody)?;
            anyhow::Ok(stack)
        };
        start().unwrap_or_else(|error| panic!("the stack did not start: {error:#}"))
    });
    &STACK
}

/// A mistake: what of example 10 is replaced by what, and the words that the refusal must have.
struct Mistake {
    what: &'static str,
    from: &'static str,
    to: &'static str,
    said: &'static [&'static str],
}

const MISTAKES: [Mistake; 14] = [
    Mistake {
        what: "a pair of CPU and memory that Fargate has not",
        from: "memory: 512",
        to: "memory: 4096",
        said: &["task.memory", "Fargate", "256: 512, 1024, 2048"],
    },
    Mistake {
        what: "Fargate without a size",
        from: "    cpu: 256\n    memory: 512\n",
        to: "",
        said: &["task.cpu", "task.memory", "cpu: 256"],
    },
    Mistake {
        what: "a cluster named twice",
        from: "cluster: {name: main}",
        to: "cluster: {name: main, arn: \"arn:aws:ecs:eu-west-1:123456789012:cluster/x\"}",
        said: &["spec.cluster", "exactly one of name and arn"],
    },
    Mistake {
        what: "a cluster not named at all",
        from: "cluster: {name: main}",
        to: "cluster: {}",
        said: &["spec.cluster", "exactly one of name and arn"],
    },
    Mistake {
        what: "a mount point without its volume",
        from: "        portMappings:",
        to: "        mountPoints: [{sourceVolume: data, containerPath: /data}]\n        portMappings:",
        said: &["spec.task", "mountPoints", "sourceVolume", "volumes"],
    },
    Mistake {
        what: "a dependency on no container",
        from: "        portMappings:",
        to: "        dependsOn: [{containerName: sidecar, condition: START}]\n        portMappings:",
        said: &["spec.task", "dependsOn", "containerName"],
    },
    Mistake {
        what: "no essential container",
        from: "        portMappings:",
        to: "        essential: false\n        portMappings:",
        said: &["containerDefinitions", "essential: false"],
    },
    Mistake {
        what: "a role made and a role named",
        from: "  task: ",
        to: "  taskRole: {}\n  task: ",
        said: &["taskRole", "task.taskRoleArn", "at most one"],
    },
    Mistake {
        what: "a launch type that does not exist",
        from: "launchType: FARGATE",
        to: "launchType: FARGTE",
        said: &["spec.launchType", "FARGTE", "FARGATE"],
    },
    Mistake {
        what: "two containers of one name",
        from: "      - name: web\n",
        to: "      - {name: web, image: nginx}\n      - name: web\n",
        said: &["spec.task.containerDefinitions", "Duplicate value", "web"],
    },
    Mistake {
        what: "a negative count",
        from: "desiredCount: 2",
        to: "desiredCount: -1",
        said: &["spec.desiredCount", "-1", "0"],
    },
    Mistake {
        what: "a member misspelt",
        from: "desiredCount: 2",
        to: "desiredcount: 2",
        said: &["spec.desiredcount", "unknown field"],
    },
    Mistake {
        what: "a network mode that Fargate has not",
        from: "    cpu: 256\n",
        to: "    cpu: 256\n    networkMode: bridge\n",
        said: &["Fargate", "networkMode awsvpc"],
    },
    Mistake {
        what: "a name with a dot",
        from: "{name: hello,",
        to: "{name: hello.v2,",
        said: &["metadata.name", "hello.v2", "dot"],
    },
];

#[test]
fn each_mistake_in_a_service_is_refused_with_its_field_and_the_remedy() -> Result<()> {
    let ns = Namespace::create(stack(), "mistakes")?;
    let good = hello(&ns.name)?;
    let mut wrong = Vec::new();
    for mistake in &MISTAKES {
        let mut bad = good.replacen(mistake.from, mistake.to, 1);
        if mistake.what == "a role made and a role named" {
            bad =
                bad.replacen("    cpu: 256\n", "    cpu: 256\n    taskRoleArn: arn:aws:iam::123456789012:role/r\n", 1);
        }
        assert_ne!(bad, good, "{}: the example still has the line that is replaced", mistake.what);
        match ns.refusal(&bad) {
            Err(accepted) => wrong.push(format!("{}: {accepted}", mistake.what)),
            Ok(said) => {
                wrong.extend(names_all(&said, mistake.said).err().map(|why| format!("{}: {why}", mistake.what)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    Ok(())
}

#[test]
fn what_cannot_change_is_refused_with_a_way_out() -> Result<()> {
    let ns = Namespace::create(stack(), "immutable")?;
    let good = hello(&ns.name)?;
    ns.apply(&good)?;
    for (from, to, said) in [
        ("cluster: {name: main}", "cluster: {name: other}", ["cluster", "another object"]),
        ("desiredCount: 2", "desiredCount: 2\n  serviceName: renamed", ["serviceName", "another object"]),
        ("launchType: FARGATE", "launchType: EC2", ["launchType", "capacityProviderStrategy"]),
    ] {
        let said_really = ns.refusal(&good.replacen(from, to, 1))?;
        names_all(&said_really, &said).map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

#[test]
fn an_environment_keeps_its_account_and_region() -> Result<()> {
    let ns = Namespace::of(stack(), "default");
    let good = example("00-environment.yaml")?;
    for (from, to, said) in [
        ("accountId: \"123456789012\"", "accountId: \"210987654321\"", "accountId"),
        ("accountId: \"123456789012\"", "accountId: \"12345\"", "accountId"),
        ("region: eu-west-1", "region: eu-central-1", "region"),
        ("vpcId: vpc-0a1b2c3d", "vpcId: vpc-0other", "vpcId"),
    ] {
        let said_really = ns.refusal(&good.replacen(from, to, 1))?;
        names_all(&said_really, &[said]).map_err(anyhow::Error::msg)?;
    }
    Ok(())
}
