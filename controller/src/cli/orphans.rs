//! `longshore orphans`: what this installation made in AWS and no object claims.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use comfy_table::{ContentArrangement, Table};
use longshore_aws::Edge;
use serde::Serialize;

use super::selected::Selected;
use crate::kubernetes::{Stores, client, installation_id};
use crate::orphans::{Claimed, Orphan};
use crate::sessions::Sessions;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whose tags are looked for; left out: the UID of the namespace kube-system
    #[arg(long, env = "LONGSHORE_INSTALLATION")]
    installation: Option<String>,
    #[command(flatten)]
    selected: Selected,
    /// Looks in this AwsEnvironment only; left out: in all of them
    #[arg(long)]
    environment: Option<String>,
    /// How the findings are written
    #[arg(long, short, default_value = "table")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Table,
    /// A list of objects
    Json,
}

/// A finding, and where it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    environment: String,
    #[serde(flatten)]
    orphan: Orphan,
}

/// Looks, and tells; it fails only where it could not look.
pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let findings = find(arguments).await?;
    let text = match arguments.output {
        Output::Json => serde_json::to_string_pretty(&findings).context("the findings could not be written as JSON")?,
        Output::Table if findings.is_empty() => {
            "Nothing: every resource with this installation's tags is claimed.".to_owned()
        }
        Output::Table => table(&findings),
    };
    writeln!(std::io::stdout().lock(), "{text}").context("cannot write to standard output")
}

async fn find(arguments: &Arguments) -> Result<Vec<Finding>> {
    let client = client().await?;
    let installation = match &arguments.installation {
        Some(installation) => installation.clone(),
        None => installation_id(&client).await?,
    };
    let stores = Stores::listed(&client, &arguments.selected.selection()).await?;
    let claimed = Claimed::of(&stores, &installation);
    let sessions = Sessions::new(Edge::default(), installation);
    let wanted = |name: &String| arguments.environment.as_ref().is_none_or(|wanted| wanted == name);
    let names: Vec<String> = stores.environment_names().into_iter().filter(wanted).collect();
    if let (Some(name), true) = (&arguments.environment, names.is_empty()) {
        anyhow::bail!("there is no AwsEnvironment {name}");
    }
    let mut findings = vec![];
    // Environments may share an account: what was told of one is not told of the next.
    let mut told: BTreeSet<String> = BTreeSet::new();
    for name in names {
        let Some(environment) = stores.environment(&name) else { continue };
        let orphans = async {
            let opened = sessions.of(&name, &environment.spec).await?;
            claimed.orphans(&opened.session, &environment.spec).await
        };
        let orphans = orphans.await.with_context(|| format!("cannot look through AwsEnvironment {name}"))?;
        let new = orphans.into_iter().filter(|orphan| told.insert(orphan.physical.clone()));
        findings.extend(new.map(|orphan| Finding { environment: name.clone(), orphan }));
    }
    Ok(findings)
}

fn table(findings: &[Finding]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["ENVIRONMENT", "OBJECT", "KIND", "NAME", "WHY, AND WHAT TO DO"]);
    for Finding { environment, orphan } in findings {
        table.add_row([environment, &orphan.object, orphan.kind, &orphan.name, &orphan.message]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_it_is_whose_it_was_and_what_to_do() {
        let orphan = Orphan {
            kind: "iam/role",
            name: "shop-hello-1f2e3d4c-execution".to_owned(),
            physical: "arn:aws:iam::123456789012:role/longshore/shop-hello-1f2e3d4c-execution".to_owned(),
            object: "EcsService/shop/hello".to_owned(),
            resource: "iam/role:execution-role@1".to_owned(),
            message: "there is no EcsService/shop/hello".to_owned(),
        };
        let findings = [Finding { environment: "default".to_owned(), orphan }];
        let text = table(&findings);
        for word in ["default", "EcsService/shop/hello", "iam/role", "shop-hello-1f2e3d4c-execution", "there is no"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        let json = serde_json::to_value(&findings).unwrap();
        assert_eq!((&json[0]["environment"], &json[0]["kind"]), (&"default".into(), &"iam/role".into()));
    }
}
