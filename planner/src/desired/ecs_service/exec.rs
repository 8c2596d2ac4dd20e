//! ECS Exec: a shell in a container, which is whatever its task role may do.

use serde_json::{Value, json};

use super::Builder;

impl Builder<'_> {
    /// Whether commands can be run in the containers. It needs a grant: see [`crate::desired::authorise`].
    pub(super) fn executes_commands(&self) -> bool {
        self.spec.enable_execute_command == Some(true)
    }

    /// What the agent in each container needs of the task role (developer guide, "Monitor Amazon ECS containers with ECS
    /// Exec", "IAM permissions required"). None of these actions can be bound to a resource.
    pub(super) fn exec_statements(&self) -> Option<Value> {
        let actions = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"];
        let actions = actions.map(|action| format!("ssmmessages:{action}"));
        self.executes_commands().then(|| json!({"Effect": "Allow", "Action": actions, "Resource": "*"}))
    }
}
