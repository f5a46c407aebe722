//! The checksum of POSIX's `cksum`: a CRC of 32 bits over the bytes, and then over their number.

const POLYNOMIAL: u32 = 0x04c1_1db7;

/// What a byte does to the remainder that it meets.
static TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            let carry = remainder >> 31;
            remainder = (remainder << 1) ^ (carry * POLYNOMIAL);
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
};

/// The checksum of the bytes so far.
#[derive(Default)]
pub(crate) struct Crc {
    remainder: u32,
    length: u64,
}

impl Crc {
    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.remainder = next(self.remainder, byte);
        }
        self.length += bytes.len() as u64;
    }

    /// The checksum, and the number of bytes.
    pub(crate) fn finish(self) -> (u32, u64) {
        let mut remainder = self.remainder;
        let mut length = self.length;
        while length > 0 {
            remainder = next(remainder, length as u8);
            length >>= 8;
        }
        (!remainder, self.length)
    }
}

fn next(remainder: u32, byte: u8) -> u32 {
    (remainder << 8) ^ TABLE[usize::from((remainder >> 24) as u8 ^ byte)]
}
