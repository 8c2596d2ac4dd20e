//! What a command is about: `KIND/NAME`, the kind as kubectl takes it.

use std::str::FromStr;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use kube::core::ApiResource;
use longshore_crds::EcsService;

/// An object by kind and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) resource: ApiResource,
    pub(super) namespaced: bool,
    pub(super) name: String,
}

/// The name of an `EcsService`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServiceName(pub(super) String);

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kinds = longshore_crds::crds();
        let (kind, name) = match text.split_once('/') {
            Some((kind, name)) if !name.is_empty() && !name.contains('/') => (kind.to_ascii_lowercase(), name),
            _ => return Err(format!("{text:?} is no KIND/NAME, such as ecssvc/hello")),
        };
        let found = kinds.iter().find(|crd| words(crd).any(|word| word == kind));
        let crd = found.ok_or_else(|| format!("there is no kind {kind}; there are {}", all(&kinds)))?;
        let names = &crd.spec.names;
        let resource = ApiResource {
            group: longshore_crds::GROUP.to_owned(),
            version: longshore_crds::VERSION.to_owned(),
            api_version: format!("{}/{}", longshore_crds::GROUP, longshore_crds::VERSION),
            kind: names.kind.clone(),
            plural: names.plural.clone(),
        };
        Ok(Self { resource, namespaced: crd.spec.scope == "Namespaced", name: name.to_owned() })
    }
}

impl FromStr for ServiceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let target: Target = text.parse()?;
        if target.resource.kind != EcsService::crd().spec.names.kind {
            return Err(format!(
                "that is done to an EcsService, not to an {}: write ecssvc/NAME",
                target.resource.kind
            ));
        }
        Ok(Self(target.name))
    }
}

/// All that a kind may be called on the command line.
fn words(crd: &CustomResourceDefinition) -> impl Iterator<Item = &str> {
    let names = &crd.spec.names;
    let short = names.short_names.iter().flatten().map(String::as_str);
    names.singular.as_deref().into_iter().chain([names.plural.as_str()]).chain(short)
}

fn all(kinds: &[CustomResourceDefinition]) -> String {
    kinds.iter().filter_map(|crd| words(crd).last()).collect::<Vec<&str>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_written_as_kubectl_takes_it() {
        let cases = [
            ("ecssvc/hello", Some(("EcsService", true, "hello"))),
            ("EcsService/hello", Some(("EcsService", true, "hello"))),
            ("ecsservices/hello", Some(("EcsService", true, "hello"))),
            ("alb/public", Some(("ApplicationLoadBalancer", true, "public"))),
            ("awsenv/default", Some(("AwsEnvironment", false, "default"))),
            ("hello", None),
            ("ecssvc/", None),
            ("ecssvc/a/b", None),
            ("pod/hello", None),
        ];
        for (text, expected) in cases {
            let target = text.parse::<Target>().ok();
            let told = target.as_ref().map(|it| (it.resource.kind.as_str(), it.namespaced, it.name.as_str()));
            assert_eq!(told, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_target_is_told_with_what_is_one() {
        assert!("pod/hello".parse::<Target>().unwrap_err().contains("ecssvc"));
        assert!("alb/public".parse::<ServiceName>().unwrap_err().contains("ApplicationLoadBalancer"));
        assert_eq!("ecssvc/hello".parse(), Ok(ServiceName("hello".to_owned())));
    }
}
