//! `iam/instance-profile`, with the role that it has.

use async_trait::async_trait;
use aws_sdk_iam::operation::add_role_to_instance_profile::builders::AddRoleToInstanceProfileInputBuilder;
use aws_sdk_iam::operation::create_instance_profile::builders::CreateInstanceProfileInputBuilder;
use aws_sdk_iam::operation::delete_instance_profile::builders::DeleteInstanceProfileInputBuilder;
use aws_sdk_iam::operation::get_instance_profile::builders::GetInstanceProfileInputBuilder;
use aws_sdk_iam::operation::list_instance_profiles::builders::ListInstanceProfilesInputBuilder;
use aws_sdk_iam::operation::remove_role_from_instance_profile::builders::RemoveRoleFromInstanceProfileInputBuilder;
use aws_sdk_iam::operation::tag_instance_profile::builders::TagInstanceProfileInputBuilder;
use aws_sdk_iam::operation::untag_instance_profile::builders::UntagInstanceProfileInputBuilder;
use aws_sdk_iam::types::InstanceProfile as Described;
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen};
use longshore_planner::kinds::iam::instance_profile::{InstanceProfile, InstanceProfileOutput};

use super::{GONE, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, managed};

const CREATE: &str = "iam:CreateInstanceProfile";

pub(crate) struct InstanceProfileDriver;

#[async_trait]
impl Driver for InstanceProfileDriver {
    type Kind = InstanceProfile;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<InstanceProfile>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        Ok(get(aws, name).await?.map(|profile| found(&profile, ownership)))
    }

    /// A list shows no tags (API reference, `ListInstanceProfiles`), so that each is read that no status names.
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let mut ours = vec![];
        for listed in all(survey.aws()).await? {
            let name = listed.instance_profile_name();
            if claims.known.contains(name) || claims.known.contains(listed.arn()) {
                continue;
            }
            let Some(profile) = get(survey.aws(), name).await? else { continue };
            ours.extend(Ours::of(claims, InstanceProfile::NAME, name, profile.arn(), &tags_of(profile.tags())));
        }
        Ok(ours)
    }

    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: InstanceProfile) -> Result<Option<String>, Fault> {
        let request = CreateInstanceProfileInputBuilder::default()
            .instance_profile_name(&want.name)
            .path(&want.path)
            .set_tags(Some(tag_list(marks.with(&want.tags))?));
        let made = aws.write(request).await.absent_if(&["EntityAlreadyExists", "EntityAlreadyExistsException"])?;
        let profile = match made.and_then(|made| made.instance_profile) {
            Some(profile) => profile,
            None => require_ours(&aws.reader(), &marks, &want.name).await?,
        };
        put_role(aws, &want.name, &want.role.to_string(), &role_of(&profile)).await?;
        Ok(Some(profile.arn))
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: InstanceProfile,
        seen: Seen<InstanceProfile>,
    ) -> Result<(), Fault> {
        put_role(aws, &want.name, &want.role.to_string(), &seen.value.role.to_string()).await?;
        let change = Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner);
        if !change.set.is_empty() {
            let tags = tag_list(change.set)?;
            let request = TagInstanceProfileInputBuilder::default().instance_profile_name(&want.name);
            aws.write(request.set_tags(Some(tags))).await?;
        }
        if !change.remove.is_empty() {
            let request = UntagInstanceProfileInputBuilder::default().instance_profile_name(&want.name);
            aws.write(request.set_tag_keys(Some(change.remove))).await?;
        }
        Ok(())
    }

    /// A profile goes only without its role, which may have been put in since it was read.
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<InstanceProfile>) -> Result<(), Fault> {
        let name = &seen.value.name;
        let Some(profile) = get(&aws.reader(), name).await? else { return Ok(()) };
        put_role(aws, name, "", &role_of(&profile)).await?;
        let request = DeleteInstanceProfileInputBuilder::default().instance_profile_name(name);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

fn found(profile: &Described, ownership: &Ownership) -> Found<InstanceProfile> {
    let tags = tags_of(profile.tags());
    let kind = InstanceProfile {
        name: profile.instance_profile_name().to_owned(),
        path: profile.path().to_owned(),
        role: role_of(profile).into(),
        tags: managed(&tags),
    };
    let mentions = profile.roles().iter().map(|role| role.arn().to_owned()).collect();
    let seen = Seen { mentions, ..Seen::active(kind) }.with_output(InstanceProfileOutput::Arn, profile.arn());
    Found::new(seen, ownership, &tags)
}

/// The name of its role; empty: it has none.
fn role_of(profile: &Described) -> String {
    profile.roles().first().map(|role| role.role_name().to_owned()).unwrap_or_default()
}

async fn get(aws: &Aws<Read>, name: &str) -> Result<Option<Described>, Fault> {
    let request = GetInstanceProfileInputBuilder::default().instance_profile_name(name);
    Ok(aws.read(request).await.absent_if(GONE)?.and_then(|answer| answer.instance_profile))
}

async fn all(aws: &Aws<Read>) -> Result<Vec<Described>, Fault> {
    let (mut found, mut marker) = (vec![], None);
    loop {
        let page = aws.read(ListInstanceProfilesInputBuilder::default().set_marker(marker)).await?;
        found.extend(page.instance_profiles);
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn require_ours(aws: &Aws<Read>, marks: &Marks<'_>, name: &str) -> Result<Described, Fault> {
    match get(aws, name).await? {
        Some(profile) if marks.judge(&tags_of(profile.tags())) == Owner::This => Ok(profile),
        _ => Err(crate::drivers::already_exists(CREATE, name)),
    }
}

/// It can have one role at a time.
async fn put_role(aws: &Aws<Write>, profile: &str, want: &str, seen: &str) -> Result<(), Fault> {
    if want != seen && !seen.is_empty() {
        let request =
            RemoveRoleFromInstanceProfileInputBuilder::default().instance_profile_name(profile).role_name(seen);
        aws.write(request).await.absent_if(GONE)?;
    }
    if want != seen && !want.is_empty() {
        let request = AddRoleToInstanceProfileInputBuilder::default().instance_profile_name(profile).role_name(want);
        aws.write(request).await?;
    }
    Ok(())
}
