//! This project beside its peers, in one run; see `benches/README.md`.

mod files;
mod micro;
mod net;

use benches::{child, external};
use std::env;
use std::process::ExitCode;

const USAGE: &str = "\
usage: benches micro|net|files [OPTION...]

    benches SUBJECT --help   its options
";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let is_child = arguments.first().is_some_and(|first| first == child::MARK);
    if is_child {
        arguments.remove(0);
    }
    match (arguments.split_first(), is_child) {
        (Some((name, rest)), false) if name == "micro" => micro::main(rest),
        (Some((name, rest)), true) if name == "micro" => micro::be_a_child(rest),
        (Some((name, rest)), false) if name == "net" => net::main(rest),
        (Some((name, rest)), true) if name == "net" => net::be_a_child(rest),
        (Some((name, rest)), false) if name == "files" => files::main(rest),
        (Some((name, rest)), true) if name == "files" => files::be_a_child(rest),
        (Some((name, rest)), true) if name == external::CHILD => external::be_a_child(rest),
        (Some((name, _)), _) if name == "--help" => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprint!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
