//! A pool of threads, as the Rust Book builds one: jobs go through a channel whose receiver the threads share.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send + 'static>;

/// Runs jobs on a fixed number of threads. Dropping it waits until all jobs are done.
pub(crate) struct ThreadPool {
    workers: Vec<JoinHandle<()>>,
    /// Taken when the pool is dropped: that is how the threads learn of it.
    sender: Option<Sender<Job>>,
}

impl ThreadPool {
    /// Starts the threads.
    pub(crate) fn new(size: usize) -> ThreadPool {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let workers = (0..size).map(|_| {
            let receiver = Arc::clone(&receiver);
            thread::spawn(move || work(&receiver))
        });
        ThreadPool {
            workers: workers.collect(),
            sender: Some(sender),
        }
    }

    /// Queues a job for the next thread that is free.
    pub(crate) fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let sender = self.sender.as_ref().expect("only a dropped pool has none");
        sender.send(Box::new(job)).expect("the threads have ended");
    }
}

fn work(receiver: &Mutex<Receiver<Job>>) {
    loop {
        // Not the condition of a `while let`, which would hold the lock while the job runs.
        let received = receiver.lock().unwrap().recv();
        match received {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        drop(self.sender.take());
        for worker in self.workers.drain(..) {
            if worker.join().is_err() {
                eprintln!("a thread of the pool has panicked");
            }
        }
    }
}
