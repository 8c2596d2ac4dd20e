//! A pipeline that deploys by itself: its image stays, goes along, and nothing else of it does.

use aws_sdk_ecs::operation::describe_services::builders::DescribeServicesInputBuilder;
use aws_sdk_ecs::operation::describe_task_definition::builders::DescribeTaskDefinitionInputBuilder;
use aws_sdk_ecs::types::TaskDefinition;
use longshore_planner::desired::{ClusterReference, Reference, References, ecs_service};
use serde_json::{Value, json};

use crate::account::Account;
use crate::examples::{self, merge, scope};
use crate::object::{Object, cluster_of};

const BUILT: &str = "public.ecr.aws/nginx/nginx:1.28";

struct Pipeline {
    account: Account,
    cluster: ClusterReference,
    object: Object,
}

impl Pipeline {
    /// A service that runs, as its spec says.
    async fn new(patch: &Value) -> Self {
        let account = Account::new().await;
        let cluster = Object::cluster(&json!({})).converge(&account).await;
        let cluster = cluster_of(&cluster);
        let object = Object::needing(scope("EcsService", "hello"), desire(&cluster, patch));
        let mut pipeline = Self { account, cluster, object };
        pipeline.object.converge(&pipeline.account).await;
        pipeline
    }

    /// The service's spec is edited.
    fn edit(&mut self, patch: &Value) {
        let changed = Object::needing(scope("EcsService", "hello"), desire(&self.cluster, patch));
        let before = std::mem::replace(&mut self.object, changed);
        (self.object.inventory, self.object.memory) = (before.inventory, before.memory);
    }

    /// The ARN of what the service runs, and what it is.
    async fn runs(&self) -> (String, TaskDefinition) {
        let aws = self.account.session.reader();
        let service = DescribeServicesInputBuilder::default().cluster(&self.cluster.arn).services(self.name());
        let service = aws.read(service).await.unwrap().services.unwrap().remove(0);
        let arn = service.task_definition.unwrap();
        let described = DescribeTaskDefinitionInputBuilder::default().task_definition(&arn);
        (arn, aws.read(described).await.unwrap().task_definition.unwrap())
    }

    fn name(&self) -> String {
        self.object.scope.base()
    }

    /// As pipelines do: the revision that runs with another image, and the service to that. With another variable, too,
    /// where that is asked for.
    async fn deploys(&self, image: &str, variable: Option<&str>) {
        let (arn, _) = self.runs().await;
        let described = self.account.asks("DescribeTaskDefinition", &json!({"taskDefinition": arn}));
        let mut revision = described["taskDefinition"].clone();
        let taken = [
            "taskDefinitionArn",
            "revision",
            "status",
            "registeredAt",
            "registeredBy",
            "compatibilities",
            "requiresAttributes",
        ];
        revision.as_object_mut().unwrap().retain(|name, _| !taken.contains(&name.as_str()));
        let container = &mut revision["containerDefinitions"][0];
        container["image"] = json!(image);
        if let Some(variable) = variable {
            container["environment"] = json!([{"name": variable, "value": "1"}]);
        }
        let made = self.account.asks("RegisterTaskDefinition", &revision);
        let arn = made["taskDefinition"]["taskDefinitionArn"].clone();
        self.account.asks(
            "UpdateService",
            &json!({"cluster": self.cluster.arn, "service": self.name(), "taskDefinition": arn}),
        );
    }

    async fn image(&self) -> String {
        self.runs().await.1.container_definitions.unwrap().remove(0).image.unwrap()
    }

    async fn nothing_is_written(&mut self) {
        let since = self.account.now();
        self.object.converge(&self.account).await;
        assert_eq!(self.account.writes(since), [].into());
    }
}

fn desire(
    cluster: &ClusterReference,
    patch: &Value,
) -> impl Fn(
    &longshore_planner::desired::Scope,
    &longshore_planner::desired::Memory,
    &longshore_planner::desired::Facts,
) -> Result<longshore_planner::desired::Desired, longshore_planner::desired::Obstacle>
+ 'static {
    let references = References::to_cluster(Reference::Ready(cluster.clone()));
    let mut whole = json!({"ignoreChanges": [{"containerName": "web", "field": "image"}]});
    merge(&mut whole, patch);
    let spec = examples::service(&whole);
    move |scope, memory, facts| ecs_service(scope, &spec, facts, &references, memory)
}

#[tokio::test(start_paused = true)]
async fn what_the_pipeline_deployed_stays_and_nothing_is_written() {
    let mut pipeline = Pipeline::new(&json!({})).await;
    pipeline.deploys(BUILT, None).await;
    let (deployed, _) = pipeline.runs().await;
    for _ in 0..2 {
        pipeline.nothing_is_written().await;
        assert_eq!(pipeline.runs().await.0, deployed, "its own revision");
    }
    pipeline.deploys("public.ecr.aws/nginx/nginx:1.29", None).await;
    pipeline.nothing_is_written().await;
    pipeline.object.remove(&pipeline.account).await;
}

#[tokio::test(start_paused = true)]
async fn its_image_goes_along_when_the_spec_changes_and_when_it_changed_more_than_the_image() {
    let mut pipeline = Pipeline::new(&json!({})).await;
    pipeline.deploys(BUILT, None).await;
    pipeline.object.converge(&pipeline.account).await;
    pipeline.edit(&json!({"task": {"memory": 1024}}));
    pipeline.object.converge(&pipeline.account).await;
    let (_, task) = pipeline.runs().await;
    assert_eq!((task.memory.as_deref(), pipeline.image().await.as_str()), (Some("1024"), BUILT));
    pipeline.nothing_is_written().await;

    pipeline.deploys("public.ecr.aws/nginx/nginx:1.29", Some("STRANGE")).await;
    pipeline.object.converge(&pipeline.account).await;
    let (_, task) = pipeline.runs().await;
    let container = task.container_definitions.unwrap().remove(0);
    assert_eq!(container.image.as_deref(), Some("public.ecr.aws/nginx/nginx:1.29"));
    assert_eq!(container.environment.unwrap_or_default(), []);
    pipeline.nothing_is_written().await;
}

#[tokio::test(start_paused = true)]
async fn without_it_the_spec_s_image_comes_back() {
    let mut pipeline = Pipeline::new(&json!({"ignoreChanges": null})).await;
    let before = pipeline.image().await;
    pipeline.deploys(BUILT, None).await;
    pipeline.object.converge(&pipeline.account).await;
    assert_eq!(pipeline.image().await, before);
}
