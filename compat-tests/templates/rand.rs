//! What std's tests use of the crate `rand`.

pub trait RngCore {
    fn next_u32(&mut self) -> u32;

    fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.next_u32() as u8);
    }
}

pub trait Rng: RngCore {
    fn random_bool(&mut self, probability: f64) -> bool {
        f64::from(self.next_u32()) < probability * f64::from(u32::MAX)
    }
}

impl<T: RngCore + ?Sized> Rng for T {}

pub trait SeedableRng: Sized {
    type Seed;

    fn from_seed(seed: Self::Seed) -> Self;
}
