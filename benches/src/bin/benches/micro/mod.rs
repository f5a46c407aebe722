//! Single operations, timers, memory and two workers: ours beside tokio, may, smol, Go, gevent, OS threads and parking_lot.
//!
//! Every figure comes from a process of its own, started by this program; the subjects take turns within a round.

mod context_switch;
mod figures;
mod may_coroutines;
mod os_threads;
mod ours;
mod plan;
mod smol_tasks;
mod sync;
mod tokio_tasks;
mod work;

use benches::external::{self, Language, Trouble};
use benches::noise::Watch;
use benches::options::Options;
use benches::report::{Cell, Line, Section};
use benches::{affinity, child, progress};
use plan::{Measurement, Plan};
use std::io;
use std::process::ExitCode;
use std::time::Duration;
use work::{Subject, Work};

/// No child may take longer than this.
const CHILD_LIMIT: Duration = Duration::from_secs(60);

/// Single operations on one core.
pub(crate) fn single(options: &Options, watch: &mut Watch) -> io::Result<Section> {
    compare(&plan::single(options.quick), options, watch)
}

/// Timers, few and many.
pub(crate) fn timers(options: &Options, watch: &mut Watch) -> io::Result<Section> {
    compare(&plan::timers(options.quick), options, watch)
}

/// Memory of tasks that wait.
pub(crate) fn memory(options: &Options, watch: &mut Watch) -> io::Result<Section> {
    compare(&plan::memory(options.quick), options, watch)
}

/// Two workers on two cores.
pub(crate) fn scale(options: &Options, watch: &mut Watch) -> io::Result<Section> {
    // The targets need it, whatever is asked for.
    let mut everything = options.clone();
    everything.only.clear();
    let wake = compare(&plan::wake(options.quick), &everything, watch)?;
    let there_and_back = wake.lines[0].median(Subject::Threads.name());
    let plan = plan::scale(options.quick, there_and_back.unwrap_or(0.0) / 2.0);
    let mut section = compare(&plan, options, watch)?;
    if !section.lines.is_empty() {
        section.lines.splice(..0, wake.lines);
    }
    Ok(section)
}

/// Takes one measurement and prints its figures on one line.
pub(crate) fn be_a_child(arguments: &[String]) -> ExitCode {
    let Some((subject, work)) = Work::parse(arguments) else {
        eprintln!("micro: a child was started with {arguments:?}");
        return ExitCode::from(2);
    };
    let figures = match subject {
        Subject::Context => context_switch::run(&work),
        Subject::Ours if work.workers == 1 => ours::run(&work),
        Subject::Ours | Subject::OneWorker => ours::run_on_workers(&work),
        Subject::Tokio => tokio_tasks::run(&work),
        Subject::May => may_coroutines::run(&work),
        Subject::Smol => smol_tasks::run(&work),
        Subject::Threads => os_threads::run(&work),
        Subject::ParkingLot => sync::parking_lot_locks::run(work.kind, work.count, work.budget)
            .into_iter()
            .collect(),
        // They are programs of their own.
        Subject::Go | Subject::Gevent => Vec::new(),
    };
    let figures: Vec<String> = figures.iter().map(f64::to_string).collect();
    println!("{}", figures.join(" "));
    // Whatever is still parked ends with the process.
    std::process::exit(0)
}

/// Carries `plan` out.
fn compare(plan: &Plan, options: &Options, watch: &mut Watch) -> io::Result<Section> {
    let cores = affinity::cores()?;
    let first = *cores
        .first()
        .ok_or_else(|| io::Error::other("no core to run on"))?;
    let mut section = Section::new(plan.title, Vec::new());
    let mut subjects = plan.subjects.to_vec();
    subjects.retain(|subject| match subject.language().map(Language::version) {
        Some(Err(reason)) => {
            section.remarks.push(format!("{reason}."));
            false
        }
        _ => true,
    });
    for measurement in &plan.measurements {
        let lines = &measurement.lines;
        if lines.iter().any(|line| line.title.contains(&options.only)) {
            let lines = measure_all(measurement, &subjects, options.rounds(), first, watch);
            section.lines.extend(lines);
        }
    }
    progress::clear();
    subjects.retain(|subject| {
        let lines = &mut section.lines.iter();
        lines.any(|line| line.cell(subject.name()).is_some())
    });
    section.subjects = subjects.iter().map(|subject| subject.column()).collect();
    Ok(section)
}

/// One kind of work, by all `subjects` in turn.
fn measure_all(
    measurement: &Measurement,
    subjects: &[Subject],
    rounds: u32,
    first_core: usize,
    watch: &mut Watch,
) -> Vec<Line> {
    let mut lines = measurement.lines.clone();
    for round in 1..=rounds {
        for &subject in subjects {
            let name = subject.name();
            let work = match measurement.work(subject) {
                None => continue,
                Some(Ok(work)) => work,
                Some(Err(reason)) => {
                    let lines = &mut lines.iter_mut();
                    lines.for_each(|line| line.missing(name, reason));
                    continue;
                }
            };
            if matches!(lines[0].cell(name), Some(Cell::Missing(_))) {
                continue;
            }
            progress::show(format_args!("{}, round {round} [{name}]", lines[0].title));
            let core = (work.workers == 1).then_some(first_core);
            let outcome = watch.measured(|| measure(subject, &work, core));
            for (position, line) in lines.iter_mut().enumerate() {
                match &outcome {
                    Ok(figures) => {
                        let figure = figures.get(position).copied();
                        line.push(name, figure.ok_or("it printed too few figures"));
                    }
                    Err(Trouble::Missing(reason)) => line.missing(name, reason.as_str()),
                    Err(Trouble::Failed(failure)) => line.push(name, Err(failure)),
                }
                if let Some(note) = measurement.instead(work.count) {
                    line.note(name, note);
                }
            }
        }
    }
    lines
}

/// One measurement in a process of its own, kept on `core` if there is one.
fn measure(subject: Subject, work: &Work, core: Option<usize>) -> Result<Vec<f64>, Trouble> {
    let arguments = work.arguments();
    if let Some(language) = subject.language() {
        return external::micro(language, core, &arguments, CHILD_LIMIT);
    }
    let workers = work.workers.to_string();
    let core = core.map_or("any".to_owned(), |core| core.to_string());
    let mut own = vec![core, subject.name().to_owned()];
    own.extend(arguments);
    child::figures(
        "micro",
        &own,
        &[("GREENLET_WORKERS", &workers)],
        CHILD_LIMIT,
    )
    .map_err(Trouble::Failed)
}
