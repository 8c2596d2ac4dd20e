//! The cluster query language (developer guide, "Create expressions to define container instances for Amazon ECS tasks").

use std::cmp::Ordering;

use regex_lite::Regex;

use super::{ContainerInstance, tasks};
use crate::world::World;

/// An expression over a container instance.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Compare { subject: String, operator: Operator },
}

/// What is asked of a subject.
#[derive(Clone, Debug)]
pub(super) enum Operator {
    Equals(String),
    Exists,
    In(Vec<String>),
    Matches(Regex),
    /// Less than a number, or greater; or the same where that is allowed.
    Ordered {
        limit: f64,
        wanted: Ordering,
        same: bool,
    },
}

/// Reads an expression; what is wrong with it, if it is none.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut words = Words { words: split(text), next: 0 };
    let expression = words.any()?;
    if words.next == words.words.len() { Ok(expression) } else { Err(format!("unexpected {}", words.peek())) }
}

/// Brackets, commas and operators are words of their own.
fn split(text: &str) -> Vec<String> {
    let spaced =
        text.replace('(', " ( ").replace(')', " ) ").replace('[', " [ ").replace(']', " ] ").replace(',', " , ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

struct Words {
    words: Vec<String>,
    next: usize,
}

impl Words {
    fn peek(&self) -> &str {
        self.words.get(self.next).map_or("the end", String::as_str)
    }

    fn take(&mut self) -> String {
        let word = self.peek().to_owned();
        self.next += 1;
        word
    }

    fn takes(&mut self, words: &[&str]) -> bool {
        let there = words.contains(&self.peek());
        self.next += usize::from(there);
        there
    }

    fn any(&mut self) -> Result<Expression, String> {
        let mut left = self.all()?;
        while self.takes(&["or", "||"]) {
            left = Expression::Or(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut left = self.one()?;
        while self.takes(&["and", "&&"]) {
            left = Expression::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Expression, String> {
        if self.takes(&["not", "!"]) {
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        if self.takes(&["("]) {
            let inner = self.any()?;
            return if self.takes(&[")"]) { Ok(inner) } else { Err(format!("a ) is missing before {}", self.peek())) };
        }
        let subject = self.take();
        self.comparison(subject)
    }

    fn comparison(&mut self, subject: String) -> Result<Expression, String> {
        let word = self.take();
        let (word, negated) = match word.as_str() {
            "!=" | "not_equals" => ("==", true),
            "!exists" | "not_exists" => ("exists", true),
            "!in" | "not_in" => ("in", true),
            "!~" | "not_matches" => ("=~", true),
            other => (other, false),
        };
        let operator = match word {
            "==" | "equals" => Operator::Equals(self.take()),
            "exists" => Operator::Exists,
            "in" => Operator::In(self.list()?),
            "=~" | "matches" => Operator::Matches(Regex::new(&self.take()).map_err(|error| error.to_string())?),
            ">" | "greater_than" => self.ordered(Ordering::Greater, false)?,
            ">=" | "greater_than_equal" => self.ordered(Ordering::Greater, true)?,
            "<" | "less_than" => self.ordered(Ordering::Less, false)?,
            "<=" | "less_than_equal" => self.ordered(Ordering::Less, true)?,
            other => return Err(format!("{other} is no operator")),
        };
        let compare = Expression::Compare { subject, operator };
        Ok(if negated { Expression::Not(Box::new(compare)) } else { compare })
    }

    fn ordered(&mut self, wanted: Ordering, same: bool) -> Result<Operator, String> {
        let word = self.take();
        let limit = word.parse().map_err(|_| format!("{word} is no number"))?;
        Ok(Operator::Ordered { limit, wanted, same })
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        if !self.takes(&["["]) {
            return Err("in wants a list in brackets".to_owned());
        }
        let mut items = vec![self.take()];
        while self.takes(&[","]) {
            items.push(self.take());
        }
        if self.takes(&["]"]) { Ok(items) } else { Err(format!("a ] is missing before {}", self.peek())) }
    }
}

impl Expression {
    /// Whether an instance is so.
    pub(super) fn holds(&self, world: &World, instance: &ContainerInstance) -> bool {
        match self {
            Self::And(left, right) => left.holds(world, instance) && right.holds(world, instance),
            Self::Or(left, right) => left.holds(world, instance) || right.holds(world, instance),
            Self::Not(inner) => !inner.holds(world, instance),
            Self::Compare { subject, operator } => {
                let values = values(world, instance, subject);
                match operator {
                    Operator::Exists => !values.is_empty(),
                    other => values.iter().any(|value| other.is(value)),
                }
            }
        }
    }
}

impl Operator {
    fn is(&self, value: &str) -> bool {
        match self {
            Self::Equals(other) => value == other,
            Self::Exists => true,
            Self::In(items) => items.iter().any(|item| item == value),
            Self::Matches(pattern) => pattern.is_match(value),
            Self::Ordered { limit, wanted, same } => {
                let order = value.parse::<f64>().ok().and_then(|number| number.partial_cmp(limit));
                order.is_some_and(|order| order == *wanted || *same && order == Ordering::Equal)
            }
        }
    }
}

/// What a subject is for an instance. `task:group` is that of each of its tasks.
fn values(world: &World, instance: &ContainerInstance, subject: &str) -> Vec<String> {
    if let Some(name) = subject.strip_prefix("attribute:") {
        let attribute = instance.attributes.get(name);
        return attribute.map(|value| value.clone().unwrap_or_default()).into_iter().collect();
    }
    match subject {
        "ec2InstanceId" => vec![instance.ec2_instance.clone()],
        "agentConnected" => vec!["true".to_owned()],
        "runningTasksCount" => vec![tasks(world, &instance.id).filter(|task| task.is_running()).count().to_string()],
        "task:group" => tasks(world, &instance.id).map(|task| task.group.clone()).collect(),
        _ => vec![],
    }
}
