//! The task role (what the application may do) and the execution role (what ECS may do to start it).

use std::collections::{BTreeMap, BTreeSet};

use longshore_crds::PolicyDocument;
use longshore_crds::task_definition::{LogConfiguration, LogDriver};
use serde_json::{Value, json};

use super::Builder;
use super::images::repository_arn;
use super::logs::OwnLogGroup;
use super::pins::Pins;
use super::volumes::Mounts;
use crate::desired::grants::{POLICY_OF_ENVIRONMENT, POLICY_OF_SPEC};
use crate::engine::{Graph, GraphError, Text};
use crate::kinds::iam::role::{Role, RoleOutput};
use crate::kinds::logs::log_group::LogGroupOutput;

/// The inline policy that Longshore writes itself: exactly what the task definition needs.
pub(crate) const POLICY_OF_TASK: &str = "task-definition";

impl Builder<'_> {
    /// The role that the task definition names, or one made for this service, or none: an application that names no
    /// rights, mounts nothing by them and lets nobody run commands gets no role, and so no credentials.
    pub(super) fn task_role(&self, graph: &mut Graph, mounts: &Mounts) -> Result<Option<Text>, GraphError> {
        if let Some(arn) = &self.spec.task.task_role_arn {
            return Ok(Some(arn.clone().into()));
        }
        let statements: Vec<Value> = mounts.statements.iter().cloned().chain(self.exec_statements()).collect();
        if self.spec.task_role.is_none() && statements.is_empty() {
            return Ok(None);
        }
        let wanted = self.spec.task_role.clone().unwrap_or_default();
        let role = Role {
            inline: own_policy(&statements).chain(inline(POLICY_OF_SPEC, wanted.policy.as_ref())).collect(),
            attached: wanted.managed_policy_arns.into_iter().collect(),
            max_session_duration: wanted.max_session_duration,
            ..self.role("task", "what the tasks may do")
        };
        let handle = graph.add("task-role", role, "spec.taskRole", &[])?;
        Ok(Some(handle.out(RoleOutput::Arn)))
    }

    /// The role that the task definition names, or the environment for all of a namespace, or one that allows exactly what
    /// it needs. A spec that asks for further rights gets its own.
    pub(super) fn execution_role(
        &self,
        graph: &mut Graph,
        logs: Option<&OwnLogGroup>,
        pins: &mut Pins,
    ) -> Result<Text, GraphError> {
        if let Some(arn) = &self.spec.task.execution_role_arn {
            return Ok(arn.clone().into());
        }
        let of_spec = self.spec.execution_role.as_ref();
        if let (None, Some(arn)) = (of_spec, self.scope.shared_execution_role()) {
            return Ok(arn.into());
        }
        let of_environment = self.scope.environment.iam.as_ref().and_then(|iam| iam.execution_role.as_ref());
        let statements = self.execution_statements(logs, pins);
        let attached = of_spec.iter().flat_map(|role| &role.managed_policy_arns);
        let role = Role {
            inline: own_policy(&statements)
                .chain(inline(POLICY_OF_SPEC, of_spec.and_then(|role| role.policy.as_ref())))
                .chain(inline(POLICY_OF_ENVIRONMENT, of_environment.and_then(|role| role.policy.as_ref())))
                .collect(),
            attached: attached
                .chain(of_environment.iter().flat_map(|role| &role.managed_policy_arns))
                .cloned()
                .collect(),
            ..self.role("execution", "what ECS may do to start the tasks")
        };
        let handle = graph.add("execution-role", role, "spec.executionRole", &[])?;
        Ok(handle.out(RoleOutput::Arn))
    }

    pub(super) fn role(&self, suffix: &str, purpose: &str) -> Role {
        Role {
            name: format!("{}-{suffix}", self.base),
            path: self.scope.role_path(),
            description: format!("{}: {purpose}", self.scope.ownership().object),
            trust: self.trust(),
            permissions_boundary: self.scope.boundary(),
            tags: self.scope.tags(&self.spec.tags),
            ..Role::default()
        }
    }

    /// Only tasks of this account and region may assume it (developer guide, "Amazon ECS task IAM role": the
    /// conditions keep another account's service from using the role, the confused deputy).
    fn trust(&self) -> Value {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": self.scope.environment.account_id},
                    "ArnLike": {"aws:SourceArn": self.scope.arn("ecs", "*")},
                },
            }],
        })
    }

    /// Developer guide, "Amazon ECS task execution IAM role".
    fn execution_statements(&self, logs: Option<&OwnLogGroup>, pins: &mut Pins) -> Vec<Value> {
        let containers = &self.spec.task.container_definitions;
        let repositories: BTreeSet<String> = containers
            .iter()
            .filter_map(|container| repository_arn(&container.image, self.scope.partition()))
            .collect();
        let mut statements = vec![];
        if !repositories.is_empty() {
            // The token is the registry's, and has no resource of its own.
            statements.push(json!({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}));
            let actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
            statements.push(json!({"Effect": "Allow", "Action": actions, "Resource": repositories}));
        }
        statements.extend(self.log_statements(logs));
        statements.extend(self.secret_statements(pins));
        statements.extend(self.environment_file_statements());
        statements
    }

    fn log_statements(&self, own: Option<&OwnLogGroup>) -> Vec<Value> {
        let mut groups: Vec<Value> =
            own.map(|group| json!(group.handle.out(LogGroupOutput::Arn).then(":*"))).into_iter().collect();
        let mut creates: BTreeSet<String> = BTreeSet::new();
        let of_containers = self.spec.task.container_definitions.iter().filter_map(|c| c.log_configuration.as_ref());
        for logs in of_containers.chain(self.proxy_log()) {
            let Some(name) = logs.options.get("awslogs-group").filter(|_| logs.log_driver == LogDriver::Awslogs) else {
                continue;
            };
            let arn = self.scope.arn("logs", &format!("log-group:{name}:*"));
            if logs.options.get("awslogs-create-group").is_some_and(|value| value == "true") {
                creates.insert(arn.clone());
            }
            groups.push(arn.into());
        }
        let write = (!groups.is_empty()).then(
            || json!({"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": groups}),
        );
        write.into_iter().chain(allow("logs:CreateLogGroup", &creates)).collect()
    }

    /// Where the proxy of Service Connect writes to, as if it were a container of the task.
    pub(super) fn proxy_log(&self) -> Option<&LogConfiguration> {
        let connect = self.spec.service_connect_configuration.as_ref().filter(|connect| connect.enabled);
        connect.and_then(|connect| connect.log_configuration.as_ref())
    }

    /// Developer guide, "Pass environment variables to an Amazon ECS container": the file, and where its bucket is.
    fn environment_file_statements(&self) -> Vec<Value> {
        let files: BTreeSet<String> = self
            .spec
            .task
            .container_definitions
            .iter()
            .flat_map(|container| &container.environment_files)
            .map(|file| file.value.clone())
            .collect();
        let buckets: BTreeSet<String> =
            files.iter().map(|arn| arn.split('/').next().unwrap_or(arn).to_owned()).collect();
        allow("s3:GetObject", &files).into_iter().chain(allow("s3:GetBucketLocation", &buckets)).collect()
    }
}

fn own_policy(statements: &[Value]) -> impl Iterator<Item = (String, Value)> {
    let policy = || (POLICY_OF_TASK.to_owned(), json!({"Version": "2012-10-17", "Statement": statements}));
    (!statements.is_empty()).then(policy).into_iter()
}

pub(super) fn allow(action: &str, resources: &BTreeSet<String>) -> Option<Value> {
    (!resources.is_empty()).then(|| json!({"Effect": "Allow", "Action": action, "Resource": resources}))
}

fn inline(name: &str, policy: Option<&PolicyDocument>) -> impl Iterator<Item = (String, Value)> {
    policy
        .map(|policy| (name.to_owned(), Value::Object(policy.0.clone())))
        .into_iter()
        .collect::<BTreeMap<_, _>>()
        .into_iter()
}
