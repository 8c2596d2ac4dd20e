//! What a person sees: paragraphs, commands as they would type them, and one line that keeps changing.

use std::cell::RefCell;
use std::io::{IsTerminal as _, Write as _, stdout};

/// Standard output, as a terminal or as a file.
pub(crate) struct Screen {
    terminal: bool,
    line: RefCell<String>,
}

/// Text is broken before this column.
const WIDTH: usize = 100;

impl Screen {
    pub(crate) fn new() -> Self {
        Self { terminal: stdout().is_terminal(), line: RefCell::default() }
    }

    /// A heading.
    pub(crate) fn title(&self, text: &str) {
        self.settle();
        println!("\n=== {text}\n");
    }

    /// A paragraph.
    pub(crate) fn say(&self, text: &str) {
        self.settle();
        let mut width = 0;
        for word in text.split_whitespace() {
            if width > 0 && width + 1 + word.len() > WIDTH {
                println!();
                width = 0;
            }
            if width > 0 {
                print!(" ");
                width += 1;
            }
            print!("{word}");
            width += word.len();
        }
        println!();
    }

    /// A command as a person would type it, and what it printed.
    pub(crate) fn command(&self, typed: &str, printed: &str) {
        self.settle();
        println!("\n  $ {typed}");
        for line in printed.trim_end().lines() {
            println!("    {line}");
        }
        println!();
    }

    /// Text as it is, set in.
    pub(crate) fn quote(&self, text: &str) {
        self.settle();
        for line in text.trim_end().lines() {
            println!("    {line}");
        }
    }

    /// The line of progress: on a terminal it is overwritten, in a file only changes are written.
    pub(crate) fn progress(&self, text: &str) {
        if *self.line.borrow() == text {
            return;
        }
        text.clone_into(&mut self.line.borrow_mut());
        if self.terminal {
            let short: String = text.chars().take(WIDTH).collect();
            print!("\r\x1b[K  ~ {short}");
            // A terminal that is gone is noticed by the next paragraph.
            let _ = stdout().flush();
        } else {
            println!("  ~ {text}");
        }
    }

    /// Leaves the line of progress as it stands.
    fn settle(&self) {
        if !self.line.borrow().is_empty() && self.terminal {
            println!();
        }
        self.line.borrow_mut().clear();
    }
}
