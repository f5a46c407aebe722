// The cases; included twice, with the library under the name `lib`.

use super::{Interrupted, Limited, Notes, on_signal, take_descriptors};
use lib::fs::{self, File, OpenOptions};
use lib::io::{self, Read, Write};
pub(super) use lib::net::TcpStream;
use lib::net::{Shutdown, TcpListener, UdpSocket};
use lib::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use lib::process::{Command, Stdio};
use lib::thread;
use lib::time::{Duration, Instant};
use rustix::net::sockopt::set_socket_linger;
use rustix::process::Resource;

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    (near, far)
}

/// Closes a connection so that its peer is told of an error.
fn reset(stream: TcpStream) {
    set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}

pub(super) fn a_peer_that_resets(notes: &mut Notes) {
    let (mut near, far) = pair();
    reset(far);
    notes.add("read", near.read(&mut [0; 8]));
    notes.add("read again", near.read(&mut [0; 8]));
    notes.add("write", near.write(b"x"));
    notes.error("peer_addr", near.peer_addr());
    notes.error("shutdown", near.shutdown(Shutdown::Both));

    // The same while it is waited for.
    let (mut near, far) = pair();
    let resetting = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        reset(far);
    });
    notes.add("read", near.read(&mut [0; 8]));
    resetting.join().unwrap();
    notes.add("take_error", near.take_error());
    notes.add("write_vectored", near.write_vectored(&[io::IoSlice::new(b"x")]));
    notes.add("peek", near.peek(&mut [0; 8]));

    let (mut near, far) = pair();
    let resetting = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        reset(far);
    });
    let chunk = vec![0; 1 << 16];
    notes.error("write until it fails", loop {
        if let Err(error) = near.write_all(&chunk) {
            break Err::<(), _>(error);
        }
    });
    resetting.join().unwrap();
}

pub(super) fn a_peer_that_has_gone(notes: &mut Notes) {
    let (mut near, far) = UnixStream::pair().unwrap();
    drop(far);
    notes.add("read", near.read(&mut [0; 8]));
    notes.add("write", near.write(b"x"));
    notes.add("write_all", near.write_all(b"x"));

    let (near, far) = UnixDatagram::pair().unwrap();
    drop(far);
    notes.add("send", near.send(b"x"));

    let (mut near, far) = pair();
    far.shutdown(Shutdown::Write).unwrap();
    notes.add("read", near.read(&mut [0; 8]));
    notes.add("read_exact", near.read_exact(&mut [0; 8]));
    notes.add("write", near.write(b"x"));
    near.shutdown(Shutdown::Write).unwrap();
    notes.add("write after shutdown", near.write(b"x"));
}

pub(super) fn nobody_listens(notes: &mut Notes) {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    notes.error("connect", TcpStream::connect(addr));
    notes.error("connect_timeout", TcpStream::connect_timeout(&addr, Duration::from_secs(5)));
    notes.error("connect to none", TcpStream::connect(&[][..]));

    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(nobody).unwrap();
    notes.add("send", socket.send(b"x"));
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    notes.add("recv", socket.recv(&mut [0; 8]));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    notes.error("connect to no file", UnixStream::connect(&path));
    let listener = UnixListener::bind(&path).unwrap();
    notes.error("bind again", UnixListener::bind(&path));
    drop(listener);
    notes.error("connect to a left one", UnixStream::connect(&path));

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    notes.error("bind", TcpListener::bind(taken.local_addr().unwrap()));
    notes.error("bind elsewhere", TcpListener::bind("192.0.2.1:1"));
    taken.set_nonblocking(true).unwrap();
    notes.error("accept", taken.accept());
}

pub(super) fn a_closed_pipe(notes: &mut Notes) {
    let (reader, mut writer) = io::pipe().unwrap();
    drop(reader);
    notes.add("write", writer.write(b"x"));
    notes.add("write_all", writer.write_all(&[0; 1 << 17]));
    let (mut reader, writer) = io::pipe().unwrap();
    drop(writer);
    notes.add("read", reader.read(&mut [0; 8]));
    notes.add("read_exact", reader.read_exact(&mut [0; 8]));

    let (reader, mut writer) = io::pipe().unwrap();
    let closing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        drop(reader);
    });
    notes.add("write more than it holds", writer.write_all(&vec![0; 1 << 20]));
    closing.join().unwrap();
}

pub(super) fn a_child_that_does_not_read(notes: &mut Notes) {
    let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    notes.add("wait", child.wait());
    notes.add("write", stdin.write(b"x"));
    notes.add("kill", child.kill());
    notes.add("wait again", child.wait());
    notes.add("try_wait", child.try_wait());
}

