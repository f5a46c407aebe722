//! Greenlets of `greenlet::spawn`, on the caller's own hub, are threads to this crate like those of
//! `gthread::spawn`: they have a name and an id, and they park and are unparked.

mod deadline;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

#[test]
fn have_names_and_ids() {
    let _deadline = deadline::seconds(60);
    let local = greenlet::Builder::new()
        .name("local".into())
        .spawn(gthread::current)
        .unwrap();
    let id = local.id().as_u64();
    let thread = local.join().unwrap();
    assert_eq!(thread.name(), Some("local"));
    assert_eq!(format!("{:?}", thread.id()), format!("ThreadId({id})"));
    assert_ne!(thread.id(), gthread::current().id());
}

#[test]
fn park_and_are_unparked() {
    let _deadline = deadline::seconds(60);
    const TURNS: u32 = 100;
    let turn = Rc::new(Cell::new(0));
    let root = gthread::current();
    let known = Rc::new(RefCell::new(None));
    let local = greenlet::spawn({
        let (turn, known) = (Rc::clone(&turn), Rc::clone(&known));
        move || {
            *known.borrow_mut() = Some(gthread::current());
            while turn.get() < TURNS {
                turn.set(turn.get() + 1);
                root.unpark();
                gthread::park();
            }
        }
    });
    gthread::park();
    let thread = known.take().unwrap();
    for turns in 1..TURNS {
        assert_eq!(turn.get(), turns);
        thread.unpark();
        gthread::park();
    }
    thread.unpark();
    local.join().unwrap();
    assert_eq!(turn.get(), TURNS);
}
