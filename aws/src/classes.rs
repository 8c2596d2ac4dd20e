//! The class of every AWS error, as one table by operation, code and message.
//!
//! The first rule that matches decides; an error that none matches is the caller's to mend if AWS says so by its
//! status (4xx), and AWS's own otherwise.

use serde::Serialize;

/// What is to be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Class {
    /// AWS is not there yet: eventual consistency, propagation, something still being deleted. It passes by
    /// itself; whoever waits bounds the time and tells the reason.
    Wait,
    /// Throttling, a server error, a lost connection: again, with backoff and jitter.
    Retry,
    /// Only a person can mend it. Tried again when something changes, or slowly.
    Fix,
}

/// A classified error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) class: Class,
    pub(crate) advice: String,
}

/// One rule. An empty member matches everything; `code` matches as a whole, or as a beginning where it ends in
/// `*`; `message` as a part, without regard to case.
struct Rule {
    operation: &'static str,
    code: &'static str,
    message: &'static str,
    class: Class,
    advice: &'static str,
}

const fn rule(
    operation: &'static str,
    code: &'static str,
    message: &'static str,
    class: Class,
    advice: &'static str,
) -> Rule {
    Rule { operation, code, message, class, advice }
}

/// Codes by which AWS's services say that they are asked too often: the SDKs' own list ("Retry behavior" in the
/// AWS SDKs and Tools Reference Guide).
const THROTTLES: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "RequestThrottled",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// Codes of failures on AWS's side.
const SERVER_ERRORS: &[&str] = &[
    "ServerException",
    "ServiceUnavailableException",
    "ServiceUnavailable",
    "ServiceFailure",
    "ServiceFailureException",
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "InternalServiceError",
    "Unavailable",
];

const ROLE: &str =
    "if this stays so, check that the role exists and that its trust policy names the service that assumes it";
const PASS_ROLE: &str = "a role made just now is not known everywhere yet; if this stays so, allow iam:PassRole on it to Longshore's own role";

