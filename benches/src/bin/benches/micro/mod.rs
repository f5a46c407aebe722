//! Single operations and memory, ours beside tokio, may, OS threads and parking_lot, in one table.
//!
//! Every figure comes from a process of its own, started by this program; the subjects take turns
//! within a round, and the table shows the median of the rounds with the least and the greatest.

mod context_switch;
mod figures;
mod may_coroutines;
mod os_threads;
mod ours;
mod plan;
mod report;
mod sync;
mod tokio_tasks;
mod work;

use benches::noise::Watch;
use benches::{affinity, child, progress};
use report::Report;
use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use work::{Subject, Work};

const USAGE: &str = "\
usage: benches micro [--quick] [--only TEXT]

    --quick       one round of everything, smaller counts: about 30 seconds
    --only TEXT   only the measurements whose title contains TEXT
";

/// No child may take longer than this.
const CHILD_LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let mut quick = false;
    let mut only = String::new();
    let mut arguments = arguments.iter().cloned();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => quick = true,
            "--only" => only = arguments.next().unwrap_or_default(),
            "--help" => {
                print!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            _ => {
                eprint!("micro: unknown argument {argument}\n{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    match compare(quick, &only) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("micro: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes one measurement and prints its figures on one line.
pub(crate) fn be_a_child(arguments: &[String]) -> ExitCode {
    let Some((subject, work)) = Work::parse(arguments) else {
        eprintln!("micro: a child was started with {arguments:?}");
        return ExitCode::from(2);
    };
    let figures = match subject {
        Subject::Context => context_switch::run(&work),
        Subject::Ours => ours::run(&work),
        Subject::Tokio => tokio_tasks::run(&work),
        Subject::May => may_coroutines::run(&work),
        Subject::Threads => os_threads::run(&work),
        Subject::ParkingLot => sync::parking_lot_locks::run(work.kind, work.count, work.budget)
            .into_iter()
            .collect(),
    };
    let figures: Vec<String> = figures.iter().map(f64::to_string).collect();
    println!("{}", figures.join(" "));
    // Whatever is still parked ends with the process.
    std::process::exit(0)
}

/// Runs the plan and prints the table.
fn compare(quick: bool, only: &str) -> io::Result<()> {
    let begin = Instant::now();
    let cores = affinity::cores()?;
    let first = *cores
        .first()
        .ok_or_else(|| io::Error::other("no core to run on"))?;
    let mut watch = Watch::new(Duration::from_secs(if quick { 0 } else { 90 }));
    let mut report = Report::new();
    for measurement in plan::plan(quick) {
        if !measurement
            .lines
            .iter()
            .any(|line| line.title.contains(only))
        {
            continue;
        }
        let mut results = report::Results::default();
        for _round in 0..measurement.rounds {
            for subject in Subject::ALL {
                let Some(work) = measurement.work(subject) else {
                    continue;
                };
                let title = measurement.lines[0].title;
                progress::show(format_args!("{title} [{}]", subject.name()));
                let core = (work.workers == 1).then_some(first);
                results.push(subject, watch.measured(|| measure(subject, &work, core)));
            }
        }
        report.add(&measurement, &results);
    }
    progress::clear();
    println!("{report}");
    println!("{}", watch.verdict());
    println!(
        "Took {:.0} s on {} cores.",
        begin.elapsed().as_secs_f64(),
        cores.len()
    );
    Ok(())
}

/// One measurement in a process of its own, kept on `core` if there is one.
fn measure(subject: Subject, work: &Work, core: Option<usize>) -> Result<Vec<f64>, String> {
    let workers = work.workers.to_string();
    let output = child::run(
        "micro",
        &work.arguments(subject, core),
        &[("GREENLET_WORKERS", &workers)],
        CHILD_LIMIT,
    )?;
    output
        .split_whitespace()
        .map(|figure| figure.parse().map_err(|_| format!("it printed {output:?}")))
        .collect()
}
