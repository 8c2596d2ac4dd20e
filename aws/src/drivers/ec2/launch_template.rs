//! `ec2/launch-template`, by its default version.

use async_trait::async_trait;
use aws_sdk_ec2::operation::create_launch_template::builders::CreateLaunchTemplateInputBuilder;
use aws_sdk_ec2::operation::create_launch_template_version::builders::CreateLaunchTemplateVersionInputBuilder;
use aws_sdk_ec2::operation::delete_launch_template::builders::DeleteLaunchTemplateInputBuilder;
use aws_sdk_ec2::operation::describe_launch_template_versions::builders::DescribeLaunchTemplateVersionsInputBuilder;
use aws_sdk_ec2::operation::describe_launch_templates::builders::DescribeLaunchTemplatesInputBuilder;
use aws_sdk_ec2::operation::modify_launch_template::builders::ModifyLaunchTemplateInputBuilder;
use aws_sdk_ec2::types::{Filter, LaunchTemplate as Described, LaunchTemplateVersion, ResourceType};
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, TAG_INSTALLATION};
use longshore_planner::kinds::ec2::launch_template::{LaunchTemplate, LaunchTemplateOutput};

use super::launch_template_data::{as_kind, as_request, description};
use super::{retag, specification, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found, filter};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, managed};

const CREATE: &str = "ec2:CreateLaunchTemplate";
const VERSIONS: &str = "ec2:DescribeLaunchTemplateVersions";
const NEW_VERSION: &str = "ec2:CreateLaunchTemplateVersion";
const EXISTS: &[&str] = &["InvalidLaunchTemplateName.AlreadyExistsException"];
const GONE: &[&str] = &["InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.NotFoundException"];
const DEFAULT: &str = "$Default";

pub(crate) struct LaunchTemplateDriver;

#[async_trait]
impl Driver for LaunchTemplateDriver {
    type Kind = LaunchTemplate;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<LaunchTemplate>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        find(aws, name, ownership).await
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let tagged = filter(&format!("tag:{TAG_INSTALLATION}"), vec![claims.installation.clone()]);
        let ours = templates(survey.aws(), tagged).await?.into_iter().filter_map(|template| {
            let (name, id) = (template.launch_template_name()?, template.launch_template_id()?);
            Ours::of(claims, LaunchTemplate::NAME, name, id, &tags_of(template.tags()))
        });
        Ok(ours.collect())
    }

    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: LaunchTemplate) -> Result<Option<String>, Fault> {
        let request = CreateLaunchTemplateInputBuilder::default()
            .launch_template_name(&want.name)
            .set_version_description(description(&want))
            .launch_template_data(as_request(&want))
            .tag_specifications(specification(ResourceType::LaunchTemplate, marks.with(&want.tags)));
        if let Some(made) = aws.write(request).await.absent_if(EXISTS)? {
            return Ok(made.launch_template.and_then(|template| template.launch_template_id));
        }
        let found = find(&aws.reader(), &want.name, marks.ownership).await?;
        let Some(found) = found.filter(|found| found.seen.owner == Owner::This) else {
            return Err(crate::drivers::already_exists(CREATE, &want.name));
        };
        let seen = Seen { value: found.seen.value.normalise(), ..found.seen };
        let id = seen.outputs.get("id").cloned();
        self.update(aws, marks, want, seen).await?;
        Ok(id)
    }

    /// A version stays as it was made, so that a change is a new one, which becomes the default. What nobody asked to be
    /// changed stays: the image of one that is pinned, though it be forgotten which one that was.
    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        mut want: LaunchTemplate,
        mut seen: Seen<LaunchTemplate>,
    ) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str).to_owned();
        let tags = std::mem::take(&mut seen.value.tags);
        if want.image.accepts(&seen.value.image) {
            want.image.id.clone_from(&seen.value.image.id);
        }
        seen.value.image.pinned = want.image.pinned;
        if (LaunchTemplate { tags: Tags::new(), ..want.clone() }) != seen.value {
            let request = CreateLaunchTemplateVersionInputBuilder::default()
                .launch_template_id(&id)
                .set_version_description(description(&want))
                .launch_template_data(as_request(&want));
            let made = aws.write(request).await?.launch_template_version;
            let number = made.and_then(|version| version.version_number);
            let number = number.ok_or_else(|| Fault::unexpected(NEW_VERSION, "versionNumber"))?;
            let request =
                ModifyLaunchTemplateInputBuilder::default().launch_template_id(&id).default_version(number.to_string());
            aws.write(request).await?;
        }
        retag(aws, &id, Retag::of(&marks, &want.tags, &tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<LaunchTemplate>) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        let request = DeleteLaunchTemplateInputBuilder::default().launch_template_id(id);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

async fn find(aws: &Aws<Read>, name: &str, ownership: &Ownership) -> Result<Option<Found<LaunchTemplate>>, Fault> {
    let named = filter("launch-template-name", vec![name.to_owned()]);
    let Some(template) = templates(aws, named).await?.into_iter().next() else { return Ok(None) };
    let id = template.launch_template_id().unwrap_or_default();
    let Some(version) = default_version(aws, id).await? else { return Ok(None) };
    let tags = tags_of(template.tags());
    let data = version.launch_template_data().ok_or_else(|| Fault::unexpected(VERSIONS, "launchTemplateData"))?;
    let kind =
        LaunchTemplate { name: name.to_owned(), tags: managed(&tags), ..as_kind(data, version.version_description()) };
    let number = version.version_number().unwrap_or_default();
    let seen = Seen::active(kind)
        .with_output(LaunchTemplateOutput::Id, id)
        .with_output(LaunchTemplateOutput::Version, number.to_string());
    Ok(Some(Found::new(seen, ownership, &tags)))
}

async fn templates(aws: &Aws<Read>, filter: Filter) -> Result<Vec<Described>, Fault> {
    let request = DescribeLaunchTemplatesInputBuilder::default().filters(filter).max_results(200);
    let (mut found, mut token) = (vec![], None);
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        found.extend(page.launch_templates.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// `None`: the template went away meanwhile.
async fn default_version(aws: &Aws<Read>, id: &str) -> Result<Option<LaunchTemplateVersion>, Fault> {
    let request = DescribeLaunchTemplateVersionsInputBuilder::default().launch_template_id(id).versions(DEFAULT);
    let answer = aws.read(request).await.absent_if(GONE)?;
    Ok(answer.and_then(|answer| answer.launch_template_versions?.into_iter().next()))
}
