//! A chat server for lines of text, two threads a client: `chat [OPTIONS] [ADDR]`.
//!
//! A client says its name, and from then on whatever it sends goes to all. A client has a queue of lines that it is to be
//! sent. One that does not read them as fast as the others talk is thrown out when its queue is full: nobody
//! ever waits for another. Who comes and goes is printed, and whoever runs the server has to read that.

mod acceptor;
mod options;

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use acceptor::{Acceptor, Connection, wait_for_quit};
use options::Options;

const USAGE: &str = "\
usage: chat [OPTIONS] [ADDR]
Serves a chat room on ADDR, by default on a free port of 127.0.0.1.
  --clients N   how many may be connected at once, by default 1000
  --queue N     how many lines may wait for a client, by default 256
Clients: a line is a message; /who tells who is here, /quit leaves.
Standard input: who, say TEXT, kick NAME; quit or its end ends the server.
";

/// How long a client may take to say its name.
const NAME_TIME: Duration = Duration::from_secs(30);
/// How long a client may take nothing of what it is sent.
const WRITE_TIME: Duration = Duration::from_secs(10);
/// Bytes of a line.
const LINE_LIMIT: u64 = 1024;
const NAME_LIMIT: usize = 20;

/// One copy of a line, however many it goes to.
type Line = Arc<str>;

/// Those who have said their names.
struct Room {
    members: Mutex<Members>,
    client_limit: usize,
    queue_limit: usize,
}

#[derive(Default)]
struct Members {
    closed: bool,
    by_name: BTreeMap<String, Member>,
}

struct Member {
    queue: SyncSender<Line>,
    stream: TcpStream,
}

impl Room {
    /// Lets somebody in under a name, and gives the lines that it is to be sent, or why it must not come in.
    fn join(&self, name: &str, stream: TcpStream) -> Result<Receiver<Line>, &'static str> {
        let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.chars().count() > NAME_LIMIT || !name.chars().all(plain) {
            return Err("a name has 1 to 20 letters, digits, '_' or '-'");
        }
        let mut members = self.members.lock().unwrap();
        if members.closed {
            return Err("the server ends");
        }
        if members.by_name.contains_key(name) {
            return Err("that name is taken");
        }
        if members.by_name.len() >= self.client_limit {
            return Err("there is no room, try again later");
        }
        members.send_all(&format!("* {name} has joined"), None);
        let (queue, lines) = sync_channel(self.queue_limit);
        let member = Member { queue, stream };
        members.by_name.insert(name.to_owned(), member);
        // Its queue is empty: there is room.
        let _ = members.by_name[name].queue.try_send(members.who().into());
        println!("{name} has joined");
        Ok(lines)
    }

    /// Sends what `name` says to all, to itself, too. Who talks faster than it reads its own words waits here, and keeps
    /// nobody else waiting.
    fn say(&self, name: &str, text: &str) {
        let line: Line = format!("<{name}> {text}").into();
        let mut members = self.members.lock().unwrap();
        members.send_all(&line, Some(name));
        let own = members.by_name.get(name).map(|own| own.queue.clone());
        drop(members);
        if let Some(own) = own {
            // An error: the connection has just ended.
            let _ = own.send(line);
        }
    }

    /// Tells `name` who is here. Like its own words, that may wait.
    fn answer_who(&self, name: &str) {
        let members = self.members.lock().unwrap();
        let own = members.by_name.get(name).map(|own| own.queue.clone());
        let who = members.who();
        drop(members);
        if let Some(own) = own {
            let _ = own.send(who.into());
        }
    }

    /// Removes `name`, if that has not happened yet.
    fn leave(&self, name: &str, how: &str) -> bool {
        let mut members = self.members.lock().unwrap();
        let Some(member) = members.by_name.remove(name) else {
            return false;
        };
        // What is in its queue is still sent: the writer ends with the queue.
        drop(member.queue);
        let _ = member.stream.shutdown(Shutdown::Read);
        println!("{name} {how}");
        members.send_all(&format!("* {name} {how}"), None);
        true
    }

    /// Sends a last line to all, and lets nobody in any more.
    fn close(&self) {
        let mut members = self.members.lock().unwrap();
        members.closed = true;
        members.send_all("* the server ends", None);
        members.by_name.clear();
    }
}

impl Members {
    fn who(&self) -> String {
        let names: Vec<_> = self.by_name.keys().map(String::as_str).collect();
        format!("* here: {}", names.join(", "))
    }