/// By operation and code. Sources: the errors sections of the API reference pages of these operations; messages
/// as AWS words them today, since ECS has one code (`InvalidParameterException`, `ClientException`) for much.
const RULES: &[Rule] = {
    use Class::{Fix, Retry, Wait};
    &[
        // Propagation: what was made a moment ago is not known everywhere yet.
        rule("", "", "unable to assume the role", Wait, ROLE),
        rule("", "", "unable to assume role", Wait, ROLE),
        rule("", "", "unable to assume the service linked role", Wait, ROLE),
        rule("", "", "unable to assume the configured ecs infrastructure role", Wait, ROLE),
        rule("", "", "verify that the ecs service role being passed", Wait, ROLE),
        rule("", "", "role is not valid", Wait, ROLE),
        rule("", "AccessDenied*", "iam:passrole", Wait, PASS_ROLE),
        rule("", "UnauthorizedOperation", "iam:passrole", Wait, PASS_ROLE),
        rule("", "ClientException", "iam:passrole", Wait, PASS_ROLE),
        rule("iam:AttachRolePolicy", "NoSuchEntity", "policy", Fix, "check the managed policy's ARN"),
        rule("iam:PutRolePermissionsBoundary", "NoSuchEntity", "policy", Fix, "check the permissions boundary's ARN"),
        rule("iam:CreateRole", "NoSuchEntity", "", Fix, "check the permissions boundary's ARN in the AwsEnvironment"),
        rule("iam:", "NoSuchEntity", "", Wait, ""),
        rule("iam:", "ConcurrentModification", "", Retry, ""),
        rule("iam:", "EntityTemporarilyUnmodifiable", "", Wait, ""),
        rule("iam:", "DeleteConflict", "", Wait, ""),
        rule("iam:", "LimitExceeded", "", Fix, "ask AWS for a higher IAM quota, or remove what is not needed"),
        rule(
            "iam:",
            "MalformedPolicyDocument",
            "invalid principal",
            Wait,
            "if this stays so, check that the principal exists",
        ),
        rule("iam:", "MalformedPolicyDocument", "", Fix, "correct the policy document"),
        // EC2 and Auto Scaling: an instance profile made just now is not known everywhere yet.
        rule(
            "",
            "",
            "invalid iam instance profile",
            Wait,
            "if this stays so, check that the instance profile exists and has a role",
        ),
        rule("autoscaling:", "InstanceRefreshInProgress*", "", Wait, "it begins when the one under way has ended"),
        rule("autoscaling:", "ResourceInUse*", "", Wait, ""),
        rule("autoscaling:", "ScalingActivityInProgress*", "", Wait, ""),
        rule("autoscaling:", "ResourceContention*", "", Retry, ""),
        rule("autoscaling:", "LimitExceeded*", "", Fix, "ask AWS for a higher quota of Auto Scaling groups"),
        // ECS.
        rule(
            "ecs:",
            "ClusterNotFoundException",
            "",
            Wait,
            "if this stays so, check that the cluster exists in this account and region",
        ),
        rule("ecs:", "ServiceNotFoundException", "", Wait, ""),
        rule("ecs:", "ServiceNotActiveException", "", Wait, ""),
        rule(
            "ecs:",
            "NamespaceNotFoundException",
            "",
            Fix,
            "make the Cloud Map namespace, or name one that is there, in this account and region",
        ),
        rule("ecs:", "UpdateInProgressException", "", Wait, ""),
        rule("ecs:", "ClusterContainsServicesException", "", Wait, ""),
        rule("ecs:", "ClusterContainsTasksException", "", Wait, ""),
        rule("ecs:", "ClusterContainsContainerInstancesException", "", Wait, ""),
        rule("ecs:", "ClusterContainsCapacityProviderException", "", Wait, ""),
        // Seen of the real one in place of that, of providers of Managed Instances.
        rule("ecs:DeleteCluster", "ClientException", "capacity providers are attached", Wait, ""),
        rule("ecs:DeleteCapacityProvider", "ClientException", "in use", Wait, ""),
        rule("ecs:DeleteCapacityProvider", "ClientException", "associated with", Wait, ""),
        rule("ecs:", "ResourceInUseException", "", Wait, ""),
        rule("ecs:", "ConflictException", "", Retry, ""),
        rule("ecs:", "", "still draining", Wait, ""),
        rule(
            "ecs:",
            "InvalidParameterException",
            "the specified capacity provider",
            Wait,
            "the account must have it, and the cluster name it in capacityProviders: it is tried again",
        ),
        rule("ecs:", "", "cannot be stopped while deployments are active", Wait, ""),
        rule("ecs:CreateService", "", "not idempotent", Retry, ""),
        rule(
            "ecs:",
            "",
            "does not have an associated load balancer",
            Wait,
            "if this stays so, attach the target group to a listener",
        ),
        rule("ecs:PutClusterCapacityProviders", "", "update in progress", Wait, ""),
        rule("ecs:", "LimitExceededException", "", Fix, "ask AWS for a higher ECS quota, or remove what is not needed"),
        rule("ecs:", "PlatformUnknownException", "", Fix, "name a platformVersion that exists, or leave it out"),
        rule(
            "ecs:",
            "PlatformTaskDefinitionIncompatibilityException",
            "",
            Fix,
            "change the platformVersion, or what the task asks of it",
        ),
        rule("ecs:", "UnsupportedFeatureException", "", Fix, "this region does not offer it: leave it out"),
        // CloudWatch Logs.
        rule("logs:", "OperationAbortedException", "", Retry, ""),
        rule("logs:", "ResourceNotFoundException", "", Wait, ""),
        rule("logs:", "LimitExceededException", "", Fix, "ask AWS for a higher CloudWatch Logs quota"),
        rule(
            "logs:",
            "InvalidParameterException",
            "kms",
            Fix,
            "check the KMS key: it must exist, be enabled, and let CloudWatch Logs use it",
        ),
        // EC2's network part.
        rule(
            "ec2:DeleteSecurityGroup",
            "DependencyViolation",
            "",
            Wait,
            "network interfaces of stopping tasks still use the group",
        ),
        rule("ec2:", "DependencyViolation", "", Wait, ""),
        rule("ec2:", "InvalidGroup.InUse", "", Wait, ""),
        rule(
            "ec2:AuthorizeSecurityGroup*",
            "InvalidGroup.NotFound",
            "",
            Wait,
            "if this stays so, check the ids of the groups in the rule",
        ),
        rule("ec2:", "InvalidGroup.NotFound", "", Wait, ""),
        rule("ec2:", "InvalidGroupId.Malformed", "", Fix, "a security group's id looks like sg-0123456789abcdef0"),
        rule("ec2:", "InvalidVpcID.NotFound", "", Fix, "check network.vpcId of the AwsEnvironment"),
        rule("ec2:", "InvalidSubnetID.NotFound", "", Fix, "check the subnets of the AwsEnvironment"),
        rule(
            "ec2:",
            "RulesPerSecurityGroupLimitExceeded",
            "",
            Fix,
            "a security group takes 60 rules a direction, unless AWS allows the account more: let in one group of yours \
             instead, which the tasks of many services join by networkConfiguration.awsvpcConfiguration.securityGroups, \
             or remove rules",
        ),
        rule(
            "ec2:",
            "SecurityGroupLimitExceeded",
            "",
            Fix,
            "ask AWS for more security groups, or remove what is not needed",
        ),
        // Elastic Load Balancing.
        rule("elasticloadbalancing:", "PriorityInUse", "", Retry, "another priority is chosen"),
        rule("elasticloadbalancing:", "ResourceInUse", "", Wait, ""),
        rule("elasticloadbalancing:", "LoadBalancerNotFound", "", Wait, ""),
        rule("elasticloadbalancing:", "ListenerNotFound", "", Wait, ""),
        rule("elasticloadbalancing:", "TargetGroupNotFound", "", Wait, ""),
        rule("elasticloadbalancing:", "RuleNotFound", "", Wait, ""),
        rule(
            "elasticloadbalancing:",
            "InvalidSecurityGroup",
            "",
            Wait,
            "if this stays so, check the security groups: they must be in the load balancer's VPC",
        ),
        rule(
            "elasticloadbalancing:",
            "InvalidSubnet",
            "",
            Fix,
            "check the subnets: they must be in the VPC, one a zone",
        ),
        rule("elasticloadbalancing:", "SubnetNotFound", "", Fix, "check the subnets of the AwsEnvironment"),
        rule(
            "elasticloadbalancing:",
            "CertificateNotFound",
            "",
            Fix,
            "name a certificate of ACM that is issued, in this account and region",
        ),
        rule("elasticloadbalancing:", "TrustStoreNotFound", "", Fix, "name a trust store of this account and region"),
        rule(
            "elasticloadbalancing:DeleteLoadBalancer",
            "OperationNotPermitted",
            "",
            Fix,
            "deletion protection is on: turn it off in AWS, or set spec.deletionPolicy to Retain to leave it there",
        ),
        rule(
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "InvalidConfigurationRequest",
            "",
            Fix,
            "check spec.accessLogs: the bucket's policy must let Elastic Load Balancing write there",
        ),
        rule("elasticloadbalancing:", "TooMany*", "", Fix, "ask AWS for a higher quota of Elastic Load Balancing"),
        // Route 53. What is deleted and created is named as it was read: another look, where it is not that any more.
        rule("route53:", "NoSuchHostedZone", "", Fix, "name a hosted zone of this account in dns.hostedZoneId"),
        rule("route53:", "InvalidChangeBatch", "but it already exists", Retry, ""),
        rule("route53:", "InvalidChangeBatch", "but it was not found", Retry, ""),
        rule("route53:", "InvalidChangeBatch", "do not match the current values", Retry, ""),
        rule(
            "route53:",
            "InvalidChangeBatch",
            "is not permitted in zone",
            Fix,
            "list in dns.hosts the hosts that lie in the hosted zone",
        ),
        rule(
            "route53:",
            "InvalidChangeBatch",
            "conflicts with other records",
            Fix,
            "take the other record of this name away, or leave its host out of dns.hosts",
        ),
        // Cloud Map.
        rule(
            "servicediscovery:",
            "ResourceInUse",
            "",
            Wait,
            "tasks are still registered in it: it goes once they stop",
        ),
        rule("servicediscovery:", "DuplicateRequest", "", Wait, ""),
        rule("servicediscovery:", "ServiceNotFound", "", Wait, ""),
        rule("servicediscovery:", "ResourceNotFoundException", "", Wait, ""),
        rule(
            "servicediscovery:",
            "NamespaceNotFound",
            "",
            Fix,
            "check serviceRegistries[].registry.namespace; of a namespace that was made anew, write another restartedAt",
        ),
        rule("servicediscovery:", "ResourceLimitExceeded", "", Fix, "ask AWS for a higher quota of Cloud Map"),
        // Application Auto Scaling.
        rule("application-autoscaling:", "ConcurrentUpdateException", "", Retry, ""),
        rule("application-autoscaling:", "FailedResourceAccessException", "", Retry, ""),
        rule("application-autoscaling:", "ObjectNotFoundException", "", Wait, ""),
        rule("application-autoscaling:", "ValidationException", "ecs service doesn't exist", Wait, ""),
        rule(
            "application-autoscaling:",
            "LimitExceededException",
            "",
            Fix,
            "ask AWS for a higher quota of Application Auto Scaling, or remove scaling policies",
        ),
        // EventBridge Scheduler. A role that was made a moment ago cannot be assumed yet.
        rule("scheduler:", "ValidationException", "must allow aws eventbridge scheduler to assume the role", Wait, ""),
        rule("scheduler:", "ConflictException", "", Retry, ""),
        rule("scheduler:", "ResourceNotFoundException", "", Wait, ""),
        rule(
            "scheduler:",
            "ServiceQuotaExceededException",
            "",
            Fix,
            "ask AWS for a higher quota of schedules, or delete some",
        ),
        // EventBridge. A role that was made a moment ago cannot be assumed yet.
        rule("events:", "ValidationException", "cannot be assumed by principal", Wait, ""),
        rule("events:", "ConcurrentModificationException", "", Retry, ""),
        rule("events:", "InternalException", "", Retry, ""),
        rule(
            "events:",
            "ResourceNotFoundException",
            "event bus",
            Fix,
            "make that bus, or name another in spec.event.eventBusName",
        ),
        rule("events:", "ResourceNotFoundException", "", Wait, ""),
        rule("events:", "InvalidEventPatternException", "", Fix, "correct spec.event.eventPattern"),
        rule(
            "events:",
            "ManagedRuleException",
            "",
            Fix,
            "a service of AWS manages that rule: give this object another name",
        ),
        rule("events:", "LimitExceededException", "", Fix, "ask AWS for a higher quota of rules, or delete some"),
        // Elastic File System.
        rule("elasticfilesystem:", "IncorrectFileSystemLifeCycleState", "", Wait, ""),
        rule("elasticfilesystem:", "IncorrectMountTargetState", "", Wait, ""),
        rule("elasticfilesystem:", "FileSystemInUse", "", Wait, "it still has mount targets"),
        rule("elasticfilesystem:", "FileSystemNotFound", "", Wait, ""),
        rule("elasticfilesystem:", "MountTargetNotFound", "", Wait, ""),
        rule("elasticfilesystem:", "AccessPointNotFound", "", Wait, ""),
        rule("elasticfilesystem:", "SecurityGroupNotFound", "", Wait, ""),
        rule("elasticfilesystem:", "DependencyTimeout", "", Retry, ""),
        rule(
            "elasticfilesystem:",
            "TooManyRequests",
            "",
            Wait,
            "EFS takes another throughput mode, or less provisioned throughput, once in 24 hours",
        ),
        rule("elasticfilesystem:", "SubnetNotFound", "", Fix, "check spec.subnets, or the AwsEnvironment's"),
        rule("elasticfilesystem:", "NoFreeAddressesInSubnet", "", Fix, "free addresses, or name another subnet"),
        rule("elasticfilesystem:", "UnsupportedAvailabilityZone", "", Fix, "name a subnet of another zone"),
        rule("elasticfilesystem:", "InvalidPolicyException", "", Fix, "correct spec.policy"),
        rule("elasticfilesystem:", "FileSystemLimitExceeded", "", Fix, "ask AWS for a higher quota of EFS"),
        rule("elasticfilesystem:", "AccessPointLimitExceeded", "", Fix, "ask AWS for a higher quota of EFS"),
        rule("elasticfilesystem:", "ThroughputLimitExceeded", "", Fix, "ask AWS for a higher quota of EFS"),
        rule("elasticfilesystem:", "NetworkInterfaceLimitExceeded", "", Fix, "ask AWS for more network interfaces"),
        rule("wafv2:", "WAFUnavailableEntityException", "", Wait, ""),
        rule("wafv2:", "WAFInternalErrorException", "", Retry, ""),
        rule(
            "wafv2:",
            "WAFNonexistentItemException",
            "",
            Fix,
            "check spec.webAclArn: it must be a regional web ACL here",
        ),
        rule("secretsmanager:GetSecretValue", "ResourceNotFoundException", "", Fix, "check clientSecretArn"),
        // Who we are.
        rule(
            "sts:AssumeRole",
            "AccessDenied*",
            "",
            Fix,
            "let the environment's role trust Longshore's own identity, with the external id",
        ),
        rule("", "ExpiredToken*", "", Retry, ""),
        rule("", "RequestExpired", "", Retry, "if this stays so, set the clock of the node right"),
        rule(
            "",
            "InvalidClientTokenId",
            "",
            Fix,
            "the credentials are not valid: check how Longshore gets its own (IRSA, Pod Identity, environment)",
        ),
        rule(
            "",
            "UnrecognizedClientException",
            "",
            Fix,
            "the credentials are not valid: check how Longshore gets its own (IRSA, Pod Identity, environment)",
        ),
        rule(
            "",
            "SignatureDoesNotMatch",
            "",
            Fix,
            "the credentials are not valid: check how Longshore gets its own (IRSA, Pod Identity, environment)",
        ),
        rule(
            "",
            "AuthFailure",
            "",
            Fix,
            "the credentials are not valid: check how Longshore gets its own (IRSA, Pod Identity, environment)",
        ),
        rule("", "OptInRequired", "", Fix, "enable the region for the account"),
    ]
};

