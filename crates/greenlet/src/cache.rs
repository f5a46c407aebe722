//! Hints to the processor's cache.

/// Has the processor fetch the line at `place`, which will be used soon. Only takes time if the address is not valid.
#[inline(always)]
pub(crate) fn prefetch<T>(place: *const T) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    // SAFETY: no memory is accessed, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.cast());
    }
    // The others have no stable way to say it.
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse")))]
    let _ = place;
}

/// The same for `LINES` lines from `place` on.
#[inline(always)]
pub(crate) fn prefetch_lines<const LINES: usize, T>(place: *const T) {
    const BYTES: usize = 64;
    for line in 0..LINES {
        prefetch(place.wrapping_byte_add(line * BYTES));
    }
}
