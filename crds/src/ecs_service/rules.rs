//! What can be said of a service from itself alone.

use crate::rules::{self, RuleText};

/// Of `EcsServiceSpec`.
pub(super) const SERVICE: &[RuleText] = &[
    LAUNCH_TYPE_OR_STRATEGY,
    TASK_ROLE,
    EXECUTION_ROLE,
    rules::ENVIRONMENT_FIXED,
    rules::CLUSTER_FIXED,
    SERVICE_NAME_FIXED,
    SCHEDULING_FIXED,
    LAUNCH_TYPE_FIXED,
    DESIRED_COUNT_FIXED,
    FARGATE_SIZES_GIVEN,
    FARGATE_SIZES,
    FARGATE_TASK,
    FARGATE_MEMBERS,
    FARGATE_VOLUMES,
    FARGATE_ROUTER,
    DAEMON_FARGATE,
    DAEMON_COUNT,
    PERCENTAGES,
    REBALANCING,
    TARGET_CONTAINER,
    IGNORED_CONTAINER,
    REGISTRY_CONTAINER,
    RECORD_TYPES_STAY,
    VOLUME_CONFIGURATIONS,
    CONFIGURED_AT_LAUNCH,
    S3_FILES_FARGATE,
    CONTROLLER,
    ROLE,
    SECURITY_GROUPS,
    REQUESTS_OF,
    REQUESTS_STRATEGY,
    rules::STRATEGY_WEIGHTS,
    rules::STRATEGY_MIX,
];

/// What holds of `task` wherever it is run, and of how that is launched.
pub(crate) const TEMPLATE: &[RuleText] = &[
    TASK_ROLE,
    EXECUTION_ROLE,
    FARGATE_SIZES_GIVEN,
    FARGATE_SIZES,
    FARGATE_TASK,
    FARGATE_MEMBERS,
    FARGATE_VOLUMES,
    FARGATE_ROUTER,
];

/// Whether tasks are known to run on Fargate. A service that names neither launch type nor providers follows its
/// cluster, which only the planner sees.
macro_rules! on_fargate {
    () => {
        "((has(self.launchType) && self.launchType == 'FARGATE') || (has(self.capacityProviderStrategy) && \
         self.capacityProviderStrategy.exists(p, p.capacityProvider in ['FARGATE', 'FARGATE_SPOT'])))"
    };
}

macro_rules! daemon {
    () => {
        "(has(self.schedulingStrategy) && self.schedulingStrategy == 'DAEMON')"
    };
}

pub(crate) const LAUNCH_TYPE_OR_STRATEGY: RuleText = (
    "!has(self.launchType) || !has(self.capacityProviderStrategy) || self.capacityProviderStrategy.size() == 0",
    "at most one of launchType and capacityProviderStrategy: for Fargate alone, launchType: FARGATE is enough",
);

const TASK_ROLE: RuleText = (
    "!has(self.taskRole) || !has(self.task.taskRoleArn)",
    "at most one of taskRole and task.taskRoleArn: taskRole makes a role, task.taskRoleArn names one that exists",
);

const EXECUTION_ROLE: RuleText = (
    "!has(self.executionRole) || !has(self.task.executionRoleArn)",
    "at most one of executionRole and task.executionRoleArn: executionRole adds to the role that is made, \
     task.executionRoleArn names one that exists",
);

/// API reference, CreateService: DAEMON is not supported on Fargate, nor with other deployment controllers, and places
/// one task on each instance.
const DAEMON_FARGATE: RuleText = (
    concat!("!", daemon!(), " || !", on_fargate!()),
    "schedulingStrategy: DAEMON needs instances: write REPLICA with a desiredCount, or leave Fargate",
);

const DAEMON_COUNT: RuleText = (
    concat!("!", daemon!(), " || (!has(self.desiredCount) && !has(self.autoscaling))"),
    "schedulingStrategy: DAEMON runs one task on each instance: take desiredCount and autoscaling away",
);

