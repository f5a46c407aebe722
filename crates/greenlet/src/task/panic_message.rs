//! What the default panic hook says, for a greenlet instead of its thread.
//!
//! std's default hook names the OS thread, which is a worker that the user has never heard of. When a hub puts its
//! wrapper around that hook, a panic of a spawned greenlet is reported from here, in std's form. A hook that the user has
//! set, or libtest, is called for every panic as it is.

use super::Core;
use once_cell::sync::OnceCell;
use std::backtrace::Backtrace;
use std::env;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::panic::{self, PanicHookInfo};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// Takes the panic hook, and says whether it is the one that std begins with.
pub(super) fn take_hook() -> (Hook, bool) {
    let hook = panic::take_hook();
    // That call has put std's own in its place. It has no state, so it is told by its vtable alone, which no other
    // type has. A vtable that the compiler has made twice would have us name the thread, as without all this.
    let default = panic::take_hook();
    let is_default = ptr::eq(&raw const *hook, &raw const *default);
    (hook, is_default)
}

/// What RUST_BACKTRACE asks for.
#[derive(Clone, Copy)]
enum Style {
    Off,
    Short,
    Full,
}

impl Style {
    /// Read once, as by std.
    fn get() -> Style {
        static STYLE: OnceCell<Style> = OnceCell::new();
        *STYLE.get_or_init(|| match env::var_os("RUST_BACKTRACE") {
            None => Style::Off,
            Some(value) if value == "0" => Style::Off,
            Some(value) if value == "full" => Style::Full,
            Some(_) => Style::Short,
        })
    }
}

/// Reports a panic of `core`, on standard error. A report that cannot be written is lost, as std's is: `eprintln!` would
/// panic, and that inside of the hook is the end of the process.
pub(super) fn print(core: &Core, info: &PanicHookInfo<'_>) {
    let message = message(core, info);
    let _ = io::stderr().lock().write_all(message.as_bytes());
}

fn message(core: &Core, info: &PanicHookInfo<'_>) -> String {
    static NOTED: AtomicBool = AtomicBool::new(false);
    let name = core.name().unwrap_or("<unnamed>");
    let id = core.id().as_u64();
    let what = info.payload_as_str().unwrap_or("Box<dyn Any>");
    let mut text = format!("\nthread '{name}' ({id}) panicked");
    if let Some(location) = info.location() {
        let _ = write!(text, " at {location}");
    }
    let _ = writeln!(text, ":\n{what}");
    let _ = match Style::get() {
        Style::Off if NOTED.swap(true, Ordering::Relaxed) => Ok(()),
        Style::Off => writeln!(
            text,
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"
        ),
        Style::Short => writeln!(
            text,
            "stack backtrace:\n{}note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.",
            Backtrace::force_capture()
        ),
        Style::Full => write!(text, "stack backtrace:\n{:#}", Backtrace::force_capture()),
    };
    text
}
