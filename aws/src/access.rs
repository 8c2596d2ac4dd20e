//! Who may send what: operations that read, and operations that change, told apart by types.
//!
//! The SDK's clients stay in this crate. A request is built as its input alone, and [`Aws`] sends it:
//!
//! ```compile_fail
//! use aws_sdk_ecs::operation::delete_cluster::builders::DeleteClusterInputBuilder;
//! use longshore_aws::{Aws, Read};
//!
//! async fn cannot_be_written(aws: &Aws<Read>) {
//!     let _ = aws.read(DeleteClusterInputBuilder::default().cluster("main")).await;
//! }
//! ```
//!
//! ```no_run
//! use aws_sdk_ecs::operation::delete_cluster::builders::DeleteClusterInputBuilder;
//! use longshore_aws::{Aws, Write};
//!
//! async fn can_be_written(aws: &Aws<Write>) {
//!     let _ = aws.write(DeleteClusterInputBuilder::default().cluster("main")).await;
//! }
//! ```

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::call::{Caller, Failure};
use crate::drivers::Joins;
use crate::fault::Fault;

/// Only reads.
#[derive(Clone, Copy, Debug)]
pub enum Read {}

/// Reads and writes.
#[derive(Clone, Copy, Debug)]
pub enum Write {}

/// What an operation may do.
pub trait Access: Send + Sync + 'static {
    /// Whether it changes anything.
    const CHANGES: bool;
}

impl Access for Read {
    const CHANGES: bool = false;
}

impl Access for Write {
    const CHANGES: bool = true;
}

/// An operation of AWS's API: its input, and how it is sent.
pub trait Operation: Clone + Send + 'static {
    /// Service and operation, such as `ecs:CreateService`.
    const NAME: &'static str;
    /// [`Read`] if it changes nothing, else [`Write`].
    type Access: Access;
    /// What AWS answers.
    type Output: Send;
    /// Sends it once, as it is.
    fn send(self, clients: &Clients) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

/// One client for each AWS service.
#[derive(Clone, Debug)]
pub struct Clients {
    pub(crate) acm: aws_sdk_acm::Client,
    pub(crate) application_autoscaling: aws_sdk_applicationautoscaling::Client,
    pub(crate) autoscaling: aws_sdk_autoscaling::Client,
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) ecr: aws_sdk_ecr::Client,
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) efs: aws_sdk_efs::Client,
    pub(crate) elbv2: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) route53: aws_sdk_route53::Client,
    pub(crate) scheduler: aws_sdk_scheduler::Client,
    pub(crate) eventbridge: aws_sdk_eventbridge::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    pub(crate) servicediscovery: aws_sdk_servicediscovery::Client,
    pub(crate) ssm: aws_sdk_ssm::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) wafv2: aws_sdk_wafv2::Client,
}

/// The clients, and what every call through them shares.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) clients: Clients,
    pub(crate) caller: Caller,
}

impl Core {
    pub(crate) async fn send<O: Operation>(&self, operation: O) -> Result<O::Output, Fault> {
        // Boxed: the SDK's futures are up to 20 KB, and whoever waits for one would carry that.
        Box::pin(self.caller.call(&self.clients, operation)).await
    }
}

/// AWS, as one environment's session sees it, for reading or for writing too. Clones are the same.
pub struct Aws<A> {
    core: Arc<Core>,
    joins: Arc<Joins>,
    access: PhantomData<A>,
}

impl<A> Aws<A> {
    pub(crate) fn new(core: &Arc<Core>, joins: &Arc<Joins>) -> Self {
        Self { core: Arc::clone(core), joins: Arc::clone(joins), access: PhantomData }
    }

    /// Sends an operation that changes nothing.
    pub async fn read<O: Operation<Access = Read>>(&self, operation: O) -> Result<O::Output, Fault> {
        self.core.send(operation).await
    }

    /// The same AWS, for reading.
    pub fn reader(&self) -> Aws<Read> {
        Aws::new(&self.core, &self.joins)
    }

    pub(crate) fn core(&self) -> Arc<Core> {
        Arc::clone(&self.core)
    }

    /// How many requests were sent, repeats included.
    pub(crate) fn sent(&self) -> u64 {
        self.core.caller.sent.get()
    }

    /// Reads that join others of the same kind.
    pub(crate) fn joins(&self) -> &Joins {
        &self.joins
    }
}

impl Aws<Write> {
    /// Sends an operation that changes something.
    pub async fn write<O: Operation<Access = Write>>(&self, operation: O) -> Result<O::Output, Fault> {
        self.core.send(operation).await
    }
}

impl<A> Clone for Aws<A> {
    fn clone(&self) -> Self {
        Self::new(&self.core, &self.joins)
    }
}

impl<A> fmt::Debug for Aws<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").finish_non_exhaustive()
    }
}

/// Every operation that Longshore may call: access, service and name, the client, and the SDK's module, input and
/// output.
macro_rules! operations {
    ($($access:ident $name:literal $client:ident $sdk:ident $module:ident $input:ident $output:ident;)*) => {
        $(
            impl Operation for $sdk::operation::$module::builders::$input {
                const NAME: &'static str = $name;
                type Access = $access;
                type Output = $sdk::operation::$module::$output;

                async fn send(self, clients: &Clients) -> Result<Self::Output, Failure> {
                    self.send_with(&clients.$client).await.map_err(|error| Failure::of(&error))
                }
            }
        )*

        /// The names of all operations that Longshore may call.
        pub const OPERATIONS: &[&str] = &[$($name),*];
    };
}

