//! CPU and memory of a task, written as ECS allows: a number, or a number with its unit.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// CPU or memory of a task: `256`, `"256"`, `"0.25 vCPU"`; `512`, `"512"`, `"0.5 GB"`.
///
/// The spellings are those of `cpu` and `memory` in the API reference of RegisterTaskDefinition.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged, expecting = "a number, or text such as \"1 vCPU\" or \"2 GB\"")]
pub enum Size {
    /// CPU units, or MiB.
    Number(i32),
    /// The same as a string, or vCPUs or GB.
    Text(String),
}

/// What is wrong with a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeError {
    /// The text as written.
    pub text: String,
    /// What would be right.
    pub expected: &'static str,
}

impl fmt::Display for SizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no size: write {}", self.text, self.expected)
    }
}

impl std::error::Error for SizeError {}

impl Size {
    /// CPU units, 1024 to a vCPU.
    pub fn cpu_units(&self) -> Result<i32, SizeError> {
        self.in_units("vcpu", "CPU units (1024) or vCPUs (\"1 vCPU\")")
    }

    /// MiB, 1024 to a GB.
    pub fn mib(&self) -> Result<i32, SizeError> {
        self.in_units("gb", "MiB (2048) or GB (\"2 GB\")")
    }

    fn in_units(&self, unit: &str, expected: &'static str) -> Result<i32, SizeError> {
        let text = match self {
            Self::Number(number) if *number > 0 => return Ok(*number),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        };
        let lower = text.trim().to_ascii_lowercase();
        let parsed = match lower.strip_suffix(unit) {
            Some(number) => ten_thousandths(number.trim()).and_then(exact_units),
            None => lower.parse::<i32>().ok(),
        };
        parsed.filter(|number| *number > 0).ok_or(SizeError { text, expected })
    }
}

/// A decimal with at most four places, in ten-thousandths: `0.0625` (a sixteenth) is the finest that gives whole units.
fn ten_thousandths(number: &str) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) || fraction.len() > 4 {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()? };
    let fraction = format!("{fraction:0<4}").parse::<i64>().ok()?;
    whole.checked_mul(10_000)?.checked_add(fraction)
}

/// Units at 1024 to one, where that comes out whole.
fn exact_units(parts: i64) -> Option<i32> {
    let scaled = parts.checked_mul(1024)?;
    (scaled % 10_000 == 0).then(|| i32::try_from(scaled / 10_000).ok())?
}

impl From<i32> for Size {
    fn from(number: i32) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Size {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl JsonSchema for Size {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            // Said aloud, since kube would otherwise make every optional int-or-string nullable.
            "nullable": false,
            "maxLength": 16,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn cpu_is_read_as_ecs_reads_it() {
        let cases: &[(Size, Option<i32>)] = &[
            (256.into(), Some(256)),
            ("256".into(), Some(256)),
            ("1 vCPU".into(), Some(1024)),
            ("1vcpu".into(), Some(1024)),
            ("0.25 vCPU".into(), Some(256)),
            (".5 vCPU".into(), Some(512)),
            ("0.125 vCPU".into(), Some(128)),
            ("32 VCPU".into(), Some(32_768)),
            ("0.3 vCPU".into(), None),
            ("1 GB".into(), None),
            ("vCPU".into(), None),
            ("1.2.3 vCPU".into(), None),
            ("-1".into(), None),
            (0.into(), None),
            ("".into(), None),
        ];
        for (size, expected) in cases {
            assert_eq!(size.cpu_units().ok(), *expected, "{size:?}");
        }
    }

    #[test]
    fn memory_is_read_as_ecs_reads_it() {
        let cases: &[(Size, Option<i32>)] = &[
            (512.into(), Some(512)),
            ("0.5 GB".into(), Some(512)),
            ("1GB".into(), Some(1024)),
            ("244 gb".into(), Some(249_856)),
            ("99999999999 GB".into(), None),
            ("1 vCPU".into(), None),
            ("1e3".into(), None),
        ];
        for (size, expected) in cases {
            assert_eq!(size.mib().ok(), *expected, "{size:?}");
        }
    }

    #[test]
    fn a_size_that_is_none_says_what_would_be() {
        let said = Size::from("1 core").cpu_units().unwrap_err().to_string();
        assert_eq!(said, r#""1 core" is no size: write CPU units (1024) or vCPUs ("1 vCPU")"#);
    }

    #[test]
    fn a_size_is_written_as_it_was_read() {
        for text in ["256", "\"256\"", "\"1 vCPU\""] {
            let size: Size = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&size).unwrap(), text);
        }
    }
}
