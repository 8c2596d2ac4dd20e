//! What services that the simulator doesn't have hold for those it has: secrets, parameters, private
//! certificate authorities, file systems of S3 Files.

use std::collections::BTreeSet;

use serde::Serialize;

/// Things that only need to be there, by ARN.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Foreign {
    /// Secrets of Secrets Manager.
    pub secrets: BTreeSet<String>,
    /// Parameters of Systems Manager.
    pub parameters: BTreeSet<String>,
    /// Private certificate authorities that ECS may ask.
    pub certificate_authorities: BTreeSet<String>,
    /// File systems of S3 Files.
    pub s3_file_systems: BTreeSet<String>,
}

impl Foreign {
    /// The ARN of the secret or parameter that a container's `valueFrom` means, if it exists.
    ///
    /// `valueFrom` is a secret's ARN (with or without the six random characters at its end, and with
    /// `:key:stage:version` behind it), a parameter's ARN, or the name of a parameter of the same region
    /// (ECS developer guide, "Pass sensitive data to an Amazon ECS container").
    pub fn resolve(&self, value_from: &str) -> Option<&str> {
        if value_from.contains(":secretsmanager:") {
            let arn = value_from.splitn(8, ':').take(7).collect::<Vec<_>>().join(":");
            let is_meant =
                |secret: &&String| **secret == arn || secret.rsplit_once('-').is_some_and(|(bare, _)| bare == arn);
            return self.secrets.iter().find(is_meant).map(String::as_str);
        }
        let name = value_from.split_once(":parameter/").map_or(value_from, |(_, name)| name).trim_start_matches('/');
        let is_meant =
            |parameter: &&String| parameter.split_once(":parameter/").is_some_and(|(_, known)| known == name);
        self.parameters.iter().find(is_meant).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_each_of_its_spellings() {
        let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf";
        let parameter = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/level";
        let foreign = Foreign {
            secrets: [secret.to_owned()].into(),
            parameters: [parameter.to_owned()].into(),
            ..Foreign::default()
        };
        let cases = [
            (secret.to_owned(), Some(secret)),
            (format!("{secret}:password::"), Some(secret)),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db".to_owned(), Some(secret)),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders".to_owned(), None),
            ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-XXXXXX".to_owned(), None),
            (parameter.to_owned(), Some(parameter)),
            ("/shop/level".to_owned(), Some(parameter)),
            ("/shop/other".to_owned(), None),
        ];
        for (value_from, expected) in cases {
            assert_eq!(foreign.resolve(&value_from), expected, "{value_from}");
        }
    }
}
