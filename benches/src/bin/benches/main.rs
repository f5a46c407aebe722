//! This project beside its peers, in one run; see `benches/README.md`.

mod files;
mod micro;
mod net;

use benches::machine::Machine;
use benches::noise::{Quiet, Watch};
use benches::options::Options;
use benches::report::{Run, Section};
use benches::{child, external};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use std::{env, io};

/// This project beside its peers: each figure from a process of its own, the subjects in turns, medians of the rounds
#[derive(Parser)]
#[command(name = "benches")]
struct Cli {
    #[command(subcommand)]
    comparison: Comparison,
}

#[derive(Subcommand)]
enum Comparison {
    /// Single operations, on one core
    Micro(Options),
    /// Servers of TCP echo: busy connections, ones that come and go, and ones that wait
    Net(Options),
    /// Servers of HTTP
    Http(Options),
    /// Timers: with a wake before they fire, and many that fire
    Timers(Options),
    /// Memory of tasks that wait
    Memory(Options),
    /// Spawning, locks, channels and servers with two workers
    Scale(Options),
    /// Reads and metadata of files
    Files {
        #[command(flatten)]
        options: Options,
        /// Where the file to be read is made [default: the folder for temporary files]
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Everything, one after another
    All(Options),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [mark, name, rest @ ..] = arguments.as_slice()
        && mark == child::MARK
    {
        return be_a_child(name, rest);
    }
    match compare(Cli::parse().comparison) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What this program is when it was started by itself.
fn be_a_child(name: &str, arguments: &[String]) -> ExitCode {
    match name {
        "micro" => micro::be_a_child(arguments),
        "net" => net::be_a_child(arguments),
        "files" => files::be_a_child(arguments),
        external::CHILD => external::be_a_child(arguments),
        _ => {
            eprintln!("benches: there is no child {name:?}");
            ExitCode::from(2)
        }
    }
}

fn compare(comparison: Comparison) -> io::Result<()> {
    let begin = Instant::now();
    let folder = match &comparison {
        Comparison::Files { folder, .. } => folder.clone(),
        _ => None,
    };
    let folder = folder.unwrap_or_else(env::temp_dir);
    type Part<'a> = &'a dyn Fn(&Options, &mut Watch) -> io::Result<Vec<Section>>;
    let micro: Part<'_> = &|options, watch| Ok(vec![micro::single(options, watch)?]);
    let timers: Part<'_> = &|options, watch| Ok(vec![micro::timers(options, watch)?]);
    let memory: Part<'_> = &|options, watch| Ok(vec![micro::memory(options, watch)?]);
    let scale: Part<'_> = &|options, watch| {
        let tasks = micro::scale(options, watch)?;
        Ok(vec![tasks, net::two_hubs(options, watch)?])
    };
    let (net, http): (Part<'_>, Part<'_>) = (&net::echo, &net::http);
    let files: Part<'_> = &|options, watch| files::compare(options, watch, &folder);
    let (options, parts) = match comparison {
        Comparison::Micro(options) => (options, vec![micro]),
        Comparison::Net(options) => (options, vec![net]),
        Comparison::Http(options) => (options, vec![http]),
        Comparison::Timers(options) => (options, vec![timers]),
        Comparison::Memory(options) => (options, vec![memory]),
        Comparison::Scale(options) => (options, vec![scale]),
        Comparison::Files { options, .. } => (options, vec![files]),
        Comparison::All(options) => {
            let all = vec![micro, timers, memory, scale, net, http, files];
            (options, all)
        }
    };
    let machine = Machine::here();
    let mut quiet = Quiet::default();
    let mut sections = Vec::new();
    for part in parts {
        let mut watch = Watch::new(options.patience());
        sections.extend(part(&options, &mut watch)?);
        quiet += watch.quiet();
    }
    sections.retain(|section| !section.lines.is_empty());
    options.publish(&Run {
        machine,
        sections,
        quiet,
        seconds: begin.elapsed().as_secs_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
