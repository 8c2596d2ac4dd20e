//! `longshore status`: an object with what it needs, what it has in AWS, its tasks, and why it is not ready.

mod age;
mod tree;

use std::io::Write;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use kube::api::DynamicObject;
use kube::{Api, Client, Resource, ResourceExt};
use longshore_aws::tasks::{Task, tasks};
use longshore_crds::EcsService;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::tree::{Needed, Tasks, Told};
use super::deployed::Deployed;
use super::place::Place;
use super::target::Target;
use crate::clock::Clock;
use crate::kubernetes::{ANNOTATION_ENVIRONMENT, mentions};
use crate::object::{Key, ObjectKind};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The object: KIND/NAME, such as ecssvc/hello
    object: Target,
    #[command(flatten)]
    place: Place,
}

/// Prints the tree; that something is not ready is no failure of the command.
pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let client = arguments.place.client().await?;
    let target = &arguments.object;
    let namespace = if target.namespaced { arguments.place.namespace(&client) } else { "" };
    let what = format!("{} {namespace}/{}", target.resource.kind, target.name);
    let object = read(&client, target, namespace).await.with_context(|| format!("cannot read {what}"))?;
    let object = object.ok_or_else(|| anyhow!("there is no {what}; --namespace chooses another namespace"))?;
    let service = typed::<EcsService>(&object).filter(|_| target.resource.kind == EcsService::kind(&()));
    let told = Told {
        title: title(&target.resource.kind, namespace, &target.name),
        generation: object.metadata.generation.unwrap_or_default(),
        going: object.metadata.deletion_timestamp.is_some(),
        needs: needs(&client, &object, service.as_ref()).await,
        tasks: match &service {
            Some(service) => Some(running(&client, service).await),
            None => None,
        },
        status: object.data.get("status").cloned().unwrap_or_default(),
        now: Clock::wall().timestamp(),
    };
    write!(std::io::stdout().lock(), "{}", tree::draw(&told)).context("cannot write to standard output")
}

async fn read(client: &Client, target: &Target, namespace: &str) -> Result<Option<DynamicObject>, kube::Error> {
    let api = if target.namespaced {
        Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &target.resource)
    } else {
        Api::all_with(client.clone(), &target.resource)
    };
    api.get_opt(&target.name).await
}

fn typed<T: DeserializeOwned>(object: &DynamicObject) -> Option<T> {
    serde_json::to_value(object).ok().and_then(|value| serde_json::from_value(value).ok())
}

fn title(kind: &str, namespace: &str, name: &str) -> String {
    let parts = [kind, namespace, name];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// What it cannot do without, as that stands.
async fn needs(client: &Client, object: &DynamicObject, service: Option<&EcsService>) -> Vec<Needed> {
    let environment = object.annotations().get(ANNOTATION_ENVIRONMENT).map(|name| Key {
        kind: ObjectKind::AwsEnvironment,
        namespace: String::new(),
        name: name.clone(),
    });
    let mut found = vec![];
    for key in environment.into_iter().chain(service.into_iter().flat_map(mentions)) {
        found.push(Needed { title: key.to_string(), status: status_of(client, &key).await });
    }
    found
}

/// The status of another object; else why there is none to show.
async fn status_of(client: &Client, key: &Key) -> Result<Value, String> {
    let target: Target = format!("{}/{}", key.kind.name(), key.name).parse()?;
    match read(client, &target, &key.namespace).await {
        Ok(Some(object)) => Ok(object.data.get("status").cloned().unwrap_or_default()),
        Ok(None) => Err("there is none".to_owned()),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

/// Its tasks, by the rights of whoever asks; without them everything else is still shown.
async fn running(client: &Client, service: &EcsService) -> Tasks {
    let asked = async {
        let deployed = Deployed::of(client, service).await?;
        let found = tasks(&deployed.session.reader(), &deployed.cluster, &deployed.name).await;
        found.context("cannot ask for its tasks")
    };
    let live = |task: &Task| task.last_status != "STOPPED";
    asked.await.map(|all| all.into_iter().filter(live).collect()).map_err(|error| format!("{error:#}"))
}
