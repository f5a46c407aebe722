//! Reading and writing that leave the position alone.

use std::io;
use std::os::unix::fs::FileExt;

use crate::file::File;

impl FileExt for File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read_into_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.write_from_at(buf, offset)
    }
}
