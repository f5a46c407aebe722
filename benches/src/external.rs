//! Peers that are not written in Rust: the programs in `benches/peers`, if their languages are installed.

use crate::{affinity, child, process};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fmt, fs, io};

/// The name of the child that [`be_a_child`] is.
pub const CHILD: &str = "exec";

/// With this status a program says that its language has no such thing.
const NO_SUCH_THING: i32 = 3;

/// No compiler and no import takes longer.
const BUILD_LIMIT: Duration = Duration::from_secs(120);

/// Whose programs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Go, by its own compiler.
    Go,
    /// Python with gevent.
    Gevent,
}

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The language is not installed, or has no such thing.
    Missing(String),
    /// It should have worked.
    Failed(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Trouble::Missing(why) | Trouble::Failed(why)) = self;
        formatter.write_str(why)
    }
}

/// Takes one measurement, kept on `core` if there is one, and returns its figures. `arguments` are the kind,
/// the count, the number of workers and the budget in milliseconds.
///
/// # Errors
///
/// When the language is not there, has no such thing, or its program fails or takes longer than `limit`.
pub fn micro(
    language: Language,
    core: Option<usize>,
    arguments: &[String],
    limit: Duration,
) -> Result<Vec<f64>, Trouble> {
    let mut command = command(language, "micro", core).map_err(Trouble::Missing)?;
    command.args(arguments);
    let output = child::output(&mut command, limit).map_err(|failure| match failure.code {
        Some(NO_SUCH_THING) => Trouble::Missing(failure.complaint),
        _ => Trouble::Failed(failure.to_string()),
    })?;
    child::parse_figures(&output).map_err(Trouble::Failed)
}

/// The command of a server of this `kind`, kept on `core` if there is one. It prints its port and serves until it is
/// killed.
///
/// # Errors
///
/// Why there is none: the language is not installed.
pub fn server(
    language: Language,
    core: Option<usize>,
    kind: &str,
    workers: usize,
) -> Result<Command, String> {
    let mut command = command(language, "server", core)?;
    command.arg(kind).env("GOMAXPROCS", workers.to_string());
    Ok(command)
}

/// `CORE PROGRAM [ARGUMENT...]`: goes to the core and becomes the program. Returns when that fails.
pub fn be_a_child(arguments: &[String]) -> ExitCode {
    let [core, program, arguments @ ..] = arguments else {
        eprintln!("a child was started with {arguments:?}");
        return ExitCode::from(2);
    };
    let become_it = || {
        if let Ok(core) = core.parse() {
            affinity::pin(core)?;
        }
        process::end_with_parent()?;
        Err::<(), io::Error>(Command::new(program).args(arguments).exec())
    };
    if let Err(error) = become_it() {
        eprintln!("{program}: {error}");
    }
    ExitCode::FAILURE
}

fn command(language: Language, program: &str, core: Option<usize>) -> Result<Command, String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(own);
    command
        .args([child::MARK, CHILD])
        .arg(core.map_or("any".to_owned(), |core| core.to_string()));
    match language {
        Language::Go => command.arg(go()?.join(program)),
        Language::Gevent => {
            let script = sources().join("gevent").join(program);
            command
                .arg(gevent()?)
                .arg(script.with_extension("py"))
                .env("PYTHONDONTWRITEBYTECODE", "1")
        }
    };
    Ok(command)
}

fn sources() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers"))
}

/// The folder of the programs in Go, which are built when they are first asked for.
fn go() -> Result<&'static Path, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build(&find_go().ok_or("Go is not installed")?));
    built.as_deref().map_err(String::clone)
}

fn build(go: &Path) -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let folder = own.with_file_name("peers");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut command = Command::new(go);
    command
        .arg("build")
        .arg("-o")
        .arg(&folder)
        .arg("./...")
        .current_dir(sources().join("go"))
        .env("GOFLAGS", "-mod=mod")
        // The module needs no other, and what is installed is what is measured.
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off");
    match child::output(&mut command, BUILD_LIMIT) {
        Ok(_) => Ok(folder),
        Err(failure) => Err(format!("{} build: {failure}", go.display())),
    }
}

/// `$GO`, or `go` of the path, or the newest of Debian's.
fn find_go() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let named = env::var_os("GO").into_iter().map(PathBuf::from);
    let found = env::split_paths(&path).map(|folder| folder.join("go"));
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|folder| version_of_go(folder).is_some())
        .collect();
    versions.sort_by_key(|folder| version_of_go(folder));
    let debian = versions.into_iter().rev();
    named
        .chain(found)
        .chain(debian.map(|folder| folder.join("bin/go")))
        .find(|go| go.is_file())
}

/// The numbers of `/usr/lib/go-1.21`.
fn version_of_go(folder: &Path) -> Option<Vec<u32>> {
    let version = folder.file_name()?.to_str()?.strip_prefix("go-")?;
    version
        .split('.')
        .map(|number| number.parse().ok())
        .collect()
}

/// `$GEVENT_PYTHON` or `python3`, if it can import gevent.
fn gevent() -> Result<&'static Path, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let python = env::var_os("GEVENT_PYTHON").unwrap_or_else(|| OsString::from("python3"));
        let mut command = Command::new(&python);
        command.args(["-c", "import gevent"]).stdin(Stdio::null());
        match child::output(&mut command, BUILD_LIMIT) {
            Ok(_) => Ok(PathBuf::from(python)),
            Err(failure) => Err(format!(
                "gevent is not installed ({}: {})",
                python.display(),
                failure.complaint
            )),
        }
    });
    found.as_deref().map_err(String::clone)
}

impl Language {
    /// All there are.
    pub const ALL: [Language; 2] = [Language::Go, Language::Gevent];

    /// As it calls itself.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Language::Go => "Go",
            Language::Gevent => "gevent",
        }
    }

    /// Its version. Its programs are built when this returns.
    ///
    /// # Errors
    ///
    /// Why its programs cannot be run.
    pub fn version(self) -> Result<String, String> {
        let mut command = match self {
            Language::Go => {
                go()?;
                let mut command = Command::new(find_go().unwrap_or_default());
                command
                    .args(["env", "GOVERSION"])
                    .env("GOTOOLCHAIN", "local");
                command
            }
            Language::Gevent => {
                let mut command = Command::new(gevent()?);
                command.args(["-c", "import gevent; print(gevent.__version__)"]);
                command
            }
        };
        let output = child::output(&mut command, BUILD_LIMIT);
        let output = output.map_err(|failure| failure.to_string())?;
        Ok(output.trim().trim_start_matches("go").to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_go_are_numbers() {
        let version = |path| version_of_go(Path::new(path));
        assert_eq!(version("/usr/lib/go-1.21"), Some(vec![1, 21]));
        assert!(version("/usr/lib/go-1.9") < version("/usr/lib/go-1.21"));
        assert_eq!(version("/usr/lib/go"), None);
        assert_eq!(version("/usr/lib/go-common"), None);
    }
}
