//! What can be said of a task definition from itself alone.
//!
//! `x in list.map(..)` stands where a nested `exists` would read better: the API server estimates the cost of a rule
//! from the bounds of its lists, and refuses the nested form.

use crate::rules::RuleText;

/// Of `TaskDefinition`.
pub(super) const TASK_DEFINITION: &[RuleText] = &[
    ESSENTIAL,
    DEPENDS_ON,
    DEPENDS_ON_HEALTHY,
    MOUNT_POINT,
    VOLUMES_FROM,
    PROXY_CONTAINER,
    LOG_ROUTER,
    ROUTED_LOGS,
    FAMILY_FIXED,
    INFERENCE_ACCELERATORS,
];

const ESSENTIAL: RuleText = (
    "self.containerDefinitions.exists(c, !has(c.essential) || c.essential)",
    "containerDefinitions: at least one container must be essential: take essential: false away from one",
);

const DEPENDS_ON: RuleText = (
    "self.containerDefinitions.all(c, !has(c.dependsOn) || \
     c.dependsOn.all(d, d.containerName in self.containerDefinitions.map(o, o.name)))",
    "containerDefinitions[].dependsOn[].containerName must be the name of a container of this task",
);

/// API reference, `ContainerDependency`: who waits for health needs a health check there.
const DEPENDS_ON_HEALTHY: RuleText = (
    "self.containerDefinitions.all(c, !has(c.dependsOn) || c.dependsOn.all(d, d.condition != 'HEALTHY' || \
     d.containerName in self.containerDefinitions.filter(o, has(o.healthCheck)).map(o, o.name)))",
    "containerDefinitions[].dependsOn[].condition: HEALTHY needs a healthCheck in that container: write one, or START",
);

const MOUNT_POINT: RuleText = (
    "self.containerDefinitions.all(c, !has(c.mountPoints) || \
     c.mountPoints.all(m, has(self.volumes) && m.sourceVolume in self.volumes.map(v, v.name)))",
    "containerDefinitions[].mountPoints[].sourceVolume must be the name of an entry in volumes: add it there",
);

const VOLUMES_FROM: RuleText = (
    "self.containerDefinitions.all(c, !has(c.volumesFrom) || \
     c.volumesFrom.all(v, v.sourceContainer in self.containerDefinitions.map(o, o.name)))",
    "containerDefinitions[].volumesFrom[].sourceContainer must be the name of a container of this task",
);

const PROXY_CONTAINER: RuleText = (
    "!has(self.proxyConfiguration) || \
     self.proxyConfiguration.containerName in self.containerDefinitions.map(c, c.name)",
    "proxyConfiguration.containerName must be the name of a container of this task",
);

/// `RegisterTaskDefinition` refuses the one without the other.
const LOG_ROUTER: RuleText = (
    "!self.containerDefinitions.exists(c, has(c.logConfiguration) && c.logConfiguration.logDriver == 'awsfirelens') || \
     self.containerDefinitions.filter(c, has(c.firelensConfiguration)).size() == 1",
    "logDriver: awsfirelens needs a log router: write one container with firelensConfiguration, as {type: fluentbit}",
);

const ROUTED_LOGS: RuleText = (
    "!self.containerDefinitions.exists(c, has(c.firelensConfiguration)) || \
     self.containerDefinitions.exists(c, !has(c.firelensConfiguration) && has(c.logConfiguration) && \
     c.logConfiguration.logDriver == 'awsfirelens')",
    "firelensConfiguration makes a log router, which needs a container whose logDriver is awsfirelens: write that there",
);

/// Revisions are counted in their family: another family is another history.
const FAMILY_FIXED: RuleText = (
    "has(self.family) == has(oldSelf.family) && (!has(self.family) || self.family == oldSelf.family)",
    "family can't be changed: make another object, and delete this one when the other is ready",
);

/// Elastic Inference ended in April 2024; RegisterTaskDefinition refuses it.
const INFERENCE_ACCELERATORS: RuleText = (
    "!has(self.inferenceAccelerators) || self.inferenceAccelerators.size() == 0",
    "inferenceAccelerators: Elastic Inference has ended: take it away, or use resourceRequirements of type GPU on EC2",
);

/// API reference, `ContainerDefinition`: of `memory` and `memoryReservation` the former is the greater.
pub(super) const CONTAINER_MEMORY: RuleText = (
    "!has(self.memory) || !has(self.memoryReservation) || self.memory > self.memoryReservation",
    "memory is the most and memoryReservation the least: memory must be above memoryReservation",
);

/// API reference, ContainerDefinition.secrets: a name can't be shared with an environment variable.
pub(super) const VARIABLE_TWICE: RuleText = (
    "!has(self.secrets) || !has(self.environment) || \
     self.secrets.all(s, !(s.name in self.environment.map(e, e.name)))",
    "secrets[].name: the same variable stands in environment: take it away there",
);

/// Developer guide, "Pass sensitive data to an Amazon ECS container".
pub(super) const SECRET_VALUE_FROM: RuleText = (
    "self.valueFrom.matches('^(arn:[a-z-]+:(secretsmanager|ssm):|[a-zA-Z0-9_./-]+$)')",
    "valueFrom must be the ARN of a Secrets Manager secret or an SSM parameter, or the name of a parameter in the same \
     region; a plain value belongs to environment",
);

