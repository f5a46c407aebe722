//! The command `parity`, as a user calls it, with a small shim of a tiny std.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The pages of the tiny std.
fn documentation() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tiny-std");
        let output = Command::new("rustdoc")
            // Or it could not be told from the real one.
            .args(["--crate-name", "std", "-C", "metadata=tiny"])
            .args(["--edition", "2024", "--out-dir"])
            .arg(&folder)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiny_std/std.rs"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        folder
    })
}

/// A type of std, and one of its own: a method, an impl and a type is missing, and a signature is another.
const SHIM: &str = r#"
    pub use std::net::Shutdown;

    #[derive(Debug)]
    pub struct Ipv4Addr([u8; 4]);

    impl Ipv4Addr {
        pub const fn new(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
            Ipv4Addr([a, b, c, d])
        }

        pub const fn is_loopback(&self) -> bool {
            self.0[0] == 127
        }

        pub const fn is_private(&self) -> u8 {
            self.0[0]
        }
    }
"#;

fn parity(folder: &Path, map: &str, arguments: &[&str]) -> Output {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "shims.toml",
        &format!("[map]\n{map}\n[dependencies]\nshim = {{ path = \"shim\" }}\n"),
    );
    write(
        "shim/Cargo.toml",
        "[package]\nname = \"shim\"\nedition = \"2024\"\n",
    );
    write("shim/src/lib.rs", SHIM);
    Command::new(env!("CARGO_BIN_EXE_compat-tests"))
        .args(["parity", "--shims"])
        .arg(folder.join("shims.toml"))
        .arg("--out")
        .arg(folder.join("out"))
        .env("STD_DOCS", documentation())
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn what_a_shim_lacks_is_listed() {
    let folder = TempDir::new().unwrap();
    let map = "\"std::net\" = \"shim\"\n\"std::time\" = \"shim::time\"";
    let output = parity(folder.path(), map, &["--modules", "std::net", "--list"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}{errors}");
    let has = |start: &str| said.lines().any(|line| line.starts_with(start));

    assert!(has("  struct     Ipv6Addr (with "), "{said}");
    assert!(has("  method     Ipv4Addr: octets"), "{said}");
    assert!(has("  signature  Ipv4Addr: is_private -- E0308 "), "{said}");
    assert!(
        has("  impl       Ipv4Addr: From<[u8; 4]> for Ipv4Addr"),
        "{said}"
    );

    assert!(!said.contains("Ipv4Addr: new"), "{said}");
    assert!(!said.contains("Ipv4Addr: is_loopback"), "{said}");
    assert!(!said.contains("Ipv4Addr: Debug for"), "{said}");
    assert!(!said.contains("Shutdown:"), "{said}");
    assert!(!said.contains("colour"), "{said}");
    // A missing method stands for its signature, a missing type for its methods.
    assert!(!has("  signature  Ipv4Addr: octets"), "{said}");
    assert!(!said.contains("Ipv6Addr: "), "{said}");
    // The other module is not measured.
    assert!(!said.contains("std::time"), "{said}");
}

#[test]
fn a_module_without_a_shim_is_no_module() {
    let folder = TempDir::new().unwrap();
    let output = parity(
        folder.path(),
        "\"std::net\" = \"shim\"",
        &["--modules", "std::sync"],
    );
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("std::sync has no shim"), "{errors}");
}

#[test]
fn without_the_documentation_it_fails_and_says_how_to_get_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_compat-tests"))
        .arg("parity")
        .env("STD_DOCS", "/no/such/folder")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    for way in ["rustup component add rust-docs", "rust-doc ", "STD_DOCS"] {
        assert!(errors.contains(way), "{errors}");
    }
}
