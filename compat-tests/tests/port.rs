//! The command `port`, as a user calls it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn port(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_compat-tests"))
        .arg("port")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/src/bin")
        .join(name)
}

#[test]
fn the_echo_server_becomes_its_port_to_the_byte() {
    let folder = folder(&[]);
    let copy = folder.path().join("echo.rs");
    fs::copy(example("echo_std.rs"), &copy).unwrap();
    let output = port(&["--write", "echo.rs"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        fs::read(copy).unwrap(),
        fs::read(example("echo.rs")).unwrap()
    );
    assert!(said(&output).contains("dependencies to add: gio, gnet, gthread, gtime\n"));
}

#[test]
fn without_write_nothing_changes() {
    let source = "use std::thread;\n\nfn main() {\n    thread::yield_now();\n}\n";
    let folder = folder(&[("a.rs", source)]);
    let output = port(&["a.rs"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        said(&output),
        "--- a.rs\n+++ a.rs\n@@ -1,4 +1,4 @@\n-use std::thread;\n+use gthread as thread;\n \n fn main() {\n     \
         thread::yield_now();\n1 file would change, 0 things left to do by hand\ndependencies to add: gthread\n"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("a.rs")).unwrap(),
        source
    );
}

#[test]
fn a_folder_is_ported_whole() {
    let folder = folder(&[
        ("src/main.rs", "mod b;\nuse std::net::TcpStream;\n"),
        (
            "src/b.rs",
            "// \u{1F980}\nuse std::thread;\nuse std::sync::{Arc, atomic::AtomicU32};\n",
        ),
        ("src/other.txt", "use std::thread;\n"),
        ("target/x.rs", "use std::thread;\n"),
        (".git/x.rs", "use std::thread;\n"),
    ]);
    let output = port(&["--write", "."], folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(text("src/main.rs"), "mod b;\nuse gnet::TcpStream;\n");
    assert_eq!(
        text("src/b.rs"),
        "// \u{1F980}\nuse gthread as thread;\nuse gsync::{Arc, atomic::AtomicU32};\n"
    );
    for untouched in ["src/other.txt", "target/x.rs", ".git/x.rs"] {
        assert_eq!(text(untouched), "use std::thread;\n");
    }
    // A second time there is nothing to do.
    let output = port(&["--write", "."], folder.path());
    assert_eq!(
        said(&output),
        "0 files changed, 0 things left to do by hand\n"
    );
}

#[test]
fn what_is_left_is_listed_with_its_line() {
    let folder = folder(&[(
        "a.rs",
        "\n\nuse std::os::unix::thread::JoinHandleExt;\nuse mio::Poll;\n// std::net\n",
    )]);
    let output = port(&["a.rs"], folder.path());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = said(&output);
    let lines: Vec<_> = said.lines().collect();
    let thread = "a.rs:3: std::os::unix::thread::JoinHandleExt: ";
    assert!(lines[0].starts_with(thread), "{said}");
    assert!(lines[1].starts_with("a.rs:4: mio: "), "{said}");
    assert!(lines[2].starts_with("a.rs:5: std::net: "), "{said}");
    assert_eq!(
        lines[3],
        "0 files would change, 2 things left to do by hand"
    );
}

#[test]
fn a_file_that_cannot_be_read_does_not_keep_the_others_from_it() {
    let folder = folder(&[("a.rs", "fn ( {\n"), ("b.rs", "use std::thread;\n")]);
    let output = port(&["--write", "missing.rs", "a.rs", "b.rs"], folder.path());
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("missing.rs") && error.contains("a.rs: line 1"),
        "{error}"
    );
    let b = fs::read_to_string(folder.path().join("b.rs")).unwrap();
    assert_eq!(b, "use gthread as thread;\n");
}

#[test]
fn it_has_to_be_told_what_to_port() {
    let output = port(&[], Path::new("."));
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
