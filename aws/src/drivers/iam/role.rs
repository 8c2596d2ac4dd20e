//! `iam/role`, with its inline policies and attachments: one resource, many calls.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_iam::operation::attach_role_policy::builders::AttachRolePolicyInputBuilder;
use aws_sdk_iam::operation::create_role::builders::CreateRoleInputBuilder;
use aws_sdk_iam::operation::delete_role::builders::DeleteRoleInputBuilder;
use aws_sdk_iam::operation::delete_role_permissions_boundary::builders::DeleteRolePermissionsBoundaryInputBuilder;
use aws_sdk_iam::operation::delete_role_policy::builders::DeleteRolePolicyInputBuilder;
use aws_sdk_iam::operation::detach_role_policy::builders::DetachRolePolicyInputBuilder;
use aws_sdk_iam::operation::get_role::builders::GetRoleInputBuilder;
use aws_sdk_iam::operation::get_role_policy::builders::GetRolePolicyInputBuilder;
use aws_sdk_iam::operation::list_attached_role_policies::builders::ListAttachedRolePoliciesInputBuilder;
use aws_sdk_iam::operation::list_role_policies::builders::ListRolePoliciesInputBuilder;
use aws_sdk_iam::operation::put_role_permissions_boundary::builders::PutRolePermissionsBoundaryInputBuilder;
use aws_sdk_iam::operation::put_role_policy::builders::PutRolePolicyInputBuilder;
use aws_sdk_iam::operation::tag_role::builders::TagRoleInputBuilder;
use aws_sdk_iam::operation::untag_role::builders::UntagRoleInputBuilder;
use aws_sdk_iam::operation::update_assume_role_policy::builders::UpdateAssumeRolePolicyInputBuilder;
use aws_sdk_iam::operation::update_role::builders::UpdateRoleInputBuilder;
use aws_sdk_iam::types::{PolicyDetail, Role as Described, RoleDetail};
use aws_smithy_types::date_time::{DateTime, Format};
use futures::future::{join_all, try_join, try_join_all};
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, Unread};
use longshore_planner::kinds::iam::role::{Role, RoleOutput};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{GONE, listing, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, managed};

const GET: &str = "iam:GetRole";
const LIST: &str = "iam:GetAccountAuthorizationDetails";
const CREATE: &str = "iam:CreateRole";
/// How long a session may be unless said (API reference, `CreateRole`). Left out of `UpdateRole` it is this again,
/// so it is always sent.
const SESSION_SECONDS: i32 = 3600;

pub(crate) struct RoleDriver;

#[async_trait]
impl Driver for RoleDriver {
    type Kind = Role;

    async fn read(&self, aws: &Aws<Read>, ownership: &Ownership, at: &LookUp) -> Result<Option<Found<Role>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        let Some(role) = get(aws, name).await? else { return Ok(None) };
        let policies = try_join(inline_policies(aws, name), attached_policies(aws, name)).await;
        let Some((inline, attached)) = policies.absent_if(GONE)? else { return Ok(None) };
        let tags = tags_of(role.tags());
        let kind = Role {
            name: role.role_name().to_owned(),
            path: role.path().to_owned(),
            description: role.description().unwrap_or_default().to_owned(),
            trust: document(GET, role.assume_role_policy_document().unwrap_or("null"))?,
            inline,
            attached,
            permissions_boundary: role
                .permissions_boundary()
                .and_then(|boundary| boundary.permissions_boundary_arn().map(str::to_owned)),
            max_session_duration: role.max_session_duration(),
            tags: managed(&tags),
        };
        let seen = seen(kind, role.arn(), role.create_date());
        Ok(Some(Found::new(seen, ownership, &tags)))
    }

    /// One list of all roles of the account tells everything but the description and the longest session, which are
    /// read once an hour: two calls for each thousand roles.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<Role>> {
        let reads = asks.iter().map(|ask| async {
            let Some(name) = ask.at.member("name") else { return Ok(None) };
            let roles = survey.lists().roles.get((), |()| listing::roles(survey.aws())).await?;
            let Some(role) = roles.get(name) else { return Ok(None) };
            let mut kind = as_kind(role)?;
            let mut unread = Unread::Members(&["description", "maxSessionDuration"]);
            if survey.cadence().hourly() {
                let list = |path: String| async move { listing::heads(survey.aws(), &path).await };
                let heads = survey.lists().role_heads.get(kind.path.clone(), list).await?;
                // Made or taken away between the two lists: the next survey tells.
                let Some(head) = heads.get(name) else {
                    return Err(Fault::wait("iam:ListRoles", "Changing", format!("{name} comes or goes just now")));
                };
                kind.description = head.description().unwrap_or_default().to_owned();
                kind.max_session_duration = head.max_session_duration();
                unread = Unread::Nothing;
            }
            let tags = tags_of(role.tags());
            let created_at = role.create_date().copied().unwrap_or_else(|| DateTime::from_secs(0));
            let seen = seen(kind, role.arn().unwrap_or_default(), &created_at);
            Ok(Some(Glimpsed { found: Found::new(seen, ask.ownership, &tags), unread }))
        });
        join_all(reads).await
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let roles = survey.lists().roles.get((), |()| listing::roles(survey.aws())).await?;
        let ours = roles.iter().filter_map(|(name, role)| {
            Ours::of(claims, Role::NAME, name, role.arn().unwrap_or_default(), &tags_of(role.tags()))
        });
        Ok(ours.collect())
    }

    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Role) -> Result<Option<String>, Fault> {
        let request = CreateRoleInputBuilder::default()
            .role_name(&want.name)
            .path(&want.path)
            .set_description(Some(want.description.clone()).filter(|text| !text.is_empty()))
            .assume_role_policy_document(want.trust.to_string())
            .set_permissions_boundary(want.permissions_boundary.clone())
            .set_max_session_duration(want.max_session_duration)
            .set_tags(Some(tag_list(marks.with(&want.tags))?));
        let made = aws.write(request).await.absent_if(&["EntityAlreadyExists", "EntityAlreadyExistsException"])?;
        let Some(made) = made else { return converge(aws, marks, want).await };
        let nothing = Role { inline: BTreeMap::new(), attached: BTreeSet::new(), ..want.clone() };
        put_policies(aws, &want, &nothing).await?;
        Ok(made.role.map(|role| role.arn))
    }

    async fn update(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Role, seen: Seen<Role>) -> Result<(), Fault> {
        put_role(aws, &want, &seen.value).await?;
        put_policies(aws, &want, &seen.value).await?;
        retag(aws, &want.name, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    /// A role goes only when nothing is attached to it any more; what is attached now is asked for again, since
    /// the round's read may have been before somebody attached something.
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<Role>) -> Result<(), Fault> {
        let name = &seen.value.name;
        let reader = aws.reader();
        let policies = try_join(inline_names(&reader, name), attached_policies(&reader, name)).await;
        let Some((inline, attached)) = policies.absent_if(GONE)? else { return Ok(()) };
        for policy in attached {
            detach(aws, name, &policy).await?;
        }
        for policy in inline {
            delete_inline(aws, name, &policy).await?;
        }
        aws.write(DeleteRoleInputBuilder::default().role_name(name)).await.absent_if(GONE).map(drop)
    }
}

