//! The web ACL of WAF that a load balancer has.

use aws_sdk_wafv2::operation::associate_web_acl::builders::AssociateWebAclInputBuilder;
use aws_sdk_wafv2::operation::disassociate_web_acl::builders::DisassociateWebAclInputBuilder;
use aws_sdk_wafv2::operation::get_web_acl_for_resource::builders::GetWebAclForResourceInputBuilder;

use crate::access::{Aws, Read, Write};
use crate::fault::{Absent, Fault};

/// WAF's word for a load balancer that it does not know, or not yet.
const UNKNOWN: &[&str] = &["WAFNonexistentItemException", "WAFUnavailableEntityException"];

/// Its ARN, if there is one.
pub(super) async fn of(aws: &Aws<Read>, load_balancer: &str) -> Result<Option<String>, Fault> {
    let request = GetWebAclForResourceInputBuilder::default().resource_arn(load_balancer);
    let answer = aws.read(request).await.absent_if(UNKNOWN)?;
    Ok(answer.and_then(|answer| answer.web_acl).map(|acl| acl.arn))
}

/// A load balancer has one at most: another takes its place.
pub(super) async fn set(aws: &Aws<Write>, load_balancer: &str, acl: Option<&String>) -> Result<(), Fault> {
    if let Some(acl) = acl {
        let request = AssociateWebAclInputBuilder::default().web_acl_arn(acl).resource_arn(load_balancer);
        aws.write(request).await.map(drop)
    } else {
        let request = DisassociateWebAclInputBuilder::default().resource_arn(load_balancer);
        aws.write(request).await.absent_if(UNKNOWN).map(drop)
    }
}
