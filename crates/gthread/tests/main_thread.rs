//! The root greenlet of the main thread is called `main`, and has values of its own, which go when `main` has returned.
//! The test harness runs tests on threads of its own, so this file has its own `main`.

mod deadline;

use std::env;
use std::process::Command;

/// Tells this program that it is its own child.
const CHILD: &str = "GTHREAD_TEST_CHILD";

struct Says(&'static str);

impl Drop for Says {
    fn drop(&mut self) {
        // It may park, as any destructor may.
        gthread::sleep(std::time::Duration::from_millis(1));
        println!("{} goes", self.0);
    }
}

gthread::thread_local! {
    static FIRST: Says = const { Says("first") };
    static SECOND: Says = const { Says("second") };
}

fn main() {
    let _deadline = deadline::seconds(60);
    if env::var_os(CHILD).is_some() {
        FIRST.with(|_| SECOND.with(|_| println!("main returns")));
        return;
    }
    the_main_threads_name();
    its_values_go_at_the_end();
}

fn its_values_go_at_the_end() {
    let child = env::current_exe().unwrap();
    let output = Command::new(child).env(CHILD, "").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "main returns\nsecond goes\nfirst goes\n");
}

fn the_main_threads_name() {
    let main = gthread::current();
    assert_eq!(main.name(), Some("main"));
    assert_eq!(
        format!("{main:?}"),
        format!("Thread {{ id: {:?}, name: Some(\"main\"), .. }}", main.id())
    );

    // Seen from elsewhere it is still main, and no other one is.
    let seen = main.clone();
    let greenlet = gthread::spawn(move || {
        assert_eq!(gthread::current().name(), None);
        seen.unpark();
        seen.name().map(str::to_owned)
    });
    gthread::park();
    assert_eq!(greenlet.join().unwrap().as_deref(), Some("main"));
}
