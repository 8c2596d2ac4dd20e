//! Which task, and which container of it, is meant.

use anyhow::{Result, bail};
use clap::Args;
use longshore_aws::tasks::{Container, Task};

/// Narrows down which containers are meant.
#[derive(Debug, Default, Args)]
pub(super) struct Chosen {
    /// The task, by its id or the beginning of it
    #[arg(long)]
    task: Option<String>,
    /// The container
    #[arg(long, short)]
    container: Option<String>,
}

impl Chosen {
    /// The tasks that are meant; none is an error that says what there is.
    pub(super) fn tasks<'a>(&self, all: &'a [Task], wanted: impl Fn(&Task) -> bool) -> Result<Vec<&'a Task>> {
        let told = |task: &Task| format!("{} ({})", task.id, task.last_status);
        let chosen = self.among(all, |task| task.id.as_str(), told, wanted)?;
        match (chosen.is_empty(), all.is_empty()) {
            (false, _) => Ok(chosen),
            (true, true) => bail!("the service has no tasks, nor had any in the last hour"),
            (true, false) => bail!("no task is running; there are {}: name one by --task", listed(all, told)),
        }
    }

    /// Those whose id begins as somebody says, else those that are wanted anyway; an id that none of them has is an error.
    pub(super) fn among<'a, T>(
        &self,
        all: &'a [T],
        id: impl Fn(&T) -> &str,
        told: impl Fn(&T) -> String,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Vec<&'a T>> {
        let is_it =
            |one: &&T| self.task.as_ref().map_or_else(|| wanted(one), |begin| id(one).starts_with(begin.as_str()));
        let chosen: Vec<&T> = all.iter().filter(is_it).collect();
        match &self.task {
            Some(begin) if chosen.is_empty() && !all.is_empty() => {
                bail!("no task's id begins with {begin}; there are {}", listed(all, told))
            }
            _ => Ok(chosen),
        }
    }

    /// Whether a container is meant.
    pub(super) fn means(&self, container: &str) -> bool {
        self.container.as_ref().is_none_or(|name| name == container)
    }

    /// The one container of a task that is meant.
    pub(super) fn container<'a>(&self, task: &'a Task) -> Result<&'a Container> {
        let names = || task.containers.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
        let mut meant = task.containers.iter().filter(|container| self.means(&container.name));
        match (meant.next(), meant.next()) {
            (Some(container), None) => Ok(container),
            (Some(_), Some(_)) => {
                bail!("task {} has several containers: name one of {} by --container", task.id, names())
            }
            (None, _) => bail!("task {} has no such container; it has {}", task.id, names()),
        }
    }
}

fn listed<T>(all: &[T], told: impl Fn(&T) -> String) -> String {
    all.iter().map(told).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str, status: &str, containers: &[&str]) -> Task {
        let container = |name: &&str| Container { name: (*name).to_owned(), ..Container::default() };
        Task {
            id: id.to_owned(),
            last_status: status.to_owned(),
            containers: containers.iter().map(container).collect(),
            ..Task::default()
        }
    }

    fn chosen(task: Option<&str>, container: Option<&str>) -> Chosen {
        Chosen { task: task.map(ToOwned::to_owned), container: container.map(ToOwned::to_owned) }
    }

    fn running(task: &Task) -> bool {
        task.last_status == "RUNNING"
    }

    #[test]
    fn a_task_is_named_by_the_beginning_of_its_id_else_all_that_run_are_meant() {
        let all = [task("ab1", "RUNNING", &[]), task("ab2", "RUNNING", &[]), task("cd3", "STOPPED", &[])];
        let cases = [(None, vec!["ab1", "ab2"]), (Some("cd"), vec!["cd3"]), (Some("ab"), vec!["ab1", "ab2"])];
        for (named, expected) in cases {
            let tasks = chosen(named, None).tasks(&all, running).unwrap();
            assert_eq!(tasks.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(), expected, "{named:?}");
        }
    }

    #[test]
    fn where_there_is_none_it_says_what_there_is() {
        let stopped = [task("cd3", "STOPPED", &[])];
        let cases = [
            (None, &[][..], "no tasks"),
            (None, &stopped[..], "cd3 (STOPPED)"),
            (Some("ef"), &stopped[..], "begins with ef; there are cd3"),
        ];
        for (named, all, words) in cases {
            let error = chosen(named, None).tasks(all, running).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn of_several_containers_one_must_be_named() {
        let task = task("ab1", "RUNNING", &["web", "router"]);
        let cases = [(None, Err("web, router")), (Some("web"), Ok("web")), (Some("db"), Err("it has web, router"))];
        for (named, expected) in cases {
            let told = chosen(None, named).container(&task).map(|it| it.name.clone()).map_err(|e| e.to_string());
            match expected {
                Ok(name) => assert_eq!(told.as_deref(), Ok(name)),
                Err(words) => assert!(told.unwrap_err().contains(words), "{named:?}"),
            }
        }
    }
}
