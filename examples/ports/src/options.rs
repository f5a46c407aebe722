//! The arguments of a program: options that take a number, then operands.

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::process;

/// What was found on the command line.
pub(crate) struct Options {
    usage: &'static str,
    numbers: Vec<(&'static str, u64)>,
    operands: Vec<OsString>,
}

impl Options {
    /// Reads the command line. `numbers` are the options that there are, each followed by a number above 0.
    ///
    /// Ends the process after `--help`, and with status 2 if something else is wrong.
    pub(crate) fn read(usage: &'static str, numbers: &[&'static str]) -> Options {
        let mut options = Options {
            usage,
            numbers: Vec::new(),
            operands: Vec::new(),
        };
        let mut arguments = env::args_os().skip(1);
        while let Some(argument) = arguments.next() {
            if argument == "--help" {
                print!("{usage}");
                process::exit(0);
            } else if argument == "--" {
                options.operands.extend(arguments);
                break;
            } else if let Some(&name) = numbers.iter().find(|&&name| argument == name) {
                let value = arguments.next().unwrap_or_default();
                match value.to_str().and_then(|value| value.parse().ok()) {
                    Some(number) if number > 0 => options.numbers.push((name, number)),
                    _ => options.refuse(format_args!("{name} wants a number above 0")),
                }
            } else if argument.as_encoded_bytes().starts_with(b"--") {
                options.refuse(format_args!("no option is called {}", argument.display()));
            } else {
                options.operands.push(argument);
            }
        }
        options
    }

    /// The number after the last `name` of the command line, or `default`.
    pub(crate) fn number(&self, name: &str, default: u64) -> u64 {
        let mut given = self.numbers.iter().rev();
        given
            .find(|(given, _)| *given == name)
            .map_or(default, |&(_, number)| number)
    }

    /// All that is no option.
    pub(crate) fn operands(&self) -> &[OsString] {
        &self.operands
    }

    /// Says what is wrong with the command line, and ends the process.
    pub(crate) fn refuse(&self, problem: impl Display) -> ! {
        eprintln!("{problem}\n{}", self.usage.trim_end());
        process::exit(2);
    }
}
