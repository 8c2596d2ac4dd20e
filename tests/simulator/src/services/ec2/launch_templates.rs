//! Launch templates and their versions.
//!
//! Source: EC2 API reference.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::filters::Filters;
use super::{Tags, invalid_value, page, required, selected, tags};
use crate::call::{Answer, Fault, texts};
use crate::clock::iso_time;
use crate::protocol::query;
use crate::world::World;

#[derive(Clone, Debug, Serialize)]
pub(super) struct LaunchTemplate {
    id: String,
    name: String,
    created: i64,
    default: i64,
    latest: i64,
    pub(super) tags: Tags,
    /// By number.
    versions: BTreeMap<i64, Version>,
}

#[derive(Clone, Debug, Serialize)]
struct Version {
    number: i64,
    description: Option<String>,
    created: i64,
    /// As requests have it.
    data: Value,
}

/// How lists of a template's data are called in answers.
const LISTS: [(&str, &str); 5] = [
    ("SecurityGroupId", "securityGroupIdSet"),
    ("BlockDeviceMapping", "blockDeviceMappingSet"),
    ("TagSpecification", "tagSpecificationSet"),
    ("NetworkInterface", "networkInterfaceSet"),
    ("Tag", "tagSet"),
];

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let name = required(input, "LaunchTemplateName")?.to_owned();
    let fits = (3..=128).contains(&name.chars().count());
    if !fits || !name.chars().all(|it| it.is_ascii_alphanumeric() || "().-/_".contains(it)) {
        let message = "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following \
                       characters: - ( ) . / _.";
        return Err(Fault::bad_request("InvalidLaunchTemplateName.MalformedException", message));
    }
    if world.ec2.templates.values().any(|template| template.name == name) {
        let message = format!("Launch template name already in use: {name}");
        return Err(Fault::bad_request("InvalidLaunchTemplateName.AlreadyExistsException", message));
    }
    let tags = tags::at_creation(input, "launch-template")?;
    let version = version(world, input, 1)?;
    let template = LaunchTemplate {
        id: world.ids.resource("lt"),
        created: world.now,
        default: 1,
        latest: 1,
        versions: [(1, version)].into(),
        name,
        tags,
    };
    let shown = view(world, &template);
    world.ec2.templates.insert(template.id.clone(), template);
    Ok(json!({"launchTemplate": shown}))
}

fn version(world: &World, input: &Value, number: i64) -> Result<Version, Fault> {
    let data = input.get("LaunchTemplateData").cloned().unwrap_or(json!({}));
    check(&data)?;
    let description = query::text(input, "VersionDescription").map(str::to_owned);
    Ok(Version { number, description, created: world.now, data })
}

/// User data is Base64, at most 16 KiB before it was encoded (user guide, "Run commands at launch using instance user data").
fn check(data: &Value) -> Result<(), Fault> {
    let text = query::text(data, "UserData").unwrap_or_default();
    let decoded = super::user_data(text)
        .ok_or_else(|| Fault::bad_request("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."))?;
    if decoded.len() > 16 * 1024 {
        return Err(invalid_value("User data is limited to 16384 bytes"));
    }
    Ok(())
}

pub(super) fn create_version(world: &mut World, input: &Value) -> Answer {
    let id = named(world, input)?;
    let Some(template) = world.ec2.templates.get(&id) else { return Err(no_template(&id)) };
    let number = template.latest + 1;
    let mut new = version(world, input, number)?;
    if let Some(source) = query::text(input, "SourceVersion") {
        let source = numbered(template, source)?;
        let mut data = source.data.clone();
        if let (Some(data), Some(given)) = (data.as_object_mut(), new.data.as_object()) {
            data.extend(given.clone());
        }
        new.data = data;
    }
    let shown = version_view(world, template, &new);
    if let Some(template) = world.ec2.templates.get_mut(&id) {
        template.versions.insert(number, new);
        template.latest = number;
    }
    Ok(json!({"launchTemplateVersion": shown}))
}

pub(super) fn modify(world: &mut World, input: &Value) -> Answer {
    let id = named(world, input)?;
    let Some(template) = world.ec2.templates.get(&id) else { return Err(no_template(&id)) };
    let wanted = query::text(input, "SetDefaultVersion").unwrap_or_default();
    let number = numbered(template, wanted)?.number;
    if let Some(template) = world.ec2.templates.get_mut(&id) {
        template.default = number;
    }
    Ok(json!({"launchTemplate": world.ec2.templates.get(&id).map(|template| view(world, template))}))
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let id = named(world, input)?;
    let gone = world.ec2.templates.remove(&id);
    Ok(json!({"launchTemplate": gone.map(|template| view(world, &template))}))
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let filters = Filters::read(input, &["launch-template-name", "create-time"])?;
    let names = texts(input.get("LaunchTemplateName"));
    let values = |template: &LaunchTemplate, name: &str| match name {
        "launch-template-name" => vec![template.name.clone()],
        _ => vec![iso_time(template.created)],
    };
    let all = selected(&world.ec2.templates, input, "LaunchTemplateId", &filters, values, |it| &it.tags, no_template)?;
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|template| template.name == **name)) {
        return Err(no_template_named(unknown));
    }
    let wanted = all.into_iter().filter(|template| names.is_empty() || names.contains(&template.name));
    let views: Vec<Value> = wanted.map(|template| view(world, template)).collect();
    let (page, next) = page(world, input, &views)?;
    Ok(json!({"launchTemplates": page, "nextToken": next}))
}

