//! What `tests/parity.rs` takes for std: some of its interface, for rustdoc to make pages of.

/// The one module.
pub mod net {
    /// An address.
    #[derive(Debug)]
    pub struct Ipv4Addr([u8; 4]);

    impl Ipv4Addr {
        /// Of four bytes.
        pub const fn new(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
            Ipv4Addr([a, b, c, d])
        }

        /// The bytes.
        pub const fn octets(&self) -> [u8; 4] {
            self.0
        }

        /// A question.
        pub const fn is_loopback(&self) -> bool {
            self.0[0] == 127
        }

        /// Another.
        pub const fn is_private(&self) -> bool {
            self.0[0] == 10
        }

        /// Not in the real one: what does not hold for std does not count.
        pub const fn colour(&self) -> u32 {
            0
        }
    }

    impl From<[u8; 4]> for Ipv4Addr {
        fn from(octets: [u8; 4]) -> Ipv4Addr {
            Ipv4Addr(octets)
        }
    }

    /// A type that the shim has not.
    #[derive(Debug)]
    pub struct Ipv6Addr([u8; 16]);

    impl Ipv6Addr {
        /// The bytes.
        pub const fn octets(&self) -> [u8; 16] {
            self.0
        }
    }

    /// One that it has from std.
    #[derive(Debug)]
    pub enum Shutdown {
        /// One end.
        Read,
        /// The other.
        Write,
        /// Both ends.
        Both,
    }
}
