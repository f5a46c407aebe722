//! A test that needs a process of its own: for its environment, its limits, or because it ends badly.
//!
//! The test binary runs itself again, for one test only; that test sees that it is the child and does the work.

#![allow(
    dead_code,
    reason = "each test binary uses the part of it that it needs"
)]

use std::env;
use std::process::{Command, Output};

/// Names the test that a child process is for.
const CHILD: &str = "GREENLET_TEST_CHILD";

/// Variables of the core, which a child has only if the test says so.
const OURS: [&str; 4] = [
    "GREENLET_LOOKUPS",
    "GREENLET_STACK_SIZE",
    "GREENLET_WORKERS",
    "RUST_MIN_STACK",
];

/// Whether this process is the child of the test of that name.
pub(crate) fn is(test: &str) -> bool {
    env::var_os(CHILD).is_some_and(|name| name == test)
}

/// The child of a test, ready to be started.
pub(crate) fn command(test: &str) -> Command {
    let binary = env::current_exe().expect("a test has a path");
    let mut command = Command::new(binary);
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, test)
        // It takes long to make one in a debug build, and some children have an alarm.
        .env("RUST_BACKTRACE", "0");
    for name in OURS {
        command.env_remove(name);
    }
    command
}

/// Runs `body` in a child with these variables, which must succeed.
pub(crate) fn run(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) {
    if is(test) {
        return body();
    }
    let output = command(test)
        .envs(variables.iter().copied())
        .output()
        .expect("the test binary runs again");
    assert!(
        output.status.success(),
        "the child of {test} failed: {}",
        show(&output)
    );
}

/// What a child's standard error says.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// All that is known of a child that has ended.
pub(crate) fn show(output: &Output) -> String {
    format!(
        "{}\n--- stdout ---\n{}\n--- stderr ---\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        stderr(output)
    )
}
