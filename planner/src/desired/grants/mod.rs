//! What a namespace may name. Everything foreign in a graph is walked before any call; what no grant covers is
//! refused. (Otherwise any tenant could read any secret through a role that Longshore makes.)

mod glob;
mod host;

use std::collections::BTreeSet;

use longshore_crds::EcsTaskSpec;
use longshore_crds::aws_environment::Grant;
use longshore_crds::ecs_service::DeploymentLifecycleHook;
use longshore_crds::task_definition::Volume;
use serde_json::{Value, json};

use super::ecs_service::{ALIASES, DECRYPT, POLICY_OF_TASK, SecretSource, is_fargate_provider, named, source};
use super::labels::matches;
use super::obstacle::Refusal;
use super::scope::Scope;
use crate::engine::{FieldPath, Graph, Kind, Node, Text};
use crate::kinds::ec2::security_group_rule::{Peer, SecurityGroupRule};
use crate::kinds::ecs::cluster::Cluster;
use crate::kinds::ecs::service::{
    ConnectTls, Network, Service, ServiceConnect, ServiceEbsVolume, ServiceVolume, TrafficShift,
};
use crate::kinds::ecs::task_definition::TaskDefinition;
use crate::kinds::efs::file_system::FileSystem;
use crate::kinds::elbv2::listener_rule::ListenerRule;
use crate::kinds::iam::policy::{statements, strings};
use crate::kinds::iam::role::Role;
use crate::kinds::logs::log_group::LogGroup;
use crate::kinds::route53::record_set::RecordSet;
pub(super) use glob::covers;

/// The name of the inline policy that a spec wrote: only its actions need a grant.
pub(crate) const POLICY_OF_SPEC: &str = "spec";
/// The name of the inline policy that the environment adds to execution roles.
pub(crate) const POLICY_OF_ENVIRONMENT: &str = "environment";

/// Everything in a graph that no grant of the environment covers. `lent` are the ids and ARNs that other objects of
/// Longshore let this one use, such as an ApplicationLoadBalancer's listener and security group: those need no grant.
pub fn authorise(graph: &Graph, scope: &Scope, lent: &BTreeSet<String>) -> Vec<Refusal> {
    let granted = Granted::of(scope, lent);
    graph.iter().flat_map(|(id, node)| granted.node(&id.kind, node)).collect()
}

/// What of a one-off task no grant covers beside its graph: the roles that it runs under instead, files of variables, the
/// groups that it joins, commands in its containers.
pub(super) fn authorise_order(
    spec: &EcsTaskSpec,
    network: Option<&Network>,
    scope: &Scope,
    lent: &BTreeSet<String>,
) -> Vec<Refusal> {
    let granted = Granted::of(scope, lent);
    let at = FieldPath::from("spec.overrides");
    let overrides = spec.overrides.clone().unwrap_or_default();
    let roles = [("taskRoleArn", &overrides.task_role_arn), ("executionRoleArn", &overrides.execution_role_arn)];
    let roles = roles.into_iter().filter_map(|(member, arn)| {
        granted.need("roleArns", |grant| &grant.role_arns, arn.as_ref()?, &at.member(member))
    });
    let files = overrides.container_overrides.iter().filter(|one| !one.environment_files.is_empty());
    let files = files.filter_map(|one| {
        let at = at.member("containerOverrides").item(&one.name).member("environmentFiles");
        granted.need("actions", |grant| &grant.actions, "s3:GetObject", &at)
    });
    let groups_at = FieldPath::from("spec.networkConfiguration.awsvpcConfiguration.securityGroups");
    let groups = network
        .iter()
        .flat_map(|network| &network.security_groups)
        .filter_map(Text::known)
        .filter(|id| !lent.contains(*id));
    let groups = groups.filter_map(|id| granted.security_group(id, &groups_at));
    let exec = spec.enable_execute_command.filter(|enabled| *enabled).and_then(|_| {
        granted.need("actions", |grant| &grant.actions, "ecs:ExecuteCommand", &"spec.enableExecuteCommand".into())
    });
    roles.chain(files).chain(groups).chain(exec).collect()
}