/// ECS: "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments." Left out they are 200
/// and 100 (API reference, `DeploymentConfiguration`).
const PERCENTAGES: RuleText = (
    concat!(
        daemon!(),
        " || !has(self.deploymentConfiguration) || !has(self.deploymentConfiguration.maximumPercent) || ",
        "self.deploymentConfiguration.maximumPercent != 100 || ",
        "(has(self.deploymentConfiguration.minimumHealthyPercent) && ",
        "self.deploymentConfiguration.minimumHealthyPercent != 100)"
    ),
    "deploymentConfiguration: with maximumPercent and minimumHealthyPercent both 100 (as it is where it is left out), ECS could \
     neither start a new task nor stop an old one, and takes no such service: raise maximumPercent, or lower \
     minimumHealthyPercent",
);

/// Developer guide, "Balancing an Amazon ECS service across Availability Zones".
const REBALANCING: RuleText = (
    concat!(
        "!has(self.availabilityZoneRebalancing) || self.availabilityZoneRebalancing != 'ENABLED' || (!",
        daemon!(),
        " && !(has(self.deploymentConfiguration) && has(self.deploymentConfiguration.maximumPercent) && ",
        "self.deploymentConfiguration.maximumPercent <= 100))"
    ),
    "availabilityZoneRebalancing: ENABLED starts a task in another zone before it stops one, which needs a maximumPercent above \
     100 and schedulingStrategy: REPLICA: raise maximumPercent, or write DISABLED",
);

const SERVICE_NAME_FIXED: RuleText = (
    "has(self.serviceName) == has(oldSelf.serviceName) && \
     (!has(self.serviceName) || self.serviceName == oldSelf.serviceName)",
    "serviceName can't be changed: make another object, and delete this one when the other is ready",
);

/// API reference, UpdateService: `schedulingStrategy` is not among its members.
const SCHEDULING_FIXED: RuleText = (
    "(has(self.schedulingStrategy) ? self.schedulingStrategy : 'REPLICA') == \
     (has(oldSelf.schedulingStrategy) ? oldSelf.schedulingStrategy : 'REPLICA')",
    "schedulingStrategy can't be changed: make another object, and delete this one when the other is ready",
);

/// API reference, UpdateService: `launchType` is not among its members, `capacityProviderStrategy` is.
const LAUNCH_TYPE_FIXED: RuleText = (
    "!has(self.launchType) || !has(oldSelf.launchType) || self.launchType == oldSelf.launchType",
    "launchType can't become another: write capacityProviderStrategy in its place, which can",
);

/// Autoscaling wins over desiredCount. Only a change is refused: a plain ban would trap who applies from Git after
/// `kubectl scale`.
const DESIRED_COUNT_FIXED: RuleText = (
    "!has(self.autoscaling) || !has(self.desiredCount) || \
     (has(oldSelf.desiredCount) && self.desiredCount == oldSelf.desiredCount)",
    "desiredCount follows autoscaling: change autoscaling.minCapacity and maxCapacity, or take desiredCount away",
);

const FARGATE_SIZES_GIVEN: RuleText = (
    concat!("!", on_fargate!(), " || (has(self.task.cpu) && has(self.task.memory))"),
    "Fargate needs task.cpu and task.memory, as cpu: 256 and memory: 512",
);