operations! {
    Read "ecs:DescribeClusters" ecs aws_sdk_ecs describe_clusters DescribeClustersInputBuilder DescribeClustersOutput;
    Read "ecs:DescribeContainerInstances" ecs aws_sdk_ecs describe_container_instances DescribeContainerInstancesInputBuilder DescribeContainerInstancesOutput;
    Read "ecs:ListContainerInstances" ecs aws_sdk_ecs list_container_instances ListContainerInstancesInputBuilder ListContainerInstancesOutput;
    Read "ecs:DescribeServiceDeployments" ecs aws_sdk_ecs describe_service_deployments DescribeServiceDeploymentsInputBuilder DescribeServiceDeploymentsOutput;
    Read "ecs:DescribeServiceRevisions" ecs aws_sdk_ecs describe_service_revisions DescribeServiceRevisionsInputBuilder DescribeServiceRevisionsOutput;
    Read "ecs:DescribeServices" ecs aws_sdk_ecs describe_services DescribeServicesInputBuilder DescribeServicesOutput;
    Read "ecs:DescribeTaskDefinition" ecs aws_sdk_ecs describe_task_definition DescribeTaskDefinitionInputBuilder DescribeTaskDefinitionOutput;
    Read "ecs:DescribeTasks" ecs aws_sdk_ecs describe_tasks DescribeTasksInputBuilder DescribeTasksOutput;
    Read "ecs:ListClusters" ecs aws_sdk_ecs list_clusters ListClustersInputBuilder ListClustersOutput;
    Read "ecs:ListServiceDeployments" ecs aws_sdk_ecs list_service_deployments ListServiceDeploymentsInputBuilder ListServiceDeploymentsOutput;
    Read "ecs:ListServices" ecs aws_sdk_ecs list_services ListServicesInputBuilder ListServicesOutput;
    Read "ecs:ListTaskDefinitions" ecs aws_sdk_ecs list_task_definitions ListTaskDefinitionsInputBuilder ListTaskDefinitionsOutput;
    Read "ecs:ListTasks" ecs aws_sdk_ecs list_tasks ListTasksInputBuilder ListTasksOutput;
    Write "ecs:ExecuteCommand" ecs aws_sdk_ecs execute_command ExecuteCommandInputBuilder ExecuteCommandOutput;
    Write "ecs:CreateCluster" ecs aws_sdk_ecs create_cluster CreateClusterInputBuilder CreateClusterOutput;
    Write "ecs:UpdateCluster" ecs aws_sdk_ecs update_cluster UpdateClusterInputBuilder UpdateClusterOutput;
    Write "ecs:PutClusterCapacityProviders" ecs aws_sdk_ecs put_cluster_capacity_providers PutClusterCapacityProvidersInputBuilder PutClusterCapacityProvidersOutput;
    Write "ecs:DeleteCluster" ecs aws_sdk_ecs delete_cluster DeleteClusterInputBuilder DeleteClusterOutput;
    Write "ecs:RegisterTaskDefinition" ecs aws_sdk_ecs register_task_definition RegisterTaskDefinitionInputBuilder RegisterTaskDefinitionOutput;
    Write "ecs:DeregisterTaskDefinition" ecs aws_sdk_ecs deregister_task_definition DeregisterTaskDefinitionInputBuilder DeregisterTaskDefinitionOutput;
    Write "ecs:CreateService" ecs aws_sdk_ecs create_service CreateServiceInputBuilder CreateServiceOutput;
    Write "ecs:UpdateService" ecs aws_sdk_ecs update_service UpdateServiceInputBuilder UpdateServiceOutput;
    Write "ecs:ContinueServiceDeployment" ecs aws_sdk_ecs continue_service_deployment ContinueServiceDeploymentInputBuilder ContinueServiceDeploymentOutput;
    Write "ecs:DeleteService" ecs aws_sdk_ecs delete_service DeleteServiceInputBuilder DeleteServiceOutput;
    Write "ecs:RunTask" ecs aws_sdk_ecs run_task RunTaskInputBuilder RunTaskOutput;
    Write "ecs:StopTask" ecs aws_sdk_ecs stop_task StopTaskInputBuilder StopTaskOutput;
    Write "ecs:TagResource" ecs aws_sdk_ecs tag_resource TagResourceInputBuilder TagResourceOutput;
    Write "ecs:UntagResource" ecs aws_sdk_ecs untag_resource UntagResourceInputBuilder UntagResourceOutput;
    Read "ecs:DescribeCapacityProviders" ecs aws_sdk_ecs describe_capacity_providers DescribeCapacityProvidersInputBuilder DescribeCapacityProvidersOutput;
    Write "ecs:CreateCapacityProvider" ecs aws_sdk_ecs create_capacity_provider CreateCapacityProviderInputBuilder CreateCapacityProviderOutput;
    Write "ecs:UpdateCapacityProvider" ecs aws_sdk_ecs update_capacity_provider UpdateCapacityProviderInputBuilder UpdateCapacityProviderOutput;
    Write "ecs:DeleteCapacityProvider" ecs aws_sdk_ecs delete_capacity_provider DeleteCapacityProviderInputBuilder DeleteCapacityProviderOutput;
    Read "iam:GetAccountAuthorizationDetails" iam aws_sdk_iam get_account_authorization_details GetAccountAuthorizationDetailsInputBuilder GetAccountAuthorizationDetailsOutput;
    Read "iam:GetRole" iam aws_sdk_iam get_role GetRoleInputBuilder GetRoleOutput;
    Read "iam:GetRolePolicy" iam aws_sdk_iam get_role_policy GetRolePolicyInputBuilder GetRolePolicyOutput;
    Read "iam:ListAttachedRolePolicies" iam aws_sdk_iam list_attached_role_policies ListAttachedRolePoliciesInputBuilder ListAttachedRolePoliciesOutput;
    Read "iam:ListRolePolicies" iam aws_sdk_iam list_role_policies ListRolePoliciesInputBuilder ListRolePoliciesOutput;
    Read "iam:ListRoles" iam aws_sdk_iam list_roles ListRolesInputBuilder ListRolesOutput;
    Write "iam:CreateRole" iam aws_sdk_iam create_role CreateRoleInputBuilder CreateRoleOutput;
    Write "iam:UpdateRole" iam aws_sdk_iam update_role UpdateRoleInputBuilder UpdateRoleOutput;
    Write "iam:UpdateAssumeRolePolicy" iam aws_sdk_iam update_assume_role_policy UpdateAssumeRolePolicyInputBuilder UpdateAssumeRolePolicyOutput;
    Write "iam:PutRolePermissionsBoundary" iam aws_sdk_iam put_role_permissions_boundary PutRolePermissionsBoundaryInputBuilder PutRolePermissionsBoundaryOutput;
    Write "iam:DeleteRolePermissionsBoundary" iam aws_sdk_iam delete_role_permissions_boundary DeleteRolePermissionsBoundaryInputBuilder DeleteRolePermissionsBoundaryOutput;
    Write "iam:PutRolePolicy" iam aws_sdk_iam put_role_policy PutRolePolicyInputBuilder PutRolePolicyOutput;
    Write "iam:DeleteRolePolicy" iam aws_sdk_iam delete_role_policy DeleteRolePolicyInputBuilder DeleteRolePolicyOutput;
    Write "iam:AttachRolePolicy" iam aws_sdk_iam attach_role_policy AttachRolePolicyInputBuilder AttachRolePolicyOutput;
    Write "iam:DetachRolePolicy" iam aws_sdk_iam detach_role_policy DetachRolePolicyInputBuilder DetachRolePolicyOutput;
    Write "iam:TagRole" iam aws_sdk_iam tag_role TagRoleInputBuilder TagRoleOutput;
    Write "iam:UntagRole" iam aws_sdk_iam untag_role UntagRoleInputBuilder UntagRoleOutput;
    Write "iam:DeleteRole" iam aws_sdk_iam delete_role DeleteRoleInputBuilder DeleteRoleOutput;
    Read "iam:GetInstanceProfile" iam aws_sdk_iam get_instance_profile GetInstanceProfileInputBuilder GetInstanceProfileOutput;
    Read "iam:ListInstanceProfiles" iam aws_sdk_iam list_instance_profiles ListInstanceProfilesInputBuilder ListInstanceProfilesOutput;
    Write "iam:CreateInstanceProfile" iam aws_sdk_iam create_instance_profile CreateInstanceProfileInputBuilder CreateInstanceProfileOutput;
    Write "iam:AddRoleToInstanceProfile" iam aws_sdk_iam add_role_to_instance_profile AddRoleToInstanceProfileInputBuilder AddRoleToInstanceProfileOutput;
    Write "iam:RemoveRoleFromInstanceProfile" iam aws_sdk_iam remove_role_from_instance_profile RemoveRoleFromInstanceProfileInputBuilder RemoveRoleFromInstanceProfileOutput;
    Write "iam:TagInstanceProfile" iam aws_sdk_iam tag_instance_profile TagInstanceProfileInputBuilder TagInstanceProfileOutput;
    Write "iam:UntagInstanceProfile" iam aws_sdk_iam untag_instance_profile UntagInstanceProfileInputBuilder UntagInstanceProfileOutput;
    Write "iam:DeleteInstanceProfile" iam aws_sdk_iam delete_instance_profile DeleteInstanceProfileInputBuilder DeleteInstanceProfileOutput;
    Read "logs:DescribeLogGroups" logs aws_sdk_cloudwatchlogs describe_log_groups DescribeLogGroupsInputBuilder DescribeLogGroupsOutput;
    Read "logs:GetLogEvents" logs aws_sdk_cloudwatchlogs get_log_events GetLogEventsInputBuilder GetLogEventsOutput;
    Read "logs:ListTagsForResource" logs aws_sdk_cloudwatchlogs list_tags_for_resource ListTagsForResourceInputBuilder ListTagsForResourceOutput;
    Write "logs:CreateLogGroup" logs aws_sdk_cloudwatchlogs create_log_group CreateLogGroupInputBuilder CreateLogGroupOutput;
    Write "logs:PutRetentionPolicy" logs aws_sdk_cloudwatchlogs put_retention_policy PutRetentionPolicyInputBuilder PutRetentionPolicyOutput;
    Write "logs:DeleteRetentionPolicy" logs aws_sdk_cloudwatchlogs delete_retention_policy DeleteRetentionPolicyInputBuilder DeleteRetentionPolicyOutput;
    Write "logs:AssociateKmsKey" logs aws_sdk_cloudwatchlogs associate_kms_key AssociateKmsKeyInputBuilder AssociateKmsKeyOutput;
    Write "logs:DisassociateKmsKey" logs aws_sdk_cloudwatchlogs disassociate_kms_key DisassociateKmsKeyInputBuilder DisassociateKmsKeyOutput;
    Write "logs:TagResource" logs aws_sdk_cloudwatchlogs tag_resource TagResourceInputBuilder TagResourceOutput;
    Write "logs:UntagResource" logs aws_sdk_cloudwatchlogs untag_resource UntagResourceInputBuilder UntagResourceOutput;
    Write "logs:DeleteLogGroup" logs aws_sdk_cloudwatchlogs delete_log_group DeleteLogGroupInputBuilder DeleteLogGroupOutput;
    Read "ec2:DescribeSecurityGroups" ec2 aws_sdk_ec2 describe_security_groups DescribeSecurityGroupsInputBuilder DescribeSecurityGroupsOutput;
    Read "ec2:DescribeSecurityGroupRules" ec2 aws_sdk_ec2 describe_security_group_rules DescribeSecurityGroupRulesInputBuilder DescribeSecurityGroupRulesOutput;
    Read "ec2:DescribeNetworkInterfaces" ec2 aws_sdk_ec2 describe_network_interfaces DescribeNetworkInterfacesInputBuilder DescribeNetworkInterfacesOutput;
    Read "ec2:DescribeSubnets" ec2 aws_sdk_ec2 describe_subnets DescribeSubnetsInputBuilder DescribeSubnetsOutput;
    Read "ec2:DescribeVpcs" ec2 aws_sdk_ec2 describe_vpcs DescribeVpcsInputBuilder DescribeVpcsOutput;
    Write "ec2:CreateSecurityGroup" ec2 aws_sdk_ec2 create_security_group CreateSecurityGroupInputBuilder CreateSecurityGroupOutput;
    Write "ec2:DeleteSecurityGroup" ec2 aws_sdk_ec2 delete_security_group DeleteSecurityGroupInputBuilder DeleteSecurityGroupOutput;
    Write "ec2:AuthorizeSecurityGroupIngress" ec2 aws_sdk_ec2 authorize_security_group_ingress AuthorizeSecurityGroupIngressInputBuilder AuthorizeSecurityGroupIngressOutput;
    Write "ec2:AuthorizeSecurityGroupEgress" ec2 aws_sdk_ec2 authorize_security_group_egress AuthorizeSecurityGroupEgressInputBuilder AuthorizeSecurityGroupEgressOutput;
    Write "ec2:RevokeSecurityGroupIngress" ec2 aws_sdk_ec2 revoke_security_group_ingress RevokeSecurityGroupIngressInputBuilder RevokeSecurityGroupIngressOutput;
    Write "ec2:RevokeSecurityGroupEgress" ec2 aws_sdk_ec2 revoke_security_group_egress RevokeSecurityGroupEgressInputBuilder RevokeSecurityGroupEgressOutput;
    Write "ec2:UpdateSecurityGroupRuleDescriptionsIngress" ec2 aws_sdk_ec2 update_security_group_rule_descriptions_ingress UpdateSecurityGroupRuleDescriptionsIngressInputBuilder UpdateSecurityGroupRuleDescriptionsIngressOutput;
    Write "ec2:UpdateSecurityGroupRuleDescriptionsEgress" ec2 aws_sdk_ec2 update_security_group_rule_descriptions_egress UpdateSecurityGroupRuleDescriptionsEgressInputBuilder UpdateSecurityGroupRuleDescriptionsEgressOutput;
    Write "ec2:CreateTags" ec2 aws_sdk_ec2 create_tags CreateTagsInputBuilder CreateTagsOutput;
    Write "ec2:DeleteTags" ec2 aws_sdk_ec2 delete_tags DeleteTagsInputBuilder DeleteTagsOutput;
    Read "ec2:DescribeLaunchTemplates" ec2 aws_sdk_ec2 describe_launch_templates DescribeLaunchTemplatesInputBuilder DescribeLaunchTemplatesOutput;
    Read "ec2:DescribeLaunchTemplateVersions" ec2 aws_sdk_ec2 describe_launch_template_versions DescribeLaunchTemplateVersionsInputBuilder DescribeLaunchTemplateVersionsOutput;
    Write "ec2:CreateLaunchTemplate" ec2 aws_sdk_ec2 create_launch_template CreateLaunchTemplateInputBuilder CreateLaunchTemplateOutput;
    Write "ec2:CreateLaunchTemplateVersion" ec2 aws_sdk_ec2 create_launch_template_version CreateLaunchTemplateVersionInputBuilder CreateLaunchTemplateVersionOutput;
    Write "ec2:ModifyLaunchTemplate" ec2 aws_sdk_ec2 modify_launch_template ModifyLaunchTemplateInputBuilder ModifyLaunchTemplateOutput;
    Write "ec2:DeleteLaunchTemplate" ec2 aws_sdk_ec2 delete_launch_template DeleteLaunchTemplateInputBuilder DeleteLaunchTemplateOutput;
    Read "elasticfilesystem:DescribeAccessPoints" efs aws_sdk_efs describe_access_points DescribeAccessPointsInputBuilder DescribeAccessPointsOutput;
    Read "elasticfilesystem:DescribeBackupPolicy" efs aws_sdk_efs describe_backup_policy DescribeBackupPolicyInputBuilder DescribeBackupPolicyOutput;
    Read "elasticfilesystem:DescribeFileSystemPolicy" efs aws_sdk_efs describe_file_system_policy DescribeFileSystemPolicyInputBuilder DescribeFileSystemPolicyOutput;
    Read "elasticfilesystem:DescribeFileSystems" efs aws_sdk_efs describe_file_systems DescribeFileSystemsInputBuilder DescribeFileSystemsOutput;
    Read "elasticfilesystem:DescribeLifecycleConfiguration" efs aws_sdk_efs describe_lifecycle_configuration DescribeLifecycleConfigurationInputBuilder DescribeLifecycleConfigurationOutput;
    Read "elasticfilesystem:DescribeMountTargetSecurityGroups" efs aws_sdk_efs describe_mount_target_security_groups DescribeMountTargetSecurityGroupsInputBuilder DescribeMountTargetSecurityGroupsOutput;
    Read "elasticfilesystem:DescribeMountTargets" efs aws_sdk_efs describe_mount_targets DescribeMountTargetsInputBuilder DescribeMountTargetsOutput;
    Write "elasticfilesystem:CreateAccessPoint" efs aws_sdk_efs create_access_point CreateAccessPointInputBuilder CreateAccessPointOutput;
    Write "elasticfilesystem:CreateFileSystem" efs aws_sdk_efs create_file_system CreateFileSystemInputBuilder CreateFileSystemOutput;
    Write "elasticfilesystem:CreateMountTarget" efs aws_sdk_efs create_mount_target CreateMountTargetInputBuilder CreateMountTargetOutput;
    Write "elasticfilesystem:DeleteAccessPoint" efs aws_sdk_efs delete_access_point DeleteAccessPointInputBuilder DeleteAccessPointOutput;
    Write "elasticfilesystem:DeleteFileSystem" efs aws_sdk_efs delete_file_system DeleteFileSystemInputBuilder DeleteFileSystemOutput;
    Write "elasticfilesystem:DeleteFileSystemPolicy" efs aws_sdk_efs delete_file_system_policy DeleteFileSystemPolicyInputBuilder DeleteFileSystemPolicyOutput;
    Write "elasticfilesystem:DeleteMountTarget" efs aws_sdk_efs delete_mount_target DeleteMountTargetInputBuilder DeleteMountTargetOutput;
    Write "elasticfilesystem:ModifyMountTargetSecurityGroups" efs aws_sdk_efs modify_mount_target_security_groups ModifyMountTargetSecurityGroupsInputBuilder ModifyMountTargetSecurityGroupsOutput;
    Write "elasticfilesystem:PutBackupPolicy" efs aws_sdk_efs put_backup_policy PutBackupPolicyInputBuilder PutBackupPolicyOutput;
    Write "elasticfilesystem:PutFileSystemPolicy" efs aws_sdk_efs put_file_system_policy PutFileSystemPolicyInputBuilder PutFileSystemPolicyOutput;
    Write "elasticfilesystem:PutLifecycleConfiguration" efs aws_sdk_efs put_lifecycle_configuration PutLifecycleConfigurationInputBuilder PutLifecycleConfigurationOutput;
    Write "elasticfilesystem:TagResource" efs aws_sdk_efs tag_resource TagResourceInputBuilder TagResourceOutput;
    Write "elasticfilesystem:UntagResource" efs aws_sdk_efs untag_resource UntagResourceInputBuilder UntagResourceOutput;
    Write "elasticfilesystem:UpdateFileSystem" efs aws_sdk_efs update_file_system UpdateFileSystemInputBuilder UpdateFileSystemOutput;
    Read "elasticloadbalancing:DescribeListenerCertificates" elbv2 aws_sdk_elasticloadbalancingv2 describe_listener_certificates DescribeListenerCertificatesInputBuilder DescribeListenerCertificatesOutput;
    Read "elasticloadbalancing:DescribeListeners" elbv2 aws_sdk_elasticloadbalancingv2 describe_listeners DescribeListenersInputBuilder DescribeListenersOutput;
    Read "elasticloadbalancing:DescribeLoadBalancerAttributes" elbv2 aws_sdk_elasticloadbalancingv2 describe_load_balancer_attributes DescribeLoadBalancerAttributesInputBuilder DescribeLoadBalancerAttributesOutput;
    Read "elasticloadbalancing:DescribeLoadBalancers" elbv2 aws_sdk_elasticloadbalancingv2 describe_load_balancers DescribeLoadBalancersInputBuilder DescribeLoadBalancersOutput;
    Read "elasticloadbalancing:DescribeRules" elbv2 aws_sdk_elasticloadbalancingv2 describe_rules DescribeRulesInputBuilder DescribeRulesOutput;
    Read "elasticloadbalancing:DescribeTags" elbv2 aws_sdk_elasticloadbalancingv2 describe_tags DescribeTagsInputBuilder DescribeTagsOutput;
    Read "elasticloadbalancing:DescribeTargetGroupAttributes" elbv2 aws_sdk_elasticloadbalancingv2 describe_target_group_attributes DescribeTargetGroupAttributesInputBuilder DescribeTargetGroupAttributesOutput;
    Read "elasticloadbalancing:DescribeTargetGroups" elbv2 aws_sdk_elasticloadbalancingv2 describe_target_groups DescribeTargetGroupsInputBuilder DescribeTargetGroupsOutput;
    Write "elasticloadbalancing:CreateLoadBalancer" elbv2 aws_sdk_elasticloadbalancingv2 create_load_balancer CreateLoadBalancerInputBuilder CreateLoadBalancerOutput;
    Write "elasticloadbalancing:SetSubnets" elbv2 aws_sdk_elasticloadbalancingv2 set_subnets SetSubnetsInputBuilder SetSubnetsOutput;
    Write "elasticloadbalancing:SetSecurityGroups" elbv2 aws_sdk_elasticloadbalancingv2 set_security_groups SetSecurityGroupsInputBuilder SetSecurityGroupsOutput;
    Write "elasticloadbalancing:SetIpAddressType" elbv2 aws_sdk_elasticloadbalancingv2 set_ip_address_type SetIpAddressTypeInputBuilder SetIpAddressTypeOutput;
    Write "elasticloadbalancing:ModifyLoadBalancerAttributes" elbv2 aws_sdk_elasticloadbalancingv2 modify_load_balancer_attributes ModifyLoadBalancerAttributesInputBuilder ModifyLoadBalancerAttributesOutput;
    Write "elasticloadbalancing:DeleteLoadBalancer" elbv2 aws_sdk_elasticloadbalancingv2 delete_load_balancer DeleteLoadBalancerInputBuilder DeleteLoadBalancerOutput;
    Write "elasticloadbalancing:CreateListener" elbv2 aws_sdk_elasticloadbalancingv2 create_listener CreateListenerInputBuilder CreateListenerOutput;
    Write "elasticloadbalancing:ModifyListener" elbv2 aws_sdk_elasticloadbalancingv2 modify_listener ModifyListenerInputBuilder ModifyListenerOutput;
    Write "elasticloadbalancing:AddListenerCertificates" elbv2 aws_sdk_elasticloadbalancingv2 add_listener_certificates AddListenerCertificatesInputBuilder AddListenerCertificatesOutput;
    Write "elasticloadbalancing:RemoveListenerCertificates" elbv2 aws_sdk_elasticloadbalancingv2 remove_listener_certificates RemoveListenerCertificatesInputBuilder RemoveListenerCertificatesOutput;
    Write "elasticloadbalancing:DeleteListener" elbv2 aws_sdk_elasticloadbalancingv2 delete_listener DeleteListenerInputBuilder DeleteListenerOutput;
    Write "elasticloadbalancing:CreateTargetGroup" elbv2 aws_sdk_elasticloadbalancingv2 create_target_group CreateTargetGroupInputBuilder CreateTargetGroupOutput;
    Write "elasticloadbalancing:ModifyTargetGroup" elbv2 aws_sdk_elasticloadbalancingv2 modify_target_group ModifyTargetGroupInputBuilder ModifyTargetGroupOutput;
    Write "elasticloadbalancing:ModifyTargetGroupAttributes" elbv2 aws_sdk_elasticloadbalancingv2 modify_target_group_attributes ModifyTargetGroupAttributesInputBuilder ModifyTargetGroupAttributesOutput;
    Write "elasticloadbalancing:DeleteTargetGroup" elbv2 aws_sdk_elasticloadbalancingv2 delete_target_group DeleteTargetGroupInputBuilder DeleteTargetGroupOutput;
    Write "elasticloadbalancing:CreateRule" elbv2 aws_sdk_elasticloadbalancingv2 create_rule CreateRuleInputBuilder CreateRuleOutput;
    Write "elasticloadbalancing:ModifyRule" elbv2 aws_sdk_elasticloadbalancingv2 modify_rule ModifyRuleInputBuilder ModifyRuleOutput;
    Write "elasticloadbalancing:SetRulePriorities" elbv2 aws_sdk_elasticloadbalancingv2 set_rule_priorities SetRulePrioritiesInputBuilder SetRulePrioritiesOutput;
    Write "elasticloadbalancing:DeleteRule" elbv2 aws_sdk_elasticloadbalancingv2 delete_rule DeleteRuleInputBuilder DeleteRuleOutput;
    Write "elasticloadbalancing:AddTags" elbv2 aws_sdk_elasticloadbalancingv2 add_tags AddTagsInputBuilder AddTagsOutput;
    Write "elasticloadbalancing:RemoveTags" elbv2 aws_sdk_elasticloadbalancingv2 remove_tags RemoveTagsInputBuilder RemoveTagsOutput;
    Read "application-autoscaling:DescribeScalableTargets" application_autoscaling aws_sdk_applicationautoscaling describe_scalable_targets DescribeScalableTargetsInputBuilder DescribeScalableTargetsOutput;
    Read "application-autoscaling:DescribeScalingPolicies" application_autoscaling aws_sdk_applicationautoscaling describe_scaling_policies DescribeScalingPoliciesInputBuilder DescribeScalingPoliciesOutput;
    Read "application-autoscaling:DescribeScheduledActions" application_autoscaling aws_sdk_applicationautoscaling describe_scheduled_actions DescribeScheduledActionsInputBuilder DescribeScheduledActionsOutput;
    Read "application-autoscaling:ListTagsForResource" application_autoscaling aws_sdk_applicationautoscaling list_tags_for_resource ListTagsForResourceInputBuilder ListTagsForResourceOutput;
    Write "application-autoscaling:RegisterScalableTarget" application_autoscaling aws_sdk_applicationautoscaling register_scalable_target RegisterScalableTargetInputBuilder RegisterScalableTargetOutput;
    Write "application-autoscaling:DeregisterScalableTarget" application_autoscaling aws_sdk_applicationautoscaling deregister_scalable_target DeregisterScalableTargetInputBuilder DeregisterScalableTargetOutput;
    Write "application-autoscaling:PutScalingPolicy" application_autoscaling aws_sdk_applicationautoscaling put_scaling_policy PutScalingPolicyInputBuilder PutScalingPolicyOutput;
    Write "application-autoscaling:DeleteScalingPolicy" application_autoscaling aws_sdk_applicationautoscaling delete_scaling_policy DeleteScalingPolicyInputBuilder DeleteScalingPolicyOutput;
    Write "application-autoscaling:PutScheduledAction" application_autoscaling aws_sdk_applicationautoscaling put_scheduled_action PutScheduledActionInputBuilder PutScheduledActionOutput;
    Write "application-autoscaling:DeleteScheduledAction" application_autoscaling aws_sdk_applicationautoscaling delete_scheduled_action DeleteScheduledActionInputBuilder DeleteScheduledActionOutput;
    Write "application-autoscaling:TagResource" application_autoscaling aws_sdk_applicationautoscaling tag_resource TagResourceInputBuilder TagResourceOutput;
    Write "application-autoscaling:UntagResource" application_autoscaling aws_sdk_applicationautoscaling untag_resource UntagResourceInputBuilder UntagResourceOutput;
    Read "autoscaling:DescribeAutoScalingGroups" autoscaling aws_sdk_autoscaling describe_auto_scaling_groups DescribeAutoScalingGroupsInputBuilder DescribeAutoScalingGroupsOutput;
    Read "autoscaling:DescribeInstanceRefreshes" autoscaling aws_sdk_autoscaling describe_instance_refreshes DescribeInstanceRefreshesInputBuilder DescribeInstanceRefreshesOutput;
    Write "autoscaling:CreateAutoScalingGroup" autoscaling aws_sdk_autoscaling create_auto_scaling_group CreateAutoScalingGroupInputBuilder CreateAutoScalingGroupOutput;
    Write "autoscaling:UpdateAutoScalingGroup" autoscaling aws_sdk_autoscaling update_auto_scaling_group UpdateAutoScalingGroupInputBuilder UpdateAutoScalingGroupOutput;
    Write "autoscaling:StartInstanceRefresh" autoscaling aws_sdk_autoscaling start_instance_refresh StartInstanceRefreshInputBuilder StartInstanceRefreshOutput;
    Write "autoscaling:CreateOrUpdateTags" autoscaling aws_sdk_autoscaling create_or_update_tags CreateOrUpdateTagsInputBuilder CreateOrUpdateTagsOutput;
    Write "autoscaling:DeleteTags" autoscaling aws_sdk_autoscaling delete_tags DeleteTagsInputBuilder DeleteTagsOutput;
    Write "autoscaling:DeleteAutoScalingGroup" autoscaling aws_sdk_autoscaling delete_auto_scaling_group DeleteAutoScalingGroupInputBuilder DeleteAutoScalingGroupOutput;
    Read "scheduler:GetSchedule" scheduler aws_sdk_scheduler get_schedule GetScheduleInputBuilder GetScheduleOutput;
    Read "scheduler:ListSchedules" scheduler aws_sdk_scheduler list_schedules ListSchedulesInputBuilder ListSchedulesOutput;
    Write "scheduler:CreateSchedule" scheduler aws_sdk_scheduler create_schedule CreateScheduleInputBuilder CreateScheduleOutput;
    Write "scheduler:UpdateSchedule" scheduler aws_sdk_scheduler update_schedule UpdateScheduleInputBuilder UpdateScheduleOutput;
    Write "scheduler:DeleteSchedule" scheduler aws_sdk_scheduler delete_schedule DeleteScheduleInputBuilder DeleteScheduleOutput;
    Read "events:DescribeRule" eventbridge aws_sdk_eventbridge describe_rule DescribeRuleInputBuilder DescribeRuleOutput;
    Read "events:ListEventBuses" eventbridge aws_sdk_eventbridge list_event_buses ListEventBusesInputBuilder ListEventBusesOutput;
    Read "events:ListRules" eventbridge aws_sdk_eventbridge list_rules ListRulesInputBuilder ListRulesOutput;
    Read "events:ListTagsForResource" eventbridge aws_sdk_eventbridge list_tags_for_resource ListTagsForResourceInputBuilder ListTagsForResourceOutput;
    Read "events:ListTargetsByRule" eventbridge aws_sdk_eventbridge list_targets_by_rule ListTargetsByRuleInputBuilder ListTargetsByRuleOutput;
    Write "events:PutRule" eventbridge aws_sdk_eventbridge put_rule PutRuleInputBuilder PutRuleOutput;
    Write "events:DeleteRule" eventbridge aws_sdk_eventbridge delete_rule DeleteRuleInputBuilder DeleteRuleOutput;
    Write "events:PutTargets" eventbridge aws_sdk_eventbridge put_targets PutTargetsInputBuilder PutTargetsOutput;
    Write "events:RemoveTargets" eventbridge aws_sdk_eventbridge remove_targets RemoveTargetsInputBuilder RemoveTargetsOutput;
    Write "events:TagResource" eventbridge aws_sdk_eventbridge tag_resource TagResourceInputBuilder TagResourceOutput;
    Write "events:UntagResource" eventbridge aws_sdk_eventbridge untag_resource UntagResourceInputBuilder UntagResourceOutput;
    Read "acm:ListCertificates" acm aws_sdk_acm list_certificates ListCertificatesInputBuilder ListCertificatesOutput;
    Read "acm:DescribeCertificate" acm aws_sdk_acm describe_certificate DescribeCertificateInputBuilder DescribeCertificateOutput;
    Read "wafv2:GetWebACLForResource" wafv2 aws_sdk_wafv2 get_web_acl_for_resource GetWebAclForResourceInputBuilder GetWebAclForResourceOutput;
    Write "wafv2:AssociateWebACL" wafv2 aws_sdk_wafv2 associate_web_acl AssociateWebAclInputBuilder AssociateWebAclOutput;
    Write "wafv2:DisassociateWebACL" wafv2 aws_sdk_wafv2 disassociate_web_acl DisassociateWebAclInputBuilder DisassociateWebAclOutput;
    Read "route53:ListResourceRecordSets" route53 aws_sdk_route53 list_resource_record_sets ListResourceRecordSetsInputBuilder ListResourceRecordSetsOutput;
    Write "route53:ChangeResourceRecordSets" route53 aws_sdk_route53 change_resource_record_sets ChangeResourceRecordSetsInputBuilder ChangeResourceRecordSetsOutput;
    Read "servicediscovery:GetNamespace" servicediscovery aws_sdk_servicediscovery get_namespace GetNamespaceInputBuilder GetNamespaceOutput;
    Read "servicediscovery:GetService" servicediscovery aws_sdk_servicediscovery get_service GetServiceInputBuilder GetServiceOutput;
    Read "servicediscovery:ListNamespaces" servicediscovery aws_sdk_servicediscovery list_namespaces ListNamespacesInputBuilder ListNamespacesOutput;
    Read "servicediscovery:ListServices" servicediscovery aws_sdk_servicediscovery list_services ListServicesInputBuilder ListServicesOutput;
    Read "servicediscovery:ListTagsForResource" servicediscovery aws_sdk_servicediscovery list_tags_for_resource ListTagsForResourceInputBuilder ListTagsForResourceOutput;
    Write "servicediscovery:CreateService" servicediscovery aws_sdk_servicediscovery create_service CreateServiceInputBuilder CreateServiceOutput;
    Write "servicediscovery:UpdateService" servicediscovery aws_sdk_servicediscovery update_service UpdateServiceInputBuilder UpdateServiceOutput;
    Write "servicediscovery:DeleteService" servicediscovery aws_sdk_servicediscovery delete_service DeleteServiceInputBuilder DeleteServiceOutput;
    Write "servicediscovery:TagResource" servicediscovery aws_sdk_servicediscovery tag_resource TagResourceInputBuilder TagResourceOutput;
    Write "servicediscovery:UntagResource" servicediscovery aws_sdk_servicediscovery untag_resource UntagResourceInputBuilder UntagResourceOutput;
    Read "secretsmanager:GetSecretValue" secrets aws_sdk_secretsmanager get_secret_value GetSecretValueInputBuilder GetSecretValueOutput;
    Read "ecr:DescribeImages" ecr aws_sdk_ecr describe_images DescribeImagesInputBuilder DescribeImagesOutput;
    Read "secretsmanager:DescribeSecret" secrets aws_sdk_secretsmanager describe_secret DescribeSecretInputBuilder DescribeSecretOutput;
    Read "ssm:DescribeParameters" ssm aws_sdk_ssm describe_parameters DescribeParametersInputBuilder DescribeParametersOutput;
    Read "ssm:GetParameter" ssm aws_sdk_ssm get_parameter GetParameterInputBuilder GetParameterOutput;
    Read "sts:GetCallerIdentity" sts aws_sdk_sts get_caller_identity GetCallerIdentityInputBuilder GetCallerIdentityOutput;
}