    /// Queues `line` for all but one. Throws out those whose queue is full, and says so to the others.
    fn send_all(&mut self, line: &str, but: Option<&str>) {
        let mut lines = VecDeque::from([(Line::from(line), but)]);
        while let Some((line, but)) = lines.pop_front() {
            let mut slow = Vec::new();
            for (name, member) in &self.by_name {
                if but == Some(name) {
                    continue;
                }
                // One that is disconnected is about to leave by itself.
                if let Err(TrySendError::Full(_)) = member.queue.try_send(Arc::clone(&line)) {
                    slow.push(name.clone());
                }
            }
            for name in slow {
                let _ = self.by_name[&name].stream.shutdown(Shutdown::Both);
                self.by_name.remove(&name);
                println!("{name} was too slow");
                lines.push_back((format!("* {name} was too slow").into(), None));
            }
        }
    }
}

/// The next line that a client sends, without what a terminal would take for a command.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = reader.take(LINE_LIMIT + 1).read_until(b'\n', &mut bytes)?;
    if read as u64 > LINE_LIMIT {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a line is too long",
        ));
    }
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim().chars().filter(|c| !c.is_control()).collect();
    Ok((read > 0).then_some(text))
}

/// Asks for a name until one is good. Gives it with the lines that the client is to be sent.
fn welcome(
    room: &Room,
    reader: &mut impl BufRead,
    mut stream: &TcpStream,
) -> io::Result<Option<(String, Receiver<Line>)>> {
    loop {
        stream.write_all(b"* what is your name?\n")?;
        let Some(name) = read_line(reader)? else {
            return Ok(None);
        };
        match room.join(&name, stream.try_clone()?) {
            Ok(lines) => return Ok(Some((name, lines))),
            Err(why) => writeln!(stream, "* {why}")?,
        }
    }
}

/// Sends lines until there will be no more.
fn write_lines(lines: &Receiver<Line>, stream: &TcpStream) -> io::Result<()> {
    let mut writer = BufWriter::new(stream);
    while let Ok(line) = lines.recv() {
        writeln!(writer, "{line}")?;
        // All that waits goes out at once.
        while let Ok(line) = lines.try_recv() {
            writeln!(writer, "{line}")?;
        }
        writer.flush()?;
    }
    Ok(())
}

/// Reads what a member says until it leaves.
fn listen(room: &Room, name: &str, reader: &mut impl BufRead) -> io::Result<()> {
    while let Some(line) = read_line(reader)? {
        match line.as_str() {
            "" => {}
            "/quit" => break,
            "/who" => room.answer_who(name),
            text => room.say(name, text),
        }
    }
    Ok(())
}

fn serve(room: &Room, connection: &Connection) -> io::Result<()> {
    let stream = &*connection.stream;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(NAME_TIME))?;
    stream.set_write_timeout(Some(WRITE_TIME))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some((name, lines)) = welcome(room, &mut reader, stream)? else {
        return Ok(());
    };
    stream.set_read_timeout(None)?;
    thread::scope(|scope| {
        scope.spawn(|| {
            let sent = write_lines(&lines, stream);
            // Nobody waits for room in this queue any more, nor for the client.
            drop(lines);
            let _ = stream.shutdown(Shutdown::Both);
            if let Err(error) = sent {
                eprintln!("to {name}: {error}");
            }
        });
        let heard = listen(room, &name, &mut reader);
        room.leave(&name, "has left");
        heard.map_err(|error| io::Error::new(error.kind(), format!("from {name}: {error}")))
    })
}

fn main() -> ExitCode {
    let options = Options::read(USAGE, &["--clients", "--queue"]);
    let address = match options.operands() {
        [] => OsStr::new("127.0.0.1:0"),
        [address] => address,
        _ => options.refuse("one address is enough"),
    };
    let acceptor = match Acceptor::bind(address) {
        Ok(acceptor) => acceptor,
        Err(error) => {
            eprintln!("cannot listen on {}: {error}", address.display());
            return ExitCode::FAILURE;
        }
    };
    let room = Room {
        members: Mutex::default(),
        client_limit: options.number("--clients", 1000) as usize,
        queue_limit: options.number("--queue", 256) as usize,
    };
    let room = &room;

    thread::scope(|scope| {
        let acceptor = &acceptor;
        scope.spawn(move || {
            while let Some(connection) = acceptor.accept() {
                let spawned = thread::Builder::new().spawn_scoped(scope, move || {
                    if let Err(error) = serve(room, &connection) {
                        eprintln!("{error}");
                    }
                });
                if let Err(error) = spawned {
                    eprintln!("no thread for a client: {error}");
                }
            }
        });
        wait_for_quit(|line| match line.split_once(' ').unwrap_or((line, "")) {
            ("", _) => {}
            ("who", _) => println!("{}", room.members.lock().unwrap().who()),
            ("say", text) => room
                .members
                .lock()
                .unwrap()
                .send_all(&format!("* {text}"), None),
            ("kick", name) if room.leave(name, "was thrown out") => {}
            ("kick", name) => println!("nobody is called '{name}'"),
            _ => println!("commands: who, say TEXT, kick NAME, quit"),
        });
        room.close();
        acceptor.stop();
    });
    println!("the end");
    ExitCode::SUCCESS
}
