//! The root greenlet of the main thread is called `main`. The test harness runs tests on threads of
//! its own, so this file has its own `main`.

mod deadline;

fn main() {
    let _deadline = deadline::seconds(60);

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
