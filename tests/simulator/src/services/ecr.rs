//! Elastic Container Registry: what tags stand for, and that they move.
//!
//! Source: ECR API reference, `DescribeImages`, `PutImage`.

use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::clock::wire_time;
use crate::images::Behaviour;
use crate::world::World;

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "DescribeImages" => describe(world, call),
        "PutImage" => put(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// The repository that is meant, and how its images are written, up to the tag.
fn repository<'a>(world: &World, call: &'a Call) -> Result<(&'a str, String), Fault> {
    let repository = call.text("repositoryName").unwrap_or_default();
    let name = format!("{}.dkr.ecr.{}.amazonaws.com/{repository}:", world.account_id, world.region);
    if world.images.known.keys().any(|image| image.starts_with(&name)) {
        return Ok((repository, name));
    }
    let message = format!(
        "The repository with name '{repository}' does not exist in the registry with id '{}'",
        world.account_id
    );
    Err(Fault::bad_request("RepositoryNotFoundException", message))
}

/// By tags, which is how the simulator's images are known.
fn describe(world: &World, call: &Call) -> Answer {
    let (repository, name) = repository(world, call)?;
    let ids = call.input.get("imageIds").and_then(Value::as_array).into_iter().flatten();
    let tags = ids.filter_map(|id| id.get("imageTag").and_then(Value::as_str));
    let details = tags.map(|tag| {
        let digest = world.images.digest(&format!("{name}{tag}")).ok_or_else(|| {
            let message = format!(
                "The image with imageId {{imageDigest:'null', imageTag:'{tag}'}} does not exist within the repository with \
                 name '{repository}' in the registry with id '{}'",
                world.account_id
            );
            Fault::bad_request("ImageNotFoundException", message)
        })?;
        Ok(json!({
            "registryId": world.account_id,
            "repositoryName": repository,
            "imageDigest": digest,
            "imageTags": [tag],
            "imagePushedAt": wire_time(crate::clock::EPOCH),
        }))
    });
    Ok(json!({"imageDetails": details.collect::<Result<Vec<Value>, Fault>>()?}))
}

/// Another image under a tag, which moves to it.
fn put(world: &mut World, call: &Call) -> Answer {
    let (repository, name) = repository(world, call)?;
    let tag = call.text("imageTag").unwrap_or("latest");
    let image = format!("{name}{tag}");
    if world.images.known.contains_key(&image) {
        world.images.push(&image);
    } else {
        world.images.known.insert(image.clone(), Behaviour::default());
    }
    let id = json!({"imageDigest": world.images.digest(&image), "imageTag": tag});
    Ok(json!({"image": {"registryId": world.account_id, "repositoryName": repository, "imageId": id}}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Service;

    #[test]
    fn an_image_is_described_by_its_tag() {
        let mut world = crate::world_file::seed();
        let described = |world: &mut World, repository: &str, tag: &str| {
            let call = Call {
                service: Service::Ecr,
                operation: "DescribeImages".to_owned(),
                input: json!({"repositoryName": repository, "imageIds": [{"imageTag": tag}]}),
                region: world.region.clone(),
                access_key: String::new(),
                account_id: world.account_id.clone(),
                time: world.now,
            };
            world.call(&call).map(|answer| answer["imageDetails"][0]["imageDigest"].clone()).map_err(|fault| fault.code)
        };
        let before = described(&mut world, "orders", "latest").unwrap();
        world.images.push("123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:latest");
        assert_ne!(described(&mut world, "orders", "latest").unwrap(), before);
        assert_eq!(described(&mut world, "orders", "9").unwrap_err(), "ImageNotFoundException");
        assert_eq!(described(&mut world, "other", "1").unwrap_err(), "RepositoryNotFoundException");
    }
}
