//! What containers write, where their `awslogs` driver puts it.

use aws_sdk_cloudwatchlogs::operation::get_log_events::builders::GetLogEventsInputBuilder;
use aws_sdk_ecs::operation::describe_task_definition::builders::DescribeTaskDefinitionInputBuilder;
use aws_sdk_ecs::types::{LogConfiguration, LogDriver};

use crate::access::{Aws, Read};
use crate::fault::{Absent, Fault};

/// Where a container's output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSource {
    /// The container.
    pub container: String,
    /// The log group, and the beginning of its streams' names; else the driver, or nothing, that has the output instead.
    pub destination: Result<LogDestination, String>,
}

/// A log group, and the container's streams in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDestination {
    group: String,
    /// Another than the session's is not asked.
    pub region: String,
    prefix: String,
}

impl LogDestination {
    /// The log group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The stream of a task (developer guide, "Using the awslogs driver": `prefix-name/container-name/ecs-task-id`).
    fn stream(&self, container: &str, task: &str) -> String {
        format!("{}/{container}/{task}", self.prefix)
    }
}

/// Where the containers of a revision write to.
pub async fn log_sources(aws: &Aws<Read>, task_definition: &str) -> Result<Vec<LogSource>, Fault> {
    let request = DescribeTaskDefinitionInputBuilder::default().task_definition(task_definition);
    let definition = aws.read(request).await?.task_definition;
    let containers = definition.and_then(|definition| definition.container_definitions).unwrap_or_default();
    let source = |container: &aws_sdk_ecs::types::ContainerDefinition| LogSource {
        container: container.name().unwrap_or_default().to_owned(),
        destination: destination(container.log_configuration()),
    };
    Ok(containers.iter().map(source).collect())
}

fn destination(configuration: Option<&LogConfiguration>) -> Result<LogDestination, String> {
    let Some(configuration) = configuration else { return Err("nowhere: it has no logConfiguration".to_owned()) };
    if *configuration.log_driver() != LogDriver::Awslogs {
        return Err(format!("elsewhere, by the log driver {}", configuration.log_driver()));
    }
    let option = |name: &str| configuration.options().and_then(|options| options.get(name)).cloned();
    match (option("awslogs-group"), option("awslogs-stream-prefix")) {
        (Some(group), Some(prefix)) => {
            Ok(LogDestination { group, prefix, region: option("awslogs-region").unwrap_or_default() })
        }
        _ => Err("to streams that cannot be told apart by task: its awslogs driver has no stream prefix".to_owned()),
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogEvent {
    /// When it was written, in milliseconds since 1970.
    pub at: i64,
    /// Without its end of line.
    pub message: String,
}

/// One container's stream, read on from where the last read ended.
#[derive(Clone, Debug)]
pub struct Tail {
    group: String,
    stream: String,
    since: Option<i64>,
    last: Option<i32>,
    token: Option<String>,
}

impl Tail {
    /// From where to read: not before `since`, in milliseconds since 1970, or only the `last` lines.
    pub fn new(to: &LogDestination, container: &str, task: &str, since: Option<i64>, last: Option<i32>) -> Self {
        Self::of_stream(&to.group, &to.stream(container, task), since, last)
    }

    /// The same, of a stream by name.
    pub fn of_stream(group: &str, stream: &str, since: Option<i64>, last: Option<i32>) -> Self {
        Self { group: group.to_owned(), stream: stream.to_owned(), since, last, token: None }
    }

    /// What was written since the last read. Nothing, as long as the container has not written and there is no stream.
    pub async fn read(&mut self, aws: &Aws<Read>) -> Result<Vec<LogEvent>, Fault> {
        let mut events = vec![];
        loop {
            let request = GetLogEventsInputBuilder::default()
                .log_group_name(&self.group)
                .log_stream_name(&self.stream)
                .set_start_time(self.since)
                // The newest lines are those of the page at the end; what follows is read from there.
                .set_limit(self.last.filter(|_| self.token.is_none()))
                .start_from_head(self.last.is_none() || self.token.is_some())
                .set_next_token(self.token.clone());
            let Some(page) = aws.read(request).await.absent_if(&["ResourceNotFoundException"])? else {
                return Ok(events);
            };
            let lines = page.events.unwrap_or_default().into_iter();
            events.extend(lines.map(|event| LogEvent {
                at: event.timestamp.unwrap_or_default(),
                message: event.message.unwrap_or_default().trim_end_matches('\n').to_owned(),
            }));
            // The end has been reached when the token is the one that was sent (API reference, `GetLogEvents`).
            if page.next_forward_token.is_none() || page.next_forward_token == self.token {
                return Ok(events);
            }
            self.token = page.next_forward_token;
        }
    }
}
