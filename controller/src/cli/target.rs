//! What a command is about: `KIND/NAME`, the kind as kubectl takes it.

use std::any::TypeId;
use std::str::FromStr;

use kube::core::{ApiResource, ClusterResourceScope};
use kube::{CustomResourceExt, Resource};
use longshore_crds::{
    ApplicationLoadBalancer, AwsEnvironment, EcsCluster, EcsService, EcsTask, EcsTaskTrigger, EfsFileSystem,
};

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
        let kinds = kinds();
        let (kind, name) = match text.split_once('/') {
            Some((kind, name)) if !name.is_empty() && !name.contains('/') => (kind.to_ascii_lowercase(), name),
            _ => return Err(format!("{text:?} is no KIND/NAME, such as ecssvc/hello")),
        };
        let Some(found) = kinds.iter().find(|known| known.is_called(&kind)) else {
            let known: Vec<&str> = kinds.iter().filter_map(|known| known.short.last().copied()).collect();
            return Err(format!("there is no kind {kind}; there are {}", known.join(", ")));
        };
        Ok(Self { resource: found.resource.clone(), namespaced: found.namespaced, name: name.to_owned() })
    }
}

impl FromStr for ServiceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let target: Target = text.parse()?;
        if target.resource.kind != EcsService::kind(&()) {
            return Err(format!(
                "that is done to an EcsService, not to an {}: write ecssvc/NAME",
                target.resource.kind
            ));
        }
        Ok(Self(target.name))
    }
}

/// What a kind may be called on the command line. Its definition would say the same, and bring its schema into the program.
struct Known {
    resource: ApiResource,
    short: &'static [&'static str],
    namespaced: bool,
}

impl Known {
    fn of<K: CustomResourceExt + Resource<DynamicType = (), Scope: 'static>>() -> Self {
        Self {
            resource: K::api_resource(),
            short: K::shortnames(),
            namespaced: TypeId::of::<K::Scope>() != TypeId::of::<ClusterResourceScope>(),
        }
    }

    fn is_called(&self, word: &str) -> bool {
        self.resource.kind.eq_ignore_ascii_case(word) || self.resource.plural == word || self.short.contains(&word)
    }
}

/// Every kind, in the order in which people meet them.
fn kinds() -> [Known; 7] {
    [
        Known::of::<AwsEnvironment>(),
        Known::of::<EcsCluster>(),
        Known::of::<EcsService>(),
        Known::of::<ApplicationLoadBalancer>(),
        Known::of::<EfsFileSystem>(),
        Known::of::<EcsTask>(),
        Known::of::<EcsTaskTrigger>(),
    ]
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
    fn every_kind_is_known_by_all_names_of_its_definition() {
        for definition in longshore_crds::crds() {
            let names = definition.spec.names;
            let words = [Some(names.kind.clone()), names.singular, Some(names.plural.clone())];
            for word in words.into_iter().flatten().chain(names.short_names.unwrap()) {
                let target: Target = format!("{word}/it").parse().unwrap();
                let told = (&target.resource.kind, &target.resource.plural, target.namespaced);
                assert_eq!(told, (&names.kind, &names.plural, definition.spec.scope == "Namespaced"), "{word}");
            }
        }
    }

    #[test]
    fn what_is_no_target_is_told_with_what_is_one() {
        assert!("pod/hello".parse::<Target>().unwrap_err().contains("ecssvc"));
        assert!("alb/public".parse::<ServiceName>().unwrap_err().contains("ApplicationLoadBalancer"));
        assert_eq!("ecssvc/hello".parse(), Ok(ServiceName("hello".to_owned())));
    }
}
