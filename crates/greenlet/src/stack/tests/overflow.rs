//! What ends a process, or uses up what it may have: each in a process of its own.

use std::env;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

use super::*;

/// Runs the test of this name in a process of its own, where [`is_child`] is true.
fn in_child(test: &str) -> Output {
    let module = module_path!()
        .split_once("::")
        .expect("the crate's name comes first")
        .1;
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("{module}::{test}"),
            "--nocapture",
            "--test-threads=1",
        ])
        .env("GREENLET_STACK_TEST_CHILD", test)
        .output()
        .unwrap()
}

fn is_child() -> bool {
    env::var_os("GREENLET_STACK_TEST_CHILD").is_some()
}

fn stderr_of(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Recurses until the stack is used up.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == u64::MAX {
        0
    } else {
        recurse(depth + 1) + std::hint::black_box(frame)[1]
    }
}

extern "C" fn overflow_here(_: *mut libc::c_void) -> *mut libc::c_void {
    let _alt_stack = ensure_alt_stack();
    recurse(0);
    ptr::null_mut()
}

/// Runs `overflow_here` on `stack`, as a bare thread of the system.
fn overflow_on(stack: Stack) {
    // SAFETY: the thread gets memory that nobody else uses, and ends before `stack` does.
    unsafe {
        let mut attributes = mem::zeroed();
        let mut thread = mem::zeroed();
        assert_eq!(libc::pthread_attr_init(&mut attributes), 0);
        let size = usable(&stack) & !(page_size() - 1);
        assert_eq!(
            libc::pthread_attr_setstack(&mut attributes, stack.bottom().cast(), size),
            0
        );
        let made = libc::pthread_create(&mut thread, &attributes, overflow_here, ptr::null_mut());
        assert_eq!(made, 0);
        libc::pthread_join(thread, ptr::null_mut());
    }
}

#[test]
fn an_overflow_names_the_greenlet() {
    if is_child() {
        let stack = single(isolated(), Class::DEFAULT);
        let name = "wörker 7";
        // SAFETY: the name is static.
        unsafe { stack.set_owner(name.as_ptr(), name.len()) };
        return overflow_on(stack);
    }
    let output = in_child("an_overflow_names_the_greenlet");
    let message = "\ngreenlet 'wörker 7' has overflowed its stack\n\
                   fatal runtime error: stack overflow, aborting\n";
    let stderr = stderr_of(&output);
    assert!(stderr.contains(message), "{stderr}");
    assert_eq!(output.status.signal(), Some(libc::SIGABRT));
}

#[test]
fn an_overflow_without_a_name_or_markers_is_reported_too() {
    if is_child() {
        return overflow_on(single(isolated_without_markers(), Class::DEFAULT));
    }
    let stderr = stderr_of(&in_child(
        "an_overflow_without_a_name_or_markers_is_reported_too",
    ));
    assert!(
        stderr.contains("greenlet '<unnamed>' has overflowed its stack"),
        "{stderr}"
    );
}

#[test]
fn an_overflow_of_a_thread_is_still_the_standard_librarys() {
    if is_child() {
        let _stack = single(isolated(), Class::DEFAULT);
        let overflow = || recurse(0);
        let thread = thread::Builder::new()
            .name("other".to_owned())
            .spawn(overflow)
            .unwrap();
        let _ = thread.join();
        return;
    }
    let stderr = stderr_of(&in_child(
        "an_overflow_of_a_thread_is_still_the_standard_librarys",
    ));
    assert!(stderr.contains("thread 'other'"), "{stderr}");
    assert!(!stderr.contains("greenlet '"), "{stderr}");
}

#[test]
fn any_other_fault_ends_the_process_as_before() {
    if is_child() {
        let _stack = single(isolated(), Class::DEFAULT);
        // SAFETY: none: this is the fault to be handled.
        unsafe { ptr::without_provenance_mut::<u8>(64).write_volatile(1) };
        return;
    }
    let output = in_child("any_other_fault_ends_the_process_as_before");
    let stderr = stderr_of(&output);
    assert!(!stderr.contains("overflowed"), "{stderr}");
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV));
}

