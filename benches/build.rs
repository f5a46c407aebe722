//! Tells the program which compiler it was built with.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = env::var_os("RUSTC").expect("cargo sets it");
    let output = Command::new(compiler).arg("--version").output();
    let version = output.map_or_else(
        |_| "rustc, version unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    println!("cargo::rustc-env=RUSTC_VERSION={version}");
}
