//! What the macros expand to.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::stream::{STDERR, STDOUT};

/// `test` says whether the crate that prints was compiled as a test.
#[doc(hidden)]
pub fn print(args: fmt::Arguments<'_>, test: bool) {
    STDOUT.print(args, is_harness(test));
}

/// The same for the standard error.
#[doc(hidden)]
pub fn eprint(args: fmt::Arguments<'_>, test: bool) {
    STDERR.print(args, is_harness(test));
}

/// Whether libtest may capture what threads of this process print: whether any crate was compiled as a test, or the
/// executable is called as cargo calls its tests.
fn is_harness(test: bool) -> bool {
    static COMPILED: AtomicBool = AtomicBool::new(false);
    static CALLED: OnceLock<bool> = OnceLock::new();
    if test {
        COMPILED.store(true, Relaxed);
    }
    let is_called_so =
        || env::current_exe().is_ok_and(|path| path.file_name().is_some_and(is_name_of_test));
    COMPILED.load(Relaxed) || *CALLED.get_or_init(is_called_so)
}

/// Whether it ends in a hyphen and 16 hexadecimal digits.
fn is_name_of_test(name: &OsStr) -> bool {
    let hash = name.as_bytes().rsplit(|&byte| byte == b'-').next();
    hash.is_some_and(|hash| {
        hash.len() == 16 && hash.len() < name.len() && hash.iter().all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tests() {
        for (name, is_one) in [
            ("gio-0123456789abcdef", true),
            ("with-hyphens-0123456789abcdef", true),
            ("-0123456789abcdef", true),
            ("0123456789abcdef", false),
            ("gio", false),
            ("gio-0123456789abcde", false),
            ("gio-0123456789abcdef0", false),
            ("gio-0123456789abcdeg", false),
            ("", false),
        ] {
            assert_eq!(is_name_of_test(OsStr::new(name)), is_one, "{name}");
        }
    }
}
