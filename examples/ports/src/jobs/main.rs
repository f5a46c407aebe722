//! Runs the pipelines of a file, several at once: `jobs [OPTIONS] [FILE]`.

mod line;
#[path = "../options.rs"]
mod options;
mod run;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use line::Job;
use options::Options;
use run::Outcome;

const USAGE: &str = "\
usage: jobs [OPTIONS] [FILE]
Runs the jobs in FILE, or those from the standard input, and prints what came of them in their order.
  --jobs N      how many run at once, by default as many as there are processors
  --seconds N   how long a job may take, by default 600
A job is a line: [NAME:] COMMAND [| COMMAND]... [< FILE] [> FILE | >> FILE]
Words are split at blanks; '...', \"...\" and \\ keep them together. # begins a comment.
The exit status is 1 if a job has failed, 2 if a line could not be understood.
";

/// Reads all jobs, or says what is wrong with each line that is none.
fn read_jobs(reader: impl BufRead) -> io::Result<Result<Vec<Job>, Vec<String>>> {
    let mut jobs = Vec::new();
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(reader.lines()) {
        match Job::parse(number, &line?) {
            Ok(None) => {}
            Ok(Some(job)) => jobs.push(job),
            Err(problem) => problems.push(format!("line {number}: {problem}")),
        }
    }
    Ok(if problems.is_empty() {
        Ok(jobs)
    } else {
        Err(problems)
    })
}

/// Prints what came of a job.
fn report(mut writer: impl Write, job: &Job, outcome: &Outcome) -> io::Result<()> {
    writeln!(writer, "== {}: {}", job.name, outcome.verdict)?;
    for (mark, output) in [("", &outcome.stdout), ("! ", &outcome.stderr)] {
        for line in output.split_inclusive(|&byte| byte == b'\n') {
            writer.write_all(mark.as_bytes())?;
            writer.write_all(line)?;
            if !line.ends_with(b"\n") {
                writer.write_all(b"\n")?;
            }
        }
    }
    writer.flush()
}

/// Runs all jobs, `at_once` at a time, and prints each as soon as those before it are done. Says how many have failed.
fn run_all(jobs: &[Job], at_once: usize, limit: Duration) -> io::Result<usize> {
    let next = Mutex::new(jobs.iter().enumerate());
    let (sender, outcomes) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..at_once.min(jobs.len()) {
            let sender = sender.clone();
            let next = &next;
            scope.spawn(move || {
                loop {
                    let taken = next.lock().unwrap().next();
                    let Some((index, job)) = taken else {
                        return;
                    };
                    // It fails when what came of the last one could not be printed: there is no use in more.
                    if sender.send((index, run::run(job, limit))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);

        let mut done: Vec<Option<Outcome>> = jobs.iter().map(|_| None).collect();
        let mut printed = 0;
        let mut failed = 0;
        for (index, outcome) in outcomes {
            done[index] = Some(outcome);
            while let Some(outcome) = done.get_mut(printed).and_then(Option::take) {
                report(io::stdout().lock(), &jobs[printed], &outcome)?;
                failed += usize::from(!outcome.success);
                printed += 1;
            }
        }
        Ok(failed)
    })
}

fn main() -> ExitCode {
    let options = Options::read(USAGE, &["--jobs", "--seconds"]);
    let read = match options.operands() {
        [] => read_jobs(io::stdin().lock()),
        [file] => File::open(file).and_then(|file| read_jobs(BufReader::new(file))),
        _ => options.refuse("one file is enough"),
    };
    let jobs = match read {
        Ok(Ok(jobs)) => jobs,
        Ok(Err(problems)) => {
            eprintln!("{}", problems.join("\n"));
            return ExitCode::from(2);
        }
        Err(error) => {
            eprintln!("cannot read the jobs: {error}");
            return ExitCode::from(2);
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let at_once = options.number("--jobs", processors as u64) as usize;
    // A year is as good as more, which could not be added to the time of day.
    let seconds = options.number("--seconds", 600).min(365 * 24 * 60 * 60);
    let limit = Duration::from_secs(seconds);
    match run_all(&jobs, at_once, limit) {
        Ok(failed) => {
            println!("{} jobs, {failed} failed", jobs.len());
            if failed == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("cannot print: {error}");
            ExitCode::FAILURE
        }
    }
}
