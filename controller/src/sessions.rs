//! One session per environment, its account verified before anything is changed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use longshore_aws::{AssumeRole, Edge, Fault, Session, SessionConfig};
use longshore_crds::AwsEnvironmentSpec;

/// An open session, its account verified.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) session: Session,
    /// Who AWS says it is.
    pub(crate) caller_arn: String,
}

/// The sessions of this process.
pub(crate) struct Sessions {
    edge: Edge,
    installation: String,
    open: Mutex<HashMap<SessionConfig, Opened>>,
}

impl Sessions {
    pub(crate) fn new(edge: Edge, installation: String) -> Self {
        Self { edge, installation, open: Mutex::default() }
    }

    /// The session of an environment. One whose account could not be verified is not kept: the next call asks again.
    pub(crate) async fn of(&self, name: &str, spec: &AwsEnvironmentSpec) -> Result<Opened, Fault> {
        let config = self.config(name, spec);
        if let Some(opened) = self.cached(&config) {
            return Ok(opened);
        }
        let session = Session::open(&config, &self.edge).await?;
        let caller_arn = session.verify_account().await?;
        let opened = Opened { session, caller_arn };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(config, opened.clone());
        Ok(opened)
    }

    fn cached(&self, config: &SessionConfig) -> Option<Opened> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).get(config).cloned()
    }

    fn config(&self, name: &str, spec: &AwsEnvironmentSpec) -> SessionConfig {
        let role = spec.credentials.as_ref().and_then(|credentials| credentials.assume_role.as_ref());
        // API reference, AssumeRole: RoleSessionName has at most 64 characters of [\w+=,.@-].
        let session_name: String = format!("longshore-{}-{name}", self.installation)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "+=,.@-_".contains(c) { c } else { '-' })
            .take(64)
            .collect();
        SessionConfig {
            environment: name.to_owned(),
            account_id: spec.account_id.clone(),
            region: spec.region.clone(),
            assume_role: role
                .map(|role| AssumeRole { role_arn: role.role_arn.clone(), external_id: role.external_id.clone() }),
            session_name,
        }
    }
}