/// A role of that name exists: ours, if an earlier create was interrupted; then it becomes what is wanted.
fn seen(role: Role, arn: &str, created_at: &DateTime) -> Seen<Role> {
    let (name, created_at) = (role.name.clone(), created_at.fmt(Format::DateTime).unwrap_or_default());
    let seen = Seen::active(role).with_output(RoleOutput::Arn, arn).with_output(RoleOutput::Name, name);
    seen.with_output(RoleOutput::CreatedAt, created_at)
}

async fn converge(aws: &Aws<Write>, marks: Marks<'_>, want: Role) -> Result<Option<String>, Fault> {
    let at = LookUp {
        id: marks.id.clone(),
        entry: longshore_planner::engine::Entry {
            address: [("name".to_owned(), Some(want.name.clone()))].into(),
            physical: None,
        },
    };
    let found = RoleDriver.read(&aws.reader(), marks.ownership, &at).await?;
    let Some(found) = found.filter(|found| found.seen.owner == Owner::This && found.seen.value.path == want.path)
    else {
        return Err(crate::drivers::already_exists(CREATE, &want.name));
    };
    let seen = Seen { value: found.seen.value.normalise(), ..found.seen };
    let arn = seen.outputs.get("arn").cloned();
    RoleDriver.update(aws, marks, want, seen).await?;
    Ok(arn)
}

async fn get(aws: &Aws<Read>, name: &str) -> Result<Option<Described>, Fault> {
    let answer = aws.read(GetRoleInputBuilder::default().role_name(name)).await.absent_if(GONE)?;
    Ok(answer.and_then(|answer| answer.role))
}

async fn inline_names(aws: &Aws<Read>, name: &str) -> Result<Vec<String>, Fault> {
    let mut names = vec![];
    let mut marker = None;
    loop {
        let page = aws.read(ListRolePoliciesInputBuilder::default().role_name(name).set_marker(marker)).await?;
        names.extend(page.policy_names);
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(names);
        }
    }
}

async fn inline_policies(aws: &Aws<Read>, name: &str) -> Result<BTreeMap<String, Value>, Fault> {
    const OPERATION: &str = "iam:GetRolePolicy";
    let names = inline_names(aws, name).await?;
    let reads = names.into_iter().map(|policy| async move {
        let request = GetRolePolicyInputBuilder::default().role_name(name).policy_name(&policy);
        // One that was taken away meanwhile is none.
        let Some(answer) = aws.read(request).await.absent_if(GONE)? else { return Ok(None) };
        Ok(Some((policy, document(OPERATION, answer.policy_document())?)))
    });
    let policies: Vec<Option<(String, Value)>> = try_join_all(reads).await?;
    Ok(policies.into_iter().flatten().collect())
}

