//! The surface: every name of `std::io`, with the signature and the traits that it has there.

use std::fmt::Debug;
use std::io::{self, BufRead, Read, Write};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::Stdio;

use gio::{
    IsTerminal, Lines, PipeReader, PipeWriter, Stderr, StderrLock, Stdin, StdinLock, Stdout,
    StdoutLock,
};

/// Compiles where the value has that very type.
fn has_type<T>(_: T) {}

#[test]
fn functions_and_methods() {
    has_type::<fn() -> Stdin>(gio::stdin);
    has_type::<fn() -> Stdout>(gio::stdout);
    has_type::<fn() -> Stderr>(gio::stderr);
    has_type::<fn() -> io::Result<(PipeReader, PipeWriter)>>(gio::pipe);
    has_type::<fn(&Stdin) -> StdinLock<'static>>(Stdin::lock);
    has_type::<fn(&Stdin, &mut String) -> io::Result<usize>>(Stdin::read_line);
    has_type::<fn(Stdin) -> Lines<StdinLock<'static>>>(Stdin::lines);
    has_type::<fn(&Stdout) -> StdoutLock<'static>>(Stdout::lock);
    has_type::<fn(&Stderr) -> StderrLock<'static>>(Stderr::lock);
    has_type::<fn(&PipeReader) -> io::Result<PipeReader>>(PipeReader::try_clone);
    has_type::<fn(&PipeWriter) -> io::Result<PipeWriter>>(PipeWriter::try_clone);
}

#[test]
fn traits_of_handles() {
    fn everyones<T: Debug + Sync + UnwindSafe + RefUnwindSafe + Unpin>() {}
    fn sent<T: Send>() {}
    fn streams<T: AsFd + AsRawFd + IsTerminal>() {}
    fn readers<T: Read>() {}
    fn lines<T: BufRead>() {}
    fn writers<T: Write>() {}
    fn of_children<T>()
    where
        Stdio: From<T>,
    {
    }

    everyones::<Stdin>();
    everyones::<StdinLock<'_>>();
    everyones::<Stdout>();
    everyones::<StdoutLock<'_>>();
    everyones::<Stderr>();
    everyones::<StderrLock<'_>>();
    everyones::<PipeReader>();
    everyones::<PipeWriter>();
    sent::<(Stdin, Stdout, Stderr, PipeReader, PipeWriter)>();
    streams::<Stdin>();
    streams::<StdinLock<'_>>();
    streams::<Stdout>();
    streams::<StdoutLock<'_>>();
    streams::<Stderr>();
    streams::<StderrLock<'_>>();
    readers::<Stdin>();
    readers::<&Stdin>();
    readers::<StdinLock<'_>>();
    readers::<PipeReader>();
    readers::<&PipeReader>();
    lines::<StdinLock<'_>>();
    writers::<Stdout>();
    writers::<&Stdout>();
    writers::<StdoutLock<'_>>();
    writers::<Stderr>();
    writers::<&Stderr>();
    writers::<StderrLock<'_>>();
    writers::<PipeWriter>();
    writers::<&PipeWriter>();
    of_children::<Stdout>();
    of_children::<Stderr>();
    of_children::<PipeReader>();
    of_children::<PipeWriter>();
}

#[test]
fn ends_of_pipes_are_descriptors() {
    fn descriptors<T, S>()
    where
        T: AsFd + AsRawFd + IntoRawFd + FromRawFd + From<OwnedFd> + From<S> + 'static,
        OwnedFd: From<T>,
        S: From<T>,
    {
    }
    descriptors::<PipeReader, io::PipeReader>();
    descriptors::<PipeWriter, io::PipeWriter>();
}

/// A lock stays with the greenlet that has it, as `std`'s stays with its thread.
#[test]
fn locks_are_not_sent() {
    struct Probe<T>(PhantomData<T>);
    /// What there is for every type.
    trait Otherwise {
        fn is_sent(&self) -> bool {
            false
        }
    }
    impl<T> Otherwise for &Probe<T> {}
    /// Comes before it, for those that can be sent.
    trait Sent {
        fn is_sent(&self) -> bool {
            true
        }
    }
    impl<T: Send> Sent for Probe<T> {}

    assert!(Probe::<Stdin>(PhantomData).is_sent());
    assert!(!(&Probe::<StdinLock<'_>>(PhantomData)).is_sent());
    assert!(!(&Probe::<StdoutLock<'_>>(PhantomData)).is_sent());
    assert!(!(&Probe::<StderrLock<'_>>(PhantomData)).is_sent());
}

#[test]
fn the_rest_is_that_of_std() {
    has_type::<fn(io::Error) -> gio::Error>(|same| same);
    has_type::<fn(io::BufReader<&[u8]>) -> gio::BufReader<&[u8]>>(|same| same);
    has_type::<fn(io::Cursor<u8>) -> gio::Cursor<u8>>(|same| same);
    fn reads<T: gio::Read + gio::prelude::Seek>() {}
    reads::<io::Cursor<Vec<u8>>>();
    has_type::<fn(&mut &'static [u8], &mut Vec<u8>) -> io::Result<u64>>(gio::copy);
    has_type::<fn(&'static [u8]) -> io::Result<String>>(gio::read_to_string);
}

#[test]
fn debug_forms() {
    let forms = |all: [&dyn Debug; 6]| all.map(|one| format!("{one:?} {one:#?}"));
    assert_eq!(
        forms([
            &gio::stdin(),
            &gio::stdin().lock(),
            &gio::stdout(),
            &gio::stdout().lock(),
            &gio::stderr(),
            &gio::stderr().lock(),
        ]),
        forms([
            &io::stdin(),
            &io::stdin().lock(),
            &io::stdout(),
            &io::stdout().lock(),
            &io::stderr(),
            &io::stderr().lock(),
        ])
    );
}

#[test]
fn terminals_of_everything_with_a_descriptor() {
    let file = std::fs::File::open("/dev/null").unwrap();
    let any: &dyn IsTerminal = &file;
    assert!(!any.is_terminal());
    assert!(!file.as_fd().is_terminal());
    let std = io::IsTerminal::is_terminal(&io::stdout());
    assert_eq!(gio::stdout().is_terminal(), std);
    assert_eq!(gio::stdout().lock().is_terminal(), std);
}
