//! The ways to use this crate, in real packages: what the README says of them.

mod fixture;

use fixture::Workspace;
use std::sync::OnceLock;

const THOUSAND: &str = include_str!("programs/thousand.rs");
const GENERATED: &str = include_str!("programs/generated.rs");
const WITHOUT_MACROS: &str = include_str!("programs/without_macros.rs");
const NO_STD: &str = include_str!("programs/no_std.rs");

/// What the programs print of the types that are replaced.
const MUTEX: &str = "gsync::mutex::Mutex<u8>";
const LOCAL: &str = "gthread::local_key::LocalKey<u8>";

const BY_NAME: &str = "[dependencies]\nstd.workspace = true\n";

fn by_path(name: &str) -> String {
    format!(
        "[dependencies]\n{name} = {{ package = \"gstd\", path = {:?} }}\n",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// A package of each kind, all built at once.
fn packages() -> &'static Workspace {
    static BUILT: OnceLock<Workspace> = OnceLock::new();
    BUILT.get_or_init(|| {
        let members = [
            "dependency_2015",
            "dependency_2018",
            "dependency_2021",
            "dependency_2024",
            "extern_crate_2018",
            "extern_crate_2021",
            "extern_crate_2024",
            "import_2018",
            "import_2021",
            "import_2024",
            "foreign",
            "generator",
            "generated",
            "without_macros",
            "no_std",
            "user_of_no_std",
            "optional",
            "build_script",
            "build_dependency",
            "in_tests",
            "only_in_tests",
        ];
        let workspace = Workspace::new("ways", &members, "");
        thousand(&workspace);
        code_of_others(&workspace);
        workspace.package(
            "without_macros",
            2024,
            &by_path("gstd"),
            &[("src/main.rs", WITHOUT_MACROS)],
        );
        features(&workspace);
        build_scripts(&workspace);
        tests(&workspace);
        workspace.cargo(&["build", "--offline", "--workspace"]);
        workspace
    })
}

/// The same program by each way, on each edition.
fn thousand(workspace: &Workspace) {
    for edition in [2015, 2018, 2021, 2024] {
        let name = format!("dependency_{edition}");
        workspace.package(
            &name,
            edition,
            &by_path("std"),
            &[("src/main.rs", THOUSAND)],
        );
    }
    for edition in [2018, 2021, 2024] {
        let name = format!("extern_crate_{edition}");
        let program = format!("#[macro_use]\nextern crate gstd as std;\n\n{THOUSAND}");
        workspace.package(
            &name,
            edition,
            &by_path("gstd"),
            &[("src/main.rs", &program)],
        );
        let name = format!("import_{edition}");
        let program = format!(
            "use gstd::thread_local;\n{}",
            THOUSAND.replace("std::", "gstd::")
        );
        workspace.package(
            &name,
            edition,
            &by_path("gstd"),
            &[("src/main.rs", &program)],
        );
    }
}

/// Macros of crates that have std itself.
fn code_of_others(workspace: &Workspace) {
    let foreign = "pub use std::sync as of_std;\n\
        #[macro_export] macro_rules! lock { () => { ::std::sync::Mutex::new(1_u8) }; }\n\
        #[macro_export] macro_rules! own_lock { () => { $crate::of_std::Mutex::new(1_u8) }; }\n\
        pub fn lock() -> std::sync::Mutex<u8> { std::sync::Mutex::new(1) }\n";
    workspace.package("foreign", 2021, "", &[("src/lib.rs", foreign)]);
    let generator = "#[proc_macro]\n\
        pub fn lock(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n\
            \"::std::sync::Mutex::new(1_u8)\".parse().unwrap()\n}\n";
    let manifest = "[lib]\nproc-macro = true\n";
    workspace.package("generator", 2021, manifest, &[("src/lib.rs", generator)]);
    let manifest = format!(
        "{BY_NAME}foreign.path = \"../foreign\"\ngenerator.path = \"../generator\"\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\nthiserror = \"2\"\n"
    );
    workspace.package("generated", 2024, &manifest, &[("src/main.rs", GENERATED)]);
}

fn features(workspace: &Workspace) {
    let manifest = format!("{BY_NAME}[features]\nstd = []\n");
    workspace.package("no_std", 2021, &manifest, &[("src/lib.rs", NO_STD)]);
    let manifest = "[dependencies]\nno_std = { path = \"../no_std\", features = [\"std\"] }\n";
    let program = "fn main() { for name in no_std::names() { println!(\"{name}\") } }\n";
    workspace.package(
        "user_of_no_std",
        2021,
        manifest,
        &[("src/main.rs", program)],
    );
    let manifest = "[target.'cfg(unix)'.dependencies]\nstd = { workspace = true, optional = true }\n\
        [features]\ngreen = [\"dep:std\"]\n";
    let program = "fn main() { println!(\"{}\", std::any::type_name::<std::sync::Mutex<u8>>()) }\n";
    workspace.package("optional", 2021, manifest, &[("src/main.rs", program)]);
}

/// A program that prints which `Mutex` it has, and which its build script.
fn build_scripts(workspace: &Workspace) {
    let script = "fn main() {\n\
        let name = std::any::type_name::<std::sync::Mutex<u8>>();\n\
        println!(\"cargo::rustc-env=OF_SCRIPT={name}\");\n}\n";
    let program = "fn main() {\n\
        println!(\"{}\", std::any::type_name::<std::sync::Mutex<u8>>());\n\
        println!(\"{}\", env!(\"OF_SCRIPT\"));\n}\n";
    let files = [("build.rs", script), ("src/main.rs", program)];
    workspace.package("build_script", 2024, BY_NAME, &files);
    let manifest = "[build-dependencies]\nstd.workspace = true\n";
    workspace.package("build_dependency", 2024, manifest, &files);
}

/// A library with a test of each kind, which say what they find by failing.
fn tests(workspace: &Workspace) {
    for (name, manifest, library) in [
        ("in_tests", BY_NAME, "gsync"),
        (
            "only_in_tests",
            "[dev-dependencies]\nstd.workspace = true\n",
            "std",
        ),
    ] {
        let inside = format!(
            "//! ```\n//! assert!(std::any::type_name::<std::sync::Mutex<u8>>().starts_with(\"gsync\"));\n\
             //! assert!({name}::lock().starts_with(\"{library}\"));\n//! ```\n\
             //! This links to [`std::sync::Mutex`].\n\
             pub fn lock() -> &'static str {{ std::any::type_name::<std::sync::Mutex<u8>>() }}\n\
             #[test]\nfn unit() {{\n\
                 assert!(lock().starts_with(\"gsync\"));\n\
                 assert_eq!(std::thread::spawn(|| 1).join().unwrap(), 1);\n}}\n"
        );
        let outside = format!(
            "#[test]\nfn outside() {{\n\
                 assert!(std::any::type_name::<std::sync::Mutex<u8>>().starts_with(\"gsync\"));\n\
                 assert!({name}::lock().starts_with(\"{library}\"));\n}}\n"
        );
        let example =
            "fn main() { println!(\"{}\", std::any::type_name::<std::sync::Mutex<u8>>()) }\n";
        let files = [
            ("src/lib.rs", &*inside),
            ("tests/outside.rs", &outside),
            ("examples/name.rs", example),
        ];
        workspace.package(name, 2024, manifest, &files);
    }
}

/// Runs the program of a thousand threads, which has to run green.
#[track_caller]
fn thousand_runs(name: &str) {
    let workspace = packages();
    let log = workspace.folder().join(format!("{name}.log"));
    let mut program = workspace.program(name);
    program.arg(log);
    let mut lines = workspace.lines_of(program);
    let threads: u32 = lines[1]
        .strip_prefix("OS threads: ")
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        threads < 100,
        "{threads} threads of the system for 1,000 of the program's"
    );
    lines.remove(1);
    let expected = [
        "Total { echoed: 499500 }, 1000 lines, 1000 calls",
        "600",
        "gfs::file::File",
        "gthread::join_handle::JoinHandle<()>",
        "std::time::Instant",
        "gthread::local_key::LocalKey<core::cell::Cell<u32>>",
        MUTEX,
        "gnet::unix::stream::UnixStream",
        LOCAL,
    ];
    assert_eq!(lines, expected);
}

