//! Calls that open what a path leads to.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use greenlet::{is_alone, offload, offload_wait};

/// Makes a call that opens what is at `paths`, where it holds up nobody.
///
/// To open a FIFO is to wait for whoever opens its other end, and to open a terminal may be to wait for somebody to
/// call: such calls are made among those that wait, and take no thread away from the others.
pub(crate) fn opening<T: Send>(paths: &[&Path], call: impl FnOnce() -> T + Send) -> T {
    if is_alone() {
        return call();
    }
    let mut call = Some(call);
    let done = offload(|| {
        let waits = paths.iter().any(|path| may_wait(path));
        call.take_if(|_| !waits).map(|call| call())
    });
    match (done, call) {
        (Some(done), _) => done,
        (None, Some(call)) => offload_wait(call),
        (None, None) => unreachable!("a call that was taken has been made"),
    }
}

/// Whether opening it may wait for somebody else. What cannot be found out is left to the call.
fn may_wait(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| {
        let kind = found.file_type();
        kind.is_fifo() || kind.is_char_device()
    })
}
