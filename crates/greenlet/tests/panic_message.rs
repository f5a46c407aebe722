//! What is printed when a greenlet panics.

mod child;
mod watchdog;

use greenlet::Builder;

const NOTE: &str =
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";

/// Runs `body` in a child that begins with std's default hook, and gives what it says on standard error.
fn said_by(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) -> Option<String> {
    if child::is(test) {
        // libtest's.
        drop(std::panic::take_hook());
        body();
        return None;
    }
    let output = child::command(test)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", child::show(&output));
    Some(child::stderr(&output))
}

#[test]
fn names_the_greenlet() {
    const NAME: &str = "names_the_greenlet";
    let _deadline = watchdog::within(30, NAME);
    let said = said_by(NAME, &[], || {
        let near = Builder::new().name("near".into()).spawn(|| {
            panic!("number {}", 1);
        });
        let near = near.unwrap();
        eprint!("id {};", near.id().as_u64());
        let Err(_) = near.join();
        let far = Builder::new().name("far".into()).spawn_worker(|| {
            eprint!("id {};", greenlet::current().id().as_u64());
            std::panic::panic_any(5)
        });
        let far = far.unwrap();
        let Err(_) = far.join().map(|never: ()| never) else {
            unreachable!()
        };
        assert!(greenlet::spawn(|| panic!("no name")).join().is_err());
    });
    let Some(said) = said else { return };
    let id = |n: usize| said.split("id ").nth(n).unwrap().split(';').next().unwrap();
    let expected = format!(
        "id {};\nthread 'near' ({}) panicked at {}:",
        id(1),
        id(1),
        file!()
    );
    assert!(said.contains(&expected), "{said}");
    assert!(said.contains(&format!(":\nnumber 1\n{NOTE}id ")), "{said}");
    let expected = format!("\nthread 'far' ({}) panicked at ", id(2));
    assert!(said.contains(&expected), "{said}");
    assert!(said.contains(":\nBox<dyn Any>\n"), "{said}");
    assert!(said.contains("\nthread '<unnamed>' ("), "{said}");
    assert!(said.contains(":\nno name\n"), "{said}");
    assert_eq!(said.matches(NOTE).count(), 1, "{said}");
    assert!(!said.contains("greenlet-worker"), "{said}");
}

#[test]
fn the_form_is_stds() {
    const NAME: &str = "the_form_is_stds";
    let _deadline = watchdog::within(30, NAME);
    fn fail() {
        panic!("line one\nline two");
    }
    let said = said_by(NAME, &[], || {
        let name = || String::from("same");
        let thread = std::thread::Builder::new().name(name());
        assert!(thread.spawn(fail).unwrap().join().is_err());
        eprint!("|");
        let greenlet = Builder::new().name(name());
        assert!(greenlet.spawn(fail).unwrap().join().is_err());
        eprint!("|");
    });
    let Some(said) = said else { return };
    // But for the number.
    let without_id = |text: &str| {
        let (before, rest) = text.split_once(" (").unwrap();
        format!("{before}{}", rest.split_once(')').unwrap().1)
    };
    let parts: Vec<_> = said.split('|').collect();
    assert_eq!(without_id(parts[0]), without_id(parts[1]));
}

#[test]
fn shows_a_backtrace_if_asked() {
    const NAME: &str = "shows_a_backtrace_if_asked";
    let _deadline = watchdog::within(60, NAME);
    for style in ["1", "full"] {
        let said = said_by(NAME, &[("RUST_BACKTRACE", style)], || {
            #[inline(never)]
            fn a_function_that_fails() {
                panic!("failed");
            }
            assert!(greenlet::spawn(a_function_that_fails).join().is_err());
        });
        let Some(said) = said else { return };
        assert!(said.contains(":\nfailed\nstack backtrace:\n"), "{said}");
        assert!(said.contains("a_function_that_fails"), "{said}");
        let note = "\nnote: Some details are omitted, run with `RUST_BACKTRACE=full`";
        assert_eq!(said.contains(note), style == "1", "{said}");
    }
}

#[test]
fn a_threads_own_greenlet_is_stds_to_report() {
    const NAME: &str = "a_threads_own_greenlet_is_stds_to_report";
    let _deadline = watchdog::within(30, NAME);
    let said = said_by(NAME, &[], || {
        let thread = std::thread::Builder::new().name("an OS thread".into());
        let failed = thread.spawn(|| {
            greenlet::yield_now();
            panic!("failed");
        });
        assert!(failed.unwrap().join().is_err());
    });
    let Some(said) = said else { return };
    assert!(said.contains("\nthread 'an OS thread' ("), "{said}");
}

#[test]
fn a_hook_of_the_user_is_called_instead() {
    const NAME: &str = "a_hook_of_the_user_is_called_instead";
    let _deadline = watchdog::within(30, NAME);
    let said = said_by(NAME, &[], || {
        // Without state, as std's.
        std::panic::set_hook(Box::new(|info| {
            eprintln!("the hook: {}", info.payload_as_str().unwrap());
        }));
        assert!(greenlet::spawn(|| panic!("failed")).join().is_err());
    });
    let Some(said) = said else { return };
    assert!(said.contains("the hook: failed\n"), "{said}");
    assert!(!said.contains("panicked at"), "{said}");
}

/// A report that nobody reads ends nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_standard_error_is_no_second_panic() {
    const NAME: &str = "a_closed_standard_error_is_no_second_panic";
    let _deadline = watchdog::within(30, NAME);
    child::run(NAME, &[], || {
        drop(std::panic::take_hook());
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        // SAFETY: both are open descriptors; the one that is replaced is this process's own.
        let replaced = unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&writer), 2) };
        assert_eq!(replaced, 2);
        assert!(greenlet::spawn(|| panic!("failed")).join().is_err());
    });
}
