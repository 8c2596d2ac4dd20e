//! `efs/access-point`.

use async_trait::async_trait;
use aws_sdk_efs::operation::create_access_point::builders::CreateAccessPointInputBuilder;
use aws_sdk_efs::operation::delete_access_point::builders::DeleteAccessPointInputBuilder;
use aws_sdk_efs::types::{AccessPointDescription as Described, CreationInfo, PosixUser, RootDirectory};
use longshore_crds::efs_file_system as spec;
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, TAG_INSTALLATION};
use longshore_planner::kinds::efs::access_point::{AccessPoint, AccessPointOutput};

use super::{GONE, all, id_of, retag, state, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found, already_exists};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, identity, managed};

const CREATE: &str = "elasticfilesystem:CreateAccessPoint";

pub(crate) struct AccessPointDriver;

/// A sweep reads those of one file system by one call, and leaves nothing out.
#[async_trait]
impl Driver for AccessPointDriver {
    type Kind = AccessPoint;

    /// Among its file system's: by its id, by the token that it was made with, or as the one that was made for this
    /// object.
    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<AccessPoint>>, Fault> {
        let Some(file_system) = at.member("fileSystem") else { return Ok(None) };
        let there = aws.joins().access_points.get((), file_system.to_owned()).await?.unwrap_or_default();
        let id = at.entry.physical.as_deref().map(id_of);
        let token = at.member("clientToken");
        let known = there.iter().find(|one| id.is_some() && one.access_point_id() == id);
        let known = known.or_else(|| there.iter().find(|one| token.is_some() && one.client_token() == token));
        let ours = |one: &&Described| identity(ownership, &tags_of(one.tags())).as_ref() == Some(&at.id);
        let Some(described) = known.or_else(|| there.iter().find(ours)) else { return Ok(None) };
        Ok(seen(described).map(|seen| Found::new(seen, ownership, &tags_of(described.tags()))))
    }

    /// Those of the file systems that are the installation's.
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let mut ours = vec![];
        for (id, file_system) in all(survey).await?.iter() {
            if tags_of(file_system.tags()).get(TAG_INSTALLATION) != Some(&claims.installation) {
                continue;
            }
            let there = survey.aws().joins().access_points.get((), id.clone()).await?.unwrap_or_default();
            ours.extend(there.iter().filter_map(|point| {
                let (id, arn) = (point.access_point_id().unwrap_or_default(), point.access_point_arn());
                Ours::of(claims, AccessPoint::NAME, id, arn.unwrap_or(id), &tags_of(point.tags()))
            }));
        }
        Ok(ours)
    }

    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: AccessPoint) -> Result<Option<String>, Fault> {
        let file_system = want.file_system.to_string();
        let request = CreateAccessPointInputBuilder::default()
            .client_token(&want.client_token)
            .file_system_id(&file_system)
            .set_posix_user(want.posix_user.as_ref().map(posix_user).transpose()?)
            .root_directory(root_directory(&want)?)
            .set_tags(Some(tag_list(marks.with(&want.tags))));
        if let Some(made) = aws.write(request).await.absent_if(&["AccessPointAlreadyExists"])? {
            return Ok(made.access_point_arn);
        }
        let reader = aws.reader();
        let there = reader.joins().access_points.get((), file_system).await?.unwrap_or_default();
        match there.iter().find(|one| one.client_token() == Some(&want.client_token)) {
            Some(one) if marks.judge(&tags_of(one.tags())) == Owner::This => Ok(one.access_point_arn.clone()),
            Some(_) => Err(already_exists(CREATE, &want.client_token)),
            None => {
                let message = format!("{} exists, and EFS does not show it yet", want.client_token);
                Err(Fault::wait(CREATE, "NotVisibleYet", message))
            }
        }
    }

    /// Nothing but its tags can be changed.
    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: AccessPoint,
        seen: Seen<AccessPoint>,
    ) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        retag(aws, id, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<AccessPoint>) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        let request = DeleteAccessPointInputBuilder::default().access_point_id(id);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

fn posix_user(user: &spec::PosixUser) -> Result<PosixUser, Fault> {
    let gids = (!user.secondary_gids.is_empty()).then(|| user.secondary_gids.clone());
    let built = PosixUser::builder().uid(user.uid).gid(user.gid).set_secondary_gids(gids).build();
    built.map_err(|error| Fault::unsent(CREATE, &error))
}

fn root_directory(want: &AccessPoint) -> Result<RootDirectory, Fault> {
    let info = want.creation_info.as_ref().map(|info| {
        let info = CreationInfo::builder()
            .owner_uid(info.owner_uid)
            .owner_gid(info.owner_gid)
            .permissions(&info.permissions)
            .build();
        info.map_err(|error| Fault::unsent(CREATE, &error))
    });
    Ok(RootDirectory::builder().path(&want.path).set_creation_info(info.transpose()?).build())
}

fn seen(described: &Described) -> Option<Seen<AccessPoint>> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let id = text(described.access_point_id());
    let state = state(&format!("access point {id}"), described.life_cycle_state())?;
    let root = described.root_directory();
    let value = AccessPoint {
        file_system: text(described.file_system_id()).into(),
        client_token: text(described.client_token()),
        path: root.and_then(RootDirectory::path).unwrap_or("/").to_owned(),
        posix_user: described.posix_user().map(|user| spec::PosixUser {
            uid: user.uid(),
            gid: user.gid(),
            secondary_gids: user.secondary_gids().to_vec(),
        }),
        creation_info: root.and_then(RootDirectory::creation_info).map(|info| spec::CreationInfo {
            owner_uid: info.owner_uid(),
            owner_gid: info.owner_gid(),
            permissions: info.permissions().to_owned(),
        }),
        tags: managed(&tags_of(described.tags())),
    };
    let seen = Seen { state, ..Seen::active(value) };
    let arn = text(described.access_point_arn());
    Some(seen.with_output(AccessPointOutput::Id, id).with_output(AccessPointOutput::Arn, arn))
}
