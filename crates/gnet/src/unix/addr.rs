//! Addresses between `std` and the system calls.

use std::ffi::OsStr;
use std::io;
#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt as _;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;

use rustix::net::{SocketAddrAny, SocketAddrUnix};

/// The address in the form that system calls take.
pub(super) fn to_system(addr: &SocketAddr) -> io::Result<SocketAddrUnix> {
    if let Some(path) = addr.as_pathname() {
        return Ok(SocketAddrUnix::new(path)?);
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = addr.as_abstract_name() {
        return Ok(SocketAddrUnix::new_abstract_name(name)?);
    }
    unnamed_to_system()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn unnamed_to_system() -> io::Result<SocketAddrUnix> {
    Ok(SocketAddrUnix::new_unnamed())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn unnamed_to_system() -> io::Result<SocketAddrUnix> {
    Ok(SocketAddrUnix::new("")?)
}

/// The address that the kernel told, as `std` tells it; `None` for one of another family.
pub(super) fn from_system(addr: Option<SocketAddrAny>) -> io::Result<Option<SocketAddr>> {
    /// The most that a `sockaddr_un` holds, with the family.
    const LONGEST: u32 = 110;
    let Some(addr) = addr else {
        return unnamed().map(Some);
    };
    // Linux counts a zero behind a path that leaves no room for one, and so does not tell it in a
    // form that can be used, or that std could send to.
    if addr.address_family() == rustix::net::AddressFamily::UNIX && addr.addr_len() > LONGEST {
        return unnamed().map(Some);
    }
    let Ok(addr) = SocketAddrUnix::try_from(addr) else {
        return Ok(None);
    };
    if let Some(path) = addr.path_bytes() {
        // The zero at its end is left where it fills the last byte.
        let path = path.strip_suffix(&[0]).unwrap_or(path);
        return SocketAddr::from_pathname(OsStr::from_bytes(path)).map(Some);
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = addr.abstract_name() {
        return SocketAddr::from_abstract_name(name).map(Some);
    }
    unnamed().map(Some)
}

fn unnamed() -> io::Result<SocketAddr> {
    SocketAddr::from_pathname("")
}

#[cfg(test)]
mod tests {
    use rustix::net::addr::SocketAddrArg;

    use super::*;

    fn there_and_back(addr: &SocketAddr) -> SocketAddr {
        let told = to_system(addr).unwrap().as_any();
        from_system(Some(told)).unwrap().unwrap()
    }

    #[test]
    fn paths_of_every_length_stay_what_they_are() {
        for length in 1.. {
            let path = "x".repeat(length);
            let Ok(addr) = SocketAddr::from_pathname(&path) else {
                assert!(length > 100, "std takes those that the system does");
                break;
            };
            let back = there_and_back(&addr);
            assert_eq!(back.as_pathname(), Some(path.as_ref()));
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn abstract_names_stay_what_they_are() {
        for name in [&b""[..], b"\0", b"a\0b\0", &[0xFF; 107]] {
            let addr = SocketAddr::from_abstract_name(name).unwrap();
            assert_eq!(there_and_back(&addr).as_abstract_name(), Some(name));
        }
    }

    #[test]
    fn no_address_is_an_unnamed_one() {
        assert!(from_system(None).unwrap().unwrap().is_unnamed());
    }

    #[test]
    fn one_of_another_family_is_none() {
        let other = std::net::SocketAddr::from(([127, 0, 0, 1], 1)).as_any();
        assert!(from_system(Some(other)).unwrap().is_none());
    }
}
