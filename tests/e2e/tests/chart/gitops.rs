//! The repository in examples/gitops, as kustomize builds it.

use anyhow::{Context, Result, ensure};
use longshore_e2e::{Namespace, Provider, project};

use crate::{bare, helm};

const FOLDERS: [&str; 3] = ["base", "staging", "production"];

#[test]
fn kustomize_reaches_images_counts_and_names_of_one_another_and_the_api_server_takes_what_it_builds() -> Result<()> {
    let stack = bare("gitops", Provider::Nobody)?;
    helm(&stack)?.install_kinds()?;
    let configuration =
        |folder: &str| std::fs::read_to_string(project("examples/gitops/apps").join(folder).join("longshore.yaml"));
    for folder in FOLDERS {
        ensure!(
            configuration(folder)? == configuration("base")?,
            "apps/{folder}/longshore.yaml differs from that of base"
        );
    }
    for (environment, expected) in
        [("staging", ["nginx:1.28", "desiredCount: 1"]), ("production", ["nginx:1.27", "desiredCount: 3"])]
    {
        let folder = project("examples/gitops/apps").join(environment).display().to_string();
        let built = stack.plane.run(&["kustomize", &folder])?;
        for word in expected {
            ensure!(built.contains(word), "{environment}: no {word} in\n{built}");
        }
        Namespace::create(&stack, &format!("shop-{environment}"))?;
        let file = stack.dir().join(format!("{environment}.yaml"));
        std::fs::write(&file, built)?;
        stack.plane.run(&["apply", "--dry-run=server", "--filename", &file.display().to_string()])?;
    }
    Ok(())
}

#[test]
fn a_prefix_reaches_every_reference_by_name() -> Result<()> {
    let stack = bare("prefix", Provider::Nobody)?;
    let dir = stack.dir().join("prefixed");
    std::fs::create_dir_all(&dir)?;
    std::fs::copy(project("examples/gitops/apps/base/longshore.yaml"), dir.join("longshore.yaml"))?;
    let examples = ["00-environment", "10-fargate-web", "20-shop-orders"];
    for name in examples {
        std::fs::copy(project("examples").join(format!("{name}.yaml")), dir.join(format!("{name}.yaml")))?;
    }
    let resources = examples.map(|name| format!("{name}.yaml")).join(", ");
    std::fs::write(
        dir.join("kustomization.yaml"),
        format!(
            "resources: [{resources}]\nconfigurations: [longshore.yaml]\nnamePrefix: a-\nimages: [{{name: public.ecr.aws/nginx/nginx, newTag: new}}]\n"
        ),
    )?;
    let built = stack.plane.run(&["kustomize", &dir.display().to_string()])?;
    let service = built.split("---\n").find(|text| text.contains("name: a-orders\n")).context("no service")?;
    for reference in [
        "cluster:\n    name: a-main",
        "loadBalancer:\n      name: a-public",
        "fileSystemRef:\n          name: a-shared",
    ] {
        ensure!(service.contains(reference), "no {reference:?} in\n{service}");
    }
    ensure!(built.contains("nginx:new"), "{built}");
    Ok(())
}
