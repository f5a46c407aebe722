//! Reads and `metadata` of files: `gfs` beside std on threads, tokio's `fs`, and a thread pool for every call, in one run.
//!
//! Every figure comes from a process of its own, started by this program; the subjects take turns within a round.

mod subjects;
mod work;

use benches::noise::Watch;
use benches::options::Options;
use benches::report::{Better, Line, Section};
use benches::{child, process, progress};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use work::{CONCURRENT, Operation, Subject, Work};

/// No child may take longer than this.
const CHILD_LIMIT: Duration = Duration::from_secs(60);

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

/// Two sections: time and CPU time of a call.
pub(crate) fn compare(
    options: &Options,
    watch: &mut Watch,
    folder: &Path,
) -> io::Result<Vec<Section>> {
    let target = Target::new(folder)?;
    let columns = || Subject::ALL.map(Subject::column).to_vec();
    let mut wall = Section::new("files: time of a call, all tasks together", columns());
    let mut cpu = Section::new("files: CPU time of a call, user and system", columns());
    for operation in Operation::ALL {
        if !operation.name().contains(&options.only) {
            continue;
        }
        for concurrent in CONCURRENT {
            let title = format!("{}, {concurrent} at once", operation.name());
            let mut lines = [(); 2].map(|()| Line::new(title.clone(), "ns", Better::Less));
            let work = Work {
                operation,
                concurrent,
                budget: Duration::from_millis(if options.quick { 200 } else { 500 }),
                path: target.0.clone(),
            };
            for _round in 0..options.rounds() {
                // One thread that has nothing else to do is the floor.
                let subjects = Subject::ALL.into_iter();
                for subject in subjects.filter(|&one| one != Subject::Plain || concurrent == 1) {
                    let name = subject.name();
                    progress::show(format_args!("{title} [{name}]"));
                    let arguments = work.arguments(subject);
                    let outcome =
                        watch.measured(|| child::figures("files", &arguments, &[], CHILD_LIMIT));
                    for (position, line) in lines.iter_mut().enumerate() {
                        let figure = outcome.as_ref().map_err(String::as_str);
                        line.push(
                            name,
                            figure.and_then(|figures| {
                                let figure = figures.get(position).copied();
                                figure.ok_or("it printed too few figures")
                            }),
                        );
                    }
                }
            }
            let [wall_line, cpu_line] = lines;
            wall.lines.push(wall_line);
            cpu.lines.push(cpu_line);
        }
    }
    progress::clear();
    Ok(vec![wall, cpu])
}