/// Why a trigger may not write to a queue, if so: it is another's.
pub(super) fn authorise_queue(scope: &Scope) -> Option<Refusal> {
    let at = FieldPath::from("spec.deadLetterConfig.arn");
    Granted::of(scope, &BTreeSet::new()).need("actions", |grant| &grant.actions, "sqs:SendMessage", &at)
}

/// Why a cluster may not scale an Auto Scaling group as its own, if so: it is another's.
pub(super) fn authorise_auto_scaling_group(scope: &Scope, arn: &str, at: &FieldPath) -> Option<Refusal> {
    Granted::of(scope, &BTreeSet::new()).need("autoScalingGroupArns", |grant| &grant.auto_scaling_group_arns, arn, at)
}

/// Why an object may not have a security group opened, if so.
pub(super) fn may_open(scope: &Scope, security_group_id: &str, at: &FieldPath) -> Option<Refusal> {
    Granted::of(scope, &BTreeSet::new()).security_group(security_group_id, at)
}

/// Why an object may not register tasks in a Cloud Map namespace, named as its spec does, if so.
pub(super) fn may_register(scope: &Scope, namespace: &str, at: &FieldPath) -> Option<Refusal> {
    Granted::of(scope, &BTreeSet::new()).namespace(namespace, at)
}

/// The grants of one namespace.
struct Granted<'a> {
    scope: &'a Scope,
    lent: &'a BTreeSet<String>,
    grants: Vec<&'a Grant>,
}

impl<'a> Granted<'a> {
    fn of(scope: &'a Scope, lent: &'a BTreeSet<String>) -> Self {
        let grants = scope.environment.iam.iter().flat_map(|iam| &iam.grants);
        Self { scope, lent, grants: grants.filter(|g| matches(&g.namespaces, &scope.namespace_labels)).collect() }
    }

    fn node(&self, kind: &str, node: &Node) -> Vec<Refusal> {
        match kind {
            Role::NAME => self.typed(node, Self::role),
            TaskDefinition::NAME => self.typed(node, Self::task_definition),
            SecurityGroupRule::NAME => self.typed(node, Self::rule),
            Cluster::NAME => self.typed(node, Self::cluster),
            Service::NAME => self.typed(node, Self::service),
            LogGroup::NAME => self.typed(node, Self::log_group),
            ListenerRule::NAME => self.typed(node, Self::listener_rule),
            FileSystem::NAME => self.typed(node, Self::file_system),
            RecordSet::NAME => self.typed(node, Self::record_set),
            _ => vec![],
        }
    }

    fn typed<K: Kind>(&self, node: &Node, check: fn(&Self, &K, &FieldPath) -> Vec<Refusal>) -> Vec<Refusal> {
        match K::deserialize(&node.want) {
            Ok(value) => check(self, &value, &node.at),
            // What cannot be read cannot be authorised.
            Err(error) => vec![Refusal::new(
                "NotGranted",
                node.at.clone(),
                format!("cannot be checked against the grants: {error}"),
            )],
        }
    }

    fn role(&self, role: &Role, at: &FieldPath) -> Vec<Refusal> {
        let of_environment = self.scope.environment.iam.as_ref().and_then(|iam| iam.execution_role.as_ref());
        let is_environments = |arn: &String| of_environment.is_some_and(|role| role.managed_policy_arns.contains(arn));
        // What ECS itself needs is Longshore's choice: no spec adds to that role, and no task runs under it.
        let foreign = role.attached.iter().filter(|arn| !is_environments(arn) && !is_infrastructure(role));
        let attached = foreign.filter_map(|arn| {
            self.need("managedPolicyArns", |grant| &grant.managed_policy_arns, arn, &at.member("managedPolicyArns"))
        });
        let policy = role.inline.get(POLICY_OF_SPEC);
        let actions = policy.into_iter().flat_map(|policy| self.policy(policy, &at.member("policy")));
        let unbounded = (policy.is_some() && role.permissions_boundary.is_none()).then(|| {
            let message = format!(
                "the AwsEnvironment {} has no spec.iam.permissionsBoundaryArn, so no role with a policy of its own is made",
                self.scope.environment_name
            );
            Refusal::new("NoPermissionsBoundary", at.member("policy"), message)
        });
        attached.chain(actions).chain(unbounded).chain(self.keys(role)).collect()
    }