/// The pairs of the developer guide, "Fargate task CPU and memory". `a.exists(c, b.exists(m, ..))` over lists of one
/// gives names to the two values in CPU units and MiB.
const FARGATE_SIZES: RuleText = (
    concat!(
        "!",
        on_fargate!(),
        " || !has(self.task.cpu) || !has(self.task.memory) || ",
        "[string(self.task.cpu).lowerAscii().replace(' ', '')].exists(t, [",
        "t.endsWith('vcpu') ? int(double(t.replace('vcpu', '')) * 1024.0) : int(t)].exists(c, ",
        "[string(self.task.memory).lowerAscii().replace(' ', '')].exists(u, [",
        "u.endsWith('gb') ? int(double(u.replace('gb', '')) * 1024.0) : int(u)].exists(m, ",
        "c == 256 ? m in [512, 1024, 2048] : ",
        "c == 512 ? m >= 1024 && m <= 4096 && m % 1024 == 0 : ",
        "c == 1024 ? m >= 2048 && m <= 8192 && m % 1024 == 0 : ",
        "c == 2048 ? m >= 4096 && m <= 16384 && m % 1024 == 0 : ",
        "c == 4096 ? m >= 8192 && m <= 30720 && m % 1024 == 0 : ",
        "c == 8192 ? m >= 16384 && m <= 61440 && m % 4096 == 0 : ",
        "c == 16384 ? m >= 32768 && m <= 122880 && m % 8192 == 0 : ",
        "c == 32768 && m in [61440, 122880, 249856]))))",
    ),
    "Fargate has no such pair of task.cpu and task.memory (MiB): 256: 512, 1024, 2048; 512: 1024-4096; 1024: \
     2048-8192; 2048: 4096-16384; 4096: 8192-30720, by 1024; 8192: 16384-61440 by 4096; 16384: 32768-122880 by 8192; \
     32768: 61440, 122880, 249856",
);

/// API reference, RegisterTaskDefinition: `networkMode`, `pidMode`, `ipcMode`, `placementConstraints`.
const FARGATE_TASK: RuleText = (
    concat!(
        "!",
        on_fargate!(),
        " || ((!has(self.task.networkMode) || self.task.networkMode == 'awsvpc') && !has(self.task.ipcMode) && ",
        "(!has(self.task.pidMode) || self.task.pidMode == 'task') && (!has(self.task.placementConstraints) || self.task.placementConstraints.size() == 0) && ",
        "(!has(self.placementConstraints) || self.placementConstraints.size() == 0) && ",
        "(!has(self.placementStrategy) || self.placementStrategy.size() == 0))"
    ),
    "Fargate has networkMode awsvpc and pidMode task only, and no ipcMode, placementConstraints or placementStrategy: \
     take them away",
);

/// Developer guide, "Task definition differences for Fargate".
const FARGATE_MEMBERS: RuleText = (
    concat!(
        "!",
        on_fargate!(),
        " || self.task.containerDefinitions.all(c, !(has(c.privileged) && c.privileged) && !has(c.hostname) && ",
        "!(has(c.disableNetworking) && c.disableNetworking) && (!has(c.stopTimeout) || c.stopTimeout <= 120) && ",
        "(!has(c.links) || c.links.size() == 0) && (!has(c.dnsServers) || c.dnsServers.size() == 0) && ",
        "(!has(c.dnsSearchDomains) || c.dnsSearchDomains.size() == 0) && ",
        "(!has(c.extraHosts) || c.extraHosts.size() == 0) && ",
        "(!has(c.dockerSecurityOptions) || c.dockerSecurityOptions.size() == 0) && ",
        "(!has(c.resourceRequirements) || c.resourceRequirements.size() == 0))"
    ),
    "Fargate takes none of privileged, links, hostname, dnsServers, dnsSearchDomains, extraHosts, \
     dockerSecurityOptions, disableNetworking, resourceRequirements in a container, and a stopTimeout of at most 120: \
     take it away, or run on EC2",
);

/// Developer guide, "Task definition differences for Fargate", and "Fargate task storage".
const FARGATE_VOLUMES: RuleText = (
    concat!(
        "!",
        on_fargate!(),
        " || !has(self.task.volumes) || self.task.volumes.all(v, !has(v.dockerVolumeConfiguration) && ",
        "!has(v.fsxWindowsFileServerVolumeConfiguration) && !(has(v.host) && has(v.host.sourcePath)))"
    ),
    "Fargate mounts no directory of a host, no Docker volume and no FSx: use efsVolumeConfiguration, configuredAtLaunch \
     (EBS), or a volume with nothing but a name",
);

