use std::collections::HashSet;

use super::deadline;

#[test]
fn is_the_one_of_the_join_handle() {
    let _deadline = deadline::seconds(60);
    let handle = thread::spawn(|| thread::current().id());
    let id = handle.thread().id();
    assert_eq!(handle.join().unwrap(), id);
}

#[test]
fn stays_the_same() {
    let _deadline = deadline::seconds(60);
    let compares = || {
        let id = thread::current().id();
        thread::yield_now();
        thread::sleep(std::time::Duration::from_millis(1));
        assert_eq!(thread::current().id(), id);
        id
    };
    let own = compares();
    assert_ne!(thread::spawn(compares).join().unwrap(), own);
    assert_eq!(thread::current().id(), own);
}

#[test]
fn ids_are_never_given_twice() {
    let _deadline = deadline::seconds(60);
    let mut ids = HashSet::from([thread::current().id()]);
    for _ in 0..5 {
        let handles: Vec<_> = (0..50)
            .map(|_| thread::spawn(|| thread::current().id()))
            .collect();
        for handle in handles {
            assert!(ids.insert(handle.join().unwrap()));
        }
    }
}

#[test]
fn in_threads_of_std() {
    let _deadline = deadline::seconds(60);
    let describe = || {
        let current = thread::current();
        assert_eq!(current.id(), thread::current().id());
        (current.id(), current.name().map(str::to_owned))
    };
    let named = std::thread::Builder::new()
        .name("of std".into())
        .spawn(describe)
        .unwrap();
    let unnamed = std::thread::spawn(describe);
    let (named, unnamed) = (named.join().unwrap(), unnamed.join().unwrap());
    assert_eq!(named.1.as_deref(), Some("of std"));
    assert_eq!(unnamed.1, None);
    assert_ne!(named.0, unnamed.0);
}

#[test]
fn outlives_its_thread() {
    let _deadline = deadline::seconds(60);
    let builder = thread::Builder::new().name("gone".into());
    let gone = builder.spawn(thread::current).unwrap().join().unwrap();
    assert_eq!(gone.name(), Some("gone"));
    assert_eq!(gone.clone().id(), gone.id());
    gone.unpark();

    let gone = std::thread::spawn(thread::current).join().unwrap();
    assert_eq!(gone.name(), None);
    gone.unpark();
}

#[test]
fn debug() {
    let _deadline = deadline::seconds(60);
    let builder = thread::Builder::new().name("shown".into());
    let shown = builder.spawn(thread::current).unwrap().join().unwrap();
    let id = format!("{:?}", shown.id());
    let number = id
        .strip_prefix("ThreadId(")
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap();
    assert!(number.parse::<u64>().unwrap() > 0);
    assert_eq!(
        format!("{shown:?}"),
        format!("Thread {{ id: ThreadId({number}), name: Some(\"shown\"), .. }}")
    );
    assert_eq!(
        format!("{shown:#?}"),
        format!(
            "Thread {{\n    id: ThreadId(\n        {number},\n    ),\n    name: Some(\n        \"shown\",\n    ),\n    ..\n}}"
        )
    );

    let unnamed = thread::spawn(thread::current).join().unwrap();
    assert_eq!(
        format!("{unnamed:?}"),
        format!("Thread {{ id: {:?}, name: None, .. }}", unnamed.id())
    );
}