pub(super) fn vanished_files(notes: &mut Notes) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "abc").unwrap();
    let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let mut text = String::new();
    notes.add("read what is open", file.read_to_string(&mut text).map(|_| text));
    notes.add("write to what is open", file.write(b"def"));
    notes.add("metadata of what is open", file.metadata().map(|found| found.len()));
    notes.error("open", File::open(&path));
    notes.error("read", fs::read(&path));
    notes.error("metadata", fs::metadata(&path));
    notes.error("remove_file", fs::remove_file(&path));
    notes.error("rename", fs::rename(&path, folder.path().join("other")));
    notes.error("copy", fs::copy(&path, folder.path().join("other")));
    notes.error("canonicalize", fs::canonicalize(&path));
    notes.error("read_dir", fs::read_dir(&path));
    notes.error("set_permissions", fs::set_permissions(&path, file.metadata().unwrap().permissions()));
    notes.error("write into what is no folder", fs::write(path.join("deeper"), "x"));
    notes.error("create_dir", fs::create_dir(path.join("deeper")));
    notes.error("a name with a zero", File::open("a\0b"));
    notes.error("a name that is too long", File::open("x".repeat(300)));

    for name in 0..3 {
        fs::write(folder.path().join(name.to_string()), "").unwrap();
    }
    let mut listing = fs::read_dir(folder.path()).unwrap();
    let first = listing.next().unwrap().unwrap();
    for name in 0..3 {
        fs::remove_file(folder.path().join(name.to_string())).unwrap();
    }
    notes.error("metadata of an entry", first.metadata());
    notes.error("remove_dir of a file's", fs::remove_dir(&path));
    fs::remove_dir(folder.path()).unwrap();
    notes.error("create in it", File::create(folder.path().join("file")));
    notes.error("list it", fs::read_dir(folder.path()));
}

pub(super) fn a_full_device(notes: &mut Notes) {
    let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    notes.add("write", full.write(b"x"));
    notes.add("write_all", full.write_all(b"x"));
    notes.error("fs::write", fs::write("/dev/full", "x"));
    let mut buffered = io::BufWriter::new(File::create("/dev/full").unwrap());
    notes.add("into the buffer", buffered.write(b"x"));
    notes.add("flush", buffered.flush());
    let status = Command::new("echo").arg("x").stdout(full).stderr(Stdio::null()).status();
    notes.add("a child's", status);
    // It goes with the buffer, and is not told.
    drop(buffered);
}

pub(super) fn programs_that_cannot_be_run(notes: &mut Notes) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program");
    notes.error("none", Command::new(&path).spawn());
    notes.error("none in PATH", Command::new("there-is-no-such-program").output());
    fs::write(&path, "no program").unwrap();
    notes.error("not executable", Command::new(&path).status());
    notes.error("a folder", Command::new(folder.path()).spawn());
    notes.error("a zero in its name", Command::new("a\0b").spawn());
    notes.error("a zero in an argument", Command::new("true").arg("a\0b").spawn());
    notes.error("in no folder", Command::new("true").current_dir(folder.path().join("none")).spawn());
    notes.add("too many arguments", Command::new("true").arg("x".repeat(1 << 20)).status());
}

pub(super) fn no_descriptor_left(notes: &mut Notes) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "abc").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let file = File::open(&path).unwrap();
    // A hub has descriptors of its own, which it makes when it first has to wait; a poller may be one.
    let (near, far) = UnixStream::pair().unwrap();
    near.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    assert!((&near).read(&mut [0]).is_err());
    let client = TcpStream::connect(addr).unwrap();
    let waiting = listener.accept().unwrap();
    drop((client, waiting));
    let client = super::std_cases::TcpStream::connect(addr).unwrap();

    let limited = Limited::to(Resource::Nofile, 128);
    let taken = take_descriptors();
    notes.error("accept", listener.accept());
    notes.error("bind", TcpListener::bind("127.0.0.1:0"));
    notes.error("connect", TcpStream::connect(addr));
    notes.error("udp", UdpSocket::bind("127.0.0.1:0"));
    notes.error("pair", UnixStream::pair());
    notes.error("open", File::open(&path));
    notes.error("create", File::create(folder.path().join("new")));
    notes.error("read", fs::read(&path));
    notes.error("read_dir", fs::read_dir(folder.path()));
    notes.error("copy", fs::copy(&path, folder.path().join("copy")));
    notes.error("try_clone", file.try_clone());
    notes.error("try_clone of a socket", listener.try_clone());
    notes.error("pipe", io::pipe());
    notes.error("spawn", Command::new("true").stdout(Stdio::piped()).spawn());
    notes.error("status", Command::new("true").status());
    drop(taken);
    // Nothing is lost: who waited is accepted now.
    notes.error("accept", listener.accept());
    drop((limited, client, far));
}

