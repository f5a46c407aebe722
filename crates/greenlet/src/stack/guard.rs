//! Guard pages.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};

use super::page_size;

/// Not tried yet whether the kernel has guard markers.
const UNKNOWN: u8 = 0;
/// Guard markers work: they split no mapping, so they do not count towards `vm.max_map_count`.
const MARKERS: u8 = 1;
/// They do not: guards are pages of `PROT_NONE`, at the price of two mappings a stack.
const PROTECTION: u8 = 2;

/// Installs guard pages, by the best way that the kernel has.
#[derive(Debug)]
pub(super) struct Guards {
    mode: AtomicU8,
}

impl Guards {
    pub(super) const fn new() -> Guards {
        Guards {
            mode: AtomicU8::new(UNKNOWN),
        }
    }

    /// As on a kernel without guard markers.
    #[cfg(test)]
    pub(super) const fn without_markers() -> Guards {
        Guards {
            mode: AtomicU8::new(PROTECTION),
        }
    }

    /// Does it use guard markers? Known after the first [`Guards::install`].
    #[cfg(test)]
    pub(super) fn has_markers(&self) -> bool {
        self.mode.load(Ordering::Relaxed) == MARKERS
    }

    /// Makes every access to the page at `page` fault.
    ///
    /// # Safety
    ///
    /// `page` is aligned to a page, belongs to a private anonymous mapping of the caller's, and
    /// nobody uses its content.
    pub(super) unsafe fn install(&self, page: *mut u8) -> io::Result<()> {
        let mode = self.mode.load(Ordering::Relaxed);
        if mode != PROTECTION {
            // SAFETY: as promised by the caller.
            let installed = unsafe { install_marker(page) }?;
            // Emulators take an advice they do not know for a hint and say yes: look, once.
            if installed && (mode == MARKERS || faults(page)) {
                self.mode.store(MARKERS, Ordering::Relaxed);
                return Ok(());
            }
            self.mode.store(PROTECTION, Ordering::Relaxed);
        }
        // SAFETY: changes the protection of one page that nobody uses, as the caller promised.
        let done = unsafe { libc::mprotect(page.cast(), page_size(), libc::PROT_NONE) };
        if done == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

/// Installs a guard marker. Returns `false` if the kernel has none.
///
/// # Safety
///
/// As for [`Guards::install`].
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe fn install_marker(page: *mut u8) -> io::Result<bool> {
    /// Of Linux 6.13; the libc crate does not name it for every target.
    const MADV_GUARD_INSTALL: libc::c_int = 102;

    loop {
        // SAFETY: the page is the caller's and nobody uses its content, which is lost.
        if unsafe { libc::madvise(page.cast(), page_size(), MADV_GUARD_INSTALL) } == 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINVAL) => return Ok(false),
            Some(libc::EINTR | libc::EAGAIN) => {}
            _ => return Err(error),
        }
    }
}

/// Other systems have no guard markers.
///
/// # Safety
///
/// None is needed.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
unsafe fn install_marker(_: *mut u8) -> io::Result<bool> {
    Ok(false)
}

/// Does an access to `page` fault? Asks the kernel to read a path from there.
pub(super) fn faults(page: *mut u8) -> bool {
    // SAFETY: the kernel checks the address: it reports a fault instead of raising a signal. If the
    // page can be read, that is all that happens.
    let found = unsafe { libc::access(page.cast(), libc::F_OK) };
    found != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}
