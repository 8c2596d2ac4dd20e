//! What services that the simulator has only the look-ups of, or not at all, hold: secrets, parameters, the keys that
//! encrypt them, private certificate authorities, file systems of S3 Files.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// Things that only need to be there, by ARN.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Foreign {
    /// Secrets of Secrets Manager.
    pub secrets: BTreeMap<String, Stored>,
    /// Parameters of Systems Manager.
    pub parameters: BTreeMap<String, Stored>,
    /// Private certificate authorities that ECS may ask.
    pub certificate_authorities: BTreeSet<String>,
    /// Machine images, by id: their architecture.
    pub images: BTreeMap<String, String>,
    /// Parameters that AWS has for everybody, by name: their values.
    pub public_parameters: BTreeMap<String, String>,
    /// File systems of S3 Files.
    pub s3_file_systems: BTreeSet<String>,
    /// The aliases (`alias/shop`) of KMS's keys, which are the ARNs here. A key lets the account's policies decide (KMS
    /// developer guide, "Default key policy").
    pub aliases: BTreeMap<String, String>,
}

/// A secret or parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// What its owner named to encrypt it by: an id, an ARN or an alias of a key. None: nothing, or the service's own key.
    pub key: Option<String>,
    /// How often a new value was stored after the first.
    pub changes: u64,
}

impl Foreign {
    /// A new value is stored, as rotation does; whether there is anything of this ARN.
    pub fn store(&mut self, arn: &str) -> bool {
        let stored = self.secrets.get_mut(arn).or_else(|| self.parameters.get_mut(arn));
        stored.map(|stored| stored.changes += 1).is_some()
    }

    /// What is stored under an ARN.
    pub fn stored(&self, arn: &str) -> Option<&Stored> {
        self.secrets.get(arn).or_else(|| self.parameters.get(arn))
    }

    /// The ARN of the key of a customer that encrypts what is stored under an ARN, and its aliases. `arn`: of a resource of
    /// KMS in this account and region.
    pub fn key(&self, stored: &Stored, arn: impl Fn(&str) -> String) -> Option<(String, Vec<String>)> {
        let given = stored.key.as_deref()?;
        let name = given.rsplit(':').next().unwrap_or(given);
        let key = match name.strip_prefix("alias/") {
            Some(_) => self.aliases.get(name).cloned()?,
            None => arn(&format!("key/{}", name.trim_start_matches("key/"))),
        };
        let aliases = self.aliases.iter().filter(|(_, of)| **of == key).map(|(alias, _)| alias.clone()).collect();
        Some((key, aliases))
    }

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
            return self.secrets.keys().find(is_meant).map(String::as_str);
        }
        let name = value_from.split_once(":parameter/").map_or(value_from, |(_, name)| name).trim_start_matches('/');
        let is_meant =
            |parameter: &&String| parameter.split_once(":parameter/").is_some_and(|(_, known)| known == name);
        self.parameters.keys().find(is_meant).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_each_of_its_spellings() {
        let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf";
        let parameter = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/level";
        let stored = |arn: &str| [(arn.to_owned(), Stored::default())].into();
        let foreign = Foreign { secrets: stored(secret), parameters: stored(parameter), ..Foreign::default() };
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
    #[test]
    fn a_key_is_known_by_id_arn_and_alias() {
        let arn = |name: &str| format!("arn:aws:kms:eu-west-1:123456789012:{name}");
        let foreign = Foreign { aliases: [("alias/shop".to_owned(), arn("key/1"))].into(), ..Foreign::default() };
        let shop = || Some((arn("key/1"), vec!["alias/shop".to_owned()]));
        let cases = [
            (None, None),
            (Some("1".to_owned()), shop()),
            (Some(arn("key/1")), shop()),
            (Some("alias/shop".to_owned()), shop()),
            (Some(arn("alias/shop")), shop()),
            (Some("2".to_owned()), Some((arn("key/2"), vec![]))),
        ];
        for (key, expected) in cases {
            let stored = Stored { key: key.clone(), changes: 0 };
            assert_eq!(foreign.key(&stored, arn), expected, "{key:?}");
        }
    }
}
