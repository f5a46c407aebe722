//! What the example programs share. The programs themselves are in `src/bin`:
//!
//! | program | shows |
//! | --- | --- |
//! | `echo`, `echo_std` | one echo server twice; the sources differ in their `use` lines and their `println!` only |
//! | `c10k` | both servers under 10,000 connections, measured from 10,000 greenlets |
//! | `million` | a million parked greenlets |
//! | `order` | the order in which greenlets run: gevent's |

pub mod process_status;