/// The class of an error that AWS answered with, and what to do about it.
pub(crate) fn classify(operation: &str, code: &str, message: &str, status: u16) -> Verdict {
    let lower = message.to_ascii_lowercase();
    if let Some(rule) = RULES.iter().find(|rule| rule.matches(operation, code, &lower)) {
        return Verdict { class: rule.class, advice: rule.advice.to_owned() };
    }
    if is_throttle(code) || is_server_error(code) {
        return Verdict { class: Class::Retry, advice: String::new() };
    }
    if is_denial(code) {
        return Verdict { class: Class::Fix, advice: denial(operation, message) };
    }
    let class = if (400..500).contains(&status) { Class::Fix } else { Class::Retry };
    let advice = if class == Class::Fix { "correct what AWS objects to" } else { "" };
    Verdict { class, advice: advice.to_owned() }
}

pub(crate) fn is_throttle(code: &str) -> bool {
    THROTTLES.contains(&code)
}

pub(crate) fn is_server_error(code: &str) -> bool {
    SERVER_ERRORS.contains(&code)
}

fn is_denial(code: &str) -> bool {
    code.starts_with("AccessDenied") || code == "UnauthorizedOperation"
}

impl Rule {
    fn matches(&self, operation: &str, code: &str, message: &str) -> bool {
        matches_name(self.operation, operation) && matches_name(self.code, code) && message.contains(self.message)
    }
}

