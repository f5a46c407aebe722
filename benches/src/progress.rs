//! One line on a terminal that says what is being measured.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// Replaces the line by `what`, if stderr is a terminal.
pub fn show(what: impl Display) {
    let mut output = io::stderr().lock();
    if output.is_terminal() {
        // Nobody misses a line that could not be written.
        let _ = write!(output, "\r\x1b[K{what}");
    }
}

/// Removes the line, before something else is printed.
pub fn clear() {
    show("");
}