/// API reference, FirelensConfiguration.options.
const FARGATE_ROUTER: RuleText = (
    concat!(
        "!",
        on_fargate!(),
        " || self.task.containerDefinitions.all(c, !has(c.firelensConfiguration) || !has(c.firelensConfiguration.options) || ",
        "!('config-file-type' in c.firelensConfiguration.options) || ",
        "c.firelensConfiguration.options['config-file-type'] != 's3')"
    ),
    "a log router on Fargate takes its configuration from a file of its image: write config-file-type: file, or use an \
     init image of aws-for-fluent-bit, which fetches it by the task role",
);

const TARGET_CONTAINER: RuleText = (
    "!has(self.loadBalancers) || \
     self.loadBalancers.all(l, l.containerName in self.task.containerDefinitions.map(c, c.name))",
    "loadBalancers[].containerName must be the name of a container in task.containerDefinitions",
);

const IGNORED_CONTAINER: RuleText = (
    "!has(self.ignoreChanges) || \
     self.ignoreChanges.all(i, i.containerName in self.task.containerDefinitions.map(c, c.name))",
    "ignoreChanges[].containerName must be the name of a container in task.containerDefinitions",
);

const REGISTRY_CONTAINER: RuleText = (
    "!has(self.serviceRegistries) || self.serviceRegistries.all(r, !has(r.containerName) || \
     r.containerName in self.task.containerDefinitions.map(c, c.name))",
    "serviceRegistries[].containerName must be the name of a container in task.containerDefinitions",
);

const VOLUME_CONFIGURATIONS: RuleText = (
    "!has(self.volumeConfigurations) || self.volumeConfigurations.all(c, has(self.task.volumes) && \
     c.name in self.task.volumes.filter(v, has(v.configuredAtLaunch) && v.configuredAtLaunch).map(v, v.name))",
    "volumeConfigurations[].name must be the name of an entry in task.volumes with configuredAtLaunch: true",
);

/// Developer guide, "Use Amazon EBS volumes with Amazon ECS": one for each task.
const CONFIGURED_AT_LAUNCH: RuleText = (
    "!has(self.task.volumes) || self.task.volumes.all(v, !has(v.configuredAtLaunch) || !v.configuredAtLaunch || \
     (has(self.volumeConfigurations) && v.name in self.volumeConfigurations.map(c, c.name)))",
    "task.volumes[] with configuredAtLaunch: true needs the entry of its name in volumeConfigurations, and ECS takes one \
     such volume: write the entry, or mount an EFS file system",
);

/// S3 user guide, "Mounting S3 file systems on Amazon ECS": not on the EC2 launch type.
const S3_FILES_FARGATE: RuleText = (
    "!has(self.launchType) || self.launchType == 'FARGATE' || !has(self.task.volumes) || \
     self.task.volumes.all(v, !has(v.s3filesVolumeConfiguration))",
    "s3filesVolumeConfiguration needs Fargate: write launchType: FARGATE, or use efsVolumeConfiguration",
);

pub(super) const MANAGED_VOLUME: RuleText = (
    "has(self.managedEBSVolume)",
    "managedEBSVolume must say what the volume is, as managedEBSVolume: {sizeInGiB: 20}",
);

/// Of `ManagedEbsVolume`: API reference, `ServiceManagedEBSVolumeConfiguration`.
pub(super) const EBS_VOLUME: &[RuleText] = &[EBS_SIZE, EBS_TYPE, EBS_IOPS, EBS_THROUGHPUT, EBS_INITIALIZATION];

const EBS_SIZE: RuleText =
    ("has(self.sizeInGiB) || has(self.snapshotId)", "sizeInGiB is needed, unless snapshotId names a snapshot");

const EBS_TYPE: RuleText = (
    "!has(self.volumeType) || self.volumeType in ['gp2', 'gp3', 'io1', 'io2', 'sc1', 'st1', 'standard']",
    "volumeType must be gp2, gp3, io1, io2, sc1, st1 or standard",
);

const EBS_IOPS: RuleText = (
    "!has(self.volumeType) || (self.volumeType in ['io1', 'io2'] ? has(self.iops) : \
     !(self.volumeType in ['sc1', 'st1', 'standard'] && has(self.iops)))",
    "iops is needed by volumeType io1 and io2, and not taken by sc1, st1 and standard",
);

