//! Blocking crates of others run on greenlets, their sources as they are: with a dependency more, called `std`.
//!
//! The sources are fetched by cargo, once; that needs the registry.

mod fixture;

use cargo_metadata::MetadataCommand;
use fixture::Workspace;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const HTTP: &str = include_str!("programs/http.rs");
const REDIS: &str = include_str!("programs/redis.rs");
const WEBSOCKET: &str = include_str!("programs/websocket.rs");

/// What is fetched, as a table of dependencies.
const CRATES: &str = "\
    crossbeam-channel = \"=0.5.17\"\n\
    minreq = \"=2.14.1\"\n\
    redis = { version = \"=1.8.1\", default-features = false }\n\
    socket2 = \"=0.6.5\"\n\
    tiny_http = \"=0.12.0\"\n\
    tungstenite = \"=0.30.0\"\n";

/// Spares what is fetched the tables of Unicode for host names, which no test needs and which take long to build.
const FEWER: &str = "idna_adapter = \"=1.0.0\"\n";

/// All programs, built.
fn programs() -> &'static Workspace {
    static BUILT: OnceLock<Workspace> = OnceLock::new();
    BUILT.get_or_init(|| {
        let fetched = Fetched::new();
        let mut patch = "[patch.crates-io]\n".to_owned();
        for (name, source) in &fetched.sources {
            patch += &format!("{name}.path = {:?}\n", ported(name, source));
        }
        let members = ["http", "redis_clients", "websocket"];
        let workspace = Workspace::with_lock("third_party", &members, &patch, &fetched.lock);
        let manifest = format!("[dependencies]\nstd.workspace = true\n{CRATES}{FEWER}");
        workspace.package("http", 2024, &manifest, &[("src/main.rs", HTTP)]);
        workspace.package("redis_clients", 2024, &manifest, &[("src/main.rs", REDIS)]);
        workspace.package("websocket", 2024, &manifest, &[("src/main.rs", WEBSOCKET)]);
        workspace.cargo(&["build", "--offline", "--workspace"]);
        workspace
    })
}

struct Fetched {
    /// The folders of the sources, by the names of the crates.
    sources: BTreeMap<String, PathBuf>,
    /// The versions of everything.
    lock: PathBuf,
}

impl Fetched {
    fn new() -> Fetched {
        let workspace = Workspace::new("third_party_sources", &["fetch"], "");
        let manifest = format!("[dependencies]\nstd.workspace = true\n{CRATES}{FEWER}");
        workspace.package("fetch", 2024, &manifest, &[("src/lib.rs", "")]);
        let metadata = ["metadata", "--format-version=1"];
        let mut output = workspace.try_cargo(&[&metadata[..], &["--offline"]].concat());
        if !output.status.success() {
            output = workspace.try_cargo(&metadata);
        }
        assert!(
            output.status.success(),
            "the sources of other crates could not be fetched; for the first time that needs crates.io\n{CRATES}\n{output}"
        );
        let metadata = MetadataCommand::parse(output.stdout.trim()).unwrap();
        let wanted = CRATES.lines().map(|line| line.split(' ').next().unwrap());
        let source = |name: &str| {
            let package = metadata
                .packages
                .iter()
                .find(|package| *package.name == name);
            let manifest = &package.unwrap().manifest_path;
            (name.to_owned(), manifest.parent().unwrap().into())
        };
        Fetched {
            sources: wanted.map(source).collect(),
            lock: workspace.folder().join("Cargo.lock"),
        }
    }
}

/// Where a copy of the package is that has this crate as its std: nothing else is changed.
fn ported(name: &str, source: &Path) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("third_party_ported")
        .join(name);
    if target.exists() {
        fs::remove_dir_all(&target).unwrap();
    }
    copy(source, &target);
    let manifest = target.join("Cargo.toml");
    let mut text = fs::read_to_string(&manifest).unwrap();
    text += &format!(
        "\n[dependencies.std]\npackage = \"gstd\"\npath = {:?}\n",
        env!("CARGO_MANIFEST_DIR")
    );
    fs::write(&manifest, text).unwrap();
    target
}

/// Copies a folder, with the times of its files, so that cargo does not build it again.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy(&from, &to);
            continue;
        }
        fs::copy(&from, &to).unwrap();
        let modified = entry.metadata().unwrap().modified().unwrap();
        fs::File::options()
            .append(true)
            .open(&to)
            .unwrap()
            .set_modified(modified)
            .unwrap();
    }
}

/// Runs a program on a single worker hub: its lines, without the first one, which tells of few threads.
#[track_caller]
fn runs_green(name: &str) -> Vec<String> {
    let workspace = programs();
    let mut program = workspace.program(name);
    program.env("GREENLET_WORKERS", "1");
    let mut lines = workspace.lines_of(program);
    let threads = lines.remove(0);
    let count: u32 = threads
        .strip_prefix("OS threads: ")
        .unwrap()
        .parse()
        .unwrap();
    assert!(count < 20, "{threads}");
    lines
}

#[test]
fn an_http_server_and_200_clients_on_one_hub() {
    assert_eq!(runs_green("http"), ["200 answers"]);
}

#[test]
fn clients_of_redis_and_a_channel_of_crossbeam_on_one_hub() {
    assert_eq!(runs_green("redis_clients"), ["200 answers"]);
}

#[test]
fn a_websocket_server_and_200_clients_on_one_hub() {
    assert_eq!(runs_green("websocket"), ["200 clients"]);
}
