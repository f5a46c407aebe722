//! What is measured, with how many tasks, and the targets of each line.

mod many;
mod scale;
mod single;

pub(crate) use many::{memory, timers};
pub(crate) use scale::{scale, wake};
pub(crate) use single::single;

use crate::micro::work::{Kind, Subject, Work};
use benches::report::{Better, Line, Target};
use std::time::Duration;

/// With how many tasks a subject is measured, or why it is not.
type Count = Result<usize, &'static str>;

/// A section of the report.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) title: &'static str,
    pub(crate) subjects: &'static [Subject],
    pub(crate) measurements: Vec<Measurement>,
}

/// One kind of work for all subjects. It gives a figure for each of its lines.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    pub(crate) kind: Kind,
    count: usize,
    workers: usize,
    budget: Duration,
    pub(crate) lines: Vec<Line>,
    /// Subjects that cannot do this with so many tasks.
    exceptions: Vec<(Subject, Count)>,
}

impl Measurement {
    fn new(kind: Kind, count: usize, quick: bool) -> Measurement {
        Measurement {
            kind,
            count,
            workers: 1,
            budget: Duration::from_millis(if quick { 100 } else { 200 }),
            lines: Vec::new(),
            exceptions: Vec::new(),
        }
    }

    fn workers(mut self, workers: usize) -> Measurement {
        self.workers = workers;
        self
    }

    /// One more line, of which less is better.
    fn line(mut self, title: impl Into<String>, unit: &str, targets: &[Target]) -> Measurement {
        let mut line = Line::new(title, unit, Better::Less);
        line.targets.extend_from_slice(targets);
        self.lines.push(line);
        self
    }

    fn except(mut self, subject: Subject, count: Count) -> Measurement {
        self.exceptions.push((subject, count));
        self
    }

    /// What `subject` is asked to do, or why it cannot. Nothing if it has nothing to do with this kind of work.
    pub(crate) fn work(&self, subject: Subject) -> Option<Result<Work, &'static str>> {
        let exception = self.exceptions.iter().find(|(who, _)| *who == subject);
        let count = match (exception, self.kind.lack(subject)?) {
            (Some((_, count)), _) => *count,
            (None, Some(reason)) => Err(reason),
            (None, None) => Ok(self.count),
        };
        let workers = match subject {
            Subject::OneWorker => 1,
            _ => self.workers,
        };
        Some(count.map(|count| Work {
            kind: self.kind,
            count,
            workers,
            budget: self.budget,
        }))
    }

    /// What is said of a subject that is measured with another count than ours.
    pub(crate) fn instead(&self, count: usize) -> Option<String> {
        let text = match self.kind {
            Kind::PingBounded => format!("with a bound of {count}: it has no rendezvous"),
            _ => format!("measured with {} tasks, which it can do", thousands(count)),
        };
        (count != self.count).then_some(text)
    }
}

const STACKLESS: &str = "a future has no stack to switch to";
const THROUGH_SCHEDULER: &str = "it switches only through its scheduler: see yield_now";
const SEE_PARK: &str = "see park and unpark";
const MANY_THREADS: &str = "more OS threads than the machine allows";
const NO_CONDVAR: &str = "it has no condition variable: see park and unpark";
const NO_BOUND: &str = "it has no bounded channel";

impl Kind {
    /// Why `subject` has nothing like this, if it has not; nothing if nobody would look for it there.
    fn lack(self, subject: Subject) -> Option<Option<&'static str>> {
        use Kind::{
            Condvar, Lock, LockAlone, LockAndYield, PingBounded, Sleepers, StreamBounded, Switch,
        };
        Some(match (subject, self) {
            (Subject::Context, Switch) => None,
            (Subject::Context, _) => return None,
            (Subject::ParkingLot, LockAlone | Lock | LockAndYield | Condvar) => None,
            (Subject::ParkingLot, _) => return None,
            (Subject::Tokio | Subject::Smol, Switch) => Some(STACKLESS),
            (Subject::May | Subject::Go | Subject::Gevent, Switch) => Some(THROUGH_SCHEDULER),
            (Subject::Threads, Switch) => Some(SEE_PARK),
            (Subject::Threads, Sleepers) => Some(MANY_THREADS),
            (Subject::Tokio | Subject::Smol, Condvar) => Some(NO_CONDVAR),
            (Subject::May, PingBounded | StreamBounded) => Some(NO_BOUND),
            _ => None,
        })
    }
}

/// A whole number with commas.
fn thousands(number: usize) -> String {
    match number / 1_000 {
        0 => number.to_string(),
        more => format!("{},{:03}", thousands(more), number % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans(quick: bool) -> [Plan; 5] {
        [
            single(quick),
            timers(quick),
            memory(quick),
            wake(quick),
            scale(quick, 1_000.0),
        ]
    }

    #[test]
    fn lines_are_told_apart_by_their_titles() {
        for plan in [true, false].into_iter().flat_map(plans) {
            let lines = plan.measurements.iter().flat_map(|one| &one.lines);
            let mut titles: Vec<&str> = lines.map(|line| line.title.as_str()).collect();
            let all = titles.len();
            titles.sort_unstable();
            titles.dedup();
            assert_eq!(titles.len(), all, "{}", plan.title);
        }
    }

    #[test]
    fn a_child_reads_what_its_parent_asked_for() {
        for plan in plans(true) {
            for measurement in &plan.measurements {
                for &subject in plan.subjects {
                    let Some(Ok(work)) = measurement.work(subject) else {
                        continue;
                    };
                    let mut arguments = vec!["any".to_owned(), subject.name().to_owned()];
                    arguments.extend(work.arguments());
                    assert_eq!(Work::parse(&arguments), Some((subject, work)));
                }
            }
        }
    }

    #[test]
    fn numbers_have_commas() {
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(30_001), "30,001");
        assert_eq!(thousands(1_000_000), "1,000,000");
    }
}