    /// The keys of what the role reads. They are AWS's word for what the spec names, so that they are told there.
    fn keys(&self, role: &Role) -> Vec<Refusal> {
        let at = FieldPath::from("spec.task.containerDefinitions");
        let statements = role.inline.get(POLICY_OF_TASK).map(statements).unwrap_or_default();
        let decrypting = statements.iter().filter(|one| strings(one, "Action").contains(&DECRYPT.into()));
        let keys = decrypting.flat_map(|statement| match statement.get("Condition") {
            Some(condition) => {
                let names = condition.get("ForAnyValue:StringEquals").map(|any| strings(any, ALIASES));
                let arn = |name: &Value| Some(self.scope.arn("kms", name.as_str()?));
                names.unwrap_or_default().iter().filter_map(arn).collect::<Vec<String>>()
            }
            None => strings(statement, "Resource").iter().filter_map(|arn| arn.as_str().map(str::to_owned)).collect(),
        });
        keys.filter_map(|arn| self.need("keyArns", |grant| &grant.key_arns, &arn, &at)).collect()
    }

    /// A statement that denies needs no grant; one that allows all but some actions cannot be covered by any.
    fn policy(&self, policy: &Value, at: &FieldPath) -> Vec<Refusal> {
        let allows = |statement: &Value| statement.get("Effect").and_then(Value::as_str) != Some("Deny");
        let mut refusals = vec![];
        for statement in statements(policy).iter().filter(|statement| allows(statement)) {
            if statement.get("NotAction").is_some() {
                let message = "NotAction allows more than can be granted; list the actions under Action";
                refusals.push(Refusal::new("NotGranted", at.clone(), message));
            }
            for action in strings(statement, "Action") {
                let action = action.as_str().unwrap_or_default();
                refusals.extend(self.need("actions", |grant| &grant.actions, action, at));
            }
        }
        refusals
    }

    fn task_definition(&self, task: &TaskDefinition, at: &FieldPath) -> Vec<Refusal> {
        let roles = [("taskRoleArn", &task.task_role_arn), ("executionRoleArn", &task.execution_role_arn)];
        let roles = roles.into_iter().filter_map(|(member, arn)| {
            let arn = arn.as_ref().and_then(Text::known)?;
            if member == "executionRoleArn" && self.scope.shared_execution_role().as_deref() == Some(arn) {
                return None;
            }
            self.need("roleArns", |grant| &grant.role_arns, arn, &at.member(member))
        });
        let containers = &task.content.container_definitions;
        let secrets = containers.iter().flat_map(|container| {
            let at = at.member("containerDefinitions").item(&container.name).member("secrets");
            named(container).filter_map(|value_from| self.secret(value_from, &at)).collect::<Vec<_>>()
        });
        let files =
            containers.iter().filter(|container| !container.environment_files.is_empty()).filter_map(|container| {
                let at = at.member("containerDefinitions").item(&container.name).member("environmentFiles");
                self.need("actions", |grant| &grant.actions, "s3:GetObject", &at)
            });
        let volumes = task.content.volumes.iter().flat_map(|volume| self.volume(volume, at));
        roles.chain(secrets).chain(files).chain(volumes).chain(self.host(&task.content, at)).collect()
    }

    fn volume(&self, volume: &Volume, at: &FieldPath) -> Vec<Refusal> {
        let at = at.member("volumes").item(&volume.name);
        let s3 = volume.s3files_volume_configuration.as_ref().and_then(|s3| {
            let at = at.member("s3filesVolumeConfiguration.fileSystemArn");
            self.need("fileSystemArns", |grant| &grant.file_system_arns, &s3.file_system_arn, &at)
        });
        let id = volume.efs_volume_configuration.as_ref().and_then(|efs| efs.file_system_id.as_ref());
        let efs = id.and_then(|id| self.foreign_file_system(id, &at.member("efsVolumeConfiguration.fileSystemId")));
        let windows = volume.fsx_windows_file_server_volume_configuration.iter().flat_map(|fsx| {
            let at = at.member("fsxWindowsFileServerVolumeConfiguration");
            let arn = self.scope.arn("fsx", &format!("file-system/{}", fsx.file_system_id));
            let file_system =
                self.need("fileSystemArns", |grant| &grant.file_system_arns, &arn, &at.member("fileSystemId"));
            let secret_at = at.member("authorizationConfig.credentialsParameter");
            let secret = self.secret(&fsx.authorization_config.credentials_parameter, &secret_at);
            file_system.into_iter().chain(secret)
        });
        s3.into_iter().chain(efs).chain(windows).collect()
    }

