//! ECS Exec: a command in a container.

use std::fmt;

use aws_sdk_ecs::operation::execute_command::builders::ExecuteCommandInputBuilder;

use crate::access::{Aws, Write};
use crate::fault::Fault;

const OPERATION: &str = "ecs:ExecuteCommand";

/// A session of Systems Manager in which the command runs. Whoever has its token is in the container.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandSession {
    /// Its id.
    pub session_id: String,
    /// Where input and output go.
    pub stream_url: String,
    /// What lets one in; not for any log.
    pub token: String,
}

impl fmt::Debug for CommandSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandSession").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// Starts a command in a container. ECS knows interactive ones only (API reference, `ExecuteCommand`: `interactive` must be
/// true).
pub async fn execute_command(
    aws: &Aws<Write>,
    cluster: &str,
    task: &str,
    container: &str,
    command: &str,
) -> Result<CommandSession, Fault> {
    let request = ExecuteCommandInputBuilder::default()
        .cluster(cluster)
        .task(task)
        .container(container)
        .command(command)
        .interactive(true);
    let session = aws.write(request).await?.session.ok_or_else(|| Fault::unexpected(OPERATION, "session"))?;
    let told = |member: Option<String>, name: &str| member.ok_or_else(|| Fault::unexpected(OPERATION, name));
    Ok(CommandSession {
        session_id: told(session.session_id, "sessionId")?,
        stream_url: told(session.stream_url, "streamUrl")?,
        token: told(session.token_value, "tokenValue")?,
    })
}