/// Those that are named, or all: the newest first.
pub(super) fn describe_versions(world: &World, input: &Value) -> Answer {
    let id = named(world, input)?;
    let Some(template) = world.ec2.templates.get(&id) else { return Err(no_template(&id)) };
    let wanted = texts(input.get("LaunchTemplateVersion"));
    let found: Vec<&Version> = if wanted.is_empty() {
        template.versions.values().rev().collect()
    } else {
        wanted.iter().map(|version| numbered(template, version)).collect::<Result<_, _>>()?
    };
    let views: Vec<Value> = found.into_iter().map(|version| version_view(world, template, version)).collect();
    let (page, next) = page(world, input, &views)?;
    Ok(json!({"launchTemplateVersionSet": page, "nextToken": next}))
}

/// The template that an input names by id or name, by its id.
fn named(world: &World, input: &Value) -> Result<String, Fault> {
    match (query::text(input, "LaunchTemplateId"), query::text(input, "LaunchTemplateName")) {
        (Some(id), None) if world.ec2.templates.contains_key(id) => Ok(id.to_owned()),
        (Some(id), None) => Err(no_template(id)),
        (None, Some(name)) => {
            let found = world.ec2.templates.values().find(|template| template.name == name);
            found.map(|template| template.id.clone()).ok_or_else(|| no_template_named(name))
        }
        _ => {
            let message = "You must specify either launch template ID or launch template name, but not both.";
            Err(Fault::bad_request("MissingParameter", message))
        }
    }
}

fn no_template(id: &str) -> Fault {
    let message = format!("The specified launch template, with template ID {id}, does not exist.");
    Fault::bad_request("InvalidLaunchTemplateId.NotFound", message)
}

fn no_template_named(name: &str) -> Fault {
    let message = format!("The specified launch template, with template name {name}, does not exist.");
    Fault::bad_request("InvalidLaunchTemplateName.NotFoundException", message)
}

/// A version by number, `$Latest` or `$Default`.
fn numbered<'a>(template: &'a LaunchTemplate, version: &str) -> Result<&'a Version, Fault> {
    let number = match version {
        "$Latest" => Some(template.latest),
        "$Default" | "" => Some(template.default),
        number => number.parse().ok(),
    };
    number.and_then(|number| template.versions.get(&number)).ok_or_else(|| {
        let message =
            format!("Could not find the specified version {version} for the launch template with ID {}.", template.id);
        Fault::bad_request("InvalidLaunchTemplateId.VersionNotFound", message)
    })
}

/// A template's data, as requests have it, and the number of the version: of a template by id or name.
pub fn template_data(world: &World, template: &Value) -> Result<(String, i64, Value), Fault> {
    let id = named(world, template)?;
    let Some(found) = world.ec2.templates.get(&id) else { return Err(no_template(&id)) };
    let version = numbered(found, query::text(template, "Version").unwrap_or("$Default"))?;
    Ok((id, version.number, version.data.clone()))
}

fn by(world: &World) -> String {
    format!("arn:aws:iam::{}:root", world.account_id)
}

fn view(world: &World, template: &LaunchTemplate) -> Value {
    json!({
        "launchTemplateId": template.id,
        "launchTemplateName": template.name,
        "createTime": iso_time(template.created),
        "createdBy": by(world),
        "defaultVersionNumber": template.default,
        "latestVersionNumber": template.latest,
        "tagSet": tags::shown(&template.tags),
    })
}

fn version_view(world: &World, template: &LaunchTemplate, version: &Version) -> Value {
    json!({
        "launchTemplateId": template.id,
        "launchTemplateName": template.name,
        "versionNumber": version.number,
        "versionDescription": version.description,
        "createTime": iso_time(version.created),
        "createdBy": by(world),
        "defaultVersion": version.number == template.default,
        "launchTemplateData": answered(&version.data),
    })
}

/// Data as answers have it: members in lower case, lists by names of their own.
fn answered(data: &Value) -> Value {
    match data {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (renamed(name), answered(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(answered).collect(),
        other => other.clone(),
    }
}

fn renamed(name: &str) -> String {
    let list = LISTS.iter().find(|(request, _)| *request == name);
    list.map_or_else(|| query::lower_first(name), |(_, list)| (*list).to_owned())
}
