//! The command line.

use std::time::Duration;

pub(crate) const USAGE: &str = "\
usage: c10k [--connections N] [--seconds S]

Puts the echo server on greenlets and the same one on threads of std under load,
one after the other, and compares what they cost. Each has a calm phase, in which
every client sends a message a second, and a busy one, in which it sends as fast
as it is answered.

  --connections N  number of clients, by default 10000
  --seconds S      how long each phase is, by default 4
  -h, --help       this text
";

const DAY: Duration = Duration::from_secs(86_400);

/// What the user wants.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Help,
    Run(Options),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) connections: u32,
    pub(crate) time: Duration,
}

impl Request {
    /// Understands the arguments, without the name of the program, or says what is wrong with them.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, String> {
        let mut options = Options {
            connections: 10_000,
            time: Duration::from_secs(4),
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "-h" | "--help" => return Ok(Request::Help),
                "--connections" => {
                    let value = value(&argument, arguments.next())?;
                    options.connections = value
                        .parse()
                        .ok()
                        .filter(|&connections| connections > 0)
                        .ok_or_else(|| format!("--connections: '{value}' is no number above 0"))?;
                }
                "--seconds" => {
                    let value = value(&argument, arguments.next())?;
                    options.time = value
                        .parse()
                        .ok()
                        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                        .filter(|time| !time.is_zero() && *time <= DAY)
                        .ok_or_else(|| {
                            format!("--seconds: '{value}' is no time above 0 and below a day")
                        })?;
                }
                _ => return Err(format!("'{argument}' is no option")),
            }
        }
        Ok(Request::Run(options))
    }
}

fn value(option: &str, value: Option<String>) -> Result<String, String> {
    value.ok_or_else(|| format!("{option} needs a value"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Options, Request};

    fn parse(line: &str) -> Result<Request, String> {
        Request::parse(line.split_whitespace().map(str::to_owned))
    }

    fn run(connections: u32, millis: u64) -> Result<Request, String> {
        Ok(Request::Run(Options {
            connections,
            time: Duration::from_millis(millis),
        }))
    }

    #[test]
    fn understood() {
        assert_eq!(parse(""), run(10_000, 4_000));
        assert_eq!(parse("--connections 7"), run(7, 4_000));
        assert_eq!(parse("--seconds 0.5 --connections 1"), run(1, 500));
        assert_eq!(parse("--connections 7 --help"), Ok(Request::Help));
    }

    #[test]
    fn refused() {
        for line in [
            "7",
            "--connection 7",
            "--connections",
            "--connections 0",
            "--connections -1",
            "--seconds",
            "--seconds 0",
            "--seconds -1",
            "--seconds inf",
            "--seconds 1e9",
            "--seconds soon",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
