//! What there is for Unix.

mod fixture;

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;

use fixture::own_process::{is_a_child, this_test};
use fixture::{deadline, everywhere, join, on_worker, sh};
use gprocess::Command;
use gprocess::unix::CommandExt;

#[test]
fn a_greenlet_becomes_another_program() {
    let _deadline = deadline();
    if is_a_child() {
        let error = join(on_worker(|| Command::new("no-such-program").exec()).join());
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error =
            join(on_worker(|| sh("echo I am $0; exit 42").arg0("she").arg("it").exec()).join());
        panic!("{error}");
    }
    let output = this_test("a_greenlet_becomes_another_program")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("I am it\n"), "{text}");
    assert_eq!(output.status.code(), Some(42));
}

#[test]
fn what_is_run_before_the_program() {
    alone_and_in_company!(|| {
        let mut command = sh("pwd");
        // SAFETY: the closures make system calls, and errors that need no memory.
        unsafe {
            command.pre_exec(|| std::env::set_current_dir("/usr"));
            command.pre_exec(|| rustix::process::chdir("bin").map_err(io::Error::from));
        }
        assert_eq!(command.output().unwrap().stdout, b"/usr/bin\n");
        assert_eq!(command.output().unwrap().stdout, b"/usr/bin\n");
        // SAFETY: as above.
        unsafe { command.pre_exec(|| Err(io::Error::from_raw_os_error(7))) };
        assert_eq!(command.spawn().unwrap_err().raw_os_error(), Some(7));
        // SAFETY: as above.
        unsafe { command.pre_exec(|| unreachable!("the one before has failed")) };
        assert_eq!(command.status().unwrap_err().raw_os_error(), Some(7));
        let mut command = Command::new("true");
        // SAFETY: as above.
        #[expect(deprecated, reason = "std has it still")]
        unsafe {
            command.before_exec(|| Err(io::Error::from_raw_os_error(8)))
        };
        assert_eq!(command.output().unwrap_err().raw_os_error(), Some(8));
    });
}

/// In the copy of the process there are no threads that a call could be handed to.
#[test]
fn calls_before_the_program_are_made_in_place() {
    everywhere(|| {
        let _company = fixture::company();
        // The pool has threads already, in this process.
        assert_eq!(greenlet::offload(|| 1), 1);
        let mut command = sh("pwd");
        // SAFETY: the closure makes a system call.
        unsafe {
            command.pre_exec(|| {
                assert!(greenlet::is_alone());
                greenlet::offload(|| std::env::set_current_dir("/usr"))
            });
        }
        assert_eq!(command.output().unwrap().stdout, b"/usr\n");
    });
}

#[test]
fn settings() {
    alone_and_in_company!(|| {
        let me = std::fs::metadata("/proc/self").unwrap();
        let (user, group) = (me.uid(), me.gid());
        let output = sh("id -u; id -g").uid(user).gid(group).output().unwrap();
        assert_eq!(output.stdout, format!("{user}\n{group}\n").as_bytes());

        let output = Command::new("sh")
            .arg0("me")
            .args(["-c", "echo $0"])
            .output()
            .unwrap();
        assert_eq!(output.stdout, b"me\n");

        let child = sh("ps -o pgid= -p $$ || cut -d' ' -f5 /proc/$$/stat")
            .process_group(0)
            .stdout(gprocess::Stdio::piped())
            .spawn()
            .unwrap();
        let id = child.id().to_string();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), id);
        assert_eq!(
            Command::new("true")
                .process_group(-1)
                .spawn()
                .unwrap_err()
                .raw_os_error(),
            Some(22)
        );
    });
}

#[test]
fn the_parent_is_this_process() {
    alone_and_in_company!(|| {
        let output = sh("echo $PPID").output().unwrap();
        let id = gprocess::id().to_string();
        assert_eq!(output.stdout.trim_ascii(), id.as_bytes());
        assert_ne!(gprocess::unix::parent_id(), gprocess::id());
    });
}

#[test]
fn what_a_command_says_of_itself() {
    let mut command = Command::new("env");
    command
        .args(["a", "b"])
        .env("X", "1")
        .env_remove("Y")
        .current_dir("/");
    assert_eq!(command.get_program(), "env");
    assert!(command.get_args().eq(["a", "b"]));
    assert_eq!(command.get_current_dir().unwrap(), "/");
    let vars = [
        (OsStr::new("X"), Some(OsStr::new("1"))),
        (OsStr::new("Y"), None),
    ];
    assert!(command.get_envs().eq(vars));
}
