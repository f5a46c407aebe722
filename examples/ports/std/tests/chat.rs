//! `chat` on std and on gstd.

mod both;

use std::process::Command;
use std::thread;

use both::{Both, Client, Outcome, Server};

fn chat() -> Both {
    Both::of(env!("CARGO_BIN_EXE_chat-std"))
}

/// Connects and says a name that is good.
fn join(server: &Server, name: &str) -> (Client, Vec<String>) {
    let mut client = Client::new(server);
    let question = client.line();
    client.send(name);
    let answer = client.line();
    (client, vec![question, answer])
}

#[test]
fn a_conversation() {
    chat().same(|command| {
        let mut server = Server::start(command);
        let mut said = Vec::new();

        let (mut ann, lines) = join(&server, "ann");
        said.push(lines);
        let (mut bob, lines) = join(&server, "bob");
        said.push(lines);
        said.push(ann.lines(1));

        let mut cat = Client::new(&server);
        for name in ["", "two words", "a_name_that_is_too_long", "bob", " cat\r"] {
            said.push(cat.lines(1));
            cat.send(name);
            said.push(cat.lines(1));
        }
        said.push(ann.lines(1));
        said.push(bob.lines(1));

        ann.send("hello\tall \u{7}of you, \u{e4}\u{f6}\u{fc}\r");
        said.push([ann.lines(1), bob.lines(1), cat.lines(1)].concat());
        bob.send("");
        bob.send("/who");
        said.push(bob.lines(1));

        server.command("say tea is ready");
        said.push([ann.lines(1), bob.lines(1), cat.lines(1)].concat());
        server.command("who");
        server.command("kick dan");
        server.command("dance");
        server.command("kick cat");
        said.push([ann.lines(1), bob.lines(1), cat.lines(1)].concat());
        bob.send("/quit");
        said.push([ann.lines(1), bob.lines(1)].concat());

        // One that has no name yet is sent away as well.
        let mut dan = Client::new(&server);
        said.push(dan.lines(1));
        server.command("quit");
        said.push([ann.lines(2), dan.lines(1)].concat());
        (said, server.end())
    });
}

#[test]
fn lines_that_are_too_long_and_rooms_that_are_full() {
    chat().same(|command| {
        let server = Server::start(command.args(["--clients", "2"]));
        let mut said = Vec::new();
        let (mut ann, _) = join(&server, "ann");
        let (mut bob, _) = join(&server, "bob");
        let (mut cat, lines) = join(&server, "cat");
        said.push(lines);
        said.push([ann.lines(1), cat.lines(1)].concat());
        // Nothing after it: unread, it would reset the connection.
        bob.send(&"x".repeat(1024));
        said.push([ann.lines(1), bob.lines(1)].concat());
        cat.send("cat");
        said.push([ann.lines(1), cat.lines(1)].concat());
        (said, server.end())
    });
}

#[test]
fn two_hundred_clients() {
    const COUNT: usize = 200;
    let scene = |command: &mut Command| {
        let server = Server::start(command.args(["--queue", "1000"]));
        let mut clients: Vec<_> = (0..COUNT)
            .map(|number| join(&server, &format!("c{number}")).0)
            .collect();
        let threads = server.threads();
        thread::scope(|scope| {
            for (number, client) in clients.iter_mut().enumerate() {
                scope.spawn(move || client.send(&format!("I am {number}")));
            }
        });
        let heard: Vec<Vec<String>> = clients
            .iter_mut()
            .enumerate()
            .map(|(number, client)| {
                let joined = client.lines(COUNT - 1 - number);
                let mut said = client.lines(COUNT);
                said.sort_unstable();
                [joined, said].concat()
            })
            .collect();
        for client in clients.drain(..) {
            let mut client = client;
            client.send("/quit");
            while !client.line().is_empty() {}
        }
        (threads, heard, server.quit())
    };
    let both = chat();
    let (std_threads, std_heard, std_outcome) = scene(&mut both.std());
    let (threads, heard, outcome) = scene(both.gstd().env("GREENLET_WORKERS", "2"));
    assert!(heard == std_heard, "{heard:?}");
    assert_eq!(outcome, std_outcome);
    // Two a client, that of `main`, and that which accepts.
    assert_eq!(std_threads, 2 * COUNT + 2);
    assert!(threads < 20, "{threads} threads");
}

#[test]
fn who_does_not_read_is_thrown_out() {
    chat().same(|command| {
        let server = Server::start(command.args(["--queue", "20"]));
        let (_slow, _) = join(&server, "slow");
        let (mut ann, _) = join(&server, "ann");
        let (mut bob, _) = join(&server, "bob");
        let mut notices = vec![ann.line()];
        // How many lines the system keeps for the slow one is its own affair.
        let text = "blah ".repeat(200);
        let said = format!("<ann> {}\n", text.trim());
        loop {
            ann.send(&text);
            let line = ann.line();
            if line == said {
                assert_eq!(bob.line(), said);
                continue;
            }
            // The line comes after the notice that it has caused only for who waits for the own words.
            notices.push(line);
            assert_eq!(ann.line(), said);
            assert_eq!(bob.line(), said);
            notices.push(bob.line());
            break;
        }
        ann.send("/who");
        notices.push(ann.line());
        // Of what was on its way to the slow one, nothing is known but that it does not arrive.
        let Outcome { code, stdout, .. } = server.end();
        (notices, code, stdout)
    });
}

#[test]
fn says_what_is_wrong() {
    let both = chat();
    for arguments in [
        &["--help"][..],
        &["--queue", "0"],
        &["--queue"],
        &["--loud"],
        &["a", "b"],
        &["no address"],
    ] {
        both.same(|command| Outcome::run(command.args(arguments)));
    }
    both.differ_in_threads(&[]);
}
