//! Reads that take several turns, and what becomes of the first ones when a kill ends a later one.

use std::io::{self, BufRead, BufReader, Read};

use super::descriptor::Descriptor;

/// Bytes that have left the buffer for a place which is not seen before the read is complete.
///
/// Dropped before that, by an unwind, it gives them back, so that the next one to read gets them.
struct Taken<'a> {
    reader: &'a mut BufReader<Descriptor>,
    bytes: &'a mut Vec<u8>,
    /// Where they begin.
    begin: usize,
    complete: bool,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.complete && self.reader.buffer().is_empty() {
            self.reader.get_mut().give_back(&self.bytes[self.begin..]);
            self.bytes.truncate(self.begin);
        }
    }
}

/// Appends what `read` reads to `bytes`, unless that unwinds.
pub(super) fn append(
    reader: &mut BufReader<Descriptor>,
    bytes: &mut Vec<u8>,
    read: impl FnOnce(&mut BufReader<Descriptor>, &mut Vec<u8>) -> io::Result<usize>,
) -> io::Result<usize> {
    let begin = bytes.len();
    let mut taken = Taken {
        reader,
        bytes,
        begin,
        complete: false,
    };
    let outcome = read(taken.reader, taken.bytes);
    taken.complete = true;
    outcome
}

/// The same with text: what is none is left out, and is an error.
pub(super) fn append_text(
    reader: &mut BufReader<Descriptor>,
    text: &mut String,
    read: impl FnOnce(&mut BufReader<Descriptor>, &mut Vec<u8>) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut bytes = Vec::new();
    let outcome = append(reader, &mut bytes, read);
    // As std's: what came before an error stays, if it is text.
    let appended = bytes.as_slice().read_to_string(text);
    outcome.and_then(|count| appended.map(|_| count))
}

/// Fills `buf`, or gives back what it has taken when it unwinds.
pub(super) fn fill(reader: &mut BufReader<Descriptor>, buf: &mut [u8]) -> io::Result<()> {
    if reader.buffer().len() >= buf.len() {
        return reader.read_exact(buf);
    }
    let mut bytes = Vec::new();
    let wanted = buf.len();
    let outcome = append(reader, &mut bytes, |reader, bytes| {
        while bytes.len() < wanted {
            let available = match reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let count = available.len().min(wanted - bytes.len());
            if count == 0 {
                break;
            }
            bytes.extend_from_slice(&available[..count]);
            reader.consume(count);
        }
        Ok(bytes.len())
    });
    buf[..bytes.len()].copy_from_slice(&bytes);
    // A short one gives std's error.
    outcome.and_then(|_| bytes.as_slice().read_exact(buf))
}
