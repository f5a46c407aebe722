use super::{Remark, port};
use crate::map::Map;

fn ported(source: &str) -> super::Ported {
    port(source, &Map::current().unwrap()).unwrap()
}

#[track_caller]
fn becomes(source: &str, expected: &str) {
    let ported = ported(source);
    assert_eq!(ported.text, expected);
    assert_eq!(ported.left, []);
}

/// The lines and the paths of what is left.
fn left(source: &str) -> Vec<(usize, String)> {
    let left = ported(source).left.into_iter();
    left.map(|Remark { line, what, .. }| (line, what)).collect()
}

#[test]
fn a_name() {
    becomes("use std::net::TcpStream;", "use gnet::TcpStream;");
    becomes(
        "pub use ::std::sync::Mutex as Lock;",
        "pub use gsync::Mutex as Lock;",
    );
    becomes(
        "use std::thread::{spawn,\n    sleep};\n",
        "use gthread::{spawn,\n    sleep};\n",
    );
    becomes(
        "use std::sync::mpsc::{self, Sender};",
        "use gsync::mpsc::{self, Sender};",
    );
}

#[test]
fn a_module() {
    becomes("use std::thread;", "use gthread as thread;");
    becomes("use std::thread as t;", "use gthread as t;");
    becomes(
        "use std::net::{self, TcpStream};",
        "use gnet::{self as net, TcpStream};",
    );
    becomes("use std::sync::mpsc;", "use gsync::mpsc;");
    becomes("use std::time::*;", "use gtime::*;");
}

#[test]
fn several_modules_at_once() {
    becomes(
        "    use std::{env, thread, net::{TcpStream, TcpListener}, io::{self, Read}};\n",
        "    use std::env;\n    use gthread as thread;\n    use gnet::{TcpStream, TcpListener};\n    \
         use gio::{self as io, Read};\n",
    );
    becomes(
        "#[cfg(unix)]\npub(crate) use std::{thread::{self, JoinHandle}, sync::Arc as A};",
        "#[cfg(unix)]\npub(crate) use gthread::{self as thread, JoinHandle};\n#[cfg(unix)]\npub(crate) use gsync::Arc as A;",
    );
}

#[test]
fn an_attribute_is_repeated_as_it_was() {
    let ported = ported("#[a(std::thread::X)]\nuse std::{env, thread};");
    assert_eq!(
        ported.text,
        "#[a(std::thread::X)]\nuse std::env;\n#[a(std::thread::X)]\nuse gthread as thread;"
    );
}

#[test]
fn what_is_not_stds_stays() {
    for source in [
        "use std::collections::HashMap;\nuse crate::std::net::X;\nuse self::net;\n",
        "fn f() { a::std::net::X; x.std::<u8>(); <T>::std::net::f() }",
        "fn f() -> impl Iterator<Item = u8> + use<'_> { std::iter::empty() }",
        "mod std_net; use std_net::TcpStream;",
        "extern crate std; extern crate alloc as a;",
        "#!/usr/bin/env run\nfn main() {}\n",
        "#![allow(dead_code)]\n",
        "",
    ] {
        becomes(source, source);
    }
}

#[test]
fn paths_in_the_code() {
    becomes(
        "fn f(s: &std::net::TcpStream) -> ::std::thread::Result<std::sync::Arc<u8>> { std::thread::spawn(f).join() }",
        "fn f(s: &gnet::TcpStream) -> gthread::Result<gsync::Arc<u8>> { gthread::spawn(f).join() }",
    );
    becomes(
        "fn f() { for i in 0..std::time::X {} }",
        "fn f() { for i in 0..gtime::X {} }",
    );
    // The import has changed already.
    becomes(
        "use std::thread;\nfn f() { thread::yield_now() }",
        "use gthread as thread;\nfn f() { thread::yield_now() }",
    );
}

#[test]
fn paths_in_macros() {
    becomes(
        "macro_rules! m { () => { { use std::thread; thread::park(); std::thread::park() } } }",
        "macro_rules! m { () => { { use gthread as thread; thread::park(); gthread::park() } } }",
    );
    becomes(
        "fn f() { println!(\"{:?}\", std::thread::current()); }",
        "fn f() { gio::println!(\"{:?}\", gthread::current()); }",
    );
    // A method, and a macro that is no macro of std's.
    becomes(
        "fn f() { a.print(); std::dbg!(1); vec![1]; }",
        "fn f() { a.print(); gio::dbg!(1); vec![1]; }",
    );
    becomes(
        "thread_local! { static X: u8 = 1; }\nstd::thread_local! {}",
        "gthread::thread_local! { static X: u8 = 1; }\ngthread::thread_local! {}",
    );
}

#[test]
fn text_keeps_its_form() {
    becomes(
        "use   std :: net :: { TcpStream , /* and */ Shutdown } ; // \u{e4}\u{1F980}\nfn f(){std::thread::park( )}",
        "use   gnet :: { TcpStream , /* and */ Shutdown } ; // \u{e4}\u{1F980}\nfn f(){gthread::park( )}",
    );
    becomes(
        "\u{feff}use std::thread;\r\n",
        "\u{feff}use gthread as thread;\r\n",
    );
}

#[test]
fn what_blocks_is_named() {
    let source = "use std::os::unix::thread::JoinHandleExt;\nuse std::os::unix::thread as t;\n\nfn f<T: t::JoinHandleExt>() {}\n\
                  use tokio::spawn;\nfn g() { rayon::join(a, b) }\n";
    let what = |line, what: &str| (line, what.to_owned());
    assert_eq!(
        left(source),
        [
            what(1, "std::os::unix::thread::JoinHandleExt"),
            what(4, "std::os::unix::thread::JoinHandleExt"),
            what(5, "tokio"),
            what(6, "rayon"),
        ]
    );
}

#[test]
fn processes_are_replaced() {
    let source = "use std::os::unix::process::CommandExt;\nuse std::process::{self, Command};\n";
    becomes(
        source,
        "use gprocess::unix::CommandExt;\nuse gprocess::{self as process, Command};\n",
    );
}

#[test]
fn sockets_of_every_kind_are_replaced() {
    let source = "use std::net::UdpSocket;\nuse std::os::unix::net::{SocketAddr, UnixStream};\n";
    becomes(
        source,
        "use gnet::UdpSocket;\nuse gnet::unix::{SocketAddr, UnixStream};\n",
    );
    assert_eq!(left(source), []);
}

#[test]
fn what_is_hidden_is_named() {
    assert_eq!(left("use std::*;"), [(1, "std".to_owned())]);
    assert_eq!(left("extern crate std as s;"), [(1, "std".to_owned())]);
    let all_of_threads = left("use std::os::unix::thread::*;");
    assert_eq!(all_of_threads, [(1, "std::os::unix::thread".to_owned())]);
}

/// A module that holds more than the shim: paths through it are written out.
#[test]
fn paths_through_a_module_that_stays() {
    becomes(
        "use std::{self as s};\nfn f() { s::thread::park() }",
        "use std::{self as s};\nfn f() { gthread::park() }",
    );
}

#[test]
fn comments_and_strings_are_mentioned() {
    let ported = ported(
        "//! See std::net::TcpStream.\nconst X: &str = \"std::thread\";\n// std::collections\n",
    );
    assert_eq!(ported.left, []);
    let lines: Vec<_> = ported.mentioned.iter().map(|remark| remark.line).collect();
    assert_eq!(lines, [1, 2]);
}

#[test]
fn what_is_not_rust_is_an_error() {
    assert!(port("fn f( {", &Map::current().unwrap()).is_err());
}