/// `RegisterTaskDefinition`: "If 'user' field is specified on firelens container, then 'UID' has to be '0'".
pub(super) const ROUTER_USER: RuleText = (
    "!has(self.firelensConfiguration) || !has(self.user) || self.user == '0'",
    "user: ECS runs a log router as user 0 only: leave it out",
);

pub(super) const PORT_OR_RANGE: RuleText =
    ("has(self.containerPort) != has(self.containerPortRange)", "exactly one of containerPort and containerPortRange");

pub(super) const ONE_VOLUME_KIND: RuleText = (
    "[has(self.host) && has(self.host.sourcePath), has(self.dockerVolumeConfiguration), has(self.efsVolumeConfiguration), \
     has(self.s3filesVolumeConfiguration), has(self.fsxWindowsFileServerVolumeConfiguration), \
     has(self.configuredAtLaunch) && self.configuredAtLaunch].filter(k, k).size() <= 1",
    "a volume is of one kind: keep one of host, dockerVolumeConfiguration, efsVolumeConfiguration, \
     s3filesVolumeConfiguration, fsxWindowsFileServerVolumeConfiguration, configuredAtLaunch",
);

/// Of `EfsVolumeConfiguration`.
pub(super) const EFS_VOLUME: &[RuleText] = &[ONE_FILE_SYSTEM, FILE_SYSTEM_ID, ACCESS_POINT_REF, EFS_TRANSIT, EFS_ROOT];

const ONE_FILE_SYSTEM: RuleText = (
    "has(self.fileSystemId) != has(self.fileSystemRef)",
    "exactly one of fileSystemRef and fileSystemId: an EfsFileSystem here, or one that Longshore does not own",
);

/// Developer guide, "Storage options for Amazon ECS tasks": neither is among them.
const FILE_SYSTEM_ID: RuleText = (
    "!has(self.fileSystemId) || self.fileSystemId.matches('^fs-[0-9a-f]+$')",
    "fileSystemId must be the id of an EFS file system, as fs-0123456789abcdef0: ECS mounts neither FSx for Lustre nor S3 \
     buckets: use EFS, or an S3 Files file system with s3filesVolumeConfiguration",
);

/// Of `S3FilesVolumeConfiguration`.
pub(super) const S3_FILES: &[RuleText] = &[S3_FILE_SYSTEM, S3_ACCESS_POINT, S3_ROOT];

/// Developer guide, "Specify an Amazon S3 Files volume in your Amazon ECS task definition": the form of the ARN.
const S3_FILE_SYSTEM: RuleText = (
    "self.fileSystemArn.matches('^arn:[a-z-]+:s3files:[a-z0-9-]+:[0-9]{12}:file-system/fs-[0-9a-z]+$')",
    "fileSystemArn must be that of an S3 Files file system: ECS mounts neither S3 buckets nor FSx for Lustre: make an S3 \
     Files file system of the bucket, or use EFS",
);

const S3_ACCESS_POINT: RuleText = (
    "!has(self.accessPointArn) || self.accessPointArn.startsWith(self.fileSystemArn + '/access-point/')",
    "accessPointArn must be that of an access point of fileSystemArn: it starts with it, and goes on /access-point/",
);

/// API reference, S3FilesVolumeConfiguration.rootDirectory.
const S3_ROOT: RuleText = (
    "!has(self.rootDirectory) || self.rootDirectory == '/' || !has(self.accessPointArn)",
    "with an access point rootDirectory must be / or left out: the access point's own path is what is mounted",
);

const ACCESS_POINT_REF: RuleText = (
    "!has(self.authorizationConfig) || !has(self.authorizationConfig.accessPointRef) || has(self.fileSystemRef)",
    "authorizationConfig.accessPointRef names an access point of fileSystemRef: with fileSystemId write accessPointId",
);

/// API reference, EFSVolumeConfiguration.transitEncryption.
const EFS_TRANSIT: RuleText = (
    "!has(self.transitEncryption) || self.transitEncryption == 'ENABLED' || !has(self.authorizationConfig) || \
     !(has(self.authorizationConfig.accessPointRef) || has(self.authorizationConfig.accessPointId) || \
     (has(self.authorizationConfig.iam) && self.authorizationConfig.iam == 'ENABLED'))",
    "an access point or iam: ENABLED needs transitEncryption: ENABLED: write that, or leave it out",
);

/// API reference, EFSVolumeConfiguration.rootDirectory.
const EFS_ROOT: RuleText = (
    "!has(self.rootDirectory) || self.rootDirectory == '/' || !has(self.authorizationConfig) || \
     !(has(self.authorizationConfig.accessPointRef) || has(self.authorizationConfig.accessPointId))",
    "with an access point rootDirectory must be / or left out: the access point's own path is what is mounted",
);

pub(super) const ONE_ACCESS_POINT: RuleText =
    ("!(has(self.accessPointId) && has(self.accessPointRef))", "at most one of accessPointRef and accessPointId");
