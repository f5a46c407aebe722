//! Where, and how much at once, something can be written without blocking the hub.

use std::io::IsTerminal;
use std::os::fd::{AsFd, BorrowedFd};

use greenlet::io::{Source, may_wait_to_write};
use greenlet::{is_alone, take_turns};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Here, and all of it: nobody waits for this thread, or the system takes it without waiting for anybody else, as
    /// for a file.
    Here,
    /// Here, a piece at a time, each when there is room for it: a pipe or a socket.
    InPieces,
    /// By another thread, a piece at a time: a terminal, which promises room for one byte only.
    Elsewhere,
}

/// Looks at the descriptor, which may be another file than it was at the last look.
pub(super) fn place(fd: BorrowedFd<'_>) -> Place {
    if is_alone() {
        return Place::Here;
    }
    // A loop that prints, and never has to wait for room, would let nobody else run.
    take_turns();
    // A closed one says so itself.
    match fstat(fd).map(|known| FileType::from_raw_mode(known.st_mode)) {
        Ok(FileType::Fifo | FileType::Socket) => Place::InPieces,
        Ok(FileType::CharacterDevice) if fd.is_terminal() => Place::Elsewhere,
        Ok(FileType::CharacterDevice) => Place::InPieces,
        _ => Place::Here,
    }
}

/// Parks until there is room, or waiting for it is of no use.
pub(super) fn wait_for_room(fd: BorrowedFd<'_>) {
    if has_room(fd) || !may_wait_to_write(fd) {
        return;
    }
    // As long as a plain write waits, its file stays open whatever becomes of the number. What cannot be waited for
    // goes on.
    let _ = match fd.try_clone_to_owned() {
        Ok(file) => writable(file),
        Err(_) => writable(fd),
    };
}

fn writable(file: impl AsFd) -> std::io::Result<()> {
    let source = Source::new(file);
    // Its other owners keep it open.
    source.mark_shared();
    source.writable(None)
}

fn has_room(fd: BorrowedFd<'_>) -> bool {
    let at_once = Timespec::default();
    poll(
        &mut [PollFd::from_borrowed_fd(fd, PollFlags::OUT)],
        Some(&at_once),
    ) != Ok(0)
}
