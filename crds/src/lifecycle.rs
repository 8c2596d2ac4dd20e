//! What Longshore may do with what an object stands for, and who may refer to it.

use crate::rules::{RuleText, Rules};
use crate::words::words;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words! {
    /// What Longshore does: keep it so, plan and report only, or nothing.
    pub enum Mode { Manage = "Manage", Observe = "Observe", Suspend = "Suspend" }
}
words! {
    /// Whether a thing of the same name that nobody owns is taken over.
    pub enum Adoption { Never = "Never", Adopt = "Adopt" }
}
words! {
    /// What becomes of the things in AWS when the object is deleted.
    pub enum DeletionPolicy { Delete = "Delete", Retain = "Retain" }
}
words! {
    /// Which namespaces.
    pub enum NamespacesFrom { Same = "Same", All = "All", Selector = "Selector" }
}

const SELECTOR: RuleText = (
    "has(self.selector) == (self.from == 'Selector')",
    "selector belongs to from: Selector: write both, or from: All without selector",
);

/// Which namespaces may refer to an object.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[SELECTOR]))]
#[serde(rename_all = "camelCase")]
pub struct AllowedNamespaces {
    /// Which namespaces.
    pub from: NamespacesFrom,
    /// Their labels, where from is Selector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

/// What every managed kind's spec has.
pub trait Managed {
    /// The `AwsEnvironment` that the object names itself.
    fn aws_environment(&self) -> Option<&str>;
    /// What Longshore does with it; left out: [`Mode::Manage`].
    fn mode(&self) -> Mode;
    /// Whether a thing of the same name is taken over; left out: [`Adoption::Never`].
    fn adoption(&self) -> Adoption;
    /// What the object says about its end; `None`: the kind's own default.
    fn deletion_policy(&self) -> Option<DeletionPolicy>;
}

/// Implements [`Managed`] for a spec with the fields of that name.
macro_rules! managed {
    ($spec:ty) => {
        impl crate::lifecycle::Managed for $spec {
            fn aws_environment(&self) -> Option<&str> {
                self.aws_environment.as_deref()
            }

            fn mode(&self) -> crate::lifecycle::Mode {
                self.mode.unwrap_or(crate::lifecycle::Mode::Manage)
            }

            fn adoption(&self) -> crate::lifecycle::Adoption {
                self.adoption.unwrap_or(crate::lifecycle::Adoption::Never)
            }

            fn deletion_policy(&self) -> Option<crate::lifecycle::DeletionPolicy> {
                self.deletion_policy
            }
        }
    };
}
pub(crate) use managed;