const EBS_THROUGHPUT: RuleText = (
    "!has(self.throughput) || !has(self.volumeType) || self.volumeType == 'gp3'",
    "throughput belongs to volumeType: gp3",
);

const EBS_INITIALIZATION: RuleText = (
    "!has(self.volumeInitializationRate) || has(self.snapshotId)",
    "volumeInitializationRate is the rate at which a snapshot is read: it needs snapshotId",
);

/// API reference, `ServiceConnectAccessLogConfiguration`.
pub(super) const CONNECT_ACCESS_LOG: RuleText = (
    "!has(self.accessLogConfiguration) || has(self.logConfiguration)",
    "accessLogConfiguration needs logConfiguration, which says where the proxy's output goes: write that too",
);

/// Of `ServiceConnectService`: API reference, `ServiceConnectService` and `ServiceConnectTlsConfiguration`.
pub(super) const CONNECT_SERVICE: &[RuleText] = &[CONNECT_ALIAS, CONNECT_NAME, CONNECT_AUTHORITY];

const CONNECT_ALIAS: RuleText = (
    "has(self.clientAliases) && self.clientAliases.size() == 1",
    "clientAliases: exactly one is needed, as {port: 80, dnsName: orders}",
);

const CONNECT_NAME: RuleText = (
    "!has(self.discoveryName) || self.discoveryName.matches('^[a-z0-9_][a-z0-9_-]*$')",
    "discoveryName may have lower-case letters, digits, _ and -, and must not start with -",
);

const CONNECT_AUTHORITY: RuleText = (
    "!has(self.tls) || has(self.tls.issuerCertificateAuthority.awsPcaAuthorityArn)",
    "tls.issuerCertificateAuthority.awsPcaAuthorityArn must be the ARN of a private certificate authority",
);

/// API reference, `ServiceRegistry`: under awsvpc a port, or a container and its port, and not both.
pub(super) const REGISTRY_PORT: RuleText = (
    "has(self.containerName) == has(self.containerPort) && !(has(self.port) && has(self.containerPort))",
    "either port alone, or containerName and containerPort",
);

pub(super) const ONE_REGISTRY: RuleText = (
    "has(self.registryArn) != has(self.registry)",
    "exactly one of registry and registryArn: registry makes a Cloud Map service, registryArn names one that exists",
);

/// Cloud Map API reference, `DnsRecord.Type`: A, AAAA, A and AAAA, SRV.
pub(super) const RECORD_TYPES: RuleText = (
    "!has(self.recordTypes) || self.recordTypes.size() == 1 || !('SRV' in self.recordTypes)",
    "recordTypes: SRV stands alone, since Cloud Map takes it beside no other: write [SRV], or [A, AAAA]",
);

/// Developer guide, "Use service discovery to connect Amazon ECS services with DNS names", considerations.
pub(super) const SRV_PORT: RuleText = (
    "!has(self.registry) || !has(self.registry.recordTypes) || !('SRV' in self.registry.recordTypes) || has(self.port) || \
     has(self.containerPort)",
    "records of the type SRV name a port: write port, or containerName and containerPort",
);

/// Cloud Map API reference, `DnsConfig.DnsRecords`: "The record type of a service specified in a `DnsRecord` object can't be
/// updated"; and a name in a namespace is one service's, so that no other can be made before the first has gone.
const RECORD_TYPES_STAY: RuleText = (
    "!has(self.serviceRegistries) || !has(oldSelf.serviceRegistries) || self.serviceRegistries.all(r, !has(r.registry) || \
     !has(r.registry.recordTypes) || oldSelf.serviceRegistries.all(o, !has(o.registry) || !has(o.registry.recordTypes) || \
     o.registry.name != r.registry.name || o.registry.__namespace__ != r.registry.__namespace__ || \
     o.registry.recordTypes == r.registry.recordTypes))",
    "serviceRegistries[].registry.recordTypes can't be changed: give registry another name, too",
);

