//! The macros take what those of std take, and print the same.

mod fixture;

use std::io::{self, Write};

use fixture::{alone, collect, in_company, printed};

/// What `body` prints to the standard error.
fn printed_as_error(body: impl FnOnce()) -> String {
    let (reader, writer) = io::pipe().unwrap();
    let collected = collect(reader);
    let before = rustix::io::dup(rustix::stdio::stderr()).unwrap();
    rustix::stdio::dup2_stderr(&writer).unwrap();
    body();
    rustix::stdio::dup2_stderr(&before).unwrap();
    drop(writer);
    String::from_utf8(collected.join().unwrap()).unwrap()
}

/// Every form, by the macros of that crate.
macro_rules! forms {
    ($name:ident, $krate:ident, $print:ident, $println:ident) => {
#[rustfmt::skip]
        #[allow(clippy::all, reason = "the forms are the point")]
        fn $name() {
            let (name, width) = ("name", 7);
            $krate::$print!("");
            $krate::$print!("plain ");
            $krate::$print!("plain with a comma ",);
            $krate::$print!("{} {0} {:?} ", 1, "two");
            $krate::$print!("{name} {name:>width$} {other:width$} ", other = 3,);
            $krate::$print!("{{}} {:#x} {:>1$} ", 255, 5);
            $krate::$print!(concat!("joined {}", " "), 1);
            $krate::$println!();
            $krate::$println!("plain {{}}");
            $krate::$println!("{}", format_args!("{name}"));
            $krate::$println!("{}\n{}", 1, 2,);
            $krate::$println!("{name}",);
            $krate::$println!("{}", String::from("a temporary").as_str());
            $krate::$println!("{:?}", { $krate::$print!("first "); (1, [2]) });
            let () = $krate::$print!("a value\n");
            let () = $krate::$println!();
            if true { $krate::$println!("no semicolon") } else { $krate::$println!() }
            match 1 { 1 => $krate::$println!("an arm"), _ => $krate::$print!("") }
            let text = "ä€𝄞".repeat(3_000);
            $krate::$println!("{text}");
        }
    };
}

forms!(of_std, std, print, println);
forms!(of_gio, gio, print, println);
forms!(errors_of_std, std, eprint, eprintln);
forms!(errors_of_gio, gio, eprint, eprintln);

#[test]
fn all_forms_print_the_same() {
    alone("all_forms_print_the_same", || {
        let expected = printed(of_std);
        assert_eq!(printed(of_gio), expected);
        assert_eq!(printed(|| in_company(of_gio)), expected);
        let expected = printed_as_error(errors_of_std);
        assert_eq!(printed_as_error(errors_of_gio), expected);
        assert_eq!(printed_as_error(|| in_company(errors_of_gio)), expected);
    });
}

/// The same in gio's and in std's words, but for the columns.
macro_rules! debugged {
    ($name:ident, $krate:ident) => {
#[rustfmt::skip]
        fn $name() {
            #[derive(Debug, PartialEq)]
            struct Moved(Vec<u8>);
            let mut count = 0;
            let mut once = || { count += 1; count };
            assert_eq!($krate::dbg!(once()), 1);
            assert_eq!($krate::dbg!(once(),), 2);
            assert_eq!($krate::dbg!(Moved(vec![1])), Moved(vec![1]));
            assert_eq!($krate::dbg!(1, "two", [3.0]), (1, "two", [3.0]));
            assert_eq!($krate::dbg!(once(), once(),), (3, 4));
            assert_eq!($krate::dbg!(7 ,), 7);
            let () = $krate::dbg!();
            let text = $krate::dbg!(String::from("kept").as_str().len());
            assert_eq!(text, 4);
            let _: &dyn std::fmt::Debug = $krate::dbg!(&{ 5 });
            assert!($krate::dbg!({ "{}" } == "{}"));
        }
    };
}

const DEBUGGED: (u32, u32) = (line!() + 1, line!() + 2);
debugged!(debug_of_std, std);
debugged!(debug_of_gio, gio);

#[test]
fn dbg_prints_the_same() {
    alone("dbg_prints_the_same", || {
        let expected = printed_as_error(debug_of_std);
        // They stand one line after the other.
        let (std, gio) = DEBUGGED;
        let place = |line: u32| format!("[crates/gio/tests/macros.rs:{line}:1]");
        assert!(expected.starts_with(&place(std)), "{expected}");
        let expected = expected.replace(&place(std), &place(gio));
        assert_eq!(printed_as_error(debug_of_gio), expected);
        assert_eq!(printed_as_error(|| in_company(debug_of_gio)), expected);
    });
}

/// Under other names, beside something that is called as what they need, and without a prelude.
#[test]
fn the_expansion_needs_nothing_of_its_surroundings() {
    mod bare {
        #![allow(dead_code, unused_macros, reason = "they are not to be used")]
        use gio::{dbg as debug, println as line};
        mod std {}
        mod core {}
        macro_rules! format_args {
            ($($any:tt)*) => {
                compile_error!("not this one")
            };
        }
        pub(super) fn print() {
            line!("{}", debug!(1 + 1));
        }
    }
    alone("the_expansion_needs_nothing_of_its_surroundings", || {
        assert_eq!(printed(bare::print), "2\n");
        io::stdout().flush().unwrap();
    });
}
