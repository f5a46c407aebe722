//! The exact output of `order`.

mod program;

use std::process::Command;

use program::Program;

#[test]
fn as_in_gevent() {
    let output = Program::start(&mut Command::new(env!("CARGO_BIN_EXE_order"))).output();
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "main waits\n\
         foo starts\n\
         bar starts\n\
         coo starts\n\
         doo starts\n\
         foo goes on\n\
         coo goes on\n\
         doo goes on\n\
         bar goes on\n\
         main goes on\n"
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