/// UpdateService refuses nearly everything under these controllers, so that Longshore could not keep the object's word.
const CONTROLLER: RuleText = (
    "!has(self.deploymentController) || self.deploymentController.type == 'ECS' || \
     (has(self.mode) && self.mode == 'Observe')",
    "deploymentController CODE_DEPLOY and EXTERNAL can only be watched: write mode: Observe, or type: ECS (with \
     deploymentConfiguration.strategy: BLUE_GREEN in place of CodeDeploy)",
);

const ROLE: RuleText = (
    "!has(self.role)",
    "role is for classic load balancers, which Longshore does not manage: take it away; others need none",
);

/// API reference, `AwsVpcConfiguration`: five groups at most.
const SECURITY_GROUPS: RuleText = (
    "!has(self.networkConfiguration) || !has(self.networkConfiguration.awsvpcConfiguration) || \
     !has(self.networkConfiguration.awsvpcConfiguration.securityGroups) || \
     self.networkConfiguration.awsvpcConfiguration.securityGroups.size() <= 4 || \
     (has(self.mode) && self.mode == 'Observe')",
    "networkConfiguration.awsvpcConfiguration.securityGroups: at most 4, since ECS takes 5 and one is the service's own",
);

const REQUESTS_OF: RuleText = (
    "!has(self.autoscaling) || !has(self.autoscaling.targetTracking) || \
     self.autoscaling.targetTracking.all(t, !has(t.loadBalancer) || \
     (has(self.loadBalancers) && t.loadBalancer in self.loadBalancers.map(l, l.name)))",
    "autoscaling.targetTracking[].loadBalancer must be the name of an entry in loadBalancers",
);

/// The metric's label names one of two target groups; after a shift it falls to 0 (developer guide, "Service
/// auto scaling").
const REQUESTS_STRATEGY: RuleText = (
    "!has(self.autoscaling) || !has(self.autoscaling.targetTracking) || !has(self.deploymentConfiguration) || \
     !has(self.deploymentConfiguration.strategy) || self.deploymentConfiguration.strategy == 'ROLLING' || \
     self.autoscaling.targetTracking.all(t, !has(t.predefinedMetricType) || t.predefinedMetricType != 'ALBRequestCountPerTarget')",
    "ALBRequestCountPerTarget counts one of two target groups, so it needs deploymentConfiguration.strategy: ROLLING: \
     scale by CPU or memory instead",
);

pub(super) const LINEAR_ONLY: RuleText = (
    "!has(self.linearConfiguration) || (has(self.strategy) && self.strategy == 'LINEAR')",
    "linearConfiguration belongs to strategy: LINEAR",
);

pub(super) const CANARY_ONLY: RuleText = (
    "!has(self.canaryConfiguration) || (has(self.strategy) && self.strategy == 'CANARY')",
    "canaryConfiguration belongs to strategy: CANARY",
);

/// API reference, `DeploymentConfiguration`: both are about stages that rolling updates do not have. A bake time of 0 reads back
/// of any service.
pub(super) const SHIFTING_ONLY: RuleText = (
    "(has(self.strategy) && self.strategy != 'ROLLING') || \
     ((!has(self.bakeTimeInMinutes) || self.bakeTimeInMinutes == 0) && (!has(self.lifecycleHooks) || self.lifecycleHooks.size() == 0))",
    "bakeTimeInMinutes and lifecycleHooks belong to strategy: BLUE_GREEN, LINEAR or CANARY",
);

/// API reference, DeploymentLifecycleHook.lifecycleStages: required.
pub(super) const HOOK_STAGES: RuleText =
    ("has(self.lifecycleStages) && self.lifecycleStages.size() > 0", "a hook needs at least one of lifecycleStages");

/// API reference, DeploymentLifecycleHook.lifecycleStages.
pub(super) const PAUSE_STAGES: RuleText = (
    "!has(self.targetType) || self.targetType != 'PAUSE' || !has(self.lifecycleStages) || \
     self.lifecycleStages.all(s, s != 'TEST_TRAFFIC_SHIFT' && s != 'PRODUCTION_TRAFFIC_SHIFT')",
    "ECS does not pause at TEST_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT: name the stage before or after it",
);

