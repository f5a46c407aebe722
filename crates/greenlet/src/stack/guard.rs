//! Guard pages.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};

#[cfg(any(target_os = "linux", target_os = "android"))]
use super::advice::{self, Advice};
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
            if installed && (mode == MARKERS || is_marked(page)) {
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

    /// Makes every access to each of `count` pages fault, each `stride` bytes after the one before. Returns how many have been
    /// done, from the first on, if the system refuses one.
    ///
    /// # Safety
    ///
    /// As for [`Guards::install`], for each of the pages.
    pub(super) unsafe fn install_all(
        &self,
        page: *mut u8,
        stride: usize,
        count: usize,
    ) -> Result<(), (usize, io::Error)> {
        let mut done = 0;
        while done < count {
            let next = page.wrapping_add(done * stride);
            // SAFETY: as the caller promises.
            let some = unsafe { self.install_some(next, stride, count - done) };
            if some == 0 {
                // SAFETY: as the caller promises.
                unsafe { self.install(next) }.map_err(|error| (done, error))?;
            }
            done += some.max(1);
        }
        Ok(())
    }

    /// Makes every access to some of `count` pages fault, each `stride` bytes after the one before, with one system call if
    /// that can be done. Returns how many from the first on, perhaps none.
    ///
    /// # Safety
    ///
    /// As for [`Guards::install`], for each of the pages.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    unsafe fn install_some(&self, page: *mut u8, stride: usize, count: usize) -> usize {
        static REFUSED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

        // Whether there are markers is found out with a single one.
        if self.mode.load(Ordering::Relaxed) != MARKERS {
            return 0;
        }
        let mut pages = Advice::new();
        for number in 0..count.min(advice::MOST) {
            pages.add(page.wrapping_add(number * stride), page_size());
        }
        // SAFETY: as the caller promises.
        unsafe { pages.give(MADV_GUARD_INSTALL, &REFUSED) }
    }

    /// Other systems have no such call.
    ///
    /// # Safety
    ///
    /// None is needed.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    unsafe fn install_some(&self, _: *mut u8, _: usize, _: usize) -> usize {
        0
    }
}

/// Of Linux 6.13; the libc crate does not name it for every target.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MADV_GUARD_INSTALL: libc::c_int = 102;

/// Installs a guard marker. Returns `false` if the kernel has none.
///
/// # Safety
///
/// As for [`Guards::install`].
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe fn install_marker(page: *mut u8) -> io::Result<bool> {
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

/// Is there a marker? The kernel is asked to map the page for reading, as an access would.
///
/// No system call that reads from there would do: valgrind's memcheck reads what such a call is given by itself, and does not
/// survive that.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_marked(page: *mut u8) -> bool {
    // SAFETY: changes nothing that can be seen in the memory.
    let done = unsafe { libc::madvise(page.cast(), page_size(), libc::MADV_POPULATE_READ) };
    done != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

/// Other systems have no guard markers.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_marked(_: *mut u8) -> bool {
    false
}