    /// One that is mounted, or taken over, by its id.
    fn foreign_file_system(&self, id: &str, at: &FieldPath) -> Option<Refusal> {
        let arn = self.scope.arn("elasticfilesystem", &format!("file-system/{id}"));
        if self.lent.contains(&arn) {
            return None;
        }
        self.need("fileSystemArns", |grant| &grant.file_system_arns, &arn, at)
    }

    fn file_system(&self, file_system: &FileSystem, at: &FieldPath) -> Vec<Refusal> {
        let key = file_system.kms_key_id.as_ref();
        let key = key.and_then(|arn| self.need("keyArns", |grant| &grant.key_arns, arn, &at.member("kmsKeyId")));
        let id = file_system.file_system_id.as_ref();
        let id = id.and_then(|id| self.foreign_file_system(id, &at.member("fileSystemId")));
        key.into_iter().chain(id).collect()
    }

    fn secret(&self, value_from: &str, at: &FieldPath) -> Option<Refusal> {
        match source(value_from, self.scope) {
            SecretSource::Secret(arn) => self.need("secretArns", |grant| &grant.secret_arns, &arn, at),
            SecretSource::Parameter(arn) => self.need("parameterArns", |grant| &grant.parameter_arns, &arn, at),
        }
    }

    fn rule(&self, rule: &SecurityGroupRule, at: &FieldPath) -> Vec<Refusal> {
        // A group that is lent may be let in; to let others into it is its owner's.
        let peer = if let Peer::Group(group) = &rule.peer { group.known() } else { None };
        let peer = peer.filter(|id| !self.lent.contains(*id));
        [rule.group.known(), peer].into_iter().flatten().filter_map(|id| self.security_group(id, at)).collect()
    }

    fn service(&self, service: &Service, at: &FieldPath) -> Vec<Refusal> {
        let groups_at = at.member("networkConfiguration.awsvpcConfiguration.securityGroups");
        let groups = service.network.iter().flat_map(|network| &network.security_groups);
        let groups = groups.filter_map(Text::known).filter(|id| !self.lent.contains(*id));
        let groups = groups.filter_map(|id| self.security_group(id, &groups_at));
        let targets_at = at.member("loadBalancers");
        let targets = service.load_balancers.iter().filter_map(|target| target.target_group_arn.known());
        let targets =
            targets.filter_map(|arn| self.need("targetGroupArns", |grant| &grant.target_group_arns, arn, &targets_at));
        let exec = service.enable_execute_command.then(|| {
            self.need("actions", |grant| &grant.actions, "ecs:ExecuteCommand", &at.member("enableExecuteCommand"))
        });
        let volumes = service.volume_configurations.iter().flat_map(|volume| self.ebs_volume(volume, at));
        let registries = service.service_registries.iter().filter_map(|registry| {
            let at = at.member("serviceRegistries").member("registryArn");
            self.need("registryArns", |grant| &grant.registry_arns, registry.registry_arn.known()?, &at)
        });
        let connect = service.service_connect.iter().flat_map(|connect| self.service_connect(connect, at));
        let shifts = service.load_balancers.iter().filter_map(|target| target.advanced_configuration.as_ref());
        let shifts = shifts.flat_map(|shift| self.traffic_shift(shift, at));
        let hooks = service.deployment_configuration.lifecycle_hooks.iter();
        let hooks = hooks.filter_map(|hook| self.lifecycle_hook(hook, at));
        let attached = volumes.chain(registries).chain(connect).chain(shifts).chain(hooks);
        groups.chain(targets).chain(exec.flatten()).chain(attached).collect()
    }