/// What is Longshore's it makes itself.
pub(super) const ADVANCED_OF_OURS: RuleText = (
    "!has(self.loadBalancer) || !has(self.advancedConfiguration) || \
     (!has(self.advancedConfiguration.alternateTargetGroupArn) && !has(self.advancedConfiguration.productionListenerRule) && \
     !has(self.advancedConfiguration.testListenerRule))",
    "with loadBalancer the second target group and the rules are made: of advancedConfiguration leave only roleArn, and \
     write testRule in place of testListenerRule",
);

pub(super) const TEST_OF_OURS: RuleText = (
    "!has(self.testRule) || has(self.loadBalancer)",
    "testRule belongs to loadBalancer; with targetGroupArn write advancedConfiguration.testListenerRule",
);

pub(super) const TEST_LISTENER: RuleText = (
    "!has(self.testListener) || (has(self.testRule) && has(self.loadBalancer) && has(self.loadBalancer.name))",
    "testListener is a listener of loadBalancer.name, for testRule: write both, or take testListener out",
);

/// API reference, DeploymentLifecycleHook.hookTargetArn.
pub(super) const LAMBDA_HOOK: RuleText = (
    "(has(self.targetType) && self.targetType == 'PAUSE') ? !has(self.hookTargetArn) : \
     has(self.hookTargetArn)",
    "a hook of type AWS_LAMBDA needs hookTargetArn; one of type PAUSE has none",
);

pub(super) const ACCESS_PORTS: RuleText =
    ("!has(self.toPort) || self.toPort >= self.port", "toPort must not be below port");

pub(super) const CLASSIC: RuleText = (
    "!has(self.loadBalancerName)",
    "loadBalancerName is for classic load balancers, which Longshore does not manage: write loadBalancer or targetGroupArn",
);

pub(super) const ONE_TARGET: RuleText = (
    "has(self.loadBalancerName) || has(self.targetGroupArn) != has(self.loadBalancer)",
    "exactly one of loadBalancer and targetGroupArn: loadBalancer makes a target group, targetGroupArn names one that \
     exists",
);

pub(super) const LISTENER_OF_REF: RuleText = (
    "has(self.listener) == (has(self.loadBalancer) && has(self.loadBalancer.name))",
    "listener is the name of a listener of loadBalancer.name: write both, or neither",
);

pub(super) const RULES_OF_OURS: RuleText = (
    "has(self.loadBalancer) ? has(self.rules) && self.rules.size() > 0 : \
     !has(self.rules) && !has(self.healthCheck) && !has(self.deregistrationDelaySeconds) && !has(self.protocol) && \
     !has(self.protocolVersion) && !has(self.stickiness) && !has(self.slowStartSeconds)",
    "rules, healthCheck, protocol, protocolVersion, deregistrationDelaySeconds, stickiness and slowStartSeconds belong \
     to loadBalancer, which needs at least one rule; with targetGroupArn they are whoever's made that group",
);

pub(super) const DNS_OF_OURS: RuleText = (
    "!has(self.dns) || (has(self.loadBalancer) && has(self.loadBalancer.name))",
    "dns needs loadBalancer.name: of a listener by ARN nothing tells the name that records would lead to",
);

pub(super) const ONE_DNS: RuleText = (
    "has(self.hostedZoneId) != (has(self.dnsEndpoint) && self.dnsEndpoint)",
    "dns needs one of hostedZoneId (a zone of Route 53) and dnsEndpoint: true (external-dns)",
);

/// API reference, `TargetGroupAttribute`: `slow_start.duration_seconds`.
pub(super) const SLOW_START: RuleText = (
    "!has(self.slowStartSeconds) || self.slowStartSeconds == 0 || self.slowStartSeconds >= 30",
    "slowStartSeconds must be 0, or 30 to 900",
);

macro_rules! values {
    ($field:literal) => {
        concat!("(has(self.", $field, ") ? self.", $field, ".size() : 0)")
    };
}

