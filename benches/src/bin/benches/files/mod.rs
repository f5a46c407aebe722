//! Reads and `metadata` of files: `gfs` beside std on threads, tokio's `fs`, and a thread pool for every call, in one table.
//!
//! Every figure comes from a process of its own, started by this program; the subjects take turns within a round.

mod subjects;
mod work;

use benches::noise::Watch;
use benches::sample::{Rounds, short};
use benches::table::Table;
use benches::{child, process, progress};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, io};
use work::{CONCURRENT, Operation, Subject, Work};

const USAGE: &str = "\
usage: benches files [--quick] [--only TEXT] [--folder FOLDER]

    --quick           one round of everything, shorter ones
    --only TEXT       only the operations whose name contains TEXT
    --folder FOLDER   where the file to be read is made; the folder for temporary files if not given
";

/// No child may take longer than this.
const CHILD_LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let (mut quick, mut only, mut folder) = (false, String::new(), env::temp_dir());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.as_slice().first()) {
            ("--quick", _) => quick = true,
            ("--only", Some(text)) => only.clone_from(text),
            ("--folder", Some(path)) => folder = PathBuf::from(path),
            ("--help", _) => {
                print!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            _ => {
                eprint!("files: unknown argument {argument}, or one without its value\n{USAGE}");
                return ExitCode::from(2);
            }
        }
        if argument != "--quick" {
            arguments.next();
        }
    }
    match compare(quick, &only, &folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("files: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes one measurement and prints nanoseconds and CPU nanoseconds of a call.
pub(crate) fn be_a_child(arguments: &[String]) -> ExitCode {
    let Some((subject, work)) = Work::parse(arguments) else {
        eprintln!("files: a child was started with {arguments:?}");
        return ExitCode::from(2);
    };
    if let Err(error) = work.prepare() {
        eprintln!("files: {error}");
        return ExitCode::FAILURE;
    }
    let before = process::cpu_time_with_children();
    let begin = Instant::now();
    match subjects::run(subject, &work) {
        Ok(calls) => {
            let each = |time: Duration| time.as_nanos() as f64 / calls as f64;
            let took = begin.elapsed();
            let cpu = process::cpu_time_with_children().saturating_sub(before);
            println!("{} {}", each(took), each(cpu));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("files: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The file that is read, removed when it is dropped.
struct Target(PathBuf);

impl Target {
    fn new(folder: &Path) -> io::Result<Target> {
        let path = folder.join(format!("gstd-files-{}", std::process::id()));
        let target = Target(path);
        fs::write(
            &target.0,
            vec![b'x'; usize::try_from(work::LENGTH).map_err(io::Error::other)?],
        )?;
        File::open(&target.0)?.sync_all()?;
        Ok(target)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // It is in a folder for temporary files.
        let _ = fs::remove_file(&self.0);
    }
}

fn compare(quick: bool, only: &str, folder: &Path) -> io::Result<()> {
    let begin = Instant::now();
    let target = Target::new(folder)?;
    let mut watch = Watch::new(Duration::from_secs(if quick { 0 } else { 60 }));
    let mut head = vec!["operation", "at once"];
    head.extend(Subject::ALL.map(Subject::name));
    head.extend(["gfs / plain", "tokio / gfs"]);
    let (mut wall, mut cpu) = (Table::new(&head), Table::new(&head));
    for operation in Operation::ALL {
        if !operation.name().contains(only) {
            continue;
        }
        for concurrent in CONCURRENT {
            let mut rounds = Subject::ALL.map(|_| (Rounds::default(), Rounds::default()));
            for _round in 0..if quick { 1 } else { 3 } {
                for (subject, rounds) in Subject::ALL.into_iter().zip(&mut rounds) {
                    // One thread that has nothing else to do: the floor.
                    if subject == Subject::Plain && concurrent > 1 {
                        continue;
                    }
                    let work = Work {
                        operation,
                        concurrent,
                        budget: Duration::from_millis(if quick { 200 } else { 500 }),
                        path: target.0.clone(),
                    };
                    progress::show(format_args!(
                        "{} x {concurrent} [{}]",
                        operation.name(),
                        subject.name()
                    ));
                    let figures = watch
                        .measured(|| measure(subject, &work))
                        .map_err(io::Error::other)?;
                    rounds.0.push(figures.0);
                    rounds.1.push(figures.1);
                }
            }
            wall.row(row(
                operation,
                concurrent,
                rounds.each_ref().map(|(wall, _)| wall),
            ));
            cpu.row(row(
                operation,
                concurrent,
                rounds.each_ref().map(|(_, cpu)| cpu),
            ));
        }
    }
    progress::clear();
    println!("Nanoseconds a call, all tasks together:\n\n{wall}");
    println!("CPU nanoseconds a call, user and system:\n\n{cpu}");
    println!("{}", watch.verdict());
    println!("Took {:.0} s.", begin.elapsed().as_secs_f64());
    Ok(())
}

fn row(
    operation: Operation,
    concurrent: usize,
    figures: [&Rounds; Subject::ALL.len()],
) -> Vec<String> {
    let of = |wanted| {
        let found = Subject::ALL
            .into_iter()
            .zip(figures)
            .find(|(subject, _)| *subject == wanted);
        found.and_then(|(_, rounds)| rounds.median())
    };
    let ratio = |one: Option<f64>, other: Option<f64>| {
        let ratio = one.zip(other).map(|(one, other)| short(one / other));
        ratio.unwrap_or_else(|| "-".to_owned())
    };
    let mut cells = vec![operation.name().to_owned(), concurrent.to_string()];
    cells.extend(figures.map(Rounds::text));
    cells.push(ratio(of(Subject::Gfs), of(Subject::Plain)));
    cells.push(ratio(of(Subject::Tokio), of(Subject::Gfs)));
    cells
}

/// One measurement in a process of its own.
fn measure(subject: Subject, work: &Work) -> Result<(f64, f64), String> {
    let output = child::run("files", &work.arguments(subject), &[], CHILD_LIMIT)?;
    let mut figures = output.split_whitespace().map(str::parse);
    match (figures.next(), figures.next()) {
        (Some(Ok(wall)), Some(Ok(cpu))) => Ok((wall, cpu)),
        _ => Err(format!("{} printed {output:?}", subject.name())),
    }
}