/// What the test of this name prints in a process of its own.
#[cfg(target_os = "linux")]
fn stdout_of_child(test: &str) -> String {
    let output = in_child(test);
    assert!(output.status.success());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Reserves until there are no more, and prints why. Nothing is lost then: what could be had is
/// there, and a reservation that is given back can be had again.
#[cfg(target_os = "linux")]
fn reserve_all(global: &'static Global, class: Class) {
    let mut pool = HubPool::of(global);
    let error = loop {
        if let Err(error) = pool.reserve(class) {
            break error;
        }
    };
    println!("\n{error} ({:?})", error.kind());
    let (available, committed, cold) = global.account(class);
    assert!(committed == available && cold == available);
    pool.unreserve(class);
    pool.reserve(class).unwrap();
    let stack = pool.take(class);
    pool.give(stack);
}

#[test]
#[cfg(target_os = "linux")]
fn running_out_of_mappings_names_the_limit() {
    if is_child() {
        return reserve_all(isolated_without_markers(), kib(32));
    }
    let stdout = stdout_of_child("running_out_of_mappings_names_the_limit");
    assert!(
        stdout.contains("raise it with `sysctl -w vm.max_map_count="),
        "{stdout}"
    );
    assert!(stdout.contains("(OutOfMemory)"), "{stdout}");
}

#[test]
#[cfg(target_os = "linux")]
fn running_out_of_address_space_names_the_limit() {
    if is_child() {
        let limit = libc::rlimit {
            rlim_cur: 4 << 30,
            rlim_max: 4 << 30,
        };
        // SAFETY: only lowers a limit of this process.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0);
        for class in [kib(1 << 20), kib(4096), Class::DEFAULT] {
            reserve_all(isolated(), class);
        }
        return;
    }
    let stdout = stdout_of_child("running_out_of_address_space_names_the_limit");
    assert_eq!(
        stdout.matches("that RLIMIT_AS allows: raise it").count(),
        3,
        "{stdout}"
    );
    assert_eq!(stdout.matches("(OutOfMemory)").count(), 3, "{stdout}");
}

#[test]
#[cfg(target_os = "linux")]
fn many_stacks_take_few_mappings() {
    fn page_table_bytes() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmPTE:"));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse::<usize>().unwrap() << 10
    }
    if is_child() {
        let global = isolated();
        let before = page_table_bytes();
        global.reserve(Class::DEFAULT, 20_000).unwrap();
        // A page for eight, if each had its guard.
        let grown = page_table_bytes() - before;
        assert!(!global.guards.has_markers() || grown < 1 << 20, "{grown}");
        assert_eq!(global.account(Class::DEFAULT), (20_000, 20_000, 20_000));
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        // A kernel without guard markers has to split mappings.
        assert!(!global.guards.has_markers() || maps.lines().count() < 200);
        return;
    }
    assert!(in_child("many_stacks_take_few_mappings").status.success());
}

#[test]
fn a_thread_gets_an_alternate_signal_stack_while_it_wants_one() {
    fn current() -> (usize, bool) {
        // SAFETY: only asks.
        unsafe {
            let mut stack: libc::stack_t = mem::zeroed();
            assert_eq!(libc::sigaltstack(ptr::null(), &mut stack), 0);
            (stack.ss_sp.addr(), stack.ss_flags & libc::SS_DISABLE == 0)
        }
    }
    extern "C" fn bare_thread(_: *mut libc::c_void) -> *mut libc::c_void {
        assert!(!current().1);
        let guard = ensure_alt_stack();
        let ours = current();
        assert!(ours.1);
        // A second one leaves the first alone.
        drop(ensure_alt_stack());
        assert_eq!(current(), ours);
        let below = ptr::with_exposed_provenance_mut(ours.0 - page_size());
        assert!(faults(below));
        drop(guard);
        assert!(!current().1);
        ptr::null_mut()
    }
    // A thread that std spawns has one already.
    // SAFETY: a thread that uses nothing of this one.
    unsafe {
        let mut thread = mem::zeroed();
        let made = libc::pthread_create(&mut thread, ptr::null(), bare_thread, ptr::null_mut());
        assert_eq!(made, 0);
        assert_eq!(libc::pthread_join(thread, ptr::null_mut()), 0);
    }
}
