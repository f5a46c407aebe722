//! A stream of output: whose turn it is, and how bytes and text get to `std`.

use std::fmt::{self, Write as _};
use std::io::{self, IoSlice, Write as _};
use std::mem;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

use greenlet::offload_wait;

use super::place::{Place, place, wait_for_room};
use super::target::Target;
use crate::lock::{Held, Reentrant};

pub(super) static STDOUT: Stream = Stream::new(Target::Stdout);
pub(super) static STDERR: Stream = Stream::new(Target::Stderr);

pub(super) struct Stream {
    target: Target,
    turn: Reentrant,
    /// Of the owner of the turn: a call that formats, and within it those that its values have made. Locked for moments
    /// only.
    formatting: Mutex<Vec<Formatting>>,
}

/// A call whose text is not complete.
struct Formatting {
    /// What of it was not handed over.
    text: String,
    by: By,
    failed: Option<io::Error>,
}

/// How text is handed over.
#[derive(Clone, Copy)]
enum By {
    /// As bytes, with an error for who writes.
    Write,
    /// By `std`'s macros, with a panic for who prints.
    Print {
        /// The process is a test harness.
        harness: bool,
    },
}

impl Stream {
    const fn new(target: Target) -> Stream {
        Stream {
            target,
            turn: Reentrant::new(),
            formatting: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn lock(&'static self) -> Turn<'static> {
        Turn {
            stream: self,
            _held: self.turn.lock(),
        }
    }

    /// Prints as `std`'s macros do.
    pub(super) fn print(&'static self, args: fmt::Arguments<'_>, harness: bool) {
        let by = By::Print { harness };
        // In a panic hook nobody else of this hub can run, so it must not wait for one of them.
        let held = if greenlet::panicking() {
            self.turn.try_lock()
        } else {
            Some(self.turn.lock())
        };
        // Errors are panics already.
        let _ = match held {
            Some(_held) => self.format(args, by),
            None => self.hand_over(&fmt::format(args), by),
        };
    }

    fn formatting(&self) -> MutexGuard<'_, Vec<Formatting>> {
        self.formatting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Formats, without anything of `std`'s locked: the values may print or wait.
    fn format(&self, args: fmt::Arguments<'_>, by: By) -> io::Result<()> {
        self.complete();
        if let Some(text) = args.as_str() {
            return self.hand_over(text, by);
        }
        self.formatting().push(Formatting {
            text: String::new(),
            by,
            failed: None,
        });
        let outcome = greenlet::catch_unwind(AssertUnwindSafe(|| Text(self).write_fmt(args)));
        let Some(formatting) = self.formatting().pop() else {
            unreachable!("pushed above, and calls within this one have popped theirs");
        };
        match outcome {
            Ok(_) if let Some(error) = formatting.failed => Err(error),
            Ok(Ok(())) => self.hand_over_rest(&formatting),
            Ok(Err(fmt::Error)) => {
                self.hand_over_rest(&formatting)?;
                panic!(
                    "a formatting trait implementation returned an error when the underlying stream did not"
                );
            }
            Err(payload) => {
                // What came before a panic is printed; a kill does not wait for room.
                if !greenlet::is_kill(&*payload) {
                    let _ = self.hand_over_rest(&formatting);
                }
                greenlet::resume_unwind(payload)
            }
        }
    }

    /// Hands over what the call that is formatting has so far, so that what one of its values writes comes after it.
    fn complete(&self) {
        // Calls further out have none: the innermost one has seen to that.
        let begun = self
            .formatting()
            .last_mut()
            .map(|formatting| (mem::take(&mut formatting.text), formatting.by));
        if let Some((text, by)) = begun
            && !text.is_empty()
            && let Err(error) = self.hand_over(&text, by)
            && let Some(formatting) = self.formatting().last_mut()
        {
            formatting.failed.get_or_insert(error);
        }
    }

    fn hand_over_rest(&self, formatting: &Formatting) -> io::Result<()> {
        if formatting.text.is_empty() {
            return Ok(());
        }
        self.hand_over(&formatting.text, formatting.by)
    }

    fn hand_over(&self, text: &str, by: By) -> io::Result<()> {
        match by {
            By::Write => All(self).write_all(text.as_bytes()),
            By::Print { harness } => {
                self.hand_over_printed(text, harness);
                Ok(())
            }
        }
    }

    fn hand_over_printed(&self, mut text: &str, harness: bool) {
        let target = self.target;
        // Once at least: with nothing, std tries again what it could not write before.
        loop {
            let place = place(target.fd());
            let end = match place {
                Place::Here => text.len(),
                Place::InPieces | Place::Elsewhere => {
                    wait_for_room(target.fd());
                    text.floor_char_boundary(target.piece())
                }
            };
            let (piece, rest) = text.split_at(end);
            if place == Place::Elsewhere && !harness {
                if let Err(error) = offload_wait(|| target.write_all(piece.as_bytes())) {
                    panic!("failed printing to {}: {error}", target.name());
                }
            } else {
                target.print(piece);
            }
            if rest.is_empty() {
                return;
            }
            text = rest;
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let target = self.target;
        let mut written = 0;
        loop {
            let place = place(target.fd());
            if place == Place::Here && written == 0 {
                return target.write(bytes);
            }
            let rest = &bytes[written..];
            let piece = &rest[..rest.len().min(target.piece())];
            let outcome = self.when_there_is_room(place, || target.write(piece));
            match outcome {
                Ok(count) => written += count,
                Err(error) if written == 0 => return Err(error),
                // If it is one that lasts it comes again with the next write.
                Err(_) => return Ok(written),
            }
            if written == bytes.len() || matches!(outcome, Ok(0)) {
                return Ok(written);
            }
        }
    }

    /// Makes a call that may write a piece.
    fn when_there_is_room<T: Send>(&self, place: Place, call: impl FnOnce() -> T + Send) -> T {
        match place {
            Place::Here => call(),
            Place::InPieces => {
                wait_for_room(self.target.fd());
                call()
            }
            Place::Elsewhere => {
                wait_for_room(self.target.fd());
                offload_wait(call)
            }
        }
    }
}

/// A stream whose turn it is the caller's to use.
pub(super) struct Turn<'a> {
    stream: &'static Stream,
    _held: Held<'a>,
}

impl Turn<'_> {
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.complete();
        self.stream.write(bytes)
    }

    pub(super) fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.complete();
        let target = self.stream.target;
        match place(target.fd()) {
            Place::Here => target.write_vectored(bufs),
            // In one go as far as that goes.
            Place::InPieces | Place::Elsewhere => {
                let bytes: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
                self.stream.write(&bytes)
            }
        }
    }

    pub(super) fn flush(&self) -> io::Result<()> {
        self.stream.complete();
        let target = self.stream.target;
        let place = place(target.fd());
        self.stream.when_there_is_room(place, || target.flush())
    }

    pub(super) fn write_fmt(&self, args: fmt::Arguments<'_>) -> io::Result<()> {
        self.stream.format(args, By::Write)
    }
}

/// Takes the text of the innermost call that is formatting.
struct Text<'a>(&'a Stream);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        /// The most that is kept for one call.
        const MOST: usize = 64 << 10;

        let stream = self.0;
        let mut formatting = stream.formatting();
        let Some(current) = formatting.last_mut() else {
            unreachable!("it is there as long as it is written to");
        };
        if current.failed.is_some() {
            return Err(fmt::Error);
        }
        current.text.push_str(piece);
        let is_line = stream.target.has_lines() && piece.contains('\n');
        if is_line || current.text.len() >= MOST {
            drop(formatting);
            stream.complete();
        }
        Ok(())
    }
}

/// Writes bytes to the end, with `std`'s idea of what an error is.
struct All<'a>(&'a Stream);

impl io::Write for All<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
