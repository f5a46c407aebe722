//! Rounding modes and masks of the floating-point units belong to the greenlet that has set them, as they belong to a thread.
#![cfg(target_arch = "x86_64")]

mod watchdog;

use std::arch::asm;

/// `mxcsr` without its status flags, and the x87 control word.
fn control_words() -> (u32, u16) {
    let (mut mxcsr, mut x87) = (0_u32, 0_u16);
    // SAFETY: stores the two registers into the two variables.
    unsafe {
        asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr, options(nostack));
        asm!("fnstcw [{}]", in(reg) &raw mut x87, options(nostack));
    }
    (mxcsr & 0xFFC0, x87)
}

fn set_control_words((mxcsr, x87): (u32, u16)) {
    // SAFETY: valid values of both; nothing is computed with floating-point numbers before they are set back.
    unsafe {
        asm!("ldmxcsr [{}]", in(reg) &raw const mxcsr, options(nostack));
        asm!("fldcw [{}]", in(reg) &raw const x87, options(nostack));
    }
}

/// Sets a status flag of `mxcsr`: a third is not exact.
fn be_inexact() {
    std::hint::black_box(1.0 / std::hint::black_box(3.0));
}

#[test]
fn every_greenlet_has_control_words_of_its_own() {
    let _deadline = watchdog::within(60, "every_greenlet_has_control_words_of_its_own");
    let usual = control_words();
    // Towards zero, up, down; the x87 unit with less precision.
    let others = [(0x7F80, 0x0F7F), (0x5F80, 0x0B7F), (0x3F80, 0x007F), usual];
    let greenlets: Vec<_> = others
        .into_iter()
        .map(|words| {
            greenlet::spawn(move || {
                // With the `context` crate it begins with those of the one that ran before.
                if cfg!(not(greenlet_portable)) {
                    assert_eq!(control_words(), usual, "at the beginning");
                }
                set_control_words(usual);
                for round in 0..100 {
                    if round % 3 == 0 {
                        be_inexact();
                    }
                    set_control_words(words);
                    greenlet::yield_now();
                    let found = control_words();
                    set_control_words(usual);
                    assert_eq!(found, words, "after a switch");
                    if round % 7 == 0 {
                        greenlet::yield_now();
                        assert_eq!(control_words(), usual);
                    }
                }
            })
        })
        .collect();
    for _ in 0..50 {
        greenlet::yield_now();
        assert_eq!(control_words(), usual, "of the thread");
    }
    for greenlet in greenlets {
        greenlet.join().unwrap();
    }
    // One that ends with words of its own leaves them to nobody, not even to the next one on its stack.
    let ended = greenlet::spawn(|| set_control_words((0x7F80, 0x0F7F)));
    let next = greenlet::spawn(control_words);
    ended.join().unwrap();
    let found = next.join().unwrap();
    if cfg!(not(greenlet_portable)) {
        assert_eq!(found, usual);
    }
    assert_eq!(control_words(), usual);
}
