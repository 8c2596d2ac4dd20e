//! Each sort of drift is found, and only where it is.

use std::pin::Pin;

use aws_sdk_cloudwatchlogs::operation::delete_retention_policy::builders::DeleteRetentionPolicyInputBuilder;
use aws_sdk_cloudwatchlogs::operation::untag_resource::builders::UntagResourceInputBuilder as UntagLogs;
use aws_sdk_ec2::operation::delete_tags::builders::DeleteTagsInputBuilder;
use aws_sdk_ec2::operation::revoke_security_group_egress::builders::RevokeSecurityGroupEgressInputBuilder;
use aws_sdk_ecs::operation::deregister_task_definition::builders::DeregisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::operation::put_cluster_capacity_providers::builders::PutClusterCapacityProvidersInputBuilder;
use aws_sdk_ecs::operation::tag_resource::builders::TagResourceInputBuilder;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use aws_sdk_ecs::types::Tag;
use aws_sdk_iam::operation::attach_role_policy::builders::AttachRolePolicyInputBuilder;
use aws_sdk_iam::operation::delete_role_policy::builders::DeleteRolePolicyInputBuilder;
use aws_sdk_iam::operation::list_role_policies::builders::ListRolePoliciesInputBuilder;
use aws_sdk_iam::operation::untag_role::builders::UntagRoleInputBuilder;
use aws_sdk_iam::operation::update_role::builders::UpdateRoleInputBuilder;
use aws_sdk_servicediscovery::operation::untag_resource::builders::UntagResourceInputBuilder as UntagRegistry;
use aws_sdk_servicediscovery::operation::update_service::builders::UpdateServiceInputBuilder as UpdateRegistry;
use aws_sdk_servicediscovery::types::{DnsConfigChange, DnsRecord, RecordType, ServiceChange};
use longshore_aws::{Cadence, Fault};

use super::law::rich;
use super::{judged, subjects, suspicion, verdicts};
use crate::account::Account;
use crate::stack::Stack;

type Happening<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Something that somebody does behind Longshore's back.
pub(super) struct Drift {
    pub(super) what: &'static str,
    pub(super) happens: for<'a> fn(&'a Account, &'a mut Stack) -> Happening<'a>,
    /// Which of the two objects drifts by it, cluster and service.
    drifts: [bool; 2],
    /// Whether it is seen by every survey; else by one of the day's.
    at_once: bool,
}

/// A case: what it is, which objects drift, whether at once, and the call, of the service's base and physical ids.
macro_rules! drift {
    ($what:literal, $drifts:expr, $at_once:literal, |$aws:ident, $at:ident| $calls:expr) => {
        Drift {
            what: $what,
            happens: |account, stack| {
                Box::pin(async move {
                    let $at = At { stack };
                    let $aws = account.session.writer();
                    let done: Result<(), Fault> = async {
                        $calls;
                        Ok(())
                    }
                    .await;
                    done.unwrap();
                })
            },
            drifts: $drifts,
            at_once: $at_once,
        }
    };
}

/// Where the service's things are.
struct At<'a> {
    stack: &'a mut Stack,
}

impl At<'_> {
    fn physical(&self, kind: &str, key: &str) -> String {
        let object = if kind == "ecs/cluster" { &self.stack.cluster } else { self.stack.service.as_ref().unwrap() };
        let found = object.inventory.0.iter().find(|(id, _)| id.kind == kind && id.key == key);
        found.unwrap_or_else(|| panic!("{kind}:{key}")).1.physical.clone().unwrap()
    }

    fn base(&self) -> String {
        self.stack.service.as_ref().unwrap().scope.base()
    }

    fn cluster(&self) -> String {
        self.physical("ecs/cluster", "cluster")
    }

    fn execution_role(&self) -> String {
        format!("{}-execution", self.base())
    }

    fn group(&self) -> String {
        let arn = self.physical("ec2/security-group", "security-group");
        arn.rsplit('/').next().unwrap().to_owned()
    }
}

const SERVICE: [bool; 2] = [false, true];
const NEITHER: [bool; 2] = [false, false];