/// `""` is anything, `ecs:` any operation of the service, `Access*` any such beginning; else the whole name.
fn matches_name(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None if pattern.is_empty() => true,
        None if pattern.ends_with(':') => name.starts_with(pattern),
        None => name == pattern,
    }
}

/// Names the missing action and the resource: "User: P is not authorized to perform: A on resource: R because ...".
fn denial(operation: &str, message: &str) -> String {
    let word_after = |marker: &str| {
        let (_, rest) = message.split_once(marker)?;
        rest.split_whitespace().next().map(|word| word.trim_end_matches(['.', ',']))
    };
    let action = word_after("is not authorized to perform: ").unwrap_or(operation);
    let principal = word_after("User: ").unwrap_or("the role that Longshore acts as");
    match word_after("on resource: ") {
        Some(resource) => format!("allow {action} on {resource} to {principal}"),
        None => format!("allow {action} to {principal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_the_class_that_its_remedy_needs() {
        use Class::{Fix, Retry, Wait};
        let cases = [
            ("ecs:CreateService", "ClusterNotFoundException", "Cluster not found.", 400, Wait),
            (
                "ecs:CreateService",
                "InvalidParameterException",
                "Unable to assume the service linked role. Please verify",
                400,
                Wait,
            ),
            (
                "ecs:CreateService",
                "InvalidParameterException",
                "Unable to Start a service that is still Draining.",
                400,
                Wait,
            ),
            ("ecs:CreateService", "InvalidParameterException", "Creation of service was not idempotent.", 400, Retry),
            (
                "ecs:CreateService",
                "InvalidParameterException",
                "The target group x does not have an associated load balancer.",
                400,
                Wait,
            ),
            ("ecs:CreateService", "InvalidParameterException", "No container definitions", 400, Fix),
            ("ecs:RegisterTaskDefinition", "ClientException", "Role is not valid", 400, Wait),
            (
                "ecs:DeleteService",
                "InvalidParameterException",
                "The service cannot be stopped while deployments are active.",
                400,
                Wait,
            ),
            ("ecs:DeleteCluster", "ClusterContainsServicesException", "", 400, Wait),
            (
                "ecs:CreateService",
                "InvalidParameterException",
                "The specified capacity provider 'general' was not found. Specify a valid name or ARN and try again.",
                400,
                Wait,
            ),
            ("ecs:UpdateService", "ThrottlingException", "Rate exceeded", 400, Retry),
            ("ecs:UpdateService", "ServerException", "", 500, Retry),
            ("ecs:UpdateService", "SomethingNew", "", 503, Retry),
            ("ecs:UpdateService", "SomethingNew", "", 400, Fix),
            ("ec2:DeleteSecurityGroup", "DependencyViolation", "has a dependent object", 400, Wait),
            ("ec2:AuthorizeSecurityGroupIngress", "InvalidGroup.NotFound", "", 400, Wait),
            ("ec2:DescribeSecurityGroups", "RequestLimitExceeded", "", 503, Retry),
            ("iam:CreateRole", "ConcurrentModification", "", 409, Retry),
            ("iam:AttachRolePolicy", "NoSuchEntity", "Policy arn:x does not exist or is not attachable.", 404, Fix),
            ("iam:PutRolePolicy", "NoSuchEntity", "The role with name x cannot be found.", 404, Wait),
            ("iam:CreateRole", "AccessDenied", "User: u is not authorized to perform: iam:CreateRole", 403, Fix),
            (
                "ecs:CreateService",
                "AccessDeniedException",
                "User: u is not authorized to perform: iam:PassRole on resource: r",
                400,
                Wait,
            ),
            ("logs:PutRetentionPolicy", "OperationAbortedException", "", 400, Retry),
            ("sts:GetCallerIdentity", "InvalidClientTokenId", "", 403, Fix),
        ];
        for (operation, code, message, status, class) in cases {
            assert_eq!(classify(operation, code, message, status).class, class, "{operation} {code} {message}");
        }
    }

    #[test]
    fn a_denial_names_the_missing_action_the_resource_and_who_needs_it() {
        let message = "User: arn:aws:sts::1:assumed-role/longshore/s is not authorized to perform: \
                       ecs:CreateService on resource: arn:aws:ecs:eu-west-1:1:service/c/s because no policy allows it";
        assert_eq!(
            classify("ecs:CreateService", "AccessDeniedException", message, 400).advice,
            "allow ecs:CreateService on arn:aws:ecs:eu-west-1:1:service/c/s to arn:aws:sts::1:assumed-role/longshore/s"
        );
        assert_eq!(
            classify("ec2:CreateSecurityGroup", "UnauthorizedOperation", "You are not authorized.", 403).advice,
            "allow ec2:CreateSecurityGroup to the role that Longshore acts as"
        );
    }

    #[test]
    fn what_a_person_must_mend_says_how() {
        for rule in RULES.iter().filter(|rule| rule.class == Class::Fix) {
            assert!(!rule.advice.is_empty(), "{} {} {}", rule.operation, rule.code, rule.message);
        }
    }

    #[test]
    fn every_rule_can_be_reached() {
        for (at, rule) in RULES.iter().enumerate() {
            let operation = if rule.operation.ends_with([':', '*']) || rule.operation.is_empty() {
                format!("{}Any", rule.operation.trim_end_matches('*'))
            } else {
                rule.operation.to_owned()
            };
            let code = rule.code.trim_end_matches('*');
            let first = RULES.iter().position(|other| other.matches(&operation, code, rule.message));
            assert_eq!(first, Some(at), "{} {} {} is shadowed", rule.operation, rule.code, rule.message);
        }
    }
}
