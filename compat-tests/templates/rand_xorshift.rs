//! What std's tests use of the crate `rand_xorshift`: Marsaglia's generator with 128 bits of state.

pub struct XorShiftRng {
    state: u128,
}

impl rand::SeedableRng for XorShiftRng {
    type Seed = [u8; 16];

    fn from_seed(seed: [u8; 16]) -> XorShiftRng {
        // A state of nothing but zeros would stay that.
        XorShiftRng {
            state: u128::from_le_bytes(seed) | 1,
        }
    }
}

impl rand::RngCore for XorShiftRng {
    fn next_u32(&mut self) -> u32 {
        let first = self.state as u32;
        let last = (self.state >> 96) as u32;
        let mixed = first ^ (first << 11);
        let next = last ^ (last >> 19) ^ mixed ^ (mixed >> 8);
        self.state = self.state >> 32 | u128::from(next) << 96;
        next
    }
}
