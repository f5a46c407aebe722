//! Shims that are broken on purpose are found out, and those of this workspace are not.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs the tests of the tiny library.
fn run(out: &str, arguments: &[&str]) -> Output {
    // Some of its tests hang: that is what is to be found.
    Command::new(env!("CARGO_BIN_EXE_compat-tests"))
        .args(["tests", "--limit", "5", "--jobs", "4", "--out"])
        .arg(folder(out))
        .args(arguments)
        .env("STD_LIBRARY_SRC", here("tests/broken/library"))
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

struct Broken {
    output: Output,
    report: Value,
}

/// The broken ones, run once for all tests.
fn broken() -> &'static Broken {
    static BROKEN: OnceLock<Broken> = OnceLock::new();
    BROKEN.get_or_init(|| {
        let shims = here("tests/broken/shims.toml");
        let output = run("broken", &["--shims", shims.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        let report = std::fs::read_to_string(folder("broken/tests.json")).unwrap();
        Broken {
            output,
            report: serde_json::from_str(&report).unwrap(),
        }
    })
}

impl Broken {
    fn test(&self, name: &str) -> &Value {
        let files = self.report["files"].as_array().unwrap();
        let mut tests = files
            .iter()
            .flat_map(|file| file["tests"].as_array().unwrap());
        tests.find(|test| test["name"] == name).unwrap()
    }

    #[track_caller]
    fn has_come_to(&self, name: &str, mode: &str, status: &str) {
        let test = self.test(name);
        assert_eq!(test["outcomes"][mode]["status"], status, "{test:#}");
    }

    /// A line that says what is wrong with a test.
    #[track_caller]
    fn says(&self, name: &str, what: &str) {
        let output = text(&self.output);
        let found = output
            .lines()
            .any(|line| line.contains(&format!("::{name}: ")) && line.contains(what));
        assert!(found, "no line says `{what}` of {name}:\n{output}");
    }
}

#[test]
fn a_wake_up_that_is_lost() {
    for mode in ["plain", "greenlet", "together", "one-hub"] {
        broken().has_come_to("a_single_wake", mode, "hung");
    }
    broken().says("a_single_wake", "plain: hung");
    broken().has_come_to("a_lock", "plain", "passed");
    broken().has_come_to("a_lock", "together", "passed");
}

#[test]
fn the_wrong_kind_of_an_error() {
    for mode in ["plain", "greenlet", "together", "one-hub"] {
        broken().has_come_to("a_taken_port", mode, "failed");
    }
    broken().says("a_taken_port", "greenlet: failed");
    broken().has_come_to("there_and_back", "greenlet", "passed");
}

#[test]
fn a_missing_method() {
    let test = broken().test("a_free_port");
    assert_eq!(test["gap"]["code"], "E0599", "{test:#}");
    broken().says("a_free_port", "a gap");
    broken().says("a_free_port", "local_addr");
}

#[test]
fn what_a_test_needs_and_does_not_compile() {
    // Without the check at its end it would pass.
    let output = text(&broken().output);
    let line = "std/src/net/tcp/tests.rs: a gap, what tests need does not compile: E0599";
    assert!(output.contains(line), "{output}");
}

#[test]
fn a_blocked_hub() {
    broken().has_come_to("a_sleep", "greenlet", "blocked");
    broken().says("a_sleep", "greenlet: blocked its hub");
    broken().has_come_to("a_park_with_a_time_limit", "greenlet", "blocked");
    // It does what it should, but for the others of the hub.
    broken().has_come_to("a_sleep", "plain", "passed");
    broken().has_come_to("a_result", "greenlet", "passed");
}

#[test]
fn what_does_not_compile_on_std_is_no_gap() {
    let test = broken().test("of_what_only_std_has");
    assert_eq!(
        test["control"]["excluded"]["class"], "unresolved",
        "{test:#}"
    );
    assert_eq!(test["gap"], Value::Null);
}

#[test]
fn what_std_ignores_may_be_ignored() {
    broken().has_come_to("not_run", "greenlet", "ignored");
    broken().has_come_to("not_run", "one-hub", "ignored");
    broken().has_come_to("a_panic", "one-hub", "passed");
}

#[test]
fn sound_shims_pass_and_the_list_can_only_shrink() {
    let empty = folder("empty.toml");
    std::fs::write(&empty, "").unwrap();
    let output = run("sound", &["--known", empty.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));

    let list = folder("list.toml");
    let known = |name: &str| format!("[[shims]]\nname = \"{name}\"\nreason = \"none\"\n");
    let lock = "std/tests/sync/condvar.rs::a_lock";
    let none = "std/tests/thread.rs::no_such_test";
    std::fs::write(&list, known(lock) + &known(none)).unwrap();
    let output = run("sound", &["--known", list.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said = text(&output);
    for mode in ["plain", "greenlet", "together", "one-hub"] {
        let line = format!("{lock}: {mode}: listed in known.toml, but it passes");
        assert!(said.contains(&line), "{said}");
    }
    assert!(said.contains(&format!(
        "{none}: listed in known.toml, but std 1.0 has no such test that is run"
    )));
    assert!(said.contains("\n5 problems\n"), "{said}");
}

#[test]
fn without_the_sources_it_fails_and_says_how_to_get_them() {
    let output = Command::new(env!("CARGO_BIN_EXE_compat-tests"))
        .args(["tests", "--out"])
        .arg(folder("none"))
        .env("STD_LIBRARY_SRC", "/no/such/folder")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output);
    for way in [
        "rustup component add rust-src",
        "rust-web-src",
        "STD_LIBRARY_SRC",
    ] {
        assert!(said.contains(way), "{said}");
    }
}
