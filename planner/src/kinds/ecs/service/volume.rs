//! EBS volumes that ECS makes for each task.

use longshore_crds::ecs_service::ManagedEbsVolume;
use serde::{Deserialize, Serialize};

use crate::engine::Text;

/// EBS user guide, "Amazon EBS General Purpose SSD volumes": what a gp3 volume has unless told.
const GP3: &str = "gp3";
const GP3_IOPS: i32 = 3000;
const GP3_THROUGHPUT: i32 = 125;

/// What a volume with `configuredAtLaunch` is: ECS's `ServiceVolumeConfiguration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceVolume {
    /// The volume's name in the task definition.
    pub name: String,
    /// An EBS volume for each task.
    #[serde(rename = "managedEBSVolume")]
    pub managed_ebs_volume: ServiceEbsVolume,
}

/// An EBS volume for each task: ECS's `ServiceManagedEBSVolumeConfiguration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEbsVolume {
    /// ARN of the role with which ECS makes it.
    pub role_arn: Text,
    /// Everything else. The role in it is not used.
    #[serde(flatten)]
    pub volume: ManagedEbsVolume,
}

impl ServiceVolume {
    /// Fills in what ECS and EBS take where nothing is said, and sorts what has no order.
    pub(super) fn normalise(&mut self) {
        let volume = &mut self.managed_ebs_volume.volume;
        volume.role_arn = None;
        volume.encrypted.get_or_insert(true);
        let kind = volume.volume_type.get_or_insert_with(|| GP3.to_owned());
        if kind == GP3 {
            volume.iops = volume.iops.filter(|iops| *iops != GP3_IOPS);
            volume.throughput = volume.throughput.filter(|rate| *rate != GP3_THROUGHPUT);
        }
        for specification in &mut volume.tag_specifications {
            specification.tags.sort_by(|a, b| a.key.cmp(&b.key));
        }
    }

    /// One that is made of a snapshot has the snapshot's size where no other is asked for.
    pub(super) fn disown(&self, seen: &mut Self) {
        if self.managed_ebs_volume.volume.size_in_gib.is_none() {
            seen.managed_ebs_volume.volume.size_in_gib = None;
        }
    }
}
