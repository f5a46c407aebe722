//! `tests` and `docs`: std's own tests and examples, first on std, then on the shims.

mod control;
mod measure;
mod report;
mod verdict;

pub(crate) use report::{Control, FileReport, Report, TestReport};
pub(crate) use verdict::{Filter, problems, say, table};

use crate::generate::{self, Source, TestFile};
use crate::json;
use crate::known::Known;
use crate::library::{Compiler, Library};
use crate::map::path;
use crate::package::Package;
use crate::ports::Ports;
use crate::run::{Mode, Runner};
use crate::shims::Shims;
use crate::workspace;
use anyhow::{Result, bail};
use std::process::ExitCode;
use std::time::Duration;

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Tests,
    Examples,
}

impl What {
    pub(crate) fn name(self) -> &'static str {
        match self {
            What::Tests => "tests",
            What::Examples => "docs",
        }
    }

    fn other(self) -> What {
        match self {
            What::Tests => What::Examples,
            What::Examples => What::Tests,
        }
    }

    fn sources(self, library: &Library) -> Result<Vec<Source>> {
        match self {
            What::Tests => generate::tests(library),
            What::Examples => generate::documentation(library),
        }
    }

    fn file(self, library: &Library, source: &Source, shims: &Shims) -> Result<TestFile> {
        match self {
            What::Tests => generate::test_file(library, source, shims),
            What::Examples => generate::examples(library, source, shims),
        }
    }
}

/// How fast.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Pace {
    /// The most seconds that a test may take.
    #[arg(long, default_value_t = 30)]
    limit: u64,
    /// How many are run at the same time; as many as there are processors, if it is not given.
    #[arg(long)]
    jobs: Option<usize>,
}

impl Pace {
    fn jobs(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.unwrap_or_else(processors).clamp(1, Ports::MOST)
    }
}

/// Which shims, and how.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) place: workspace::Place,
    /// How to run them, separated by commas: plain, greenlet, together, one-hub.
    #[arg(long, value_enum, value_delimiter = ',')]
    modes: Vec<Mode>,
    /// Only the files whose path below `library` contains this.
    #[arg(long, default_value = "")]
    file: String,
    /// Only the tests whose name contains this.
    #[arg(long, default_value = "")]
    test: String,
    #[command(flatten)]
    pace: Pace,
    /// How often each is run; the worst outcome counts.
    #[arg(long, default_value_t = 1)]
    repeat: usize,
}

impl Arguments {
    /// Everything, as `report` runs it.
    pub(crate) fn all(place: workspace::Place, pace: Pace) -> Arguments {
        Arguments {
            place,
            modes: Vec::new(),
            file: String::new(),
            test: String::new(),
            pace,
            repeat: 1,
        }
    }

    fn modes(&self, what: What) -> Vec<Mode> {
        match (&self.modes[..], what) {
            ([], What::Tests) => Mode::ALL.to_vec(),
            // They are too small to get in each other's way.
            ([], What::Examples) => vec![Mode::Plain, Mode::Greenlet],
            (modes, _) => modes.to_vec(),
        }
    }
}

/// Runs the command.
pub(crate) fn run(what: What, arguments: &Arguments) -> Result<ExitCode> {
    let known = arguments.place.known()?;
    let report = measure(what, arguments, &known, &std_and_compiler()?)?;
    print!("{}", table(&report));
    let filter = Filter {
        file: &arguments.file,
        test: &arguments.test,
        in_some_modes: !arguments.modes.is_empty(),
    };
    Ok(if say(&problems(&report, &known, filter)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// std's sources, and the compiler that they are compiled by.
pub(crate) fn std_and_compiler() -> Result<(Library, Compiler)> {
    let library = Library::find()?;
    let compiler = Compiler::find()?;
    eprintln!(
        "{}: std 1.{}, {}",
        library.folder.display(),
        library.version,
        compiler.text
    );
    if library.version != compiler.minor {
        eprintln!(
            "note: std's sources are not of the compiler's version; tests of what only one of them has do not compile, \
             and are left out"
        );
    }
    Ok((library, compiler))
}

/// Runs everything, and writes the report.
pub(crate) fn measure(
    what: What,
    arguments: &Arguments,
    known: &Known,
    (library, compiler): &(Library, Compiler),
) -> Result<Report> {
    let shims = arguments.place.shims()?;
    let target = arguments.place.target()?;
    let folder = target.join(what.name());
    let build = target.join("build");
    let runner = Runner::new(Duration::from_secs(arguments.pace.limit))?;
    let run = measure::Run {
        runner: &runner,
        known,
        jobs: arguments.pace.jobs(),
        repeat: arguments.repeat,
    };
    let sources = what.sources(library)?;
    let control = control::control(what, library, compiler, &sources, &folder, &build, &run)?;

    let wanted: Vec<usize> = (0..sources.len())
        .filter(|at| {
            shims.has(&path(sources[*at].module)) && sources[*at].path.contains(&arguments.file)
        })
        .collect();
    if wanted.is_empty() {
        bail!("no file of std's {} is chosen that has a shim", what.name());
    }
    let files = wanted.iter().map(|at| {
        let mut file = what.file(library, &sources[*at], &shims)?;
        control.leave_out(*at, &mut file)?;
        Ok(file)
    });
    let files = files.collect::<Result<Vec<_>>>()?;
    eprintln!("the shims:");
    let support = generate::support(library, &shims)?;
    let mut package = Package::write(&folder.join("shims"), &build, &shims, files, &support)?;
    package.prune()?;
    let programs = package.build()?;
    let modes = arguments.modes(what);
    let there = measure::there(&package, &programs)?;
    let mut measured = run.measure(&package, &programs, &there, &modes, &|name| {
        name.contains(&arguments.test)
    })?;
    let files = sources.iter().enumerate().map(|(at, source)| {
        let place = wanted.iter().position(|wanted| *wanted == at);
        let shims =
            place.map(|place| (&package.files[place], std::mem::take(&mut measured[place])));
        control.file_report(at, source, shims)
    });
    let report = Report {
        std: format!("1.{}", library.version),
        rustc: compiler.text.clone(),
        modes,
        files: files.collect(),
        other_files: what
            .other()
            .sources(library)?
            .into_iter()
            .map(|source| source.path)
            .collect(),
    };
    let path = target.join(format!("{}.json", what.name()));
    json::write(&path, &report)?;
    eprintln!("written: {}", path.display());
    Ok(report)
}
