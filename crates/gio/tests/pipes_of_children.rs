//! Pipes that other processes have an end of. As long as a child has not become its program it holds open what it was not
//! given, too: so no test beside this one may close an end and look at the other.

mod fixture;

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use fixture::{everywhere, join};
use gio::pipe;

#[test]
fn a_child_process_gets_an_end() {
    everywhere(|| {
        let (to_child, mut writer) = pipe().unwrap();
        let (mut reader, from_child) = pipe().unwrap();
        let mut child = Command::new("cat")
            .stdin(Stdio::from(to_child))
            .stdout(from_child)
            .spawn()
            .unwrap();
        let sender = greenlet::spawn(move || writer.write_all(b"there and back").unwrap());
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "there and back");
        join(sender.join());
        assert!(child.wait().unwrap().success());
    });
}
