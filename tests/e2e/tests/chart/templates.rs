//! What the charts make of values: valid for the API server, whatever is chosen.

use anyhow::{Result, ensure};
use longshore_e2e::{Provider, SYSTEM, chart};

use crate::{bare, helm};

/// Values with which the charts must make what the API server takes, and words that stand in it.
const TAKEN: [(&str, &str); 11] = [
    ("", "kind: PodDisruptionBudget"),
    ("replicas=1,podDisruptionBudget.enabled=false", "replicas: 1"),
    ("networkPolicy.enabled=true", "169.254.170.23/32"),
    (
        "serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn=arn:aws:iam::123456789012:role/longshore",
        "role/longshore",
    ),
    ("serviceAccount.create=false,serviceAccount.name=mine", "serviceAccountName: mine"),
    ("namespaces={default},environments={red},installation=red", "LONGSHORE_NAMESPACES"),
    ("simulator.enabled=true", "image: longshore-simulator:"),
    (
        "image.digest=sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "image: longshore@sha256:0",
    ),
    ("fullnameOverride=other", "name: other"),
    (
        "extraEnv[0].name=AWS_REGION,extraEnv[0].value=eu-west-1,extraArgs={--leader-elect=true},extraVolumes[0].name=ca,\
         extraVolumes[0].configMap.name=ca,extraVolumeMounts[0].name=ca,extraVolumeMounts[0].mountPath=/ca",
        "mountPath: /ca",
    ),
    (
        "nodeSelector.a=b,podLabels.c=d,podAnnotations.e=f,priorityClassName=system-cluster-critical,image.pullSecrets[0].name=r",
        "c: d",
    ),
];

/// What is refused before anything is sent, and a word of why.
const REFUSED: [(&str, &str); 6] = [
    ("replica=3", "replica"),
    ("resync=often", "resync"),
    ("terminationGracePeriodSeconds=5", "terminationGracePeriodSeconds"),
    ("image.digest=latest", "digest"),
    ("serviceAccount.create=false", "name the service account"),
    ("metrics.serviceMonitor.enabled=true,metrics.service.enabled=false", "metrics.podMonitor"),
];

#[test]
fn the_api_server_takes_what_the_chart_makes_of_any_values_and_helm_refuses_what_makes_no_sense() -> Result<()> {
    let stack = bare("templates", Provider::Nobody)?;
    let helm = helm(&stack)?;
    helm.run(&["lint", "--strict", &chart("longshore"), &chart("longshore-crds")])?;
    stack.plane.run(&["create", "namespace", SYSTEM])?;
    let chart = chart("longshore");
    for (number, (values, word)) in TAKEN.iter().enumerate() {
        let made = helm.run(&["template", "longshore", &chart, "--namespace", SYSTEM, "--set", values])?;
        ensure!(made.contains(word), "{values}: no {word} in what it makes:\n{made}");
        ensure!(!made.contains("ecrets: [") && !made.contains("[secrets]"), "{values}: it asks for no Secrets");
        let file = stack.dir().join(format!("made-{number}.yaml"));
        std::fs::write(&file, made)?;
        stack.plane.run(&["apply", "--dry-run=server", "--filename", &file.display().to_string()])?;
    }
    // Kinds of the Prometheus operator, which is not here.
    for monitor in ["serviceMonitor", "podMonitor"] {
        let values = format!("metrics.{monitor}.enabled=true,metrics.{monitor}.labels.release=prometheus");
        let made = helm.run(&["template", "longshore", &chart, "--namespace", SYSTEM, "--set", &values])?;
        ensure!(made.contains("release: prometheus"), "{made}");
    }
    for (values, word) in REFUSED {
        let said = helm.refusal(&["template", "longshore", &chart, "--namespace", SYSTEM, "--set", values])?;
        ensure!(said.contains(word), "{values}: {said}");
    }
    Ok(())
}

#[test]
fn a_pod_of_the_chart_is_admitted_where_the_restricted_standard_is_enforced() -> Result<()> {
    let stack = bare("restricted", Provider::Nobody)?;
    let helm = helm(&stack)?;
    stack.apply(&format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {SYSTEM}\n  labels: {{pod-security.kubernetes.io/enforce: restricted}}\n"
    ))?;
    helm.install(&["simulator.enabled=true"])?;
    let deployment = crate::deployment(&stack, SYSTEM, "longshore")?;
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = "tried".into();
    pod["metadata"]["namespace"] = SYSTEM.into();
    stack.apply(&pod.to_string())?;
    Ok(())
}