macro_rules! all_values {
    () => {
        concat!(
            values!("hosts"),
            " + ",
            values!("paths"),
            " + ",
            values!("methods"),
            " + ",
            values!("headers"),
            " + ",
            values!("queryStrings"),
            " + ",
            values!("sourceIps")
        )
    };
}

/// Five condition values in a rule (Elastic Load Balancing quotas).
pub(super) const RULE_CONDITION: RuleText = (
    concat!(all_values!(), " >= 1 && ", all_values!(), " <= 5"),
    "a rule needs 1 to 5 hosts, paths, methods, headers, queryStrings and sourceIps together: write more rules for more",
);

pub(super) const ONE_AUTHENTICATION: RuleText = (
    "!has(self.authenticateOidc) || !has(self.authenticateCognito)",
    "at most one of authenticateOidc and authenticateCognito",
);

pub(super) const REWRITE: RuleText =
    ("has(self.host) || has(self.url)", "rewrite needs host, url or both: write one, or take rewrite away");

/// API reference, `CreateTargetGroup`: a check must end before the next begins.
pub(super) const CHECK_TIMEOUT: RuleText = (
    "!has(self.timeoutSeconds) || self.timeoutSeconds < (has(self.intervalSeconds) ? self.intervalSeconds : 30)",
    "timeoutSeconds must be below intervalSeconds, which is 30 where it is left out",
);

pub(super) const APP_COOKIE: RuleText =
    ("(self.type == 'app_cookie') == has(self.cookieName)", "cookieName belongs to type: app_cookie, which needs it");

pub(super) const ONE_PEER: RuleText = (
    "(has(self.service) ? 1 : 0) + (has(self.securityGroup) ? 1 : 0) + (has(self.cidr) ? 1 : 0) == 1",
    "exactly one of service, securityGroup and cidr",
);

/// Amazon ECS developer guide, "awslogs log driver": the buffer is that of the mode non-blocking.
pub(super) const BUFFER: RuleText = (
    "!has(self.maxBufferSize) || !has(self.mode) || self.mode == 'non-blocking'",
    "maxBufferSize belongs to mode: non-blocking: take one of the two away",
);

pub(super) const CAPACITY_ORDER: RuleText =
    ("self.minCapacity <= self.maxCapacity", "minCapacity must not be above maxCapacity");

pub(super) const REQUEST_METRIC: RuleText = (
    "(has(self.predefinedMetricType) && self.predefinedMetricType == 'ALBRequestCountPerTarget') == has(self.loadBalancer)",
    "loadBalancer belongs to predefinedMetricType: ALBRequestCountPerTarget, which needs it",
);

/// API reference, `TargetTrackingScalingPolicyConfiguration`.
pub(super) const ONE_METRIC: RuleText = (
    "has(self.predefinedMetricType) != has(self.customizedMetricSpecification)",
    "exactly one of predefinedMetricType and customizedMetricSpecification",
);

/// API reference, `PutScalingPolicy`: a name is that of one policy of its target, of whatever type.
pub(super) const POLICY_NAMES: RuleText = (
    "(has(self.targetTracking) ? self.targetTracking.map(p, p.name) : []).all(n, \
     !(has(self.stepScaling) && n in self.stepScaling.map(p, p.name)) && \
     !(has(self.predictiveScaling) && n in self.predictiveScaling.map(p, p.name))) && \
     (has(self.stepScaling) ? self.stepScaling.map(p, p.name) : []).all(n, \
     !(has(self.predictiveScaling) && n in self.predictiveScaling.map(p, p.name)))",
    "targetTracking, stepScaling and predictiveScaling are all scaling policies: give each another name",
);

/// API reference, `ScalableTargetAction`.
pub(super) const SCHEDULED_BOUNDS: RuleText = (
    "(has(self.minCapacity) || has(self.maxCapacity)) && \
     (!has(self.minCapacity) || !has(self.maxCapacity) || self.minCapacity <= self.maxCapacity)",
    "minCapacity, maxCapacity or both, and minCapacity not above maxCapacity",
);