/// The lines of a program have to begin so: where a type is within std is of no interest.
#[track_caller]
fn prints(name: &str, expected: &[&str]) {
    let workspace = packages();
    lines_begin(&workspace.lines_of(workspace.program(name)), expected);
}

#[track_caller]
fn lines_begin(lines: &[String], expected: &[&str]) {
    let fits = |(line, expected): (&String, &&str)| line.starts_with(expected);
    let all = lines.len() == expected.len() && lines.iter().zip(expected).all(fits);
    assert!(all, "{lines:?}, expected {expected:?}");
}

#[test]
fn a_dependency_called_std() {
    thousand_runs("dependency_2018");
    thousand_runs("dependency_2021");
    thousand_runs("dependency_2024");
    thousand_runs("dependency_2015");
}

#[test]
fn an_extern_crate_called_std() {
    thousand_runs("extern_crate_2018");
    thousand_runs("extern_crate_2021");
    thousand_runs("extern_crate_2024");
}

#[test]
fn paths_of_gstd() {
    thousand_runs("import_2018");
    thousand_runs("import_2021");
    thousand_runs("import_2024");
}

#[test]
fn without_macro_use_an_extern_crate_leaves_the_preludes_macros() {
    let expected = ["std::thread::", LOCAL];
    prints("without_macros", &expected);
}

