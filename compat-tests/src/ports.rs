//! Ports for tests that bind to them by number.

use anyhow::{Result, bail};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The first port of all, below those that the system gives out.
const FIRST: u16 = 20_000;
const SHARES: u16 = 4;
const BLOCKS: u16 = 24;
/// How many a process gets: the tests of a file at once take the most.
const BLOCK: u16 = 128;

/// How long one waits for others to end.
const PATIENCE: Duration = Duration::from_secs(600);

/// A share of the machine's ports that no other run has.
pub(crate) struct Ports {
    /// The blocks that no process has, the one that was given back last behind: a closed port lingers.
    free: Mutex<VecDeque<u16>>,
    /// Who is bound to the first port of a share has it.
    _owner: TcpListener,
}

/// Some ports, for as long as it lives.
pub(crate) struct Block<'a> {
    ports: &'a Ports,
    pub(crate) first: u16,
}

impl Ports {
    /// As many runs at once as there are blocks.
    pub(crate) const MOST: usize = BLOCKS as usize;

    /// Takes a share; waits for one while other runs have them all.
    pub(crate) fn reserve() -> Result<Ports> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            for share in 0..SHARES {
                let first = FIRST + share * (BLOCKS + 1) * BLOCK;
                if let Ok(owner) = TcpListener::bind((Ipv4Addr::LOCALHOST, first)) {
                    let blocks = (1..=BLOCKS).map(|number| first + number * BLOCK);
                    return Ok(Ports {
                        free: Mutex::new(blocks.collect()),
                        _owner: owner,
                    });
                }
            }
            thread::sleep(Duration::from_millis(100));
        }
        bail!("{SHARES} runs on this machine have had all the ports for {PATIENCE:?}")
    }

    /// The block that has been free for the longest.
    pub(crate) fn block(&self) -> Result<Block<'_>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        match free.pop_front() {
            Some(first) => Ok(Block { ports: self, first }),
            None => bail!("more than {} tests at once", Ports::MOST),
        }
    }
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        let free = self.ports.free.lock();
        free.unwrap_or_else(PoisonError::into_inner)
            .push_back(self.first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_the_ports_of_another() {
        let (one, other) = (Ports::reserve().unwrap(), Ports::reserve().unwrap());
        let mut blocks: Vec<Block<'_>> = Vec::new();
        for _ in 0..Ports::MOST {
            blocks.push(one.block().unwrap());
            blocks.push(other.block().unwrap());
        }
        assert!(one.block().is_err());
        let mut ports: Vec<u16> = blocks.iter().map(|block| block.first).collect();
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[1] - pair[0] >= BLOCK));
        let given_back = blocks.remove(0).first;
        assert_eq!(one.block().unwrap().first, given_back);
    }
}
