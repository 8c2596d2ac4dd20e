//! What instances boot from.

use longshore_crds::ecs_cluster::{AmiUpdatePolicy, Ec2Capacity};

use super::capacity::{Capacity, at};
use crate::desired::obstacle::{Fact, Need, Refusal};
use crate::kinds::ec2::launch_template::MachineImage;

impl Capacity<'_> {
    /// The image that the spec names, or that its parameter does: the one that was remembered, or with `Latest` the one of
    /// now. `None`: AWS must be asked first.
    pub(super) fn image(&mut self, entry: &Ec2Capacity, types: &[String]) -> Result<Option<MachineImage>, Refusal> {
        if let Some(id) = &entry.image_id {
            return Ok(Some(MachineImage { id: id.clone(), parameter: None, pinned: false }));
        }
        let parameter = match &entry.ami_parameter {
            Some(parameter) => parameter.clone(),
            None => of_all(entry, types)?,
        };
        let pinned = entry.ami_update_policy != Some(AmiUpdatePolicy::Latest);
        let need = Need::MachineImage { parameter: parameter.clone() };
        let remembered = self.memory.pins.get(&parameter).cloned();
        let found = match (remembered.filter(|_| pinned), self.facts.get(&need)) {
            (Some(id), _) => Some(id),
            (None, Some(Fact::MachineImage(Some(id)))) => Some(id.clone()),
            (None, Some(_)) => return Err(no_parameter(entry, &parameter)),
            (None, None) => {
                self.needs.insert(need);
                None
            }
        };
        self.pins.extend(found.iter().map(|id| (parameter.clone(), id.clone())));
        Ok(found.map(|id| MachineImage { id, parameter: Some(parameter), pinned }))
    }
}

/// The parameter of the image that is the right one for all of an entry's types.
fn of_all(entry: &Ec2Capacity, types: &[String]) -> Result<String, Refusal> {
    let mut found: Option<(&str, String)> = None;
    for instance_type in types {
        let parameter = optimised(instance_type).ok_or_else(|| no_image_for(entry, instance_type))?;
        match &found {
            None => found = Some((instance_type, parameter)),
            Some((first, other)) if *other != parameter => return Err(two_images(entry, first, instance_type)),
            Some(_) => {}
        }
    }
    Ok(found.map(|(_, parameter)| parameter).unwrap_or_default())
}

fn two_images(entry: &Ec2Capacity, first: &str, other: &str) -> Refusal {
    let message = format!(
        "{first} and {other} have different ECS-optimised images, and the instances of one entry have one: write an entry for \
         each, or name an image for both in amiParameter or imageId"
    );
    Refusal::new("NoImage", at(entry).member("instanceTypes"), message)
}

fn no_image_for(entry: &Ec2Capacity, instance_type: &str) -> Refusal {
    let message = format!(
        "AWS has no ECS-optimised image of Amazon Linux 2023 for {instance_type}: name a parameter that names an image for \
         it in amiParameter, or an image in imageId"
    );
    let member = if entry.instance_type.is_some() { "instanceType" } else { "instanceTypes" };
    Refusal::new("NoImage", at(entry).member(member), message)
}

fn no_parameter(entry: &Ec2Capacity, parameter: &str) -> Refusal {
    let message = format!(
        "Parameter Store has no parameter {parameter} that names an image in this region: correct amiParameter, or name an \
         image in imageId"
    );
    Refusal::new("NoImage", at(entry).member("amiParameter"), message)
}

/// The parameter of the image of Amazon Linux 2023 for an instance type (developer guide, "Retrieving Amazon ECS-optimized
/// Linux AMI metadata"); `None`: there is none.
fn optimised(instance_type: &str) -> Option<String> {
    let variant = match (accelerator(instance_type), is_arm(instance_type)) {
        (Some(_), true) => return None,
        (Some(accelerator), false) => accelerator,
        (None, true) => "arm64/",
        (None, false) => "",
    };
    Some(format!("/aws/service/ecs/optimized-ami/amazon-linux-2023/{variant}recommended/image_id"))
}

/// Letters, a generation, and attributes: `c7gn` is a `c` of generation 7, with `g` and `n` (EC2 instance types guide,
/// "Instance type naming conventions").
fn parts(instance_type: &str) -> Option<(&str, &str)> {
    let family = instance_type.split('.').next()?;
    let generation = family.find(|c: char| c.is_ascii_digit())?;
    let (series, rest) = family.split_at(generation);
    Some((series, rest.trim_start_matches(|c: char| c.is_ascii_digit())))
}

/// Graviton has a `g` among its attributes; the first generation had none.
fn is_arm(instance_type: &str) -> bool {
    instance_type.starts_with("a1.") || parts(instance_type).is_some_and(|(_, attributes)| attributes.contains('g'))
}

fn accelerator(instance_type: &str) -> Option<&'static str> {
    match parts(instance_type)?.0 {
        "g" | "gr" | "p" => Some("gpu/"),
        "inf" | "trn" => Some("neuron/"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::optimised;

    #[test]
    fn the_image_is_one_for_the_processor_of_the_type() {
        let cases = [
            ("m7g.large", Some("arm64/")),
            ("c7gn.xlarge", Some("arm64/")),
            ("a1.medium", Some("arm64/")),
            ("im4gn.large", Some("arm64/")),
            ("m7i.large", Some("")),
            ("m6i.2xlarge", Some("")),
            ("t3.micro", Some("")),
            ("g4dn.xlarge", Some("gpu/")),
            ("p4d.24xlarge", Some("gpu/")),
            ("gr6.4xlarge", Some("gpu/")),
            ("inf2.xlarge", Some("neuron/")),
            ("g5g.xlarge", None),
        ];
        for (instance_type, variant) in cases {
            let expected = variant.map(|variant| {
                format!("/aws/service/ecs/optimized-ami/amazon-linux-2023/{variant}recommended/image_id")
            });
            assert_eq!(optimised(instance_type), expected, "{instance_type}");
        }
    }
}
