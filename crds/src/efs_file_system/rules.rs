//! What can be said of a file system from itself alone.

use crate::rules::{self, RuleText};

/// Of `EfsFileSystemSpec`.
pub(super) const FILE_SYSTEM: &[RuleText] =
    &[rules::ENVIRONMENT_FIXED, ID_FIXED, KEY_WITHOUT_ENCRYPTION, PROVISIONED, MAX_IO, ARCHIVE];

/// Of `AccessPoint`.
pub(super) const ACCESS_POINT: &[RuleText] = &[CREATION_OF_ROOT];

/// What is stored in one is not in another.
const ID_FIXED: RuleText = (
    "has(self.fileSystemId) == has(oldSelf.fileSystemId) && \
     (!has(self.fileSystemId) || self.fileSystemId == oldSelf.fileSystemId)",
    "fileSystemId can't be changed: make another object, and delete this one when nothing mounts it any more",
);

/// API reference, `CreateFileSystem`: `KmsKeyId`.
const KEY_WITHOUT_ENCRYPTION: RuleText = (
    "!has(self.kmsKeyId) || !has(self.encrypted) || self.encrypted",
    "kmsKeyId needs encryption: take encrypted: false away, or kmsKeyId",
);

/// API reference, `CreateFileSystem`: `ProvisionedThroughputInMibps`.
const PROVISIONED: RuleText = (
    "has(self.provisionedThroughputInMibps) == (has(self.throughputMode) && self.throughputMode == 'provisioned')",
    "provisionedThroughputInMibps belongs to throughputMode: provisioned: write both, or neither",
);

/// User guide, "Amazon EFS performance specifications": Max I/O is not supported with Elastic throughput.
const MAX_IO: RuleText = (
    "!has(self.performanceMode) || self.performanceMode != 'maxIO' || !has(self.throughputMode) || \
     self.throughputMode != 'elastic'",
    "performanceMode: maxIO can't have throughputMode: elastic: write bursting or provisioned, or generalPurpose",
);

/// User guide, "Managing storage lifecycle": Archive is for file systems with Elastic throughput.
const ARCHIVE: RuleText = (
    "!has(self.lifecycle) || !has(self.lifecycle.transitionToArchive) || \
     (has(self.throughputMode) && self.throughputMode == 'elastic')",
    "lifecycle.transitionToArchive needs throughputMode: elastic",
);

/// The root directory of a file system always exists.
const CREATION_OF_ROOT: RuleText = (
    "!has(self.creationInfo) || (has(self.path) && self.path != '/')",
    "creationInfo is for a directory that is made: write its path, or take creationInfo away, since / always exists",
);
