//! All roles of the account.

use std::collections::HashMap;

use aws_sdk_iam::operation::get_account_authorization_details::builders::GetAccountAuthorizationDetailsInputBuilder;
use aws_sdk_iam::operation::list_roles::builders::ListRolesInputBuilder;
use aws_sdk_iam::types::{EntityType, Role, RoleDetail};

use crate::access::{Aws, Read};
use crate::fault::Fault;

/// The most that a page of IAM's has (API reference, `MaxItems`).
const PAGE: i32 = 1000;

/// With their policies, boundaries and tags, which `ListRoles` leaves out; it cannot be narrowed down further than to
/// roles (API reference, `GetAccountAuthorizationDetails`).
pub(super) async fn roles(aws: &Aws<Read>) -> Result<HashMap<String, RoleDetail>, Fault> {
    let request = GetAccountAuthorizationDetailsInputBuilder::default().filter(EntityType::Role).max_items(PAGE);
    let mut found = HashMap::new();
    let mut marker = None;
    loop {
        let page = aws.read(request.clone().set_marker(marker)).await?;
        let roles = page.role_detail_list.unwrap_or_default().into_iter();
        found.extend(roles.filter_map(|role| Some((role.role_name.clone()?, role))));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// What the former leaves out, of the roles under a path: description and longest session.
pub(super) async fn heads(aws: &Aws<Read>, path: &str) -> Result<HashMap<String, Role>, Fault> {
    let request = ListRolesInputBuilder::default().path_prefix(path).max_items(PAGE);
    let mut found = HashMap::new();
    let mut marker = None;
    loop {
        let page = aws.read(request.clone().set_marker(marker)).await?;
        found.extend(page.roles.into_iter().map(|role| (role.role_name.clone(), role)));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(found);
        }
    }
}
