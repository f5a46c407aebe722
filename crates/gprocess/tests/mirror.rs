//! The surface: every name of `std::process`, with the signature and the traits that it has there.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::process::Stdio;

use gprocess::unix::CommandExt;
use gprocess::{
    Child, ChildStderr, ChildStdin, ChildStdout, Command, CommandArgs, CommandEnvs, ExitStatus,
    Output,
};

/// Compiles where the value has that very type.
fn has_type<T>(_: T) {}

type Text = &'static str;

#[test]
fn methods_of_commands() {
    type Set<T> = fn(&mut Command, T) -> &mut Command;
    has_type::<fn(Text) -> Command>(Command::new);
    has_type::<Set<Text>>(Command::arg);
    has_type::<Set<[Text; 2]>>(Command::args);
    has_type::<fn(&mut Command, Text, Text) -> &mut Command>(Command::env);
    has_type::<Set<[(Text, Text); 2]>>(Command::envs);
    has_type::<Set<Text>>(Command::env_remove);
    has_type::<fn(&mut Command) -> &mut Command>(Command::env_clear);
    has_type::<Set<Text>>(Command::current_dir);
    has_type::<Set<Stdio>>(Command::stdin);
    has_type::<Set<ChildStdin>>(Command::stdout);
    has_type::<Set<std::fs::File>>(Command::stderr);
    has_type::<fn(&mut Command) -> io::Result<Child>>(Command::spawn);
    has_type::<fn(&mut Command) -> io::Result<Output>>(Command::output);
    has_type::<fn(&mut Command) -> io::Result<ExitStatus>>(Command::status);
    has_type::<fn(&Command) -> &OsStr>(Command::get_program);
    has_type::<fn(&Command) -> CommandArgs<'_>>(Command::get_args);
    has_type::<fn(&Command) -> CommandEnvs<'_>>(Command::get_envs);
    has_type::<fn(&Command) -> Option<&Path>>(Command::get_current_dir);
}

#[test]
fn methods_of_commands_on_unix() {
    type Closure = fn() -> io::Result<()>;
    has_type::<fn(&mut Command, u32) -> &mut Command>(Command::uid);
    has_type::<fn(&mut Command, u32) -> &mut Command>(Command::gid);
    has_type::<unsafe fn(&mut Command, Closure) -> &mut Command>(Command::pre_exec);
    #[expect(deprecated, reason = "std has it still")]
    has_type::<unsafe fn(&mut Command, Closure) -> &mut Command>(Command::before_exec);
    has_type::<fn(&mut Command) -> io::Error>(Command::exec);
    has_type::<fn(&mut Command, Text) -> &mut Command>(Command::arg0);
    has_type::<fn(&mut Command, i32) -> &mut Command>(Command::process_group);
    has_type::<fn() -> u32>(gprocess::unix::parent_id);
}

#[test]
fn methods_of_children() {
    has_type::<fn(&mut Child) -> io::Result<()>>(Child::kill);
    has_type::<fn(&Child) -> u32>(Child::id);
    has_type::<fn(&mut Child) -> io::Result<ExitStatus>>(Child::wait);
    has_type::<fn(&mut Child) -> io::Result<Option<ExitStatus>>>(Child::try_wait);
    has_type::<fn(Child) -> io::Result<Output>>(Child::wait_with_output);
    type Streams = (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>);
    has_type::<fn(Child) -> Streams>(|child| (child.stdin, child.stdout, child.stderr));
}

#[test]
fn traits() {
    fn everyones<T: Debug + Send + Sync + Unpin>() {}
    fn unwinding<T: UnwindSafe + RefUnwindSafe>() {}
    fn descriptors<T>()
    where
        T: AsFd + AsRawFd + IntoRawFd + From<OwnedFd>,
        OwnedFd: From<T>,
        Stdio: From<T>,
    {
    }
    fn both_ways<T: From<S>, S: From<T>>() {}
    fn reads<T: Read>() {}
    fn writes<T: Write>() {}

    everyones::<Command>();
    everyones::<Child>();
    everyones::<ChildStdin>();
    everyones::<ChildStdout>();
    everyones::<ChildStderr>();
    unwinding::<Child>();
    unwinding::<ChildStdin>();
    unwinding::<ChildStdout>();
    unwinding::<ChildStderr>();
    descriptors::<ChildStdin>();
    descriptors::<ChildStdout>();
    descriptors::<ChildStderr>();
    both_ways::<Child, std::process::Child>();
    both_ways::<ChildStdin, std::process::ChildStdin>();
    both_ways::<ChildStdout, std::process::ChildStdout>();
    both_ways::<ChildStderr, std::process::ChildStderr>();
    writes::<ChildStdin>();
    writes::<&ChildStdin>();
    reads::<ChildStdout>();
    reads::<ChildStderr>();
}

#[test]
fn values_are_those_of_std() {
    fn termination<T: gprocess::Termination + std::process::Termination>() {}
    fn status<T: gprocess::unix::ExitStatusExt + std::os::unix::process::ExitStatusExt>() {}
    termination::<gprocess::ExitCode>();
    status::<ExitStatus>();
    has_type::<fn(std::process::ExitCode) -> gprocess::ExitCode>(|same| same);
    has_type::<fn(std::process::ExitStatus) -> ExitStatus>(|same| same);
    has_type::<fn(std::process::Output) -> Output>(|same| same);
    has_type::<fn(std::process::Stdio) -> gprocess::Stdio>(|same| same);
    has_type::<fn(std::process::CommandArgs<'_>) -> CommandArgs<'_>>(|same| same);
    has_type::<fn(std::process::CommandEnvs<'_>) -> CommandEnvs<'_>>(|same| same);
    has_type::<fn(i32) -> !>(gprocess::exit);
    has_type::<fn() -> !>(gprocess::abort);
    has_type::<fn() -> u32>(gprocess::id);
}
