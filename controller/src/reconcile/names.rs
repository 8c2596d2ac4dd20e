//! Hosts that external-dns is asked to lead somewhere.

use std::collections::BTreeMap;

use kube::ResourceExt;
use longshore_planner::engine::Id;
use longshore_planner::report::{Failure, Remedy};

use super::halt::Halt;
use super::pass::Pass;
use crate::kubernetes::{DnsEndpoint, Published, annotate};
use crate::object::Object;

/// On an object that has a `DNSEndpoint`: written before that is made, so that it is found again when the spec asks for
/// none any more.
const ANNOTATION: &str = "ecs.longshore.dev/dns-endpoint";

impl<O: Object> Pass<'_, O> {
    /// Makes the object's `DNSEndpoint` as it shall be; what only a person can mend.
    pub(super) async fn publish(&mut self, endpoints: &BTreeMap<String, String>) -> Result<Option<Failure>, Halt> {
        let noted = self.object.annotations().contains_key(ANNOTATION);
        if endpoints.is_empty() && !noted {
            return Ok(None);
        }
        let endpoint = DnsEndpoint::of(self.shell.client.clone(), &self.object);
        if endpoints.is_empty() {
            let withdrawn = endpoint.withdraw().await?;
            if withdrawn == Published::Done {
                self.object = annotate(&self.api, &self.object, ANNOTATION, None).await?;
            }
            return Ok(self.refused(withdrawn));
        }
        if !noted {
            self.object = annotate(&self.api, &self.object, ANNOTATION, Some("true")).await?;
        }
        Ok(self.refused(endpoint.publish(endpoints).await?))
    }

    fn refused(&self, published: Published) -> Option<Failure> {
        let name = self.object.name_any();
        let (reason, why) = match published {
            Published::Done => return None,
            Published::NotOurs => (
                "AlreadyExists",
                "exists and is not this object's; rename or delete it, or name a hostedZoneId".to_owned(),
            ),
            Published::NotAllowed(why) => (
                "NoDnsEndpoint",
                format!(
                    "cannot be made: {why}; install external-dns with its CRD and set externalDns.enabled in Longshore's \
                     chart, or name a hostedZoneId"
                ),
            ),
        };
        Some(Failure {
            message: format!("spec.loadBalancers[].dns: DNSEndpoint {name} {why}"),
            id: Id::new("kubernetes/dns-endpoint", name),
            remedy: Remedy::Fix,
            reason: reason.to_owned(),
        })
    }
}
