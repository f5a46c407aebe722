//! Bytes in and out of a file, and where they are.

use std::fs;
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::time::Instant;

use greenlet::io::nowait::{self, Refusal};
use greenlet::io::{Source, may_wait_to_read, may_wait_to_write};
use greenlet::{is_alone, offload, offload_wait, take_turns};

use super::File;

/// The most that is copied from memory at once: with more, the others of the hub would feel it.
const AT_ONCE: usize = 256 << 10;

/// With how many bytes reading to the end begins. It goes on with twice as many, up to [`AT_ONCE`].
const FIRST_CHUNK: usize = 8 << 10;

/// [`Source::readable`] or [`Source::writable`].
type Wait = fn(&Source<fs::File>, Option<Instant>) -> io::Result<()>;

impl File {
    /// Makes a call that may hold the position for long, where it holds up nobody.
    fn moving<T: Send>(&self, call: impl FnOnce(&fs::File) -> T + Send) -> T {
        let _moving = self.shared.moves();
        if !is_alone() && self.shared.is_awaitable(self.inner()) {
            // It was waited for, but somebody else may have been quicker.
            offload_wait(|| call(self.inner()))
        } else {
            offload(|| call(self.inner()))
        }
    }

    /// Makes a call that needs the position for a moment only.
    fn at_once<T: Send>(&self, call: impl FnOnce(&fs::File) -> T + Send) -> T {
        // The moment has to wait for whoever holds the position.
        if self.shared.is_moving() {
            self.moving(call)
        } else {
            call(self.inner())
        }
    }

    /// Reads at the position, if that can be done at once.
    ///
    /// Another thread that begins to move the position just now can hold this up for as long as the disk takes: one read.
    fn read_now(&self, bufs: &mut [IoSliceMut<'_>]) -> Option<usize> {
        if self.shared.is_moving() {
            return None;
        }
        self.now(bufs, |file, bufs| nowait::read(file, bufs))
    }

    /// Makes a read that does not wait, if there is any sense in it: a thread without other greenlets may just wait.
    fn now<'a>(
        &self,
        bufs: &mut [IoSliceMut<'a>],
        read: impl FnOnce(&fs::File, &mut [IoSliceMut<'a>]) -> Result<usize, Refusal>,
    ) -> Option<usize> {
        let room: usize = bufs.iter().map(|buf| buf.len()).sum();
        if room > AT_ONCE || self.shared.is_unsupported() || is_alone() {
            return None;
        }
        // A loop of such reads would let nobody else run, be it over a large file or until one grows.
        take_turns();
        match read(self.inner(), bufs) {
            Ok(count) => Some(count),
            Err(Refusal::WouldWait) => None,
            Err(Refusal::Unsupported) => {
                self.shared.set_unsupported();
                None
            }
        }
    }

    /// Waits for a pipe or a terminal as for a socket: for as long as nobody writes, no thread of the pool has to wait, and the
    /// greenlet can be killed.
    ///
    /// What is left to wait for then is those that read or write in between.
    fn wait_for_others(&self, may_wait: fn(&fs::File) -> bool, wait: Wait) {
        let file = self.inner();
        // One that does not wait says so itself, and so does one that cannot be waited for.
        if !is_alone() && self.shared.is_awaitable(file) && may_wait(file) {
            let _ = wait(&self.source, None);
        }
    }

    fn wait_to_read(&self) {
        self.wait_for_others(|file| may_wait_to_read(file), Source::readable);
    }

    fn wait_to_write(&self) {
        self.wait_for_others(|file| may_wait_to_write(file), Source::writable);
    }

    fn read_into(&self, buf: &mut [u8]) -> io::Result<usize> {
        match self.read_now(&mut [IoSliceMut::new(buf)]) {
            Some(count) => Ok(count),
            None => {
                self.wait_to_read();
                self.moving(|mut file| file.read(buf))
            }
        }
    }

    fn read_into_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        match self.read_now(bufs) {
            Some(count) => Ok(count),
            None => {
                self.wait_to_read();
                self.moving(|mut file| file.read_vectored(bufs))
            }
        }
    }

    pub(crate) fn read_into_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let read =
            |file: &fs::File, bufs: &mut [IoSliceMut<'_>]| nowait::read_at(file, bufs, offset);
        match self.now(&mut [IoSliceMut::new(buf)], read) {
            Some(count) => Ok(count),
            None => offload(|| self.inner().read_at(buf, offset)),
        }
    }

    fn write_from(&self, buf: &[u8]) -> io::Result<usize> {
        self.wait_to_write();
        self.moving(|mut file| file.write(buf))
    }

    fn write_from_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.wait_to_write();
        self.moving(|mut file| file.write_vectored(bufs))
    }

    pub(crate) fn write_from_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        offload(|| self.inner().write_at(buf, offset))
    }

    /// Reads what is in memory at once, if it is not much, and the rest in one go: a switch for each piece would be a waste.
    fn read_all(&self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let begin = bytes.len();
        let mut chunk = FIRST_CHUNK;
        while chunk <= AT_ONCE {
            let filled = bytes.len();
            bytes.try_reserve(chunk)?;
            bytes.resize(filled + chunk, 0);
            let count = self.read_now(&mut [IoSliceMut::new(&mut bytes[filled..])]);
            bytes.truncate(filled + count.unwrap_or(0));
            match count {
                Some(0) => return Ok(filled - begin),
                Some(_) => chunk *= 2,
                None => break,
            }
        }
        let so_far = bytes.len() - begin;
        let rest = if !is_alone() && self.shared.is_awaitable(self.inner()) {
            Pieces(self).read_to_end(bytes)
        } else {
            self.moving(|mut file| file.read_to_end(bytes))
        };
        Ok(so_far + rest?)
    }

    fn read_all_text(&self, text: &mut String) -> io::Result<usize> {
        let mut bytes = Vec::new();
        let result = self.read_all(&mut bytes);
        // As std's: what came before an error stays, if it is text.
        match bytes.as_slice().read_to_string(text) {
            Ok(_) => result,
            Err(no_text) => result.and(Err(no_text)),
        }
    }

    fn seek_to(&self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Start(_) | SeekFrom::Current(_) => self.at_once(|mut file| file.seek(to)),
            // Where the end is a server may have to be asked for.
            SeekFrom::End(_) => self.moving(|mut file| file.seek(to)),
        }
    }
}

/// Reads to the end piece by piece, waiting for each as [`File::wait_for_others`] does.
struct Pieces<'a>(&'a File);

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_into(buf)
    }
}

/// Implements what `std` does for the file and for a reference to it.
macro_rules! impl_transfer {
    ($($file:ty),*) => {$(
        /// All handles of one open file read at the same position, which each read moves: what one gets, no other does.
        impl Read for $file {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.read_into(buf)
            }

            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.read_into_vectored(bufs)
            }

            fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
                self.read_all(buf)
            }

            fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
                self.read_all_text(buf)
            }
        }

        impl Write for $file {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.write_from(buf)
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.write_from_vectored(bufs)
            }

            /// Does nothing: there is no buffer. [`sync_all`](File::sync_all) is for what the system has not written yet.
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        impl Seek for $file {
            fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
                self.seek_to(pos)
            }
        }
    )*};
}

impl_transfer!(File, &File);