pub(super) fn a_file_that_may_not_grow(notes: &mut Notes) {
    let folder = tempfile::tempdir().unwrap();
    on_signal(libc::SIGXFSZ, true);
    let limited = Limited::to(Resource::Fsize, 10_000);
    let mut file = File::create(folder.path().join("file")).unwrap();
    notes.add("write a part", file.write(&[0; 16_384]));
    notes.add("write", file.write(&[0; 16_384]));
    notes.add("write_all", file.write_all(b"x"));
    notes.add("set_len", file.set_len(20_000));
    notes.error("fs::write", fs::write(folder.path().join("other"), [0; 16_384]));
    notes.add("what is there", file.metadata().map(|found| found.len()));
    drop(limited);
}

/// A small one of its own, where that may be mounted; else the device that is always full stands for it.
pub(super) fn a_full_file_system(notes: &mut Notes) {
    let folder = tempfile::tempdir().unwrap();
    let mounted = rustix::mount::mount(
        "none",
        folder.path(),
        "tmpfs",
        rustix::mount::MountFlags::empty(),
        Some(c"size=64k"),
    );
    if mounted.is_err() {
        return a_full_device(notes);
    }
    let mut file = File::create(folder.path().join("file")).unwrap();
    notes.add("write a part", file.write(&vec![0; 1 << 20]));
    notes.add("write", file.write(b"x"));
    notes.add("write_all", file.write_all(&[0; 8192]));
    notes.error("fs::write", fs::write(folder.path().join("other"), "abc"));
    notes.error("copy", fs::copy("/proc/self/exe", folder.path().join("exe")));
    notes.add("what is there", file.metadata().map(|found| found.len()));
    drop(file);
    rustix::mount::unmount(folder.path(), rustix::mount::UnmountFlags::DETACH).unwrap();
}

/// What `std` does again after a signal is done again here; what waits longer than the signals come apart does not fail.
pub(super) fn signals(notes: &mut Notes) {
    const WHILE: Duration = Duration::from_millis(30);
    let interrupted = Interrupted::often();
    let begin = Instant::now();
    thread::sleep(WHILE);
    notes.add("sleep", Ok(begin.elapsed() >= WHILE));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let client = thread::spawn(move || {
        thread::sleep(WHILE);
        let mut stream = TcpStream::connect(addr).unwrap();
        thread::sleep(WHILE);
        stream.write_all(b"abc").unwrap();
    });
    let accepted = listener.accept();
    notes.error("accept", accepted.as_ref().map_err(|error| io::Error::from(error.kind())));
    let mut stream = accepted.unwrap().0;
    let mut bytes = Vec::new();
    notes.add("read_to_end", stream.read_to_end(&mut bytes).map(|_| bytes));
    client.join().unwrap();

    let (mut reader, mut writer) = io::pipe().unwrap();
    let writing = thread::spawn(move || {
        thread::sleep(WHILE);
        let written = writer.write_all(&vec![7; 1 << 20]);
        thread::sleep(WHILE);
        written.unwrap();
    });
    let mut bytes = Vec::new();
    notes.add("read_to_end of a pipe", reader.read_to_end(&mut bytes));
    writing.join().unwrap();

    let mut child = Command::new("sleep").arg("0.05").spawn().unwrap();
    notes.add("wait", child.wait());
    notes.add("output", Command::new("sh").args(["-c", "sleep 0.05; echo x"]).output());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let first = File::create(&path).unwrap();
    first.lock().unwrap();
    let other = thread::spawn(move || {
        thread::sleep(WHILE);
        first.unlock().unwrap();
    });
    let second = File::open(&path).unwrap();
    let locked = loop {
        // `std` does not ask again for the lock after a signal.
        match second.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            other => break other,
        }
    };
    notes.add("lock", locked);
    other.join().unwrap();
    drop(interrupted);
}

pub(super) fn a_folder_that_one_is_in(notes: &mut Notes) {
    let folder = tempfile::tempdir().unwrap();
    let before = lib::env::current_dir().unwrap();
    lib::env::set_current_dir(folder.path()).unwrap();
    fs::remove_dir(folder.path()).unwrap();
    notes.error("current_dir", lib::env::current_dir());
    notes.error("create", File::create("file"));
    notes.error("canonicalize", fs::canonicalize("."));
    notes.add("list", fs::read_dir(".").map(Iterator::count));
    notes.error("bind", UnixListener::bind("socket"));
    notes.add("spawn", Command::new("true").status());
    lib::env::set_current_dir(before).unwrap();
}