    /// Whoever may name a listener's rule to ECS may send its traffic elsewhere.
    fn traffic_shift(&self, shift: &TrafficShift, at: &FieldPath) -> Vec<Refusal> {
        let at = at.member("loadBalancers").member("advancedConfiguration");
        let group = shift.alternate_target_group_arn.known().and_then(|arn| {
            self.need("targetGroupArns", |grant| &grant.target_group_arns, arn, &at.member("alternateTargetGroupArn"))
        });
        let role = shift.role_arn.known();
        let role = role.and_then(|arn| self.need("roleArns", |grant| &grant.role_arns, arn, &at.member("roleArn")));
        let production = (Some(&shift.production_listener_rule), "productionListenerRule");
        let rules = [production, (shift.test_listener_rule.as_ref(), "testListenerRule")];
        let rules = rules.into_iter().filter_map(|(rule, member)| {
            let listener = listener_of(rule?.known()?);
            self.need("listenerArns", |grant| &grant.listener_arns, &listener, &at.member(member))
        });
        group.into_iter().chain(role).chain(rules).collect()
    }

    /// A function is called by a role that is granted, or by one that is made for it, which takes the action.
    fn lifecycle_hook(&self, hook: &DeploymentLifecycleHook, at: &FieldPath) -> Option<Refusal> {
        let at = at.member("deploymentConfiguration.lifecycleHooks");
        match (&hook.role_arn, &hook.hook_target_arn) {
            (Some(role), _) => self.need("roleArns", |grant| &grant.role_arns, role, &at.member("roleArn")),
            (None, Some(_)) => {
                let action = "lambda:InvokeFunction";
                self.need("actions", |grant| &grant.actions, action, &at.member("hookTargetArn"))
            }
            (None, None) => None,
        }
    }

    fn cluster(&self, cluster: &Cluster, at: &FieldPath) -> Vec<Refusal> {
        let namespace = cluster.service_connect_namespace.as_ref();
        let defaults_at = at.member("serviceConnectDefaults");
        let namespace = namespace.and_then(|namespace| self.namespace(namespace, &defaults_at.member("namespace")));
        // Whoever has a provider in a cluster starts instances by it.
        let providers_at = at.member("capacityProviders");
        let foreign = cluster.capacity_providers.iter().filter(|name| !is_fargate_provider(name));
        let providers = foreign
            .filter_map(|name| self.need("capacityProviders", |grant| &grant.capacity_providers, name, &providers_at));
        namespace.into_iter().chain(providers).collect()
    }

    /// Who offers names in a namespace can take those of others, and who is in it reaches what it offers.
    fn namespace(&self, namespace: &str, at: &FieldPath) -> Option<Refusal> {
        self.need("cloudMapNamespaces", |grant| &grant.cloud_map_namespaces, namespace, at)
    }

    /// The cluster's own namespace needs none: whoever may run there may be in it.
    fn service_connect(&self, connect: &ServiceConnect, at: &FieldPath) -> Vec<Refusal> {
        let at = at.member("serviceConnectConfiguration");
        let namespace =
            connect.namespace.as_ref().and_then(|namespace| self.namespace(namespace, &at.member("namespace")));
        let log = connect.log_configuration.iter().flat_map(|log| &log.secret_options);
        let log_at = at.member("logConfiguration.secretOptions");
        let secrets = log.filter_map(|secret| self.secret(&secret.value_from, &log_at));
        let offers = connect.services.iter().flat_map(|offer| {
            let at = at.member("services").item(&offer.service.port_name).member("tls");
            offer.tls.iter().flat_map(|tls| self.tls(tls, &at)).collect::<Vec<_>>()
        });
        namespace.into_iter().chain(secrets).chain(offers).collect()
    }

    fn tls(&self, tls: &ConnectTls, at: &FieldPath) -> Vec<Refusal> {
        let role = tls.role_arn.as_ref().and_then(Text::known);
        let role = role.and_then(|arn| self.need("roleArns", |grant| &grant.role_arns, arn, &at.member("roleArn")));
        let key = tls.tls.kms_key.as_ref();
        let key = key.and_then(|arn| self.need("keyArns", |grant| &grant.key_arns, arn, &at.member("kmsKey")));
        let authority = tls.tls.issuer_certificate_authority.aws_pca_authority_arn.as_ref();
        let authority = authority.and_then(|arn| {
            let at = at.member("issuerCertificateAuthority.awsPcaAuthorityArn");
            self.need("certificateAuthorityArns", |grant| &grant.certificate_authority_arns, arn, &at)
        });
        role.into_iter().chain(key).chain(authority).collect()
    }

