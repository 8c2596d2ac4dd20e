//! Two installations in one cluster, each limited to a namespace and an AwsEnvironment, by rights that reach no further.

use anyhow::{Result, ensure};
use longshore_e2e::{Launch, Namespace, Provider, example, hello, rights_of};

use crate::{bare, deployment, helm};

const PROVIDER: Provider = Provider::Simulator { speed: 20 };

#[test]
fn two_installations_share_a_cluster_and_each_looks_after_its_own_namespace_and_environment() -> Result<()> {
    let stack = bare("selected", PROVIDER)?;
    let helm = helm(&stack)?;
    helm.install_kinds()?;
    let mut running = vec![];
    for team in ["red", "blue"] {
        // The API server refuses a Role in a namespace that is not there.
        Namespace::create(&stack, team)?;
        let values =
            [format!("namespaces={{{team}}}"), format!("environments={{{team}}}"), format!("installation={team}")];
        let values: Vec<&str> = values.iter().map(String::as_str).chain(["resync=15s", "rolloutInterval=1s"]).collect();
        let system = format!("longshore-{team}");
        helm.install_controller("longshore", &system, &values)?;
        let deployment = deployment(&stack, &system, "longshore")?;
        let kubeconfig = helm.kubeconfig_of("longshore", &system)?;
        let launch = Launch { name: team, deployment: Some(&deployment), ..Launch::default() };
        running.push(stack.launch_as(&launch, &kubeconfig)?);

        let rights = rights_of(&stack.plane, &system, "longshore")?;
        for right in rights.iter().filter(|right| ["namespaces", "awsenvironments"].contains(&right.resource.as_str()))
        {
            ensure!(right.names.contains(team) || right.verb == "get", "more than its own: {right}");
        }
    }
    for team in ["red", "blue"] {
        let environment = example("00-environment.yaml")?.replace("name: default", &format!("name: {team}"));
        stack.apply(&environment)?;
        let namespace = Namespace::of(&stack, team);
        namespace.apply(&hello(team)?.replace("\nspec:\n", &format!("\nspec:\n  awsEnvironment: {team}\n")))?;
        namespace.wait_ready("ecssvc/hello")?;
        let cluster = stack.aws.cluster_of(team, "main")?.unwrap_or_default();
        ensure!(
            cluster["tags"].to_string().contains(&format!("\"{team}\"")),
            "whose it is stands in its tags: {cluster}"
        );
    }
    // Nobody looks after it.
    let other = Namespace::create(&stack, "other")?;
    other.apply(&hello("other")?.replace("\nspec:\n", "\nspec:\n  awsEnvironment: red\n"))?;
    let red = Namespace::of(&stack, "red");
    red.kubectl(&["scale", "ecssvc/hello", "--replicas=3"])?;
    red.wait_settled("ecssvc/hello")?;
    let untouched = other.get("ecssvc/hello")?;
    ensure!(untouched["status"]["observedGeneration"] == -1, "nobody looked at it: {}", untouched["status"]);
    ensure!(untouched["metadata"]["finalizers"].is_null(), "nor does it wait for anybody to be deleted");
    Ok(())
}
