//! AWS's wire protocols: each turns a body into JSON input and an answer into a body.

pub mod ec2_query;
pub mod json;
pub mod query;
pub mod rest_json;
pub mod rest_xml;