pub(super) const DRIFTS: &[Drift] = &[
    drift!("nothing", NEITHER, true, |aws, _at| aws.reader()),
    drift!("a service is changed", SERVICE, true, |aws, at| {
        let change = UpdateServiceInputBuilder::default().cluster(at.cluster()).service(at.base());
        aws.write(change.enable_ecs_managed_tags(true)).await?
    }),
    drift!("a service is scaled", SERVICE, true, |aws, at| {
        let change = UpdateServiceInputBuilder::default().cluster(at.cluster()).service(at.base());
        aws.write(change.desired_count(7)).await?
    }),
    drift!("a service's tag is changed", SERVICE, true, |aws, at| {
        let tag = Tag::builder().key("Team").value("nobody").build();
        aws.write(TagResourceInputBuilder::default().resource_arn(at.physical("ecs/service", "service")).tags(tag))
            .await?
    }),
    drift!("somebody tags for himself", NEITHER, true, |aws, at| {
        let tag = Tag::builder().key("billing").value("finance").build();
        aws.write(TagResourceInputBuilder::default().resource_arn(at.physical("ecs/service", "service")).tags(tag))
            .await?
    }),
    drift!("a cluster loses a capacity provider", [true, false], true, |aws, at| {
        let request = PutClusterCapacityProvidersInputBuilder::default().cluster(at.cluster());
        aws.write(request.capacity_providers("FARGATE").set_default_capacity_provider_strategy(Some(vec![]))).await?
    }),
    drift!("a revision is deregistered", SERVICE, true, |aws, at| {
        let arn = at.physical("ecs/task-definition", "task");
        aws.write(DeregisterTaskDefinitionInputBuilder::default().task_definition(arn)).await?
    }),
    drift!("a policy is attached", SERVICE, true, |aws, at| {
        let policy = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess";
        let request = AttachRolePolicyInputBuilder::default().role_name(at.execution_role()).policy_arn(policy);
        aws.write(request).await?
    }),
    drift!("an inline policy is deleted", SERVICE, true, |aws, at| {
        let role = at.execution_role();
        let names = aws.read(ListRolePoliciesInputBuilder::default().role_name(&role)).await?.policy_names;
        aws.write(DeleteRolePolicyInputBuilder::default().role_name(role).policy_name(&names[0])).await?
    }),
    drift!("a role's tags are taken off", SERVICE, true, |aws, at| {
        let request = UntagRoleInputBuilder::default().role_name(at.execution_role());
        aws.write(request.tag_keys("longshore.dev/installation")).await?
    }),
    drift!("a role's sessions are made longer", SERVICE, false, |aws, at| {
        let request = UpdateRoleInputBuilder::default().role_name(at.execution_role()).max_session_duration(7200);
        aws.write(request).await?
    }),
    drift!("a log group keeps everything", SERVICE, true, |aws, at| {
        let name = format!("/longshore/{}", at.base());
        aws.write(DeleteRetentionPolicyInputBuilder::default().log_group_name(name)).await?
    }),
    drift!("a log group's tags are taken off", SERVICE, false, |aws, at| {
        let request = UntagLogs::default().resource_arn(at.physical("logs/log-group", "logs"));
        aws.write(request.tag_keys("longshore.dev/installation")).await?
    }),
    drift!("a security group's tag is taken off", SERVICE, true, |aws, at| {
        let tag = aws_sdk_ec2::types::Tag::builder().key("longshore.dev/installation").build();
        aws.write(DeleteTagsInputBuilder::default().resources(at.group()).tags(tag)).await?
    }),
    drift!("a name is to be kept longer", SERVICE, true, |aws, at| {
        let record = DnsRecord::builder().r#type(RecordType::A).ttl(3600).build().unwrap();
        let config = DnsConfigChange::builder().dns_records(record).build().unwrap();
        let request = UpdateRegistry::default().id(at.physical("service-discovery/service", "registry"));
        aws.write(request.service(ServiceChange::builder().dns_config(config).build())).await?
    }),
    drift!("a name's tags are taken off", SERVICE, false, |aws, at| {
        let request = UntagRegistry::default().resource_arn(at.physical("service-discovery/service", "registry"));
        aws.write(request.tag_keys("longshore.dev/installation")).await?
    }),
    drift!("the rule that lets a service out is revoked", SERVICE, true, |aws, at| {
        let rule = at.physical("ec2/security-group-rule", "egress-all");
        let request = RevokeSecurityGroupEgressInputBuilder::default().group_id(at.group());
        aws.write(request.security_group_rule_ids(rule)).await?
    }),
];

#[tokio::test(start_paused = true)]
async fn each_sort_of_drift_is_found_and_nothing_else_is_suspected() {
    for drift in DRIFTS {
        let account = Account::new().await;
        let mut stack = Stack::converged_with(&account, &rich()).await;
        (drift.happens)(&account, &mut stack).await;
        let subjects = subjects(&stack);
        let found = judged(&account, &subjects).await;
        let found: Vec<_> = found.iter().map(suspicion).collect();
        assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), drift.drifts, "{}: {found:?}", drift.what);
        // A survey that spares itself the slow facts.
        let survey = account.session.survey(subjects.len(), Cadence::new(1, 1_000_000_007));
        let found = verdicts(&survey, &subjects).await;
        let expected = if drift.at_once { drift.drifts } else { NEITHER };
        let found: Vec<_> = found.iter().map(|found| suspicion(found).is_some()).collect();
        assert_eq!(found, expected, "{}", drift.what);
        let plans = !stack.steps(&account).await.is_empty();
        assert_eq!(plans, drift.drifts.contains(&true), "{}: what a turn's own look says", drift.what);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_only_kept_wakes_nobody() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &rich()).await;
    // The task role goes; the revision that is kept to go back to keeps it.
    stack.change(&crate::examples::image("1.28"));
    stack.converge(&account).await;
    assert!(stack.service().inventory.0.keys().any(|id| id.key == "task-role"), "it is kept");
    let found = judged(&account, &subjects(&stack)).await;
    assert_eq!(found.iter().map(suspicion).collect::<Vec<_>>(), [None, None]);
}