async fn attached_policies(aws: &Aws<Read>, name: &str) -> Result<BTreeSet<String>, Fault> {
    let mut arns = BTreeSet::new();
    let mut marker = None;
    loop {
        let request = ListAttachedRolePoliciesInputBuilder::default().role_name(name).set_marker(marker);
        let page = aws.read(request).await?;
        arns.extend(page.attached_policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(arns);
        }
    }
}

/// What is part of the role itself.
async fn put_role(aws: &Aws<Write>, want: &Role, seen: &Role) -> Result<(), Fault> {
    if (&want.description, want.max_session_duration) != (&seen.description, seen.max_session_duration) {
        let request = UpdateRoleInputBuilder::default()
            .role_name(&want.name)
            .description(&want.description)
            .max_session_duration(want.max_session_duration.unwrap_or(SESSION_SECONDS));
        aws.write(request).await?;
    }
    if want.trust != seen.trust {
        let request =
            UpdateAssumeRolePolicyInputBuilder::default().role_name(&want.name).policy_document(want.trust.to_string());
        aws.write(request).await?;
    }
    match &want.permissions_boundary {
        boundary if *boundary == seen.permissions_boundary => Ok(()),
        Some(boundary) => {
            let request =
                PutRolePermissionsBoundaryInputBuilder::default().role_name(&want.name).permissions_boundary(boundary);
            aws.write(request).await.map(drop)
        }
        None => {
            let request = DeleteRolePermissionsBoundaryInputBuilder::default().role_name(&want.name);
            aws.write(request).await.absent_if(GONE).map(drop)
        }
    }
}

/// What it may do: first what is allowed anew, then what is taken away, so that a policy which only moves is never
/// missing.
async fn put_policies(aws: &Aws<Write>, want: &Role, seen: &Role) -> Result<(), Fault> {
    for (policy, document) in
        want.inline.iter().filter(|(policy, document)| seen.inline.get(*policy) != Some(*document))
    {
        let request = PutRolePolicyInputBuilder::default()
            .role_name(&want.name)
            .policy_name(policy)
            .policy_document(document.to_string());
        aws.write(request).await?;
    }
    for policy in want.attached.difference(&seen.attached) {
        let request = AttachRolePolicyInputBuilder::default().role_name(&want.name).policy_arn(policy);
        aws.write(request).await?;
    }
    for policy in seen.inline.keys().filter(|policy| !want.inline.contains_key(*policy)) {
        delete_inline(aws, &want.name, policy).await?;
    }
    for policy in seen.attached.difference(&want.attached) {
        detach(aws, &want.name, policy).await?;
    }
    Ok(())
}

async fn detach(aws: &Aws<Write>, role: &str, policy: &str) -> Result<(), Fault> {
    let request = DetachRolePolicyInputBuilder::default().role_name(role).policy_arn(policy);
    aws.write(request).await.absent_if(GONE).map(drop)
}

async fn delete_inline(aws: &Aws<Write>, role: &str, policy: &str) -> Result<(), Fault> {
    let request = DeleteRolePolicyInputBuilder::default().role_name(role).policy_name(policy);
    aws.write(request).await.absent_if(GONE).map(drop)
}

async fn retag(aws: &Aws<Write>, name: &str, change: Retag) -> Result<(), Fault> {
    if !change.set.is_empty() {
        let tags = tag_list(change.set)?;
        aws.write(TagRoleInputBuilder::default().role_name(name).set_tags(Some(tags))).await?;
    }
    if !change.remove.is_empty() {
        let keys = Some(change.remove);
        aws.write(UntagRoleInputBuilder::default().role_name(name).set_tag_keys(keys)).await?;
    }
    Ok(())
}

/// IAM URL-encodes the documents that it answers with (RFC 3986).
fn document(operation: &str, encoded: &str) -> Result<Value, Fault> {
    let decoded = percent_decode_str(encoded).decode_utf8_lossy();
    serde_json::from_str(&decoded).map_err(|_| Fault::unexpected(operation, "readable policy document"))
}

/// A role as it is listed: without description and longest session.
fn as_kind(role: &RoleDetail) -> Result<Role, Fault> {
    let inline = |policy: &PolicyDetail| {
        let text = policy.policy_document().unwrap_or("null");
        Ok((policy.policy_name().unwrap_or_default().to_owned(), document(LIST, text)?))
    };
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    let attached = role.attached_managed_policies().iter().filter_map(|policy| policy.policy_arn());
    Ok(Role {
        name: role.role_name().unwrap_or_default().to_owned(),
        path: role.path().unwrap_or_default().to_owned(),
        description: String::new(),
        trust: document(LIST, role.assume_role_policy_document().unwrap_or("null"))?,
        inline: role.role_policy_list().iter().map(inline).collect::<Result<_, Fault>>()?,
        attached: attached.map(str::to_owned).collect(),
        permissions_boundary: boundary.map(str::to_owned),
        max_session_duration: None,
        tags: managed(&tags_of(role.tags())),
    })
}
