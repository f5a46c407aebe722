//! `sleep` and `yield_now`.
//! Everything in `both/sleep.rs` holds for std and for this crate.

mod deadline;

mod on_std {
    use std::thread;

    include!("both/sleep.rs");
}

mod on_greenlets {
    use gthread as thread;

    include!("both/sleep.rs");
}

/// Not rounded up to milliseconds, as timers of many event loops are.
#[test]
fn less_than_a_millisecond() {
    use std::time::{Duration, Instant};

    let _deadline = deadline::seconds(60);
    let time = Duration::from_micros(200);
    let sleep = move || {
        let begin = Instant::now();
        gthread::sleep(time);
        begin.elapsed()
    };
    // The machine may be busy now and then, but not each time.
    let best = (0..200).map(|_| sleep()).min().unwrap();
    assert!(
        (time..Duration::from_micros(900)).contains(&best),
        "{best:?}"
    );
    let best = gthread::spawn(move || (0..200).map(|_| sleep()).min().unwrap());
    let best = best.join().unwrap();
    assert!(
        (time..Duration::from_micros(900)).contains(&best),
        "{best:?}"
    );
}