#[test]
fn code_that_macros_make_has_gstd_where_it_says_std() {
    let expected = [
        "Message { text: \"hello\", after: 0ns }",
        "it broke: No such file or directory (os error 2)",
        &format!("path of a procedural macro: {MUTEX}"),
        &format!("path of a macro: {MUTEX}"),
        "path through the macro's crate: std::sync::",
        "value of another crate: std::sync::",
    ];
    prints("generated", &expected);
}

#[test]
fn a_library_without_std_has_gstd_by_extern_crate() {
    prints("user_of_no_std", &[MUTEX, LOCAL]);
}

#[test]
fn a_feature_can_switch_it_on() {
    let workspace = packages();
    let run = |features: &[&str]| {
        let arguments = ["run", "--offline", "--quiet", "-p", "optional"];
        vec![workspace.cargo(&[&arguments, features].concat()).stdout]
    };
    lines_begin(&run(&[]), &["std::sync::"]);
    lines_begin(&run(&["--features", "green"]), &[MUTEX]);
}

#[test]
fn a_build_script_has_dependencies_of_its_own() {
    let of_std = "std::sync::";
    prints("build_script", &[MUTEX, of_std]);
    prints("build_dependency", &[of_std, MUTEX]);
}

#[test]
fn tests_of_a_package_are_green() {
    let output = packages().cargo(&["test", "--offline", "-p", "in_tests", "-p", "only_in_tests"]);
    let passed = output.stdout.matches("test result: ok. 1 passed").count();
    // Of each of the two packages: one within the library, one outside, one in the documentation.
    assert_eq!(passed, 6, "{output}");
    for package in ["in_tests", "only_in_tests"] {
        let arguments = ["run", "--offline", "-p", package, "--example", "name"];
        lines_begin(&[packages().cargo(&arguments).stdout], &[MUTEX]);
    }
}

#[test]
fn documentation_can_be_made() {
    let arguments = [
        "doc",
        "--offline",
        "--no-deps",
        "-p",
        "in_tests",
        "-p",
        "dependency_2024",
    ];
    packages().cargo(&arguments);
}

/// Packages that the compiler has something to say of; the workspace makes an error of every warning.
#[test]
fn what_the_compiler_says() {
    let members = ["idioms", "no_macros", "too_old"];
    let workspace = Workspace::new("warnings", &members, "");
    let by_name = "#![no_std]\n#![warn(rust_2018_idioms)]\nextern crate std;\n\
        pub fn now() -> std::time::Instant { std::time::Instant::now() }\n";
    workspace.package("idioms", 2024, BY_NAME, &[("src/lib.rs", by_name)]);
    let no_macros =
        "#[macro_use]\nextern crate gstd as std;\nfn main() { std::process::exit(0) }\n";
    let files = [("src/main.rs", no_macros)];
    workspace.package("no_macros", 2024, &by_path("gstd"), &files);
    let files = [("src/main.rs", "extern crate gstd as std;\nfn main() {}\n")];
    workspace.package("too_old", 2015, &by_path("gstd"), &files);
    for (package, says) in [
        ("idioms", "error: unused extern crate"),
        ("no_macros", "error: unused `#[macro_use]` import"),
        (
            "too_old",
            "error[E0259]: the name `std` is defined multiple times",
        ),
    ] {
        let output = workspace.try_cargo(&["build", "--offline", "-p", package]);
        assert!(!output.status.success(), "{package}");
        assert_eq!(output.stderr.matches("\nerror").count(), 2, "{output}");
        assert!(output.stderr.contains(says), "{output}");
    }
}
