//! Reads of EFS, joined: what belongs to one file system is read by one call.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_efs::operation::describe_access_points::builders::DescribeAccessPointsInputBuilder;
use aws_sdk_efs::operation::describe_file_systems::builders::DescribeFileSystemsInputBuilder;
use aws_sdk_efs::operation::describe_mount_targets::builders::DescribeMountTargetsInputBuilder;
use aws_sdk_efs::types::{AccessPointDescription, FileSystemDescription, MountTargetDescription};

use super::GONE;
use crate::access::Core;
use crate::fault::{Absent, Fault};

/// The most of a page (API reference, `MaxItems`).
const PAGE: i32 = 100;

/// A file system by its id or by the token that it was made with.
pub(crate) async fn read_file_systems(
    core: Arc<Core>,
    names: Vec<String>,
) -> Result<HashMap<String, Arc<FileSystemDescription>>, Fault> {
    let mut found = HashMap::new();
    for name in names {
        let request = DescribeFileSystemsInputBuilder::default();
        let by_id = name.starts_with("fs-");
        let request = if by_id { request.file_system_id(&name) } else { request.creation_token(&name) };
        let answer = core.send(request).await.absent_if(GONE)?;
        let first = answer.and_then(|answer| answer.file_systems.unwrap_or_default().into_iter().next());
        found.extend(first.map(|file_system| (name, Arc::new(file_system))));
    }
    Ok(found)
}

/// Every file system of the account and region, by id.
pub(crate) async fn all_file_systems(core: &Core) -> Result<HashMap<String, Arc<FileSystemDescription>>, Fault> {
    let request = DescribeFileSystemsInputBuilder::default().max_items(PAGE);
    let (mut found, mut marker) = (HashMap::new(), None);
    loop {
        let page = core.send(request.clone().set_marker(marker)).await?;
        let file_systems = page.file_systems.unwrap_or_default().into_iter();
        found.extend(file_systems.map(|one| (one.file_system_id().to_owned(), Arc::new(one))));
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// The mount targets of each file system, by its id.
pub(crate) async fn read_mount_targets(
    core: Arc<Core>,
    file_systems: Vec<String>,
) -> Result<HashMap<String, Arc<Vec<MountTargetDescription>>>, Fault> {
    let mut found = HashMap::new();
    for id in file_systems {
        if let Some(targets) = mount_targets(&core, &id).await? {
            found.insert(id, Arc::new(targets));
        }
    }
    Ok(found)
}

async fn mount_targets(core: &Core, file_system: &str) -> Result<Option<Vec<MountTargetDescription>>, Fault> {
    let request = DescribeMountTargetsInputBuilder::default().file_system_id(file_system).max_items(PAGE);
    let (mut found, mut marker) = (vec![], None);
    loop {
        let page = core.send(request.clone().set_marker(marker)).await.absent_if(GONE)?;
        let Some(page) = page else { return Ok(None) };
        found.extend(page.mount_targets.unwrap_or_default());
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(Some(found));
        }
    }
}

/// The access points of each file system, by its id.
pub(crate) async fn read_access_points(
    core: Arc<Core>,
    file_systems: Vec<String>,
) -> Result<HashMap<String, Arc<Vec<AccessPointDescription>>>, Fault> {
    let mut found = HashMap::new();
    for id in file_systems {
        if let Some(points) = access_points(&core, &id).await? {
            found.insert(id, Arc::new(points));
        }
    }
    Ok(found)
}

async fn access_points(core: &Core, file_system: &str) -> Result<Option<Vec<AccessPointDescription>>, Fault> {
    let request = DescribeAccessPointsInputBuilder::default().file_system_id(file_system).max_results(PAGE);
    let (mut found, mut token) = (vec![], None);
    loop {
        let page = core.send(request.clone().set_next_token(token)).await.absent_if(GONE)?;
        let Some(page) = page else { return Ok(None) };
        found.extend(page.access_points.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(Some(found));
        }
    }
}
