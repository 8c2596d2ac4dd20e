//! What a version of a launch template says: the kind's members as EC2's, and back.

use aws_sdk_ec2::types::{
    LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDevice as Disk, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateHttpTokensState as Tokens, LaunchTemplateIamInstanceProfileSpecificationRequest,
    LaunchTemplateInstanceMetadataEndpointState as Endpoint, LaunchTemplateInstanceMetadataOptions as Metadata,
    LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateTagSpecificationRequest, RequestLaunchTemplateData,
    ResourceType, ResponseLaunchTemplateData, VolumeType,
};
use aws_smithy_types::base64;
use longshore_planner::engine::Text;
use longshore_planner::kinds::ec2::launch_template::{LaunchTemplate, MachineImage, MetadataOptions, RootVolume};

use super::{tag_list, tags_of};

/// What stands in a version's description before the parameter that named its image.
const IMAGE_OF: &str = "Image of ";
/// What instances have tags on that they are launched with.
const TAGGED: [ResourceType; 2] = [ResourceType::Instance, ResourceType::Volume];

pub(super) fn description(want: &LaunchTemplate) -> Option<String> {
    want.image.parameter.as_ref().map(|parameter| format!("{IMAGE_OF}{parameter}"))
}

pub(super) fn as_request(want: &LaunchTemplate) -> RequestLaunchTemplateData {
    let profile = want.instance_profile.to_string();
    let profile = LaunchTemplateIamInstanceProfileSpecificationRequest::builder().arn(profile).build();
    let metadata = LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .http_endpoint(Endpoint::Enabled)
        .http_tokens(if want.metadata.tokens_required { Tokens::Required } else { Tokens::Optional })
        .http_put_response_hop_limit(want.metadata.hop_limit)
        .build();
    let tagged = TAGGED.map(|resource| {
        LaunchTemplateTagSpecificationRequest::builder()
            .resource_type(resource)
            .set_tags(Some(tag_list(want.instance_tags.clone())))
            .build()
    });
    RequestLaunchTemplateData::builder()
        .image_id(&want.image.id)
        .set_instance_type(want.instance_type.as_deref().map(Into::into))
        .iam_instance_profile(profile)
        .set_security_group_ids(Some(want.security_groups.iter().map(ToString::to_string).collect()))
        .user_data(base64::encode(&want.user_data))
        .metadata_options(metadata)
        .block_device_mappings(root_volume(&want.root_volume))
        .set_tag_specifications((!want.instance_tags.is_empty()).then(|| tagged.into()))
        .build()
}

fn root_volume(want: &RootVolume) -> LaunchTemplateBlockDeviceMappingRequest {
    let disk = LaunchTemplateEbsBlockDeviceRequest::builder()
        .set_volume_size(want.size)
        .volume_type(VolumeType::Gp3)
        .encrypted(want.encrypted)
        .delete_on_termination(true)
        .build();
    LaunchTemplateBlockDeviceMappingRequest::builder().device_name(&want.device_name).ebs(disk).build()
}

/// All but the name and the template's own tags.
pub(super) fn as_kind(data: &ResponseLaunchTemplateData, description: Option<&str>) -> LaunchTemplate {
    let parameter = description.and_then(|text| text.strip_prefix(IMAGE_OF)).map(str::to_owned);
    let user_data = data.user_data().and_then(|text| base64::decode(text).ok()).unwrap_or_default();
    let profile = data.iam_instance_profile().and_then(|profile| profile.arn().or(profile.name()));
    let metadata = data.metadata_options();
    LaunchTemplate {
        image: MachineImage { id: text(data.image_id()), parameter, pinned: false },
        instance_type: data.instance_type().map(|it| it.as_str().to_owned()),
        instance_profile: text(profile).into(),
        security_groups: data.security_group_ids().iter().map(|id| Text::from(id.as_str())).collect(),
        user_data: String::from_utf8_lossy(&user_data).into_owned(),
        metadata: MetadataOptions {
            tokens_required: metadata.is_some_and(|options| options.http_tokens() == Some(&Tokens::Required)),
            hop_limit: metadata.and_then(Metadata::http_put_response_hop_limit).unwrap_or_default(),
        },
        root_volume: root_volume_of(data),
        instance_tags: tags_of_instances(data),
        other: other(data),
        ..LaunchTemplate::default()
    }
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn root_volume_of(data: &ResponseLaunchTemplateData) -> RootVolume {
    let mapping = data.block_device_mappings().first();
    let disk = mapping.and_then(|mapping| mapping.ebs());
    RootVolume {
        device_name: text(mapping.and_then(|mapping| mapping.device_name())),
        size: disk.and_then(Disk::volume_size),
        encrypted: disk.and_then(Disk::encrypted).unwrap_or_default(),
    }
}

/// Instances and volumes have the same; where one has none they are not as they were made.
fn tags_of_instances(data: &ResponseLaunchTemplateData) -> crate::tags::Tags {
    let of = |resource: &ResourceType| {
        let specification = data.tag_specifications().iter().find(|one| one.resource_type() == Some(resource));
        specification.map(|one| tags_of(one.tags())).unwrap_or_default()
    };
    let [instances, volumes] = TAGGED.map(|resource| of(&resource));
    if instances == volumes { instances } else { crate::tags::Tags::new() }
}

/// What Longshore never asks for.
fn other(data: &ResponseLaunchTemplateData) -> Vec<String> {
    let members = [
        ("keyName", data.key_name().is_some()),
        ("networkInterfaces", !data.network_interfaces().is_empty()),
        ("securityGroups", !data.security_groups().is_empty()),
        ("instanceMarketOptions", data.instance_market_options().is_some()),
        ("instanceRequirements", data.instance_requirements().is_some()),
        ("kernelId", data.kernel_id().is_some()),
        ("ramDiskId", data.ram_disk_id().is_some()),
        ("blockDeviceMappings", data.block_device_mappings().len() > 1),
        ("placement", data.placement().is_some()),
    ];
    members.into_iter().filter(|(_, present)| *present).map(|(name, _)| name.to_owned()).collect()
}