    /// Whoever may make volumes of a snapshot may read what is in it.
    fn ebs_volume(&self, volume: &ServiceVolume, at: &FieldPath) -> Vec<Refusal> {
        let at = at.member("volumeConfigurations").item(&volume.name).member("managedEBSVolume");
        let ServiceEbsVolume { role_arn, volume } = &volume.managed_ebs_volume;
        let role = role_arn.known();
        let role = role.and_then(|arn| self.need("roleArns", |grant| &grant.role_arns, arn, &at.member("roleArn")));
        let key = volume.kms_key_id.as_ref();
        let key = key.and_then(|arn| self.need("keyArns", |grant| &grant.key_arns, arn, &at.member("kmsKeyId")));
        let snapshot = volume
            .snapshot_id
            .as_ref()
            .and_then(|id| self.need("snapshotIds", |grant| &grant.snapshot_ids, id, &at.member("snapshotId")));
        role.into_iter().chain(key).chain(snapshot).collect()
    }

    fn listener_rule(&self, rule: &ListenerRule, at: &FieldPath) -> Vec<Refusal> {
        let foreign = rule.listener.known().filter(|arn| !self.lent.contains(*arn));
        let listener = foreign.and_then(|arn| {
            self.need("listenerArns", |grant| &grant.listener_arns, arn, &at.member("loadBalancer.listenerArn"))
        });
        let secret = rule.authenticate_oidc.as_ref().and_then(|oidc| {
            let at = at.member("rules").member("authenticateOidc.clientSecretArn");
            self.need("secretArns", |grant| &grant.secret_arns, &oidc.client_secret_arn, &at)
        });
        listener.into_iter().chain(secret).collect()
    }

    fn record_set(&self, record: &RecordSet, at: &FieldPath) -> Vec<Refusal> {
        let at = at.member("hostedZoneId");
        self.need("hostedZoneIds", |grant| &grant.hosted_zone_ids, &record.hosted_zone_id, &at).into_iter().collect()
    }

    /// Left out, `securityGroupIds` means the groups of the environment's VPC (docs/decisions/0002).
    fn security_group(&self, id: &str, at: &FieldPath) -> Option<Refusal> {
        let covered = |grant: &&Grant| {
            grant.security_group_ids.as_ref().is_none_or(|ids| ids.iter().any(|glob| self.covers(glob, id)))
        };
        (!self.grants.iter().any(covered)).then(|| self.refusal("securityGroupIds", id, at))
    }

    fn log_group(&self, group: &LogGroup, at: &FieldPath) -> Vec<Refusal> {
        let key = group.kms_key_id.as_deref();
        key.and_then(|arn| self.need("keyArns", |grant| &grant.key_arns, arn, &at.member("kmsKeyId")))
            .into_iter()
            .collect()
    }

    fn need(&self, list: &str, globs: impl Fn(&Grant) -> &Vec<String>, asked: &str, at: &FieldPath) -> Option<Refusal> {
        let covered = self.grants.iter().flat_map(|grant| globs(grant)).any(|glob| self.covers(glob, asked));
        (!covered).then(|| self.refusal(list, asked, at))
    }

    fn covers(&self, glob: &str, asked: &str) -> bool {
        covers(&glob.replace("${namespace}", &self.scope.namespace), asked)
    }

    fn refusal(&self, list: &str, asked: &str, at: &FieldPath) -> Refusal {
        let message = format!(
            "{asked} is not granted to the namespace {}; ask the platform team to add it to spec.iam.grants[].{list} of \
             the AwsEnvironment {}, or name something that is granted",
            self.scope.namespace, self.scope.environment_name
        );
        Refusal::new("NotGranted", at.clone(), message)
    }
}

/// The listener of a rule, whose ARN begins with the listener's but for one word; a listener is its own.
fn listener_of(rule: &str) -> String {
    match rule.rsplit_once('/').filter(|_| rule.contains(":listener-rule/")) {
        Some((listener, _)) => listener.replacen(":listener-rule/", ":listener/", 1),
        None => rule.to_owned(),
    }
}

/// One that ECS itself assumes, and no task.
fn is_infrastructure(role: &Role) -> bool {
    let principals: Vec<Value> = statements(&role.trust).iter().flat_map(|one| strings(one, "Principal")).collect();
    principals == [json!({"Service": ["ecs.amazonaws.com"]})]
}
